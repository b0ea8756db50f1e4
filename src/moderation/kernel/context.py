"""What surrounds a line: the features of the second stage, over whole documents.

Blank lines are left out before anything is counted, so that adding one changes nothing; documents never see each
other. Every feature is bounded, so that one odd line can't drown the rest.
"""

import numpy as np
from numpy.typing import NDArray

from moderation.kernel.jit import always, inline, kernel
from moderation.kernel.vector import (
    LANES,
    larger,
    load_floats,
    load_labels,
    log,
    no_floats,
    spread,
    store,
    store_labels,
)

CONTEXT_VERSION = 1
N_LABELS = 12
N_CLASSES = 16
NEAR = 3
"""Neighbours on either side that are seen one by one."""
WINDOWS = (4, 12)
"""Lines on either side that are seen as an average."""
OWN = N_LABELS + 18
NEIGHBOUR = N_LABELS + 5
WINDOW = N_LABELS + 4
PAGE = N_LABELS + 9
SELF = 16
FEATURES = OWN + 2 * NEAR * NEIGHBOUR + 2 * len(WINDOWS) * WINDOW + PAGE + SELF
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
    """Indices of the lines that are not blank, and where each document begins among them: (m,), (n_docs + 1,)."""
    first = np.zeros(first_line.size, np.int64)
    at = np.empty(blank.size, np.int64)
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
    """(m, 18) numbers about each visible line alone: length, scripts, punctuation, first and last character class.

    counts: characters a class. ends: int8 (n, 2), class of the first and last character.
    """
    m = visible.size
    out = np.zeros((m, 18), np.float32)
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
FEW_PAIRS = 256
"""Up to so many pairs are taken out of the set one by one; beyond, clearing it whole is cheaper."""


@always
def line_place(folded: NDArray[np.uint32], s: np.uint64, e: np.uint64) -> np.uint32:
    """The place of a whole line in the page's table of lines."""
    h = np.uint32(e - s)
    for i in range(s, e):
        h = np.uint32((h ^ folded[i]) * np.uint32(0x01000193))
    return np.uint32(h ^ (h >> np.uint32(15))) & np.uint32(FILTER - 1)


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
    for d in range(doc_first.size - 1):
        a = doc_first[d]
        b = doc_first[d + 1]
        if a == b:
            continue
        for v in range(a, b):
            k = visible[v]
            s = np.uint64(fold_start[k])
            e = np.uint64(fold_start[k + 1])
            n = np.int64(e - s)
            second = folded[s + one] if n > 1 else np.uint32(0)
            last_but_one = folded[e - np.uint64(2)] if n > 1 else np.uint32(0)
            key[v, 0] = line_place(folded, s, e)
            key[v, 1] = pair_hash(folded[s], second)
            key[v, 2] = pair_hash(folded[e - one], last_but_one)
            whole[key[v, 0]] += 1
            head[key[v, 1]] += 1
            tail[key[v, 2]] += 1
            prose = probabilities[k, 0] > 0.5 and n >= 24
            once = PROSE_ONE if prose else OTHER_ONE
            twice = PROSE_TWO if prose else OTHER_TWO
            mark = IN_TITLE if v == a else np.uint8(0)
            for i in range(s, e - one):
                p = pair_hash(folded[i], folded[i + one])
                seen = np.uint8(pairs[p] | mark)
                pairs[p] = seen if seen & twice else np.uint8(seen + once)
        for v in range(a, b):
            k = visible[v]
            s = np.uint64(fold_start[k])
            e = np.uint64(fold_start[k + 1])
            n = np.int64(e - s)
            prose = probabilities[k, 0] > 0.5 and n >= 24
            # what the line itself brings along does not count
            of_prose = PROSE_TWO if prose else np.uint8(PROSE_ONE | PROSE_TWO)
            of_other = np.uint8(OTHER_ONE | OTHER_TWO) if prose else OTHER_TWO
            in_title = 0
            in_prose = 0
            in_other = 0
            for i in range(s, e - one):
                seen = pairs[pair_hash(folded[i], folded[i + one])]
                in_title += np.int64(seen & IN_TITLE)
                in_prose += np.int64((seen & of_prose) != 0)
                in_other += np.int64((seen & of_other) != 0)
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
        first, behind = np.uint64(fold_start[visible[a]]), np.uint64(fold_start[visible[b - 1] + 1])
        if behind - first > FEW_PAIRS:
            pairs[:] = 0
        else:
            for i in range(first, behind - one):  # those across line breaks too, which are empty
                pairs[pair_hash(folded[i], folded[i + one])] = 0
    return out


