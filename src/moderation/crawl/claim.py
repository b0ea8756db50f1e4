"""Whose a run's folder is, where no lock of the system reaches: a small file there that only one run can make.

The run that made `.claim.json` renews it while it works and takes it away when it ends; one that was killed leaves it.
Without --resume a claim that is there is respected. With --resume, it is taken over from a process of this machine
that is gone, or, since nobody can look into another machine, from one that has not renewed it for a while. A run whose
claim was taken over finds out when it would renew it, and ends. No clocks are compared.
"""

import getpass
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from secrets import token_hex
from typing import Final, Protocol

import orjson

from moderation.crawl.output import write_whole, writing
from moderation.errors import ModerationError, OutputError, UsageError

CLAIM: Final = ".claim.json"
RENEW_SECONDS: Final = 20.0
PATIENCE_SECONDS: Final = 60.0
"""How long a claim is watched before it is taken for a dead run's: three times as long as a living one needs."""


class Place(Protocol):
    """A folder that several machines may write to; paths are relative to it."""

    @property
    def keeps_history(self) -> bool:
        """Whether every change stays on record, so that a claim must not be renewed."""

    def create(self, path: str, data: bytes) -> bool:
        """Make a file that must not be there yet; whether that was so."""

    def read(self, path: str) -> bytes | None:
        """What it holds; None where there is none."""

    def write(self, path: str, data: bytes) -> None:
        """Put it there, over what lay there."""

    def remove(self, path: str) -> None:
        """Take it away, if it is there."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Who made a claim. boot: see boot(); begun: of the process, as the system counts; renewed: how often."""

    user: str = "somebody"
    host: str = "another machine"
    pid: int = 0
    time: str = ""
    boot: str = ""
    begun: str = ""
    token: str = ""
    renewed: int = 0

    @property
    def who(self) -> str:
        """For messages."""
        since = f", since {self.time}" if self.time else ""
        return f"{self.user} on {self.host} (process {self.pid}{since})"

    def record(self) -> bytes:
        """As the file has it."""
        return orjson.dumps(self, option=orjson.OPT_APPEND_NEWLINE)


def this_process() -> Owner:
    """The owner that we are."""
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return Owner(user(), socket.gethostname(), os.getpid(), now, boot(), begun(os.getpid()), token_hex(8))


def user() -> str:
    """Of this process; a container may have none by name."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "somebody"


def boot() -> str:
    """What this start of this machine is called, and where its processes are counted: a container counts its own, and
    may have the machine's name. "" where the system does not say.
    """
    with suppress(OSError):
        started = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
        return f"{started} {Path('/proc/self/ns/pid').readlink()}"
    return ""


def begun(pid: int) -> str:
    """When a process began, so that another one with its number is not taken for it; "" for one that is no more, and
    where the system does not say.
    """
    with suppress(OSError, IndexError):
        fields = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
        return "" if fields[0] in ("Z", "X") else fields[19]
    return ""


def is_gone(owner: Owner, own: Owner) -> bool:
    """Whether the owner is a process of this machine that is no more; False where that can't be known."""
    if not owner.begun or (owner.host, owner.boot) != (own.host, own.boot):
        return False
    return begun(owner.pid) != owner.begun and not is_hidden(owner.pid)


def is_hidden(pid: int) -> bool:
    """Whether a process of another user lives that the system does not let us look at."""
    try:
        os.kill(pid, 0)
    except PermissionError:
        return not Path(f"/proc/{pid}").exists()
    except ProcessLookupError:
        pass
    return False


