"""Hashing and summing with other orders, widths and kinds of weights than the shipped ones, for benchmarks/sweep.py."""

from collections.abc import Callable
from typing import Any, Final

import numba
import numpy as np
from llvmlite import ir
from numpy.typing import NDArray

from moderation.kernel.jit import kernel
from moderation.kernel.ngrams import MARK, SEED, extend
from moderation.kernel.packing import WORDS
from moderation.kernel.vector import (
    FLOAT_VECTOR,
    INT_VECTOR,
    LANES,
    floats,
    ints,
    load_row,
    loading,
    no_floats,
    no_ints,
    store,
)

SHORT_VECTOR: Final = ir.VectorType(ir.IntType(16), LANES)
BYTE_VECTOR: Final = ir.VectorType(ir.IntType(8), LANES)
PACKED: Final = "packed"
"""The shipped kind: rows of twelve numbers in four words, see kernel/packing.py."""
KINDS: Final[dict[str, tuple[Any, Any, Any]]] = {
    PACKED: (np.int32, load_row, no_ints),
    "int8": (np.int8, loading(ints, BYTE_VECTOR, 1, lambda b, v: b.sext(v, INT_VECTOR)), no_ints),
    "int16": (np.int16, loading(ints, SHORT_VECTOR, 2, lambda b, v: b.sext(v, INT_VECTOR)), no_ints),
    "float32": (np.float32, loading(floats, FLOAT_VECTOR, 4), no_floats),
}
"""Type of the weights, how sixteen are read, and sixteen zeros to begin with."""
Sum = Callable[[NDArray[np.uint32], NDArray[np.int64], NDArray[Any], int], NDArray[Any]]


@kernel
def with_marks(
    folded: NDArray[np.uint32], fold_start: NDArray[np.int64]
) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """Every line with a boundary mark at either end, and where each begins; a line without characters has no marks."""
    n = fold_start.size - 1
    start = np.zeros(n + 1, np.int64)
    for k in range(n):
        size = fold_start[k + 1] - fold_start[k]
        start[k + 1] = start[k] + (size + 2 if size else 0)
    out = np.full(start[n], MARK)
    for k in range(n):
        for i in range(fold_start[k], fold_start[k + 1]):
            out[start[k] + 1 + i - fold_start[k]] = folded[i]
    return out, start


@kernel
def count_hashes(start: NDArray[np.int64], low: int, high: int) -> NDArray[np.int64]:
    """Grams of orders low to high that each line with its marks has."""
    out = np.zeros(start.size - 1, np.int64)
    for k in range(out.size):
        for order in range(low, high + 1):
            out[k] += max(0, start[k + 1] - start[k] - order + 1)
    return out


@kernel
def hashes(
    marked: NDArray[np.uint32], start: NDArray[np.int64], gram_start: NDArray[np.int64], low: int, high: int
) -> NDArray[np.uint32]:
    """The hash of every gram; its upper bits are its row, however many rows there are."""
    out = np.empty(gram_start[gram_start.size - 1], np.uint32)
    for k in range(start.size - 1):
        at = gram_start[k]
        for i in range(start[k], start[k + 1]):
            h = SEED
            for j in range(i, min(i + high, start[k + 1])):
                h = extend(h, marked[j])
                if j - i + 1 >= low:
                    out[at] = h
                    at += 1
    return out


def summing(kind: str, columns: int, low: int, high: int) -> Sum:
    """A kernel that hashes and sums: marked lines, where they begin, flat weights and bits to sums (n, LANES).

    columns: of a row, 12 or LANES. Sixteen are read of any row that is not packed; what belongs to the next one is of
    no interest, and the weights need LANES - columns numbers behind the last row.
    """
    _, load, zeros = KINDS[kind]
    apart = WORDS if kind == PACKED else columns
    total = np.float32 if kind == "float32" else np.int32

    def body(marked: NDArray[np.uint32], start: NDArray[np.int64], weights: NDArray[Any], bits: int) -> NDArray[Any]:
        n = start.size - 1
        out = np.zeros((n, LANES), total)
        shift = np.uint32(32 - bits)
        for k in range(n):
            sums = zeros()
            i = np.uint64(start[k])
            end = np.uint64(start[k + 1])
            while i + np.uint64(high) <= end:  # high is a constant: this is unrolled
                h = SEED
                for order in range(high):
                    h = extend(h, marked[i + np.uint64(order)])
                    if order + 1 >= low:
                        sums += load(weights, np.uint64(h >> shift) * np.uint64(apart))
                i += np.uint64(1)
            while i < end:
                h = SEED
                for j in range(i, end):
                    h = extend(h, marked[j])
                    if j - i + np.uint64(1) >= np.uint64(low):
                        sums += load(weights, np.uint64(h >> shift) * np.uint64(apart))
                i += np.uint64(1)
            store(out, k * LANES, sums)
        return out

    compiled: Sum = numba.njit(nogil=True, error_model="numpy")(body)
    return compiled
