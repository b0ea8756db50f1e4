"""Cuts the inputs into shards and names what each will write."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import accumulate, islice
from typing import Any, Final

from moderation.crawl.settings import Settings
from moderation.errors import InputError, UsageError
from moderation.formats.base import Chunk, Compression, Extent, Source
from moderation.formats.delimited import columns_of, header_of
from moderation.formats.opening import stored_size
from moderation.formats.table import Row, load_format, row_of, stem_of

PAGES: Final = "pages"
"""How files of records are called that were plain pages."""
MOST_PIECES: Final = 1000
"""Of a shard: a folder may hold a million small pages."""
AT_ONCE: Final = 8
"""Sources that are looked at at a time."""
TAIL_SHARDS: Final = 2
TAIL_PARTS: Final = 4
"""The last two shards' worth of input is cut into quarters, so that workers come to their ends together: with 15 shards
of one size, one of two workers would wait for as long as the other takes for a whole one."""
FULL: Final = 0.9
"""Of the size of a shard, which extents rarely meet exactly."""
SAMPLES: Final = 100
"""Sources whose first chunk is looked at for a schema."""
NOTHING: Final = 0
"""Where the extent of a source ends of which nothing can be read."""
Schemas = Mapping[str, Mapping[str, Any] | None]
"""By the name of the output format."""


@dataclass(frozen=True, slots=True)
class Piece:
    """An extent of a source, and the file under data/ that its documents go to. Pieces of a shard that follow each
    other and name the same output share it.
    """

    source: Source
    extent: Extent
    output: str
    form: str
    packed: Compression


@dataclass(frozen=True, slots=True)
class Shard:
    """What a worker does in one go, and what is finished or not finished as a whole."""

    number: int
    pieces: tuple[Piece, ...]

    @property
    def size(self) -> int:
        """Stored bytes of input."""
        return sum(piece.extent.size for piece in self.pieces)

    @property
    def name(self) -> str:
        """For files beside the data."""
        return f"shard-{self.number:06}"

    @property
    def what(self) -> str:
        """For messages: what is read."""
        first = self.pieces[0]
        more = f" and {len(self.pieces) - 1} more" if len(self.pieces) > 1 else ""
        part = f" from {load_format(first.source.format).unit} {first.extent.start:,}" if first.extent.start else ""
        return f"shard {self.number} ({first.source.name}{part}{more})"


@dataclass(frozen=True, slots=True)
class Plan:
    """shards: in the order of the inputs. schemas: what the files of one format agree on."""

    sources: tuple[Source, ...]
    shards: tuple[Shard, ...]
    schemas: Schemas

    @property
    def size(self) -> int:
        """Stored bytes of input."""
        return sum(shard.size for shard in self.shards)


def make_plan(sources: Sequence[Source], settings: Settings) -> Plan:
    """Split every source and pack small pieces together. Raises UsageError and InputError."""
    pieces = list(all_pieces(sources, settings))
    shards = tuple(Shard(n, tuple(run)) for n, run in enumerate(packed_runs(pieces, settings.shard_bytes)))
    stem = PAGES
    while any(stem_of(source.name) == stem for source in sources):
        stem += "-of-text"
    shards = tuple(Shard(shard.number, shared_outputs(shard, stem)) for shard in shards)
    check_outputs(shards)
    forms = sorted({piece.form for piece in pieces})
    return Plan(tuple(sources), shards, {form: schema_of(form, sources, settings) for form in forms})


def all_pieces(sources: Sequence[Source], settings: Settings) -> Iterator[Piece]:
    """The extents of all sources, in order, each with its output. Raises InputError where no source can be read."""
    stems = Counter(f"{stem_of(source.name)}.{target(source, settings)[0].name}" for source in sources)
    with ThreadPoolExecutor(AT_ONCE) as pool:  # most of it is waiting for a disk or a network
        sizes = list(pool.map(lambda source: stored_size(source.path), sources))
        wholes = [sum(sizes) - tail_bytes(sum(sizes), settings.shard_bytes) - at for at in accumulate(sizes, initial=0)]
        found = list(pool.map(lambda source, whole: extents_of(source, settings, whole), sources, wholes))
    if found and all(error for _, error in found):
        raise InputError(found[0][1])
    for source, (extents, _) in zip(sources, found, strict=True):
        row, compression = target(source, settings)
        unique = stems[f"{stem_of(source.name)}.{row.name}"] == 1
        stem = stem_of(source.name) if unique else source.name
        suffix = row.suffixes[0] + (f".{compression}" if compression else "")
        for extent in extents:
            number = "" if row.name == "text" else f"-{extent.index:05}"
            yield Piece(source, extent, f"{stem}{number}{suffix}", row.name, compression)


def tail_bytes(total: int, shard_bytes: int) -> int:
    """How many stored bytes at the end are cut finer. It must not depend on the workers: the cut names the outputs."""
    return TAIL_SHARDS * shard_bytes if total > TAIL_SHARDS * shard_bytes else 0


def extents_of(source: Source, settings: Settings, whole: int) -> tuple[list[Extent], str]:
    """How a source is cut, and why nothing of it can be read, or "". Such a source is one extent that ends at NOTHING:
    it is set aside once (documents.py), however large it is. whole: bytes of it before the tail begins, at least.
    """
    reader, size = load_format(source.format), settings.shard_bytes
    try:
        reader.check(source, settings.columns)
        if whole >= stored_size(source.path):
            return reader.split(source, size), ""
        return tapered(reader.split(source, max(1, size // TAIL_PARTS)), whole, size), ""
    except InputError as error:
        return [Extent(0, 0, NOTHING, stored_size(source.path))], str(error)


def tapered(extents: Sequence[Extent], whole: int, size: int) -> list[Extent]:
    """Fine extents, put together to about `size` where they begin before `whole`."""
    found: list[Extent] = []
    at = 0
    for extent in extents:
        if not found or at >= whole or found[-1].size >= FULL * size:
            found.append(replace(extent, index=len(found)))
        else:
            found[-1] = replace(found[-1], stop=extent.stop, size=found[-1].size + extent.size)
        at += extent.size
    return found


def target(source: Source, settings: Settings) -> tuple[Row, Compression]:
    """The format and compression that a source's documents are written in."""
    if settings.to is not None:
        row = row_of(settings.to)
        if row.name == "text" and source.format != "text":
            raise UsageError(f"{source.path}: plain text holds one page a file; choose another format with --to")
        return row, settings.packed
    row = row_of(row_of(source.format).writes)
    own = source.compression if row.compressed else ""
    return row, own or ("gz" if row.name != source.format and row.compressed else "")


