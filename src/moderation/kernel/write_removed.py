"""Rows of the ledger as JSON, one object a line, in the order and with the escapes of JSON writers."""

import numpy as np
from numpy.typing import NDArray

from moderation.kernel.jit import always, inline, kernel
from moderation.kernel.removed import AT, DOCUMENT, END, GAP, KIND, LABEL, LINE, NUMBER, OWNER, REASON, REPAIR, START
from moderation.kernel.write import put, put_int

KIND_KEY = np.frombuffer(b',"kind":', np.uint8)
LINE_KEY = np.frombuffer(b',"line":', np.uint8)
START_KEY = np.frombuffer(b',"start":', np.uint8)
END_KEY = np.frombuffer(b',"end":', np.uint8)
LABEL_KEY = np.frombuffer(b',"label":', np.uint8)
SCORE_KEY = np.frombuffer(b',"score":', np.uint8)
JUNK_KEY = np.frombuffer(b',"junk":', np.uint8)
REASON_KEY = np.frombuffer(b',"action":"drop","reason":', np.uint8)
TEXT_KEY = np.frombuffer(b',"text":"', np.uint8)
AT_KEY = np.frombuffer(b'","at":', np.uint8)
CLOSE = np.frombuffer(b"}\n", np.uint8)
ROW_BYTES = 192
"""More than a row takes beside its head, its names, its shares and its text."""
ESCAPE_BYTES = 6
BACKSLASH, BY_CODE = ord("\\"), ord("u")
ESCAPE = np.zeros(256, np.uint8)
"""What stands behind a backslash for each byte, BY_CODE with its code behind it; 0 where it stands for itself."""
ESCAPE[:32] = BY_CODE
ESCAPE[np.frombuffer(b'\b\t\n\f\r"\\', np.uint8)] = np.frombuffer(b'btnfr"\\', np.uint8)
CODE = np.frombuffer(b"00", np.uint8)
DIGITS = np.frombuffer(b"0123456789abcdef", np.uint8)


@inline
def put_escaped(out: NDArray[np.uint8], at: int, text: NDArray[np.uint8]) -> int:
    """Text inside a JSON string."""
    for i in range(text.size):
        c = text[i]
        escape = ESCAPE[c]
        if not escape:
            out[at] = c
            at += 1
            continue
        out[at], out[at + 1] = BACKSLASH, escape
        at += 2
        if escape == BY_CODE:
            at = put(out, at, CODE)
            out[at], out[at + 1] = DIGITS[c >> 4], DIGITS[c & 15]
            at += 2
    return at


@always
def part(data: NDArray[np.uint8], start: NDArray[np.int64], n: int) -> NDArray[np.uint8]:
    """One of several pieces that stand behind one another."""
    return data[start[n] : start[n + 1]]


@inline
def room(
    numbers: NDArray[np.int32], text: NDArray[np.uint8], text_start: NDArray[np.int64], head_start: NDArray[np.int64]
) -> int:
    """Bytes that the heads and texts of rows take."""
    size = 0
    for m in range(numbers.shape[1]):
        owner = numbers[OWNER, m]
        size += head_start[owner + 1] - head_start[owner]
        for i in range(text_start[m], text_start[m + 1]):
            size += ESCAPE_BYTES if ESCAPE[text[i]] else 1
    return size


@kernel
def write_removed(
    numbers: NDArray[np.int32],
    text: NDArray[np.uint8],
    text_start: NDArray[np.int64],
    heads: NDArray[np.uint8],
    head_start: NDArray[np.int64],
    made: NDArray[np.uint8],
    made_start: NDArray[np.int64],
    shares: NDArray[np.uint8],
    share_start: NDArray[np.int64],
    names: NDArray[np.uint8],
    name_start: NDArray[np.int64],
    first_label: int,
    first_reason: int,
) -> NDArray[np.uint8]:
    """The rows, uint8.

    numbers, text, text_start: as kernel/removed.py gives them. heads: how the rows of each document begin, up to their
    kind; made: how the rows of documents and repairs go on from there, in order; shares: in order, of each line its
    score and its junk, of each span its score, in digits, a comma behind each; names: in quotes, of kinds, labels and
    reasons. The *_start say where each begins, and one more where the last ends; of shares, the comma is not counted.
    """
    rows = numbers.shape[1]
    longest = 0
    for n in range(name_start.size - 1):
        longest = max(longest, name_start[n + 1] - name_start[n])
    size = room(numbers, text, text_start, head_start) + rows * (ROW_BYTES + 3 * longest)
    out = np.empty(size + made.size + shares.size, np.uint8)
    at = 0
    f = 0
    s = 0
    for m in range(rows):
        kind = numbers[KIND, m]
        at = put(out, at, part(heads, head_start, numbers[OWNER, m]))
        if kind in (DOCUMENT, REPAIR):
            at = put(out, at, part(made, made_start, f))
            f += 1
            continue
        at = put(out, put(out, at, KIND_KEY), part(names, name_start, kind))
        if kind != GAP:
            at = put_int(out, put(out, at, LINE_KEY), numbers[NUMBER, m])
        at = put_int(out, put(out, at, START_KEY), numbers[START, m])
        at = put_int(out, put(out, at, END_KEY), numbers[END, m])
        if kind != GAP:
            at = put(out, put(out, at, LABEL_KEY), part(names, name_start, first_label + numbers[LABEL, m]))
            at = put(out, put(out, at, SCORE_KEY), shares[share_start[s] : share_start[s + 1] - 1])
            s += 1
        if kind == LINE:
            at = put(out, put(out, at, JUNK_KEY), shares[share_start[s] : share_start[s + 1] - 1])
            s += 1
        at = put(out, put(out, at, REASON_KEY), part(names, name_start, first_reason + numbers[REASON, m]))
        at = put_escaped(out, put(out, at, TEXT_KEY), part(text, text_start, m))
        at = put_int(out, put(out, at, AT_KEY), numbers[AT, m])
        at = put(out, at, CLOSE)
    return out[:at]
