"""Files that get their names only when they are whole and on the disk."""

import hashlib
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex
from typing import IO, Any, Final

from moderation.errors import OutputError
from moderation.formats.base import Compression
from moderation.formats.compression import encoded

TEMPORARY: Final = ".part-"
"""How names of unfinished files begin; hidden, so that no reader takes one for data."""
READ_BYTES: Final = 1 << 20
SYNCING: Final = 8
"""Files that are synced at a time."""


@dataclass(slots=True)
class PartFile:
    """One output under a temporary name beside its own. `path` is relative to the run's folder."""

    folder: Path
    path: str
    compression: Compression = ""
    token: str = field(default_factory=lambda: token_hex(4))
    stored: IO[bytes] = field(init=False)
    file: IO[bytes] = field(init=False)

    def __post_init__(self) -> None:
        with writing(self.path):
            self.target.parent.mkdir(parents=True, exist_ok=True)
            self.stored = self.part.open("xb")
            self.file = encoded(self.stored, self.compression)

    @property
    def target(self) -> Path:
        """Where the file will lie."""
        return self.folder / self.path

    @property
    def part(self) -> Path:
        """Where it lies until then."""
        return self.target.with_name(f"{TEMPORARY}{self.token}-{self.target.name}")

    def close(self) -> None:
        """Everything is written; the file has no name yet. Closing twice does no harm."""
        if self.stored.closed:
            return
        with writing(self.path):
            if self.file is not self.stored:
                self.file.close()
            self.stored.close()

    def sync(self) -> None:
        """All the way to the disk."""
        with writing(self.path), self.part.open("rb") as file:
            os.fsync(file.fileno())

    def commit(self) -> dict[str, Any]:
        """Give the file its name, which lasts once its folder is synced; path, size and digest go to the manifest."""
        with writing(self.path):
            digest = file_digest(self.part)
            size = self.part.stat().st_size
            self.part.replace(self.target)
        return {"path": self.path, "bytes": size, "digest": digest}

    def discard(self) -> None:
        """Leave nothing behind."""
        with suppress(OSError, ValueError):
            self.stored.close()
        with suppress(OSError):
            self.part.unlink(missing_ok=True)


class PartFiles:
    """The outputs of one shard, opened when they are first written to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.parts: dict[str, PartFile] = {}

    def open(self, path: str, compression: Compression = "") -> IO[bytes]:
        """The file to write to, opened when it is not open yet."""
        if path not in self.parts:
            self.parts[path] = PartFile(self.folder, path, compression)
        return self.parts[path].file

    def close(self, path: str) -> None:
        """One file is whole; it has no name yet."""
        self.parts[path].close()

    def commit(self) -> list[dict[str, Any]]:
        """Close all, then name all."""
        for part in self.parts.values():
            part.close()
        with ThreadPoolExecutor(SYNCING) as pool:  # a shard may have a thousand pages, each of which waits for the disk
            list(pool.map(PartFile.sync, self.parts.values()))
        named = [part.commit() for part in self.parts.values()]
        for folder in {part.target.parent for part in self.parts.values()}:
            sync_folder(folder)
        return named

    def discard(self) -> None:
        """Leave nothing behind."""
        for part in self.parts.values():
            part.discard()


@contextmanager
def part_files(folder: Path) -> Iterator[PartFiles]:
    """Discards what was not committed."""
    files = PartFiles(folder)
    try:
        yield files
    finally:
        files.discard()


@contextmanager
def writing(path: str) -> Iterator[None]:
    """Errors of the system as one sentence."""
    try:
        yield
    except OSError as error:
        raise OutputError(f"{path}: can't be written ({error.strerror or error})") from None


def file_digest(path: Path) -> str:
    """blake2b, 16 bytes."""
    digest = hashlib.blake2b(digest_size=16)
    with path.open("rb") as file:
        while block := file.read(READ_BYTES):
            digest.update(block)
    return digest.hexdigest()


def write_whole(path: Path, data: bytes) -> None:
    """One small file at once: there whole, or not at all."""
    part = path.with_name(f"{TEMPORARY}{token_hex(4)}-{path.name}")
    with writing(str(path)):
        try:
            with part.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
            sync_folder(path.parent)
        finally:
            part.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Make new names in a folder last; where folders can't be synced (Windows), the system does as it likes."""
    with suppress(PermissionError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def remove_parts(folder: Path) -> int:
    """Take away what an earlier run left unfinished."""
    parts = [path for path in folder.rglob(f"{TEMPORARY}*") if path.is_file()]
    for path in parts:
        path.unlink(missing_ok=True)
    return len(parts)
