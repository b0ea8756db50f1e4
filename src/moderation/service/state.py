"""What the processes of one service share: a folder with the present choice and private copies of what it names.

The copies are what is mapped into memory: whatever happens to the folder that a model came from, what serves stays.
"""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from fcntl import LOCK_EX, flock
from pathlib import Path
from typing import Final

from moderation.errors import ModelError, OutputError
from moderation.model.store import MANIFEST, WEIGHTS, model_folder
from moderation.policy import BUILT_IN, load_policy

CHOICE: Final = "choice.json"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a model and a policy came from, and the private copies of both."""

    model: str
    policy: str
    model_copy: str
    policy_copy: str


@dataclass(frozen=True, slots=True)
class Choice:
    """What is to serve. `generation` goes up with each swap. configured: what the settings said at the time."""

    generation: int
    now: Source
    before: Source | None
    configured: tuple[str, str]


class State:
    """The folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def make(self) -> None:
        """Make the folder, for its owner alone. Raises OutputError."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            for name in ("models", "policies", "workers"):
                (self.folder / name).mkdir(exist_ok=True)
        except OSError as error:
            raise OutputError(f"the state folder {self.folder} can't be made ({error.strerror})") from None

    @contextmanager
    def locked(self) -> Iterator[None]:
        """One process at a time changes the choice."""
        with (self.folder / "lock").open("a") as file:
            flock(file, LOCK_EX)
            yield

    def read(self) -> Choice | None:
        """The choice, if there is one that can be read."""
        try:
            row = json.loads((self.folder / CHOICE).read_text("utf-8"))
            before = Source(**row["before"]) if row["before"] else None
            first, second = row["configured"]
            return Choice(int(row["generation"]), Source(**row["now"]), before, (first, second))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def write(self, choice: Choice) -> None:
        """Replace the choice at once."""
        put(self.folder / CHOICE, json.dumps(asdict(choice), ensure_ascii=False).encode())
        self._prune(choice)

    def copied(self, model: str, policy: str) -> Source:
        """Private copies of a model and a policy. Raises ModelError or PolicyError."""
        return Source(model, policy, self._model(model), self._policy(policy))

    def _model(self, name: str) -> str:
        """A copy of the model's two files, named by what is in them."""
        folder = model_folder(name)
        try:
            files = {part: (folder / part).read_bytes() for part in (MANIFEST, WEIGHTS)}
        except OSError as error:
            raise ModelError(f"model {folder}: {Path(error.filename).name} can't be read ({error.strerror})") from None
        digest = hashlib.sha256(b"".join(hashlib.sha256(body).digest() for body in files.values())).hexdigest()[:16]
        home = self.folder / "models" / digest
        if not home.is_dir():
            beside = Path(tempfile.mkdtemp(dir=self.folder / "models", prefix=".new-"))
            for part, body in files.items():
                (beside / part).write_bytes(body)
            try:
                beside.rename(home)
            except OSError:  # another process was quicker
                shutil.rmtree(beside)
        return str(home)

    def _policy(self, name: str) -> str:
        """A copy of the policy's file; a built-in one is its name."""
        load_policy(name)
        if name in BUILT_IN:
            return name
        body = Path(name).read_bytes()
        home = self.folder / "policies" / hashlib.sha256(body).hexdigest()[:16]
        home.mkdir(exist_ok=True)
        put(home / Path(name).name, body)
        return str(home / Path(name).name)

    def _prune(self, choice: Choice) -> None:
        """Delete the copies that nothing names any more."""
        named = {Path(source.model_copy).name for source in (choice.now, choice.before) if source}
        for folder in (self.folder / "models").iterdir():
            if folder.name not in named and not folder.name.startswith("."):
                shutil.rmtree(folder, ignore_errors=True)

    def report(self, generation: int) -> None:
        """Say which generation this process serves."""
        put(self.folder / "workers" / str(os.getpid()), str(generation).encode())

    def leave(self) -> None:
        """This process serves no more."""
        (self.folder / "workers" / str(os.getpid())).unlink(missing_ok=True)

    def serving(self, generation: int) -> int:
        """How many living processes serve this generation."""
        return sum(
            path.read_text() == str(generation)
            for path in (self.folder / "workers").iterdir()
            if path.name.isdigit() and alive(int(path.name))
        )


def alive(process: int) -> bool:
    """Whether there is such a process."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def put(path: Path, body: bytes) -> None:
    """Replace a file at once."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.write_bytes(body)
    beside.replace(path)
