"""The judged documents of a shard: read and judged now, or taken from an earlier run."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Final, TypeAlias

from moderation.crawl.plan import NOTHING, Piece, Shard
from moderation.crawl.settings import Settings
from moderation.crawl.weight import bearable, weight
from moderation.errors import InputError, ModelError
from moderation.formats.base import CHUNK_BYTES, Chunk, Reading, Reject, Source
from moderation.formats.table import load_format
from moderation.moderate import Moderator
from moderation.result import Result

Judge: TypeAlias = Callable[[Sequence[tuple[Source, Chunk]]], list[Result]]
"""Judges the documents of some chunks, in order; whatever else it knows, it decides through Moderator."""
Documents: TypeAlias = Callable[[Shard], Iterator[tuple[Piece, Chunk, list[Result]]]]
"""The documents of a shard, in order, a chunk at a time, with what was decided about them."""
RUN_WEIGHT: Final = 3 * CHUNK_BYTES // 2
"""What is judged at a time: as weight.py weighs, a chunk or a little more."""


def documents_of(settings: Settings, folder: Path) -> Documents:
    """What the settings ask for; loads the model. folder: of the run. Raises ModelError."""
    moderator = moderator_of(settings)
    if settings.again:
        from moderation.crawl.again import Again  # noqa: PLC0415

        return Again(settings.again, moderator, settings.reading).documents
    if settings.site_lines:
        return reading(settings, with_sites(moderator, folder))
    return reading(settings, lambda pairs: moderator.clean_many([text for _, chunk in pairs for text in chunk.texts]))


def with_sites(moderator: Moderator, folder: Path) -> Judge:
    """Judges with what the run's first pass found out about sites."""
    from moderation.crawl.site_lines import SiteEvidence  # noqa: PLC0415
    from moderation.crawl.site_table import read_table  # noqa: PLC0415

    table = read_table(folder)

    def judge(pairs: Sequence[tuple[Source, Chunk]]) -> list[Result]:
        urls = [url for _, chunk in pairs for url in chunk.urls]
        return moderator.clean_many([text for _, chunk in pairs for text in chunk.texts], SiteEvidence(table, urls))

    return judge


def reading(settings: Settings, judge: Judge) -> Documents:
    """Read the shard's extents, and judge."""

    def documents(shard: Shard) -> Iterator[tuple[Piece, Chunk, list[Result]]]:
        for pairs in together(chunks(shard, settings.reading)):
            results = iter(judge([(piece.source, chunk) for piece, chunk in pairs]))
            while pairs:
                piece, chunk = pairs.pop(0)
                yield piece, chunk, list(islice(results, len(chunk)))
            del chunk, results  # the next ones are read and judged when these are gone

    return documents


def chunks(shard: Shard, reading: Reading) -> Iterator[tuple[Piece, Chunk]]:
    """What the shard's extents hold, in parts that there is room for; a file of which nothing could be read when the
    run was planned is set aside as if it were a record, so that those beside it are not lost. One that breaks
    afterwards fails its shard, which is tried again.
    """
    for piece in shard.pieces:
        unreadable = piece.extent.stop == NOTHING
        extent = replace(piece.extent, stop=None) if unreadable else piece.extent
        try:
            for chunk in load_format(piece.source.format).read(piece.source, extent, reading):
                for some in bearable(chunk, reading):
                    yield piece, some
        except InputError as error:
            if not unreadable:
                raise
            reason = str(error).removeprefix(f"{piece.source.path}: ")
            reject = Reject(piece.extent.start, reason, b"", piece.extent.size)
            yield piece, Chunk([], [], [], [], [], [], [reject], piece.extent.size, unreadable=True)


def together(pairs: Iterator[tuple[Piece, Chunk]]) -> Iterator[list[tuple[Piece, Chunk]]]:
    """Small chunks, such as pages, in runs that are worth a call of the kernels; large ones alone."""
    run: list[tuple[Piece, Chunk]] = []
    size = 0
    for pair in pairs:
        own = sum(map(weight, pair[1].texts))
        if run and size + own > RUN_WEIGHT:
            yield run
            run, size = [], 0
        run.append(pair)
        size += own
    if run:
        yield run


def moderator_of(settings: Settings) -> Moderator:
    """The model that the run was begun with. Raises ModelError for another one."""
    moderator = Moderator.load(settings.model, settings.policy)
    if moderator.model.id != settings.model_id:
        raise ModelError(
            f"the model {settings.model or 'default'} is {moderator.model.id}, the run was begun with "
            f"{settings.model_id}; name that one, or begin afresh"
        )
    return moderator
