"""A folder behind an fsspec URL: whole files put there, looked at, brought here.

An object store has no rename, but what is put there shows only when it is whole. Other file systems show a file while
it grows, so it gets its name there when it is whole, as on a disk of our own.
"""

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from secrets import token_hex
from typing import Any, Final, TypeVar

from moderation.crawl.identity import STAMPS
from moderation.crawl.output import TEMPORARY
from moderation.errors import ModerationError, OutputError
from moderation.formats.opening import filesystem

ATOMIC: Final = frozenset({"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "adl", "oss", "oci", "hf", "memory"})
"""Protocols whose files show only when they are whole. Renaming in an object store would copy every byte again."""
ATTEMPTS: Final = 3
WAIT_SECONDS: Final = 0.5
"""Before the second attempt; twice as long before the third."""
Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Stored:
    """What a store says of a file. stamp: of its version (ETag, time of change); "" where it tells none."""

    size: int
    stamp: str


@dataclass(frozen=True, slots=True)
class Remote:
    """url: of the folder, without a slash at its end. Paths are relative to it."""

    url: str

    @property
    def system(self) -> Any:
        """The fsspec file system. Raises UsageError where its package is missing."""
        return filesystem(self.url)

    def place(self, path: str) -> str:
        """Of a file, as its file system calls it."""
        folder = str(self.system._strip_protocol(self.url)).rstrip("/")
        return f"{folder}/{path}" if path else folder

    def put(self, local: Path, path: str) -> Stored:
        """Put a whole file there, over what lay there. Raises OutputError."""
        return self.tried(path, lambda: self.put_once(local, self.place(path)))

    def put_once(self, local: Path, place: str) -> Stored:
        """One attempt. Raises OSError, or what else the file system's package raises."""
        system, size = self.system, local.stat().st_size
        if is_atomic(system):
            system.put_file(str(local), place)
            return self.checked(place, size)
        target = PurePosixPath(place)
        part = str(target.with_name(f"{TEMPORARY}{token_hex(4)}-{target.name}"))
        try:
            system.makedirs(str(target.parent), exist_ok=True)
            system.put_file(str(local), part)
            self.checked(part, size)
            system.mv(part, place)
        finally:
            with suppress(OSError):
                system.rm_file(part)
        return self.checked(place, size)

    def checked(self, place: str, size: int) -> Stored:
        """What lies there now. Raises OSError, and takes it away, where that is not of the right size."""
        self.system.invalidate_cache()
        found = stored(self.system.info(place))
        if found.size != size:
            self.system.rm_file(place)
            raise OSError(f"{found.size:,} of {size:,} bytes arrived")
        return found

    def put_bytes(self, data: bytes, path: str, here: Path) -> None:
        """A small file; it is written to the folder `here` first. Raises OutputError."""
        local = here / f"{TEMPORARY}{token_hex(4)}"
        try:
            local.write_bytes(data)
            self.put(local, path)
        finally:
            local.unlink(missing_ok=True)

    @property
    def keeps_history(self) -> bool:
        """Whether every change there stays on record, as in a repository."""
        return bool({"hf"} & set(protocols(self.system)))

    def create(self, path: str, data: bytes) -> bool:
        """Make a small file that must not be there yet; whether that was so. Where the store has no such promise (S3,
        GCS and Azure have), a look before stands for it. Raises OutputError.
        """
        return self.tried(path, lambda: self.create_once(self.place(path), data))

    def create_once(self, place: str, data: bytes) -> bool:
        """One attempt."""
        system = self.system
        if not is_atomic(system):
            system.makedirs(str(PurePosixPath(place).parent), exist_ok=True)
        try:
            system.pipe_file(place, data, mode="create")
        except FileExistsError:
            return False
        except (TypeError, NotImplementedError):  # fsspec before 2024.12, and packages that have not followed it
            if system.exists(place):
                return False
            system.pipe_file(place, data)
        return True

    def write(self, path: str, data: bytes) -> None:
        """Put a small file there, over what lay there. Raises OutputError."""
        self.tried(path, lambda: self.system.pipe_file(self.place(path), data))

    def read(self, path: str) -> bytes | None:
        """The content of a file; None where there is none. Raises OutputError."""
        return self.tried(path, lambda: missing_is_none(lambda: bytes(self.system.cat_file(self.place(path)))))

    def has(self, path: str) -> bool:
        """Whether there is such a file. Raises OutputError."""

        def look() -> Any:
            self.system.invalidate_cache()
            return missing_is_none(lambda: self.system.info(self.place(path)))

        return self.tried(path, look) is not None

    def get(self, path: str, local: Path) -> bool:
        """Bring a file here; whether there is one. Raises OutputError."""
        part = local.with_name(f"{TEMPORARY}{token_hex(4)}-{local.name}")

        def fetch() -> bool:
            local.parent.mkdir(parents=True, exist_ok=True)
            self.system.get_file(self.place(path), str(part))
            part.replace(local)
            return True

        try:
            return bool(self.tried(path, lambda: missing_is_none(fetch)))
        finally:
            part.unlink(missing_ok=True)

    def remove(self, path: str) -> None:
        """Take a file away, if it is there. Raises OutputError."""
        self.tried(path, lambda: missing_is_none(lambda: self.system.rm_file(self.place(path))))

    def files(self, below: str = "") -> Mapping[str, Stored]:
        """All files below a folder there. Raises OutputError."""
        home = f"{self.place('')}/"

        def find() -> dict[str, Stored]:
            self.system.invalidate_cache()
            found = missing_is_none(lambda: self.system.find(self.place(below), detail=True)) or {}
            return {name.removeprefix(home): stored(info) for name, info in found.items()}

        return self.tried(below, find)

    def tried(self, path: str, work: Callable[[], Found]) -> Found:
        """Some attempts, as networks fail for a moment. Raises OutputError with the last reason."""
        for attempt in range(1, ATTEMPTS):
            try:
                return work()
            except (PermissionError, ModerationError):
                break
            except Exception:  # every package behind fsspec has errors of its own
                time.sleep(WAIT_SECONDS * attempt)
        try:
            return work()
        except ModerationError:
            raise
        except Exception as error:
            reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
            raise OutputError(f"{self.url}/{path}: can't be reached or written ({reason})") from None


def is_atomic(system: Any) -> bool:
    """Whether files there show only when they are whole."""
    return not ATOMIC.isdisjoint(protocols(system))


def protocols(system: Any) -> tuple[str, ...]:
    """How URLs of a file system begin."""
    return tuple(system.protocol) if isinstance(system.protocol, tuple | list) else (system.protocol,)


def stored(info: Mapping[str, Any]) -> Stored:
    """From what fsspec tells."""
    stamp = next((str(info[key]) for key in STAMPS if info.get(key) is not None), "")
    return Stored(int(info.get("size") or 0), stamp)


def missing_is_none(work: Callable[[], Found]) -> Found | None:
    """What the work gives; None where there is no such file."""
    try:
        return work()
    except FileNotFoundError:
        return None
