"""The judge of runs: what is exported for the kernel says what scikit-learn's model says."""

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.ensemble import GradientBoostingClassifier

from moderation.kernel.trees import LEAVES, QUESTIONS, run_logits
from moderation.model.model import SPAN_FACTS, TREES
from moderation.train.fit_judge import SIZE, export_tree, fit_judge, no_judge, not_above

RANDOM = np.random.default_rng(23)


def runs(n: int) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Facts and the share of junk: junk where two facts lie far apart, or a third is large."""
    facts = RANDOM.normal(0, 1, (n, SPAN_FACTS)).astype(np.float32)
    facts[:, SIZE] = np.abs(facts[:, SIZE])
    junk = (np.abs(facts[:, 0] - facts[:, 1]) > 1) | (facts[:, 5] > 1.5)
    return facts, junk * 1.0


def test_exported_trees_add_up_to_what_scikit_learn_says() -> None:
    facts, share = runs(600)
    model = GradientBoostingClassifier(n_estimators=TREES, max_depth=3, subsample=0.5, random_state=7)
    model.fit(facts, share > 0.5)
    prior = (share > 0.5).mean()
    judge = no_judge(float(np.log(prior / (1 - prior))))
    for t, tree in enumerate(model.estimators_[:, 0]):
        export_tree(tree, judge, t)
    judge["leaf"] *= np.float32(0.1)
    unseen = runs(400)[0]
    assert run_logits(unseen, **judge) == pytest.approx(model.decision_function(unseen), abs=1e-4)


def test_a_judge_finds_what_no_weights_of_single_facts_can_tell() -> None:
    facts, share = runs(2000)
    judge = fit_judge(facts, share, np.ones(2000), seed=1)
    unseen, truth = runs(1000)
    right = (run_logits(unseen, **judge) > 0) == (truth > 0.5)
    assert right.mean() > 0.9


def test_a_run_counts_as_its_page_does() -> None:
    facts, share = runs(800)
    facts[400:], share[400:] = facts[:400], 1 - share[:400]  # other pages say the opposite
    counts = np.repeat([8.0, 1.0], 400)
    first = run_logits(facts[:400], **fit_judge(facts, share, counts, seed=1)) > 0
    assert (first == (share[:400] > 0.5)).mean() > 0.9


@pytest.mark.parametrize("share", [np.ones(30), np.zeros(30)])
def test_where_all_runs_are_of_one_kind_the_judge_is_as_sure_as_they_are_many(share: NDArray[np.float64]) -> None:
    judge = fit_judge(np.zeros((30, SPAN_FACTS), np.float32), share, np.ones(30), seed=1)
    found = run_logits(runs(5)[0], **judge)
    assert np.allclose(found, np.log(31) * (1 if share[0] else -1))
    assert judge["leaf"].shape == (TREES, LEAVES)
    assert judge["split_at"].shape == (TREES, QUESTIONS)


@pytest.mark.parametrize("threshold", [0.1, -0.1, 1 / 3, 1e-30, -2.5, 0.5000000001])
def test_the_same_numbers_are_above_a_threshold_and_its_float32(threshold: float) -> None:
    near = np.nextafter(np.float32(threshold), np.array([-np.inf, np.inf], np.float32))
    for x in (*near, np.float32(threshold)):
        assert (float(x) > threshold) == (x > not_above(threshold))
