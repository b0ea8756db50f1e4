"""The documents of an earlier run with the judgements that its ledger holds: nothing is scored again."""

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from moderation.crawl.fetched import shard_at
from moderation.crawl.plan import Piece, Shard
from moderation.crawl.shard import DATA, DROPPED, LEDGER, REASONS, REJECTED
from moderation.crawl.stored import Entry, entries, in_order, part, read_ledger, stored_chunks, with_originals
from moderation.errors import RestoreError
from moderation.formats.base import Chunk, Reading, Reject
from moderation.formats.table import load_format
from moderation.judge import Judgement
from moderation.labels import INDEX, NAMES
from moderation.lines import read_lines
from moderation.moderate import Moderator
from moderation.result import Result, decide
from moderation.spans import Spans
from moderation.text.batch import pack


@dataclass(frozen=True, slots=True)
class Again:
    """home: folder or URL of a finished run whose ledger holds scores."""

    home: str
    moderator: Moderator
    reading: Reading

    def documents(self, shard: Shard) -> Iterator[tuple[Piece, Chunk, list[Result]]]:
        """As documents.Documents: the shard's documents, decided anew from what the ledger says."""
        with shard_at(self.home, shard) as folder:
            yield from self.documents_in(folder, shard)

    def documents_in(self, folder: Path, shard: Shard) -> Iterator[tuple[Piece, Chunk, list[Result]]]:
        """The same, from the folder that the shard's files lie in."""
        found = ledger_by_file(folder, shard)
        aside = rejects_of(folder, shard)
        for output, group in groupby(shard.pieces, lambda piece: piece.output):
            pieces = list(group)
            left = self.originals(folder, shard, pieces[0], found(output))
            held = next(left, None)
            for piece in pieces:
                rejects = aside.pop(piece.source.name, [])
                while held is not None and (held[0] == piece.source.name or not len(held[1])):
                    _, chunk, own = held
                    yield piece, replace(chunk, rejects=rejects), judged_again(chunk, own, self.moderator)
                    rejects = []
                    held = next(left, None)
                if rejects:
                    yield piece, Chunk([], [], [], [], [], [], rejects, unreadable=True), []
            if held is not None:
                raise RestoreError(f"{self.home}: the ledger of {output} names the source {held[0]}, which is unknown")

    def originals(
        self, folder: Path, shard: Shard, piece: Piece, found: Iterator[Entry]
    ) -> Iterator[tuple[str, Chunk, list[Entry]]]:
        """The original documents of one output, each chunk of one source."""
        kept = stored_chunks(folder / DATA / piece.output, piece.form, piece.packed, self.reading)
        gone = stored_chunks(folder / DROPPED / piece.output, piece.form, piece.packed, self.reading)
        places = dropped_places(folder, shard, piece.output)
        for chunk, own in with_originals(in_order(kept, gone, places), found):
            known = [entry for entry in own if entry is not None]
            if len(known) < len(own):
                raise RestoreError(f"{self.home}: the ledger lacks a document of {piece.output}; clean again")
            start = 0
            for source, run in groupby(known, lambda entry: entry.head.source):
                size = len(list(run))
                yield (
                    source,
                    placed(part(chunk, start, start + size), known[start : start + size]),
                    known[start : start + size],
                )
                start += size
            if not known:
                yield "", chunk, []


def placed(chunk: Chunk, own: Sequence[Entry]) -> Chunk:
    """With the places, ids and addresses that the documents had in their source."""
    heads = [entry.head for entry in own]
    return replace(chunk, places=[h.place for h in heads], ids=[h.id for h in heads], urls=[h.url for h in heads])


def ledger_by_file(folder: Path, shard: Shard) -> Any:
    """Gives the entries of one output after the other, in the order of the shard.

    Raises RestoreError where the ledger is missing: every shard has one, however little happened to it.
    """
    path = next((folder / LEDGER).glob(f"{shard.name}.*"), None)
    if path is None:
        raise RestoreError(f"{LEDGER}/{shard.name}: is missing; use the run's folder as it was written")
    found = groupby(entries(read_ledger(path)), lambda entry: entry.head.file)
    ahead: list[tuple[str, Iterator[Entry]]] = []

    def of(output: str) -> Iterator[Entry]:
        if not ahead:
            more = next(found, None)
            if more is not None:
                ahead.append(more)
        return ahead.pop()[1] if ahead and ahead[0][0] == output else iter(())

    return of


def dropped_places(folder: Path, shard: Shard, output: str) -> list[int]:
    """Of each dropped document of an output, how many kept ones stand before it."""
    path = folder / REASONS / f"{shard.name}.jsonl"
    lines = path.read_bytes().splitlines() if path.is_file() else []
    return [record["row"] for record in map(orjson.loads, lines) if record["file"] == output]


def rejects_of(folder: Path, shard: Shard) -> dict[str, list[Reject]]:
    """The records that could not be used, by source; they still can't."""
    path = folder / REJECTED / f"{shard.name}.jsonl"
    units = {piece.source.name: load_format(piece.source.format).unit for piece in shard.pieces}
    found: dict[str, list[Reject]] = {}
    for line in path.read_bytes().splitlines() if path.is_file() else ():
        r = orjson.loads(line)
        raw = base64.b64decode(r["raw_base64"]) if "raw_base64" in r else r["raw"].encode("utf-8")
        found.setdefault(r["file"], []).append(Reject(r[units[r["file"]]], r["reason"], raw, r["bytes"]))
    return found


def judged_again(chunk: Chunk, own: Sequence[Entry], moderator: Moderator) -> list[Result]:
    """What the moderator's policy makes of the judgements in the ledger."""
    model = moderator.model
    lines = read_lines(pack(chunk.texts), model.tables)
    probabilities = np.zeros((lines.line_start.size, len(NAMES)), np.float32)
    spans: list[tuple[int, int, int, int, float]] = []
    for first, offset, entry in zip(lines.first_line.tolist(), lines.batch.doc_start.tolist(), own, strict=False):
        for row in entry.rows:
            if row.kind == "line":
                probabilities[first + (row.line or 0)] = row.scores
            elif row.kind == "span":
                at = (first + (row.line or 0), offset + (row.start or 0), offset + (row.end or 0))
                spans.append((*at, INDEX[row.label or ""], row.score or 0.0))
    spans.sort(key=lambda span: span[1])
    line, start, end, label = (np.array([span[n] for span in spans], np.int64) for n in range(4))
    score = np.array([span[4] for span in spans], np.float32)
    judgement = Judgement(lines, probabilities, Spans(line, start, end, label, score))
    return decide(judgement, moderator.policy, model.id, model.tables)
