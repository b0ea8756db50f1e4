"""Probabilities and a policy's rules to labels and actions."""

import numpy as np
from numpy.typing import NDArray

from moderation.kernel.jit import kernel

KEEP = 0


@kernel
def decide_lines(
    probabilities: NDArray[np.float32],
    rule_action: NDArray[np.uint8],
    rule_threshold: NDArray[np.float32],
) -> tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.uint8]]:
    """Label, junk and action of each line.

    The label is content (column 0) where that is at least as likely as all others together, otherwise the likeliest
    other label. junk is the summed probability of the labels that the policy does not keep; the label's action is
    taken where junk reaches the label's threshold. Ties go to the lower column.
    """
    n, labels = probabilities.shape
    label_of = np.zeros(n, np.uint8)
    junk_of = np.zeros(n, np.float32)
    action_of = np.zeros(n, np.uint8)
    for k in range(n):
        best = 0
        if probabilities[k, 0] < 0.5:
            best = 1
            for label in range(2, labels):
                if probabilities[k, label] > probabilities[k, best]:
                    best = label
        junk = np.float32(0)
        for label in range(labels):
            if rule_action[label] != KEEP:
                junk += probabilities[k, label]
        label_of[k] = best
        junk_of[k] = min(np.float32(1), junk)
        if junk_of[k] >= rule_threshold[best]:
            action_of[k] = rule_action[best]
    return label_of, junk_of, action_of
