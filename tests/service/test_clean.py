"""POST /v1/clean: what is asked, what is answered."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from service.conftest import NEWS, PAGE

DAMAGED = "记者探訪(訪)了市图书馆，发现自助还书机全天可用。"


def clean(client: TestClient, **body: Any) -> dict[str, Any]:
    """The answer to a text."""
    answer = client.post("/v1/clean", json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_junk_is_taken_out_and_told(client: TestClient) -> None:
    answer = clean(client, text=PAGE)
    assert answer["clean"] == "市图书馆国庆假期照常开放，自助还书机全天可用。\n"
    assert answer["flagged"] is True
    assert [line["label"] for line in answer["lines"]] == ["nav", "content", "footer"]
    assert answer["flags"] == {"nav": {"lines": 1, "chars": 17}, "footer": {"lines": 1, "chars": 9}}
    assert [piece["text"] for piece in answer["removed"]] == ["首页 | 新闻 | 登录 | 注册\n", "版权所有 市图书馆\n"]
    assert answer["model"].startswith("default@")
    assert answer["policy"] == "default"


def test_every_verdict_has_an_id_of_its_own_and_the_callers_id_comes_back(client: TestClient) -> None:
    first, second = clean(client, text=PAGE, id="第七号"), clean(client, text=PAGE)
    assert first["id"] != second["id"]
    assert first["document"] == "第七号"
    assert "document" not in second


def test_a_policy_is_named(client: TestClient) -> None:
    answer = clean(client, text=NEWS, policy="spam-only")
    assert answer["policy"] == "spam-only"
    assert "版权所有" in answer["clean"]
    assert "澳门" not in answer["clean"]


def test_a_policy_may_be_sent_as_rules(client: TestClient) -> None:
    rules = {"nav": "keep", "footer": {"action": "flag"}}
    answer = clean(client, text=PAGE, policy={"base": "default", "name": "mine", "rules": rules})
    assert [line["action"] for line in answer["lines"]] == ["keep", "keep", "flag"]
    assert answer["policy"] == "mine"


def test_a_threshold_of_a_label_counts_more_than_that_of_the_policy(client: TestClient) -> None:
    policy = {"threshold": 1.0, "rules": {"nav": {"threshold": 0.2}}}
    answer = clean(client, text=PAGE, policy=policy)
    assert [line["action"] for line in answer["lines"]] == ["drop", "keep", "keep"]


@pytest.mark.parametrize(
    ("repair", "clean_text"),
    [(True, "记者探訪了市图书馆，发现自助还书机全天可用。"), (False, DAMAGED)],
)
def test_repair_is_switched_by_the_request(client: TestClient, repair: bool, clean_text: str) -> None:
    answer = clean(client, text=DAMAGED, repair=repair)
    assert answer["clean"] == clean_text
    assert bool(answer["repairs"]) is repair


def test_reasons_name_words_neighbours_and_what_is_read_otherwise(client: TestClient) -> None:
    text = "首页 | 新闻 | 登录\n發(fā)票 代开，ＡＰＰ下载\n"
    lines = clean(client, text=text, explain=True)["lines"]
    assert set(lines[0]["probabilities"]) == set(lines[1]["probabilities"])
    assert "首页" in [word["word"] for word in lines[0]["why"]["words"]]
    assert lines[0]["why"]["alone"]["label"] == "nav"
    folded = [(text[place["start"] : place["end"]], place["read"]) for place in lines[1]["why"]["folded"]]
    assert folded == [("發(fā)", "发"), ("ＡＰＰ", "app")]


def test_tricks_are_named_without_reasons_too(client: TestClient) -> None:
    line = clean(client, text="澳门新葡京娱乐城注册送彩金，加薇信ＡＢＣ８８８")["lines"][0]
    assert line["tricks"] == ["full-width", "sound-alikes"]


def test_an_empty_text_is_a_text(client: TestClient) -> None:
    answer = clean(client, text="")
    assert (answer["clean"], answer["flagged"], answer["lines"]) == ("", False, [])
