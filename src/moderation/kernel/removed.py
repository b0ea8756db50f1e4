"""What was cut and what was mended, as rows of the ledger: column by column, the text as UTF-8."""

import numpy as np
from numpy.typing import NDArray

from moderation.kernel.assemble import DROP
from moderation.kernel.jit import inline, kernel
from moderation.kernel.write import put_int

DOCUMENT, LINE, SPAN, GAP, REPAIR = 0, 1, 2, 3, 4
"""Kinds of rows."""
OWNER, KIND, NUMBER, START, END, AT, LABEL, REASON = 0, 1, 2, 3, 4, 5, 6, 7
COLUMNS = 8
"""Columns of a row that are whole numbers; -1 where a row has none."""
BY_LINE, BY_SITE, BY_SPAN, BESIDE = 0, 1, 2, 3
"""Reasons."""
SCORE, JUNK = 0, 1
SHARES = 2
"""Columns of a row that are shares; 0 where a row has none."""
BOUNDARY = -1
MOST_BYTES = 4
"""Of a character in UTF-8."""
EDIT_BYTES = 64
"""More than the two numbers of an edit and what stands beside them take."""
ONE = np.uint64(1)
BLOCK = np.uint64(64)
"""Characters that are looked at together."""
SIX, TWELVE, EIGHTEEN = np.uint32(6), np.uint32(12), np.uint32(18)
REST, MORE = np.uint32(0x3F), np.uint32(0x80)


@inline
def run_end(keep: NDArray[np.bool_], start: int, end: int) -> int:
    """Where the run of characters from `start` that all stay, or all don't, ends; long ones are passed in blocks."""
    stays = keep[start]
    i = np.uint64(start)
    same = True
    while same and i + BLOCK <= end:
        for j in range(BLOCK):
            same &= keep[i + j] == stays
        if same:
            i += BLOCK
    while i < end and keep[i] == stays:
        i += ONE
    return np.int64(i)


@inline
def width(c: int) -> int:
    """Bytes of a code point in UTF-8."""
    return 1 + (c >= 0x80) + (c >= 0x800) + (c >= 0x10000)


@inline
def put_utf8(out: NDArray[np.uint8], at: int, codes: NDArray[np.uint32], start: int, end: int) -> int:
    """Code points [start, end) as UTF-8 to `out` from `at`; where it ends."""
    m = np.uint64(at)
    for i in range(np.uint64(start), np.uint64(end)):
        c = codes[i]
        if c < 0x80:
            out[m] = c
            m += ONE
        elif c < 0x800:
            out[m] = np.uint32(0xC0) | (c >> SIX)
            out[m + ONE] = MORE | (c & REST)
            m += np.uint64(2)
        elif c < 0x10000:
            out[m] = np.uint32(0xE0) | (c >> TWELVE)
            out[m + ONE] = MORE | ((c >> SIX) & REST)
            out[m + np.uint64(2)] = MORE | (c & REST)
            m += np.uint64(3)
        else:
            out[m] = np.uint32(0xF0) | (c >> EIGHTEEN)
            out[m + ONE] = MORE | ((c >> TWELVE) & REST)
            out[m + np.uint64(2)] = MORE | ((c >> SIX) & REST)
            out[m + np.uint64(3)] = MORE | (c & REST)
            m += np.uint64(4)
    return np.int64(m)


