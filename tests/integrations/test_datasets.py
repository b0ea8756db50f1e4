"""The function inside the real datasets library: the same texts and verdicts as the command line's."""

import json
from pathlib import Path
from typing import Any

import pytest

from moderation.errors import UsageError
from moderation.integrations.datasets import Cleaner

from .pages import by_command_line, rows

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture
def dataset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    library = pytest.importorskip("datasets", reason='needs datasets: pip install "moderation[datasets]"')
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    library.disable_progress_bars()
    return library.Dataset.from_list(rows())


@pytest.mark.parametrize("size", [1, 5, 1000])
def test_mapped_texts_and_verdicts_are_those_of_the_command_line(dataset: Any, tmp_path: Path, size: int) -> None:
    clean, records = by_command_line(tmp_path)
    found = dataset.map(Cleaner(verdicts="verdicts"), batched=True, batch_size=size)
    assert dict(zip(found["id"], found["text"], strict=True)) == clean
    assert {row["id"]: json.loads(row["verdicts"]) for row in found} == records
    assert found.column_names == ["id", "url", "text", "verdicts"]


def test_several_processes_find_the_same(dataset: Any, tmp_path: Path) -> None:
    clean, _ = by_command_line(tmp_path)
    found = dataset.map(Cleaner(), batched=True, batch_size=4, num_proc=2)
    assert dict(zip(found["id"], found["text"], strict=True)) == clean


def test_documents_to_drop_are_named_with_their_rule_and_keep_their_text(dataset: Any) -> None:
    found = dataset.map(Cleaner(drop_doc=["spam-share>0.5", "kept-chars<5"]), batched=True)
    named = {row["id"]: row["drop"] for row in found if row["drop"] is not None}
    assert named == {"spam": "spam-share>0.5", "empty": "kept-chars<5"}
    assert found["text"][10] == rows()[10]["text"]
    left = found.filter(lambda rule: rule is None, input_columns="drop")
    assert left.num_rows == 10


def test_the_same_cleaner_gives_the_same_fingerprint_and_another_policy_another(dataset: Any) -> None:
    first, again, other = (dataset.map(Cleaner(policy=p), batched=True) for p in ("default", "default", "spam-only"))
    assert first._fingerprint == again._fingerprint
    assert first._fingerprint != other._fingerprint


def test_rows_without_a_text_stay(dataset: Any) -> None:
    (first, *_) = rows()
    found = Cleaner()({"text": [None, first["text"]], "id": [1, 2]})
    assert found["text"][0] is None
    assert found["text"][1].startswith("县里的梨花节")


@pytest.mark.parametrize(
    ("batch", "sentence"),
    [
        ({"body": ["首页"]}, "there is no column 'text', only body"),
        ({"text": "首页"}, "the cleaner takes batches"),
        ({"text": [3]}, "a text is a str; found int"),
    ],
)
def test_a_batch_that_makes_no_sense_is_refused(batch: Any, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        Cleaner()(batch)
