"""Take pages in the row format into the project's corpus: python scripts/add_authored.py PAGES.txt ... -o NAME.jsonl

A fifth of the pages is set aside as the authored test set, by page and stratified by file and kind; which page falls
into it depends on the ids alone. Pages already in the output keep their split.
"""

import argparse
import hashlib
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

from moderation.train.dataset import LabelledPage, read_labelled, write_pages

CORPUS = Path(__file__).parents[1] / "src/moderation/data/authored"


def stratum(page: LabelledPage) -> str:
    """Pages of one file and one kind; kinds that occur once share a stratum."""
    return f"{Path(page.source).name.partition(':')[0]} {page.kind}"


def with_splits(pages: list[LabelledPage], known: dict[str, str]) -> list[LabelledPage]:
    """Every fifth page of a stratum, in the order of the hash of its id, is `test`."""
    strata = defaultdict(list)
    for page in pages:
        strata[stratum(page)].append(page)
    small = [page for group in strata.values() if len(group) < 5 for page in group]
    groups = [group for group in strata.values() if len(group) >= 5] + [small]
    split = {}
    for group in groups:
        order = sorted(group, key=lambda page: hashlib.sha256(page.id.encode()).hexdigest())
        split.update({page.id: "test" if n % 5 == 2 else "train" for n, page in enumerate(order)})
    return [replace(page, split=known.get(page.id, split[page.id])) for page in pages]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pages", nargs="+", type=Path)
    parser.add_argument("-o", "--output", required=True, help="file name in the corpus folder")
    args = parser.parse_args()
    out = CORPUS / args.output
    known = {page.id: page.split for page in read_labelled([out])} if out.exists() else {}
    pages = with_splits(read_labelled(args.pages), known)
    CORPUS.mkdir(parents=True, exist_ok=True)
    write_pages(pages, out)
    print(f"{out}: {len(pages)} pages, {sum(page.split == 'test' for page in pages)} of them test")


if __name__ == "__main__":
    main()
