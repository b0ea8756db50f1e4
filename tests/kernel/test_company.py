"""What may not matter to a verdict: the documents around it, blank lines, and how often one asks."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from kernel.samples import ARTICLE, DOCUMENT_LISTS, DOCUMENTS, NAMES, SPAM
from moderation.judge import judge
from moderation.moderate import Moderator
from moderation.text.batch import batches, pack

ROW = "首页 新闻 体育\n\n他把修鞋摊支在桥头，街坊们都来了。\n版权所有 京ICP备12345678号"


@pytest.fixture(scope="module")
def moderator() -> Moderator:
    return Moderator.load()


def scores(moderator: Moderator, text: str) -> NDArray[np.float32]:
    """Every visible line's probabilities."""
    return moderator.clean(text).probabilities


@pytest.mark.parametrize("name", NAMES)
def test_a_document_is_judged_alone_as_it_is_in_a_batch(moderator: Moderator, name: str) -> None:
    texts = [ARTICLE, *DOCUMENTS[name], SPAM]
    for text, result in zip(texts, moderator.clean_many(texts), strict=True):
        alone = moderator.clean(text)
        np.testing.assert_array_equal(result.probabilities, alone.probabilities)
        assert result.record() == alone.record()
        assert result.text == alone.text


@settings(max_examples=50, deadline=None)
@given(DOCUMENT_LISTS)
def test_any_document_is_judged_alone_as_it_is_in_a_batch(moderator: Moderator, texts: list[str]) -> None:
    for text, result in zip(texts, moderator.clean_many(texts), strict=True):
        np.testing.assert_array_equal(result.probabilities, scores(moderator, text))


@settings(max_examples=50, deadline=None)
@given(
    st.integers(0, 20),
    st.sampled_from(["", " ", "　　", "\t", "\u200b", " \ufeff", "\x00"]),
    st.sampled_from([ARTICLE, SPAM, ROW]),
)
def test_a_blank_line_changes_no_other_lines_verdict(moderator: Moderator, at: int, blank: str, text: str) -> None:
    lines = text.split("\n")
    lines.insert(at, blank)
    found = moderator.clean("\n".join(lines))
    np.testing.assert_array_equal(found.probabilities, scores(moderator, text))
    verdicts = [(v.label, v.score, v.junk, v.action) for v in found.verdicts]
    assert verdicts == [(v.label, v.score, v.junk, v.action) for v in moderator.clean(text).verdicts]


def test_line_breaks_of_either_kind_are_judged_alike(moderator: Moderator) -> None:
    np.testing.assert_array_equal(scores(moderator, ARTICLE), scores(moderator, ARTICLE.replace("\n", "\r\n")))


def test_the_same_batch_gives_the_same_bits(moderator: Moderator) -> None:
    batch = pack([ARTICLE, SPAM, *DOCUMENTS["a batch"]])
    first, second = judge(batch, moderator.model), judge(batch, moderator.model)
    np.testing.assert_array_equal(first.probabilities, second.probabilities)


def test_probabilities_of_a_line_add_up_to_one(moderator: Moderator) -> None:
    np.testing.assert_allclose(scores(moderator, f"{ARTICLE}\n{SPAM}").sum(1), 1, rtol=1e-5)


@pytest.mark.parametrize("size", [1, 7, 40, 10_000])
def test_batches_are_the_documents_in_order_whatever_their_size(size: int) -> None:
    texts = [ARTICLE, "", SPAM, "", "", "首页"]
    parts = list(batches(texts, size))
    assert [text for part in parts for text in part] == texts
    assert all(sum(map(bool, part)) <= 1 or sum(map(len, part)) <= size for part in parts)


@pytest.mark.parametrize("text", ["", "\n", " ", "\u200b", "\r\n\r\n"])
def test_a_text_without_a_visible_line_has_no_verdicts_and_stays(moderator: Moderator, text: str) -> None:
    result = moderator.clean(text)
    assert result.verdicts == ()
    assert result.text == text


def test_no_texts_are_no_results(moderator: Moderator) -> None:
    assert moderator.clean_many([]) == []
