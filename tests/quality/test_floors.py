"""Quality does not slip: the shipped model's figures stay above their floors. And the floors' own gate holds."""

import copy
import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from moderation.labels import INDEX
from moderation.moderate import Moderator
from moderation.train.dataset import LabelledPage
from moderation.train.evaluate import judge_pages
from moderation.train.metrics import Judged, metrics
from moderation.train.page_kind import HONEST, group_of
from quality import raise_floors as gate
from quality.raise_floors import AUTHORED, DEV, FloorError, Floors, Measured

FIGURES = {"keep_f1": 0.9, "label_accuracy": 0.5}


@pytest.fixture(scope="module")
def moderator() -> Moderator:
    return Moderator.load()


def test_figures_on_the_authored_test_split_stay_above_their_floors(moderator: Moderator) -> None:
    found, floors = gate.measure(AUTHORED, moderator), gate.read_floors()
    gate.check_corpus(floors, AUTHORED, found)
    assert gate.below(floors["sets"][AUTHORED]["floors"], found.figures) == []


def test_figures_on_crawled_pages_stay_above_their_floors(moderator: Moderator) -> None:
    if not gate.dev_file().is_file():
        pytest.skip(f"{gate.dev_file()} is not here: the crawled pages don't ship (set {gate.SHARED} to their folder)")
    found = gate.measure(DEV, moderator)
    assert gate.below(gate.read_floors()["sets"][DEV]["floors"], found.figures) == []


def test_every_floor_is_a_metric_between_0_and_1() -> None:
    floors = gate.read_floors()
    known = {*metrics(judge_pages(Moderator.load(), [])), gate.HONEST, *gate.RECALLS}
    for entry in floors["sets"].values():
        assert set(entry["floors"]) <= known
        assert all(0 <= floor <= 1 for floor in entry["floors"].values())
    assert all(entry["reason"] for entry in floors["lowered"])


def test_honest_look_alikes_and_every_spam_label_have_a_floor_on_the_authored_test_split() -> None:
    assert set(gate.read_floors()["sets"][AUTHORED]["floors"]) >= {gate.HONEST, *gate.RECALLS}


def test_the_authored_test_split_holds_honest_look_alikes_and_every_spam_label() -> None:
    """Without lines or pages of its own, a floor would hold nothing up."""
    pages = gate.pages_of(AUTHORED)
    lines = Counter(label for page in pages for label in page.labels)
    assert sum(group_of(page.kind) == HONEST for page in pages) >= 10
    assert {name: lines[name] for name in gate.SPAM_NAMES if lines[name] < 50} == {}


def pages_and_verdicts() -> tuple[list[LabelledPage], Judged]:
    """An honest page of which a tenth is lost, and a page with two lines of betting spam of which one stays."""
    pages = [LabelledPage("a", (), (), kind="honest-lottery-news"), LabelledPage("b", (), (), kind="school-hijacked")]
    rows = [(0, "content", True, 90), (0, "content", False, 10), (1, "gambling", True, 8), (1, "gambling", False, 8)]
    page, names, kept, chars = (np.array(column) for column in zip(*rows, strict=True))
    truth = np.array([INDEX[name] for name in names], np.int64)
    none = np.zeros(4, np.int64)
    return pages, Judged(truth, truth, kept, chars, none.astype(np.float64), page, none, none, none)


def test_characters_kept_on_honest_pages_and_recall_by_spam_label_are_figures() -> None:
    pages, judged = pages_and_verdicts()
    figures = gate.figures_of(judged, pages)
    assert (figures[gate.HONEST], figures["recall.gambling"]) == (0.9, 0.5)
    assert "recall.seo" not in figures
    assert gate.HONEST not in gate.figures_of(judged, pages[1:] * 2)


def test_a_floor_of_which_the_pages_hold_nothing_is_no_pass() -> None:
    floors = floors_at(0.8, 0.6)
    floors["sets"][AUTHORED]["floors"]["recall.seo"] = 0.0
    (sentence,) = gate.below(floors["sets"][AUTHORED]["floors"], FIGURES | {"label_accuracy": 0.7})
    assert sentence == "recall.seo has the floor 0.0, and the pages hold nothing that it speaks of"
    with pytest.raises(
        FloorError, match=r"authored\.recall\.seo has a floor, and the pages of 'authored' hold nothing"
    ):
        gate.raised(floors, MEASURED)