@dataclass(slots=True)
class Claim:
    """Ours, renewed by a thread of its own."""

    place: Place
    where: str
    owner: Owner
    taken: Owner | None = None
    over: threading.Event = field(default_factory=threading.Event)

    def renew(self) -> None:
        """Until it is over, or somebody else's."""
        while not self.over.wait(RENEW_SECONDS):
            with suppress(ModerationError):  # the network may come back; if not, the run's own files fail, too
                if self.look() and not self.place.keeps_history:
                    self.owner = replace(self.owner, renewed=self.owner.renewed + 1)
                    self.place.write(CLAIM, self.owner.record())

    def look(self) -> bool:
        """Whether it is still ours, as far as can be told: one that is being written can't be read everywhere."""
        found = owner_of(self.place)
        if found is not None and found.token not in ("", self.owner.token):
            self.taken = found
            self.over.set()
        return self.taken is None

    def check(self, *, now: bool = False) -> None:
        """Raises OutputError where somebody else has taken the run over. now: look, instead of waiting to be told."""
        if now:
            self.look()
        if self.taken is not None:
            raise OutputError(
                f"{self.where}: {self.taken.who} has gone on with this run, so it ends here; what it finished is kept"
            )


def owner_of(place: Place) -> Owner | None:
    """Who claims a place; None where nobody does, somebody unknown where the file can't be understood."""
    data = place.read(CLAIM)
    if data is None:
        return None
    try:
        return Owner(**orjson.loads(data))
    except (ValueError, TypeError):
        return Owner()


@contextmanager
def claimed(place: Place, where: str, *, resume: bool, say: Callable[[str], None]) -> Iterator[Claim]:
    """With the place for this run alone. Raises UsageError where another one has it. where: for messages."""
    claim = Claim(place, where, this_process())
    take(claim, resume=resume, say=say)
    thread = threading.Thread(target=claim.renew, daemon=True)
    thread.start()
    try:
        yield claim
    finally:
        claim.over.set()
        thread.join()
        with suppress(ModerationError):
            if claim.look():
                place.remove(CLAIM)


def take(claim: Claim, *, resume: bool, say: Callable[[str], None]) -> None:
    """Make the claim, or take it over from a dead run. Raises UsageError."""
    place, own = claim.place, claim.owner
    made = place.create(CLAIM, own.record())
    found = owner_of(place)  # asked also when it was made: not every store keeps the promise to make it only once
    if found is None and not made:
        raise UsageError(f"{claim.where}: another run has just ended there; try again")
    if found is None or found.token == own.token:
        return
    if not resume:
        raise UsageError(
            f"{claim.where}: {found.who} is writing to it; wait for that run, or, if it was killed, go on with --resume"
        )
    if not is_gone(found, own):
        say(f"moderation: {claim.where}: was claimed by {found.who}; waiting whether that run is still at work")
        time.sleep(PATIENCE_SECONDS)
        if (now := owner_of(place)) is not None and now != found:
            who = now.who if now.token else found.who  # a claim that is just being written can't be read everywhere
            raise UsageError(f"{claim.where}: {who} is writing to it and still at work; wait for it, or stop it")
    say(f"moderation: {claim.where}: taken over from {found.who}, which does not work any more")
    place.write(CLAIM, own.record())
    if (now := owner_of(place)) is not None and now.token != own.token:  # somebody else resumed at the same time
        raise UsageError(f"{claim.where}: {now.who} has just gone on with that run; wait for it, or stop it")


@dataclass(frozen=True, slots=True)
class Shared:
    """A folder of a disk that several machines have mounted. All raise OutputError where the disk fails."""

    folder: Path
    keeps_history: bool = False

    def create(self, path: str, data: bytes) -> bool:
        """As in Place."""
        with writing(str(self.folder / path)):
            try:
                with (self.folder / path).open("xb") as file:
                    file.write(data)
            except FileExistsError:
                return False
        return True

    def read(self, path: str) -> bytes | None:
        """As in Place."""
        with writing(str(self.folder / path)), suppress(FileNotFoundError):
            return (self.folder / path).read_bytes()
        return None

    def write(self, path: str, data: bytes) -> None:
        """As in Place."""
        write_whole(self.folder / path, data)

    def remove(self, path: str) -> None:
        """As in Place."""
        with writing(str(self.folder / path)):
            (self.folder / path).unlink(missing_ok=True)
