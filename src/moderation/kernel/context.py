"""What surrounds a line: the features of the second stage, over whole documents.

Blank lines are left out before anything is counted, so that adding one changes nothing; documents never see each
other. Every feature is bounded, so that one odd line can't drown the rest.
"""

import numpy as np
from numpy.typing import NDArray

from moderation.kernel.jit import always, inline, kernel
from moderation.kernel.outlook import OUTLOOK
from moderation.kernel.vector import (
    LANES,
    exp,
    larger,
    load_floats,
    load_labels,
    log,
    multiply_add,
    near_bits,
    no_floats,
    spread,
    store,
    store_labels,
)

CONTEXT_VERSION = 3
N_LABELS = 12
N_CLASSES = 16
OWN = N_LABELS + 18
PAGE = N_LABELS + 9
SELF = 15
FEATURES = OWN + PAGE + SELF + OUTLOOK
FACTS = 18
ALIKE = 6
"""Up to so many lines of like length in a row are counted, on either side."""
NO_LENGTH = -1e9


def run_lengths(nearest: int) -> NDArray[np.float32]:
    """For every ALIKE bits, the share of them that are set without a gap, from bit `nearest`, the first or the last."""
    rows = np.arange(1 << ALIKE)[:, None] >> np.arange(ALIKE) & 1
    ordered = rows if nearest == 0 else rows[:, ::-1]
    return (np.cumprod(ordered, 1).sum(1) / ALIKE).astype(np.float32)


RUN_BEFORE = run_lengths(ALIKE - 1)
RUN_BEHIND = run_lengths(0)
FILTER = 1 << 13
"""Places of a page's sets of hashed character pairs."""


@inline
def squash(x: float) -> float:
    """log(1 + x) / 4: counts and lengths up to thousands as 0 to about 2."""
    out: float = np.log(1.0 + x) / 4.0
    return out


SQUASHED = np.log(1.0 + np.arange(1024)) / 4.0


@always
def squash_count(n: int) -> float:
    """squash of a whole number: nearly all of them are small, and a logarithm is slow."""
    return SQUASHED[n] if n < 1024 else np.log(1.0 + n) / 4.0


@always
def pair_hash(a: np.uint32, b: np.uint32) -> np.uint32:
    """The place of a character pair in a page's set."""
    h = np.uint32(a * np.uint32(0x9E3779B1)) ^ np.uint32(b * np.uint32(0x85EBCA77))
    return np.uint32(h >> np.uint32(19))


