"""What a result tells: the verdicts are those of the arrays, line by line, and the record is the typed document."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import asdict
from itertools import accumulate

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from kernel.samples import ARTICLE, DOCUMENTS, SPAM
from moderation import Moderator, Result, Verdict
from moderation.columns import TOGETHER
from moderation.kernel.jit import kernel
from moderation.kernel.write import put_score
from moderation.labels import ACTIONS, BY_NAME, CONTENT, NAMES
from moderation.records import Flag, Span
from moderation.result import actions_of
from moderation.text.batch import BATCH_CHARS
from moderation.train.corpus import authored_pages
from moderation.tricks import find_tricks

SPLICED = "他说，小时候常跟着爷爷去码头，澳门新葡京注册送彩金www.xpj88.com，在戏台门口一坐就是半天。"
TEXTS = [ARTICLE, "", SPAM, "\n \n", SPLICED, *DOCUMENTS["carriage returns"], *[p.text for p in authored_pages()[:60]]]


@pytest.fixture(scope="module")
def moderator() -> Moderator:
    return Moderator.load()


@pytest.mark.parametrize(
    "unseen",
    ["", " \u3000", "\ufeff", "\x00", "\u200b\u200d\u2060", "\ufeff\x00\u200b", "\xad", "\u202e", "\x1b", "\u0301"],
    ids=ascii,
)
def test_a_line_in_which_nothing_can_be_seen_is_blank(moderator: Moderator, unseen: str) -> None:
    result = moderator.clean(f"市图书馆国庆假期照常开放，自助还书机全天可用。\n{unseen}\n读者凭借书证即可入馆。")
    assert [verdict.line for verdict in result.verdicts] == [0, 2]


def results(moderator: Moderator, policy: str) -> list[Result]:
    """Of one batch."""
    return moderator.with_policy(policy).clean_many(TEXTS)


def tricks_of(result: Result, start: int, end: int, line: int, spans: list[Span]) -> tuple[str, ...]:
    """The tricks of a line that is spam, or of its spans that are."""
    if BY_NAME[NAMES[result._decision.label[line]]].family == "spam":
        return find_tricks(result._original(start, end))
    spam = [span for span in spans if BY_NAME[span.label].family == "spam"]
    return find_tricks("\n".join(result._original(span.start, span.end) for span in spam))


def verdicts_one_by_one(result: Result) -> list[Verdict]:
    """Slow twin of Result.verdicts: number by number."""
    decision, index = result._decision, result._index
    lines, spans = decision.judgement.lines, decision.judgement.spans
    offset = int(lines.batch.doc_start[index])
    found = []
    for k in range(int(lines.first_line[index]), int(lines.first_line[index + 1])):
        if lines.blank[k]:
            continue
        own = [
            Span(
                int(spans.start[q]) - offset,
                int(spans.end[q]) - offset,
                NAMES[spans.label[q]],
                float(spans.score[q]),
                ACTIONS[decision.span_action[q]],
            )
            for q in np.flatnonzero(spans.line == k)
        ]
        found.append(
            Verdict(
                k - int(lines.first_line[index]),
                int(lines.line_start[k]) - offset,
                int(lines.line_end[k]) - offset,
                NAMES[decision.label[k]],
                float(decision.judgement.probabilities[k, decision.label[k]]),
                float(decision.junk[k]),
                ACTIONS[decision.action[k]],
                tuple(own),
                tricks_of(result, int(lines.line_start[k]) - offset, int(lines.line_end[k]) - offset, k, own),
            )
        )
    return found


@pytest.mark.parametrize("policy", ["default", "flag-only", "spam-only"])
def test_verdicts_are_those_of_the_arrays_one_by_one(moderator: Moderator, policy: str) -> None:
    found = results(moderator, policy)
    assert [list(result.verdicts) for result in found] == [verdicts_one_by_one(result) for result in found]
    assert any(verdict.spans for result in found for verdict in result.verdicts)


def test_verdicts_hold_numbers_of_python_alone(moderator: Moderator) -> None:
    for verdict in moderator.clean(f"{ARTICLE}\n{SPLICED}").verdicts:
        assert [type(value) for value in asdict(verdict).values()] == [
            int,
            int,
            int,
            str,
            float,
            float,
            str,
            tuple,
            tuple,
            str,
        ]


def rounded(values: Sequence[float]) -> list[float]:
    """To the four digits of a record."""
    return [round(value, 4) for value in values]


@pytest.mark.parametrize("policy", ["default", "flag-only"])
def test_the_record_is_the_typed_document_with_scores_to_four_digits(moderator: Moderator, policy: str) -> None:
    for result in results(moderator, policy):
        expected = asdict(result.document())
        for line in expected["lines"]:
            line["score"], line["junk"] = rounded([line["score"], line["junk"]])
            line["spans"] = [span | {"score": round(span["score"], 4)} for span in line["spans"]]
            line["tricks"] = list(line["tricks"])
            assert not line.pop("reason")  # there is one where a whole crawl was looked at, see test_site_lines.py
        expected = {key: list(value) if isinstance(value, tuple) else value for key, value in expected.items()}
        assert result.record() == expected
        assert list(result.record(id=1)) == ["id", *expected]


@pytest.mark.parametrize("policy", ["default", "flag-only"])
def test_flags_and_actions_count_the_verdicts(moderator: Moderator, policy: str) -> None:
    for result in results(moderator, policy):
        lines, chars = dict.fromkeys(NAMES, 0), dict.fromkeys(NAMES, 0)
        for verdict in result.verdicts:
            if verdict.action != "keep":
                lines[verdict.label] += 1
                chars[verdict.label] += verdict.end - verdict.start
            for span in verdict.spans:
                if span.action != "keep":
                    chars[span.label] += span.end - span.start
        assert result.flags == {name: Flag(lines[name], chars[name]) for name in NAMES if chars[name]}
        assert result.flagged == bool(result.flags)
        actions = [verdict.action for verdict in result.verdicts]
        assert result.actions == {action: actions.count(action) for action in ACTIONS}


def test_actions_of_many_results_are_the_sum_of_theirs(moderator: Moderator) -> None:
    found = [*results(moderator, "default"), *results(moderator, "flag-only")[1:3]]
    assert actions_of(found) == {action: sum(result.actions[action] for result in found) for action in ACTIONS}
    assert actions_of([]) == dict.fromkeys(ACTIONS, 0)


def test_results_of_a_large_batch_tell_the_same_in_any_order(moderator: Moderator) -> None:
    texts = [page.text for page in authored_pages()[::3]]
    texts = [*texts[: bisect_right(list(accumulate(map(len, texts))), BATCH_CHARS)], ""]
    assert sum(map(len, texts)) > TOGETHER
    in_turn = [(result.to_json(), result.verdicts, result.removed) for result in moderator.clean_many(texts)]
    order = np.random.default_rng(3).permutation(len(texts)).tolist()
    found = moderator.clean_many(texts)
    for n in [*order, *range(len(texts))]:
        assert (found[n].to_json(), found[n].verdicts, found[n].removed) == in_turn[n]


def test_probabilities_have_a_row_a_verdict(moderator: Moderator) -> None:
    for result in results(moderator, "default"):
        assert result.probabilities.shape == (len(result.verdicts), len(NAMES))
        for verdict, row in zip(result.verdicts, result.probabilities, strict=True):
            assert verdict.score == row[NAMES.index(verdict.label)]
            assert (verdict.label == NAMES[CONTENT]) == (row[CONTENT] >= 0.5)


def test_what_was_removed_stands_at_its_place() -> None:
    """In clean text without repairs; those are tested with repairs."""
    for text, result in zip(TEXTS, Moderator.load(repair=False).clean_many(TEXTS), strict=True):
        pieces, done = [], 0
        for part in result.removed:
            assert text[part.start : part.end] == part.text
            pieces.append(text[done : part.start])
            assert sum(map(len, pieces)) == part.at
            done = part.end
        assert "".join([*pieces, text[done:]]) == result.text


@pytest.mark.parametrize("policy", ["default", "flag-only", "spam-only"])
def test_the_record_as_json_is_what_a_json_writer_makes_of_the_record(moderator: Moderator, policy: str) -> None:
    for n, result in enumerate(results(moderator, policy)):
        assert result.to_json(id=n) == orjson.dumps(result.record(id=n))


@settings(deadline=None)
@given(st.lists(st.floats(0, 1, width=32), min_size=1))
def test_scores_are_written_as_a_json_writer_writes_the_rounded_number(scores: list[float]) -> None:
    for score in scores:
        assert written_score(score) == orjson.dumps(round(score, 4))


@kernel
def put_one(out: NDArray[np.uint8], score: float) -> int:
    """From Python only whole kernels can be called."""
    return put_score(out, 0, score)


def written_score(score: float) -> bytes:
    """As the kernel writes it."""
    out = np.zeros(16, np.uint8)
    return out[: put_one(out, score)].tobytes()
