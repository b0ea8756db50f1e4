"""A block of the ledger as lines of JSON."""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import orjson
from numpy.typing import NDArray

from moderation.crawl.ledger import Row
from moderation.crawl.ledger_blocks import KINDS, REASONS, Block
from moderation.kernel.removed import AT, DOCUMENT, END, KIND, LINE, OWNER, REPAIR, SPAN, START
from moderation.kernel.write_removed import write_removed
from moderation.labels import NAMES
from moderation.repair import Fix
from moderation.written import gathered

HEAD: Final = Row._fields[: Row._fields.index("kind")]
QUOTED: Final = [f'"{name}"'.encode() for name in (*KINDS, *NAMES)] + [orjson.dumps(reason) for reason in REASONS]
QUOTES, QUOTE_START = gathered(QUOTED)
COMMA: Final = ord(",")
PART_ROWS: Final = 1 << 14
PART_BYTES: Final = 1 << 24
"""What is written at a time: a long document of junk would take a hundred times its size, so would a long address."""


def json_lines(block: Block) -> Iterator[bytes]:
    """One object a row, without the fields that are empty; without a Python object for lines and spans."""
    start = 0
    for wanted in block.ends(PART_ROWS, PART_BYTES):
        end = min(len(block), wanted)
        yield lines_of(block if end - start == len(block) else block.part(start, end))
        start = end


def lines_of(block: Block) -> bytes:
    """All of a block at once."""
    heads = [{name: value for name, value in zip(HEAD, head, strict=True) if value is not None} for head in block.heads]
    return write_removed(
        np.ascontiguousarray(block.numbers),
        block.text,
        block.text_start,
        *gathered([orjson.dumps(head)[:-1] for head in heads]),
        *gathered(list(made(block))),
        *shares(block),
        QUOTES,
        QUOTE_START,
        len(KINDS),
        len(KINDS) + len(NAMES),
    ).tobytes()


def shares(block: Block) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Score and junk of lines, score of spans, in digits, and where each begins: numbers are written in one place."""
    kind = block.numbers[KIND]
    given = np.stack([(kind == LINE) | (kind == SPAN), kind == LINE])
    digits = orjson.dumps(block.shares.T[given.T].astype(np.float64), option=orjson.OPT_SERIALIZE_NUMPY)
    data = np.frombuffer(digits[1:-1] + b",", np.uint8)
    return data, np.concatenate([[0], np.flatnonzero(data == COMMA) + 1])


def made(block: Block) -> Iterator[bytes]:
    """The rows of documents and repairs, in order, from their kind on."""
    kind, fixes = block.numbers[KIND], iter(block.fixes)
    rows = np.flatnonzero((kind == DOCUMENT) | (kind == REPAIR))
    for n, owner, mended in zip(
        rows.tolist(), block.numbers[OWNER, rows].tolist(), (kind[rows] == REPAIR).tolist(), strict=True
    ):
        row = repair(block, n, next(fixes)) if mended else document(block.digests[owner], block.reasons[owner])
        yield b"," + orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE)[1:]


def document(digest: str | None, reason: str | None) -> dict[str, Any]:
    """The row of a document, from its kind on."""
    if reason is None:
        return {"kind": "document", "action": "keep", "digest": digest}
    return {"kind": "document", "action": "drop", "reason": reason}


def repair(block: Block, n: int, fix: Fix) -> dict[str, Any]:
    """The row of a repair, from its kind on. n: which row it is."""
    before = block.text[block.text_start[n] : block.text_start[n + 1]].tobytes().decode("utf-8")
    start, end, at = block.numbers[[START, END, AT], n].tolist()
    place = {"kind": "repair", "start": start, "end": end, "action": "repair"}
    return {**place, "reason": fix.kind, "text": before, "at": at, "after": fix.after}
