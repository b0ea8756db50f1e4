"""Junk inside kept lines: a score for every character, and the best way to cut the line into runs.

Four states: 0 keep, 1 chrome, 2 spam, 3 noise. A character's score in a state is the sum of the tagger's weights of all
n-grams that cover it, plus a part for its distance to either end of the line. The runs are the best path (Viterbi)
through those scores with costs for where a run may begin and end, by the classes of the characters on either side.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from moderation.kernel.jit import always, inline, kernel
from moderation.kernel.ngrams import MARK, SEED, extend
from moderation.kernel.vector import load_four, no_four, store

STATES = 4
EDGES = 5
"""Steps of the distance to an end of the line."""
CLASSES = 17
"""Character classes and, as the last one, the end of the line."""
REST = 200
"""Characters on either side of a run by which what remains is judged."""
FACTS = 10
"""Numbers about a found run, see span_facts."""


STEPS = np.array([0] + [1] * 3 + [2] * 7 + [3] * 20, np.int8)
FAR = np.int64(4)
ONE, TWO, THREE = np.uint64(1), np.uint64(2), np.uint64(3)


@always
def edge_step(distance: int) -> int:
    """Distance to an end of the line, in steps: at it, within 3, within 10, within 30, farther."""
    return STEPS[distance] if distance <= 30 else FAR


@inline
def tagger_row(weights: NDArray[np.int8], h: np.uint32, shift: np.uint32) -> Any:
    """The four weights of a hash's row."""
    return load_four(weights, np.uint64(h >> shift) * np.uint64(STATES))


@inline
def character_sums(
    folded: NDArray[np.uint32],
    first: int,
    length: int,
    weights: NDArray[np.int8],
    bits: int,
    total: NDArray[np.int32],
) -> None:
    """The sums of the rows of the grams that cover each character; total: flat, from 0 on STATES a character.

    weights: int8 (rows, STATES), a table of their own: it stays in caches where one of all columns would not.
    Four grams begin at a character, and the one `back` places behind it is covered by those of order above `back`.
    A character's sum is complete once the grams that begin at it are added; those of the three behind it are under way.
    """
    shift = np.uint32(32 - bits)
    ahead = np.uint64(first) + np.uint64(2)
    end = np.uint64(first) + np.uint64(length)
    c0 = MARK
    c1 = folded[first]
    c2 = folded[first + 1] if length > 1 else MARK
    t0 = t1 = t2 = no_four()
    for i in range(-1, length):
        c3 = folded[ahead] if ahead < end else MARK
        h1 = extend(SEED, c0)
        h2 = extend(h1, c1)
        h3 = extend(h2, c2)
        g3 = tagger_row(weights, h3, shift) if i + 2 <= length else no_four()
        g4 = tagger_row(weights, extend(h3, c3), shift) if i + 3 <= length else no_four()
        g3 = g3 + g4
        g2 = tagger_row(weights, h2, shift) + g3
        t0 = t0 + tagger_row(weights, h1, shift) + g2
        if i >= 0:
            store(total, i * STATES, t0)
        t0 = t1 + g2
        t1 = t2 + g3
        t2 = g4
        c0, c1, c2 = c1, c2, c3
        ahead += np.uint64(1)


@kernel
def character_scores(
    folded: NDArray[np.uint32], first: int, length: int, weights: NDArray[np.int8], bits: int
) -> NDArray[np.int32]:
    """The summed rows of each character of one folded line: (length, STATES). weights: as character_sums'."""
    total = np.zeros((length, STATES), np.int32)
    if length:
        character_sums(folded, first, length, weights, bits, total.reshape(-1))
    return total


@inline
def may_hold_run(
    total: NDArray[np.int32],
    kind: NDArray[np.uint8],
    n: int,
    scale: NDArray[np.float32],
    edge: NDArray[np.float32],
    begin: NDArray[np.float32],
    close: NDArray[np.float32],
    worth: NDArray[np.float32],
) -> bool:
    """What each of n characters is worth in each state beyond keeping it, into worth; and whether a run may pay.

    It may where the best run would, if every character had its best state: most lines don't get there. What a run that
    ends at i is worth is the sum up to i without the least that such a sum and its entry may begin with, so that only
    one addition has to wait for the one before. All arrays are flat.
    """
    scale0, scale1, scale2, scale3 = scale[0], scale[1], scale[2], scale[3]
    up_to = 0.0
    least = 1e30
    most = -1e30
    high = np.float32(-1e30)
    for i in range(np.uint64(n)):
        at = i * np.uint64(STATES)
        step = np.uint64(edge_step(np.int64(i)) * EDGES + edge_step(n - 1 - np.int64(i))) * np.uint64(STATES)
        keep = scale0 * np.float32(total[at]) + edge[step]
        s1 = scale1 * np.float32(total[at + ONE]) + edge[step + ONE] - keep
        s2 = scale2 * np.float32(total[at + TWO]) + edge[step + TWO] - keep
        s3 = scale3 * np.float32(total[at + THREE]) + edge[step + THREE] - keep
        worth[at] = 0
        worth[at + ONE] = s1
        worth[at + TWO] = s2
        worth[at + THREE] = s3
        top = max(s1, s2, s3)
        high = max(high, top)
        pair = np.uint64(kind[i]) * np.uint64(CLASSES) + np.uint64(kind[i + ONE])
        enter = np.float64(begin[pair])
        leave = np.float64(close[pair])
        more = max(0.0, leave + enter)
        most = max(most, up_to - least + leave)
        least = min(least, up_to + more - enter)
        up_to += more + np.float64(top)
    most = max(most, up_to - least + np.float64(close[np.int64(kind[n]) * CLASSES + np.int64(kind[n + 1])]))
    return bool(high > 0 and most >= -1e-3)  # a margin for the order of adding