def test_a_floor_of_a_spam_label_is_raised_and_lowered_as_others_are() -> None:
    floors = floors_at(0.8, 0.6)
    floors["sets"][AUTHORED]["floors"]["recall.seo"] = 0.0
    measured = {AUTHORED: Measured(FIGURES | {"recall.seo": 0.9}, "a" * 64)}
    after = gate.raised(floors, measured)
    assert after["sets"][AUTHORED]["floors"]["recall.seo"] == 0.87
    worse = {AUTHORED: Measured(FIGURES | {"recall.seo": 0.8}, "a" * 64)}
    last = gate.lowered(after, worse, "authored.recall.seo", "labels of the pages were corrected")
    assert last["sets"][AUTHORED]["floors"]["recall.seo"] == 0.77
    assert last["lowered"][-1]["floor"] == "authored.recall.seo"


def floors_at(keep: float, accuracy: float) -> Floors:
    """Made-up floors on made-up pages."""
    rows = {"keep_f1": keep, "label_accuracy": accuracy}
    return {
        "margin": 0.03,
        "sets": {AUTHORED: {"pages_sha256": "a" * 64, "floors": rows}, DEV: {"floors": dict(rows)}},
        "lowered": [],
    }


MEASURED = {AUTHORED: Measured(FIGURES, "a" * 64), DEV: Measured(FIGURES, "d" * 64)}


def test_a_figure_below_its_floor_is_named_with_both_numbers() -> None:
    assert gate.below({"keep_f1": 0.9, "label_accuracy": 0.51}, FIGURES) == [
        "label_accuracy is 0.5000, its floor is 0.51"
    ]


def test_raising_goes_up_to_the_margin_and_never_down() -> None:
    before = floors_at(0.8, 0.6)
    after = gate.raised(before, MEASURED)
    assert after["sets"][AUTHORED]["floors"] == {"keep_f1": 0.87, "label_accuracy": 0.6}
    assert after["sets"][DEV]["floors"] == {"keep_f1": 0.87, "label_accuracy": 0.6}
    assert before == floors_at(0.8, 0.6)
    assert gate.raised(after, MEASURED) == after


def test_raising_leaves_a_set_alone_that_was_not_measured() -> None:
    after = gate.raised(floors_at(0.8, 0.6), {AUTHORED: MEASURED[AUTHORED]})
    assert after["sets"][DEV] == floors_at(0.8, 0.6)["sets"][DEV]


def test_a_floor_is_lowered_with_its_reason_on_record() -> None:
    after = gate.lowered(floors_at(0.8, 0.6), MEASURED, "dev.label_accuracy", " labels were corrected ")
    assert after["sets"][DEV]["floors"] == {"keep_f1": 0.8, "label_accuracy": 0.47}
    assert after["sets"][AUTHORED] == floors_at(0.8, 0.6)["sets"][AUTHORED]
    assert after["lowered"] == [
        {"floor": "dev.label_accuracy", "from": 0.6, "to": 0.47, "reason": "labels were corrected"}
    ]


@pytest.mark.parametrize(
    ("which", "reason", "sentence"),
    [
        ("dev.label_accuracy", "", "a floor is lowered for a reason: add --reason TEXT"),
        ("dev.label_accuracy", "  ", "a floor is lowered for a reason: add --reason TEXT"),
        ("dev.keep_f1", "why not", "dev.keep_f1 stands at 0.8 and could stand at 0.87: nothing to lower"),
        ("keep_f1", "why not", "no floor 'keep_f1'; floors: authored.keep_f1, authored.label_accuracy, dev.keep_f1"),
        ("dev.speed", "why not", "no floor 'dev.speed'; floors: "),
    ],
)
def test_a_lowering_is_refused(which: str, reason: str, sentence: str) -> None:
    with pytest.raises(FloorError) as caught:
        gate.lowered(floors_at(0.8, 0.6), MEASURED, which, reason)
    assert str(caught.value).startswith(sentence)


