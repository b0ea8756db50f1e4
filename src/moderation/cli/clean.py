"""`moderation clean`: files in, clean files out, with verdicts and rejected records beside them."""

import argparse
import glob
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from moderation.cli.inputs import JSONL_SUFFIXES, STDIN, Item, Rejected, Source, open_sources, read_items
from moderation.cli.options import Subparsers, add_input_options, add_judging_options
from moderation.cli.outputs import (
    STDOUT,
    Output,
    Transaction,
    check_folder,
    is_folder,
    others_in,
    refuse_overwriting,
    transaction,
)
from moderation.cli.progress import Progress
from moderation.cli.rejects import Rejects
from moderation.cli.run_options import add_run_options, asked_for
from moderation.errors import UsageError
from moderation.formats.json_record import to_json
from moderation.formats.opening import is_url, without_file
from moderation.formats.table import COMPRESSIONS, by_suffix
from moderation.formats.table import NAMES as FORMATS
from moderation.parallel import uncollected

if TYPE_CHECKING:
    from moderation.cli.summary import Summary
    from moderation.moderate import Moderator
    from moderation.result import Result

BATCH_BYTES: Final = 3 << 20
"""Input worked on at a time: about a million Chinese characters."""
FILE_OPTIONS: Final = ("--to", "--id-column", "--url-column", "--ledger", "--ledger-scores", "--max-record-bytes")
"""Of the options for runs, those that a single output file has, too."""
Kind = Literal["jsonl", "text", "folder"]


def add_parser(subparsers: Subparsers) -> None:
    """The command's arguments."""
    parser = subparsers.add_parser("clean", help="take the junk out of files, folders and whole crawls")
    parser.add_argument("inputs", nargs="+", metavar="INPUT", help="file, folder, glob, URL, or - for stdin")
    parser.add_argument("-o", "--output", default=STDOUT, help="file, folder of pages or of a run, or - (default)")
    parser.add_argument("--verdicts", metavar="FILE", help="write what was decided, one JSON object a document")
    parser.add_argument("--rejected", metavar="FILE", help="side file (default: OUTPUT.rejected.jsonl)")
    parser.add_argument("--quiet", action="store_true", help="no progress display and no summary")
    add_input_options(parser, FORMATS)
    add_judging_options(parser)
    add_run_options(parser)


def run(args: argparse.Namespace) -> int:
    """Exit status: 0, or 1 if records were rejected."""
    args.output = without_file(args.output)
    if is_run(args) or is_other(args):
        from moderation.cli import clean_file, clean_run

        clean_run.check_options(args)
        if is_run(args):
            return clean_run.run(args)
        if options := [option for option in asked_for(args) if option not in FILE_OPTIONS]:
            raise UsageError(f"{options[0]} is for runs into a folder: name one with -o OUTDIR/")
        return clean_file.run(args, clean_run.settings_of(args))
    sources = open_sources(args.inputs, args.form)
    kind = output_kind(args.output, sources)
    rejected = args.rejected or default_rejected(args.output)
    outputs = list(output_paths(args.output, kind, sources)) + named(args.verdicts, rejected)
    refuse_overwriting(args.inputs, outputs)

    folder = args.output if kind == "folder" else None
    for path in named(args.output if folder is None else None, args.verdicts, rejected):
        check_folder(path, to_be_made=folder)

    from moderation.kernel.jit import compile_notice
    from moderation.moderate import Moderator

    moderator = Moderator.load(args.model, args.policy, repair=args.repair)
    with ExitStack() as stack:
        progress = stack.enter_context(Progress(sources, quiet=args.quiet))
        if not args.quiet:
            stack.enter_context(compile_notice(lambda line: progress.say(f"moderation: {line}")))
        files = stack.enter_context(transaction())
        if folder is not None:
            files.make_folder(folder)
        writer = Writer(files, kind, args.output, args.verdicts, args.text_field)
        rejects = Rejects(rejected, files, progress)
        summary = clean_all(sources, moderator, writer, rejects, progress)
    rejects.finish()
    if not args.quiet:
        if folder is not None and (others := others_in(folder, outputs)):
            progress.say(
                f"moderation: {folder} also holds {others} {'file' if others == 1 else 'files'} not of this run; "
                "restore refuses such a folder, so better clean into an empty one"
            )
        progress.say(summary.sentence(rejects.count, progress.done, progress.seconds))
    return 1 if rejects.count else 0


def is_run(args: argparse.Namespace) -> bool:
    """Whether the output is a folder that takes a run: plain pages by name, and nothing else asked for, make none."""
    plain = [is_plain(path, args.form) for path in args.inputs]
    options = [option for option in asked_for(args) if option not in FILE_OPTIONS]
    if is_folder(args.output) and not is_url(args.output):
        return bool(asked_for(args)) or plain != ["text"] * len(plain)
    if is_url(args.output) and args.output.endswith("/"):
        return True
    new = args.output != STDOUT and by_suffix(args.output) is None and not Path(args.output).exists()
    return new and bool(options or any(is_many(path) for path in args.inputs))


def is_other(args: argparse.Namespace) -> bool:
    """Whether anything but plain local JSONL and text is to be read or written, or anything is asked for beside it."""
    output = by_suffix(args.output)
    other = output is not None and (output[0].name not in ("jsonl", "text") or bool(output[1]))
    plain = all(is_plain(path, args.form) is not None for path in args.inputs)
    return bool(asked_for(args)) or other or is_url(args.output) or not plain


