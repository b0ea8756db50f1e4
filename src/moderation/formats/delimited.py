"""CSV and TSV: a header, then one document a row; texts may hold line breaks in quotes.

A quote that is never closed would swallow the rest of the file. So a row that can't be read is set aside with the
lines that it took, and the reader goes on with the next line.
"""

import csv
import io
import sys
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import IO, Any, Final

from moderation.errors import InputError, OutputError
from moderation.formats.base import MAX_RECORD_BYTES, REJECT_BYTES, Chunk, Columns, Extent, Reading, Source
from moderation.formats.compression import TruncatedError, open_decoded
from moderation.formats.gathering import Gathering
from moderation.formats.json_record import to_json
from moderation.formats.opening import stored_size
from moderation.formats.rows import plain, records_of

BOM: Final = b"\xef\xbb\xbf"
UTF16_BOMS: Final = (b"\xff\xfe", b"\xfe\xff")
SKIP_BYTES: Final = 1 << 20

# the csv module's own limit of 128 KB a field is one for the whole process; ours is the record's
csv.field_size_limit(sys.maxsize)


class Records(list[dict[str, Any]]):
    """Rows that know their columns even where there are none."""

    def __init__(self, rows: Sequence[dict[str, Any]], header: Sequence[str]) -> None:
        super().__init__(rows)
        self.header = tuple(header)

    def __getitem__(self, key: Any) -> Any:
        """A part of the rows knows the columns, too."""
        found = super().__getitem__(key)
        return Records(found, self.header) if isinstance(key, slice) else found


class TooLongError(Exception):
    """A row, or a line, over the limit."""


class RowLines:
    """Physical lines for csv.reader, with those of the row that is being read kept. Bytes that are no UTF-8 come as
    lone surrogates.
    """

    def __init__(self, file: IO[bytes], longest: int) -> None:
        self.file = file
        self.longest = longest
        self.taken: list[bytes] = []
        self.size = 0
        self.again: deque[bytes] = deque()

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        """Raises TooLongError where the row gets too long."""
        line = self.again.popleft() if self.again else self.file.readline(self.longest + 1)
        if not line:
            raise StopIteration
        self.taken.append(line)
        self.size += len(line)
        if self.size > self.longest:
            raise TooLongError
        return line.decode("utf-8", "surrogateescape")

    def begin(self) -> None:
        """A new row."""
        self.taken, self.size = [], 0

    def give_up(self, *, keep_rest: bool) -> tuple[bytes, int]:
        """The lines of the row that can't be read, and their size. keep_rest: all but the first are read again."""
        lines, rest = (self.taken[:1], self.taken[1:]) if keep_rest else (self.taken, [])
        self.again.extendleft(reversed(rest))
        size = sum(map(len, lines))
        if not rest and size > self.longest and not lines[-1].endswith(b"\n"):
            size += self.skip()
        return b"".join(lines), size

    def skip(self) -> int:
        """Pass over the rest of a line; how long it was."""
        size = 0
        while more := self.file.readline(SKIP_BYTES):
            size += len(more)
            if more.endswith(b"\n"):
                break
        return size


def gather(gathering: Gathering, header: Sequence[str], place: int, values: Sequence[str], raw: bytes) -> None:
    """One row, or why it is none."""
    if len(values) != len(header):
        gathering.reject(place, f"has {len(values)} fields, the header has {len(header)}", raw, len(raw))
    elif any("\udc80" <= sign <= "\udcff" for sign in "".join(values)) and not is_utf8(raw):
        gathering.reject(place, "is not UTF-8", raw, len(raw))
    else:
        gathering.add(place, dict(zip(header, values, strict=True)), len(raw))


def chunk_of(gathering: Gathering, header: Sequence[str], stored: int) -> Chunk:
    """The chunk, whose rows know their columns."""
    return replace(gathering.chunk(stored), rows=Records(gathering.rows, header))


def is_utf8(raw: bytes) -> bool:
    """Whether bytes are valid."""
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Delimited:
    """Places count rows below the header, from 0; what can't be read counts as one."""

    delimiter: str
    unit: str = "row"

    def split(self, source: Source, target_bytes: int) -> list[Extent]:
        """One extent: only reading from the top tells which line breaks are in quotes."""
        return [Extent(0, 0, None, stored_size(source.path))]

    def check(self, source: Source, columns: Columns) -> None:
        """As in base.Format."""
        with open_decoded(source) as file:
            lines = RowLines(file, MAX_RECORD_BYTES)
            read_header(source, lines, csv.reader(lines, delimiter=self.delimiter, strict=True), columns)

    def read(self, source: Source, extent: Extent, reading: Reading) -> Iterator[Chunk]:
        """Chunks of rows."""
        with open_decoded(source) as file:
            lines = RowLines(file, reading.max_record_bytes)
            reader = csv.reader(lines, delimiter=self.delimiter, strict=True)
            header = read_header(source, lines, reader, reading.columns)
            gathering, done = Gathering(reading), 0
            for place, found in enumerate(rows(lines, reader)):
                if isinstance(found, list):
                    gather(gathering, header, place, found, b"".join(lines.taken))
                else:
                    reason, raw, size = found
                    gathering.reject(place, reason, raw[:REJECT_BYTES], size)
                if gathering.is_full:
                    upto = done if source.compression else file.tell()
                    yield chunk_of(gathering, header, upto - done)
                    gathering, done = Gathering(reading), upto
            yield chunk_of(gathering, header, max(0, extent.size - done))

    def schema(self, samples: Sequence[Chunk], columns: Columns) -> Mapping[str, Any] | None:
        """The columns of all records, where they differ within a source; else every file has its own header."""
        headers = [header_of(chunk) for chunk in samples]
        if all(header is not None for header in headers):
            return None
        names = {name: None for chunk in samples for row in records_of(chunk.rows) for name in row}
        return {"columns": list(names)}

    def writer(
        self, file: IO[bytes], columns: Columns, like: Chunk, schema: Mapping[str, Any] | None
    ) -> "DelimitedWriter":
        """Rows below a header."""
        header = list(schema["columns"]) if schema else list(header_of(like) or columns_of(like))
        if columns.text not in header:
            header.append(columns.text)
        return DelimitedWriter(file, columns, header, self.delimiter)


