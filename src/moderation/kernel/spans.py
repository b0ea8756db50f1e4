"""Junk inside kept lines: a score for every character, and the best way to cut the line into runs.

Four states: 0 keep, 1 chrome, 2 spam, 3 noise. A character's score in a state is the sum of the span columns of all
n-grams that cover it, plus a part for its distance to either end of the line. The runs are the best path (Viterbi)
through those scores with costs for where a run may begin and end, by the classes of the characters on either side.
"""

import numpy as np
from numpy.typing import NDArray

from moderation.kernel.jit import inline, kernel
from moderation.kernel.ngrams import MARK, ORDERS, SEED, extend

STATES = 4
FIRST_COLUMN = 12
"""The span columns stand behind the label columns of the weight rows."""
EDGES = 5
"""Steps of the distance to an end of the line."""
CLASSES = 17
"""Character classes and, as the last one, the end of the line."""
REST = 200
"""Characters on either side of a run by which what remains is judged."""
FACTS = 10
"""Numbers about a found run, see span_facts."""


@inline
def edge_step(distance: int) -> int:
    """Distance to an end of the line, in steps: at it, within 3, within 10, within 30, farther."""
    if distance == 0:
        return 0
    if distance <= 3:
        return 1
    if distance <= 10:
        return 2
    return 3 if distance <= 30 else 4


@inline
def add_character_scores(
    folded: NDArray[np.uint32],
    first: int,
    length: int,
    weights: NDArray[np.int8],
    bits: int,
    total: NDArray[np.int32],
) -> None:
    """Add the span columns of every gram to each character that it covers; total: int32 (>= length, STATES), zeroed.

    The character `back` places behind the beginning of four grams is covered by those of order above `back`: adding
    from the longest gram on makes one addition a character of what would be one a gram and character.
    """
    shift = np.uint32(32 - bits)
    place = np.empty(ORDERS, np.int64)
    for i in range(-1, length + 1):
        h = SEED
        n = min(ORDERS, length + 1 - i)
        for back in range(n):
            j = i + back
            c = MARK if j < 0 or j >= length else folded[first + j]
            h = extend(h, c)
            place[back] = h >> shift
        s0 = np.int32(0)
        s1 = np.int32(0)
        s2 = np.int32(0)
        s3 = np.int32(0)
        for back in range(n - 1, -1, -1):
            row = weights[place[back]]
            s0 += row[FIRST_COLUMN]
            s1 += row[FIRST_COLUMN + 1]
            s2 += row[FIRST_COLUMN + 2]
            s3 += row[FIRST_COLUMN + 3]
            p = i + back
            if 0 <= p < length:
                total[p, 0] += s0
                total[p, 1] += s1
                total[p, 2] += s2
                total[p, 3] += s3


@kernel
def character_scores(
    folded: NDArray[np.uint32], first: int, length: int, weights: NDArray[np.int8], bits: int
) -> NDArray[np.int32]:
    """The summed span columns of each character of one folded line: (length, STATES)."""
    total = np.zeros((length, STATES), np.int32)
    add_character_scores(folded, first, length, weights, bits, total)
    return total


