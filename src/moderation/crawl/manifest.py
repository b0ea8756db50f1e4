"""What a run's folder knows about itself: manifest.json (inputs, settings, plan), shards.jsonl (what is finished), and
report.json, which is there when the run is over, with the state complete or incomplete.
"""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, Final

import orjson

from moderation.crawl.claim import CLAIM
from moderation.crawl.identity import identity
from moderation.crawl.output import TEMPORARY, file_digest, sync_folder, write_whole, writing
from moderation.crawl.plan import Piece, Plan, Shard
from moderation.crawl.settings import Settings, read_settings, settings_record
from moderation.crawl.shard import ShardReport, read_report
from moderation.crawl.state import REPORT, says_complete
from moderation.errors import OutputError, UsageError
from moderation.formats.base import Extent, Source

FORMAT: Final = 1
"""Of the two files; another one is refused."""
MANIFEST: Final = "manifest.json"
SHARDS: Final = "shards.jsonl"
PAGE: Final = "report.html"
LOCK: Final = ".lock"
SAME: Final = "give the same options, or name another folder, or empty this one, to begin afresh"
AFRESH: Final = "name another folder, or empty this one, to begin afresh"


@dataclass(frozen=True, slots=True)
class Manifest:
    """identities: of the sources, by path, see identity.py."""

    settings: Settings
    plan: Plan
    identities: Mapping[str, Mapping[str, Any]]


def identities(sources: Sequence[Source]) -> dict[str, dict[str, Any]]:
    """Of all sources; several at a time, as most of it is waiting for a disk or a network."""
    with ThreadPoolExecutor(8) as pool:
        return dict(zip([s.path for s in sources], pool.map(identity, [s.path for s in sources]), strict=True))


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Once, before the first shard."""
    sources = {source: n for n, source in enumerate(manifest.plan.sources)}
    record = {
        "format": FORMAT,
        "settings": settings_record(manifest.settings),
        "sources": [{**asdict(source), "identity": manifest.identities[source.path]} for source in sources],
        "schemas": manifest.plan.schemas,
        "shards": [[piece_record(piece, sources) for piece in shard.pieces] for shard in manifest.plan.shards],
    }
    write_whole(folder / MANIFEST, orjson.dumps(record, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


def piece_record(piece: Piece, sources: Mapping[Source, int]) -> list[Any]:
    """A piece, its source by number."""
    e = piece.extent
    return [sources[piece.source], e.index, e.start, e.stop, e.size, piece.output, piece.form, piece.packed]


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a run. Raises UsageError."""
    path = folder / MANIFEST
    try:
        record = json.loads(path.read_bytes())
        if record["format"] != FORMAT:
            raise UsageError(f"{path} has format {record['format']}, this version reads {FORMAT}; {AFRESH}")
        found = [dict(each) for each in record["sources"]]
        known = {each["path"]: each.pop("identity") for each in found}
        sources = tuple(Source(**each) for each in found)
        shards = tuple(
            Shard(n, tuple(Piece(sources[p[0]], Extent(*p[1:5]), *p[5:]) for p in pieces))
            for n, pieces in enumerate(record["shards"])
        )
        return Manifest(read_settings(record["settings"]), Plan(sources, shards, record["schemas"]), known)
    except FileNotFoundError:
        raise UsageError(f"{folder}: holds no run ({MANIFEST} is missing)") from None
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        raise UsageError(f"{path}: can't be read as the manifest of a run ({error!r}); {AFRESH}") from None


class Finished:
    """shards.jsonl, to which a line is added, and synced, for every shard that is done."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / SHARDS
        self.file: IO[bytes] = self.path.open("ab")

    def add(self, report: ShardReport) -> None:
        """One more shard."""
        with writing(str(self.path)):
            self.file.write(orjson.dumps(report.record(), option=orjson.OPT_APPEND_NEWLINE))
            self.file.flush()
            os.fsync(self.file.fileno())

    def close(self) -> None:
        """No more."""
        self.file.close()


def read_finished(folder: Path) -> dict[int, ShardReport]:
    """The last word on every shard; a torn last line is no word."""
    path = folder / SHARDS
    found: dict[int, ShardReport] = {}
    for line in path.read_bytes().split(b"\n") if path.exists() else ():
        try:
            report = read_report(orjson.loads(line))
        except (ValueError, KeyError, TypeError):
            continue
        found[report.number] = report
    return found


def keep_only(folder: Path, reports: Sequence[ShardReport]) -> None:
    """Write shards.jsonl anew, without torn lines and what no longer holds."""
    lines = [orjson.dumps(report.record(), option=orjson.OPT_APPEND_NEWLINE) for report in reports]
    write_whole(folder / SHARDS, b"".join(lines))


def whole(folder: Path, report: ShardReport) -> bool:
    """Whether a shard's files are there as they were written."""
    if report.error:
        return False
    for file in report.files:
        path = folder / file["path"]
        if not path.is_file() or path.stat().st_size != file["bytes"] or file_digest(path) != file["digest"]:
            return False
    return True


