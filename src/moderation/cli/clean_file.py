"""`moderation clean` from files of any format into one file of any format: a run of one shard, without a manifest."""

import argparse
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from moderation.cli.outputs import STDOUT, check_folder, naming, refuse_overwriting
from moderation.cli.rejects import SHOWN
from moderation.cli.run_progress import Quiet, Shown
from moderation.errors import UsageError
from moderation.formats.base import Compression, Source
from moderation.formats.opening import filesystem, is_url, open_stored
from moderation.formats.table import Row, by_suffix, row_of, written_by_suffix

if TYPE_CHECKING:
    from moderation.crawl.plan import Piece
    from moderation.crawl.settings import Settings

OUTPUT: Final = "output"
DELIMITED: Final = ("csv", "tsv")
WHOLE: Final = 1 << 62
"""A target that no file reaches: nothing is cut."""


def run(args: argparse.Namespace, settings: "Settings") -> int:
    """Exit status: 0, or 1 if records were set aside."""
    from moderation.crawl.engine import Job, open_room
    from moderation.crawl.inputs import find_inputs
    from moderation.crawl.plan import Shard, all_pieces, schema_of
    from moderation.crawl.run import Outcome
    from moderation.crawl.shard import run_shard

    for path in args.inputs:
        if not is_url(path) and Path(path).is_dir():
            raise UsageError(f"{path}: is a folder; its clean files need one, too: name it with -o OUTDIR/")
    sources = find_inputs(args.inputs, args.form).sources
    row, packed = output_format(args, sources)
    side = side_files(args)
    refuse_overwriting(args.inputs, [args.output, *side.values()])
    for path in (args.output, *side.values()):
        if is_url(path):
            filesystem(path)  # is it a kind of URL that can be opened?
        else:
            check_folder(path)
    settings = replace(settings, to=row.name, packed=packed, shard_bytes=WHOLE)
    schemas = {row.name: schema_of(row.name, sources, settings, one_file=row.name in DELIMITED)}
    pieces = tuple(one_output(piece) for piece in all_pieces(sources, settings))
    with beside(args.output) as folder, Quiet() if args.quiet else Shown() as watcher:
        watcher.begin(1, sum(piece.extent.size for piece in pieces), 0)
        room = open_room(Job(folder, "rejected", settings, schemas, highlights=False))
        report = run_shard(Shard(0, pieces), room, watcher.advance)
        hand_over(folder, args.output, side)
        tell_rejects(watcher, side.get("rejected", ""), report.tally.documents.get("failed", 0))
    if not args.quiet:
        from moderation.cli.clean_run import sentence

        watcher.say(sentence(Outcome(report.tally, 1, (), report.seconds, report.tally.bytes["read"], complete=True)))
    return 1 if report.tally.documents.get("failed") else 0


def output_format(args: argparse.Namespace, sources: Sequence[Source]) -> tuple[Row, Compression]:
    """By --to, by the output's suffix, or as the first input is written."""
    from moderation.cli.clean_run import target_of

    found: tuple[Row, Compression] | None = None
    if args.to:
        name, packed = target_of(args.to)
        found = row_of(name or ""), packed
    elif args.output != STDOUT:
        found = by_suffix(args.output)
        if found is not None and written_by_suffix(args.output) is None:
            raise UsageError(f"{args.output}: can't be written; choose another suffix, such as .jsonl.gz")
    row, packed = found or (row_of(row_of(sources[0].format).writes), "")
    if row.name == "text" and (len(sources) > 1 or sources[0].format != "text"):
        raise UsageError(f"{args.output}: plain text holds one page a file; choose another suffix, such as .jsonl")
    return row, packed


def one_output(piece: "Piece") -> "Piece":
    """All pieces go to one file."""
    return replace(piece, output=OUTPUT)


def side_files(args: argparse.Namespace) -> dict[str, str]:
    """What is written beside the output, by the folder that a shard writes it to."""
    found = {}
    if args.rejected or args.output != STDOUT:
        found["rejected"] = args.rejected or f"{args.output}.rejected.jsonl"
    if args.ledger:
        if args.output == STDOUT:
            raise UsageError("--ledger needs an output file, beside which it is written")
        found["ledger"] = f"{args.output}.ledger.{args.ledger}"
    return found


@contextmanager
def beside(output: str) -> Iterator[Path]:
    """A hidden folder on the output's disk, or among the system's temporary files; gone at the end."""
    place = None if output == STDOUT or is_url(output) else Path(output).resolve().parent
    with tempfile.TemporaryDirectory(prefix=".moderation-", dir=place) as folder:
        yield Path(folder)


def hand_over(folder: Path, output: str, side: dict[str, str]) -> None:
    """Give the finished files their names; side files first, so that an output never lacks them."""
    for kind, target in side.items():
        made = list((folder / kind).glob("*"))
        if is_url(target):
            hand_over_url(made[0] if made else None, target)
        elif made:
            with naming(target):
                made[0].replace(Path(target).resolve())
        elif Path(target).is_file():  # of an earlier run
            Path(target).unlink()
    data = folder / "data" / OUTPUT
    if is_url(output):
        hand_over_url(data if data.is_file() else None, output)
        return
    with naming(output):
        if output == STDOUT:
            with data.open("rb") as file:
                shutil.copyfileobj(file, sys.stdout.buffer)
        elif data.is_file():
            data.replace(Path(output).resolve())


def hand_over_url(made: Path | None, url: str) -> None:
    """Put a whole file there; with none, take away that of an earlier run. Raises OutputError."""
    from moderation.crawl.remote import Remote

    home, _, name = url.rpartition("/")
    if made:
        Remote(home).put(made, name)
    else:
        Remote(home).remove(name)


def tell_rejects(watcher: Quiet, path: str, count: int) -> None:
    """Where the rejected records are, the first ones by name."""
    import orjson

    if not count:
        return
    if not path:
        watcher.say(f"moderation: {count} rejected records were not set aside; name a file with --rejected")
        return
    with open_stored(path) as file:
        for _, line in zip(range(SHOWN), file, strict=False):
            record = orjson.loads(line)
            unit = next(key for key in record if key in ("byte", "row", "record"))
            watcher.say(f"moderation: {record['file']}, {unit} {record[unit]}: rejected: {record['reason']}")
    if count > SHOWN:
        watcher.say(f"moderation: {count - SHOWN} more rejected")
