"""Junk inside lines: the kernels of character scores, runs and pieces are their twins."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from numpy.typing import NDArray

from kernel.equal import assert_same
from kernel.samples import DOCUMENT_LISTS, DOCUMENTS, NAMES, lines_of
from moderation.kernel import reference, spans
from moderation.kernel.runs import NOISE, WORDS, accepted_runs, run_facts
from moderation.kernel.spans import CLASSES, EDGES, FACTS, REST, STATES
from moderation.kernel.trees import LEAVES, QUESTIONS, run_logits
from moderation.labels import FAMILIES
from moderation.model.model import SPAN_FACTS, TREES
from moderation.spans import FAMILY
from moderation.text.classes import CharClass

BITS = 12
RANDOM = np.random.default_rng(13)
TAGS = RANDOM.integers(-127, 128, (1 << BITS, STATES)).astype(np.int8)
SCALE = RANDOM.uniform(0.002, 0.01, STATES).astype(np.float32)
EDGE = RANDOM.normal(0, 0.3, (EDGES, EDGES, STATES)).astype(np.float32)
BEGIN = -RANDOM.uniform(0, 3, (CLASSES, CLASSES)).astype(np.float32)
CLOSE = RANDOM.normal(-0.5, 1, (CLASSES, CLASSES)).astype(np.float32)


ACCEPT = RANDOM.normal(0, 1, SPAN_FACTS + 1).astype(np.float32)
JUDGE = (
    RANDOM.integers(0, SPAN_FACTS, (TREES, QUESTIONS)).astype(np.int8),
    RANDOM.normal(0, 1, (TREES, QUESTIONS)).astype(np.float32),
    RANDOM.normal(0, 0.2, (TREES, LEAVES)).astype(np.float32),
    ACCEPT,
)


def assert_found_alike(texts: list[str]) -> NDArray[np.int64]:
    """Scores, runs and pieces of every other line, against the twins; the runs."""
    read = lines_of(texts)
    chosen = np.flatnonzero(~read.blank)[::2]
    for k in chosen[:20]:
        first, length = int(read.fold_start[k]), int(np.diff(read.fold_start)[k])
        scores = spans.character_scores(read.folded, first, length, TAGS, BITS)
        assert_same(scores, reference.character_scores(read.folded, first, length, TAGS, BITS))
    text = read.folded, read.fold_start, read.kinds, chosen
    runs, facts = spans.find_runs(*text, TAGS, BITS, SCALE, EDGE, BEGIN, CLOSE)
    assert_same((runs, facts), reference.find_runs(*text, TAGS, BITS, SCALE, EDGE, BEGIN, CLOSE))
    pieces = spans.cut_pieces(read.folded, read.fold_start, runs)
    assert_same(pieces, reference.cut_pieces(read.folded, read.fold_start, runs))
    shares = np.random.default_rng(len(runs)).dirichlet(np.ones(FAMILY.size), 2 * len(runs))
    given_scores = shares.astype(np.float32).reshape(-1, FAMILY.size), pieces[1], FAMILY
    judged = run_facts(runs, facts, *given_scores)
    assert_same(judged, reference.run_facts(runs, facts, *given_scores))
    places = read.folded, read.kinds, read.fold_start, read.line_start, read.line_end, read.source
    logits = run_logits(judged[0], *JUDGE)
    assert_same(logits, reference.run_logits(judged[0], *JUDGE))
    found = runs, logits, judged[1], 0.0, 4, *places
    assert_same(accepted_runs(*found), reference.accepted_runs(*found))
    return runs


@pytest.mark.parametrize("name", [name for name in NAMES if name != "one giant line"])
def test_runs_are_those_that_their_twin_finds(name: str) -> None:
    assert_found_alike(DOCUMENTS[name])


@settings(max_examples=80, deadline=None)
@given(DOCUMENT_LISTS)
def test_any_runs_are_those_that_their_twin_finds(texts: list[str]) -> None:
    assert_found_alike(texts)


def test_the_made_up_model_finds_runs_of_every_state_and_many() -> None:
    """Otherwise the comparisons above would compare nothing; 64 is where the kernel's arrays grow first."""
    runs = assert_found_alike(DOCUMENTS["a batch"] + DOCUMENTS["many documents"])
    assert set(runs[:, 3].tolist()) == {1, 2, 3}
    assert len(runs) > 64


