"""One shard, from its extents to its files: what every engine runs."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final, TypeAlias

import orjson

from moderation.crawl.attributes import attribute_lines
from moderation.crawl.documents import Documents
from moderation.crawl.highlights import Highlights, chunk_highlights, merge_highlights
from moderation.crawl.junk import HELD
from moderation.crawl.ledger import Sink, ledger_sink
from moderation.crawl.ledger_blocks import ledger_blocks
from moderation.crawl.ledger_rows import ledger_rows
from moderation.crawl.output import PartFiles, part_files, writing
from moderation.crawl.plan import Piece, Schemas, Shard
from moderation.crawl.rejects import reject_line
from moderation.crawl.settings import Settings
from moderation.crawl.steps import Step, reasons_to_drop
from moderation.crawl.tally import Tally, merge, read_tally, tally_chunk
from moderation.formats.base import Chunk, Writer
from moderation.formats.table import load_format, stem_of
from moderation.result import Result

DATA: Final = "data"
DROPPED: Final = "dropped/data"
REASONS: Final = "dropped/reasons"
LEDGER: Final = "ledger"
REJECTED: Final = "rejected"
ATTRIBUTES: Final = "attributes/moderation"
HIGHLIGHTS: Final = "report"

Advance: TypeAlias = Callable[[int, int], None]
"""Told after each chunk: stored bytes read, records rejected."""


@dataclass(frozen=True, slots=True)
class ShardReport:
    """What became of a shard: its files (path, bytes, digest) and its books; or, where it failed, `error`."""

    number: int
    files: tuple[Mapping[str, Any], ...] = ()
    tally: Tally = field(default_factory=Tally)
    seconds: float = 0.0
    error: str = ""

    def record(self) -> dict[str, Any]:
        """As a line of the manifest."""
        if self.error:
            return {"shard": self.number, "error": self.error}
        return {
            "shard": self.number,
            "files": list(self.files),
            "tally": self.tally.record(),
            "seconds": round(self.seconds, 3),
        }


def read_report(record: Mapping[str, Any]) -> ShardReport:
    """A report from its line. Raises KeyError or TypeError for one of another shape."""
    if "error" in record:
        return ShardReport(int(record["shard"]), error=str(record["error"]))
    files = tuple(record["files"])
    return ShardReport(int(record["shard"]), files, read_tally(record["tally"]), float(record["seconds"]))


@dataclass(frozen=True, slots=True)
class Room:
    """What a worker keeps from shard to shard. rejected: a folder, absolute or below `folder`. highlights: whether they
    are looked for, which takes half as long as cleaning; nobody reads them but a run's report.
    """

    folder: Path
    rejected: str
    settings: Settings
    schemas: Schemas
    documents: Documents
    steps: Sequence[Step]
    highlights: bool = True


def run_shard(shard: Shard, room: Room, advance: Advance) -> ShardReport:
    """Clean a shard; its files have their names when this returns.

    Raises InputError where a whole extent can't be read, OutputError where nothing can be written, OSError where
    reading fails; nothing is left behind then.
    """
    begin = time.perf_counter()
    with part_files(room.folder) as files:
        sinks = Sinks(shard, room, files)
        for piece, chunk, results in room.documents(shard):
            sinks.add(piece, chunk, results)
            advance(chunk.stored, len(chunk.rejects))
            del chunk, results  # the next ones are read and judged when these are gone
        sinks.close()
        named = tuple(files.commit())
    return ShardReport(shard.number, named, merge(sinks.tallies), time.perf_counter() - begin)


@dataclass(slots=True)
class Output:
    """The data file that is being written, and the one for documents that are dropped whole. rows: kept so far."""

    path: str
    writer: Writer
    dropped: Writer | None = None
    rows: int = 0


@dataclass(slots=True)
class Sinks:
    """Where the documents of a shard go."""

    shard: Shard
    room: Room
    files: PartFiles
    output: Output | None = None
    ledger: Sink | None = None
    tallies: list[Tally] = field(default_factory=list)
    highlights: Highlights = field(default_factory=Highlights)

    def add(self, piece: Piece, chunk: Chunk, results: Sequence[Result]) -> None:
        """One chunk: counted, written."""
        reasons = reasons_to_drop(self.room.steps, piece.source, chunk, results)
        self.tallies = [merge([*self.tallies, tally_chunk(chunk, results, reasons)])]
        if self.room.highlights:
            found = chunk_highlights(piece.source, chunk, results, reasons, self.highlights)
            self.highlights = merge_highlights([self.highlights, found], HELD)
        with writing(self.shard.what):
            self.set_aside(piece, chunk)
            output = self.output_for(piece, chunk)
            self.write_beside(piece, output, chunk, results, reasons)
            self.write(piece, output, chunk, results, reasons)

    def set_aside(self, piece: Piece, chunk: Chunk) -> None:
        """The records that can't be used."""
        if chunk.rejects:
            unit = load_format(piece.source.format).unit
            file = self.files.open(str(Path(self.room.rejected, f"{self.shard.name}.jsonl")))
            file.write(b"".join(reject_line(piece.source, unit, reject) for reject in chunk.rejects))

    def output_for(self, piece: Piece, chunk: Chunk) -> Output | None:
        """The data file of the piece, begun if need be; what can't be read leaves no empty page or file behind."""
        if self.output and self.output.path == piece.output:
            return self.output
        if chunk.unreadable or (piece.source.format == "text" and not len(chunk)):
            return None
        self.close_output()
        file = self.files.open(f"{DATA}/{piece.output}", piece.packed)
        self.output = Output(piece.output, self.writer(piece, chunk, file))
        return self.output

    def writer(self, piece: Piece, chunk: Chunk, file: IO[bytes]) -> Writer:
        """A writer of the piece's output format."""
        return load_format(piece.form).writer(
            file, self.room.settings.columns, chunk, self.room.schemas.get(piece.form)
        )

    def write(
        self,
        piece: Piece,
        output: Output | None,
        chunk: Chunk,
        results: Sequence[Result],
        reasons: Sequence[str | None],
    ) -> None:
        """The documents: clean if they are kept, as they were if they are dropped."""
        if output is None:
            return
        kept = [reason is None for reason in reasons]
        output.writer.write(chunk, [result.text for result in results], kept)
        output.rows += sum(kept)
        if all(kept):
            return
        if output.dropped is None:
            output.dropped = self.writer(piece, chunk, self.files.open(f"{DROPPED}/{piece.output}", piece.packed))
        output.dropped.write(chunk, chunk.texts, [not stays for stays in kept])

    def write_beside(
        self,
        piece: Piece,
        output: Output | None,
        chunk: Chunk,
        results: Sequence[Result],
        reasons: Sequence[str | None],
    ) -> None:
        """Ledger, reasons of dropped documents, attributes; a ledger is there for every shard, however empty."""
        settings, rows = self.room.settings, output.rows if output else 0
        if any(reason is not None for reason in reasons):
            file = self.files.open(f"{REASONS}/{self.shard.name}.jsonl")
            file.write(dropped_lines(piece, rows, chunk, reasons))
        if settings.ledger:
            if self.ledger is None:
                name = f"{LEDGER}/{self.shard.name}.{settings.ledger}"
                self.ledger = ledger_sink(settings.ledger, self.files.open(name))
            judged = piece.output, rows, piece.source, chunk, results, reasons
            if settings.ledger_scores:
                self.ledger.write(ledger_rows(*judged, scores=True))
            else:
                for block in ledger_blocks(*judged):
                    self.ledger.write_block(block)
        if settings.attributes:
            file = self.files.open(attribute_file(piece), "gz")
            file.write(attribute_lines(piece.source, chunk, results, reasons))

    def close_output(self) -> None:
        """The data file is whole; a shard of a thousand pages must not keep them all open."""
        if self.output:
            self.output.writer.close()
            self.files.close(f"{DATA}/{self.output.path}")
            if self.output.dropped:
                self.output.dropped.close()
                self.files.close(f"{DROPPED}/{self.output.path}")
        self.output = None

    def close(self) -> None:
        """Everything is written."""
        with writing(self.shard.what):
            self.close_output()
            if self.ledger:
                self.ledger.close()
            if self.room.highlights:
                file = self.files.open(f"{HIGHLIGHTS}/{self.shard.name}.json.gz", "gz")
                file.write(orjson.dumps(merge_highlights([self.highlights]).record()))


def attribute_file(piece: Piece) -> str:
    """Named as the data file if that is JSONL, else after it: a.csv and a.tsv must not get one file."""
    name = stem_of(piece.output) if piece.form == "jsonl" else piece.output
    return f"{ATTRIBUTES}/{name}.jsonl.gz"


def dropped_lines(piece: Piece, rows: int, chunk: Chunk, reasons: Sequence[str | None]) -> bytes:
    """Which documents were dropped and why, one JSON object each. row: how many kept ones stand before it in `file`."""
    lines = []
    for n, reason in enumerate(reasons):
        if reason is None:
            rows += 1
            continue
        record = {
            "file": piece.output,
            "row": rows,
            "source": piece.source.name,
            "place": chunk.places[n],
            "id": None if chunk.ids[n] is None else str(chunk.ids[n]),
            "url": chunk.urls[n],
            "reason": reason,
        }
        lines.append(orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE))
    return b"".join(lines)