@kernel
def find_runs(
    codes: NDArray[np.uint32],
    folded: NDArray[np.uint32],
    fold_start: NDArray[np.int64],
    source: NDArray[np.int64],
    chosen: NDArray[np.int64],
    page: NDArray[np.uint16],
    char_class: NDArray[np.uint8],
    weights: NDArray[np.int8],
    bits: int,
    scale: NDArray[np.float32],
    edge: NDArray[np.float32],
    begin: NDArray[np.float32],
    close: NDArray[np.float32],
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The junk runs of the chosen lines.

    chosen: indices of lines. scale: (STATES,), of the summed columns. edge: (EDGES, EDGES, STATES), by distance to the
    beginning and to the end. begin, close: (CLASSES, CLASSES), what it is worth to begin or close a run between two
    classes. Returns runs, int64 (r, 4): line, first and behind-last folded character (from the line's start), state;
    and their facts, float32 (r, FACTS).
    """
    longest = 0
    for k in chosen:
        longest = max(longest, fold_start[k + 1] - fold_start[k])
    total = np.zeros((longest, STATES), np.int32)
    score = np.zeros((longest, STATES), np.float32)
    back = np.zeros((longest, STATES), np.int8)
    kind = np.zeros(longest + 2, np.uint8)
    path = np.zeros(longest, np.int8)
    runs = np.empty((64, 4), np.int64)
    facts = np.empty((64, FACTS), np.float32)
    m = 0
    best = np.zeros(STATES, np.float32)
    new = np.zeros(STATES, np.float32)
    for k in chosen:
        first = fold_start[k]
        n = fold_start[k + 1] - first
        if n < 4:
            continue
        total[:n] = 0
        add_character_scores(folded, first, n, weights, bits, total)
        hot = False
        for i in range(n):
            a = edge_step(i)
            b = edge_step(n - 1 - i)
            for s in range(STATES):
                score[i, s] = scale[s] * total[i, s] + edge[a, b, s]
            keep = score[i, 0]
            for s in range(STATES):
                score[i, s] -= keep
            if max(score[i, 1], score[i, 2], score[i, 3]) > 0:
                hot = True
        if not hot:
            continue
        kind[0] = CLASSES - 1
        kind[n + 1] = CLASSES - 1
        for i in range(n):
            c = codes[source[first + i]]
            kind[i + 1] = 0 if (c >> 8) >= page.size else char_class[page[c >> 8], c & 255]
        # What the best run could be worth if every character had its best state: most lines end here.
        run = np.float32(-1e30)
        most = np.float32(-1e30)
        for i in range(n):
            enter = begin[kind[i], kind[i + 1]]
            leave = close[kind[i], kind[i + 1]]
            most = max(most, run + leave)
            run = max(run, run + leave + enter, enter) + max(score[i, 1], score[i, 2], score[i, 3])
        if max(most, run + close[kind[n], kind[n + 1]]) < -1e-3:  # a margin for the order of adding
            continue
        for s in range(STATES):
            best[s] = score[0, s] + (begin[kind[0], kind[1]] if s else np.float32(0))
        for i in range(1, n):
            enter = begin[kind[i], kind[i + 1]]
            leave = close[kind[i], kind[i + 1]]
            for s in range(STATES):
                top = best[s]
                origin = s
                if s == 0:
                    for t in range(1, STATES):
                        if best[t] + leave > top:
                            top = best[t] + leave
                            origin = t
                else:
                    if best[0] + enter > top:
                        top = best[0] + enter
                        origin = 0
                    for t in range(1, STATES):
                        if t != s and best[t] + leave + enter > top:
                            top = best[t] + leave + enter
                            origin = t
                new[s] = top + score[i, s]
                back[i, s] = origin
            best[:] = new
        state = 0
        leave = close[kind[n], kind[n + 1]]
        top = best[0]
        for s in range(1, STATES):
            if best[s] + leave > top:
                top = best[s] + leave
                state = s
        for i in range(n - 1, -1, -1):
            path[i] = state
            if i:
                state = back[i, state]
        i = 0
        while i < n:
            s = path[i]
            if s == 0:
                i += 1
                continue
            j = i
            mean = np.float32(0)
            high = np.float32(-100)
            while j < n and path[j] == s:
                mean += score[j, s]
                high = max(high, score[j, s])
                j += 1
            if m == runs.shape[0]:
                more = np.empty((2 * m, 4), np.int64)
                more[:m] = runs
                runs = more
                wide = np.empty((2 * m, FACTS), np.float32)
                wide[:m] = facts
                facts = wide
            runs[m, 0] = k
            runs[m, 1] = i
            runs[m, 2] = j
            runs[m, 3] = s
            facts[m, 0] = mean / (j - i)
            facts[m, 1] = high
            facts[m, 2] = np.log(np.float32(j - i))
            facts[m, 3] = (j - i) / n
            facts[m, 4] = begin[kind[i], kind[i + 1]]
            facts[m, 5] = close[kind[j], kind[j + 1]]
            facts[m, 6] = 1.0 if i == 0 else 0.0
            facts[m, 7] = 1.0 if j == n else 0.0
            facts[m, 8] = 1.0 if s == 2 else 0.0
            facts[m, 9] = 1.0 if s == 3 else 0.0
            m += 1
            i = j
    return runs[:m].copy(), facts[:m].copy()


@kernel
def cut_pieces(
    folded: NDArray[np.uint32], fold_start: NDArray[np.int64], runs: NDArray[np.int64]
) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """Every run as a line of its own, and behind it what remains around it: 2 r folded lines.

    What remains is taken from at most REST characters on either side, so that many runs in one long line stay linear.

    Returns their characters and where each begins, (2 r + 1,).
    """
    r = runs.shape[0]
    start = np.zeros(2 * r + 1, np.int64)
    for q in range(r):
        n = fold_start[runs[q, 0] + 1] - fold_start[runs[q, 0]]
        size = runs[q, 2] - runs[q, 1]
        rest = min(REST, runs[q, 1]) + min(REST, n - runs[q, 2])
        start[2 * q + 1] = start[2 * q] + size
        start[2 * q + 2] = start[2 * q + 1] + rest
    out = np.empty(start[2 * r], np.uint32)
    for q in range(r):
        first = fold_start[runs[q, 0]]
        end = fold_start[runs[q, 0] + 1]
        a = first + runs[q, 1]
        b = first + runs[q, 2]
        at = start[2 * q]
        for i in range(a, b):
            out[at] = folded[i]
            at += 1
        for i in range(max(first, a - REST), a):
            out[at] = folded[i]
            at += 1
        for i in range(b, min(end, b + REST)):
            out[at] = folded[i]
            at += 1
    return out, start
