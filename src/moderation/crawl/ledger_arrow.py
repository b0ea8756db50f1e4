"""A block of the ledger as Arrow columns."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from moderation.crawl.ledger_blocks import KINDS, REASONS, Block
from moderation.kernel.removed import (
    AT,
    DOCUMENT,
    END,
    JUNK,
    KIND,
    LABEL,
    LINE,
    NUMBER,
    OWNER,
    REASON,
    REPAIR,
    SCORE,
    START,
)
from moderation.labels import NAMES

ACTIONS: Final = ("keep", "drop", "repair")
KEEP, DROP, MEND = range(len(ACTIONS))


def columns_of(block: Block) -> dict[str, pa.Array]:
    """All columns, by name; of a row's kind depends which of them are null."""
    owner, kind = block.numbers[OWNER], block.numbers[KIND]
    file, row, source, place, ids, urls = zip(*block.heads, strict=True)
    numbers = {
        name: pa.array(block.numbers[n], mask=block.numbers[n] < 0)
        for name, n in (("line", NUMBER), ("start", START), ("end", END), ("at", AT))
    }
    return {
        **numbers,
        "file": few(*interned(file), owner),
        "row": pa.array(np.array(row, np.int64)[owner]),
        "source": few(*interned(source), owner),
        "place": pa.array(np.array(place, np.int64)[owner]),
        "id": pa.array(ids, pa.string()).take(pa.array(owner)),
        "url": pa.array(urls, pa.string()).take(pa.array(owner)),
        "kind": words(kind, KINDS),
        "label": words(block.numbers[LABEL], NAMES),
        "score": pa.array(block.shares[SCORE], mask=block.numbers[LABEL] < 0),
        "junk": pa.array(block.shares[JUNK], mask=kind != LINE),
        "action": words(actions(block), ACTIONS),
        "reason": words(*reasons(block)),
        "text": texts(block),
        "after": sparse([fix.after for fix in block.fixes], kind == REPAIR),
        "digest": pa.array(block.digests, pa.string()).take(pa.array(owner, mask=kind != DOCUMENT)),
        "scores": pa.nulls(len(block), pa.list_(pa.float32())),
    }


def words(codes: NDArray[np.int32], names: Sequence[str]) -> pa.DictionaryArray:
    """Names by their codes; null for a negative one."""
    return pa.DictionaryArray.from_arrays(pa.array(codes, mask=codes < 0), pa.array(names, pa.string()))


def interned(names: Sequence[str]) -> tuple[NDArray[np.int32], list[str]]:
    """Codes of names, and the different names in order of appearance."""
    known: dict[str, int] = {}
    codes = [known.setdefault(name, len(known)) for name in names]
    return np.array(codes, np.int32), list(known)


def few(codes: NDArray[np.int32], names: Sequence[str], owner: NDArray[np.int32]) -> pa.DictionaryArray:
    """Names of documents as a column of their rows."""
    return words(codes[owner], names)


def sparse(values: Sequence[str], where: NDArray[np.bool_]) -> pa.Array:
    """The values in the rows that have one."""
    if not values:
        return pa.nulls(where.size, pa.string())
    at = np.cumsum(where) - 1
    return pa.array(values, pa.string()).take(pa.array(at, mask=~where))


def actions(block: Block) -> NDArray[np.int32]:
    """What was done, by row."""
    kind = block.numbers[KIND]
    found = np.where(kind == REPAIR, MEND, DROP)
    found[(kind == DOCUMENT) & ~gone(block)] = KEEP
    return found.astype(np.int32)


def reasons(block: Block) -> tuple[NDArray[np.int32], list[str]]:
    """Why, by row, and the different reasons."""
    kind, codes = block.numbers[KIND], block.numbers[REASON].copy()
    given = [reason for reason in block.reasons if reason is not None]
    found, names = interned([*REASONS, *(fix.kind for fix in block.fixes), *given])
    mended = len(REASONS) + len(block.fixes)
    codes[kind == REPAIR] = found[len(REASONS) : mended]
    codes[gone(block)] = found[mended:]
    return codes, names


def gone(block: Block) -> NDArray[np.bool_]:
    """The rows of documents that were dropped whole."""
    dropped = np.array([reason is not None for reason in block.reasons], np.bool_)
    found: NDArray[np.bool_] = dropped[block.numbers[OWNER]]
    return found


def texts(block: Block) -> pa.Array:
    """What was removed or replaced."""
    valid = block.numbers[KIND] != DOCUMENT
    mask = pa.array(valid).buffers()[1]
    buffers: list[Any] = [mask, pa.py_buffer(block.text_start.astype(np.int32)), pa.py_buffer(block.text)]
    return pa.Array.from_buffers(pa.string(), len(block), buffers, len(block) - int(valid.sum()))
