"""The contract between the file formats and everything that reads or writes documents through them.

To add a format, write one file with a class that has the methods of `Format` and a module constant `FORMAT`, an
instance of it, and add its row to table.py. Nothing else changes: the command line, the crawl engine and the tests that
go over all formats find it in the table.

Reading. `split` cuts a source into extents, in order, without gaps or overlaps, each worth about `target_bytes` of
stored input; what can't be cut is one extent. It reads as little as it can (a footer, a header), never the whole file.
`read` gives the documents of one extent as chunks, in order, each of about `reading.chunk_bytes` of text, never the
whole extent; only a single document may be larger, up to `reading.max_record_bytes`. All extents read one by one give
exactly the documents of the whole source, each once, whatever `target_bytes` was; a document's `place` must not depend
on it either. Every extent gives at least one chunk, if need be an empty one, so that a file without documents becomes a
file without documents (and keeps its schema).

Bad input. A record that can't be used becomes a `Reject` of the chunk it would have stood in, and the reader goes on.
Where reading can't go on (a truncated .gz, a damaged row group), the documents read so far come out, then one Reject
with the reason and the place, and the reader ends, unless what follows can be found again. `read` raises InputError
only where nothing of the extent can be read, and OSError only where the disk or the network fails. A record over
`reading.max_record_bytes` is a Reject, too, found without ever holding it whole: `raw` keeps its first REJECT_BYTES,
`size` its true size.

Writing. `writer` gets a binary file to write to; the caller opens, compresses, syncs, renames and closes it. `write`
puts the documents chosen by `kept` into it, with `texts` instead of the chunk's own and every other column as it came.
`close` writes what is left (a footer); it does not close the file. The same chunks must give the same bytes every time:
no time stamps, no random numbers. Rows come in two kinds, see `Rows`; a writer takes both, with the help of rows.py,
and keeps types when they are of its own kind. A text column that comes as `large_string` leaves as one.

Modules import what is heavy (pyarrow, fastwarc) at their top; table.py imports the module only when the format is used
and turns a missing package into a sentence with the install command.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any, Final, Literal, Protocol, TypeAlias

if TYPE_CHECKING:
    import pyarrow as pa

CHUNK_BYTES: Final = 1 << 20
"""Text worked on at a time: some hundred thousand characters; more is no faster and takes more memory."""
MAX_RECORD_BYTES: Final = 6 << 20
"""A larger record is set aside: judging it takes some thirty times its size in memory, and a worker is to stay below
500 MB, of which it takes 190 for itself. This is two million Chinese characters: a very long novel."""
REJECT_BYTES: Final = 1 << 16
"""How much of a record that is too large is kept with its reject."""

Compression: TypeAlias = Literal["", "gz", "zst"]
Rows: TypeAlias = "list[dict[str, Any]] | pa.RecordBatch"
"""The documents with all their columns, one a document, the original text among them: dicts of Python values where the
format has no types of its own (JSONL, CSV, text, WARC), an Arrow record batch where it has (Parquet, Arrow)."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Names of the columns that mean something to us. Only `text` must be there."""

    text: str = "text"
    id: str = "id"
    url: str = "url"


@dataclass(frozen=True, slots=True)
class Source:
    """One input file. `path`: a local path or an fsspec URL. `name`: how the output, the ledger and messages call it,
    a relative path with `/`. `format`: a row of table.py. `compression`: of the file as a whole; "" where the format
    deals with it itself.
    """

    path: str
    name: str
    format: str
    compression: Compression = ""


@dataclass(frozen=True, slots=True)
class Extent:
    """A piece of a source. `start`, `stop` (exclusive; None: to the end) mean what the format says they do: bytes of
    JSONL, row groups of Parquet. `size`: about how many stored bytes it takes, for progress and for packing shards.
    """

    index: int
    start: int
    stop: int | None
    size: int


@dataclass(frozen=True, slots=True)
class Reading:
    """How to read, the same for every extent of a run."""

    columns: Columns = field(default_factory=Columns)
    max_record_bytes: int = MAX_RECORD_BYTES
    chunk_bytes: int = CHUNK_BYTES


@dataclass(frozen=True, slots=True)
class Reject:
    """A record that can't be used. `place`: as in Chunk. `size`: bytes of the record, of which `raw` holds all, or the
    first REJECT_BYTES of one that is too large. Reasons continue a sentence that begins with "the record".
    """

    place: int
    reason: str
    raw: bytes
    size: int


@dataclass(frozen=True, slots=True)
class Chunk:
    """A run of documents, column by column; all sequences have one entry a document.

    texts: valid Unicode, without lone surrogates. ids: the documents' own, as they came; None where there is none.
    urls: None where there is none. places: where each stands in its source, in the format's `unit`, ascending.
    sizes: bytes each took when read (decompressed). rows: see Rows. rejects: in order of place; they stand beside the
    documents, not among them. stored: bytes of stored input that were read for this chunk, about, for progress.
    skipped: how many records are no documents and no faults either (requests, images in a WARC), by reason.
    unreadable: nothing of the extent could be read, so that there is nothing to make an output file of.
    """

    texts: Sequence[str]
    ids: Sequence[Any]
    urls: Sequence[str | None]
    places: Sequence[int]
    sizes: Sequence[int]
    rows: Rows
    rejects: Sequence[Reject] = ()
    stored: int = 0
    skipped: Mapping[str, int] = field(default_factory=dict)
    unreadable: bool = False

    def __len__(self) -> int:
        return len(self.texts)


class Writer(Protocol):
    """Writes the documents of one output file."""

    def write(self, chunk: Chunk, texts: Sequence[str], kept: Sequence[bool]) -> None:
        """Write the documents that are kept, with these texts (one a document, those not kept included)."""

    def close(self) -> None:
        """Write what is left; the file itself stays open."""


class Unchecked:
    """Formats whose files are all worth reading: what is wrong is wrong with single records."""

    def check(self, source: Source, columns: Columns) -> None:
        """As in Format."""


class Format(Protocol):
    """One file format. unit: what a place counts: "byte" (offset of the record's first byte, decompressed), "row"
    (from 0), "record" (offset of a WARC record in the stored file).
    """

    @property
    def unit(self) -> str:
        """See above."""

    def split(self, source: Source, target_bytes: int) -> list[Extent]:
        """The extents of a source. Raises InputError for a file that is not of this format at all."""

    def check(self, source: Source, columns: Columns) -> None:
        """Look at the beginning, or the footer. Raises InputError for a file of which nothing can be read: without the
        column of texts, in another encoding.
        """

    def read(self, source: Source, extent: Extent, reading: Reading) -> Iterator[Chunk]:
        """The documents of one extent."""

    def schema(self, samples: Sequence[Chunk], columns: Columns) -> Mapping[str, Any] | None:
        """What all output files of a run must agree on, made once from the first chunk of every source (or of the
        first hundred), as JSON values; it is kept in the run's plan and given to every writer. None where the format
        has no schema. For Parquet: column names and types, so that all shards open as one data set.
        """

    def writer(self, file: IO[bytes], columns: Columns, like: Chunk, schema: Mapping[str, Any] | None) -> Writer:
        """A writer into `file`. like: the first chunk that will be written. Raises UsageError if the format can't be
        written.
        """
