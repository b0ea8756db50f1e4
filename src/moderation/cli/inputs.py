"""What the commands read: JSONL files, plain text pages and standard input, as items one after the other."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import IO, Any, Final, Literal, NamedTuple

from moderation.errors import InputError, UsageError
from moderation.formats.json_record import decode, parse_object, text_of

Form = Literal["jsonl", "text"]
JSONL_SUFFIXES: Final = (".jsonl", ".ndjson", ".json")
STDIN: Final = "-"
BOM: Final = b"\xef\xbb\xbf"
LOOK: Final = 1 << 12
"""Bytes of a file that are looked at to see what it is."""
COMPRESSED: Final = (
    ("gzip", (".gz", ".gzip"), b"\x1f\x8b", "gunzip"),
    ("zstd", (".zst", ".zstd"), b"\x28\xb5\x2f\xfd", "unzstd"),
    ("bzip2", (".bz2",), b"BZh91AY&SY", "bunzip2"),
    ("xz", (".xz",), b"\xfd7zXZ\x00", "unxz"),
    ("zip", (".zip",), b"PK\x03\x04", "unzip"),
)
"""Name, suffixes, first bytes, and what undoes it."""


@dataclass(frozen=True, slots=True)
class Source:
    """One input. `head` holds the lines of standard input that were read to see what it is."""

    path: str
    form: Form
    head: tuple[bytes, ...] = ()

    @property
    def label(self) -> str:
        """How messages and verdicts name it; a file name that is not UTF-8 is shown with escapes."""
        return "stdin" if self.path == STDIN else self.path.encode("utf-8", "backslashreplace").decode()

    @property
    def name(self) -> str:
        """The file name without its folder."""
        return Path(self.label).name

    @property
    def size(self) -> int | None:
        """Bytes, where they can be known beforehand."""
        path = Path(self.path)
        return path.stat().st_size if self.path != STDIN and path.is_file() else None


class Item(NamedTuple):
    """One document. `number` is its line in the file, from 1; `record` is None for a plain text page."""

    source: Source
    number: int
    record: dict[str, Any] | None
    text: str
    size: int

    @property
    def id(self) -> Any:
        """The record's own id, or one made of the file name."""
        if self.record is None:
            return self.source.name
        own = self.record.get("id")
        return f"{self.source.name}#{self.number}" if own is None else own


class Rejected(NamedTuple):
    """A record that can't be used, and why. `raw` is the line, or the page, as it was read."""

    source: Source
    number: int
    reason: str
    raw: bytes

    @property
    def size(self) -> int:
        """Bytes."""
        return len(self.raw)


def open_sources(paths: Sequence[str], form: Form | None) -> list[Source]:
    """Check every input before any is processed.

    Raises UsageError for a file that is missing, a folder, not readable, compressed or a JSON array, and for standard
    input named twice.
    """
    if list(paths).count(STDIN) > 1:
        raise UsageError("standard input (-) can be read only once")
    for path in paths:
        if path != STDIN:
            check_readable(path)
    return [open_source(path, form) for path in paths]


def check_readable(path: str) -> None:
    """Raises UsageError."""
    if not Path(path).exists():
        raise UsageError(f"{path}: no such file")
    if Path(path).is_dir():
        raise UsageError(f"{path}: is a folder; name the files in it")
    if not os.access(path, os.R_OK):
        raise UsageError(f"{path}: no permission to read it")
    if Path(path).is_file():  # a pipe can't be read twice
        with Path(path).open("rb") as file:
            check_plain(path, file.read(LOOK))


def check_plain(path: str, begin: bytes) -> None:
    """Raises UsageError for what has to be converted first: compressed files, and JSON that is not one object a line.

    begin: the first bytes of the input.
    """
    suffix = Path(path).suffix.lower()
    for name, suffixes, magic, command in COMPRESSED:
        if suffix in suffixes or begin.startswith(magic):
            label = "standard input" if path == STDIN else path
            raise UsageError(f"{label}: compressed input ({name}) is not read; decompress it first with {command}")
    first = begin.removeprefix(BOM).lstrip().split(b"\n", 1)[0].rstrip()
    if suffix == ".json" and (first[:1] == b"[" or first == b"{"):
        what = "a JSON array" if first[:1] == b"[" else "an object over several lines"
        convert = "jq -c '.[]'" if first[:1] == b"[" else "jq -c ."
        raise UsageError(f"{path}: expected one JSON object a line, found {what}; convert it with {convert}")


def open_source(path: str, form: Form | None) -> Source:
    """What the input is: as the user says, by suffix, or, for standard input, by its first line that is not blank."""
    if path != STDIN:
        return Source(path, form or ("jsonl" if Path(path).suffix.lower() in JSONL_SUFFIXES else "text"))
    head = []
    for line in sys.stdin.buffer:
        head.append(line)
        if line.removeprefix(BOM).strip():
            break
    check_plain(path, b"".join(head)[:LOOK])
    return Source(path, form or ("jsonl" if head and is_object(head[-1]) else "text"), tuple(head))


def is_object(line: bytes) -> bool:
    """Whether the line is a JSON object."""
    try:
        parse_object(line.removeprefix(BOM))
    except InputError:
        return False
    return True


def read_items(source: Source, text_field: str) -> Iterator[Item | Rejected]:
    """The documents of one input, in order."""
    with nullcontext(sys.stdin.buffer) if source.path == STDIN else Path(source.path).open("rb") as file:
        if source.form == "jsonl":
            yield from read_jsonl(source, file, text_field)
        else:
            yield read_page(source, b"".join([*source.head, file.read()]))


def read_jsonl(source: Source, file: IO[bytes], text_field: str) -> Iterator[Item | Rejected]:
    """A line at a time; blank lines are no records. Only `\\n` ends a line: a text may hold U+2028."""
    for number, line in enumerate(chain(source.head, file), 1):
        raw = line.removeprefix(BOM) if number == 1 else line
        if not raw.strip():
            continue
        try:
            record = parse_object(raw)
            yield Item(source, number, record, text_of(record, text_field), len(line))
        except InputError as error:
            yield Rejected(source, number, str(error), line)


def read_page(source: Source, raw: bytes) -> Item | Rejected:
    """A plain text page, with its byte order mark and line breaks as they are."""
    try:
        return Item(source, 1, None, decode(raw), len(raw))
    except InputError as error:
        return Rejected(source, 1, str(error), raw)
