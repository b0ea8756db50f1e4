"""A finished run where it lies: in a folder of this machine, or behind a URL, brought here a shard at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from moderation.crawl.manifest import MANIFEST
from moderation.crawl.plan import Shard
from moderation.crawl.remote import Remote
from moderation.crawl.shard import DATA, DROPPED, LEDGER, REASONS, REJECTED
from moderation.crawl.state import REPORT
from moderation.formats.opening import is_url


@contextmanager
def run_at(home: str) -> Iterator[Path]:
    """A folder with what the run knows about itself."""
    with brought(home, (MANIFEST, REPORT)) as folder:
        yield folder


@contextmanager
def shard_at(home: str, shard: Shard) -> Iterator[Path]:
    """A folder with the files of one shard, under their names in the run's folder."""
    with brought(home, files_of(shard)) as folder:
        yield folder


@contextmanager
def brought(home: str, paths: tuple[str, ...]) -> Iterator[Path]:
    """Those of the files that are there; from a URL, in a folder that is gone afterwards."""
    if not is_url(home):
        yield Path(home)
        return
    with TemporaryDirectory(prefix="moderation-fetched-") as folder:
        remote = Remote(home.rstrip("/"))
        for path in paths:
            remote.get(path, Path(folder, path))
        yield Path(folder)


def files_of(shard: Shard) -> tuple[str, ...]:
    """What a shard may have written that its documents can be had from."""
    outputs = dict.fromkeys(piece.output for piece in shard.pieces)
    beside = [f"{LEDGER}/{shard.name}.{form}" for form in ("parquet", "jsonl")]
    beside += [f"{folder}/{shard.name}.jsonl" for folder in (REASONS, REJECTED)]
    return (*(f"{folder}/{name}" for folder in (DATA, DROPPED) for name in outputs), *beside)
