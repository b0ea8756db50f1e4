"""From results to rows of the ledger, column by column: what ledger_rows.py does row by row, many times as fast.

With --ledger-scores every line has a row, and ledger_rows.py makes them.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain, pairwise
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from moderation.columns import span_parts
from moderation.crawl.ledger_rows import GAP, LINE_REASON, SITE_REASON, SPAN_REASON, Head, head_of
from moderation.decision import Decision
from moderation.formats.base import Chunk, Source
from moderation.kernel.removed import BESIDE, BY_LINE, BY_SITE, BY_SPAN, KIND, OWNER, REPAIR, removed_rows
from moderation.repair import Fix
from moderation.result import Result, runs
from moderation.written import NOWHERE

KINDS: Final = ("document", "line", "span", "gap", "repair")
"""In the order of the kernel's."""
REASONS: Final = tuple(
    text
    for _, text in sorted({BY_LINE: LINE_REASON, BY_SITE: SITE_REASON, BY_SPAN: SPAN_REASON, BESIDE: GAP[-1]}.items())
)
Removed: TypeAlias = tuple[
    NDArray[np.int32],
    NDArray[np.float32],
    NDArray[np.uint8],
    NDArray[np.int64],
    NDArray[np.uint8],
    NDArray[np.int64],
    NDArray[np.int64],
]
"""As kernel/removed.py gives it."""


@dataclass(frozen=True, slots=True)
class Block:
    """Rows of documents that follow each other.

    heads: of each document what all its rows share; digests: of those that are kept; reasons: why the others were
    dropped. numbers: int32 (COLUMNS, n), shares: float32 (SHARES, n), text: uint8, text_start: int64 (n + 1,), as
    kernel/removed.py gives them. fixes: of the rows that are repairs.
    """

    heads: Sequence[Head]
    digests: Sequence[str | None]
    reasons: Sequence[str | None]
    numbers: NDArray[np.int32]
    shares: NDArray[np.float32]
    text: NDArray[np.uint8]
    text_start: NDArray[np.int64]
    fixes: Sequence[Fix]

    def __len__(self) -> int:
        return int(self.numbers.shape[1])

    def bytes_until(self) -> NDArray[np.int64]:
        """Bytes of text and heads before each row, and of all: int64 (n + 1,). A head counts in each of its rows."""
        heads = [sum(len(value.encode()) for value in head if isinstance(value, str)) for head in self.heads]
        owned = np.array(heads, np.int64)[self.numbers[OWNER]]
        return np.asarray(self.text_start + np.concatenate([[0], np.cumsum(owned)]), np.int64)

    def ends(self, rows: int, size: int) -> Iterator[int]:
        """Where pieces of at most so many rows end, each behind the first row with which it has so many bytes; the last
        one is beyond the block where rows are lacking."""
        until, end = self.bytes_until(), 0
        while end < len(self):
            end = min(end + rows, int(np.searchsorted(until, until[end] + size)))
            yield end

    def part(self, start: int, stop: int) -> "Block":
        """Rows [start, stop), of which there is at least one."""
        numbers = self.numbers[:, start:stop].copy()
        first, last = int(numbers[OWNER, 0]), int(numbers[OWNER, -1]) + 1
        numbers[OWNER] -= first
        begin, end = self.text_start[start], self.text_start[stop]
        fix, behind = (int(np.count_nonzero(self.numbers[KIND, :row] == REPAIR)) for row in (start, stop))
        return Block(
            self.heads[first:last],
            self.digests[first:last],
            self.reasons[first:last],
            numbers,
            self.shares[:, start:stop],
            self.text[begin:end],
            self.text_start[start : stop + 1] - begin,
            self.fixes[fix:behind],
        )