@kernel
def visible_lines(
    blank: NDArray[np.bool_], first_line: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Indices of the lines that are not blank, and where each document begins among them: (m,), (n_docs + 1,).

    first_line: the first line of each document, and the one behind the last; of all documents, or of some in a row.
    """
    first = np.zeros(first_line.size, np.int64)
    at = np.empty(first_line[first_line.size - 1] - first_line[0], np.int64)
    m = 0
    for d in range(first_line.size - 1):
        for k in range(first_line[d], first_line[d + 1]):
            if not blank[k]:
                at[m] = k
                m += 1
        first[d + 1] = m
    return at[:m].copy(), first


@kernel
def line_facts(
    counts: NDArray[np.int32],
    visible: NDArray[np.int64],
    ends: NDArray[np.int8],
) -> NDArray[np.float32]:
    """(m, FACTS) numbers about each visible line alone: length, scripts, punctuation, first and last character class.

    counts: characters a class. ends: int8 (n, 2), class of the first and last character.
    """
    m = visible.size
    out = np.zeros((m, FACTS), np.float32)
    for v in range(m):
        k = visible[v]
        n = 0
        for c in range(N_CLASSES):
            n += counts[k, c]
        n -= counts[k, 4] + counts[k, 5]
        size = np.float32(max(1, n))
        out[v, 0] = squash_count(n)
        out[v, 1] = counts[k, 1] / size
        out[v, 2] = counts[k, 2] / size
        out[v, 3] = counts[k, 3] / size
        out[v, 4] = (counts[k, 13] + counts[k, 14] + counts[k, 15]) / size
        out[v, 5] = counts[k, 11] / size
        out[v, 6] = squash_count(counts[k, 6])
        out[v, 7] = squash_count(counts[k, 7])
        out[v, 8] = squash_count(counts[k, 4])
        out[v, 9] = squash_count(counts[k, 8])
        out[v, 10] = min(np.float32(1), counts[k, 9] / np.float32(4))
        out[v, 11] = 1.0 if ends[k, 1] == 6 else 0.0
        out[v, 12] = 1.0 if ends[k, 1] in (7, 8) else 0.0
        out[v, 13] = 1.0 if ends[k, 1] in (3, 11) else 0.0
        out[v, 14] = 1.0 if ends[k, 0] in (3, 9) else 0.0
        out[v, 15] = 1.0 if ends[k, 0] in (11, 15) else 0.0
        out[v, 16] = (counts[k, 7] + counts[k, 6]) / size * 8.0
        out[v, 17] = counts[k, 12] / size * 8.0
    return out


IN_TITLE = np.uint8(1)
PROSE_ONE, PROSE_TWO = np.uint8(4), np.uint8(8)
OTHER_ONE, OTHER_TWO = np.uint8(16), np.uint8(32)
"""What a place of the page's set knows of its pairs: whether the title has one, and whether its prose and its other
lines have none, one (ONE) or more (TWO): eight kilobytes in all, which the fastest cache holds."""
PLACES = 64
"""States that a place may have."""
BITS = np.uint64(20)
COUNTED = 1 << 20
"""Pairs that are counted together, in BITS bits each."""
FEW_PAIRS = 256
"""Up to so many pairs are taken out of the set one by one; beyond, clearing it whole is cheaper."""


@always
def hash_on(h: np.uint32, c: np.uint32) -> np.uint32:
    """The hash of a line that is longer by the character c; that of the empty line is its length."""
    return np.uint32((h ^ c) * np.uint32(0x01000193))


@always
def line_place(h: np.uint32) -> np.uint32:
    """The place of a whole line in the page's table of lines."""
    return np.uint32(h ^ (h >> np.uint32(15))) & np.uint32(FILTER - 1)


@kernel
def longest_page(fold_start: NDArray[np.int64], visible: NDArray[np.int64], doc_first: NDArray[np.int64]) -> int:
    """The most folded characters that a document has."""
    most = 0
    for d in range(doc_first.size - 1):
        if doc_first[d] < doc_first[d + 1]:
            most = max(most, fold_start[visible[doc_first[d + 1] - 1] + 1] - fold_start[visible[doc_first[d]]])
    return most


@kernel
def found_in_page() -> NDArray[np.uint64]:
    """For every state of a place, what a pair there counts: in the title, in prose, in other lines, BITS bits each.

    The first PLACES are for a line that is no prose, the others for one that is: what the line itself brings along
    does not count.
    """
    out = np.empty(2 * PLACES, np.uint64)
    for state in range(2 * PLACES):
        prose = state >= PLACES
        seen = np.uint8(state & (PLACES - 1))
        of_prose = PROSE_TWO if prose else np.uint8(PROSE_ONE | PROSE_TWO)
        of_other = np.uint8(OTHER_ONE | OTHER_TWO) if prose else OTHER_TWO
        in_title = np.uint64(seen & IN_TITLE)
        in_prose = np.uint64((seen & of_prose) != 0)
        in_other = np.uint64((seen & of_other) != 0)
        out[state] = in_title | (in_prose << BITS) | (in_other << (BITS + BITS))
    return out


@kernel
def page_sets(
    folded: NDArray[np.uint32],
    fold_start: NDArray[np.int64],
    probabilities: NDArray[np.float32],
    visible: NDArray[np.int64],
    doc_first: NDArray[np.int64],
) -> NDArray[np.float32]:
    """(m, 6): how much of a line's character pairs stand in the page's first line, its prose, and its other lines;
    how often the same line, its beginning, and its end stand in the page."""
    one = np.uint64(1)
    m = visible.size
    out = np.zeros((m, 6), np.float32)
    pairs = np.zeros(FILTER, np.uint8)
    whole = np.zeros(FILTER, np.int32)
    head = np.zeros(FILTER, np.int32)
    tail = np.zeros(FILTER, np.int32)
    key = np.zeros((m, 3), np.uint32)
    place = np.empty(longest_page(fold_start, visible, doc_first), np.uint16)
    in_pages = found_in_page()
    for d in range(doc_first.size - 1):
        a = doc_first[d]
        b = doc_first[d + 1]
        if a == b:
            continue
        first, behind = np.uint64(fold_start[visible[a]]), np.uint64(fold_start[visible[b - 1] + 1])
        for i in range(behind - first - one):  # those across line breaks too, which nobody asks for
            place[i] = pair_hash(folded[first + i], folded[first + i + one])
        for v in range(a, b):
            k = visible[v]
            s = np.uint64(fold_start[k])
            e = np.uint64(fold_start[k + 1])
            n = np.int64(e - s)
            prose = probabilities[k, 0] > 0.5 and n >= 24
            once = PROSE_ONE if prose else OTHER_ONE
            twice = PROSE_TWO if prose else OTHER_TWO
            mark = IN_TITLE if v == a else np.uint8(0)
            line = np.uint32(n)
            for i in range(s, e - one):  # each step of the line's hash waits for the one before: pairs fill the time
                line = hash_on(line, folded[i])
                p = np.uint64(place[i - first])
                seen = np.uint8(pairs[p] | mark)
                pairs[p] = seen if seen & twice else np.uint8(seen + once)
            second = folded[s + one] if n > 1 else np.uint32(0)
            last_but_one = folded[e - np.uint64(2)] if n > 1 else np.uint32(0)
            key[v, 0] = line_place(hash_on(line, folded[e - one]))
            key[v, 1] = pair_hash(folded[s], second)
            key[v, 2] = pair_hash(folded[e - one], last_but_one)
            whole[key[v, 0]] += 1
            head[key[v, 1]] += 1
            tail[key[v, 2]] += 1
        for v in range(a, b):
            k = visible[v]
            n = fold_start[k + 1] - fold_start[k]
            own = np.uint64(PLACES if probabilities[k, 0] > 0.5 and n >= 24 else 0)
            i = np.uint64(fold_start[k]) - first
            e = i + np.uint64(n - 1)
            in_title = 0
            in_prose = 0
            in_other = 0
            while i < e:
                stop = min(e, i + np.uint64(COUNTED - 1))
                sums = np.uint64(0)
                while i < stop:
                    sums += in_pages[own + np.uint64(pairs[np.uint64(place[i])])]
                    i += one
                in_title += np.int64(sums & np.uint64(COUNTED - 1))
                in_prose += np.int64((sums >> BITS) & np.uint64(COUNTED - 1))
                in_other += np.int64(sums >> (BITS + BITS))
            size = np.float32(max(1, n - 1))
            out[v, 0] = 0.0 if v == a else in_title / size
            out[v, 1] = in_prose / size
            out[v, 2] = in_other / size
            out[v, 3] = squash_count(whole[key[v, 0]] - 1)
            out[v, 4] = squash_count(head[key[v, 1]] - 1)
            out[v, 5] = squash_count(tail[key[v, 2]] - 1)
        for v in range(a, b):  # leave the tables empty for the next page: cheaper than clearing them whole
            whole[key[v, 0]] = 0
            head[key[v, 1]] = 0
            tail[key[v, 2]] = 0
        if behind - first > np.uint64(FEW_PAIRS):
            for p in range(FILTER):
                pairs[p] = 0
        else:
            for i in range(behind - first - one):
                pairs[np.uint64(place[i])] = 0
    return out


@kernel
def seen_rows(
    probabilities: NDArray[np.float32],
    facts: NDArray[np.float32],
    visible: NDArray[np.int64],
    doc_first: NDArray[np.int64],
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """(m + ALIKE * (n_docs + 1), LANES): what others see of a line: its probabilities, length, sentence end,
    punctuation, and prose; and the lengths once more, flat.

    Before each document and behind the last one are ALIKE rows of zeros, whose lengths are like no other: whoever looks
    around never has to ask where the page ends. Line v of document d is row v + ALIKE * (d + 1).
    """
    n_docs = doc_first.size - 1
    rows = visible.size + ALIKE * (n_docs + 1)
    out = np.zeros((rows, LANES), np.float32)
    lengths = np.full(rows + LANES, NO_LENGTH, np.float32)
    for d in range(n_docs):
        for v in range(doc_first[d], doc_first[d + 1]):
            row = v + ALIKE * (d + 1)
            store(out, row * LANES, load_labels(probabilities, visible[v] * N_LABELS))
            out[row, N_LABELS] = lengths[row] = facts[v, 0]
            out[row, N_LABELS + 1] = facts[v, 11]
            out[row, N_LABELS + 2] = min(np.float32(1), facts[v, 16])
            out[row, N_LABELS + 3] = facts[v, 0] * out[row, 0]
    return out, lengths


@inline
def is_prose(seen: NDArray[np.float32], row: int) -> bool:
    """Whether a line is likely content and of some length."""
    return bool(seen[row, 0] > 0.5 and seen[row, N_LABELS] > 0.85)


@inline
def page_summary(
    seen: NDArray[np.float32],
    lengths: NDArray[np.float32],
    a: int,
    b: int,
    sums: NDArray[np.float64],
    part: NDArray[np.float32],
    pages: NDArray[np.float32],
    d: int,
) -> float:
    """The features of page d, of rows a to b, into its row of pages; the sum of the lines' prose is returned.

    sums, part: room for 3 * LANES numbers. A few lines are added up in single precision, and these in double.
    """
    n = b - a
    for c in range(3 * LANES):
        sums[c] = 0
    prose_lines = 0.0
    for first in range(a, b, LANES):
        size = exp(load_floats(lengths, first) * spread(np.float32(4.0))) - spread(np.float32(1.0))
        store(part, 2 * LANES, size)  # what lies behind the page's end is zeroed below
        weighted = no_floats()
        for v in range(first, min(b, first + LANES)):
            row = load_floats(seen, v * LANES)
            for c in range(LANES):
                sums[c] += seen[v, c]
            weighted = multiply_add(row, spread(part[2 * LANES + v - first]), weighted)
            prose_lines += 1.0 if is_prose(seen, v) else 0.0
        for v in range(b, first + LANES):
            part[2 * LANES + v - first] = 0
        store(part, LANES, weighted)
        for c in range(LANES, 3 * LANES):
            sums[c] += part[c]
    chars = 0.0
    for c in range(2 * LANES, 3 * LANES):
        chars += sums[c]
    spam = 0.0
    for c in range(LANES + 6, LANES + 11):
        spam += sums[c]
    for c in range(N_LABELS):
        pages[d, c] = sums[c] / n
    pages[d, N_LABELS] = squash(n)
    pages[d, N_LABELS + 1] = squash(chars) / 2
    pages[d, N_LABELS + 2] = sums[LANES] / max(1.0, chars)
    pages[d, N_LABELS + 3] = spam / max(1.0, chars)
    pages[d, N_LABELS + 4] = sums[N_LABELS] / n
    pages[d, N_LABELS + 5] = sums[N_LABELS + 1] / n
    pages[d, N_LABELS + 6] = sums[N_LABELS + 2] / n
    pages[d, N_LABELS + 7] = squash(prose_lines)
    pages[d, N_LABELS + 8] = prose_lines / n
    return float(sums[N_LABELS + 3])


@kernel
def page_places(
    seen: NDArray[np.float32], lengths: NDArray[np.float32], doc_first: NDArray[np.int64]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """What lines need to know about their whole page: (n_docs, PAGE), the pages' own features; and (m, 3), how many
    lines ago the last prose was, how many ahead the next one is, and the share of the page's prose before the line."""
    n_docs = doc_first.size - 1
    pages = np.zeros((n_docs, PAGE), np.float32)
    places = np.empty((doc_first[n_docs], 3), np.float32)
    sums = np.empty(3 * LANES, np.float64)
    part = np.empty(3 * LANES, np.float32)
    for d in range(n_docs):
        a = doc_first[d]
        b = doc_first[d + 1]
        if a == b:
            continue
        rows = ALIKE * (d + 1)
        prose = max(1e-6, page_summary(seen, lengths, a + rows, b + rows, sums, part, pages, d))
        before = 0.0
        since = b - a
        for v in range(a, b):
            places[v, 0] = squash_count(since)
            places[v, 2] = before / prose
            before += seen[v + rows, N_LABELS + 3]
            since = 0 if is_prose(seen, v + rows) else since + 1
        until = b - a
        for v in range(b - 1, a - 1, -1):
            places[v, 1] = squash_count(until)
            until = 0 if is_prose(seen, v + rows) else until + 1
    return pages, places


@inline
def write_features(
    seen: NDArray[np.float32],
    lengths: NDArray[np.float32],
    facts: NDArray[np.float32],
    sets: NDArray[np.float32],
    outlook: NDArray[np.float32],
    page: NDArray[np.float32],
    places: NDArray[np.float32],
    d: int,
    i: int,
    n: int,
    v: int,
    out: NDArray[np.float32],
    at: int,
) -> None:
    """The features of line i of the n lines of page d, into `out` from place `at` on: FEATURES numbers.

    v: the line among all. All arrays are flat.
    """
    row = v + ALIKE * (d + 1)
    own = load_labels(seen, row * LANES)
    near = log(own + spread(np.float32(1e-4))) * spread(np.float32(0.25)) + spread(np.float32(1.0))
    store_labels(out, at, larger(near, spread(np.float32(-1.5))))
    f = at + N_LABELS
    store(out, f, load_floats(facts, v * FACTS))
    store(out, f + FACTS - LANES, load_floats(facts, v * FACTS + FACTS - LANES))
    f += FACTS
    store(out, f + PAGE - LANES, load_floats(page, d * PAGE + PAGE - LANES))
    store(out, f, load_floats(page, d * PAGE))
    f += PAGE
    out[f] = i / n
    out[f + 1] = squash_count(i)
    out[f + 2] = squash_count(n - 1 - i)
    out[f + 3] = 1.0 if i == 0 else 0.0
    for c in range(6):
        out[f + 4 + c] = sets[v * 6 + c]
    for c in range(3):
        out[f + 10 + c] = places[v * 3 + c]
    alike = np.int64(near_bits(lengths, row - ALIKE, lengths[row], np.float32(0.08)))
    out[f + 13] = RUN_BEFORE[alike & (RUN_BEFORE.size - 1)]
    out[f + 14] = RUN_BEHIND[(alike >> (ALIKE + 1)) & (RUN_BEHIND.size - 1)]
    store_labels(out, f + SELF, load_labels(outlook, v * OUTLOOK))


@kernel
def page_views(
    probabilities: NDArray[np.float32],
    facts: NDArray[np.float32],
    sets: NDArray[np.float32],
    outlook: NDArray[np.float32],
    visible: NDArray[np.int64],
    doc_first: NDArray[np.int64],
) -> tuple[
    NDArray[np.float32],
    NDArray[np.float32],
    NDArray[np.float32],
    NDArray[np.float32],
    NDArray[np.float32],
    NDArray[np.float32],
    NDArray[np.float32],
]:
    """What write_features reads: seen rows, their lengths, facts, sets, outlook, pages and places, all flat."""
    seen, lengths = seen_rows(probabilities, facts, visible, doc_first)
    pages, places = page_places(seen, lengths, doc_first)
    own = facts.reshape(-1), sets.reshape(-1), outlook.reshape(-1)
    return seen.reshape(-1), lengths, *own, pages.reshape(-1), places.reshape(-1)


@kernel
def context_features(
    probabilities: NDArray[np.float32],
    facts: NDArray[np.float32],
    sets: NDArray[np.float32],
    outlook: NDArray[np.float32],
    visible: NDArray[np.int64],
    doc_first: NDArray[np.int64],
) -> NDArray[np.float32]:
    """The features of every visible line: float32 (m, FEATURES)."""
    out = np.empty((visible.size, FEATURES), np.float32)
    flat = out.reshape(-1)
    rows, lengths, fact, set_of, ahead, page, place = page_views(
        probabilities, facts, sets, outlook, visible, doc_first
    )
    for d in range(doc_first.size - 1):
        first = doc_first[d]
        n = doc_first[d + 1] - first
        for i in range(n):
            v = first + i
            write_features(rows, lengths, fact, set_of, ahead, page, place, d, i, n, v, flat, v * FEATURES)
    return out
