"""A judgement under a policy, as arrays."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from moderation.judge import Judgement
from moderation.policy import Policy
from moderation.repair.marks import Marks


@dataclass(frozen=True, slots=True)
class Decision:
    """A judgement under a policy.

    label, action: uint8 (n,), of the lines. junk: float32 (n,). span_action: uint8, of the judgement's spans.
    keep: bool, one a character. marks: what may need mending. taken: what columns.py has taken out of it.
    """

    judgement: Judgement
    policy: Policy
    model_id: str
    label: NDArray[np.uint8]
    junk: NDArray[np.float32]
    action: NDArray[np.uint8]
    span_action: NDArray[np.uint8]
    keep: NDArray[np.bool_]
    marks: Marks
    taken: dict[Any, Any] = field(default_factory=dict, repr=False, compare=False)
