"""Verdicts as JSON, written number by number: what makes a Python object of each costs more than judging the line."""

import numpy as np
from numpy.typing import NDArray

from moderation.kernel.jit import always, inline, kernel

LINE = np.frombuffer(b'{"line":', np.uint8)
START = np.frombuffer(b',"start":', np.uint8)
OPEN_SPAN = np.frombuffer(b'{"start":', np.uint8)
END = np.frombuffer(b',"end":', np.uint8)
LABEL = np.frombuffer(b',"label":', np.uint8)
SCORE = np.frombuffer(b',"score":', np.uint8)
JUNK = np.frombuffer(b',"junk":', np.uint8)
ACTION = np.frombuffer(b',"action":', np.uint8)
SPANS = np.frombuffer(b',"spans":[', np.uint8)
TRICKS = np.frombuffer(b'],"tricks":[', np.uint8)
CLOSE = np.frombuffer(b"]", np.uint8)
ELSEWHERE = np.frombuffer(b',"reason":"site"', np.uint8)
OPEN = np.frombuffer(b"[", np.uint8)
COMMA = np.frombuffer(b",", np.uint8)
BRACE = np.frombuffer(b"}", np.uint8)
ZERO, POINT = ord("0"), ord(".")
PLACES = 10_000
"""Scores have four digits behind the point."""
LINE_BYTES, SPAN_BYTES = 256, 192
"""More than a line or a span takes beside its names."""


@always
def put(out: NDArray[np.uint8], at: int, text: NDArray[np.uint8]) -> int:
    """Copy `text` to `out` from `at`; where it ends."""
    for i in range(text.size):
        out[at + i] = text[i]
    return at + text.size


@inline
def put_int(out: NDArray[np.uint8], at: int, number: int) -> int:
    """A number that is not negative, in digits."""
    digits = 1
    rest = number // 10
    while rest:
        digits += 1
        rest //= 10
    for i in range(at + digits - 1, at - 1, -1):
        out[i] = ZERO + number % 10
        number //= 10
    return at + digits


@inline
def put_score(out: NDArray[np.uint8], at: int, score: float) -> int:
    """A score in [0, 1], rounded as round() would, in as few digits as JSON writers use."""
    number = int(np.rint(np.float64(score) * PLACES))
    out[at] = ZERO + number // PLACES
    out[at + 1] = POINT
    number %= PLACES
    at += 2
    place = PLACES // 10
    while True:
        out[at] = ZERO + number // place
        number %= place
        at += 1
        if number == 0:
            return at
        place //= 10


@inline
def put_number(out: NDArray[np.uint8], at: int, key: NDArray[np.uint8], number: int) -> int:
    """A field that is a number."""
    return put_int(out, put(out, at, key), number)


@inline
def put_share(out: NDArray[np.uint8], at: int, key: NDArray[np.uint8], score: float) -> int:
    """A field that is a score."""
    return put_score(out, put(out, at, key), score)


@inline
def put_name(
    out: NDArray[np.uint8],
    at: int,
    key: NDArray[np.uint8],
    names: NDArray[np.uint8],
    name_start: NDArray[np.int64],
    name: int,
) -> int:
    """A field that is a name."""
    return put(out, put(out, at, key), names[name_start[name] : name_start[name + 1]])


@inline
def put_tricks(
    out: NDArray[np.uint8], at: int, tricks: int, names: NDArray[np.uint8], name_start: NDArray[np.int64]
) -> int:
    """The names of the tricks whose bits are set."""
    first = True
    for t in range(name_start.size - 1):
        if tricks >> t & 1:
            at = at if first else put(out, at, COMMA)
            first = False
            at = put(out, at, names[name_start[t] : name_start[t + 1]])
    return at


@inline
def room(n_lines: int, n_spans: int, tricks: NDArray[np.uint16], name_start: NDArray[np.int64]) -> int:
    """Bytes that are enough."""
    longest = 0
    for n in range(name_start.size - 1):
        longest = max(longest, name_start[n + 1] - name_start[n])
    hidden = 0
    for n in range(tricks.size):
        if tricks[n]:
            hidden += 1
    names = name_start[name_start.size - 1] + name_start.size
    return n_lines * (LINE_BYTES + 2 * longest) + n_spans * (SPAN_BYTES + 2 * longest) + hidden * names


@kernel
def write_lines(
    rows: NDArray[np.int64],
    begin: NDArray[np.int64],
    first_line: NDArray[np.int64],
    doc_start: NDArray[np.int64],
    line_start: NDArray[np.int64],
    line_end: NDArray[np.int64],
    label: NDArray[np.uint8],
    probabilities: NDArray[np.float32],
    junk: NDArray[np.float32],
    action: NDArray[np.uint8],
    outside: NDArray[np.bool_],
    tricks: NDArray[np.uint16],
    span_line: NDArray[np.int64],
    span_start: NDArray[np.int64],
    span_end: NDArray[np.int64],
    span_label: NDArray[np.int64],
    span_score: NDArray[np.float32],
    span_action: NDArray[np.uint8],
    names: NDArray[np.uint8],
    name_start: NDArray[np.int64],
    first_trick: int,
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """The verdicts of some documents, a JSON array each, and where each begins: uint8, int64 (d + 1,).

    rows: indices of the lines that are not blank. begin: int64 (d + 1,), where each document begins among them.
    tricks: of each of them, a bit for each trick. first_line, doc_start: of the documents. outside: of all lines, or
    empty. The span columns are of these documents only, sorted by line. names: the names of labels, actions and
    tricks in quotes, one behind the other; name_start: where each begins; first_trick: how many come before tricks.
    """
    n_labels = probabilities.shape[1]
    n_docs = begin.size - 1
    out = np.empty(2 * n_docs + room(rows.size, span_line.size, tricks, name_start), np.uint8)
    out_start = np.zeros(n_docs + 1, np.int64)
    at = 0
    s = 0
    for d in range(n_docs):
        at = put(out, at, OPEN)
        for n in range(begin[d], begin[d + 1]):
            k = rows[n]
            at = at if n == begin[d] else put(out, at, COMMA)
            at = put_number(out, at, LINE, k - first_line[d])
            at = put_number(out, at, START, line_start[k] - doc_start[d])
            at = put_number(out, at, END, line_end[k] - doc_start[d])
            at = put_name(out, at, LABEL, names, name_start, label[k])
            at = put_share(out, at, SCORE, probabilities[k, label[k]])
            at = put_share(out, at, JUNK, junk[k])
            at = put_name(out, at, ACTION, names, name_start, n_labels + action[k])
            at = put(out, at, SPANS)
            first = s
            while s < span_line.size and span_line[s] <= k:
                at = at if s == first else put(out, at, COMMA)
                at = put_number(out, at, OPEN_SPAN, span_start[s] - doc_start[d])
                at = put_number(out, at, END, span_end[s] - doc_start[d])
                at = put_name(out, at, LABEL, names, name_start, span_label[s])
                at = put_share(out, at, SCORE, span_score[s])
                at = put_name(out, at, ACTION, names, name_start, n_labels + span_action[s])
                at = put(out, at, BRACE)
                s += 1
            at = put(out, at, TRICKS)
            if tricks[n]:
                at = put_tricks(out, at, tricks[n], names, name_start[first_trick:])
            at = put(out, at, CLOSE)
            if outside.size and outside[k]:
                at = put(out, at, ELSEWHERE)
            at = put(out, at, BRACE)
        at = put(out, at, CLOSE)
        out_start[d + 1] = at
    return out[:at], out_start
