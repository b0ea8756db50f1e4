"""`moderation show`: one page in the terminal, line by line, with what would be done and why."""

import argparse
import sys

from moderation.cli.inputs import Item, Rejected, Source, open_sources, read_items
from moderation.cli.options import Subparsers, add_input_options, add_judging_options
from moderation.errors import UsageError


def add_parser(subparsers: Subparsers) -> None:
    """The command's arguments."""
    parser = subparsers.add_parser("show", help="print a page with label, score and action of every line")
    parser.add_argument("files", nargs="+", metavar="FILE", help="plain text page, JSONL file, or - for stdin")
    parser.add_argument("--why", action="store_true", help="name the words that decided under each line")
    parser.add_argument(
        "--width", type=positive, metavar="N", help="columns (default: the terminal's; no wrapping else)"
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--record", type=positive, metavar="N", help="the Nth record of a JSONL file (default: 1)")
    which.add_argument("--id", metavar="ID", help="the record of a JSONL file with this id")
    add_input_options(parser)
    add_judging_options(parser)


def positive(text: str) -> int:
    """A whole number from 1 on, for argparse."""
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def run(args: argparse.Namespace) -> int:
    """Exit status 0."""
    sources = open_sources(args.files, args.form)
    items = [find_item(source, args.text_field, args.record or 1, args.id) for source in sources]

    from rich.console import Console

    from moderation.cli.page import print_page
    from moderation.moderate import Moderator

    moderator = Moderator.load(args.model, args.policy, repair=args.repair)
    console = Console(file=sys.stdout, width=args.width, highlight=False)
    wrap = console.is_terminal or args.width is not None
    for item in items:
        print_page(console, item, moderator, why=args.why, wrap=wrap)
    return 0


def find_item(source: Source, text_field: str, record: int, wanted: str | None) -> Item:
    """The page, or the record that was asked for. Raises UsageError."""
    count = 0
    for count, item in enumerate(read_items(source, text_field), 1):
        if wanted is None and (count == record or source.form == "text"):
            return usable(item)
        if wanted is not None and isinstance(item, Item) and str(item.id) == wanted:
            return item
    what = f"no record has the id {wanted!r}" if wanted is not None else f"no record {record}"
    raise UsageError(f"{source.label}: {what} among {count}")


def usable(item: Item | Rejected) -> Item:
    """Raises UsageError for a record that can't be read."""
    if isinstance(item, Rejected):
        raise UsageError(f"{item.source.label}:{item.number}: {item.reason}")
    return item
