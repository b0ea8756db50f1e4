"""What surrounds a line: the features of the second stage, over whole documents.

Blank lines are left out before anything is counted, so that adding one changes nothing; documents never see each
other. Every feature is bounded, so that one odd line can't drown the rest.
"""

import numpy as np
from numpy.typing import NDArray

from moderation.kernel.jit import inline, kernel

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


@inline
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
        out[v, 0] = squash(n)
        out[v, 1] = counts[k, 1] / size
        out[v, 2] = counts[k, 2] / size
        out[v, 3] = counts[k, 3] / size
        out[v, 4] = (counts[k, 13] + counts[k, 14] + counts[k, 15]) / size
        out[v, 5] = counts[k, 11] / size
        out[v, 6] = squash(counts[k, 6])
        out[v, 7] = squash(counts[k, 7])
        out[v, 8] = squash(counts[k, 4])
        out[v, 9] = squash(counts[k, 8])
        out[v, 10] = min(np.float32(1), counts[k, 9] / np.float32(4))
        out[v, 11] = 1.0 if ends[k, 1] == 6 else 0.0
        out[v, 12] = 1.0 if ends[k, 1] in (7, 8) else 0.0
        out[v, 13] = 1.0 if ends[k, 1] in (3, 11) else 0.0
        out[v, 14] = 1.0 if ends[k, 0] in (3, 9) else 0.0
        out[v, 15] = 1.0 if ends[k, 0] in (11, 15) else 0.0
        out[v, 16] = (counts[k, 7] + counts[k, 6]) / size * 8.0
        out[v, 17] = counts[k, 12] / size * 8.0
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
    m = visible.size
    out = np.zeros((m, 6), np.float32)
    title = np.zeros(FILTER, np.int32)
    prose = np.zeros(FILTER, np.int32)
    other = np.zeros(FILTER, np.int32)
    whole = np.zeros(FILTER, np.int32)
    head = np.zeros(FILTER, np.int32)
    tail = np.zeros(FILTER, np.int32)
    key = np.zeros((m, 3), np.uint32)
    for d in range(doc_first.size - 1):
        a = doc_first[d]
        b = doc_first[d + 1]
        if a == b:
            continue
        for step in range(3):
            for v in range(a, b):
                k = visible[v]
                s = fold_start[k]
                e = fold_start[k + 1]
                n = e - s
                is_prose = probabilities[k, 0] > 0.5 and n >= 24
                if step == 0:
                    h = np.uint32(n)
                    for i in range(s, e):
                        h = np.uint32((h ^ folded[i]) * np.uint32(0x01000193))
                    key[v, 1] = pair_hash(folded[s], folded[s + 1] if n > 1 else np.uint32(0))
                    key[v, 2] = pair_hash(folded[e - 1], folded[e - 2] if n > 1 else np.uint32(0))
                    key[v, 0] = np.uint32(h ^ (h >> np.uint32(15))) & np.uint32(FILTER - 1)
                    whole[key[v, 0]] += 1
                    head[key[v, 1]] += 1
                    tail[key[v, 2]] += 1
                    for i in range(s, e - 1):
                        p = pair_hash(folded[i], folded[i + 1])
                        if v == a:
                            title[p] = 1
                        if is_prose:
                            prose[p] += 1
                        else:
                            other[p] += 1
                elif step == 2:  # leave the sets empty for the next page: cheaper than clearing them whole
                    whole[key[v, 0]] = 0
                    head[key[v, 1]] = 0
                    tail[key[v, 2]] = 0
                    for i in range(s, e - 1):
                        p = pair_hash(folded[i], folded[i + 1])
                        title[p] = 0
                        prose[p] = 0
                        other[p] = 0
                else:
                    in_title = 0
                    in_prose = 0
                    in_other = 0
                    for i in range(s, e - 1):
                        p = pair_hash(folded[i], folded[i + 1])
                        in_title += title[p]
                        if prose[p] > (1 if is_prose else 0):
                            in_prose += 1
                        if other[p] > (0 if is_prose else 1):
                            in_other += 1
                    pairs = np.float32(max(1, n - 1))
                    out[v, 0] = 0.0 if v == a else in_title / pairs
                    out[v, 1] = in_prose / pairs
                    out[v, 2] = in_other / pairs
                    out[v, 3] = squash(whole[key[v, 0]] - 1)
                    out[v, 4] = squash(head[key[v, 1]] - 1)
                    out[v, 5] = squash(tail[key[v, 2]] - 1)
    return out


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
    out = np.zeros((m, FEATURES), np.float32)
    for d in range(doc_first.size - 1):
        a = doc_first[d]
        b = doc_first[d + 1]
        n = b - a
        if n == 0:
            continue
        # running sums over the page: probabilities, then length, sentence ends, prose
        sums = np.zeros((n + 1, N_LABELS + 4), np.float64)
        page = np.zeros(PAGE, np.float32)
        for v in range(a, b):
            k = visible[v]
            i = v - a
            for c in range(N_LABELS):
                sums[i + 1, c] = sums[i, c] + probabilities[k, c]
            sums[i + 1, N_LABELS] = sums[i, N_LABELS] + facts[v, 0]
            sums[i + 1, N_LABELS + 1] = sums[i, N_LABELS + 1] + facts[v, 11]
            sums[i + 1, N_LABELS + 2] = sums[i, N_LABELS + 2] + min(np.float32(1), facts[v, 16])
            sums[i + 1, N_LABELS + 3] = sums[i, N_LABELS + 3] + facts[v, 0] * probabilities[k, 0]
        chars = 0.0
        content = 0.0
        spam = 0.0
        prose_lines = 0.0
        for v in range(a, b):
            k = visible[v]
            size = np.exp(4.0 * facts[v, 0]) - 1.0
            chars += size
            content += size * probabilities[k, 0]
            for c in range(6, 11):
                spam += size * probabilities[k, c]
            if probabilities[k, 0] > 0.5 and facts[v, 0] > 0.85:
                prose_lines += 1
        for c in range(N_LABELS):
            page[c] = sums[n, c] / n
        page[N_LABELS] = squash(n)
        page[N_LABELS + 1] = squash(chars) / 2
        page[N_LABELS + 2] = content / max(1.0, chars)
        page[N_LABELS + 3] = spam / max(1.0, chars)
        page[N_LABELS + 4] = sums[n, N_LABELS] / n
        page[N_LABELS + 5] = sums[n, N_LABELS + 1] / n
        page[N_LABELS + 6] = sums[n, N_LABELS + 2] / n
        page[N_LABELS + 7] = squash(prose_lines)
        page[N_LABELS + 8] = prose_lines / n
        since = n
        for v in range(a, b):
            k = visible[v]
            i = v - a
            f = 0
            for c in range(N_LABELS):
                out[v, f + c] = max(-1.5, np.log(probabilities[k, c] + 1e-4) / 4.0 + 1.0)
            f += N_LABELS
            for c in range(18):
                out[v, f + c] = facts[v, c]
            f += 18
            for side in range(2):
                for step in range(1, NEAR + 1):
                    w = v - step if side == 0 else v + step
                    if a <= w < b:
                        j = visible[w]
                        for c in range(N_LABELS):
                            out[v, f + c] = probabilities[j, c]
                        out[v, f + N_LABELS] = facts[w, 0]
                        out[v, f + N_LABELS + 1] = facts[w, 11]
                        out[v, f + N_LABELS + 2] = min(np.float32(1), facts[w, 16])
                        out[v, f + N_LABELS + 3] = abs(facts[w, 0] - facts[v, 0])
                    else:
                        out[v, f + N_LABELS + 4] = 1.0
                    f += NEIGHBOUR
            for width in WINDOWS:
                for side in range(2):
                    low = max(0, i - width) if side == 0 else i + 1
                    high = i if side == 0 else min(n, i + 1 + width)
                    if high > low:
                        for c in range(N_LABELS + 4):
                            out[v, f + c] = (sums[high, c] - sums[low, c]) / (high - low)
                    f += WINDOW
            for c in range(PAGE):
                out[v, f + c] = page[c]
            f += PAGE
            out[v, f] = i / n
            out[v, f + 1] = squash(i)
            out[v, f + 2] = squash(n - 1 - i)
            out[v, f + 3] = 1.0 if i == 0 else 0.0
            for c in range(6):
                out[v, f + 4 + c] = sets[v, c]
            out[v, f + 10] = squash(since)
            if probabilities[k, 0] > 0.5 and facts[v, 0] > 0.85:
                since = 0
            else:
                since += 1
        until = n
        for back in range(n):
            v = b - 1 - back
            k = visible[v]
            f = FEATURES - SELF
            out[v, f + 11] = squash(until)
            if probabilities[k, 0] > 0.5 and facts[v, 0] > 0.85:
                until = 0
            else:
                until += 1
            i = v - a
            out[v, f + 12] = sums[i, N_LABELS + 3] / max(1e-6, sums[n, N_LABELS + 3])
            run = 0
            while run < 6 and v - run - 1 >= a and abs(facts[v - run - 1, 0] - facts[v, 0]) < 0.08:
                run += 1
            out[v, f + 13] = run / 6.0
            run = 0
            while run < 6 and v + run + 1 < b and abs(facts[v + run + 1, 0] - facts[v, 0]) < 0.08:
                run += 1
            out[v, f + 14] = run / 6.0
            out[v, f + 15] = 1.0
    return out
