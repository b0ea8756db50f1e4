"""First pass of --site-lines: on how many pages of each site a line stands, counted shard by shard.

Rows of ROW, sorted by site and line, in files below site-lines/counts; the row of line 0 tells how many pages the site
has. Exact, and in bounded memory: what gets too large goes to a file of its own (a run), and runs are merged by ranges
of their keys (site_table.py). A page counts once for each of its lines, however often they stand on it.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from moderation.crawl.documents import chunks
from moderation.crawl.highlights import host_of
from moderation.crawl.output import PartFiles, part_files, writing
from moderation.crawl.plan import Shard
from moderation.crawl.settings import Settings
from moderation.kernel.keys import line_keys
from moderation.lines import Lines, read_lines
from moderation.text.batch import batches, pack
from moderation.text.tables import Tables

ROW: Final = np.dtype([("site", "<u8"), ("line", "<u8"), ("pages", "<u4")])
COUNTS: Final = "site-lines/counts"
RUN_ROWS: Final = 1 << 21
"""Rows that are held at a time: 40 MB, and a few times that while they are sorted."""


@dataclass(frozen=True, slots=True)
class CountRoom:
    """What a worker keeps from shard to shard."""

    folder: Path
    settings: Settings
    tables: Tables


def count_shard(shard: Shard, room: CountRoom, advance: Callable[[int, int], None]) -> None:
    """Count a shard; its files have their names when this returns, the one that says so last."""
    with part_files(room.folder) as files:
        counter = PageCounter(files, shard.name, room.tables)
        with writing(shard.what):
            for _, chunk in chunks(shard, room.settings.reading):
                counter.add(chunk.texts, chunk.urls)
                advance(chunk.stored, 0)
            counter.close()
        files.commit()


def is_counted(folder: Path, shard: Shard) -> bool:
    """Whether the shard's counts are there, all of them."""
    return (folder / COUNTS / f"{shard.name}.done").is_file()


@dataclass(slots=True)
class PageCounter:
    """Adds up rows, and writes a run when there are too many."""

    files: PartFiles
    name: str
    tables: Tables
    rows: list[NDArray[np.void]] = field(default_factory=list)
    runs: int = 0

    def add(self, texts: Sequence[str], urls: Sequence[str | None]) -> None:
        """The pages of a chunk; those without an address have no site."""
        first = 0
        for part in batches(texts):
            lines = read_lines(pack(part), self.tables)
            sites = [site_key(host_of(url)) for url in urls[first : first + len(part)]]
            self.rows.append(page_rows(lines, np.array(sites, np.uint64)))
            first += len(part)
        if sum(rows.size for rows in self.rows) > RUN_ROWS:
            self.rows = [added(self.rows)]
            if self.rows[0].size > RUN_ROWS // 2:
                self.write()

    def write(self) -> None:
        """One run."""
        path = f"{COUNTS}/{self.name}-{self.runs:04}.rows"
        self.files.open(path).write(added(self.rows).tobytes())
        self.files.close(path)
        self.rows, self.runs = [], self.runs + 1

    def close(self) -> None:
        """What is left, and the mark."""
        if self.rows:
            self.write()
        self.files.open(f"{COUNTS}/{self.name}.done")


def page_rows(lines: Lines, sites: NDArray[np.uint64]) -> NDArray[np.void]:
    """A row for each line of each page, once a page, and one for the page; sites of 0 are passed over."""
    keys = keys_of(lines)
    doc = np.repeat(np.arange(sites.size), np.diff(lines.first_line))
    chosen = np.flatnonzero((keys != 0) & (sites[doc] != 0))
    order = chosen[np.lexsort((keys[chosen], doc[chosen]))]
    first = np.ones(order.size, np.bool_)
    first[1:] = (keys[order][1:] != keys[order][:-1]) | (doc[order][1:] != doc[order][:-1])
    once = order[first]
    out = np.zeros(once.size + int((sites != 0).sum()), ROW)
    out["site"] = np.concatenate([sites[doc[once]], sites[sites != 0]])
    out["line"][: once.size] = keys[once]
    out["pages"] = 1
    return added([out])


def keys_of(lines: Lines) -> NDArray[np.uint64]:
    """The keys of a batch's lines."""
    return line_keys(lines.batch.codes, lines.folded, lines.fold_start, lines.source)


def added(parts: Sequence[NDArray[np.void]]) -> NDArray[np.void]:
    """The rows of all parts, sorted by site and line, pages added up."""
    rows = np.concatenate(parts) if parts else np.zeros(0, ROW)
    if not rows.size:
        return rows
    rows = rows[np.lexsort((rows["line"], rows["site"]))]
    first = np.ones(rows.size, np.bool_)
    first[1:] = (rows["site"][1:] != rows["site"][:-1]) | (rows["line"][1:] != rows["line"][:-1])
    start = np.flatnonzero(first)
    out = rows[start]
    out["pages"] = np.add.reduceat(rows["pages"].astype(np.uint64), start).clip(max=0xFFFFFFFF)
    return out


@lru_cache(1 << 14)
def site_key(host: str) -> int:
    """64 bits that stand for a host; 0 for none."""
    digest = hashlib.blake2b(host.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little") or 1 if host else 0
