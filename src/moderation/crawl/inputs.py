"""What a run reads: files, folders, globs and URLs become sources, in a fixed order."""

import glob
import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Final

from moderation.crawl.state import REPORT, says_complete
from moderation.errors import UsageError
from moderation.formats.base import Compression, Source
from moderation.formats.opening import filesystem, is_url
from moderation.formats.table import COMPRESSIONS, Row, by_suffix, row_of

BESIDE: Final = ("dataset_info.json", "dataset_dict.json", "state.json", "manifest.json", "report.json")
"""What lies beside the data in folders of data sets and of our own runs."""
OF_A_RUN: Final = ("manifest.json", "shards.jsonl")
"""A folder with these is that of a run, whose clean files lie under data/."""
MAGIC: Final = "*?["


@dataclass(slots=True)
class Inputs:
    """left_out: files of folders whose suffix no format has; they are not read, and the user is told."""

    sources: list[Source] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


def find_inputs(paths: Sequence[str], form: str | None) -> Inputs:
    """The sources that the paths name.

    form: a row of the suffix table that overrules suffixes. A file that is named itself is plain text where its suffix
    says nothing; one inside a folder or a glob is then left out. Raises UsageError for what is missing or empty.
    """
    row = row_of(form) if form else None
    inputs = Inputs()
    for path in paths:
        before = len(inputs.sources)
        for found, name, named in expand(path):
            source = source_of(found, name, row, named=named)
            if source is None:
                inputs.left_out.append(found)
            else:
                inputs.sources.append(source)
        for source in inputs.sources[before:]:
            check_name(source)
        if len(inputs.sources) == before:
            raise UsageError(f"{path}: holds no file of a known format; name the format with --from")
    twice = [path for path, count in Counter(source.path for source in inputs.sources).items() if count > 1]
    if twice:
        raise UsageError(f"{twice[0]} is named twice; every file is cleaned once")
    inputs.sources = distinct(inputs.sources)
    return inputs


def check_name(source: Source) -> None:
    """Raises UsageError for a name that no manifest can hold."""
    try:
        source.path.encode("utf-8")
    except UnicodeEncodeError:
        shown = source.path.encode("utf-8", "backslashreplace").decode()
        raise UsageError(f"{shown}: the name is not UTF-8, which a manifest can't hold; rename the file") from None


def expand(path: str) -> Iterator[tuple[str, str, bool]]:
    """Path, name for the output, and whether the user named this very file."""
    if is_url(path):
        yield from expand_url(path)
    elif Path(path).is_dir():
        folder = Path(path)
        if all((folder / name).is_file() for name in OF_A_RUN):
            check_complete(path, (folder / REPORT).read_bytes() if (folder / REPORT).is_file() else b"")
            folder = folder / "data"
        yield from ((str(file), file.relative_to(folder).as_posix(), False) for file in walk(folder))
    elif Path(path).is_file():
        yield path, Path(path).name, True
    elif any(sign in path for sign in MAGIC):
        root = Path(re.split(r"[*?\[]", path, maxsplit=1)[0])
        base = root if root.is_dir() else root.parent
        for file in sorted(map(Path, glob.glob(path, recursive=True))):  # noqa: PTH207  (Path has no glob of a full path)
            if file.is_file():
                yield str(file), os.path.relpath(file, base).replace(os.sep, "/"), False
    else:
        raise UsageError(f"{path}: no such file")


def check_complete(path: str, report: bytes) -> None:
    """Raises UsageError for a run that lacks some of its clean files. report: report.json."""
    if not says_complete(report):
        data = f"{path.rstrip('/')}/data"
        raise UsageError(f"{path}: holds an unfinished run; finish it with --resume, or name {data} for what is there")


def walk(folder: Path) -> Iterator[Path]:
    """All files below, sorted; hidden ones and those that describe a data set are passed over."""
    for file in sorted(folder.rglob("*")):
        hidden = any(part.startswith((".", "_")) for part in file.relative_to(folder).parts)
        if file.is_file() and not hidden and file.name not in BESIDE:
            yield file


def expand_url(url: str) -> Iterator[tuple[str, str, bool]]:
    """A file, a folder or a glob behind an fsspec URL."""
    system = filesystem(url)
    place = system._strip_protocol(url)
    if any(sign in place for sign in MAGIC):
        base = PurePosixPath(place[: min(place.index(sign) for sign in MAGIC if sign in place)] + "x").parent
        found = [path for path in sorted(system.glob(place)) if system.isfile(path)]
    elif system.isdir(place):
        if all(system.isfile(f"{place.rstrip('/')}/{name}") for name in OF_A_RUN):
            place = place.rstrip("/")
            check_complete(url, system.cat_file(f"{place}/{REPORT}") if system.isfile(f"{place}/{REPORT}") else b"")
            place = f"{place}/data"
        base, found = PurePosixPath(place), sorted(system.find(place))
    elif system.exists(place):
        yield url, PurePosixPath(place).name, True
        return
    else:
        raise UsageError(f"{url}: no such file")
    for path in found:
        name = os.path.relpath(path, base)
        if PurePosixPath(path).name not in BESIDE and not PurePosixPath(path).name.startswith((".", "_")):
            yield system.unstrip_protocol(path), name, False


def source_of(path: str, name: str, row: Row | None, *, named: bool) -> Source | None:
    """The source, or None where nothing tells its format."""
    found = by_suffix(path)
    if row is not None:
        packed: Compression = next((form for end, form in COMPRESSIONS.items() if path.lower().endswith(end)), "")
        return Source(path, name, row.name, packed if row.compressed else "")
    if found is not None:
        return Source(path, name, found[0].name, found[1])
    return Source(path, name, "text") if named else None


def distinct(sources: Sequence[Source]) -> list[Source]:
    """The sources under names of their own: where two inputs share one, their folders are added, then numbers."""
    counts = Counter(source.name for source in sources)
    named = [
        replace(source, name=f"{PurePosixPath(source.path.split('://')[-1]).parent.name}/{source.name}")
        if counts[source.name] > 1
        else source
        for source in sources
    ]
    seen: Counter[str] = Counter()
    out = []
    for source in named:
        seen[source.name] += 1
        again = seen[source.name]
        out.append(source if again == 1 else replace(source, name=f"{again}/{source.name}"))
    return out
