"""Found runs: what speaks for and against each of them, and those that become spans."""

import numpy as np
from numpy.typing import NDArray

from moderation.kernel.disguise import is_token
from moderation.kernel.jit import inline, kernel
from moderation.kernel.spans import FACTS, STATES

MORE = STATES + 4
"""Numbers that are added to the tagger's own facts."""
REST_KEEP = FACTS + STATES
"""Which fact is the log odds, by four, that the rest of the line is content."""
FULL_REST = 40
"""A rest of so many characters or more is as good as any."""
SMALLEST = np.float32(1e-3)
NOISE = 3
"""The state of a run that means nothing; such a run may be of marks alone."""
WORDS = np.uint32(1 << 1 | 1 << 2 | 1 << 3 | 1 << 13)
"""Classes of characters that say something, a bit each: letters and digits of any script (text/classes.py)."""


@inline
def log_odds(share: np.float32) -> np.float32:
    """log(share / (1 - share)) / 4, bounded."""
    return np.float32(np.log((share + SMALLEST) / (np.float32(1) - share + SMALLEST)) / np.float32(4))


@inline
def says_something(folded: NDArray[np.uint32], kinds: NDArray[np.uint8], first: int, behind: int) -> bool:
    """Whether a character from `first` on, and before `behind`, is a letter or a digit, or a sign of one: ⓥ, ㊙."""
    for i in range(first, behind):  # noqa: SIM110 - numba knows no generators
        if (WORDS >> np.uint32(kinds[i])) & np.uint32(1) or is_token(folded[i]):
            return True
    return False


@kernel
def run_facts(
    runs: NDArray[np.int64],
    facts: NDArray[np.float32],
    scores: NDArray[np.float32],
    piece_start: NDArray[np.int64],
    family: NDArray[np.int64],
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """All facts about each run, float32 (r, FACTS + MORE), and the column of its likeliest label, (r,).

    runs, facts: as find_runs gives them. scores: (2 r, n_labels), of every run as a line of its own and of what remains
    around it; piece_start: (2 r + 1,), as cut_pieces gives it. family: (n_labels,), the state that a label belongs to.
    """
    r = runs.shape[0]
    out = np.empty((r, FACTS + MORE), np.float32)
    label = np.zeros(r, np.int64)
    share = np.empty(STATES, np.float32)
    for q in range(r):
        state = runs[q, 3]
        for s in range(STATES):
            share[s] = 0
        most = np.float32(-1)
        for c in range(family.size):
            share[family[c]] += scores[2 * q, c]
            if family[c] == state and scores[2 * q, c] > most:
                most = scores[2 * q, c]
                label[q] = c
        for f in range(FACTS):
            out[q, f] = facts[q, f]
        for s in range(STATES):
            out[q, FACTS + s] = log_odds(share[s])
        rest = piece_start[2 * q + 2] - piece_start[2 * q + 1]
        out[q, REST_KEEP] = log_odds(scores[2 * q + 1, 0])
        out[q, FACTS + STATES + 1] = out[q, FACTS + state]
        out[q, FACTS + STATES + 2] = min(rest, FULL_REST) / FULL_REST
        out[q, FACTS + STATES + 3] = facts[q, 0] * facts[q, 2]
    return out, label


@kernel
def accepted_runs(
    runs: NDArray[np.int64],
    scores: NDArray[np.float32],
    label: NDArray[np.int64],
    least_score: float,
    least_rest: int,
    folded: NDArray[np.uint32],
    kinds: NDArray[np.uint8],
    fold_start: NDArray[np.int64],
    line_start: NDArray[np.int64],
    line_end: NDArray[np.int64],
    source: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    """The runs of at least this score that leave at least so many characters: line, start and end in the batch's codes,
    label column, score.

    folded, kinds: the folded characters, and their classes before folding. A run at an end of its line takes the line's
    own end. Chrome and spam have words: the dots with which a sentence breaks off are neither.
    """
    r = runs.shape[0]
    line = np.empty(r, np.int64)
    start = np.empty(r, np.int64)
    end = np.empty(r, np.int64)
    label_of = np.empty(r, np.int64)
    score_of = np.empty(r, np.float32)
    m = 0
    for q in range(r):
        k = runs[q, 0]
        first = fold_start[k]
        behind = fold_start[k + 1]
        rest = behind - first - (runs[q, 2] - runs[q, 1])
        if not (scores[q] >= least_score and rest >= least_rest):  # a score that is no number is none
            continue
        if runs[q, 3] != NOISE and not says_something(folded, kinds, first + runs[q, 1], first + runs[q, 2]):
            continue
        line[m] = k
        start[m] = line_start[k] if runs[q, 1] == 0 else source[first + runs[q, 1]]
        end[m] = line_end[k] if first + runs[q, 2] == behind else source[first + runs[q, 2]]
        label_of[m] = label[q]
        score_of[m] = scores[q]
        m += 1
    return line[:m], start[:m], end[:m], label_of[:m], score_of[:m]
