"""The serving model: arrays and a manifest, nothing that executes."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from moderation.text.tables import Tables

SPAN_FACTS = 18
"""Numbers that decide whether a found run is junk: ten of the tagger's, eight of the line model's."""


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

    A network with one hidden layer gives all labels. low, high: float32 (FEATURES,). w1: (FEATURES, hidden),
    b1: (hidden,), w2: (hidden, n_labels), b2: (n_labels,).
    Boosted trees give the probability of content a second time, and the mean of both counts. root: int32 (trees,).
    feature: int16, threshold: float32, child: int32, value: float32, one a node; baseline: float32 (1,).
    trust: float32 (1,), in [0, 1], how much the first stage counts in the other labels' shares.
    """

    low: NDArray[np.float32]
    high: NDArray[np.float32]
    w1: NDArray[np.float32]
    b1: NDArray[np.float32]
    w2: NDArray[np.float32]
    b2: NDArray[np.float32]
    root: NDArray[np.int32]
    feature: NDArray[np.int16]
    threshold: NDArray[np.float32]
    child: NDArray[np.int32]
    value: NDArray[np.float32]
    baseline: NDArray[np.float32]
    trust: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class SpanModel:
    """Junk inside lines.

    weights: int8 (2^bits, 4), of the tagger, for the same rows of n-grams as the line model's. scale: float32 (4,).
    edge: float32 (5, 5, 4). begin, close: float32 (17, 17). accept: float32 (19,), logistic weights over a run's facts
    and a bias. See kernel/spans.py.
    """

    weights: NDArray[np.int8]
    scale: NDArray[np.float32]
    edge: NDArray[np.float32]
    begin: NDArray[np.float32]
    close: NDArray[np.float32]
    accept: NDArray[np.float32]


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
