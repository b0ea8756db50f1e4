"""Logistic regression that starts at a model and is held there: what moves weights has to be worth it."""

from typing import Any, Final

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.optimize import minimize

SMALLEST: Final = 1e-9
"""Probabilities below this count as this."""


def log_odds(probabilities: NDArray[np.float32]) -> NDArray[np.float64]:
    """Logits that give these probabilities."""
    found: NDArray[np.float64] = np.log(probabilities.astype(np.float64) + SMALLEST)
    return found


def cross_entropy(logits: NDArray[Any], target: NDArray[Any], weight: NDArray[Any]) -> tuple[float, NDArray[Any]]:
    """Weighted sum over the rows of the cross entropy of softmax(logits) with the target, and its gradient."""
    shifted = logits - logits.max(1, keepdims=True)
    raised = np.exp(shifted)
    total = raised.sum(1, keepdims=True)
    loss = -float((weight[:, None] * target * (shifted - np.log(total))).sum())
    return loss, weight[:, None] * (raised / total - target)


def held_regression(
    x: sp.csr_matrix,
    start: NDArray[np.float64],
    target: NDArray[np.float64],
    weight: NDArray[np.float64],
    pull: float,
    iterations: int,
) -> NDArray[np.float64]:
    """How the weights should move: (n_features, n_classes), the minimiser d of

    sum_i weight_i * CE(target_i, softmax(start_i + x_i d)) + pull / 2 * |d|².

    start: (n, n_classes), the logits of the model that is there. target: (n, n_classes), rows that sum to one. The
    problem is convex, so that the result hangs neither on a seed nor on the order of the rows.
    """
    back = x.T.tocsr()
    shape = (x.shape[1], start.shape[1])

    def value(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        loss, by_logit = cross_entropy(start + x @ flat.reshape(shape), target, weight)
        return loss + pull / 2 * float(flat @ flat), (back @ by_logit).ravel() + pull * flat

    return descend(value, np.zeros(shape[0] * shape[1]), iterations).reshape(shape)


def descend(value: Any, start: NDArray[np.float64], iterations: int) -> NDArray[np.float64]:
    """L-BFGS from `start`; value gives loss and gradient. Stopping early is part of the holding."""
    found: NDArray[np.float64] = minimize(value, start, jac=True, method="L-BFGS-B", options={"maxiter": iterations}).x
    return found