@kernel
def piece_marks(
    doc_start: NDArray[np.int64],
    first_line: NDArray[np.int64],
    line_start: NDArray[np.int64],
    blank: NDArray[np.bool_],
    action: NDArray[np.uint8],
    span_start: NDArray[np.int64],
    span_end: NDArray[np.int64],
    span_action: NDArray[np.uint8],
) -> NDArray[np.int32]:
    """What begins at each character, int32 (n + 1,): k + 1 for a line that is dropped, -2 - s for a span that is,
    BOUNDARY where one ends, otherwise 0. The span columns are of these documents only.
    """
    base = doc_start[0]
    mark = np.zeros(doc_start[doc_start.size - 1] - base + 1, np.int32)
    for k in range(first_line[0], first_line[first_line.size - 1]):
        if action[k] == DROP and not blank[k]:
            mark[line_start[k] - base] = k + 1
    for s in range(span_start.size):
        if span_action[s] == DROP:
            mark[span_start[s] - base] = -2 - s
    for s in range(span_start.size):
        if span_action[s] == DROP and mark[span_end[s] - base] == 0:
            mark[span_end[s] - base] = BOUNDARY
    return mark


@kernel
def count_pieces(
    codes: NDArray[np.uint32], keep: NDArray[np.bool_], doc_start: NDArray[np.int64], mark: NDArray[np.int32]
) -> tuple[int, int, int]:
    """How many pieces were cut, of how many runs, and how many bytes of UTF-8 they are."""
    base = doc_start[0]
    pieces = 0
    runs = 0
    size = 0
    for d in range(doc_start.size - 1):
        before = True
        for i in range(np.uint64(doc_start[d]), np.uint64(doc_start[d + 1])):
            gone = not keep[i]
            size += gone * width(codes[i])
            runs += gone & before
            pieces += gone & (before | (mark[i - np.uint64(base)] != 0))
            before = not gone
    return pieces, runs, size


@inline
def put_edit(out: NDArray[np.uint8], at: int, place: int, length: int, text: NDArray[np.uint8]) -> int:
    """An edit as restoration.clean_digest takes it in."""
    out[at] = 0
    at = put_int(out, at + 1, place)
    out[at] = 0
    at = put_int(out, at + 1, length)
    out[at] = 0
    at += 1
    for i in range(text.size):
        out[at + i] = text[i]
    return at + text.size


@inline
def put_place(rows: NDArray[np.int32], m: int, kind: int, owner: int, start: int, end: int, at: int) -> None:
    """What the row of any piece or repair has."""
    rows[OWNER, m], rows[KIND, m] = owner, kind
    rows[START, m], rows[END, m], rows[AT, m] = start, end, at


@inline
def put_junk(
    rows: NDArray[np.int32],
    shares: NDArray[np.float32],
    m: int,
    number: int,
    label: int,
    score: float,
    reason: int,
) -> None:
    """What the row of a line or a span has beside it."""
    rows[NUMBER, m], rows[LABEL, m], rows[REASON, m] = number, label, reason
    shares[SCORE, m] = score


