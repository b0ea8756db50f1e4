"""WET: text that was already taken out of its pages, as conversion records; read as WARC files are, and written."""

import base64
import hashlib
import uuid
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any, Final

from moderation.formats.base import Chunk, Columns, Writer
from moderation.formats.rows import records_of
from moderation.formats.warc import WET_COLUMNS, Warc

NO_DATE: Final = "1970-01-01T00:00:00Z"
"""Of what has no date: WARC wants one, and today's would make every run's bytes differ."""
LEVEL: Final = 6


class Wet(Warc):
    """Reads what warc.py reads; `.wet` and `.wet.gz` differ by their first bytes alone."""

    def writer(self, file: IO[bytes], columns: Columns, like: Chunk, schema: Mapping[str, Any] | None) -> Writer:
        """Conversion records, each a gzip member of its own, so that ranges of them can be read."""
        return WetWriter(file, columns)


@dataclass(frozen=True, slots=True)
class WetWriter:
    """Writes address, date, language and text; other columns have no place in a WET file."""

    file: IO[bytes]
    columns: Columns

    def write(self, chunk: Chunk, texts: Sequence[str], kept: Sequence[bool]) -> None:
        """As in base.Writer."""
        for row, text, stays in zip(records_of(chunk.rows), texts, kept, strict=True):
            if stays:
                self.file.write(member(conversion(row, text, self.columns)))

    def close(self) -> None:
        """Nothing is left."""


def conversion(row: Mapping[str, Any], text: str, columns: Columns) -> bytes:
    """A conversion record."""
    block = text.encode("utf-8")
    digest = base64.b32encode(hashlib.sha1(block, usedforsecurity=False).digest()).decode("ascii")
    found = {
        "WARC-Type": "conversion",
        "WARC-Target-URI": row.get(columns.url),
        "WARC-Date": row.get("date") or NO_DATE,
        "WARC-Record-ID": record_id(row.get(columns.id), block),
        **{header: row.get(name) for name, header in WET_COLUMNS.items()},
        "WARC-Block-Digest": f"sha1:{digest}",
        "Content-Type": "text/plain",
        "Content-Length": len(block),
    }
    lines = [f"{name}: {one_line(value)}\r\n" for name, value in found.items() if value is not None]
    return b"".join([b"WARC/1.0\r\n", *(line.encode("utf-8") for line in lines), b"\r\n", block, b"\r\n\r\n"])


def record_id(own: Any, block: bytes) -> str:
    """The document's id if it is one that WARC knows, else one made from it."""
    if isinstance(own, str) and own.startswith("<") and own.endswith(">"):
        return own
    return f"<{uuid.uuid5(uuid.NAMESPACE_URL, str(own) if own is not None else block.hex()).urn}>"


def one_line(value: Any) -> str:
    """A header value can't hold line breaks."""
    return " ".join(str(value).split())


def member(record: bytes) -> bytes:
    """A gzip member without a time stamp."""
    packer = zlib.compressobj(LEVEL, zlib.DEFLATED, 31)
    return packer.compress(record) + packer.flush()


FORMAT: Final = Wet()
