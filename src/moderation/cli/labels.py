"""`moderation labels`: corrections out of a store, and other people's labels in."""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from moderation.errors import UsageError

if TYPE_CHECKING:
    from moderation.loop.exchange import Imported, SetAside
    from moderation.train.dataset import LabelledPage

FORMS = {"pages": ".jsonl", "csv": ".csv", "tsv": ".tsv", "label-studio": ".json"}
SHOWN = 20
"""Reasons that are named one by one."""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the command."""
    parser = subparsers.add_parser(
        "labels",
        help="export corrections, import labels",
        description="export: corrections of a store, or labelled pages, as pages (JSONL), CSV, TSV or Label Studio "
        "JSON. import: CSV, TSV or Label Studio JSON as pages, each once though several files have it. What can't be "
        "used is set aside with its reason.",
    )
    parser.add_argument("what", choices=("export", "import"))
    parser.add_argument("sources", nargs="+", metavar="SOURCE", help="a store, or files")
    parser.add_argument("-o", "--output", required=True, metavar="FILE", help="what to write, or - for stdout")
    parser.add_argument("--to", choices=FORMS, help="the form of an export (default: by the suffix of FILE, or pages)")
    parser.add_argument("--rejected", metavar="FILE", help="where to set aside (default: OUTPUT.rejected.jsonl)")


def run(args: argparse.Namespace) -> int:
    """Write. Exit status 1 where something was set aside."""
    from moderation.cli.outputs import STDOUT, transaction

    pages, aside = exported(args) if args.what == "export" else imported(args)
    if not pages:
        for one in aside[:SHOWN]:
            print(f"moderation: {one.where}: set aside: {one.reason}", file=sys.stderr)
        raise UsageError(f"{', '.join(args.sources)}: there are no labels, so nothing was written")
    rejected = args.rejected or (None if args.output == STDOUT else f"{args.output}.rejected.jsonl")
    with transaction() as outputs:
        outputs.write(args.output, encoded(pages, form(args)))
        if aside and rejected:
            outputs.write(rejected, b"".join(aside_row(one) for one in aside))
    for one in aside[:SHOWN]:
        print(f"moderation: {one.where}: set aside: {one.reason}", file=sys.stderr)
    lines = sum(label is not None for page in pages for label in page.labels)
    spans = sum(len(page.spans) for page in pages)
    where = f" in {rejected}" if rejected else ", not kept: name a file with --rejected"
    more = f"; {len(aside)} set aside{where}" if aside else ""
    print(f"moderation: {len(pages)} pages, {lines} labelled lines, {spans} spans{more}", file=sys.stderr)
    return 1 if aside else 0


def form(args: argparse.Namespace) -> str:
    """What to write."""
    if args.what == "import":
        return "pages"
    suffix = Path(args.output).suffix.lower()
    return args.to or next((name for name, own in FORMS.items() if own == suffix), "pages")


def exported(args: argparse.Namespace) -> "tuple[list[LabelledPage], list[SetAside]]":
    """The pages of stores and labelled files."""
    from moderation.loop.corrections import read_corrections

    return [page for source in args.sources for page in read_corrections(source)], []


def imported(args: argparse.Namespace) -> "tuple[list[LabelledPage], list[SetAside]]":
    """The pages of tables and Label Studio exports."""
    from moderation.loop.merge import merged

    found, again = merged((Path(source).name, import_file(Path(source))) for source in args.sources)
    if again:
        print(f"moderation: {again} pages were in an earlier file already; their labels were merged", file=sys.stderr)
    return found.pages, found.aside


def import_file(path: Path) -> "Imported":
    """One file, by its suffix. Raises UsageError."""
    from moderation.loop.label_studio import read_tasks
    from moderation.loop.table_labels import read_table

    if not path.is_file():
        raise UsageError(f"{path}: no such file")
    suffix = path.suffix.lower()
    if suffix in {".csv", ".tsv"}:
        return read_table(path)
    if suffix == ".json":
        return read_tasks(path)
    raise UsageError(f"{path}: imported are CSV, TSV and Label Studio's JSON; name the file .csv, .tsv or .json")


def encoded(pages: "list[LabelledPage]", to: str) -> bytes:
    """The pages in a form."""
    from moderation.formats.json_record import to_json
    from moderation.loop.label_studio import tasks
    from moderation.loop.table_labels import table_text
    from moderation.train.dataset import page_record

    if to == "label-studio":
        return tasks(pages)
    if to in {"csv", "tsv"}:
        return table_text(pages, "\t" if to == "tsv" else ",").encode()
    return b"".join(to_json(page_record(page)) for page in pages)


def aside_row(one: "SetAside") -> bytes:
    """What is set aside, as a JSON line."""
    row = {"where": one.where, "reason": one.reason, "raw": one.raw}
    return json.dumps(row, ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n"
