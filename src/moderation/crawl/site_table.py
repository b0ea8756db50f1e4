"""What the first pass of --site-lines found, merged: the lines that stand on a good part of a site's pages.

site-lines/table.rows: rows of ROW, sorted; a site is there if it has at least MIN_PAGES pages, a line of it if at
least LEAST of the other pages have it, too. site-lines/everywhere.keys: lines that stand on most pages of at least
MIN_SITES sites, for the sites that are too small to tell.
"""

import os
import shutil
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from moderation.crawl.output import sync_folder, write_whole, writing
from moderation.crawl.site_count import COUNTS, ROW, added

TABLE: Final = "site-lines/table.rows"
EVERYWHERE: Final = "site-lines/everywhere.keys"
MIN_PAGES: Final = 8
MIN_SITES: Final = 3
LEAST: Final = 0.5
MOST: Final = 0.6
BLOCK_ROWS: Final = 1 << 20
FAN: Final = 64
"""Files that are merged at a time; more are merged in rounds."""
REMEMBERED: Final = 1 << 12


def make_table(folder: Path) -> tuple[int, int]:
    """Merge the counts of all shards, write the table, take the counts away. Gives its sites and lines."""
    for path in (folder / COUNTS).glob("round-*.rows"):  # of a merge that was cut off
        path.unlink()
    paths = sorted((folder / COUNTS).glob("shard-*.rows"))
    round_ = 0
    while len(paths) > FAN:
        groups = [paths[n : n + FAN] for n in range(0, len(paths), FAN)]
        paths = [merged(group, folder / COUNTS / f"round-{round_}-{n:06}.rows") for n, group in enumerate(groups)]
        round_ += 1
    sites = lines = 0
    everywhere = [np.zeros(0, np.uint64)]
    part = folder / f"{TABLE}.part"
    with writing(str(part)):
        part.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            for rows, share in with_shares(blocks(paths)):
                file.write(rows.tobytes())
                sites += int((rows["line"] == 0).sum())
                lines += int((share >= MOST).sum())
                everywhere.append(rows["line"][share >= MOST])
            file.flush()
            os.fsync(file.fileno())
        keys, counts = np.unique(np.concatenate(everywhere), return_counts=True)
        write_whole(folder / EVERYWHERE, keys[counts >= MIN_SITES].astype("<u8").tobytes())
        part.replace(folder / TABLE)
        sync_folder(part.parent)
    take_counts_away(folder)
    return sites, lines


def take_counts_away(folder: Path) -> None:
    """They take a good part of the room that the texts take."""
    shutil.rmtree(folder / COUNTS, ignore_errors=True)


def is_made(folder: Path) -> bool:
    """Whether the table is there; if so, what it was made of is taken away."""
    if not (folder / TABLE).is_file():
        return False
    take_counts_away(folder)
    return True


def merged(paths: Sequence[Path], target: Path) -> Path:
    """One file of several."""
    with target.open("wb") as file:
        for rows in blocks(paths):
            file.write(rows.tobytes())
    return target


def stored_rows(path: Path) -> NDArray[np.void]:
    """A file of rows; it stays on the disk."""
    return np.memmap(path, ROW, "r") if path.stat().st_size else np.zeros(0, ROW)


def blocks(paths: Sequence[Path]) -> Iterator[NDArray[np.void]]:
    """All rows in order, those of one site and line added up, about BLOCK_ROWS at a time."""
    files = [stored_rows(path) for path in paths]
    step = max(1, BLOCK_ROWS // max(1, len(files)))
    marks = sorted(key_of(rows, n) for rows in files for n in range(step - 1, len(rows), step))
    bounds = marks[max(0, len(files) - 1) :: max(1, len(files))]
    done = [0] * len(files)
    for bound in [*bounds, None]:
        ends = [
            len(rows) if bound is None else place_of(rows, bound, first)
            for rows, first in zip(files, done, strict=True)
        ]
        found = added([np.asarray(rows[a:b]) for rows, a, b in zip(files, done, ends, strict=True)])
        done = ends
        if found.size:
            yield found


def key_of(rows: NDArray[np.void], n: int) -> tuple[int, int]:
    """Site and line of a row."""
    row = rows[n]
    return int(row["site"]), int(row["line"])


def place_of(rows: NDArray[np.void], key: tuple[int, int], first: int = 0) -> int:
    """Where a key stands, or would, among sorted rows."""
    return bisect_left(range(len(rows)), key, first, len(rows), key=lambda n: key_of(rows, n))


def with_shares(parts: Iterator[NDArray[np.void]]) -> Iterator[tuple[NDArray[np.void], NDArray[np.float64]]]:
    """The rows worth keeping, and on which share of the site's other pages the line stands; 0 for pages' own rows."""
    site = pages = 0
    for rows in parts:
        head = np.maximum.accumulate(np.where(rows["line"] == 0, np.arange(rows.size), -1))
        total = np.where(head >= 0, rows["pages"][head], pages if site == int(rows["site"][0]) else 0).astype(
            np.float64
        )
        share = (rows["pages"] - 1.0) / np.maximum(1.0, total - 1)
        share[rows["line"] == 0] = 0
        if head[-1] >= 0:
            site, pages = int(rows["site"][head[-1]]), int(rows["pages"][head[-1]])
        kept = (total >= MIN_PAGES) & ((rows["line"] == 0) | (share >= LEAST))
        yield rows[kept], share[kept]


@dataclass(slots=True)
class SiteTable:
    """Looks lines up; the table stays on the disk."""

    rows: NDArray[np.void]
    everywhere: NDArray[np.uint64]
    known: dict[int, tuple[NDArray[np.uint64], NDArray[np.float64]] | None] = field(default_factory=dict)

    def shares(self, site: int, keys: NDArray[np.uint64]) -> NDArray[np.float64]:
        """On which share of the site's other pages each line stands; less than LEAST is 0.

        For a site of few pages, 1 for lines that stand on most pages of others, else 0.
        """
        found = self.site(site)
        if found is None:
            return np.isin(keys, self.everywhere).astype(np.float64)
        lines, share = found
        if not lines.size:
            return np.zeros(keys.size)
        at = np.searchsorted(lines, keys).clip(max=lines.size - 1)
        return np.where(lines[at] == keys, share[at], 0.0)

    def site(self, site: int) -> tuple[NDArray[np.uint64], NDArray[np.float64]] | None:
        """Lines and shares of a site, None for one that has too few pages."""
        if site not in self.known:
            if len(self.known) >= REMEMBERED:
                self.known.clear()
            self.known[site] = self.read(site)
        return self.known[site]

    def read(self, site: int) -> tuple[NDArray[np.uint64], NDArray[np.float64]] | None:
        """From the disk."""
        first = place_of(self.rows, (site, 0))
        if first == len(self.rows) or key_of(self.rows, first) != (site, 0):
            return None
        rows = np.asarray(self.rows[first : place_of(self.rows, (site + 1, 0), first)])
        share = (rows["pages"][1:] - 1.0) / (int(rows["pages"][0]) - 1)
        return rows["line"][1:].astype(np.uint64), share


def read_table(folder: Path) -> SiteTable:
    """The table of a run."""
    everywhere = np.frombuffer((folder / EVERYWHERE).read_bytes(), "<u8").astype(np.uint64)
    return SiteTable(stored_rows(folder / TABLE), everywhere)