def joined(blocks: Sequence[Block]) -> Block:
    """Blocks, at least one, behind one another."""
    if len(blocks) == 1:
        return blocks[0]
    numbers = np.concatenate([block.numbers for block in blocks], axis=1)
    owners = np.cumsum([0, *(len(block.heads) for block in blocks[:-1])], dtype=np.int32)
    numbers[OWNER] += np.repeat(owners, [len(block) for block in blocks])
    *begin, end = accumulate((block.text.size for block in blocks), initial=0)
    starts = [block.text_start[:-1] + at for block, at in zip(blocks, begin, strict=True)]
    return Block(
        list(chain.from_iterable(block.heads for block in blocks)),
        list(chain.from_iterable(block.digests for block in blocks)),
        list(chain.from_iterable(block.reasons for block in blocks)),
        numbers,
        np.concatenate([block.shares for block in blocks], axis=1),
        np.concatenate([block.text for block in blocks]),
        np.concatenate([*starts, np.array([end])]),
        list(chain.from_iterable(block.fixes for block in blocks)),
    )


def ledger_blocks(
    file: str,
    first: int,
    source: Source,
    chunk: Chunk,
    results: Sequence[Result],
    reasons: Sequence[str | None],
) -> Iterator[Block]:
    """The rows of one chunk, those of documents that were judged together in one block; none that is empty.

    first: how many documents stand in `file` before it.
    """
    rows = list(accumulate((reason is None for reason in reasons), initial=first))
    for begin, end, decision, at in runs(results):
        gone = np.array([reason is not None for reason in reasons[begin:end]], np.bool_)
        own = results[begin:end]
        fixes = [() if lost else result.fixes for result, lost in zip(own, gone.tolist(), strict=True)]
        numbers, shares, text, text_start, edits, edit_start, owners = rows_of(decision, at, fixes, gone)
        which = (owners + begin).tolist()
        if which:
            yield Block(
                [head_of(file, rows[n], source, chunk, n) for n in which],
                list(digests([results[n].text if reasons[n] is None else None for n in which], edits, edit_start)),
                [reasons[n] for n in which],
                numbers,
                shares,
                text,
                text_start,
                list(chain.from_iterable(fixes)),
            )


def digests(
    texts: Iterable[str | None], edits: NDArray[np.uint8], edit_start: NDArray[np.int64]
) -> Iterator[str | None]:
    """What restoration.clean_digest says of clean texts, whose edits are given as bytes; None for a missing text."""
    for text, (begin, end) in zip(texts, pairwise(edit_start.tolist()), strict=True):
        if text is None:
            yield None
            continue
        digest = hashlib.blake2b(text.encode("utf-8"), digest_size=8)
        digest.update(edits[begin:end].data)
        yield digest.hexdigest()


def rows_of(decision: Decision, first: int, fixes: Sequence[Sequence[Fix]], gone: NDArray[np.bool_]) -> Removed:
    """The kernel's rows of some documents. first: the place of the first in the decision."""
    judgement, last = decision.judgement, first + gone.size
    lines, spans = judgement.lines, judgement.spans
    doc_start = lines.batch.doc_start[first : last + 1]
    begin = span_parts(decision, first, last).begin
    own = slice(begin[0], begin[-1])
    sizes = [len(some) for some in fixes]
    changes = [(fix.start, fix.end, len(fix.after)) for fix in chain.from_iterable(fixes)]
    made = np.array(changes, np.int64).reshape(-1, 3)
    made[:, :2] += np.repeat(doc_start[:-1], sizes)[:, None]
    return removed_rows(
        lines.batch.codes,
        decision.keep,
        doc_start,
        lines.first_line[first : last + 1],
        lines.line_start,
        lines.blank,
        decision.action,
        decision.label,
        judgement.probabilities,
        decision.junk,
        NOWHERE if judgement.outside is None else judgement.outside,
        spans.line[own],
        spans.start[own],
        spans.end[own],
        spans.label[own],
        spans.score[own],
        decision.span_action[own],
        made,
        np.cumsum([0, *sizes]),
        gone,
    )
