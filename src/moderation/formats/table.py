"""The suffix table: one row a format; the modules are imported when a format is used."""

from dataclasses import dataclass
from importlib import import_module
from pathlib import PurePosixPath
from typing import Final

from moderation.errors import UsageError
from moderation.formats.base import Compression, Format


@dataclass(frozen=True, slots=True)
class Row:
    """suffixes: the first is the one that output files get. module: under moderation.formats, with a constant FORMAT,
    or the one named behind a colon. needs: packages that the extra brings. compressed: whether .gz and .zst around the
    file are undone for it. writes: the format that its documents are written in by default. written: whether it can be
    written at all. agree: whether its files must agree on a schema, for which samples are read.
    """

    name: str
    suffixes: tuple[str, ...]
    module: str
    writes: str
    compressed: bool = False
    extra: str = ""
    needs: tuple[str, ...] = ()
    written: bool = True
    agree: bool = False


TABLE: Final = (
    Row("jsonl", (".jsonl", ".ndjson", ".json"), "jsonl", "jsonl", compressed=True),
    Row("text", (".txt", ".text"), "text", "text", compressed=True),
    Row("parquet", (".parquet", ".pq"), "parquet", "parquet", extra="parquet", needs=("pyarrow",), agree=True),
    Row("arrow", (".arrow", ".feather"), "arrow", "arrow", extra="parquet", needs=("pyarrow",), agree=True),
    Row("csv", (".csv",), "delimited:CSV", "csv", compressed=True, agree=True),
    Row("tsv", (".tsv", ".tab"), "delimited:TSV", "tsv", compressed=True, agree=True),
    Row(
        "warc",
        (".warc", ".warc.gz", ".warc.zst"),
        "warc",
        "jsonl",
        extra="warc",
        needs=("fastwarc", "resiliparse"),
        written=False,
    ),
    Row(
        "wet",
        (".wet.gz", ".wet", ".wet.zst", ".warc.wet", ".warc.wet.gz"),
        "wet",
        "jsonl",
        extra="warc",
        needs=("fastwarc", "resiliparse"),
    ),
)

NAMES: Final = tuple(row.name for row in TABLE)
COMPRESSIONS: Final[dict[str, Compression]] = {".gz": "gz", ".gzip": "gz", ".zst": "zst", ".zstd": "zst"}


def row_of(name: str) -> Row:
    """A row by its name. Raises UsageError, which lists the known ones."""
    for row in TABLE:
        if row.name == name:
            return row
    raise UsageError(f"unknown format {name!r}; known formats: {', '.join(NAMES)}")


def by_suffix(path: str) -> tuple[Row, Compression] | None:
    """The format that a file name tells, and the compression around it; None for a suffix that no row has.

    >>> by_suffix("crawl/part-3.jsonl.zst")[0].name, by_suffix("crawl/part-3.jsonl.zst")[1]
    ('jsonl', 'zst')
    """
    name = PurePosixPath(path.split("?", maxsplit=1)[0]).name.lower()
    found = [(row, suffix) for row in TABLE for suffix in row.suffixes if name.endswith(suffix)]
    if found:
        return max(found, key=lambda pair: len(pair[1]))[0], ""
    packed = PurePosixPath(name).suffix
    inner = by_suffix(name.removesuffix(packed)) if packed in COMPRESSIONS else None
    return (inner[0], COMPRESSIONS[packed]) if inner and inner[0].compressed and not inner[1] else None


def written_by_suffix(path: str) -> tuple[Row, Compression] | None:
    """The format that an output's name tells; None where it can't be written. WET packs its records by itself, by gzip.

    >>> written_by_suffix("crawl.warc.gz"), written_by_suffix("crawl.wet.zst")
    (None, None)
    """
    found = by_suffix(path)
    known = found is not None and found[0].written and not (found[0].name == "wet" and path.lower().endswith(".zst"))
    return found if known else None


def stem_of(name: str) -> str:
    """A file name without the suffixes that tell its format and compression.

    >>> stem_of("crawl/part-3.jsonl.zst")
    'crawl/part-3'
    """
    path = PurePosixPath(name)
    for suffix in COMPRESSIONS:
        if path.name.lower().endswith(suffix) and by_suffix(name):
            path = path.with_name(path.name[: -len(suffix)])
            break
    row = by_suffix(path.name)
    longest = max((s for s in row[0].suffixes if path.name.lower().endswith(s)), key=len) if row else ""
    return str(path.with_name(path.name[: len(path.name) - len(longest)] or path.name))


def load_format(name: str) -> Format:
    """The format with this name. Raises UsageError where a package that it needs is not installed."""
    row = row_of(name)
    try:
        module, _, constant = row.module.partition(":")
        found: Format = getattr(import_module(f"moderation.formats.{module}"), constant or "FORMAT")
    except ModuleNotFoundError as error:
        package = (error.name or "").split(".")[0]
        if package not in row.needs:
            raise
        raise UsageError(
            f'{name} files need the package {package}; install it with: pip install "moderation[{row.extra}]"'
        ) from None
    return found
