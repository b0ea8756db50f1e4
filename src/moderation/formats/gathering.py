"""A chunk in the making, for formats whose rows are dicts: JSONL, CSV and TSV, WARC and WET."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from moderation.formats.base import Chunk, Reading, Reject


@dataclass(slots=True)
class Gathering:
    """held: bytes, about, of what was gathered."""

    reading: Reading
    rows: list[dict[str, Any]] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    held: int = 0

    def add(self, place: int, row: dict[str, Any], size: int, held: int | None = None) -> None:
        """One document. size: bytes it took when read; held: bytes of its text, where these are far fewer."""
        self.rows.append(row)
        self.places.append(place)
        self.sizes.append(size)
        self.held += size if held is None else held

    def reject(self, place: int, reason: str, raw: bytes, size: int) -> None:
        """One record that can't be used, as in base.Reject."""
        self.rejects.append(Reject(place, reason, raw, size))
        self.held += len(raw)

    @property
    def is_full(self) -> bool:
        """Whether it is time for the next chunk."""
        return self.held >= self.reading.chunk_bytes

    def chunk(self, stored: int) -> Chunk:
        """What was gathered. stored: as in base.Chunk."""
        columns = self.reading.columns
        urls = [row.get(columns.url) for row in self.rows]
        return Chunk(
            texts=[row[columns.text] for row in self.rows],
            ids=[row.get(columns.id) for row in self.rows],
            urls=[url if isinstance(url, str) else None for url in urls],
            places=self.places,
            sizes=self.sizes,
            rows=self.rows,
            rejects=self.rejects,
            stored=stored,
            skipped=dict(self.skipped),
        )