def test_no_lines_have_no_runs() -> None:
    read = lines_of(["首页"])
    none = np.zeros(0, np.int64)
    text = read.folded, read.fold_start, read.kinds, none
    runs, facts = spans.find_runs(*text, TAGS, BITS, SCALE, EDGE, BEGIN, CLOSE)
    assert (runs.shape, facts.shape) == ((0, 4), (0, FACTS))
    pieces, start = spans.cut_pieces(read.folded, read.fold_start, runs)
    assert (pieces.size, start.tolist()) == (0, [0])


def brute_force(scores: NDArray[np.float32], kinds: list[int]) -> float:
    """The worth of the best of all paths, by trying each."""
    n = len(scores)

    def worth(path: tuple[int, ...]) -> float:
        total = float(sum(scores[i, s] for i, s in enumerate(path)))
        for at, (before, after) in enumerate(zip((0, *path), (*path, 0), strict=True)):
            pair = kinds[at], kinds[at + 1]
            if before != after:
                total += (float(CLOSE[pair]) if before else 0.0) + (float(BEGIN[pair]) if after else 0.0)
        return total

    return max(worth(path) for path in np.ndindex(*[STATES] * n))


@pytest.mark.parametrize("line", ["注册送彩金", "a，b。c", "首页 >"])
def test_the_runs_make_the_best_of_all_paths(line: str) -> None:
    read = lines_of([line])
    n = read.folded.size
    text = read.folded, read.fold_start, read.kinds, np.array([0])
    runs, _ = spans.find_runs(*text, TAGS, BITS, SCALE, EDGE, BEGIN, CLOSE)
    steps = [spans.edge_step(i) for i in range(n)]
    scores = SCALE * spans.character_scores(read.folded, 0, n, TAGS, BITS) + EDGE[steps, steps[::-1]]
    scores = (scores - scores[:, :1]).astype(np.float32)
    kinds = [CLASSES - 1, *read.kinds.tolist(), CLASSES - 1]
    path = [0] * n
    for _, i, j, s in runs.tolist():
        path[i:j] = [s] * (j - i)
    found = sum(float(scores[i, s]) for i, s in enumerate(path))
    for _, i, j, _ in runs.tolist():
        found += float(BEGIN[kinds[i], kinds[i + 1]]) + float(CLOSE[kinds[j], kinds[j + 1]])
    assert found == pytest.approx(brute_force(scores, kinds), abs=1e-4)


def test_the_rest_of_a_long_line_is_cut_to_what_lies_near_the_run() -> None:
    line = np.arange(1000, 2000, dtype=np.uint32)
    runs = np.array([[0, 500, 510, 1], [0, 3, 5, 2]], np.int64)
    pieces, start = spans.cut_pieces(line, np.array([0, 1000]), runs)
    near = [*range(1500 - REST, 1500), *range(1510, 1510 + REST)]
    parts = [pieces[a:b].tolist() for a, b in pairwise(start)]
    assert parts[:2] == [list(range(1500, 1510)), near]
    assert parts[2:] == [[1003, 1004], [1000, 1001, 1002, *range(1005, 1005 + REST)]]


def test_a_character_is_scored_by_the_grams_that_cover_it() -> None:
    weights = np.zeros((1 << BITS, STATES), np.int8)
    weights[:, 2] = 1
    folded = np.array([0x9996, 0x9875], np.uint32)
    # 4 grams begin at the mark before, 3 at the first character, 2 at the second, 1 at the mark behind
    found = spans.character_scores(folded, 0, 2, weights, BITS)
    assert found[:, 2].tolist() == [6, 6]
    assert not found[:, [0, 1, 3]].any()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("……", False),
        ("。！", False),
        ("★▓■", False),
        ("ⓥⓘⓟ", True),
        ("㊙", True),
        ("V", True),
        ("９", True),
        ("金", True),
        ("日本語かな", True),
    ],
)
def test_chrome_and_spam_hold_letters_be_it_in_circles_and_noise_need_not(text: str, words: bool) -> None:
    read = lines_of([f"今天下雨{text}"])
    behind = int(read.fold_start[1])
    for state in range(1, STATES):
        runs = np.array([[0, 4, behind, state]], np.int64)
        places = read.folded, read.kinds, read.fold_start, read.line_start, read.line_end, read.source
        found = accepted_runs(runs, np.ones(1, np.float32), np.array([2], np.int64), 0.1, 1, *places)[0].size
        assert found == (words or state == NOISE)


def test_the_classes_that_say_something_are_letters_and_digits() -> None:
    says = {CharClass.HAN, CharClass.LATIN, CharClass.DIGIT, CharClass.LETTER}
    assert {kind for kind in CharClass if int(WORDS) >> kind & 1} == says
    assert FAMILIES.index("noise") == NOISE