@kernel
def removed_rows(
    codes: NDArray[np.uint32],
    keep: NDArray[np.bool_],
    doc_start: NDArray[np.int64],
    first_line: NDArray[np.int64],
    line_start: NDArray[np.int64],
    blank: NDArray[np.bool_],
    action: NDArray[np.uint8],
    label: NDArray[np.uint8],
    probabilities: NDArray[np.float32],
    junk: NDArray[np.float32],
    outside: NDArray[np.bool_],
    span_line: NDArray[np.int64],
    span_start: NDArray[np.int64],
    span_end: NDArray[np.int64],
    span_label: NDArray[np.int64],
    span_score: NDArray[np.float32],
    span_action: NDArray[np.uint8],
    fixes: NDArray[np.int64],
    fix_begin: NDArray[np.int64],
    gone: NDArray[np.bool_],
) -> tuple[
    NDArray[np.int32],
    NDArray[np.float32],
    NDArray[np.uint8],
    NDArray[np.int64],
    NDArray[np.uint8],
    NDArray[np.int64],
    NDArray[np.int64],
]:
    """The rows of some documents: one for the document where anything was changed or all of it is gone, then its pieces
    and repairs by place.

    doc_start, first_line: of these documents, (d + 1,). outside: of all lines, or empty. The span columns are of these
    documents only, sorted by line. fixes: int64 (f, 3), [start, end) in the batch's codes, length of what stands there
    now; fix_begin: (d + 1,), which are whose. gone: (d,), documents that were dropped whole, of which no piece has a
    place. Returns whole numbers, int32 (COLUMNS, rows), OWNER being a place among the documents that have rows; shares,
    float32 (SHARES, rows); text of all rows and where each begins, (rows + 1,); the edits of the documents that have
    rows, as their digest takes them in, and where each one's begin, (o + 1,); which documents those are, (o,).
    """
    n_docs = gone.size
    base = doc_start[0]
    mark = piece_marks(doc_start, first_line, line_start, blank, action, span_start, span_end, span_action)
    n_pieces, n_runs, n_bytes = count_pieces(codes, keep, doc_start, mark)
    n_fixes = fixes.shape[0]
    for f in range(n_fixes):
        n_bytes += MOST_BYTES * (fixes[f, 1] - fixes[f, 0])
    rows = np.full((COLUMNS, n_docs + n_pieces + n_fixes), -1, np.int32)
    shares = np.zeros((SHARES, rows.shape[1]), np.float32)
    text = np.empty(n_bytes, np.uint8)
    text_start = np.zeros(rows.shape[1] + 1, np.int64)
    edits = np.empty(n_bytes + EDIT_BYTES * (n_runs + n_fixes), np.uint8)
    edit_start = np.zeros(n_docs + 1, np.int64)
    owners = np.empty(n_docs, np.int64)
    m = b = e = o = 0
    for d in range(n_docs):
        offset, stop = doc_start[d], doc_start[d + 1]
        f = fix_begin[d]
        head = m
        m += 1
        text_start[m] = b
        kept = grown = 0
        i = offset
        while i < stop and not gone[d]:
            stays = i
            if keep[i]:
                i = run_end(keep, i, stop)
            while f < fix_begin[d + 1] and fixes[f, 0] < i:
                start, end, length = fixes[f, 0], fixes[f, 1], fixes[f, 2]
                at = kept + (start - stays) + grown
                begin = b
                b = put_utf8(text, b, codes, start, end)
                e = put_edit(edits, e, at, length, text[begin:b])
                put_place(rows, m, REPAIR, o, start - offset, end - offset, at)
                m += 1
                text_start[m] = b
                grown += length - (end - start)
                f += 1
            kept += i - stays
            if i == stop:
                break
            start = i
            i = run_end(keep, start, stop)
            at = kept + grown
            begin = b
            while start < i:
                end = start + 1
                while end < i and mark[np.uint64(end - base)] == 0:
                    end += 1
                found = mark[start - base]
                if found > 0:
                    k = found - 1
                    put_place(rows, m, LINE, o, start - offset, end - offset, at)
                    reason = BY_SITE if outside.size and outside[k] else BY_LINE
                    put_junk(rows, shares, m, k - first_line[d], label[k], probabilities[k, label[k]], reason)
                    shares[JUNK, m] = junk[k]
                elif found < BOUNDARY:
                    s = -2 - found
                    put_place(rows, m, SPAN, o, start - offset, end - offset, at)
                    put_junk(rows, shares, m, span_line[s] - first_line[d], span_label[s], span_score[s], BY_SPAN)
                else:
                    put_place(rows, m, GAP, o, start - offset, end - offset, at)
                    rows[REASON, m] = BESIDE
                b = put_utf8(text, b, codes, start, end)
                m += 1
                text_start[m] = b
                start = end
            e = put_edit(edits, e, at, 0, text[begin:b])
        if m == head + 1 and not gone[d]:
            m = head
            continue
        rows[OWNER, head], rows[KIND, head] = o, DOCUMENT
        owners[o] = d
        o += 1
        edit_start[o] = e
    return rows[:, :m], shares[:, :m], text[:b], text_start[: m + 1], edits[:e], edit_start[: o + 1], owners[:o]
