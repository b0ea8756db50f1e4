"""The lines of a batch in one pass: where they begin and end, their scorer's copy, and what they consist of."""

import numpy as np
from numpy.typing import NDArray

from moderation.kernel.characters import (
    BLANK,
    CATEGORY,
    CODE,
    GAP,
    KIND,
    KINDS,
    NOTHING,
    PICTURE,
    SECOND,
    STOP,
    TABLED,
    entry_of,
    kind_of,
)
from moderation.kernel.disguise import bloom_of, undisguise
from moderation.kernel.fold import CLASS_SPACE, HAN, SPACE, bracket_end
from moderation.kernel.jit import kernel
from moderation.kernel.shape import GROUPS, LATIN, LETTER, N_CLASSES, SENTENCE_END, word_counts, write_shape
from moderation.kernel.suspects import hold_pair, stand_apart
from moderation.kernel.vector import LANES, load_ints, no_ints, store

NEWLINE = 10
RETURN = 13
CLASS_INVISIBLE = 5
ONE = np.uint64(1)
ONE_OF = np.eye(N_CLASSES, LANES, dtype=np.int32).reshape(-1)
"""What a character of each class adds to its line's counts: in a register, no character waits for the one before."""


@kernel
def read_text(
    codes: NDArray[np.uint32],
    doc_start: NDArray[np.int64],
    entries: NDArray[np.uint32],
    page: NDArray[np.uint16],
    fold_delta: NDArray[np.uint32],
    char_class: NDArray[np.uint8],
    reading_char: NDArray[np.uint32],
    reading_start: NDArray[np.int32],
    reading: NDArray[np.uint32],
    pair_key: NDArray[np.uint64],
    pair_to: NDArray[np.uint32],
) -> tuple[
    NDArray[np.int64],
    NDArray[np.int64],
    NDArray[np.int64],
    NDArray[np.int64],
    NDArray[np.uint32],
    NDArray[np.int64],
    NDArray[np.int64],
    NDArray[np.uint8],
    NDArray[np.int32],
    NDArray[np.int32],
    NDArray[np.int8],
]:
    """Split every document at `\n` (a `\r` before it belongs to the break), fold every line and take its shape.

    For entries see kernel/characters.py; for pair_key and pair_to kernel/disguise.py, whose work is done where a line
    may need it. The full stop of a sentence in Latin letters counts as a sentence end.

    codes: code points of all documents, one after the other. doc_start: (n_docs + 1,), offsets into codes. A document
    of n breaks has n + 1 lines; the empty document has one empty line. Returns, with n lines in all:

    line_start (n,), line_end (n,) without the break, line_next (n,) behind the break, first_line (n_docs + 1,);
    folded (m,) code points, fold_start (n + 1,) offsets into it, source (m,) index of each into codes, and kinds (m,)
    the class of that character. Runs of white space become one blank, white space at either end goes; a line of white
    space and invisible characters alone is empty;
    shape rows, int32 (n, GROUPS), see shape.py; counts, int32 (n, N_CLASSES), characters a class; ends, int8 (n, 2),
    class of the first and of the last visible character, -1 where there is none.
    """
    n_docs = doc_start.size - 1
    n = n_docs
    for i in range(codes.size):
        n += np.int64(codes[i] == NEWLINE)
    line_start = np.empty(n, np.int64)
    line_end = np.empty(n, np.int64)
    line_next = np.empty(n, np.int64)
    first_line = np.zeros(n_docs + 1, np.int64)
    folded = np.empty(codes.size, np.uint32)
    source = np.empty(codes.size, np.int64)
    kinds = np.empty(codes.size, np.uint8)
    fold_start = np.zeros(n + 1, np.int64)
    rows = np.zeros((n, GROUPS), np.int32)
    counts = np.empty((n, N_CLASSES), np.int32)
    ends = np.full((n, 2), -1, np.int8)
    bloom = bloom_of(pair_key)
    m = np.uint64(0)
    k = 0
    for d in range(n_docs):
        i = np.uint64(doc_start[d])
        stop = np.uint64(doc_start[d + 1])
        more = True
        while more:
            start = i
            begin = m
            closed = i  # behind a bracket that was seen through
            seen = np.uint32(0)
            pairs = np.uint32(0)
            before = BLANK  # white space at the beginning goes
            before_that = np.uint32(0)
            apart = np.uint32(0)
            tally = no_ints()
            returned = False
            more = False
            end = stop
            while True:
                e = STOP
                while i < stop:  # nearly every character passes here, without a branch that hangs on it
                    c = codes[i]
                    e = entries[c] if c < TABLED else entry_of(c, page, fold_delta, char_class)
                    if e & (STOP | (before & BLANK)):
                        break
                    kind = (e >> KIND) & KINDS
                    tally += load_ints(ONE_OF, kind * LANES)
                    folded[m] = e & CODE
                    source[m] = i
                    kinds[m] = kind
                    seen |= e
                    both = (before >> np.uint32(1)) & e
                    pairs |= both
                    apart |= both & before_that
                    before_that = before
                    before = e
                    m += ONE
                    i += ONE
                if i == stop:
                    break
                if codes[i] == NEWLINE:
                    end = i
                    if i > start and codes[i - ONE] == RETURN:
                        end = i - ONE
                        returned = True
                    i += ONE
                    more = True
                    break
                code = e & CODE
                c = codes[i]
                opening = c == 0x28 or c == 0xFF08  # noqa: PLR1714 - a tuple would be compared as wider numbers
                if opening and i > start and i != closed and kind_of(codes[i - ONE], entries, page, char_class) == HAN:
                    behind = bracket_end(
                        codes, np.int64(i), np.int64(stop), page, fold_delta, reading_char, reading_start, reading
                    )
                    if behind:
                        closed = np.uint64(behind)
                        while i < closed:
                            tally += load_ints(ONE_OF, kind_of(codes[i], entries, page, char_class) * LANES)
                            i += ONE
                        continue
                kind = (e >> KIND) & KINDS
                tally += load_ints(ONE_OF, kind * LANES)
                blank = code == SPACE
                if code != NOTHING and not (blank and (m == begin or folded[m - ONE] == SPACE)):
                    folded[m] = code
                    source[m] = i
                    kinds[m] = kind
                    m += ONE
                    apart |= (before >> np.uint32(1)) & e & before_that
                    before_that = before
                    before = e
                i += ONE
            if m > begin and folded[m - ONE] == SPACE:
                m -= ONE
            store(counts, k * N_CLASSES, tally)
            if returned:
                # a class that white space has: nothing else of the line hangs on it
                counts[k, char_class[page[0], RETURN]] -= 1
            if (
                seen & PICTURE
                or (
                    apart & (GAP << CATEGORY)
                    and stand_apart(folded, np.int64(begin), np.int64(m), entries, page, fold_delta, char_class)
                )
                or (pairs & SECOND and hold_pair(folded, np.int64(begin), np.int64(m), bloom))
            ):
                m = np.uint64(
                    undisguise(
                        folded, source, kinds, np.int64(begin), np.int64(m), page, char_class, pair_key, pair_to, bloom
                    )
                )
            line_start[k] = start
            line_end[k] = end
            line_next[k] = i
            fold_start[k + 1] = m
            first_kind = -1
            last_kind = -1
            for at in range(start, end):
                kind = kind_of(codes[at], entries, page, char_class)
                if kind not in (CLASS_SPACE, CLASS_INVISIBLE):
                    first_kind = np.int64(kind)
                    break
            last = end
            if first_kind >= 0:
                while last_kind < 0:
                    last -= ONE
                    kind = kind_of(codes[last], entries, page, char_class)
                    if kind not in (CLASS_SPACE, CLASS_INVISIBLE):
                        last_kind = np.int64(kind)
            words = 0
            capitals = 0
            functions = 0
            if counts[k, LATIN] + counts[k, LETTER] > 0:
                words, capitals, functions, stops, last_stop = word_counts(
                    codes, np.int64(start), np.int64(end), entries, page, char_class
                )
                counts[k, SENTENCE_END] += stops
                counts[k, 0] -= stops
                if last_stop == np.int64(last):
                    last_kind = SENTENCE_END
            ends[k, 0] = first_kind
            ends[k, 1] = last_kind
            write_shape(counts, k, first_kind, last_kind, words, capitals, functions, rows)
            k += 1
        first_line[d + 1] = k
    size = np.int64(m)
    return (
        line_start,
        line_end,
        line_next,
        first_line,
        folded[:size],
        fold_start,
        source[:size],
        kinds[:size],
        rows,
        counts,
        ends,
    )
