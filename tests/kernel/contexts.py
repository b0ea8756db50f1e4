"""Second stages that nobody trained: they remember, and every weight of theirs matters."""

from dataclasses import astuple

import numpy as np
from numpy.typing import NDArray

from moderation.kernel.context import FEATURES
from moderation.kernel.recurrence import EMBEDDED, GATED, KNOWN, MEMORY
from moderation.labels import NAMES
from moderation.model.model import ContextModel


def made_up_context(seed: int) -> ContextModel:
    """Random weights. Gates are nearly shut, so that memories last; the range is narrow enough to clip features."""
    random = np.random.default_rng(seed)

    def drawn(rows: int, columns: int) -> NDArray[np.float32]:
        return random.normal(0, 0.7 / np.sqrt(rows), (rows, columns)).astype(np.float32)

    bias = random.normal(0, 0.3, (2, 2, MEMORY)).astype(np.float32)
    bias[:, 0] -= 3
    return ContextModel(
        low=random.uniform(-1.5, -0.5, FEATURES).astype(np.float32),
        high=random.uniform(0.5, 1.5, FEATURES).astype(np.float32),
        w1=3 * drawn(FEATURES, EMBEDDED),
        b1=random.normal(0, 0.3, EMBEDDED).astype(np.float32),
        say=drawn(EMBEDDED, 2 * GATED),
        bias=bias.ravel(),
        onwards=drawn(MEMORY, GATED),
        backwards=drawn(MEMORY, GATED),
        w2=3 * drawn(KNOWN, len(NAMES)),
        b2=random.normal(0, 0.3, len(NAMES)).astype(np.float32),
    )


def arrays_of(model: ContextModel) -> tuple[NDArray[np.float32], ...]:
    """The arrays in the order in which the kernels take them."""
    found: tuple[NDArray[np.float32], ...] = astuple(model)
    return found