def is_plain(path: str, form: str | None) -> str | None:
    """jsonl or text, for standard input and local files of these formats that are not compressed; otherwise None."""
    if path == STDIN:
        return form or "-"
    found = by_suffix(path)
    name = form or (found[0].name if found else "text")
    packed = (found is not None and found[1]) or path.lower().endswith(tuple(COMPRESSIONS))
    return name if name in ("jsonl", "text") and not is_url(path) and not is_many(path) and not packed else None


def is_many(path: str) -> bool:
    """Whether a path names a folder or a glob."""
    return path != STDIN and (Path(path).is_dir() or (not Path(path).exists() and glob.has_magic(path)))


def output_kind(output: str, sources: Sequence[Source]) -> Kind:
    """JSONL, one plain page, or a folder of plain pages. Raises UsageError where the inputs don't fit the output."""
    pages = [source for source in sources if source.form == "text"]
    if is_folder(output):
        other = [source for source in sources if source.form != "text"]
        if other:
            raise UsageError(f"{output} is a folder, which takes plain text pages; {other[0].label} is JSONL")
        names = [source.name for source in pages]
        twice = [name for n, name in enumerate(names) if name in names[:n]]
        if twice:
            raise UsageError(f"two inputs are named {twice[0]} and would become one file in {output}")
        return "folder"
    if Path(output).suffix.lower() in JSONL_SUFFIXES or not pages:
        return "jsonl"
    if len(sources) == 1:
        return "text"
    if output == STDOUT:
        return "jsonl"
    raise UsageError(f"several inputs can't become one plain text page {output}; name a folder/ or a .jsonl file")


def output_paths(output: str, kind: Kind, sources: Sequence[Source]) -> Iterator[str]:
    """The files that cleaning will write the texts to."""
    if kind == "folder":
        yield from (str(Path(output, source.name)) for source in sources)
    else:
        yield output


def default_rejected(output: str) -> str | None:
    """Beside the output; what goes to stdout has no place beside it."""
    return None if output == STDOUT else f"{output.rstrip('/')}.rejected.jsonl"


def named(*paths: str | None) -> list[str]:
    """Those that were named."""
    return [path for path in paths if path is not None]


@dataclass(slots=True)
class Writer:
    """Writes clean texts in the form of their output, and the verdicts. Pages are opened one by one."""

    files: Transaction
    kind: Kind
    output: str
    verdicts: str | None
    text_field: str
    records: Output | None = None
    judged: Output | None = None

    def __post_init__(self) -> None:
        if self.kind == "jsonl":
            self.records = self.files.open(self.output)
        if self.verdicts:
            self.judged = self.files.open(self.verdicts)

    def write(self, items: Sequence[Item], results: Sequence["Result"]) -> None:
        """Some documents. Records go out together: a write of its own costs each as much as making it."""
        pairs = list(zip(items, results, strict=True))
        if self.judged:
            self.judged.write(b"".join(verdicts_line(result, head_of(item)) for item, result in pairs))
        if self.records:
            self.records.write(b"".join(to_json(self.cleaned(item, result.text)) for item, result in pairs))
            return
        for item, result in pairs:
            path = str(Path(self.output, item.source.name)) if self.kind == "folder" else self.output
            self.files.write(path, result.text.encode("utf-8"))

    def cleaned(self, item: Item, text: str) -> dict[str, object]:
        """The record with its text replaced; a page becomes a record."""
        if item.record is None:
            return {"id": item.id, self.text_field: text}
        return {**item.record, self.text_field: text}


def head_of(item: Item) -> dict[str, object]:
    """What a line of the verdicts file begins with."""
    url = {} if item.record is None or "url" not in item.record else {"url": item.record["url"]}
    return {"id": item.id, **url, "source": {"file": item.source.label, "record": item.number}}


def verdicts_line(result: "Result", head: dict[str, object]) -> bytes:
    """A line of the verdicts file."""
    try:
        return result.to_json(**head) + b"\n"
    except TypeError:  # an integer of more than 64 bits
        return to_json(result.record(**head))


def clean_all(
    sources: Sequence[Source], moderator: "Moderator", writer: Writer, rejects: Rejects, progress: Progress
) -> "Summary":
    """Clean every document, a batch at a time, in order."""
    from moderation.cli.summary import Summary

    summary = Summary()
    items = chain.from_iterable(read_items(source, writer.text_field) for source in sources)
    while batch := next_batch(items, rejects, progress):
        results = moderator.clean_many([item.text for item in batch])
        summary.add(batch, results)
        writer.write(batch, results)
        progress.advance(sum(item.size for item in batch))
    return summary


def next_batch(items: Iterator[Item | Rejected], rejects: Rejects, progress: Progress) -> list[Item]:
    """The next documents, of about BATCH_BYTES, none at the end; records that can't be used are set aside."""
    batch: list[Item] = []
    size = 0
    with uncollected():
        for item in items:
            if isinstance(item, Rejected):
                rejects.add(item)
                progress.advance(item.size)
                continue
            batch.append(item)
            size += item.size + 1
            if size >= BATCH_BYTES:
                break
    return batch
