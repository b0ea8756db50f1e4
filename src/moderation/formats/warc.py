"""WARC: web pages from HTTP responses, as lines; and text from conversion records, as WET files hold it."""

import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import IO, Any, Final, Never
from urllib.parse import urlsplit

from fastwarc import WarcRecord
from resiliparse.parse.encoding import detect_mime

from moderation.errors import InputError, UsageError
from moderation.formats.base import CHUNK_BYTES, REJECT_BYTES, Chunk, Columns, Extent, Reading, Source, Writer
from moderation.formats.charset import decode_page
from moderation.formats.compression import Decoded
from moderation.formats.gathering import Gathering
from moderation.formats.html import page_lines
from moderation.formats.opening import open_stored, stored_size
from moderation.formats.warc_records import GZIP_MAGIC, Peeking, Raw, gzip_records, kind_of, plain_cuts, records

HTML: Final = ("text/html", "application/xhtml+xml")
TEXT: Final = (*HTML, "text/plain")
READ_BYTES: Final = 1 << 16
TAG_BYTES: Final = 16
"""A tag takes up to 400 bytes of memory while its page is parsed, as much as 16 bytes of text while it is judged."""
HTTP_CHUNK: Final = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]{0,200})?\r\n")
INFLATE_BYTES: Final = 1 << 10
QUIET_BYTES: Final = 16 << 20
"""Stored bytes without a document after which an empty chunk comes out, so that progress shows."""


class SkippedError(Exception):
    """A record that is no document: counted by reason, not set aside."""


class BrokenBodyError(InputError):
    """A body that can't be decoded to its end as its headers say."""


@dataclass(frozen=True, slots=True)
class Page:
    """What a record holds: bytes of `kind` in `charset`, where that is declared."""

    body: bytes
    kind: str
    charset: str | None


def page_of(record: WarcRecord, limit: int) -> Page:
    """The page. Raises SkippedError for what is none, InputError for a page that can't be had."""
    kind = (record.headers.get("WARC-Type") or "no type").lower()
    if kind == "response":
        return response_page(record, limit)
    if kind not in {"resource", "conversion"}:
        raise SkippedError(f"{kind} record")
    mime, _, rest = (record.headers.get("Content-Type") or "").lower().partition(";")
    if mime.strip() not in TEXT:
        raise SkippedError(f"content type {mime.strip() or 'unknown'}")
    charset = rest.partition("charset=")[2].strip("\"' ") or None
    return Page(read_body(record, limit), mime.strip(), charset)


def response_page(record: WarcRecord, limit: int) -> Page:
    """The page of an HTTP response, decoded as its headers say. Raises as page_of does."""
    try:
        record.parse_http(auto_decode="all")
    except (OSError, ValueError):
        raise BrokenBodyError("can't be decoded") from None
    mime = page_type(record)
    body = read_body(record, limit)
    return Page(body, mime or sniffed(body), record.http_charset)


def page_type(record: WarcRecord) -> str:
    """The content type of an HTTP response; "" where it tells none. Raises SkippedError where it is no page."""
    if not record.is_http_parsed:
        raise SkippedError("response of another protocol than HTTP")
    status = record.http_headers.status_code
    if status is not None and not 200 <= status < 300:
        raise SkippedError(f"HTTP status {status}")
    mime = (record.http_content_type or "").strip().lower()
    if mime and mime not in TEXT:
        raise SkippedError(f"content type {mime[:60]}")
    return mime


def sniffed(body: bytes) -> str:
    """The content type that the bytes look like. Raises SkippedError where that is no text."""
    mime = detect_mime(body[:READ_BYTES]) if body else "text/plain"
    if mime not in TEXT:
        raise SkippedError("content type unknown")
    return mime


def read_body(record: WarcRecord, limit: int) -> bytes:
    """The decoded block. Raises InputError for more than `limit` bytes, BrokenBodyError where it can't be decoded."""
    body = bytearray()
    while len(body) <= limit:
        try:
            piece = record.reader.read(READ_BYTES)
        except OSError:
            raise BrokenBodyError("can't be decoded") from None
        if not piece:
            break
        body += piece
    if len(body) > limit:
        raise InputError(f"holds over {limit:,} bytes when decoded, the limit (--max-record-bytes)")
    return bytes(body)


