"""POST /v1/moderations, by the official client, with nothing but its base URL changed."""

from collections.abc import Iterator

import openai
import pytest
from starlette.testclient import TestClient

from moderation.labels import NAMES
from service.conftest import NEWS, opened

BETTING = "澳门新葡京娱乐城官网注册送彩金，真人百家乐在线开户"
PORN = "亚洲成人在线视频 国产精品免费观看 高清无码在线播放"
PLAIN = "市图书馆国庆假期照常开放，自助还书机全天可用。"


@pytest.fixture(scope="module")
def official() -> Iterator[openai.OpenAI]:
    """The official client; its requests go to the application in this process."""
    with opened() as client:
        yield openai.OpenAI(api_key="any", base_url="http://testserver/v1", http_client=client, max_retries=0)


def test_one_text(official: openai.OpenAI) -> None:
    answer = official.moderations.create(input=BETTING)
    assert answer.id.startswith("modr-")
    assert answer.model.startswith("default@")
    (result,) = answer.results
    assert result.flagged
    assert result.categories.model_dump()["gambling"] is True
    assert result.category_scores.model_dump()["gambling"] > 0.5


def test_adult_is_the_known_category_sexual(official: openai.OpenAI) -> None:
    (result,) = official.moderations.create(input=PORN).results
    assert result.categories.sexual
    assert result.category_scores.sexual > 0.5
    assert result.category_applied_input_types.sexual == ["text"]
    assert result.categories.model_dump()["adult"] is True


def test_illicit_keeps_its_name(official: openai.OpenAI) -> None:
    (result,) = official.moderations.create(input="代开发票，正规增值税发票，联系微信，刻章办证，高价回收").results
    assert result.categories.illicit is result.categories.model_dump()["illicit"]
    assert 0 <= result.category_scores.illicit <= 1
    assert result.category_applied_input_types.illicit == ["text"]


def test_a_list_of_texts_is_answered_in_order(official: openai.OpenAI) -> None:
    answer = official.moderations.create(model="omni-moderation-latest", input=[PLAIN, BETTING, "", PORN])
    assert [result.flagged for result in answer.results] == [False, True, False, True]


def test_text_parts_are_one_text(official: openai.OpenAI) -> None:
    parts = [{"type": "text", "text": PLAIN}, {"type": "text", "text": BETTING}]
    (result,) = official.moderations.create(input=parts).results  # type: ignore[arg-type]
    assert result.flagged


def test_categories_that_nothing_here_covers_are_never_flagged(official: openai.OpenAI) -> None:
    (result,) = official.moderations.create(input=NEWS).results
    assert result.categories.violence is False
    assert result.category_scores.self_harm == 0
    assert result.category_applied_input_types.hate == []


def test_every_label_but_content_is_a_category(official: openai.OpenAI) -> None:
    (result,) = official.moderations.create(input=NEWS).results
    assert set(NAMES[1:]) <= set(result.categories.model_dump(by_alias=True))
    assert set(NAMES[1:]) <= set(result.category_scores.model_dump(by_alias=True))


def test_chrome_alone_flags_nothing_by_default(official: openai.OpenAI) -> None:
    (result,) = official.moderations.create(input="首页 | 新闻 | 登录 | 注册").results
    assert not result.flagged
    assert result.category_scores.model_dump()["nav"] > 0.5


def test_an_image_is_refused_in_words(official: openai.OpenAI) -> None:
    image = {"type": "image_url", "image_url": {"url": "https://pictures.example/1.png"}}
    with pytest.raises(openai.UnprocessableEntityError) as refused:
        official.moderations.create(input=[image])  # type: ignore[arg-type]
    assert "Input should be 'text'" in refused.value.response.text


def test_too_many_inputs_are_refused(client: TestClient) -> None:
    assert client.post("/v1/moderations", json={"input": ["好"] * 257}).status_code == 413