@kernel
def seen_rows(
    probabilities: NDArray[np.float32], facts: NDArray[np.float32], visible: NDArray[np.int64]
) -> NDArray[np.float32]:
    """(m, LANES): what others see of a line: its probabilities, length, sentence end, punctuation, and prose."""
    m = visible.size
    out = np.empty((m, LANES), np.float32)
    for v in range(m):
        store(out, v * LANES, load_labels(probabilities, visible[v] * N_LABELS))
        out[v, N_LABELS] = facts[v, 0]
        out[v, N_LABELS + 1] = facts[v, 11]
        out[v, N_LABELS + 2] = min(np.float32(1), facts[v, 16])
        out[v, N_LABELS + 3] = facts[v, 0] * out[v, 0]
    return out


@always
def is_prose(seen: NDArray[np.float32], v: int) -> bool:
    """Whether a line is likely content and of some length."""
    return bool(seen[v, 0] > 0.5 and seen[v, N_LABELS] > 0.85)


@always
def page_summary(seen: NDArray[np.float32], a: int, b: int, page: NDArray[np.float32]) -> float:
    """The page's own features, of its lines a to b, into page; the sum of the lines' prose is returned."""
    n = b - a
    sums = np.zeros(LANES, np.float64)
    chars = 0.0
    content = 0.0
    spam = 0.0
    prose_lines = 0.0
    for v in range(a, b):
        for c in range(LANES):
            sums[c] += seen[v, c]
        size = np.exp(4.0 * seen[v, N_LABELS]) - 1.0
        chars += size
        content += size * seen[v, 0]
        for c in range(6, 11):
            spam += size * seen[v, c]
        if is_prose(seen, v):
            prose_lines += 1
    for c in range(N_LABELS):
        page[c] = sums[c] / n
    page[N_LABELS] = squash(n)
    page[N_LABELS + 1] = squash(chars) / 2
    page[N_LABELS + 2] = content / max(1.0, chars)
    page[N_LABELS + 3] = spam / max(1.0, chars)
    page[N_LABELS + 4] = sums[N_LABELS] / n
    page[N_LABELS + 5] = sums[N_LABELS + 1] / n
    page[N_LABELS + 6] = sums[N_LABELS + 2] / n
    page[N_LABELS + 7] = squash(prose_lines)
    page[N_LABELS + 8] = prose_lines / n
    return float(sums[N_LABELS + 3])


