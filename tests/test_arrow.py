"""Columns of text: cleaned as strings are, document by document."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from kernel.samples import ARTICLE, DOCUMENT_LISTS, DOCUMENTS, NAMES, SPAM
from moderation import Moderator
from moderation.errors import TextError, UsageError

pa = pytest.importorskip("pyarrow", reason="Arrow columns need pyarrow")


@pytest.fixture(scope="module")
def moderator() -> Moderator:
    return Moderator.load()


def assert_cleaned_alike(moderator: Moderator, texts: Sequence[str]) -> None:
    """Texts, records and probabilities, from a column and from strings."""
    column = moderator.clean_arrow(pa.array(texts, pa.string()))
    expected = moderator.clean_many(texts)
    assert column.clean.to_pylist() == [result.text for result in expected]
    assert len(column) == len(expected)
    for found, result in zip(column, expected, strict=True):
        np.testing.assert_array_equal(found.probabilities, result.probabilities)
        assert found.record() == result.record()


@pytest.mark.parametrize("name", NAMES)
def test_a_column_is_cleaned_as_strings_are(moderator: Moderator, name: str) -> None:
    assert_cleaned_alike(moderator, [ARTICLE, *DOCUMENTS[name], SPAM])


@settings(max_examples=60, deadline=None)
@given(DOCUMENT_LISTS)
def test_any_column_is_cleaned_as_strings_are(moderator: Moderator, texts: list[str]) -> None:
    assert_cleaned_alike(moderator, texts)


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.string_view()])
def test_the_type_of_the_column_and_its_nulls_stay(moderator: Moderator, kind: Any) -> None:
    column = pa.array([None, SPAM, "", None, ARTICLE], kind)
    clean = moderator.clean_arrow(column).clean
    assert clean.type == kind
    clean.validate(full=True)
    assert clean.is_null().to_pylist() == [True, False, False, True, False]
    assert clean[4].as_py() == moderator.clean(ARTICLE).text


def test_a_slice_and_a_chunked_column_are_what_they_look_like(moderator: Moderator) -> None:
    texts = [SPAM, ARTICLE, "首页\n登录", ARTICLE.replace("\n", "\r\n"), "𠮷野家的牛肉飯😀"]
    expected = [result.text for result in moderator.clean_many(texts)]
    whole = pa.array(texts)
    assert moderator.clean_arrow(whole[1:4]).clean.to_pylist() == expected[1:4]
    chunked = pa.chunked_array([whole[:2], whole[2:2], whole[2:]])
    found = moderator.clean_arrow(chunked)
    assert isinstance(found.clean, pa.ChunkedArray)
    assert found.clean.to_pylist() == expected
    assert [result.text for result in found] == expected
    assert found[-1].text == expected[-1]


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_the_number_of_threads_changes_nothing(
    moderator: Moderator, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("moderation.arrow.BATCH_BYTES", 500)
    texts = [ARTICLE, SPAM, "", "发(fā)布會(huì)，他訪(訪)問了關(guan)鍵人物"] * 9
    one, many = moderator.clean_many(texts), moderator.clean_many(texts, threads=threads)
    assert [result.record() for result in many] == [result.record() for result in one]
    column = moderator.clean_arrow(pa.array(texts), threads=threads)
    assert [result.record() for result in column] == [result.record() for result in one]


def test_what_is_no_column_of_texts_is_refused(moderator: Moderator) -> None:
    with pytest.raises(UsageError, match="found int64"):
        moderator.clean_arrow(pa.array([1, 2]))
    with pytest.raises(UsageError, match="found list"):
        moderator.clean_arrow(["首页"])
    broken = pa.Array.from_buffers(
        pa.string(), 1, [None, pa.py_buffer(np.array([0, 3], np.int32)), pa.py_buffer(b"\xe9\xa6a")]
    )
    with pytest.raises(TextError, match="not valid UTF-8"):
        moderator.clean_arrow(broken)
