"""`moderation restore`: clean text and its verdicts give back the originals, in the form of the clean text."""

import argparse
from collections.abc import Iterator, Mapping
from itertools import zip_longest
from pathlib import Path
from typing import Any

from moderation.cli.inputs import Item, Rejected, Source, check_readable, open_sources, read_items
from moderation.cli.options import Subparsers, add_input_options
from moderation.cli.outputs import STDOUT, Transaction, is_folder, refuse_overwriting, transaction
from moderation.errors import InputError, RestoreError, UsageError
from moderation.formats.base import Columns
from moderation.formats.json_record import parse_object, to_json
from moderation.formats.opening import is_url, without_file
from moderation.restoration import restore


def add_parser(subparsers: Subparsers) -> None:
    """The command's arguments."""
    parser = subparsers.add_parser("restore", help="give back the originals from clean text and its verdicts")
    parser.add_argument("cleaned", metavar="CLEANED", help="what clean wrote: a file, a folder of pages, a run, or -")
    parser.add_argument("--verdicts", metavar="FILE", help="the verdicts written with it")
    parser.add_argument("--ledger", metavar="FILE", help="the ledger written with it; a run's folder holds its own")
    parser.add_argument("-o", "--output", default=STDOUT, help="file, folder for pages, or - (default)")
    add_input_options(parser)


def run(args: argparse.Namespace) -> int:
    """Exit status 0; nothing is written when anything does not fit."""
    args.cleaned, args.output = without_file(args.cleaned), without_file(args.output)
    refuse_urls(args)
    if args.ledger or is_url(args.cleaned) or (not args.verdicts and Path(args.cleaned, "manifest.json").is_file()):
        return from_ledger(args)
    if not args.verdicts:
        raise UsageError(
            f"{args.cleaned}: name the verdicts written with it (--verdicts FILE), or its ledger (--ledger)"
        )
    check_readable(args.verdicts)
    with transaction() as files:
        if Path(args.cleaned).is_dir():
            restore_folder(Path(args.cleaned), args.verdicts, args.output, files)
            return 0
        source = open_sources([args.cleaned], args.form)[0]
        output = args.output
        if is_folder(output) and source.form == "text":
            files.make_folder(output)
            output = str(Path(output, source.name))
        refuse_overwriting([args.cleaned, args.verdicts], [output])
        if source.form == "text":
            files.write(output, restore_page(source, args.verdicts))
        else:
            restored = files.open(output)
            for line in restore_jsonl(source, args.verdicts, args.text_field):
                restored.write(line)
    return 0


def refuse_urls(args: argparse.Namespace) -> None:
    """Raises UsageError for what can't be done behind a URL: only a run is read from there."""
    if is_url(args.output):
        raise UsageError(f"{args.output}: originals are written to this machine; name a local folder or file")
    for path in (args.verdicts, args.ledger, args.cleaned if args.verdicts or args.ledger else None):
        if path and is_url(path):
            raise UsageError(f"{path}: of URLs, only the folder of a run is restored; bring a single file here first")


def from_ledger(args: argparse.Namespace) -> int:
    """A run, or a file with its ledger."""
    from moderation.cli.restore_run import restore_file, restore_run

    if not args.ledger:
        return restore_run(args.cleaned, args.output)
    for path in (args.cleaned, args.ledger):
        if not Path(path).is_file():
            raise UsageError(f"{path}: no such file")
    refuse_overwriting([args.cleaned, args.ledger], [args.output])
    return restore_file(args.cleaned, args.ledger, args.output, Columns(args.text_field))


def restore_jsonl(source: Source, verdicts: str, text_field: str) -> Iterator[bytes]:
    """The records with their original text, paired with the verdicts by order."""
    for item, verdict in zip_longest(read_items(source, text_field), read_verdicts(verdicts)):
        if verdict is None:
            raise RestoreError(f"{source.label} has more records than {verdicts}; use the verdicts written with it")
        if item is None:
            raise RestoreError(f"{source.label} has fewer records than {verdicts}; use the unchanged output")
        record = usable(item).record or {}
        own = record.get("id")
        if own is not None and own != verdict.get("id"):
            raise RestoreError(
                f"{where(item)}: the record has the id {own!r}, its verdicts are for {verdict.get('id')!r}; "
                "keep the order of the records"
            )
        yield to_json({**record, text_field: put_back(usable(item), verdict)})


def restore_page(source: Source, verdicts: str) -> bytes:
    """One page: by its file name, or by the only record that there is."""
    item = usable(next(read_items(source, "text")))
    first: Mapping[str, Any] | None = None
    count = 0
    for count, verdict in enumerate(read_verdicts(verdicts), 1):  # noqa: B007
        if verdict.get("id") == source.name:
            return put_back(item, verdict).encode("utf-8")
        first = first or verdict
    if first is None or count > 1:
        raise RestoreError(f"{verdicts}: none of its {count} records has the id {source.name!r}; keep the page's name")
    return put_back(item, first).encode("utf-8")


def restore_folder(folder: Path, verdicts: str, output: str, files: Transaction) -> None:
    """Every page that the verdicts name; a page without verdicts is an error, too."""
    if output == STDOUT or (Path(output).exists() and not Path(output).is_dir()):
        raise UsageError(f"{folder} is a folder: name a folder for the originals with -o")
    if Path(output).resolve() == folder.resolve():
        raise UsageError(f"{output} is both input and output; write to another folder")
    files.make_folder(output)
    names = set()
    for verdict in read_verdicts(verdicts):
        name = page_name(verdict.get("id"), verdicts)
        if not (folder / name).is_file():
            raise RestoreError(f"{folder} has no page {name!r}, which {verdicts} has verdicts for")
        names.add(name)
        item = usable(next(read_items(Source(str(folder / name), "text"), "text")))
        files.write(str(Path(output, name)), put_back(item, verdict).encode("utf-8"))
    for path in sorted(folder.iterdir()):
        if path.is_file() and path.name not in names and path.name[0] != "." and not path.samefile(verdicts):
            raise RestoreError(f"{path}: {verdicts} has no verdicts for this page; move it out of the folder")


def page_name(name: Any, verdicts: str) -> str:
    """The id as the name of a page. Raises RestoreError for anything that would lead out of the folder."""
    if not isinstance(name, str) or name in ("", ".", "..") or Path(name).name != name:
        raise RestoreError(f"{verdicts}: the id {name!r} is not the file name of a page")
    return name


def read_verdicts(path: str) -> Iterator[dict[str, Any]]:
    """The objects of a verdicts file. Raises RestoreError with file and line."""
    with Path(path).open("rb") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                try:
                    yield parse_object(line)
                except InputError as error:
                    raise RestoreError(f"{path}:{number}: the record {error}") from None


def usable(item: Item | Rejected) -> Item:
    """Raises RestoreError for a record that can't be read."""
    if isinstance(item, Rejected):
        raise RestoreError(f"{where(item)}: the record {item.reason}; use the unchanged output")
    return item


def put_back(item: Item, verdict: Mapping[str, Any]) -> str:
    """The original text. Raises RestoreError that names the record."""
    try:
        return restore(item.text, verdict)
    except RestoreError as error:
        raise RestoreError(f"{where(item)}: {error}") from None


def where(item: Item | Rejected) -> str:
    """File and line."""
    return f"{item.source.label}:{item.number}"
