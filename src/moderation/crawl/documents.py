"""The judged documents of a shard: read and judged now, or taken from an earlier run."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

from moderation.crawl.plan import Piece, Shard
from moderation.crawl.settings import Settings
from moderation.errors import ModelError
from moderation.formats.base import Chunk, Source
from moderation.formats.table import load_format
from moderation.moderate import Moderator
from moderation.result import Result

Judge: TypeAlias = Callable[[Source, Chunk], list[Result]]
"""Judges the documents of a chunk; whatever else it knows, it decides through Moderator."""
Documents: TypeAlias = Callable[[Shard], Iterator[tuple[Piece, Chunk, list[Result]]]]
"""The documents of a shard, in order, a chunk at a time, with what was decided about them."""


def documents_of(settings: Settings) -> Documents:
    """What the settings ask for; loads the model. Raises ModelError."""
    moderator = moderator_of(settings)
    if settings.again:
        from moderation.crawl.again import Again  # noqa: PLC0415

        return Again(Path(settings.again), moderator, settings.reading).documents
    return reading(settings, lambda source, chunk: moderator.clean_many(chunk.texts))


def reading(settings: Settings, judge: Judge) -> Documents:
    """Read the shard's extents, and judge."""

    def documents(shard: Shard) -> Iterator[tuple[Piece, Chunk, list[Result]]]:
        for piece in shard.pieces:
            for chunk in load_format(piece.source.format).read(piece.source, piece.extent, settings.reading):
                yield piece, chunk, judge(piece.source, chunk)

    return documents


def moderator_of(settings: Settings) -> Moderator:
    """The model that the run was begun with. Raises ModelError for another one."""
    moderator = Moderator.load(settings.model, settings.policy)
    if moderator.model.id != settings.model_id:
        raise ModelError(
            f"the model {settings.model or 'default'} is {moderator.model.id}, the run was begun with "
            f"{settings.model_id}; name that one, or begin afresh"
        )
    return moderator
