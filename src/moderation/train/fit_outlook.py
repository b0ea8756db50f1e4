"""The table behind kernel/outlook.py: what the words of a line foretell of the lines around it."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from moderation.kernel.outlook import FARTHEST, PLACES
from moderation.labels import LABELS
from moderation.model.model import LineModel
from moderation.train.features import LineFeatures
from moderation.train.fit_lines import LineOptions, fit_weights, quantise

OPTIONS: Final = LineOptions(bits=15)
"""Four guesses at a neighbour need fewer rows than the labels of the line itself."""
REACH: Final = {"next": (1, 1), "previous": (-1, -1), "later": (2, FARTHEST), "earlier": (-FARTHEST, -2)}
CONTENT, CHROME, RELATED, JUNK = range(4)
KINDS: Final = 4
KIND: Final = np.array(
    [
        RELATED if label.name == "related" else {"keep": CONTENT, "chrome": CHROME}.get(label.family, JUNK)
        for label in LABELS
    ],
    np.int64,
)
"""The kind of each label: what is foretold is coarser than labels are."""


def asked_lines(page: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    """For each place and line, the line that it is asked about: (places, n); -1 where its page has none there.

    page: the page of each line, in order; lines without a label do not count, as in page_features. For a far place the
    distance is drawn, and a line that far beyond the page is no line: near its ends a line is asked more rarely.
    """
    random = np.random.default_rng(seed)
    n = page.size
    found = np.full((len(PLACES), n), -1, np.int64)
    for number, place in enumerate(PLACES):
        low, high = REACH[place]
        at = np.arange(n) + random.integers(low, high + 1, n)
        there = (at >= 0) & (at < n)
        there[there] = page[at[there]] == page[there]
        found[number, there] = at[there]
    return found


def fit_outlook(
    features: LineFeatures,
    labels: NDArray[np.int64],
    asked: NDArray[np.int64],
    weight: NDArray[np.float64],
    chosen: NDArray[np.bool_],
    options: LineOptions = OPTIONS,
) -> LineModel:
    """Fit on the chosen lines and round: a column for each number of each place.

    features, labels, weight: of all lines; asked: what asked_lines returns for them. Chosen are whole pages.
    """
    parts = []
    for lines in asked:
        own = chosen & (lines >= 0)
        some = LineFeatures(features.grams[own], features.shapes[own])
        parts.append(fit_weights(some, KIND[labels[lines[own]]], weight[own], options, KINDS))
    columns = [CONTENT, RELATED, JUNK]
    grams, shapes, bias = (
        np.concatenate([part[k][..., columns] - part[k][..., [CHROME]] for part in parts], -1) for k in range(3)
    )
    return quantise(grams, shapes, bias)
