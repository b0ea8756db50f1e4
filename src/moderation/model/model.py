"""The serving model: arrays and a manifest, nothing that executes."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from moderation.text.tables import Tables

SPAN_FACTS = 18
"""Numbers that decide whether a found run is junk: ten of the tagger's, eight of the line model's."""
TREES = 100
"""They decide it by these."""


@dataclass(frozen=True, slots=True)
class LineModel:
    """First stage: one line at a time.

    gram_weights: int32 (2^bits, 4), rows of packed whole numbers, see kernel/packing.py. gram_scale: float32
    (n_labels,), what one of them is worth. shape_weights: float32 (shape rows, n_labels). bias: float32 (n_labels,).
    """

    gram_weights: NDArray[np.int32]
    gram_scale: NDArray[np.float32]
    shape_weights: NDArray[np.float32]
    bias: NDArray[np.float32]

    @property
    def bits(self) -> int:
        """log2 of the number of rows."""
        return int(self.gram_weights.shape[0]).bit_length() - 1


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class ContextModel:
    """Second stage: a line among its neighbours, over kernel/context.py's features.

    The features, clipped to low and high, become EMBEDDED numbers a line: low, high: float32 (FEATURES,). w1:
    (FEATURES, EMBEDDED), b1: (EMBEDDED,). What these say to the gates and candidates of kernel/recurrence.py, onwards
    and then backwards: say: (EMBEDDED, 2 * GATED), bias: (2 * GATED,). What is remembered says to them: onwards,
    backwards: (MEMORY, GATED). Labels come from a line's own numbers and from what is remembered either way: w2:
    (KNOWN, n_labels), b2: (n_labels,).
    """

    low: NDArray[np.float32]
    high: NDArray[np.float32]
    w1: NDArray[np.float32]
    b1: NDArray[np.float32]
    say: NDArray[np.float32]
    bias: NDArray[np.float32]
    onwards: NDArray[np.float32]
    backwards: NDArray[np.float32]
    w2: NDArray[np.float32]
    b2: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class SpanModel:
    """Junk inside lines.

    weights: int8 (2^bits, 4), of the tagger, for the same rows of n-grams as the line model's. scale: float32 (4,).
    edge: float32 (5, 5, 4). begin, close: float32 (17, 17). See kernel/spans.py.

    Whether a run that it finds is junk, TREES small trees say from the run's facts, see kernel/trees.py. split_fact:
    int8 (TREES, QUESTIONS). split_at: float32 (TREES, QUESTIONS). leaf: float32 (TREES, LEAVES). accept: float32
    (SPAN_FACTS + 1,), weights that are added to them, and a bias; retraining moves these.
    """

    weights: NDArray[np.int8]
    scale: NDArray[np.float32]
    edge: NDArray[np.float32]
    begin: NDArray[np.float32]
    close: NDArray[np.float32]
    split_fact: NDArray[np.int8]
    split_at: NDArray[np.float32]
    leaf: NDArray[np.float32]
    accept: NDArray[np.float32]

    @property
    def judge(self) -> tuple[NDArray[np.int8], NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
        """What judges runs, as kernel/trees.py takes it."""
        return self.split_fact, self.split_at, self.leaf, self.accept


@dataclass(frozen=True, slots=True)
class Model:
    """All that scoring needs. `id` is name@digest, as it stands in every verdict.

    Without `context`, every line is judged by itself; without `spans`, none is looked for. `outlook` is there where
    `context` is: a table like that of the first stage, with a column for each number of kernel/outlook.py.
    """

    lines: LineModel
    context: ContextModel | None
    spans: SpanModel | None
    tables: Tables
    manifest: dict[str, Any]
    outlook: LineModel | None = None

    @property
    def stages(self) -> "dict[str, LineModel | ContextModel | SpanModel | None]":
        """What was learned, under the names by which it is stored."""
        return {"lines": self.lines, "outlook": self.outlook, "context": self.context, "spans": self.spans}

    @property
    def id(self) -> str:
        """Name and the first twelve digits of the digest."""
        return f"{self.manifest['name']}@{self.manifest['digest'][:12]}"
