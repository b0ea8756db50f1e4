"""JSONL: one JSON object a line, plain, .gz or .zst."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any, Final

from moderation.errors import InputError
from moderation.formats.base import REJECT_BYTES, Chunk, Columns, Extent, Reading, Source, Unchecked
from moderation.formats.compression import TruncatedError, frames, open_decoded
from moderation.formats.gathering import Gathering
from moderation.formats.json_record import parse_object, text_of, to_json
from moderation.formats.opening import stored_size
from moderation.formats.rows import records_of

BOM: Final = b"\xef\xbb\xbf"
SKIP_BYTES: Final = 1 << 20
"""How much of a line that is too long is read at a time."""


class Lines:
    """The lines of an open file from `place` on, none ever held that is longer than `longest`."""

    def __init__(self, file: IO[bytes], place: int, longest: int) -> None:
        self.file = file
        self.place = place
        self.longest = longest

    def next(self) -> tuple[int, bytes, int]:
        """Place, line with its break, true size; of a line that is too long, the beginning. Size 0 at the end."""
        place = self.place
        line = self.file.readline(self.longest + 1)
        size = len(line)
        if size > self.longest and not line.endswith(b"\n"):
            line = line[:REJECT_BYTES]
            size += self.skip()
        self.place += size
        return place, line, size

    def skip(self) -> int:
        """Read on to the end of the line; returns the bytes that were read."""
        size = 0
        while True:
            more = self.file.readline(SKIP_BYTES)
            size += len(more)
            if not more or more.endswith(b"\n"):
                return size


class Jsonl(Unchecked):
    """Places are byte offsets of lines. Only `\\n` ends a line: a text may hold U+2028."""

    unit = "byte"

    def split(self, source: Source, target_bytes: int) -> list[Extent]:
        """Byte ranges; a line belongs to the range that it begins in. Frames of a .zst. A .gz is one extent."""
        size = stored_size(source.path)
        if source.compression == "zst":
            return self.split_frames(source, target_bytes, size)
        if source.compression or size <= target_bytes:
            return [Extent(0, 0, None, size)]
        count = -(-size // target_bytes)
        cuts = [size * n // count for n in range(count)]
        stops = [*cuts[1:], None]
        return [
            Extent(n, start, stop, (stop or size) - start)
            for n, (start, stop) in enumerate(zip(cuts, stops, strict=True))
        ]

    def split_frames(self, source: Source, target_bytes: int, size: int) -> list[Extent]:
        """Runs of frames, by offsets of their decompressed content, so that places do not depend on the cut."""
        found = frames(source) if size > target_bytes else None
        if not found:
            return [Extent(0, 0, None, size)]
        extents: list[Extent] = []
        first = 0
        for n, frame in enumerate(found):
            if frame.stop - found[first].start >= target_bytes or n == len(found) - 1:
                stop = None if n == len(found) - 1 else frame.offset + frame.content
                extents.append(Extent(len(extents), found[first].offset, stop, frame.stop - found[first].start))
                first = n + 1
        return extents

    def read(self, source: Source, extent: Extent, reading: Reading) -> Iterator[Chunk]:
        """Chunks of whole lines."""
        stored, place = self.begin(source, extent)
        # stored bytes are only known for the extent as a whole when it is compressed
        share = 0.0 if source.compression else 1.0
        with open_decoded(source, stored) as file:
            lines = Lines(file, place, reading.max_record_bytes)
            gathering = Gathering(reading)
            before = place
            try:
                if extent.start > place:
                    file.read(extent.start - place - 1)
                    lines.place = extent.start - 1
                    lines.place += lines.skip()
                before = lines.place
                while extent.stop is None or lines.place < extent.stop:
                    at, line, size = lines.next()
                    if not size:
                        break
                    self.add(gathering, at, line, size)
                    if gathering.is_full:
                        yield gathering.chunk(int((lines.place - before) * share))
                        gathering, before = Gathering(reading), lines.place
            except TruncatedError as error:
                gathering.reject(lines.place, str(error), b"", 0)
            yield gathering.chunk(int((lines.place - before) * share) if share else extent.size)

    def begin(self, source: Source, extent: Extent) -> tuple[int, int]:
        """The stored offset to open at, and its place, at or before the byte ahead of the extent."""
        if not extent.start:
            return 0, 0
        if not source.compression:
            return extent.start - 1, extent.start - 1
        before = [frame for frame in frames(source) or [] if frame.offset < extent.start]
        return before[-1].start, before[-1].offset

    def add(self, gathering: Gathering, place: int, line: bytes, size: int) -> None:
        """One line; a byte order mark at the beginning of the file is not part of it; blank lines are no records."""
        raw = line.removeprefix(BOM) if place == 0 else line
        if size > len(line):
            longest = gathering.reading.max_record_bytes
            reason = f"is {size:,} bytes long, over the limit of {longest:,} (--max-record-bytes)"
            gathering.reject(place, reason, line, size)
        elif raw.strip():
            try:
                record = parse_object(raw)
                text_of(record, gathering.reading.columns.text)
            except InputError as error:
                gathering.reject(place, str(error), raw, len(raw))
            else:
                gathering.add(place, record, len(raw))

    def schema(self, samples: Sequence[Chunk], columns: Columns) -> Mapping[str, Any] | None:
        """None: every line stands for itself."""
        return None

    def writer(self, file: IO[bytes], columns: Columns, like: Chunk, schema: Mapping[str, Any] | None) -> "JsonlWriter":
        """Lines of JSON."""
        return JsonlWriter(file, columns)


@dataclass(frozen=True, slots=True)
class JsonlWriter:
    """All fields in their order, the text replaced."""

    file: IO[bytes]
    columns: Columns

    def write(self, chunk: Chunk, texts: Sequence[str], kept: Sequence[bool]) -> None:
        """As in base.Writer."""
        name = self.columns.text
        rows = zip(records_of(chunk.rows), texts, kept, strict=True)
        self.file.write(b"".join(to_json({**record, name: text}) for record, text, stays in rows if stays))

    def close(self) -> None:
        """Nothing is left."""


FORMAT: Final = Jsonl()
