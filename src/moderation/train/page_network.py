"""The second stage's network while it learns: what it makes of pages, and where its loss leads each weight.

scikit-learn has no network that remembers. Products over all lines at once are numpy's; what has to go from line to
line is compiled. The arrays are those of model.ContextModel but for low and high: features come in standardised.
"""

from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from moderation.kernel.context import FEATURES
from moderation.kernel.jit import kernel
from moderation.kernel.recurrence import EMBEDDED, GATED, KNOWN, MEMORY
from moderation.labels import NAMES

Floats: TypeAlias = NDArray[np.float32]
Weights: TypeAlias = dict[str, Floats]
FIELDS: Final = ("w1", "b1", "say", "bias", "onwards", "backwards", "w2", "b2")
SIDES: Final = (("onwards", 0), ("backwards", 1))
SHUT: Final = -1.0
"""Where gates begin: a memory that lasts some lines."""


def first_weights(seed: int) -> Weights:
    """Small random weights (Glorot and Bengio 2010)."""
    random = np.random.default_rng(seed)

    def drawn(rows: int, columns: int) -> Floats:
        most = np.sqrt(6 / (rows + columns))
        return random.uniform(-most, most, (rows, columns)).astype(np.float32)

    bias = np.zeros((2, 2, MEMORY), np.float32)
    bias[:, 0] = SHUT
    return {
        "w1": drawn(FEATURES, EMBEDDED),
        "b1": np.zeros(EMBEDDED, np.float32),
        "say": drawn(EMBEDDED, 2 * GATED),
        "bias": bias.ravel(),
        "onwards": drawn(MEMORY, GATED),
        "backwards": drawn(MEMORY, GATED),
        "w2": drawn(KNOWN, len(NAMES)),
        "b2": np.zeros(len(NAMES), np.float32),
    }


@kernel
def remember(
    said: Floats, weights: Floats, first: NDArray[np.int64], backwards: bool, memory: Floats, gate: Floats, new: Floats
) -> None:
    """Read pages in one direction; the memory, gates and candidates at every line are written into the last three.

    said: (n, GATED). weights: (MEMORY, GATED). first: the first line of each page, and the one behind the last.
    """
    sums = np.empty(GATED, np.float32)
    state = np.empty(MEMORY, np.float32)
    for d in range(first.size - 1):
        state[:] = 0
        for i in range(first[d + 1] - first[d]):
            t = first[d + 1] - 1 - i if backwards else first[d] + i
            for c in range(GATED):
                sums[c] = said[t, c]
            for k in range(MEMORY):
                value = state[k]
                for c in range(GATED):
                    sums[c] += value * weights[k, c]
            for k in range(MEMORY):
                gate[t, k] = np.float32(1) / (np.float32(1) + np.exp(-sums[k]))
                new[t, k] = np.tanh(sums[MEMORY + k])
                state[k] += gate[t, k] * (new[t, k] - state[k])
                memory[t, k] = state[k]


@kernel
def remember_back(
    slope: Floats,
    turned: Floats,
    first: NDArray[np.int64],
    backwards: bool,
    memory: Floats,
    gate: Floats,
    new: Floats,
    by_said: Floats,
    before: Floats,
) -> None:
    """The loss's slope by what the lines said, (n, GATED), from its slope by the memory at every line, (n, MEMORY).

    turned: the weights of remember, transposed. before: out, the memory that each line found.
    """
    carried = np.empty(MEMORY, np.float32)
    for d in range(first.size - 1):
        carried[:] = 0
        a, b = first[d], first[d + 1]
        for i in range(b - a):
            t = a + i if backwards else b - 1 - i
            source = t + 1 if backwards else t - 1
            for k in range(MEMORY):
                found = memory[source, k] if a <= source < b else np.float32(0)
                own = slope[t, k] + carried[k]
                z, c = gate[t, k], new[t, k]
                before[t, k] = found
                by_said[t, k] = own * (c - found) * z * (np.float32(1) - z)
                by_said[t, MEMORY + k] = own * z * (np.float32(1) - c * c)
                carried[k] = own * (np.float32(1) - z)
            for c in range(GATED):
                value = by_said[t, c]
                for k in range(MEMORY):
                    carried[k] += value * turned[c, k]


@dataclass(frozen=True, slots=True)
class Pass:
    """What the network made of the lines on its way to the logits, for gradients. masks: what dropout let through."""

    x: Floats
    first: NDArray[np.int64]
    embedded: Floats
    sides: list[tuple[Floats, Floats, Floats]]
    known: Floats
    masks: tuple[Floats, Floats] | None
    logits: Floats


def masks_of(n: int, share: float, random: np.random.Generator) -> tuple[Floats, Floats]:
    """Dropout (Srivastava et al. 2014) of `share` of what lines are made into, and of what labels come from."""

    def mask(width: int) -> Floats:
        let_through: Floats = (random.random((n, width), np.float32) >= share) * np.float32(1 / (1 - share))
        return let_through

    return mask(EMBEDDED), mask(KNOWN)


def forward(weights: Weights, x: Floats, first: NDArray[np.int64], masks: tuple[Floats, Floats] | None = None) -> Pass:
    """Logits of the lines of whole pages. x: (n, FEATURES), standardised. first: see remember."""
    n = len(x)
    embedded = np.maximum(x @ weights["w1"] + weights["b1"], 0)
    if masks is not None:
        embedded *= masks[0]
    said = embedded @ weights["say"] + weights["bias"]
    sides = []
    for name, side in SIDES:
        memory, gate, new = (np.empty((n, MEMORY), np.float32) for _ in range(3))
        own = np.ascontiguousarray(said[:, side * GATED : (side + 1) * GATED])
        remember(own, weights[name], first, bool(side), memory, gate, new)
        sides.append((memory, gate, new))
    known = np.hstack([embedded, sides[0][0], sides[1][0]])
    if masks is not None:
        known *= masks[1]
    return Pass(x, first, embedded, sides, known, masks, known @ weights["w2"] + weights["b2"])


def gradients(weights: Weights, done: Pass, by_logit: NDArray[Any]) -> Weights:
    """The loss's slope by every weight, from its slope by the logits of `done`."""
    slope = by_logit.astype(np.float32)
    found = {"w2": done.known.T @ slope, "b2": slope.sum(0)}
    by_known = slope @ weights["w2"].T
    if done.masks is not None:
        by_known *= done.masks[1]
    by_said = np.empty((len(slope), 2 * GATED), np.float32)
    for name, side in SIDES:
        memory, gate, new = done.sides[side]
        own, before = np.empty((len(slope), GATED), np.float32), np.empty_like(memory)
        at = EMBEDDED + side * MEMORY
        by_memory = np.ascontiguousarray(by_known[:, at : at + MEMORY])
        turned = np.ascontiguousarray(weights[name].T)
        remember_back(by_memory, turned, done.first, bool(side), memory, gate, new, own, before)
        found[name] = before.T @ own
        by_said[:, side * GATED : (side + 1) * GATED] = own
    found |= {"say": done.embedded.T @ by_said, "bias": by_said.sum(0)}
    by_embedded = by_known[:, :EMBEDDED] + by_said @ weights["say"].T
    if done.masks is not None:
        by_embedded *= done.masks[0]
    by_embedded *= done.embedded > 0
    return found | {"w1": done.x.T @ by_embedded, "b1": by_embedded.sum(0)}
