"""What is around a file: gzip and Zstandard, undone when it is read, done when it is written.

A plain .gz is read in order. A .zst of several frames, each with its content size in its header, is cut between them;
what is written here is such a file.
"""

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import IO, TYPE_CHECKING, Any, Final

from moderation.errors import InputError, UsageError
from moderation.formats.base import Compression, Source
from moderation.formats.opening import open_stored

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

READ_BYTES: Final = 1 << 20
FRAME_BYTES: Final = 4 << 20
"""Content of a Zstandard frame that is written here: what a reader can begin at."""
GZIP_LEVEL: Final = 6
ZSTD_LEVEL: Final = 3
SKIPPABLE: Final = range(0x184D2A50, 0x184D2A60)


class TruncatedError(InputError):
    """A compressed file that ends, or breaks, before its data does."""


def zstandard() -> Any:
    """The package. Raises UsageError where it is missing."""
    try:
        import zstandard as package  # noqa: PLC0415
    except ModuleNotFoundError:
        raise UsageError('.zst files need zstandard; install it with: pip install "moderation[zstd]"') from None
    return package


class Decoded(io.RawIOBase):
    """The decompressed content of a file, in order. Reading raises TruncatedError where the file breaks off."""

    def __init__(self, stored: IO[bytes], compression: Compression) -> None:
        self.stored = stored
        self.file: Any
        if compression == "gz":
            self.file = gzip.GzipFile(fileobj=stored)
            # read() would lose what it has when the file breaks off
            self.pull = self.file.read1
            self.broken: tuple[type[Exception], ...] = (EOFError, gzip.BadGzipFile, zlib.error)
        else:
            package = zstandard()
            self.file = Frames(stored, package)
            self.pull = self.file.read
            self.broken = (package.ZstdError,)

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """As io.RawIOBase has it."""
        try:
            data = self.pull(len(buffer))
        except self.broken as error:
            raise TruncatedError(f"can't be decompressed any further ({' '.join(str(error).split())})") from None
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Close the stored file, too."""
        self.stored.close()
        super().close()


class Frames:
    """Zstandard frames one after the other; unlike the package's own reader, it notices when one is cut off."""

    def __init__(self, stored: IO[bytes], package: Any) -> None:
        self.stored = stored
        self.package = package
        self.frame: Any = None
        self.data = b""
        self.left: list[bytes] = []

    def read(self, size: int) -> bytes:
        """At most `size` bytes; b"" at the end."""
        while not self.left:
            self.data = self.data or self.stored.read(READ_BYTES >> 3)
            if not self.data:
                if self.frame is not None:
                    raise self.package.ZstdError("the last frame is cut off")
                return b""
            if self.frame is None:
                self.frame = self.package.ZstdDecompressor().decompressobj()
            out = self.frame.decompress(self.data)
            self.data = b""
            if self.frame.eof:
                self.data, self.frame = self.frame.unused_data, None
            if out:
                self.left.append(out)
        out = self.left.pop()
        if len(out) > size:
            self.left.append(out[size:])
        return out[:size]


@contextmanager
def open_decoded(source: Source, start: int = 0) -> Iterator[IO[bytes]]:
    """The decompressed content of a source, buffered; start: the stored offset to begin at."""
    stored = open_stored(source.path)
    stored.seek(start)
    file = io.BufferedReader(Decoded(stored, source.compression), READ_BYTES) if source.compression else stored
    try:
        yield file
    finally:
        file.close()


@dataclass(frozen=True, slots=True)
class Frame:
    """start, stop: stored offsets. offset: where its content begins in the decompressed file. content: its size."""

    start: int
    stop: int
    offset: int
    content: int


@lru_cache(maxsize=8)
def frames(source: Source) -> list[Frame] | None:
    """The frames of a .zst, found by their headers alone; None where one does not tell its content size, or where the
    file ends inside one.
    """
    package = zstandard()
    found: list[Frame] = []
    offset = 0
    with open_stored(source.path) as file:
        size = file.seek(0, io.SEEK_END)
        start = 0
        while start < size:
            file.seek(start)
            head = file.read(18)
            if len(head) < 8:
                return None
            if int.from_bytes(head[:4], "little") in SKIPPABLE:
                start += 8 + int.from_bytes(head[4:8], "little")
                continue
            try:
                parameters = package.get_frame_parameters(head)
            except package.ZstdError:
                return None
            stop = frame_end(file, start + package.frame_header_size(head), size, parameters.has_checksum)
            if stop is None or parameters.content_size == package.CONTENTSIZE_UNKNOWN:
                return None
            found.append(Frame(start, stop, offset, parameters.content_size))
            offset += parameters.content_size
            start = stop
    return found


def frame_end(file: IO[bytes], at: int, size: int, checksum: bool) -> int | None:
    """Where a frame ends, by walking over its blocks; None where that is behind the end of the file."""
    last = False
    while not last:
        file.seek(at)
        head = int.from_bytes(file.read(3), "little")
        last, kind, length = bool(head & 1), head >> 1 & 3, head >> 3
        at += 3 + (1 if kind == 1 else length)
        if at > size or kind == 3:
            return None
    at += 4 if checksum else 0
    return at if at <= size else None


class Blocks(io.RawIOBase):
    """Compresses blocks of FRAME_BYTES, so that the same content gives the same bytes however it is written."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        self.waiting = bytearray()

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, data: "ReadableBuffer") -> int:
        """Collect, and write whole blocks."""
        self.waiting += data
        while len(self.waiting) >= FRAME_BYTES:
            self.block(bytes(self.waiting[:FRAME_BYTES]))
            del self.waiting[:FRAME_BYTES]
        return len(memoryview(data))

    def block(self, data: bytes) -> None:
        """Compress one block."""
        raise NotImplementedError

    def close(self) -> None:
        """The last block. The file below stays open."""
        if not self.closed:
            if self.waiting or not self.file.tell():
                self.block(bytes(self.waiting))
            super().close()


class ZstdBlocks(Blocks):
    """Frames, each with its size in its header."""

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__(file)
        self.compressor = zstandard().ZstdCompressor(level=ZSTD_LEVEL, write_checksum=True, write_content_size=True)

    def block(self, data: bytes) -> None:
        """A frame."""
        self.file.write(self.compressor.compress(data))


class GzipBlocks(Blocks):
    """One gzip member, without a name or a time."""

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__(file)
        self.gzip = gzip.GzipFile(fileobj=file, mode="wb", filename="", mtime=0, compresslevel=GZIP_LEVEL)

    def block(self, data: bytes) -> None:
        """A piece of the member."""
        self.gzip.write(data)

    def close(self) -> None:
        """The end of the member."""
        if not self.closed:
            super().close()
            self.gzip.close()


def encoded(file: IO[bytes], compression: Compression) -> IO[bytes]:
    """A file that compresses into `file`; closing it leaves `file` open. The same content gives the same bytes."""
    if compression:
        return (GzipBlocks if compression == "gz" else ZstdBlocks)(file)  # type: ignore[return-value]
    return file
