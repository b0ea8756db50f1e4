"""`moderation compare`: two models on the same pages, and every verdict that flips."""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from moderation.loop.compare import PageSet
    from moderation.train.dataset import LabelledPage


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the command."""
    parser = subparsers.add_parser(
        "compare",
        help="what another model would change",
        description="Figures of two models side by side, and every verdict that flips, with the lines around it.",
    )
    parser.add_argument("old", help="a shipped model's name or a folder")
    parser.add_argument("new", help="a shipped model's name or a folder")
    parser.add_argument(
        "pages",
        nargs="*",
        metavar="PAGES",
        help="labelled pages, plain text pages, JSONL or a store (default: the built-in test pages)",
    )
    parser.add_argument("--policy", default="default", help="a built-in policy or a TOML file (default: default)")
    parser.add_argument("--split", help="of labelled pages, only those of this split")
    parser.add_argument(
        "--limit", type=int, default=50, metavar="N", help="flips that are printed (default 50; -1: all)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object, with all flips")
    parser.add_argument("--html", type=Path, metavar="REPORT.html", help="write a report as well, with all flips")


def run(args: argparse.Namespace) -> int:
    """Compare and print. Exit status 1 where records could not be used."""
    from moderation.cli.outputs import transaction
    from moderation.errors import UsageError
    from moderation.loop.compare import compare, comparison_record
    from moderation.loop.compare_html import comparison_html
    from moderation.loop.compare_text import comparison_text
    from moderation.moderate import Moderator

    if args.html and args.html.suffix.lower() not in {".html", ".htm"}:
        raise UsageError(f"{args.html}: the report is an HTML file; give it a name that ends in .html")
    old, new = Moderator.load(args.old, args.policy), Moderator.load(args.new, args.policy)
    rejected: list[str] = []
    found = compare(old, new, list(page_sets(args.pages, args.split, rejected)))
    if args.html:
        with transaction() as outputs:
            outputs.write(str(args.html), comparison_html(found).encode())
    for sentence in rejected:
        print(f"moderation: {sentence}", file=sys.stderr)
    limit = None if args.limit < 0 else args.limit
    print(json.dumps(comparison_record(found), ensure_ascii=False) if args.json else comparison_text(found, limit))
    return 1 if rejected else 0


def page_sets(names: list[str], split: str | None, rejected: list[str]) -> "Iterator[PageSet]":
    """One set a file; rejected: filled with a sentence for each record that can't be used."""
    from moderation.errors import UsageError
    from moderation.loop.compare import PageSet
    from moderation.loop.corrections import is_store
    from moderation.loop.page_sets import built_in_set, store_sets
    from moderation.loop.store import Store
    from moderation.train.dataset import read_labelled

    if not names:
        yield built_in_set()
    for name in names:
        if is_store(name):
            store = Store.open(name)
            sets = store_sets(store)
            store.close()
            yield from sets
        elif is_labelled(Path(name)):
            pages = tuple(page for page in read_labelled([Path(name)]) if split in (None, page.split))
            if not pages:
                raise UsageError(f"{name}: no page has the split {split!r}")
            yield PageSet(Path(name).name, pages)
        else:
            yield PageSet(Path(name).name, tuple(plain_pages(name, rejected)), labelled=False)


def is_labelled(path: Path) -> bool:
    """Whether a file holds labels: rows that open with `###`, or objects and columns with labels."""
    if path.suffix.lower() in {".csv", ".tsv"}:
        return True
    with path.open("rb") as stream:
        head = stream.read(1 << 16).removeprefix(b"\xef\xbb\xbf")
    if path.suffix.lower() in {".jsonl", ".ndjson", ".json"}:
        return b'"labels"' in head.split(b"\n")[0] or b'"label"' in head.split(b"\n")[0]
    return head.startswith(b"### ")


def plain_pages(name: str, rejected: list[str]) -> "Iterator[LabelledPage]":
    """The pages of a text or JSONL file."""
    from moderation.cli.inputs import Rejected, open_sources, read_items
    from moderation.loop.page_sets import plain_page

    for source in open_sources([name], None):
        for item in read_items(source, "text"):
            if isinstance(item, Rejected):
                rejected.append(f"{item.source.label}:{item.number}: rejected: {item.reason}")
            else:
                yield plain_page(str(item.id), item.text)
