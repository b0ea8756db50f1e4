"""The loop inside the service: the store, the writer of kept verdicts, and the folder of models that it follows."""

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

from starlette.requests import Request

from moderation.errors import ModerationError, StoreError, UsageError
from moderation.loop.compare import Comparison, compare
from moderation.loop.keeper import Keeper
from moderation.loop.page_sets import built_in_set, store_sets
from moderation.loop.reading import kept_verdict
from moderation.loop.registry import Registry
from moderation.loop.store import Store
from moderation.loop.verdicts import is_kept
from moderation.model.store import load_model
from moderation.moderate import Moderator
from moderation.service.answers import Judged
from moderation.service.core import Service
from moderation.service.errors import Problem
from moderation.service.fleet import FOLDER, Cause
from moderation.service.logs import LOG

T = TypeVar("T")
LOOK: Final = 1.0
"""Seconds between two looks at the folder of models, which the command line may change."""
ABREAST: Final = 4
"""Requests that use the store at a time; the others wait."""
WAITING: Final = 64
"""Requests that may wait for it; more are answered 503."""
SETTLE_LOOKS: Final = 20
SETTLE_SECONDS: Final = 0.05
"""How often, and after how long, it is looked again for a verdict that another process may still be writing."""
RETRY: Final = {"Retry-After": "1"}


class Loop:
    """What the loop's routes work with; `loop_of(request)`."""

    def __init__(self, service: Service) -> None:
        self.service = service
        settings = service.settings
        self._registry = Registry(settings.candidates) if settings.candidates else None
        self._store: Store | None = None
        self._keeper: Keeper | None = None
        self._chore: asyncio.Task[None] | None = None
        self._places = asyncio.Semaphore(ABREAST)
        self._waiting = 0

    async def start(self) -> None:
        """Open the store, serve the current model of the folder. Raises ModerationError."""
        settings = self.service.settings
        if settings.keep_verdicts and not settings.store:
            raise UsageError("keep_verdicts needs a place for them: give the setting `store`, too")
        if settings.store:
            self._store = await asyncio.to_thread(Store.open, settings.store)
        if self._store and settings.keep_verdicts:
            self._keeper = Keeper(self._store, settings.retention_days, not_kept)
            self.service.keepers.append(self.keep)
        if self._registry:
            seen = self._registry.state().generation
            if self._registry.current():  # else what serves is what was chosen last, by whatever means
                await self._serve_current(self._registry)
            self._chore = asyncio.create_task(self._follow(self._registry, seen))

    async def stop(self) -> None:
        """Write what waits."""
        if self._chore:
            self._chore.cancel()
        if self._keeper:
            await asyncio.to_thread(self._keeper.close)
        if self._store:
            self._store.close()

    def keep(self, judged: Judged) -> None:
        """Keep an answered text; waits where the store is far behind."""
        model, policy = judged.moderator.model, judged.moderator.policy
        if self._keeper:
            self._keeper.keep(
                lambda: kept_verdict(judged.id, judged.document, judged.text, judged.result, model, policy)
            )

    async def settle(self, verdict: str) -> None:
        """Wait until a verdict that was answered a moment ago is written, be it by this process or by another one."""
        keeper = self._keeper
        if keeper is None or await self.run(partial(is_kept, self.store, verdict)):
            return
        await self.run(keeper.flush)
        for _ in range(SETTLE_LOOKS if self.service.settings.workers > 1 else 0):
            if await self.run(partial(is_kept, self.store, verdict)):
                return
            await asyncio.sleep(SETTLE_SECONDS)

    @property
    def store(self) -> Store:
        """Raises Problem 503 where there is none."""
        if self._store is None:
            raise Problem("no-store", "the service was started without the setting `store`")
        return self._store

    @property
    def registry(self) -> Registry:
        """Raises Problem 503 where there is none."""
        if self._registry is None:
            raise Problem("no-candidates", "the service was started without the setting `candidates`")
        return self._registry

    async def run(self, work: Callable[[], T]) -> T:
        """Do something with the store or the models in a thread. Raises Problem 503 where too many wait."""
        if self._waiting >= WAITING:
            raise Problem("busy", f"{self._waiting} requests wait for the store already", headers=RETRY)
        self._waiting += 1
        try:
            async with self._places:
                return await asyncio.to_thread(work)
        except StoreError as error:
            LOG.error("store failed", extra={"fields": {"reason": str(error)}})
            raise Problem("store-failed", "the store could not be used; the log has the cause", headers=RETRY) from None
        finally:
            self._waiting -= 1

    def moderator(self, name: str | None = None) -> Moderator:
        """A model of the folder, or the one that the service was started with, under the present policy.

        None: what serves. Raises Problem 404 for an unknown name, ModelError for a broken one.
        """
        serving = self.service.current.moderator
        if name is None:
            return serving
        if name in self.registry.names():
            return Moderator(load_model(self.registry.folder / name), serving.policy)
        if name == self.base_name:
            return Moderator(load_model(self.service.settings.model), serving.policy)
        raise Problem("not-found", f"no model {name!r}; GET /v1/models lists them")

    def candidate(self) -> Moderator | None:
        """The candidate, where there is one that can be used."""
        name = self._registry.state().candidate if self._registry else None
        try:
            return self.moderator(name) if name else None
        except (ModerationError, Problem):
            return None

    @property
    def base_name(self) -> str:
        """The name of the model that the service was started with."""
        return Path(self.service.settings.model).name

    def compared(self, old: Moderator, new: Moderator) -> Comparison:
        """On the built-in test pages and, where there is a store, on corrections and kept verdicts."""
        sets = [built_in_set(), *(store_sets(self._store) if self._store else [])]
        return compare(old, new, sets)

    async def serve(self, folder: Path | None, cause: Cause) -> None:
        """Serve a model of the folder, None being the one that the service was started with. Raises ModerationError,
        and then all stays as it is."""
        await self.service.fleet.ensure(lambda: self._name(folder), cause)

    async def serve_current(self, registry: Registry, cause: Cause) -> None:
        """Serve what the folder names as current at that moment. Raises as serve."""
        await self.service.fleet.ensure(lambda: self._name(registry.current()), cause)

    def _name(self, folder: Path | None) -> str:
        """A model of the folder as a setting would name it."""
        return str(folder) if folder else self.service.settings.model

    async def _serve_current(self, registry: Registry) -> None:
        """Serve what the folder names as current; where that can't be, what serves goes on."""
        try:
            await self.serve_current(registry, {"cause": FOLDER})
        except ModerationError as error:
            LOG.error("could not serve the current model", extra={"fields": {"reason": str(error)}})

    async def _follow(self, registry: Registry, seen: int) -> None:
        """Serve what the folder names as current whenever another model became that. seen: the state's generation that
        was followed last. A model that was set otherwise serves until then."""
        while True:
            await asyncio.sleep(LOOK)
            try:
                generation = registry.state().generation
            except (ModerationError, OSError) as error:
                LOG.error("folder of models not read", extra={"fields": {"reason": str(error)}})
                continue
            if generation != seen:
                seen = generation
                await self._serve_current(registry)


def not_kept(count: int, error: StoreError) -> None:
    """Verdicts that are lost are counted in the log."""
    LOG.error("verdicts not kept", extra={"fields": {"count": count, "reason": str(error)}})


def loop_of(request: Request) -> Loop:
    """The loop behind a request."""
    loop: Loop = request.app.state.loop
    return loop
