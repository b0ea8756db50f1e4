"""The step inside real datatrove pipelines: the same texts and verdicts as the command line's."""

import pickle
from pathlib import Path
from typing import Any

import orjson
import pytest

from moderation.errors import ModelError, UsageError

from .pages import by_command_line, rows

pytest.importorskip("datatrove", reason='needs datatrove: pip install "moderation[datatrove]"')
pytestmark = pytest.mark.filterwarnings("ignore")


def run(folder: Path, step: Any, workers: int = 1, tasks: int = 1) -> list[Any]:
    """Read JSONL, the step, write JSONL."""
    from datatrove.executor import LocalPipelineExecutor  # noqa: PLC0415
    from datatrove.pipeline.readers import JsonlReader  # noqa: PLC0415
    from datatrove.pipeline.writers import JsonlWriter  # noqa: PLC0415

    (folder / "data").mkdir()
    pages = rows()
    for n in range(tasks):
        part = pages[n::tasks]
        (folder / f"data/{n}.jsonl").write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in part))
    steps = [JsonlReader(str(folder / "data")), step, JsonlWriter(str(folder / "out"), compression=None)]
    LocalPipelineExecutor(steps, tasks=tasks, workers=workers, logging_dir=str(folder / "logs")).run()
    files = sorted((folder / "out").glob("*.jsonl"))
    return [orjson.loads(line) for path in files for line in path.read_bytes().splitlines()]


def test_clean_texts_are_those_of_the_command_line(tmp_path: Path) -> None:
    from moderation.integrations.datatrove import Moderation  # noqa: PLC0415

    clean, records = by_command_line(tmp_path)
    found = run(tmp_path, Moderation(record=True))
    assert {doc["id"]: doc.get("text", "") for doc in found} == {
        key: text for key, text in clean.items() if key != "empty"
    }
    assert {doc["id"]: without_file(doc["metadata"]["moderation"]) for doc in found} == {
        key: record
        for key, record in records.items()
        if key != "empty"  # readers of datatrove pass empty texts over
    }


def without_file(record: Any) -> Any:
    return {key: value for key, value in record.items() if key != "source"}


def test_annotating_leaves_texts_alone(tmp_path: Path) -> None:
    from moderation.integrations.datatrove import Moderation  # noqa: PLC0415

    _, records = by_command_line(tmp_path)
    found = run(tmp_path, Moderation("annotate"))
    texts = {row["id"]: row["text"] for row in rows()}
    for doc in found:
        assert doc["text"] == texts[doc["id"]]
        assert doc["metadata"]["moderation"]["lines"] == records[doc["id"]]["lines"]


def test_two_workers_load_the_model_themselves_and_find_the_same(tmp_path: Path) -> None:
    from moderation.integrations.datatrove import Moderation  # noqa: PLC0415

    clean, _ = by_command_line(tmp_path)
    found = run(tmp_path, Moderation(), workers=2, tasks=2)
    assert {doc["id"]: doc.get("text", "") for doc in found} == {
        key: text for key, text in clean.items() if key != "empty"
    }


def test_dropped_documents_go_unchanged_to_the_exclusion_writer_with_their_rule(tmp_path: Path) -> None:
    from datatrove.pipeline.writers import JsonlWriter  # noqa: PLC0415

    from moderation.integrations.datatrove import Moderation  # noqa: PLC0415

    writer = JsonlWriter(str(tmp_path / "excluded"), compression=None)
    found = run(tmp_path, Moderation(drop_doc=["adult-doorway"], exclusion_writer=writer))
    assert [doc["id"] for doc in found] == [f"qh-{n}" for n in range(10)]
    (path,) = (tmp_path / "excluded").glob("*.jsonl")
    (gone,) = map(orjson.loads, path.read_bytes().splitlines())
    assert (gone["text"], gone["metadata"]["filter_reason"]) == (rows()[10]["text"], "adult-doorway")


def test_a_text_that_no_encoding_carries_is_dropped_by_name_and_the_others_stay() -> None:
    from datatrove.data import Document  # noqa: PLC0415

    from moderation.integrations.datatrove import NOT_TEXT, Moderation  # noqa: PLC0415

    batch = [
        Document("好天气，晒麦子。", "1"),
        Document("坏\ud800", "2"),
        Document("首页 | 登录\n晒谷场已经满了。", "3"),
    ]
    assert Moderation().filter_batch(batch) == [True, (False, NOT_TEXT), True]
    assert batch[1].text == "坏\ud800"
    assert batch[2].text == "晒谷场已经满了。"


def test_a_pickled_step_holds_no_model_and_refuses_another_one() -> None:
    from moderation.integrations.datatrove import Moderation  # noqa: PLC0415

    step = Moderation(policy="spam-only")
    packed = pickle.dumps(step.call)
    assert len(packed) < 5000
    call = pickle.loads(packed)  # our own bytes, made a line above
    call.model_id = "default@000000000000"
    with pytest.raises(ModelError, match="install the same version on every node"):
        call.clean(["首页"])


def test_an_unknown_mode_is_refused() -> None:
    from moderation.integrations.datatrove import Moderation  # noqa: PLC0415

    with pytest.raises(UsageError, match="mode is 'clean' or 'annotate', found 'filter'"):
        Moderation("filter")  # type: ignore[arg-type]