def broken_page(raw: bytes, limit: int) -> Page:
    """The page of a response whose body breaks off, or is not what its headers say. Raises SkippedError, InputError."""
    record = WarcRecord.from_bytes(raw)
    try:
        record.parse_http(auto_decode="none")
        mime = page_type(record)
        body = salvaged(record.reader.read(), limit)
    except (OSError, ValueError):
        raise InputError("holds no HTTP response that can be read") from None
    if len(body) > limit:
        raise InputError(f"holds over {limit:,} bytes when decoded, the limit (--max-record-bytes)")
    # the type is not told by the bytes of short texts in GBK, but no binary has tags and no zero bytes
    head = body[:READ_BYTES]
    if detect_mime(head) not in TEXT and (b"\0" in head or b"<" not in head):
        raise InputError("has a body that can't be decoded as its HTTP headers say")
    return Page(body, mime or "text/html", record.http_charset)


def salvaged(body: bytes, limit: int) -> bytes:
    """What can be had of a body, whatever its headers say: out of its chunks, out of gzip, up to where it breaks."""
    pieces, at = [], 0
    while head := HTTP_CHUNK.match(body, at):
        pieces.append(body[head.end() : head.end() + int(head[1], 16)])
        at = head.end() + len(pieces[-1]) + 2
    found = b"".join(pieces) or body
    if not found.startswith(GZIP_MAGIC):
        return found
    out = b""
    with suppress(zlib.error):
        inflate = zlib.decompressobj(31)
        for n in range(0, len(found), INFLATE_BYTES):
            out += inflate.decompress(found[n : n + INFLATE_BYTES], limit + 1)
            if len(out) > limit:
                break
    return out


def row_of(raw: bytes, reading: Reading) -> dict[str, Any]:
    """A document from a record. Raises SkippedError, InputError."""
    try:
        record = WarcRecord.from_bytes(raw)
    except (OSError, ValueError) as error:
        raise InputError(f"has a header that can't be read ({error})") from None
    headers = record.headers
    try:
        page = page_of(record, reading.max_record_bytes)
    except BrokenBodyError:
        page = broken_page(raw, reading.max_record_bytes)
    decoded = decode_page(page.body, page.charset)
    if page.kind in HTML:
        refuse_tags(decoded.text, reading.max_record_bytes)
    url = (headers.get("WARC-Target-URI") or "").strip("<>") or None
    row: dict[str, Any] = {
        reading.columns.id: headers.get("WARC-Record-ID"),
        reading.columns.url: url,
        reading.columns.text: page_lines(decoded.text) if page.kind in HTML else decoded.text,
        "date": headers.get("WARC-Date"),
        "host": host_of(url),
        "charset": decoded.charset,
    }
    for name, header in WET_COLUMNS.items():
        if (value := headers.get(header)) is not None:
            row[name] = value
    return row


def refuse_tags(html: str, limit: int) -> None:
    """Raises InputError for a page of hardly anything but tags, whose tree takes hundreds of times its size."""
    tags, most = html.count("<"), max(limit, CHUNK_BYTES) // TAG_BYTES
    if tags > most:
        raise InputError(f"has {tags:,} tags, the limit is {most:,} (--max-record-bytes / {TAG_BYTES})")


WET_COLUMNS: Final = {"language": "WARC-Identified-Content-Language", "refers_to": "WARC-Refers-To"}
"""Columns of conversion records, and the headers they come from."""


def host_of(url: str | None) -> str | None:
    """The host, in lower case; None where the URL has none."""
    try:
        return urlsplit(url).hostname if url else None
    except ValueError:
        return None


