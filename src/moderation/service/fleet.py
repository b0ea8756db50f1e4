"""Swaps for all processes of the service: one of them loads, checks and writes the choice down, the others follow."""

import asyncio
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from moderation.errors import ModerationError, OutputError
from moderation.service.logs import LOG
from moderation.service.models import Serving, prepare
from moderation.service.schemas import SwapAnswer
from moderation.service.settings import Settings
from moderation.service.state import Choice, Source, State

LOOK: Final = 0.25
"""Seconds between two looks at the choice."""
PATIENCE: Final = 5.0
"""Seconds that a swap waits for the other processes before it answers."""

Cause = Mapping[str, str]
"""Who or what asked for a swap, for the log: `cause`, and the name of the `key`."""
FOLDER: Final = "candidates"
"""The cause of a swap that follows the folder of models."""


class Fleet:
    """This process's part in what serves.

    changed: called on the event loop with `done` or `refused` after each swap that this process made, with None when
    it followed another's.
    """

    def __init__(self, settings: Settings, state: State, changed: Callable[[str | None], None]) -> None:
        self._settings = settings
        self._state = state
        self._changed = changed
        self._serving: Serving | None = None
        self._choice: Choice | None = None
        self._tried = 0
        self._lock = threading.Lock()

    @property
    def current(self) -> Serving:
        """What serves. Raises ModerationError before the start."""
        if self._serving is None:
            raise ModerationError("the model is still being loaded; try again in a moment")
        return self._serving

    @property
    def loaded(self) -> bool:
        """Whether anything serves."""
        return self._serving is not None

    @property
    def source(self) -> Source | None:
        """Where what serves came from."""
        return self._choice.now if self._choice else None

    @property
    def before(self) -> Source | None:
        """What a rollback would bring back."""
        return self._choice.before if self._choice else None

    def start(self) -> None:
        """Serve what was chosen last under the same settings, else what the settings say. Raises ModerationError."""
        self._state.make()
        with self._lock, self._state.locked():
            configured = (self._settings.model, self._settings.policy)
            choice = self._state.read()
            if choice is None or choice.configured != configured:
                number = choice.generation + 1 if choice else 1
                choice = Choice(number, self._state.copied(*configured), None, configured)
                self._serve(choice)
                self._state.write(choice)
            else:
                self._serve(choice)

    def _serve(self, choice: Choice) -> None:
        """Load and swap: one assignment, so that a request sees the old or the new. Raises ModerationError."""
        now = choice.now
        self._serving = prepare(now.model_copy, now.policy_copy, self._settings.moderations_policy, choice.generation)
        self._choice = choice
        self._state.report(choice.generation)

    async def swap(self, model: str | None, policy: str | None, cause: Cause) -> SwapAnswer:
        """Serve another model or policy; what is None is read again from where it came.

        Raises ModerationError, and then all stays as it is.
        """

        def chosen(choice: Choice) -> Choice:
            source = self._state.copied(model or choice.now.model, policy or choice.now.policy)
            return choice if source == choice.now else after(choice, source)

        return await self._change(chosen, cause)

    async def ensure(self, wanted: Callable[[], str], cause: Cause) -> None:
        """Serve a model, unless it is the one that was chosen last, by whichever process. Raises ModerationError.

        wanted: says which; asked while no other process can swap, so that what it says is not out of date by then.
        """

        def chosen(choice: Choice) -> Choice:
            model = wanted()
            if choice.now.model == model:
                return choice
            return after(choice, self._state.copied(model, choice.now.policy))

        if self._settled(wanted()):
            return
        await self._change(chosen, cause)

    def _settled(self, model: str) -> bool:
        """Whether this process serves the model by the choice that counts now."""
        found = self._state.read()
        return found is not None and found.generation == self.current.generation and found.now.model == model

    async def rollback(self, cause: Cause) -> SwapAnswer:
        """Serve what served before; a second rollback undoes the first. Raises ModerationError."""

        def chosen(choice: Choice) -> Choice:
            if choice.before is None:
                raise ModerationError("nothing served before, so there is nothing to roll back to")
            return after(choice, choice.before)

        return await self._change(chosen, cause)

    async def reload(self) -> None:
        """Read model and policy again from where they came; what can't be used is logged and left."""
        try:
            await self.swap(None, None, {"cause": "SIGHUP"})
        except ModerationError:
            LOG.info("the old model goes on serving")

    async def _change(self, chosen: Callable[[Choice], Choice], cause: Cause) -> SwapAnswer:
        try:
            try:
                done = await asyncio.to_thread(self._changing, chosen)
            except OSError as error:
                raise OutputError(f"the state folder can't be written: {error}") from None
        except ModerationError as error:
            LOG.error("swap refused", extra={"fields": {**cause, "reason": str(error)}})
            self._changed("refused")
            raise
        self._changed("done" if done else None)
        serving, before = self.current, self.before
        if done or cause.get("cause") != FOLDER:  # that several processes look at it is nothing to tell
            LOG.info("swapped" if done else "swap changed nothing", extra={"fields": {**cause, **told(serving)}})
        return SwapAnswer(
            model=serving.moderator.model.id,
            policy=serving.moderator.policy.name,
            generation=serving.generation,
            previous=before.model if before else None,
            workers=self._settings.workers,
            swapped=await self._others(serving.generation),
        )

    def _changing(self, chosen: Callable[[Choice], Choice]) -> bool:
        """Whether the choice is another one now."""
        self._state.make()  # whoever clears old files out of a temporary folder may have been there
        with self._lock, self._state.locked():
            choice = self._state.read() or self._choice
            if choice is None:
                raise ModerationError("the model is still being loaded; try again in a moment")
            new = chosen(choice)
            if new.generation != self.current.generation:
                self._serve(new)
            if new is not choice:
                self._state.write(new)
            return new is not choice

    async def _others(self, generation: int) -> int:
        """How many processes serve it; waits for them a little."""
        for _ in range(int(PATIENCE / LOOK)):
            if self._state.serving(generation) >= self._settings.workers:
                break
            await asyncio.sleep(LOOK)
        return self._state.serving(generation)

    async def follow(self) -> None:
        """Follow what another process chose, for as long as the service runs.

        The file is read at each look: two swaps within a tick of the file system's clock leave the same time on it.
        """
        while True:
            await asyncio.sleep(LOOK)
            choice = self._state.read()
            if choice and choice.generation not in (self.current.generation, self._tried):
                await asyncio.to_thread(self._catch_up)
                self._changed(None)

    def _catch_up(self) -> None:
        """Serve the present choice."""
        with self._lock:
            choice = self._state.read()
            if choice is None or choice.generation == self.current.generation:
                return
            try:
                self._serve(choice)
            except ModerationError as error:
                self._tried = choice.generation
                LOG.error("could not follow a swap", extra={"fields": {"reason": str(error)}})


def after(choice: Choice, source: Source) -> Choice:
    """The choice that follows."""
    return replace(choice, generation=choice.generation + 1, now=source, before=choice.now)


def told(serving: Serving) -> dict[str, object]:
    """What serves, for the log."""
    moderator = serving.moderator
    return {"model": moderator.model.id, "policy": moderator.policy.name, "generation": serving.generation}
