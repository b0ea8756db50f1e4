"""Policies: what they mean, and the sentence for each way in which one can be wrong."""

from pathlib import Path

import pytest

from moderation.errors import PolicyError
from moderation.labels import LABELS, NAMES
from moderation.policy import BUILT_IN, Rule, load_policy, parse_policy


@pytest.mark.parametrize("name", BUILT_IN)
def test_built_in_policies_load_and_say_what_they_do(name: str) -> None:
    policy = load_policy(name)
    assert policy.name == name
    assert policy.description
    assert len(policy.rules) == len(LABELS)
    assert policy.rule("content").action == "keep"


def test_default_drops_all_but_content() -> None:
    policy = load_policy("default")
    assert [policy.rule(name).action for name in NAMES] == ["keep"] + ["drop"] * 11


def test_flag_only_drops_nothing() -> None:
    policy = load_policy("flag-only")
    assert {rule.action for rule in policy.rules} == {"keep", "flag"}
    assert not policy.repair


@pytest.mark.parametrize(("name", "kept"), [("keep-meta", ["meta"]), ("spam-only", ["meta", "nav", "footer", "noise"])])
def test_narrower_policies_keep_what_they_say(name: str, kept: list[str]) -> None:
    assert {load_policy(name).rule(label).action for label in kept} == {"keep"}
    assert load_policy(name).rule("gambling").action == "drop"


def test_a_file_may_set_thresholds_for_all_and_for_one(tmp_path: Path) -> None:
    path = tmp_path / "报纸.toml"
    path.write_text(
        'threshold = 0.8\nspan_threshold = 1\n[labels]\nnav = "flag"\nseo = { action = "drop", threshold = 0.95 }\n'
        "promo = { threshold = 0 }\n",
        "utf-8",
    )
    policy = load_policy(path)
    assert policy.name == "报纸"
    assert policy.span_threshold == 1
    assert policy.rule("nav") == Rule("flag", 0.8)
    assert policy.rule("seo") == Rule("drop", 0.95)
    assert policy.rule("promo") == Rule("drop", 0.0)
    assert policy.rule("footer") == Rule("drop", 0.8)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("threshold =", "p.toml: not TOML (Invalid value"),
        ("treshold = 0.5", "p.toml: unknown key 'treshold'; known keys: description, labels, name, repair, "),
        ("threshold = 1.5", "p.toml: threshold must be a number from 0 to 1, found 1.5"),
        ("threshold = -0.1", "p.toml: threshold must be a number from 0 to 1, found -0.1"),
        ("threshold = nan", "p.toml: threshold must be a number from 0 to 1, found nan"),
        ("threshold = true", "p.toml: threshold must be a number from 0 to 1, found True"),
        ('span_threshold = "0.5"', "p.toml: span_threshold must be a number from 0 to 1, found '0.5'"),
        ("repair = 1", "p.toml: repair must be true or false, found 1"),
        ("name = 5", "p.toml: name must be a text in quotes, found 5"),
        ('name = ["strict"]', "p.toml: name must be a text in quotes, found ['strict']"),
        ('name = " "', "p.toml: name is empty; verdicts tell policies apart by it"),
        ("description = false", "p.toml: description must be a text in quotes, found False"),
        ('labels = "drop"', "p.toml: [labels] must be a table, one key a label"),
        ('[labels]\nadverts = "drop"', f"p.toml: unknown label 'adverts'; known labels: {', '.join(NAMES)}"),
        ('[labels]\nnav = "remove"', "p.toml: labels.nav: unknown action 'remove'; known actions: keep, flag, drop"),
        ("[labels]\nnav = 3", "p.toml: labels.nav: unknown action 3; known actions: keep, flag, drop"),
        ("[labels]\nnav = { act = 1 }", "p.toml: labels.nav: unknown key 'act'; known keys: action, threshold"),
        ("[labels]\nnav = { threshold = 2 }", "p.toml: labels.nav.threshold must be a number from 0 to 1, found 2"),
    ],
)
def test_a_wrong_policy_is_refused_with_its_place(text: str, sentence: str) -> None:
    with pytest.raises(PolicyError) as caught:
        parse_policy(text, where="p.toml", name="p")
    assert str(caught.value).startswith(sentence)


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(
        PolicyError, match="no policy 'strict': built in are default, keep-meta, spam-only, flag-only; "
    ):
        load_policy("strict")


def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "gbk.toml"
    path.write_bytes('description = "报纸"'.encode("gbk"))
    with pytest.raises(PolicyError, match=r"gbk\.toml: can't be read as UTF-8 text"):
        load_policy(path)


@pytest.mark.parametrize("value", ["[]", "{}", "[1]"])
def test_an_action_that_is_not_even_a_word_is_refused(value: str) -> None:
    with pytest.raises(PolicyError, match=r"p\.toml: labels\.nav"):
        parse_policy(f"[labels]\nnav = {{ action = {value} }}", where="p.toml", name="p")