def test_a_set_that_is_not_here_can_not_be_lowered() -> None:
    with pytest.raises(FloorError, match="the pages of 'dev' are not here"):
        gate.lowered(floors_at(0.8, 0.6), {AUTHORED: MEASURED[AUTHORED]}, "dev.label_accuracy", "why not")


OTHER = {AUTHORED: Measured(FIGURES, "b" * 64)}


def test_other_pages_are_not_compared() -> None:
    with pytest.raises(
        FloorError, match=r"digest bbbbbbbbbbbb, the floors were set on aaaaaaaaaaaa: .* --corpus-changed"
    ):
        gate.raised(floors_at(0.8, 0.6), OTHER)
    with pytest.raises(FloorError, match="figures on other pages don't compare"):
        gate.lowered(floors_at(0.8, 0.6), OTHER, "authored.label_accuracy", "a reason")


def test_another_corpus_is_pinned_with_what_it_lowered_on_record() -> None:
    after = gate.pinned_anew(floors_at(0.8, 0.6), OTHER, "two hundred new pages")
    assert after["sets"][AUTHORED] == {"pages_sha256": "b" * 64, "floors": {"keep_f1": 0.87, "label_accuracy": 0.47}}
    (change,) = after["lowered"]
    assert change["floors_before"] == {"label_accuracy": 0.6}
    assert change["reason"] == "two hundred new pages"


def test_the_same_corpus_is_not_pinned_anew() -> None:
    with pytest.raises(FloorError, match="nothing to pin anew"):
        gate.pinned_anew(floors_at(0.8, 0.6), MEASURED, "a reason")
    with pytest.raises(FloorError, match="add --reason TEXT"):
        gate.pinned_anew(floors_at(0.8, 0.6), OTHER, "")


def test_the_digest_follows_the_pages_and_not_their_order() -> None:
    pages = gate.pages_of(AUTHORED)[:4]
    assert gate.digest(pages) == gate.digest(reversed(pages))
    assert gate.digest(pages) != gate.digest(pages[1:])


@pytest.mark.parametrize(("value", "floor"), [(0.9, 0.87), (0.87654, 0.8465), (0.03, 0.0), (0.01, 0.0), (1.0, 0.97)])
def test_a_floor_lies_the_margin_below_its_value(value: float, floor: float) -> None:
    assert gate.target(value, 0.03) == floor


@pytest.fixture
def stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Made-up floors in a file, and made-up figures in place of measuring."""
    monkeypatch.setattr(gate, "measure", lambda name, _: MEASURED[name])
    monkeypatch.setenv(gate.SHARED, str(tmp_path))
    gate.write_floors(floors_at(0.8, 0.6), tmp_path / "floors.json")
    return tmp_path / "floors.json"


def test_the_command_raises_and_says_what_moved(stored: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert gate.main([], stored) == 0
    assert gate.read_floors(stored)["sets"][AUTHORED]["floors"] == {"keep_f1": 0.87, "label_accuracy": 0.6}
    assert "authored.keep_f1                now 0.9000  floor 0.8700  (was 0.8)" in capsys.readouterr().out


def test_the_command_lowers_only_when_told_which_and_why(stored: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = copy.deepcopy(gate.read_floors(stored))
    assert gate.main(["--lower", "authored.label_accuracy"], stored) == 1
    assert "add --reason TEXT" in capsys.readouterr().err
    assert gate.read_floors(stored) == before
    assert gate.main(["--lower", "authored.label_accuracy", "--reason", "labels were corrected"], stored) == 0
    assert json.loads(stored.read_text("utf-8"))["lowered"][0]["reason"] == "labels were corrected"


def test_crawled_pages_are_found_by_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(gate.SHARED, str(tmp_path))
    assert gate.dev_file() == tmp_path / "corpus" / "real.jsonl"
    monkeypatch.delenv(gate.SHARED)
    assert gate.dev_file().parent.parent == Path(__file__).resolve().parents[3] / "shared"
