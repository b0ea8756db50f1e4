"""What two models are compared on: the built-in test pages, the corrections, and kept verdicts."""

from typing import Final

from sqlalchemy import select

from moderation.loop.compare import PageSet
from moderation.loop.corrections import corrected_pages
from moderation.loop.store import Store
from moderation.loop.tables import PAGES, VERDICTS
from moderation.train.corpus import authored_pages, held_out
from moderation.train.dataset import LabelledPage

BUILT_IN: Final = "built-in"
CORRECTIONS: Final = "corrections"
KEPT: Final = "kept"
MOST_KEPT: Final = 300
"""Pages of kept verdicts that are compared, the newest."""


def built_in_set() -> PageSet:
    """The authored test pages."""
    return PageSet(BUILT_IN, tuple(held_out(authored_pages())))


def store_sets(store: Store) -> list[PageSet]:
    """The corrections, and the newest kept pages that have none. Raises StoreError."""
    corrected = corrected_pages(store)
    done = {page.id for page in corrected}
    rows = select(VERDICTS.c.page, PAGES.c.text).join(PAGES, PAGES.c.digest == VERDICTS.c.page)
    newest = rows.order_by(VERDICTS.c.created.desc()).limit(MOST_KEPT)
    with store.reading() as connection:
        kept = {row.page: row.text for row in connection.execute(newest) if row.page not in done}
    pages = tuple(plain_page(digest, text) for digest, text in kept.items())
    return [PageSet(CORRECTIONS, tuple(corrected)), PageSet(KEPT, pages, labelled=False)]


def plain_page(name: str, text: str) -> LabelledPage:
    """A page without labels."""
    lines = tuple(line.removesuffix("\r") for line in text.split("\n"))
    return LabelledPage(name, lines, (None,) * len(lines))
