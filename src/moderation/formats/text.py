"""Plain text: one page a file."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any, Final

from moderation.errors import InputError
from moderation.formats.base import REJECT_BYTES, Chunk, Columns, Extent, Reading, Reject, Source, Unchecked
from moderation.formats.compression import READ_BYTES, TruncatedError, open_decoded
from moderation.formats.json_record import decode
from moderation.formats.opening import stored_size


class Text(Unchecked):
    """A page keeps its byte order mark and its line breaks; its id is its name."""

    unit = "byte"

    def split(self, source: Source, target_bytes: int) -> list[Extent]:
        """A page is never cut."""
        return [Extent(0, 0, None, stored_size(source.path))]

    def read(self, source: Source, extent: Extent, reading: Reading) -> Iterator[Chunk]:
        """One chunk of one page."""
        limit = reading.max_record_bytes
        raw, size = b"", 0
        try:
            with open_decoded(source) as file:
                raw, size = up_to(file, limit)
            if size > limit:
                raise InputError(f"is {size:,} bytes long, over the limit of {limit:,} (--max-record-bytes)")
            page = decode(raw)
        except TruncatedError as error:
            yield Chunk([], [], [], [], [], [], [Reject(0, str(error), b"", 0)], extent.size)
        except InputError as error:
            yield Chunk([], [], [], [], [], [], [Reject(0, str(error), raw, size)], extent.size)
        else:
            rows = [{reading.columns.id: source.name, reading.columns.text: page}]
            yield Chunk([page], [source.name], [None], [0], [size], rows, (), extent.size)

    def schema(self, samples: Sequence[Chunk], columns: Columns) -> Mapping[str, Any] | None:
        """None: there is only the text."""
        return None

    def writer(self, file: IO[bytes], columns: Columns, like: Chunk, schema: Mapping[str, Any] | None) -> "TextWriter":
        """Pages as they are."""
        return TextWriter(file)


def up_to(file: IO[bytes], limit: int) -> tuple[bytes, int]:
    """The content and its size; of one that is longer than `limit`, the first REJECT_BYTES."""
    read, size = bytearray(), 0
    while more := file.read(READ_BYTES):
        size += len(more)
        read += more
        if size > limit:
            del read[REJECT_BYTES:]
    return bytes(read), size


@dataclass(frozen=True, slots=True)
class TextWriter:
    """The page; the planner sees to it that every page has a file of its own."""

    file: IO[bytes]

    def write(self, chunk: Chunk, texts: Sequence[str], kept: Sequence[bool]) -> None:
        """As in base.Writer."""
        for text, stays in zip(texts, kept, strict=True):
            if stays:
                self.file.write(text.encode("utf-8"))

    def close(self) -> None:
        """Nothing is left."""


FORMAT: Final = Text()
