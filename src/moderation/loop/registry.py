"""Which model serves: a folder of models, and one small file that names the current one and the candidate.

The file is replaced by renaming, so that a reader sees the old state or the new one; a change holds a lock, so that
two promoters come one after the other. The models themselves are folders as `moderation train` writes them.
"""

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal

from moderation.errors import ModelError, OutputError, UsageError
from moderation.loop.moment import now
from moderation.model.store import MANIFEST, load_model, read_manifest

STATE: Final = "registry.json"
LOCK: Final = "registry.lock"
VERSION: Final = 1
NO_MODELS: Final = "there are no models yet; `moderation retrain --candidates` makes one"
Standing = Literal["current", "candidate", "previous", "discarded", "old"]


@dataclass(frozen=True, slots=True)
class State:
    """What registry.json holds. current: None means the model that the service was started with.

    history: the models that served before, newest last; None as above. generation: goes up whenever another model
    becomes the current one.
    """

    version: int = VERSION
    changed: str = ""
    current: str | None = None
    candidate: str | None = None
    history: tuple[str | None, ...] = ()
    discarded: tuple[str, ...] = ()
    generation: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A model of the folder. gate: of a retrained model, what loop/gate.py found. corrections: lines it learned."""

    name: str
    model: str
    state: Standing
    created: str | None
    base: str | None
    corrections: int | None
    metrics: dict[str, Any]
    gate: dict[str, Any] | None


class Registry:
    """A folder of models. Every call reads the state anew: other processes may change it."""

    def __init__(self, folder: str | Path) -> None:
        """The folder is made where it is missing. Raises OutputError."""
        self.folder = Path(folder)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"{folder}: can't be made a folder of models ({error.strerror})") from None

    def state(self) -> State:
        """The state. Raises UsageError for a file that is no state of this version."""
        path = self.folder / STATE
        try:
            found = json.loads(path.read_text("utf-8"))
            if found["version"] != VERSION:
                raise UsageError(f"{path} has version {found['version']}, this version reads {VERSION}")
            lists = {name: tuple(found[name]) for name in ("history", "discarded")}
            return State(**{**found, **lists})
        except FileNotFoundError:
            return State()
        except (ValueError, KeyError, TypeError) as error:
            raise UsageError(f"{path}: is not the state of a folder of models ({error})") from None

    def current(self) -> Path | None:
        """The folder of the model that should serve; None for the one that the service was started with."""
        return self.path(self.state().current)

    def candidate(self) -> Path | None:
        """The folder of the candidate."""
        return self.path(self.state().candidate)

    def entries(self) -> list[Entry]:
        """All models of the folder, by name; one that can't be read is left out."""
        state = self.state()
        found = []
        for name in self.names():
            try:
                found.append(entry(name, read_manifest(self.folder / name), standing(name, state)))
            except ModelError:
                continue
        return found

    def names(self) -> list[str]:
        """Names of the model folders."""
        found = (path.parent.name for path in self.folder.glob(f"*/{MANIFEST}"))
        return sorted(found, key=lambda name: [int(x) if x.isdigit() else x for x in re.split(r"(\d+)", name)])

    def next_name(self, base: str) -> str:
        """A free name for what is retrained from `base`: library, library-2, library-3 …"""
        stem = re.sub(r"-\d+$", "", base)
        number = 2
        while (self.folder / f"{stem}-{number}").exists():
            number += 1
        return f"{stem}-{number}"

    def propose(self, name: str) -> State:
        """Make a model of the folder the candidate. Raises UsageError where there is no such model."""
        with self._changing() as state:
            self._check(name)
            return self._write(replace(state, candidate=name, discarded=without(state.discarded, name)))

    def promote(self, name: str | None = None, *, force: bool = False) -> State:
        """Make the candidate, or the model of this name, the current one; it is loaded and checked first.

        Raises UsageError where there is no such model or its gate failed (unless `force`), ModelError for a broken one.
        """
        with self._changing() as state:
            chosen = self.promotable(name, force=force)
            if chosen == state.current:
                return state
            return self._write(
                replace(
                    state,
                    current=chosen,
                    candidate=None if chosen == state.candidate else state.candidate,
                    history=(*state.history, state.current),
                    discarded=without(state.discarded, chosen),
                    generation=state.generation + 1,
                )
            )

    def promotable(self, name: str | None = None, *, force: bool = False) -> str:
        """The name of what `promote` would make current. Raises as promote."""
        chosen = name or self.state().candidate
        if chosen is None and not self.names():
            raise UsageError(f"{self.folder}: {NO_MODELS}")
        if chosen is None:
            raise UsageError(f"{self.folder}: there is no candidate; name a model: {self._known()}")
        self._check(chosen)
        failed = (gate_of(load_model(self.folder / chosen).manifest) or {}).get("failed", [])
        if failed and not force:
            raise UsageError(f"{chosen} fell below its floors ({'; '.join(failed)}); only force promotes it")
        return chosen

    def rollback(self) -> State:
        """Make the model before the current one current again. Raises UsageError where there was none."""
        with self._changing() as state:
            previous = self.previous()
            if previous is not None:
                load_model(previous)
            return self._write(
                replace(
                    state,
                    current=previous.name if previous else None,
                    history=state.history[:-1],
                    generation=state.generation + 1,
                )
            )

    def previous(self) -> Path | None:
        """The folder of what `rollback` would make current. Raises UsageError where nothing served before."""
        history = self.state().history
        if not history:
            raise UsageError(f"{self.folder}: no model served before the current one")
        if history[-1] is not None:
            self._check(history[-1])
        return self.path(history[-1])

    def discard(self, name: str | None = None) -> State:
        """Put the candidate, or a model that does not serve, aside; its folder stays. Raises UsageError."""
        with self._changing() as state:
            chosen = name or state.candidate
            if chosen is None:
                raise UsageError(f"{self.folder}: there is no candidate to discard")
            self._check(chosen)
            if chosen == state.current:
                raise UsageError(f"{chosen} is the current model; promote another one or roll back first")
            candidate = None if chosen == state.candidate else state.candidate
            discarded = (*without(state.discarded, chosen), chosen)
            return self._write(replace(state, candidate=candidate, discarded=discarded))

    def path(self, name: str | None) -> Path | None:
        """The folder of a name; None for None."""
        return None if name is None else self.folder / name

    def _check(self, name: str) -> None:
        """Raises UsageError where there is no such model; a name is no path."""
        if name not in self.names():
            raise UsageError(f"{self.folder}: no model {name!r}; there are: {self._known()}")

    def _known(self) -> str:
        return ", ".join(self.names()) or "none"

    @contextmanager
    def _changing(self) -> Iterator[State]:
        """The state, which nobody else changes meanwhile."""
        with (self.folder / LOCK).open("w") as lock:
            hold(lock.fileno())
            yield self.state()

    def _write(self, state: State) -> State:
        """Replace the state."""
        changed = replace(state, changed=now())
        part = self.folder / f".{STATE}-{os.getpid()}.part"
        try:
            with part.open("w", encoding="utf-8") as stream:
                json.dump(asdict(changed), stream, ensure_ascii=False, indent=1)
                stream.flush()
                os.fsync(stream.fileno())
            part.replace(self.folder / STATE)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise OutputError(f"{self.folder / STATE}: can't be written ({error.strerror})") from None
        return changed