def still_whole(folder: Path, reports: Sequence[ShardReport]) -> list[ShardReport]:
    """Those whose files are as they were written; files are read in full, several at a time."""
    with ThreadPoolExecutor(min(8, (os.cpu_count() or 1) * 2)) as pool:
        checked = list(pool.map(lambda report: whole(folder, report), reports))
    return [report for report, good in zip(reports, checked, strict=True) if good]


def refuse_other(folder: str, manifest: Manifest, now: Manifest) -> None:
    """Raises UsageError, naming the first difference, where the run in `folder` can't be resumed as this one."""
    then, asked = settings_record(manifest.settings), settings_record(now.settings)
    for name, value in asked.items():
        if name == "model":  # it may lie elsewhere by now; model_id says whether it is the same
            continue
        if then.get(name) != value:
            raise UsageError(f"{folder}: was begun with {said(name, then.get(name), value)}; {SAME}")
    old, new = [s.path for s in manifest.plan.sources], [s.path for s in now.plan.sources]
    for path in new:
        if path not in manifest.identities:
            raise UsageError(f"{path}: was not among the inputs when {folder} was begun; {AFRESH}")
    for path in old:
        if path not in now.identities:
            raise UsageError(f"{path}: was among the inputs when {folder} was begun and is missing now; {AFRESH}")
        for what, value in now.identities[path].items():
            if manifest.identities[path].get(what) != value:
                raise UsageError(f"{path}: has changed since {folder} was begun (its {WORDS[what]} differs); {AFRESH}")


WORDS: Final = {"size": "size", "stamp": "time of change", "edges": "beginning or end"}


def said(name: str, then: Any, now: Any) -> str:
    """One setting, then and now, in words."""
    if isinstance(now, dict) and isinstance(then, dict):
        part = next(key for key in now if then.get(key) != now[key])
        return said(f"{name}.{part}", then.get(part), now[part])
    return f"{name} {then!r}, now it is {now!r}"


@contextmanager
def locked(folder: Path) -> Iterator[bool]:
    """Keeps a second run out of the folder; the system lifts it when the process ends, however it ends. Gives whether
    there are such locks.
    """
    try:
        import fcntl  # noqa: PLC0415
    except ModuleNotFoundError:  # Windows
        yield False
        return
    with (folder / LOCK).open("wb") as file:
        held = True
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UsageError(f"{folder}: another run is writing to it; wait for it, or stop it") from None
        except OSError:  # a file system without locks
            held = False
        yield held


def is_run(folder: Path) -> bool:
    """Whether a run was begun there."""
    return (folder / MANIFEST).is_file()


def is_complete(folder: Path) -> bool:
    """Whether the run there is finished, every shard of it."""
    try:
        return says_complete((folder / REPORT).read_bytes())
    except OSError:
        return False


def check_empty(folder: Path) -> None:
    """Raises UsageError for a folder that holds anything but leftovers of a run that never began."""
    if is_run(folder):
        state = "a finished run" if is_complete(folder) else "an unfinished run"
        raise UsageError(f"{folder}: holds {state}; go on with --resume, or {AFRESH.split(',')[0]}")
    present = folder.iterdir() if folder.is_dir() else ()
    others = [path for path in present if path.name not in (LOCK, CLAIM) and not path.name.startswith(TEMPORARY)]
    if others:
        raise UsageError(f"{folder}: is not empty ({others[0].name}); a run needs a folder of its own")


def make_folder(folder: Path) -> None:
    """Raises OutputError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder}: can't be made ({error.strerror})") from None
    sync_folder(folder)