@always
def write_features(
    seen: NDArray[np.float32],
    facts: NDArray[np.float32],
    sets: NDArray[np.float32],
    page: NDArray[np.float32],
    a: int,
    b: int,
    v: int,
    since: int,
    until: int,
    before: float,
    out: NDArray[np.float32],
    at: int,
) -> None:
    """The features of line v of the page a to b, into the flat `out` from place `at` on: FEATURES numbers.

    since, until: lines between it and the next prose before and behind it. before: the share of prose before it.
    """
    n = b - a
    i = v - a
    own = load_labels(seen, v * LANES)
    near = log(own + spread(np.float32(1e-4))) / spread(np.float32(4.0)) + spread(np.float32(1.0))
    store_labels(out, at, larger(near, spread(np.float32(-1.5))))
    f = at + N_LABELS
    for c in range(18):
        out[f + c] = facts[v, c]
    f += 18
    length = seen[v, N_LABELS]
    for side in range(2):
        for step in range(1, NEAR + 1):
            w = v - step if side == 0 else v + step
            if a <= w < b:
                store(out, f, load_floats(seen, w * LANES))
                out[f + N_LABELS + 3] = abs(seen[w, N_LABELS] - length)
                out[f + N_LABELS + 4] = 0.0
            else:
                store(out, f, no_floats())
                out[f + N_LABELS + 4] = 1.0
            f += NEIGHBOUR
    f = write_windows(seen, a, b, v, out, f)
    store(out, f + PAGE - LANES, load_floats(page, PAGE - LANES))
    store(out, f, load_floats(page, 0))
    f += PAGE
    out[f] = i / n
    out[f + 1] = squash_count(i)
    out[f + 2] = squash_count(n - 1 - i)
    out[f + 3] = 1.0 if i == 0 else 0.0
    for c in range(6):
        out[f + 4 + c] = sets[v, c]
    out[f + 10] = squash_count(since)
    out[f + 11] = squash_count(until)
    out[f + 12] = before
    run = 0
    while run < 6 and v - run - 1 >= a and abs(seen[v - run - 1, N_LABELS] - length) < 0.08:
        run += 1
    out[f + 13] = run / 6.0
    run = 0
    while run < 6 and v + run + 1 < b and abs(seen[v + run + 1, N_LABELS] - length) < 0.08:
        run += 1
    out[f + 14] = run / 6.0
    out[f + 15] = 1.0


@always
def write_windows(seen: NDArray[np.float32], a: int, b: int, v: int, out: NDArray[np.float32], f: int) -> int:
    """The averages over the lines before and behind line v; returns the place behind them.

    A window is added up from the line outwards, and the wide one goes on where the narrow one ends.
    """
    for side in range(2):
        sums = no_floats()
        step = -1 if side == 0 else 1
        reach = v - a if side == 0 else b - 1 - v
        done = 0
        place = f + side * WINDOW
        for width in WINDOWS:
            while done < min(width, reach):
                done += 1
                sums += load_floats(seen, (v + step * done) * LANES)
            store(out, place, sums / spread(np.float32(max(1, done))))
            place += 2 * WINDOW
    return f + 2 * len(WINDOWS) * WINDOW


@kernel
def context_features(
    probabilities: NDArray[np.float32],
    facts: NDArray[np.float32],
    sets: NDArray[np.float32],
    visible: NDArray[np.int64],
    doc_first: NDArray[np.int64],
) -> NDArray[np.float32]:
    """The features of every visible line: float32 (m, FEATURES)."""
    m = visible.size
    out = np.empty((m, FEATURES), np.float32)
    flat = out.reshape(-1)
    seen = seen_rows(probabilities, facts, visible)
    page = np.zeros(PAGE, np.float32)
    for d in range(doc_first.size - 1):
        a = doc_first[d]
        b = doc_first[d + 1]
        if a == b:
            continue
        prose = max(1e-6, page_summary(seen, a, b, page))
        before = 0.0
        since = b - a
        ahead = a
        for v in range(a, b):
            ahead = next_prose(seen, ahead, v, b)
            until = ahead - v - 1 if ahead < b else 2 * b - a - 1 - v
            write_features(seen, facts, sets, page, a, b, v, since, until, before / prose, flat, v * FEATURES)
            before += seen[v, N_LABELS + 3]
            since = 0 if is_prose(seen, v) else since + 1
    return out


@always
def next_prose(seen: NDArray[np.float32], ahead: int, v: int, b: int) -> int:
    """The first prose line behind v, or b; `ahead` is what the line before v found."""
    if ahead <= v:
        ahead = v + 1
        while ahead < b and not is_prose(seen, ahead):
            ahead += 1
    return ahead
