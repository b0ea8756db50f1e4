"""Texts through every door give what the library gives."""

from functools import cache
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from moderation import Moderator, restore
from moderation.policy import BUILT_IN
from service.conftest import NEWS, PAGE

PIECES = st.sampled_from(
    [
        "首页 | 新闻 | 登录",
        "市图书馆国庆假期照常开放，自助还书机全天可用。",
        "澳门新葡京娱乐城注册送彩金",
        "本次活动由社区居委会主办，澳门新葡京官网app下载，欢迎居民参加。",
        "版权所有 市图书馆",
        "發(fā)票代开 ＡＰＰ下载",
        "&nbsp;这里有&amp;一些实体",
        "",
        "\r",
        "\u200b看\ufeff片",
        "𠮷野家😀",
    ]
)
TEXTS = st.one_of(
    st.lists(PIECES, max_size=12).map("\n".join),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=200),
)
OFTEN = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
NDJSON = {"Content-Type": "application/x-ndjson"}


@cache
def library(policy: str) -> Moderator:
    """The library under a policy."""
    return Moderator.load(policy=policy)


def expected(text: str, policy: str) -> dict[str, Any]:
    """What the library says."""
    result = library(policy).clean(text)
    return {"clean": result.text, "flagged": result.flagged, **result.record()}


def without_id(answer: dict[str, Any]) -> dict[str, Any]:
    """An answer without the id of its verdict, which is new each time."""
    return {key: value for key, value in answer.items() if key != "id"}


@OFTEN
@given(TEXTS, st.sampled_from(BUILT_IN))
def test_a_cleaned_text_is_the_librarys_and_gives_the_original_back(client: TestClient, text: str, policy: str) -> None:
    answer = client.post("/v1/clean", json={"text": text, "policy": policy}).json()
    assert without_id(answer) == expected(text, policy)
    assert restore(answer["clean"], answer) == text


@OFTEN
@given(st.lists(TEXTS, max_size=8), st.sampled_from(BUILT_IN))
def test_a_batch_is_the_librarys_in_order(client: TestClient, texts: list[str], policy: str) -> None:
    body = b"".join(orjson.dumps({"text": text, "policy": policy}) + b"\n" for text in texts)
    answer = client.post("/v1/clean/batch", content=body, headers=NDJSON)
    assert [without_id(orjson.loads(line)) for line in answer.content.splitlines()] == [
        expected(text, policy) for text in texts
    ]


@OFTEN
@given(st.lists(TEXTS, min_size=1, max_size=5))
def test_moderations_flag_what_the_librarys_policy_flags(client: TestClient, texts: list[str]) -> None:
    answer = client.post("/v1/moderations", json={"input": texts}).json()
    results = [library("spam-only").clean(text) for text in texts]
    assert [row["flagged"] for row in answer["results"]] == [result.flagged for result in results]
    for row, result in zip(answer["results"], results, strict=True):
        own = {name for name, flagged in row["categories"].items() if flagged}
        assert own - {"sexual"} == set(result.flags)
        assert row["categories"]["sexual"] == ("adult" in result.flags)


@OFTEN
@given(TEXTS)
def test_reasons_change_no_verdict(client: TestClient, text: str) -> None:
    answer = client.post("/v1/clean", json={"text": text, "explain": True}).json()
    for line in answer["lines"]:
        assert line.pop("probabilities")[line["label"]] == line["score"]
        why = line.pop("why")
        assert all(line["start"] <= word["start"] < word["end"] <= line["end"] for word in why["words"])
        assert all(text[place["start"] : place["end"]] == place["text"] for place in why["folded"])
    assert without_id(answer) == expected(text, "default")


@pytest.mark.parametrize("copies", [1, 400])
def test_a_large_text_is_judged_like_a_small_one(client: TestClient, copies: int) -> None:
    text = (PAGE + NEWS) * copies
    answer = client.post("/v1/clean", json={"text": text}).json()
    assert without_id(answer) == expected(text, "default")
