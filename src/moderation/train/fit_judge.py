"""The judge of the runs that the tagger finds: gradient boosting, exported as arrays for kernel/trees.py."""

from typing import Final, TypedDict

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.tree import DecisionTreeRegressor

from moderation.kernel.trees import DEPTH, LEAVES, QUESTIONS
from moderation.model.model import SPAN_FACTS, TREES

MOSTLY: Final = 0.7
"""Share of junk from which on a run is junk."""
SIZE: Final = 2
"""The fact that is the logarithm of a run's length: a run counts as the root of its length, as its characters do."""
PACE: Final = 0.1
SMALLEST_LEAF: Final = 20
SAMPLED: Final = 0.5
"""Of the runs, those that each tree is fitted on."""
ENDLESS: Final = np.float32(np.finfo(np.float32).max)


class Judge(TypedDict):
    """The judge's arrays, as SpanModel has them."""

    split_fact: NDArray[np.int8]
    split_at: NDArray[np.float32]
    leaf: NDArray[np.float32]
    accept: NDArray[np.float32]


def no_judge(bias: float = 0.0) -> Judge:
    """As sure of one run as of the other."""
    accept = np.zeros(SPAN_FACTS + 1, np.float32)
    accept[-1] = bias
    return Judge(
        split_fact=np.zeros((TREES, QUESTIONS), np.int8),
        split_at=np.zeros((TREES, QUESTIONS), np.float32),
        leaf=np.zeros((TREES, LEAVES), np.float32),
        accept=accept,
    )


def fit_judge(facts: NDArray[np.float32], share: NDArray[np.float64], counts: NDArray[np.float64], seed: int) -> Judge:
    """Whether a run is mostly junk. facts: (r, SPAN_FACTS); share: of junk in each run; counts: what each counts."""
    good = share >= MOSTLY
    if good.all() or not good.any():  # as many runs of one kind, so sure
        return no_judge(float(np.log((np.count_nonzero(good) + 1) / (np.count_nonzero(~good) + 1))))
    model = GradientBoostingClassifier(
        n_estimators=TREES,
        max_depth=DEPTH,
        learning_rate=PACE,
        min_samples_leaf=min(SMALLEST_LEAF, max(1, good.size // 10)),
        subsample=SAMPLED,
        random_state=seed,
    )
    weight = np.exp(facts[:, SIZE] / 2) * counts
    model.fit(facts, good, sample_weight=weight)
    prior = float(np.average(good, weights=weight))
    judge = no_judge(float(np.log(prior / (1 - prior))))
    for t, tree in enumerate(model.estimators_[:, 0]):
        export_tree(tree, judge, t)
    judge["leaf"] *= np.float32(PACE)
    return judge


def export_tree(model: DecisionTreeRegressor, judge: Judge, t: int) -> None:
    """One tree into its rows; where it ends early, the questions behind are answered with no."""
    tree = model.tree_

    def write(node: int, at: int) -> None:
        ends = tree.children_left[node] < 0
        if at >= QUESTIONS:
            judge["leaf"][t, at - QUESTIONS] = tree.value[node, 0, 0]
            return
        judge["split_fact"][t, at] = 0 if ends else tree.feature[node]
        judge["split_at"][t, at] = ENDLESS if ends else not_above(tree.threshold[node])
        write(node if ends else tree.children_left[node], 2 * at + 1)
        write(node if ends else tree.children_right[node], 2 * at + 2)

    write(0, 0)


def not_above(threshold: float) -> np.float32:
    """The largest float32 that is no larger: the same numbers are above both."""
    rounded = np.float32(threshold)
    return rounded if float(rounded) <= threshold else np.nextafter(rounded, np.float32(-np.inf))