@inline
def best_path(
    worth: NDArray[np.float32],
    kind: NDArray[np.uint8],
    n: int,
    begin: NDArray[np.float32],
    close: NDArray[np.float32],
    best: NDArray[np.float32],
    back: NDArray[np.int8],
    path: NDArray[np.int8],
) -> None:
    """The states of the best path through n characters, into path. best: room for 2 * STATES numbers; all are flat."""
    pair = np.int64(kind[0]) * CLASSES + np.int64(kind[1])
    for s in range(STATES):
        best[s] = worth[s] + (begin[pair] if s else np.float32(0))
    for i in range(1, n):
        pair = np.int64(kind[i]) * CLASSES + np.int64(kind[i + 1])
        enter = begin[pair]
        leave = close[pair]
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
            best[STATES + s] = top + worth[i * STATES + s]
            back[i * STATES + s] = origin
        for s in range(STATES):
            best[s] = best[STATES + s]
    state = 0
    leave = close[np.int64(kind[n]) * CLASSES + np.int64(kind[n + 1])]
    top = best[0]
    for s in range(1, STATES):
        if best[s] + leave > top:
            top = best[s] + leave
            state = s
    for i in range(n - 1, -1, -1):
        path[i] = state
        if i:
            state = back[i * STATES + state]


@inline
def write_runs(
    k: int,
    path: NDArray[np.int8],
    worth: NDArray[np.float32],
    kind: NDArray[np.uint8],
    n: int,
    begin: NDArray[np.float32],
    close: NDArray[np.float32],
    runs: NDArray[np.int64],
    facts: NDArray[np.float32],
    m: int,
) -> int:
    """The runs of line k and their facts, from row m on; returns the row behind them."""
    i = 0
    while i < n:
        s = np.int64(path[i])
        if s == 0:
            i += 1
            continue
        j = i
        mean = np.float32(0)
        high = np.float32(-100)
        while j < n and path[j] == s:
            mean += worth[j * STATES + s]
            high = max(high, worth[j * STATES + s])
            j += 1
        runs[m, 0] = k
        runs[m, 1] = i
        runs[m, 2] = j
        runs[m, 3] = s
        facts[m, 0] = mean / (j - i)
        facts[m, 1] = high
        facts[m, 2] = np.log(np.float32(j - i))
        facts[m, 3] = (j - i) / n
        facts[m, 4] = begin[np.int64(kind[i]) * CLASSES + np.int64(kind[i + 1])]
        facts[m, 5] = close[np.int64(kind[j]) * CLASSES + np.int64(kind[j + 1])]
        facts[m, 6] = 1.0 if i == 0 else 0.0
        facts[m, 7] = 1.0 if j == n else 0.0
        facts[m, 8] = 1.0 if s == 2 else 0.0
        facts[m, 9] = 1.0 if s == 3 else 0.0
        m += 1
        i = j
    return m


@kernel
def find_runs(
    folded: NDArray[np.uint32],
    fold_start: NDArray[np.int64],
    kinds: NDArray[np.uint8],
    chosen: NDArray[np.int64],
    weights: NDArray[np.int8],
    bits: int,
    scale: NDArray[np.float32],
    edge: NDArray[np.float32],
    begin: NDArray[np.float32],
    close: NDArray[np.float32],
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The junk runs of the chosen lines.

    kinds: classes of the folded characters. chosen: indices of lines. weights: int8 (rows, STATES). scale: (STATES,),
    of the summed columns. edge: (EDGES, EDGES, STATES), by distance to the beginning and to the end. begin, close:
    (CLASSES, CLASSES), what it is worth to begin or close a run between two classes. Returns runs, int64 (r, 4): line,
    first and behind-last folded character (from the line's start), state; and their facts, float32 (r, FACTS).
    """
    longest = 0
    for k in chosen:
        longest = max(longest, fold_start[k + 1] - fold_start[k])
    total = np.empty(longest * STATES, np.int32)
    worth = np.empty(longest * STATES, np.float32)
    back = np.empty(longest * STATES, np.int8)
    kind = np.empty(longest + 2, np.uint8)
    path = np.empty(longest, np.int8)
    best = np.empty(2 * STATES, np.float32)
    edges, begins, closes = edge.reshape(-1), begin.reshape(-1), close.reshape(-1)
    room = 64
    runs = np.empty((room, 4), np.int64)
    facts = np.empty((room, FACTS), np.float32)
    m = 0
    q = 0
    while q < chosen.size:
        k = chosen[q]
        n = fold_start[k + 1] - fold_start[k]
        if m + n > room:  # a line of n characters has at most so many runs; what is not written takes no memory
            room = 2 * room + n
            more_runs = np.empty((room, 4), np.int64)
            more_runs[:m] = runs[:m]
            more_facts = np.empty((room, FACTS), np.float32)
            more_facts[:m] = facts[:m]
            runs, facts = more_runs, more_facts
        while m + n <= room:  # a loop of its own: an array that may change in a loop has its references counted there
            if n >= 4:
                first = fold_start[k]
                character_sums(folded, first, n, weights, bits, total)
                kind[0] = CLASSES - 1
                kind[n + 1] = CLASSES - 1
                for i in range(np.uint64(n)):
                    kind[i + ONE] = kinds[np.uint64(first) + i]
                if may_hold_run(total, kind, n, scale, edges, begins, closes, worth):
                    best_path(worth, kind, n, begins, closes, best, back, path)
                    m = write_runs(k, path, worth, kind, n, begins, closes, runs, facts, m)
            q += 1
            if q == chosen.size:
                break
            k = chosen[q]
            n = fold_start[k + 1] - fold_start[k]
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
