"""The lines of a batch in one pass: where they begin and end, their scorer's copy, and what they consist of."""

import numpy as np
from numpy.typing import NDArray

from moderation.kernel.disguise import PICTURES, bloom_of, is_filler, is_token, may_pair, undisguise
from moderation.kernel.fold import CLASS_SPACE, DROPPED, HAN, SPACE, bracket_end
from moderation.kernel.jit import kernel
from moderation.kernel.shape import GROUPS, LATIN, LETTER, N_CLASSES, SENTENCE_END, word_counts, write_shape

NEWLINE = 10
RETURN = 13
CLASS_INVISIBLE = 5
ONE = np.uint64(1)
EIGHT = np.uint64(8)


@kernel
def read_text(
    codes: NDArray[np.uint32],
    doc_start: NDArray[np.int64],
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
    """Split every document at `\\n` (a `\\r` before it belongs to the break), fold every line and take its shape.

    For pair_key and pair_to see kernel/disguise.py, whose work is done where a line may need it. The full stop of a
    sentence in Latin letters counts as a sentence end.

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
    counts = np.zeros((n, N_CLASSES), np.int32)
    ends = np.full((n, 2), -1, np.int8)
    deltas = fold_delta.reshape(-1)
    classes = char_class.reshape(-1)
    tally = counts.reshape(-1)
    pages = np.uint64(page.size)
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
            blank = True  # as a blank that would stand at the beginning
            first_kind = -1
            last_kind = -1
            others = np.int64(0)
            fillers = 0
            paired = False
            before = np.uint32(0)
            own = np.uint64(k) * np.uint64(N_CLASSES)
            more = False
            end = stop
            while i < stop:
                c = codes[i]
                high = np.uint64(c >> np.uint32(8))
                f = c
                kind = np.uint8(0)
                if high < pages:
                    place = (np.uint64(page[high]) << EIGHT) | np.uint64(c & np.uint32(255))
                    f = np.uint32(c + deltas[place])
                    kind = classes[place]
                if kind == HAN:
                    paired |= may_pair(before, f, bloom)
                    before = f
                    folded[m] = f
                    source[m] = i
                    kinds[m] = kind
                    blank = False
                    m += ONE
                    i += ONE
                    if first_kind < 0:
                        first_kind = HAN
                    last_kind = HAN
                    if i < stop and (codes[i] == 0x28 or codes[i] == 0xFF08):
                        behind = bracket_end(
                            codes, np.int64(i), np.int64(stop), page, fold_delta, reading_char, reading_start, reading
                        )
                        while i < np.uint64(behind):
                            c = codes[i]
                            kind = char_class[page[c >> np.uint32(8)], c & np.uint32(255)]
                            if kind != HAN:
                                counts[k, kind] += 1
                                others += 1
                            if kind not in (CLASS_SPACE, CLASS_INVISIBLE):
                                last_kind = np.int64(kind)
                            i += ONE
                    continue
                if c == NEWLINE:
                    end = i
                    if i > start and codes[i - ONE] == RETURN:
                        end = i - ONE
                        # a class that white space has: nothing else of the line hangs on it
                        counts[k, char_class[page[0], RETURN]] -= 1
                        others -= 1
                    i += ONE
                    more = True
                    break
                tally[own + np.uint64(kind)] += 1
                others += 1
                if kind not in (CLASS_SPACE, CLASS_INVISIBLE):
                    last_kind = np.int64(kind)
                    if first_kind < 0:
                        first_kind = last_kind
                if f == SPACE:
                    if not blank:
                        folded[m] = f
                        source[m] = i
                        kinds[m] = kind
                        m += ONE
                        blank = True
                    fillers += 1
                elif f != DROPPED:
                    paired |= may_pair(before, f, bloom)
                    before = f
                    if not is_token(f) and is_filler(f, page, char_class):
                        fillers += 2 if f >= PICTURES else 1  # one picture may be dropped; gaps come in twos
                    folded[m] = f
                    source[m] = i
                    kinds[m] = kind
                    m += ONE
                    blank = False
                i += ONE
            if blank and m > begin:
                m -= ONE
            if fillers > 1 or paired:
                first, behind_last = np.int64(begin), np.int64(m)
                m = np.uint64(
                    undisguise(folded, source, kinds, first, behind_last, page, char_class, pair_key, pair_to, bloom)
                )
            line_start[k] = start
            line_end[k] = end
            line_next[k] = i
            fold_start[k + 1] = m
            counts[k, HAN] = np.int64(end) - np.int64(start) - others
            words = 0
            capitals = 0
            functions = 0
            if counts[k, LATIN] + counts[k, LETTER] > 0:
                words, capitals, functions, stops, last_stop = word_counts(
                    codes, np.int64(start), np.int64(end), page, char_class
                )
                counts[k, SENTENCE_END] += stops
                counts[k, 0] -= stops
                if last_stop:
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
