"""The second stage's weights as whole numbers of 16 bits, made from the model's when it is first used.

What is multiplied is whole as well: features in steps of their range, what lines are made into in steps of 1 / FINE,
what is remembered in steps of 1 / STEPS. Each column of weights has a unit of its own, as small as leaves room for the
largest sum that there can be. What is served and the network as it was trained give the same label to nearly all lines
(tests/quality/test_whole_weights.py).
"""

from typing import TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from moderation.kernel.network import MOST_STEPS
from moderation.kernel.recurrence import EMBEDDED, KNOWN, MEMORY, STEPS
from moderation.kernel.vector import LANES

FINE = 512
"""Steps to one of the numbers that lines are made into."""
MOST_FINE = 8191
"""Steps at most: such a number counts as 16 where it is more."""
LARGEST = (1 << 15) - 1
ROOM = 0.999 * ((1 << 31) - 1)
"""How large a sum may become; the rest is for weights that were rounded up."""
CACHE_LINE = 64
"""Bytes."""

T = TypeVar("T", bound=np.generic)
Floats: TypeAlias = NDArray[np.float32]
Shorts: TypeAlias = NDArray[np.int16]
Products: TypeAlias = tuple[Shorts, Floats]
"""Pairs of rows of weights, flat, and what each column's unit is."""
Layer: TypeAlias = tuple[Shorts, Floats, Floats]
"""Products, and what is added to each column."""
Ready: TypeAlias = tuple[tuple[Floats, Floats], Layer, Layer, Products, Products, Layer]
"""What ready_weights returns."""


def in_vectors(columns: int) -> int:
    """So many columns, filled up to whole vectors."""
    return columns + -columns % LANES


def aligned(array: NDArray[T], filling: float = 0.0) -> NDArray[T]:
    """A flat copy with so many columns more that whole vectors can be read, which begins where a cache line does.

    Otherwise every vector would be read from two lines.
    """
    shape = *array.shape[:-1], in_vectors(array.shape[-1])
    room = np.empty(int(np.prod(shape)) * array.itemsize + CACHE_LINE, np.uint8)
    first = -room.ctypes.data % CACHE_LINE
    out = room[first : first + room.size - CACHE_LINE].view(array.dtype).reshape(shape)
    out[...] = filling
    out[..., : array.shape[-1]] = array
    return out.reshape(-1)


def floats(array: NDArray[np.floating], filling: float = 0.0) -> Floats:
    """Aligned, as float32."""
    return aligned(array.astype(np.float32), filling)


def whole_weights(weights: NDArray[np.float64], most: NDArray[np.float64]) -> Products:
    """Weights, (rows, columns), whose rows are multiplied with whole numbers of at most `most`."""
    largest = np.abs(weights).max(0)
    sums = most @ np.abs(weights)
    with np.errstate(divide="ignore"):
        scale = np.minimum(LARGEST / largest, ROOM / sums)
    scale[largest == 0] = 1
    columns = in_vectors(weights.shape[1])
    whole = np.zeros((len(weights) + len(weights) % 2, columns), np.int16)
    whole[: len(weights), : weights.shape[1]] = np.rint(weights * scale)
    pairs = whole.reshape(-1, 2, columns).transpose(0, 2, 1)
    return aligned(pairs.reshape(-1, 2 * columns)), floats(1 / scale)


def ready_weights(
    low: Floats,
    high: Floats,
    w1: Floats,
    b1: Floats,
    say: Floats,
    bias: Floats,
    onwards: Floats,
    backwards: Floats,
    w2: Floats,
    b2: Floats,
) -> Ready:
    """The model's arrays as the second stage wants them, made once for each model.

    Features' middles and steps to a unit; two layers; the products of both ways of reading; and the last layer.
    """
    middle, step = (low.astype(np.float64) + high) / 2, (high.astype(np.float64) - low) / (2 * MOST_STEPS)
    steps = np.divide(1, step, out=np.zeros_like(step), where=step > 0)
    embed, unit = whole_weights(w1 * step[:, None], np.full(len(w1), float(MOST_STEPS)))
    fine = embed, floats(FINE * unit.astype(np.float64)), floats(FINE * (b1 + middle @ w1))
    known = np.repeat([1 / FINE, 1 / STEPS], [EMBEDDED, 2 * MEMORY])
    most = np.repeat([float(MOST_FINE), float(STEPS)], [EMBEDDED, KNOWN - EMBEDDED])
    said = *whole_weights(say * known[:EMBEDDED, None], most[:EMBEDDED]), floats(bias)
    there, back = (
        whole_weights(way.astype(np.float64) / STEPS, most[EMBEDDED : EMBEDDED + MEMORY])
        for way in (onwards, backwards)
    )
    last = *whole_weights(w2 * known[:, None], most), floats(b2, -1e30)
    return (floats(middle), floats(steps)), fine, said, there, back, last
