"""A run whose folder lies behind a URL: worked on in a folder of this machine, the spool, and mirrored.

Workers write to the spool; the process that began the run takes what is finished to the URL, so that any kind of URL
will do. Of each shard its files go first, then shards/shard-000000.json, the mark that says it is done. The other files
of a run go over when they are written here, report.json last. Nothing there is appended to or renamed.
"""

import os
import shutil
import tempfile
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

import orjson

from moderation.crawl.claim import CLAIM
from moderation.crawl.engine import News
from moderation.crawl.manifest import (
    AFRESH,
    MANIFEST,
    PAGE,
    SHARDS,
    locked,
    make_folder,
    whole,
)
from moderation.crawl.output import TEMPORARY
from moderation.crawl.remote import Remote
from moderation.crawl.shard import HIGHLIGHTS, ShardReport
from moderation.crawl.site_table import EVERYWHERE, TABLE
from moderation.crawl.state import REPORT, says_complete
from moderation.errors import OutputError, UsageError

MARKS: Final = "shards"
AT_ONCE: Final = 8
"""Files that go over at a time, and finished shards that may wait for it before workers must."""


@dataclass(frozen=True, slots=True)
class Mirror:
    """spool: a folder that is made, and gone afterwards; the run's folder of this machine lies in it."""

    remote: Remote
    spool: Path

    @property
    def folder(self) -> Path:
        """The run's, here."""
        return self.spool / "run"

    @contextmanager
    def opened(self) -> Iterator[None]:
        """With an empty spool that no other run of this machine uses."""
        make_own(self.spool)
        with locked(self.spool):
            shutil.rmtree(self.folder, ignore_errors=True)  # of a run that was killed
            make_folder(self.folder)
            try:
                yield
            finally:
                shutil.rmtree(self.spool, ignore_errors=True)

    def is_run(self) -> bool:
        """Whether a run was begun there."""
        return self.remote.has(MANIFEST)

    def fetch(self) -> None:
        """Bring what the run there knows about itself."""
        self.remote.get(MANIFEST, self.folder / MANIFEST)
        names = [name for name in self.remote.files(MARKS) if name.endswith(".json")]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            marks = list(pool.map(self.remote.read, names))
        lines = [self.remote.read(SHARDS) or b"", *(mark or b"" for mark in marks)]
        (self.folder / SHARDS).write_bytes(b"".join(lines))
        for path in (EVERYWHERE, TABLE):  # the table last: it says that both are there
            self.remote.get(path, self.folder / path)

    def check_empty(self) -> None:
        """Raises UsageError for a place that holds anything."""
        found = self.remote.files()
        if MANIFEST in found:
            state = "an unfinished run"
            if says_complete(self.remote.read(REPORT) or b""):
                state = "a finished run"
            raise UsageError(f"{self.remote.url}: holds {state}; go on with --resume, or {AFRESH.split(',')[0]}")
        others = [path for path in found if TEMPORARY not in path and path != CLAIM]
        if others:
            raise UsageError(f"{self.remote.url}: is not empty ({others[0]}); a run needs a folder of its own")

    def begin(self, *, again: bool) -> None:
        """Say there that the run goes on. again: it was begun before."""
        if again:
            for path in (REPORT, PAGE):
                self.remote.remove(path)
            marks = self.remote.files(MARKS)
            self.remote.put(self.folder / SHARDS, SHARDS)
            self.each(marks, self.remote.remove)
        else:
            self.remote.put(self.folder / MANIFEST, MANIFEST)
        self.each([path for path in self.remote.files() if TEMPORARY in path], self.remote.remove)

    def still_whole(self, reports: Sequence[ShardReport]) -> list[ShardReport]:
        """Those whose files are there as they were put there: of the same size and version; nothing is read."""
        found = self.remote.files()

        def same(file: Any) -> bool:
            if Path(file["path"]).is_absolute():
                return whole(self.folder, ShardReport(0, (file,)))
            there = found.get(file["path"])
            return there is not None and there.size == file["bytes"] and file.get("stamp", "") in ("", there.stamp)

        return [report for report in reports if all(same(file) for file in report.files)]

    def put_sites(self) -> None:
        """What the first pass of --site-lines found."""
        for path in (EVERYWHERE, TABLE):
            self.remote.put(self.folder / path, path)

    def handed_over(self, news: Generator[News, None, None]) -> Generator[News, None, None]:
        """The news; reports when the shard's files are at the URL."""
        flying: deque[Future[ShardReport]] = deque()
        files, shards = ThreadPoolExecutor(AT_ONCE), ThreadPoolExecutor(AT_ONCE)
        try:
            for item in news:
                if isinstance(item, ShardReport) and not item.error:
                    flying.append(shards.submit(self.hand_over, item, files))
                else:
                    yield item
                while flying and (flying[0].done() or len(flying) > AT_ONCE):
                    yield flying.popleft().result()
            while flying:
                yield flying.popleft().result()
        finally:
            news.close()
            shards.shutdown(cancel_futures=True)
            files.shutdown(cancel_futures=True)

    def hand_over(self, report: ShardReport, pool: ThreadPoolExecutor) -> ShardReport:
        """Put a shard's files there, then its mark; what goes wrong becomes its report."""
        try:
            done = replace(report, files=tuple(pool.map(self.hand_over_file, report.files)))
            line = orjson.dumps(done.record(), option=orjson.OPT_APPEND_NEWLINE)
            self.remote.put_bytes(line, f"{MARKS}/shard-{report.number:06}.json", self.folder)
        except OutputError as error:
            return ShardReport(report.number, error=str(error))
        return done

    def hand_over_file(self, file: Any) -> Any:
        """One file; only what the report is made of is needed here afterwards."""
        if Path(file["path"]).is_absolute():
            return file
        local = self.folder / file["path"]
        stored = self.remote.put(local, file["path"])
        if not file["path"].startswith(f"{HIGHLIGHTS}/"):
            local.unlink()
        return {**file, "stamp": stored.stamp}

    def fetch_highlights(self, reports: Sequence[ShardReport]) -> None:
        """What the report needs of shards that were done before."""
        paths = [str(file["path"]) for report in reports for file in report.files]
        wanted = [p for p in paths if p.startswith(f"{HIGHLIGHTS}/") and not (self.folder / p).exists()]
        self.each(wanted, lambda path: self.remote.get(path, self.folder / path))

    def finish(self) -> None:
        """The books, and at last the sign that the run is over."""
        self.remote.put(self.folder / SHARDS, SHARDS)
        self.each(self.remote.files(MARKS), self.remote.remove)
        for path in (PAGE, REPORT):
            self.remote.put(self.folder / path, path)

    def each(self, paths: Any, work: Any) -> None:
        """Several at a time."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(work, paths))


def mirror_of(url: str, spool: str | None) -> Mirror:
    """spool: a folder in which the run gets one of its own, None for the system's own for temporary files."""
    remote = Remote(url.rstrip("/"))
    name = blake2b(remote.url.encode(), digest_size=8).hexdigest()
    return Mirror(remote, Path(spool or tempfile.gettempdir()).resolve() / f"moderation-spool-{user()}-{name}")


def user() -> int:
    """Who runs this, where the system knows."""
    return os.getuid() if hasattr(os, "getuid") else 0


def make_own(folder: Path) -> None:
    """A folder that nobody else reads or made. Raises OutputError."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if folder.is_symlink() or (hasattr(os, "getuid") and folder.stat().st_uid != user()):
            raise OutputError(f"{folder}: belongs to somebody else; name another place with --spool")
    except OSError as error:
        raise OutputError(f"{folder}: can't be made ({error.strerror}); name another place with --spool") from None
