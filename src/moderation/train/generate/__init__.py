"""More training pages from the labelled ones: recombined, injected with spam, cloaked and damaged, from a seed.

Nothing that is generated is kept in the repository: the same pages, seed and version give the same result.
"""

from collections.abc import Iterator, Sequence
from random import Random

from moderation.train.dataset import LabelledPage
from moderation.train.generate.draft import draft_page, page_of
from moderation.train.generate.mix import OPERATIONS, change
from moderation.train.generate.stock import Stock, take_stock

__all__ = ["OPERATIONS", "generate_pages"]


def generate_pages(
    pages: Sequence[LabelledPage],
    count: int,
    seed: int,
    *,
    donors: Sequence[LabelledPage] | None = None,
    operations: Sequence[str] | None = None,
) -> Iterator[LabelledPage]:
    """`count` pages made from `pages`, each page's turn coming once before any comes again.

    Page k depends on the pages, the donors, the seed and k alone, not on `count`. Its id is `BASE~SEED-K`, its kind
    `gen-` and the names of the operations that changed it, its split that of its base. `donors` lend spam strings and
    blocks of chrome (the pages themselves by default; pass training pages only, or held-out text leaks). `operations`
    limits the draw to these names of OPERATIONS; an unknown one raises UsageError.
    """
    stock = take_stock(pages if donors is None else donors)
    order: list[int] = []
    for k in range(count if pages else 0):
        if k % len(pages) == 0:
            order = list(range(len(pages)))
            Random(f"{seed}/order/{k // len(pages)}").shuffle(order)
        yield generate_page(pages[order[k % len(pages)]], k, seed, stock, operations)


def generate_page(
    base: LabelledPage, k: int, seed: int, stock: Stock, operations: Sequence[str] | None = None
) -> LabelledPage:
    """The k-th page, from this base."""
    rng = Random(f"{seed}/page/{k}")
    draft = draft_page(base)
    done = change(draft, rng, stock, operations)
    return page_of(draft, base, f"{base.id}~{seed}-{k}", f"gen-{'+'.join(done) or 'none'}")