def gather(gathering: Gathering, raw: Raw) -> None:
    """One record: a document, none, or a fault."""
    reading = gathering.reading
    try:
        if raw.fault:
            raise InputError(raw.fault)
        if raw.size > len(raw.data):
            refuse_large(raw, reading)
        row = row_of(raw.data, reading)
    except SkippedError as reason:
        gathering.skipped[str(reason)] += 1
    except InputError as error:
        gathering.reject(raw.place, str(error), raw.data[:REJECT_BYTES], raw.size)
    else:
        gathering.add(raw.place, row, raw.size, len(row[reading.columns.text]) * 3)


def refuse_large(raw: Raw, reading: Reading) -> Never:
    """A record over the limit: a film is no document, a page is a fault. Raises SkippedError, InputError."""
    with suppress(InputError):
        row_of(raw.data, Reading(reading.columns, len(raw.data) + 1))
    limit = reading.max_record_bytes
    raise InputError(f"is {raw.size:,} bytes long, over the limit of {limit:,} (--max-record-bytes)")


class Warc:
    """Places are offsets in the stored file: of the record; in a .gz, of its gzip member plus its number in that; in a
    .zst, which is read in order, of the decompressed record.
    """

    unit = "record"

    def split(self, source: Source, target_bytes: int) -> list[Extent]:
        """Byte ranges: of a .gz anywhere, as reading moves on to the next member; of a plain file at records."""
        size = stored_size(source.path)
        with self.opened(source) as (file, kind):
            if kind == "zst" or size <= target_bytes:
                cuts = [0]
            elif kind == "gz":
                count = -(-size // target_bytes)
                cuts = [size * n // count for n in range(count)]
            else:
                cuts = plain_cuts(file, target_bytes)
        stops: list[int | None] = [*cuts[1:], None]
        return [
            Extent(n, start, stop, (size if stop is None else stop) - start)
            for n, (start, stop) in enumerate(zip(cuts, stops, strict=True))
        ]

    def check(self, source: Source, columns: Columns) -> None:
        """As in base.Format; split looks at the first bytes."""

    @contextmanager
    def opened(self, source: Source) -> Iterator[tuple[IO[bytes], str]]:
        """The file and how it is compressed. Raises InputError for what is no WARC file."""
        with open_stored(source.path) as file:
            kind = kind_of(file)
            file.seek(0)
            if not kind and (head := file.read(5)) and head != b"WARC/":
                raise InputError(f"{source.path}: is not a WARC file: it begins with {head!r}, expected WARC/ or gzip")
            yield file, kind

    def read(self, source: Source, extent: Extent, reading: Reading) -> Iterator[Chunk]:
        """Chunks of pages."""
        with self.opened(source) as (file, kind):
            gathering, done, start = Gathering(reading), 0, extent.start
            for raw in raw_records(file, kind, extent, reading.max_record_bytes):
                # how far a compressed file was read is only known by its members
                seen = raw.place - start if kind != "zst" else 0
                quiet = seen - done >= QUIET_BYTES
                if gathering.is_full or quiet:
                    yield gathering.chunk(max(0, seen - done))
                    gathering, done = Gathering(reading), max(done, seen)
                gather(gathering, raw)
            yield gathering.chunk(max(0, extent.size - done))

    def schema(self, samples: Sequence[Chunk], columns: Columns) -> Mapping[str, Any] | None:
        """None: every record stands for itself."""
        return None

    def writer(self, file: IO[bytes], columns: Columns, like: Chunk, schema: Mapping[str, Any] | None) -> Writer:
        """Pages can't go back into HTTP responses."""
        raise UsageError("WARC files can't be written; choose --to jsonl, parquet or wet")


def raw_records(file: IO[bytes], kind: str, extent: Extent, limit: int) -> Iterator[Raw]:
    """The records of an extent."""
    if kind == "gz":
        yield from gzip_records(file, extent.start, extent.stop, limit)
        return
    file.seek(extent.start)
    stream = Peeking(Decoded(file, "zst") if kind else file)
    stop = None if extent.stop is None else extent.stop - extent.start
    for raw in records(stream, limit, stop):
        yield Raw(extent.start + raw.place, raw.data, raw.size, raw.fault)


FORMAT: Final = Warc()