def packed_runs(pieces: Sequence[Piece], size: int) -> Iterator[list[Piece]]:
    """Runs of neighbouring pieces of about `size` bytes, of less in the tail."""
    whole = sum(piece.extent.size for piece in pieces)
    tail = whole - tail_bytes(whole, size)
    run: list[Piece] = []
    total = at = 0
    for piece in pieces:
        limit = size if at < tail or tail == whole else size // TAIL_PARTS
        if run and (total + piece.extent.size > limit or len(run) == MOST_PIECES):
            yield run
            run, total = [], 0
        run.append(piece)
        total += piece.extent.size
        at += piece.extent.size
    if run:
        yield run


def shared_outputs(shard: Shard, stem: str) -> tuple[Piece, ...]:
    """Plain pages that become records go to one file a shard, behind the others: a file for each would be a million
    files of one line.
    """
    pages = [piece for piece in shard.pieces if piece.source.format == "text" and piece.form != "text"]
    others = [piece for piece in shard.pieces if piece.source.format != "text" or piece.form == "text"]
    return (*others, *(replace(piece, output=f"{stem}-{shard.number:05}{suffix(piece)}") for piece in pages))


def check_outputs(shards: Sequence[Shard]) -> None:
    """Raises UsageError where two shards would write one file."""
    writer: dict[str, Shard] = {}
    for shard in shards:
        for piece in shard.pieces:
            other = writer.setdefault(piece.output, shard)
            if other is not shard:
                raise UsageError(f"{other.what} and {shard.what} would both become {piece.output}; rename an input")


def suffix(piece: Piece) -> str:
    """Of the output."""
    return row_of(piece.form).suffixes[0] + (f".{piece.packed}" if piece.packed else "")


def schema_of(
    form: str, sources: Sequence[Source], settings: Settings, *, one_file: bool = False
) -> Mapping[str, Any] | None:
    """What the files of one output format agree on, from the first documents of the sources that become such files.
    one_file: they become one delimited file, whose header must be known before its first row: that of all sources.
    """
    written = load_format(form)  # a package that it lacks is named before anything is read
    if not row_of(form).agree:
        return None
    chosen = [source for source in sources if target(source, settings)[0].name == form]
    chunks = first_chunks(chosen, settings)
    if one_file:
        names = [name for chunk in chunks for name in header_of(chunk) or columns_of(chunk)]
        return {"columns": list(dict.fromkeys(names))}
    return written.schema(list(islice(chunks, SAMPLES)), settings.columns)


def first_chunks(sources: Sequence[Source], settings: Settings) -> Iterator[Chunk]:
    """The first chunk of every source; a source that can't be read has none, and its shard will say so."""
    for source in sources:
        reader = load_format(source.format)
        try:
            first = reader.split(source, settings.shard_bytes)[0]
            yield next(iter(reader.read(source, first, settings.reading)))
        except (InputError, OSError, IndexError, StopIteration):
            continue