def hold(descriptor: int) -> None:
    """Wait for the lock; where the system has none, changes are left to come one at a time."""
    try:
        import fcntl  # noqa: PLC0415  not everywhere
    except ImportError:
        return
    fcntl.flock(descriptor, fcntl.LOCK_EX)


def standing(name: str, state: State) -> Standing:
    """What a model is to the service."""
    if name == state.current:
        return "current"
    if name == state.candidate:
        return "candidate"
    if name in state.discarded:
        return "discarded"
    return "previous" if state.history and name == state.history[-1] else "old"


def without(names: tuple[str, ...], name: str) -> tuple[str, ...]:
    """The names but one."""
    return tuple(other for other in names if other != name)


def gate_of(manifest: dict[str, Any]) -> dict[str, Any] | None:
    """What retraining wrote of the floors."""
    gate: dict[str, Any] | None = manifest.get("retrained", {}).get("gate")
    return gate


def entry(name: str, manifest: dict[str, Any], state: Standing) -> Entry:
    """A model's row."""
    facts = manifest.get("retrained", {})
    return Entry(
        name=name,
        model=f"{manifest['name']}@{manifest['digest'][:12]}",
        state=state,
        created=facts.get("created"),
        base=facts.get("base"),
        corrections=facts.get("learned", {}).get("lines"),
        metrics=manifest.get("metrics", {}),
        gate=gate_of(manifest),
    )