def read_header(source: Source, lines: RowLines, reader: Iterator[list[str]], columns: Columns) -> list[str]:
    """The names of the columns. Raises InputError where they can't be used."""
    try:
        first = lines.file.read(len(BOM))
        if first.startswith(UTF16_BOMS):
            raise InputError(f"{source.path}: is UTF-16, expected UTF-8; convert it first")
        line = (b"" if first == BOM else first) + (b"" if b"\n" in first else lines.file.readline(lines.longest))
        lines.again.extend(line.splitlines(keepends=True))
        header = next(reader, [])
    except (csv.Error, TooLongError, TruncatedError) as error:
        raise InputError(f"{source.path}: has no header that can be read ({error or 'too long'})") from None
    lines.begin()
    if any("\udc80" <= sign <= "\udcff" for sign in "".join(header)):
        raise InputError(f"{source.path}: is not UTF-8; convert it first")
    twice = next((name for name in header if header.count(name) > 1), None)
    if twice is not None:
        raise InputError(f"{source.path}: has two columns named {twice!r}; rename one of them")
    if columns.text not in header:
        named = ", ".join(header[:20]) or "none"
        raise InputError(f"{source.path}: has no column {columns.text!r}, only {named}; name it with --text-field")
    return header


def rows(lines: RowLines, reader: Iterator[list[str]]) -> Iterator[list[str] | tuple[str, bytes, int]]:
    """Rows that are not blank; of those that can't be read: reason, lines, size."""
    while True:
        lines.begin()
        try:
            row = next(reader)
        except StopIteration:
            return
        except TooLongError:
            longest = lines.longest
            raw, size = lines.give_up(keep_rest=len(lines.taken) > 1)
            limit = f"over the limit of {longest:,} bytes (--max-record-bytes)"
            yield f"is {limit}" if size > longest else f"has a quote that is not closed, or is {limit}", raw, size
        except csv.Error as error:
            open_quote = "unexpected end" in str(error)
            raw, size = lines.give_up(keep_rest=open_quote and len(lines.taken) > 1)
            yield "has a quote that is not closed" if open_quote else f"can't be read ({error})", raw, size
        except TruncatedError as error:
            yield str(error), b"".join(lines.taken), lines.size
            return
        else:
            if row:
                yield row


def columns_of(chunk: Chunk) -> list[str]:
    """The names in the records of a chunk, in the order they first come."""
    return list({name: None for row in records_of(chunk.rows) for name in row})


def header_of(chunk: Chunk) -> Sequence[str] | None:
    """The columns that all rows of a chunk have; None where they differ."""
    if isinstance(chunk.rows, Records):
        return chunk.rows.header
    if not isinstance(chunk.rows, list):
        return list(chunk.rows.schema.names)
    names = columns_of(chunk)
    return names if all(len(row) == len(names) for row in chunk.rows) else None


@dataclass(slots=True)
class DelimitedWriter:
    """Rows in UTF-8 without a byte order mark; values that are no text as JSON, null as nothing."""

    file: IO[bytes]
    columns: Columns
    header: list[str]
    delimiter: str
    begun: bool = False

    def write(self, chunk: Chunk, texts: Sequence[str], kept: Sequence[bool]) -> None:
        """As in base.Writer. Raises OutputError for a field that has no column."""
        known = set(self.header)
        out = []
        for row, text, stays in zip(records_of(chunk.rows), texts, kept, strict=True):
            if not stays:
                continue
            other = next((name for name in row if name not in known), None)
            if other is not None:
                raise OutputError(
                    f"field {other!r} has no column in the output: earlier records did not have it; use --to jsonl"
                )
            values = {**row, self.columns.text: text}
            out.append([cell(values.get(name)) for name in self.header])
        self.put(out)

    def put(self, values: list[list[str]]) -> None:
        """Rows, below the header."""
        buffer = io.StringIO(newline="")
        writer = csv.writer(buffer, delimiter=self.delimiter, lineterminator="\n")
        if not self.begun:
            writer.writerow(self.header)
            self.begun = True
        # a lone carriage return is left unquoted by the csv module of Python 3.11 and 3.12, and would end the row
        quoting = csv.writer(buffer, delimiter=self.delimiter, lineterminator="\n", quoting=csv.QUOTE_ALL)
        for row in values:
            (quoting if "\r" in "".join(row) else writer).writerow(row)
        self.file.write(buffer.getvalue().encode("utf-8"))

    def close(self) -> None:
        """A file without rows has its header."""
        if not self.begun:
            self.put([])


def cell(value: Any) -> str:
    """A value as text."""
    if value is None:
        return ""
    value = plain(value)
    return value if isinstance(value, str) else to_json({"": value}).decode("utf-8").strip()[len('{"":') : -1]


CSV: Final = Delimited(",")
TSV: Final = Delimited("\t")
