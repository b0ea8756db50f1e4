"""The serving model: arrays and a manifest, nothing that executes."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from moderation.text.tables import Tables

COLUMNS = 16
"""Columns of a weight row: the labels, padded so that a row is sixteen bytes."""


@dataclass(frozen=True, slots=True)
class LineModel:
    """First stage: one line at a time.

    gram_weights: int8 (2^bits, COLUMNS). gram_scale, bias: float32 (n_labels,). shape_weights: float32
    (shape rows, n_labels).
    """

    gram_weights: NDArray[np.int8]
    gram_scale: NDArray[np.float32]
    shape_weights: NDArray[np.float32]
    bias: NDArray[np.float32]

    @property
    def bits(self) -> int:
        """log2 of the number of rows."""
        return int(self.gram_weights.shape[0]).bit_length() - 1


@dataclass(frozen=True, slots=True)
class ContextModel:
    """Second stage: a line among its neighbours, one hidden layer over kernel/context.py's features.

    w1: float32 (FEATURES, hidden), b1: (hidden,), w2: (hidden, n_labels), b2: (n_labels,).
    """

    w1: NDArray[np.float32]
    b1: NDArray[np.float32]
    w2: NDArray[np.float32]
    b2: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Model:
    """All that scoring needs. `id` is name@digest, as it stands in every verdict.

    Without `context`, every line is judged by itself.
    """

    lines: LineModel
    context: ContextModel | None
    tables: Tables
    manifest: dict[str, Any]

    @property
    def id(self) -> str:
        """Name and the first twelve digits of the digest."""
        return f"{self.manifest['name']}@{self.manifest['digest'][:12]}"
