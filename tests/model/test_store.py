"""Models on disk: they come back as they were, and anything else is refused with a sentence that says what to do."""

import builtins
import hashlib
import json
import marshal
import pickle
import shutil
from collections.abc import Callable, Iterable
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

import joblib
import numpy as np
import pytest
from safetensors.numpy import load, save

from kernel.contexts import made_up_context
from moderation.errors import ModelError
from moderation.kernel.context import FEATURES
from moderation.kernel.packing import WORDS
from moderation.kernel.recurrence import EMBEDDED, GATED, KNOWN, MEMORY
from moderation.kernel.shape import ROWS
from moderation.kernel.spans import CLASSES, EDGES, STATES
from moderation.kernel.trees import LEAVES, QUESTIONS
from moderation.labels import NAMES
from moderation.model.model import SPAN_FACTS, TREES, ContextModel, LineModel, Model, SpanModel
from moderation.model.store import FORMAT, MANIFEST, WEIGHTS, load_folder, load_model, manifest_digest, save_model
from moderation.moderate import Moderator
from moderation.policy import load_policy
from moderation.text.tables import FIELDS, built_tables
from moderation.train.fit_judge import no_judge

N = len(NAMES)


def small_lines() -> LineModel:
    """A first stage of 256 rows."""
    random = np.random.default_rng(1)
    return LineModel(
        random.integers(-(2**31), 2**31, (256, WORDS)).astype(np.int32),
        random.uniform(0.0001, 0.002, N).astype(np.float32),
        random.normal(0, 0.1, (ROWS, N)).astype(np.float32),
        random.normal(0, 1, N).astype(np.float32),
    )


def small_spans() -> SpanModel:
    """A span model that has learned nothing."""
    return SpanModel(
        np.zeros((256, STATES), np.int8),
        np.ones(STATES, np.float32),
        np.zeros((EDGES, EDGES, STATES), np.float32),
        np.zeros((CLASSES, CLASSES), np.float32),
        np.zeros((CLASSES, CLASSES), np.float32),
        **no_judge(),
    )


STAGES: Final[dict[str, LineModel | ContextModel | SpanModel]] = {
    "lines": small_lines(),
    "outlook": small_lines(),
    "context": made_up_context(2),
    "spans": small_spans(),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small saved model."""
    save_model(tmp_path / "small", STAGES, built_tables(), {"name": "small"})
    return tmp_path / "small"


def rewrite(folder: Path, **changes: Any) -> None:
    """Change the manifest and sign it again, as an export of another version would have."""
    manifest = json.loads((folder / MANIFEST).read_text("utf-8")) | changes
    manifest = {key: value for key, value in manifest.items() if value is not None}
    manifest["digest"] = manifest_digest(manifest)
    (folder / MANIFEST).write_text(json.dumps(manifest, ensure_ascii=False), "utf-8")


def reweigh(folder: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    """Change the arrays and sign them again."""
    arrays = dict(load((folder / WEIGHTS).read_bytes()))
    change(arrays)
    weights = save({name: np.ascontiguousarray(array) for name, array in arrays.items()})
    (folder / WEIGHTS).write_bytes(weights)
    rewrite(folder, weights_sha256=hashlib.sha256(weights).hexdigest())


def refusal(folder: Path) -> str:
    """The sentence with which the folder is refused."""
    with pytest.raises(ModelError) as caught:
        load_model(folder)
    return str(caught.value)


@pytest.mark.parametrize(
    "names", [STAGES, ("lines", "outlook", "context"), ("lines", "spans"), ("lines",)], ids=" and ".join
)
def test_a_model_comes_back_as_it_was_saved(tmp_path: Path, names: Iterable[str]) -> None:
    tables = built_tables()
    stages = {name: STAGES[name] if name in names else None for name in STAGES}
    manifest = save_model(tmp_path, stages, tables, {"name": "small", "metrics": {"字": 1}})
    found = load_model(tmp_path)
    assert found.manifest == manifest
    assert found.id == f"small@{manifest['digest'][:12]}"
    assert found.lines.bits == 8
    for name, stage in stages.items():
        again = getattr(found, name)
        assert (again is None) == (stage is None)
        for field in fields(stage) if stage is not None else ():
            np.testing.assert_array_equal(getattr(again, field.name), getattr(stage, field.name))
    for name in FIELDS:
        np.testing.assert_array_equal(getattr(found.tables, name), getattr(tables, name))


@pytest.mark.parametrize("missing", ["outlook", "context"])
def test_a_second_stage_and_its_outlook_come_together(tmp_path: Path, missing: str) -> None:
    save_model(tmp_path, STAGES | {missing: None}, built_tables(), {"name": "small"})
    assert "there is a second stage without an outlook, or the other way round" in refusal(tmp_path)


def test_a_saved_model_judges_as_it_did_before(folder: Path) -> None:
    text = "首页 登录\n手艺丢不得，街坊们还等着他呢。"
    manifest = load_model(folder).manifest
    model = Model(small_lines(), made_up_context(2), small_spans(), built_tables(), manifest, small_lines())
    before = Moderator(model, load_policy("default"))
    np.testing.assert_array_equal(Moderator.load(folder).clean(text).probabilities, before.clean(text).probabilities)


def test_saving_the_same_model_again_gives_the_same_digest(folder: Path, tmp_path: Path) -> None:
    again = save_model(tmp_path / "again", STAGES, built_tables(), {"name": "small"})
    assert again["digest"] == load_model(folder).manifest["digest"]


def test_an_unchanged_folder_is_read_once(folder: Path) -> None:
    assert load_model(folder) is load_model(str(folder))


def test_the_shipped_model_loads_by_name() -> None:
    assert load_model("default") is load_model()
    assert load_model().manifest["format"] == FORMAT


def test_an_unknown_name_lists_the_shipped_models() -> None:
    with pytest.raises(ModelError, match=r"^no model 'defualt': shipped are .*default.*; otherwise name a folder$"):
        load_model("defualt")


@pytest.mark.parametrize("name", [MANIFEST, WEIGHTS])
def test_a_folder_without_one_of_the_files_is_refused(folder: Path, name: str) -> None:
    (folder / name).unlink()
    assert refusal(folder).startswith(f"model {folder}: {name} can't be read (")
    assert refusal(folder).endswith("export it again with `moderation train`")


@pytest.mark.parametrize("keep", [0, 1, 100, -1], ids=lambda n: f"{n} bytes")
def test_truncated_weights_are_refused(folder: Path, keep: int) -> None:
    path = folder / WEIGHTS
    path.write_bytes(path.read_bytes()[:keep])
    assert "is not the file its manifest names (changed or cut off)" in refusal(folder)


@pytest.mark.parametrize("place", [0, 9, 0.5, -1], ids=lambda at: f"byte {at}")
def test_a_flipped_bit_in_the_weights_is_refused(folder: Path, place: float) -> None:
    path = folder / WEIGHTS
    weights = bytearray(path.read_bytes())
    weights[int(len(weights) * place) if 0 < place < 1 else int(place)] ^= 1
    path.write_bytes(weights)
    assert "is not the file its manifest names (changed or cut off)" in refusal(folder)


def test_an_edited_manifest_is_refused(folder: Path) -> None:
    path = folder / MANIFEST
    path.write_text(path.read_text("utf-8").replace('"small"', '"large"'), "utf-8")
    assert "was changed after export (its digest differs)" in refusal(folder)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"format": FORMAT + 1}, f"has format {FORMAT + 1}, this version reads {FORMAT}; upgrade moderation"),
        ({"format": FORMAT - 1}, f"has format {FORMAT - 1}, this version reads {FORMAT}; export it again"),
        ({"hash_version": 0}, "has hash_version 0, this version works with 1; export it again"),
        ({"hash_version": 2}, "has hash_version 2, this version works with 1; upgrade moderation"),
        ({"context_version": 0}, "has context_version 0, this version works with"),
        ({"normaliser_version": 99}, "has normaliser_version 99, this version works with"),
        ({"labels": list(reversed(NAMES))}, f"has the labels {list(reversed(NAMES))}, expected {list(NAMES)}"),
        ({"labels": [*NAMES, "other"]}, "'other'], expected ["),
        ({"name": None}, "manifest.json lacks 'name'; export it again"),
        ({"weights_sha256": None}, "manifest.json lacks 'weights_sha256'; export it again"),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_a_manifest_of_another_version_is_refused(folder: Path, changes: dict[str, Any], sentence: str) -> None:
    rewrite(folder, **changes)
    assert sentence in refusal(folder)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe\x00", b"null", b"[1, 2]", b"{}", b'"format"'])
def test_a_manifest_that_is_none_is_refused(folder: Path, content: bytes) -> None:
    (folder / MANIFEST).write_bytes(content)
    assert f"model {folder}: {MANIFEST} " in refusal(folder)
    assert refusal(folder).endswith("export it again with `moderation train`")


@pytest.mark.parametrize("seed", range(8))
def test_random_bytes_as_weights_are_refused_even_when_signed(folder: Path, seed: int) -> None:
    random = np.random.default_rng(seed)
    weights = random.bytes(int(random.integers(0, 4000)))
    (folder / WEIGHTS).write_bytes(weights)
    rewrite(folder, weights_sha256=hashlib.sha256(weights).hexdigest())
    assert "lacks an array or is no safetensors file" in refusal(folder)


@pytest.mark.parametrize(
    "name", ["lines.bias", "lines.gram_weights", "context.w2", "spans.edge", "tables.page", "tables.reading"]
)
def test_weights_without_an_array_are_refused(folder: Path, name: str) -> None:
    reweigh(folder, lambda arrays: arrays.pop(name))
    assert f"lacks an array or is no safetensors file ('{name}')" in refusal(folder)


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("lines.gram_weights", np.zeros((256, WORDS - 1), np.int32)),
        ("lines.gram_weights", np.zeros((255, WORDS), np.int32)),
        ("lines.gram_weights", np.zeros((256, WORDS), np.int8)),
        ("lines.gram_scale", np.zeros(N - 1, np.float32)),
        ("lines.gram_scale", np.zeros(N, np.float64)),
        ("lines.shape_weights", np.zeros((ROWS - 1, N), np.float32)),
        ("lines.bias", np.zeros((N, 1), np.float32)),
        ("context.low", np.zeros(FEATURES - 1, np.float32)),
        ("context.high", np.zeros(FEATURES, np.float64)),
        ("context.w1", np.zeros((FEATURES - 1, EMBEDDED), np.float32)),
        ("context.w1", np.zeros((FEATURES, EMBEDDED + 16), np.float32)),
        ("context.b1", np.zeros(EMBEDDED - 1, np.float32)),
        ("context.say", np.zeros((EMBEDDED, GATED), np.float32)),
        ("context.bias", np.zeros((2, GATED), np.float32)),
        ("context.onwards", np.zeros((MEMORY - 1, GATED), np.float32)),
        ("context.backwards", np.zeros((MEMORY, GATED), np.float64)),
        ("context.w2", np.zeros((KNOWN, N + 1), np.float32)),
        ("context.w2", np.zeros((KNOWN - MEMORY, N), np.float32)),
        ("context.b2", np.zeros(0, np.float32)),
        ("spans.weights", np.zeros((128, STATES), np.int8)),
        ("spans.weights", np.zeros((256, STATES), np.int16)),
        ("spans.scale", np.zeros(STATES - 1, np.float32)),
        ("spans.edge", np.zeros((EDGES, EDGES), np.float32)),
        ("spans.begin", np.zeros((CLASSES, CLASSES - 1), np.float32)),
        ("spans.close", np.zeros((CLASSES, CLASSES), np.float64)),
        ("spans.split_fact", np.zeros((TREES, QUESTIONS), np.int16)),
        ("spans.split_at", np.zeros((TREES, QUESTIONS + 1), np.float32)),
        ("spans.leaf", np.zeros((TREES - 1, LEAVES), np.float32)),
        ("spans.accept", np.zeros(SPAN_FACTS, np.float32)),
    ],
    ids=lambda value: value if isinstance(value, str) else f"{value.dtype} {value.shape}",
)
def test_arrays_of_another_shape_or_type_are_refused(folder: Path, name: str, array: np.ndarray[Any, Any]) -> None:
    reweigh(folder, lambda arrays: arrays.update({name: array}))
    assert f"model {folder}: {name.partition('.')[2]} " in refusal(folder)
    assert ", expected " in refusal(folder)


@pytest.mark.parametrize("fact", [-1, SPAN_FACTS, 127])
def test_trees_that_ask_for_facts_which_runs_do_not_have_are_refused(folder: Path, fact: int) -> None:
    asked = np.zeros((TREES, QUESTIONS), np.int8)
    asked[3, 2] = fact
    reweigh(folder, lambda arrays: arrays.update({"spans.split_fact": asked}))
    assert f"expected numbers from 0 to {SPAN_FACTS - 1}" in refusal(folder)


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("lines.gram_weights", np.zeros((0, WORDS), np.int32)),
        ("lines.gram_weights", np.zeros((1, WORDS), np.int32)),
        ("lines.gram_weights", np.zeros((128, WORDS), np.int32)),
        ("lines.gram_weights", np.array(1, np.int32)),
        ("tables.fold_delta", np.array(1, np.uint32)),
        ("context.low", np.array(1, np.float32)),
        ("tables.page", np.full(768, 60_000, np.uint16)),
        ("tables.page", np.zeros(1, np.uint16)),
        ("tables.char_class", np.full((400, 256), 200, np.uint8)),
        ("tables.fold_delta", np.zeros((1, 256), np.uint32)),
        ("tables.reading_start", np.zeros(2, np.int32)),
        ("tables.reading_start", np.full(len(built_tables().reading_start), 2**30, np.int32)),
    ],
    ids=lambda value: value if isinstance(value, str) else f"{value.dtype} {value.shape}",
)
def test_arrays_that_kernels_would_read_beyond_are_refused(
    folder: Path, name: str, array: np.ndarray[Any, Any]
) -> None:
    reweigh(folder, lambda arrays: arrays.update({name: array}))
    assert "; export it again with `moderation train`" in refusal(folder)


@pytest.mark.parametrize("version", ["1", 1.0, [1], {}])
def test_a_format_that_is_no_whole_number_is_refused(folder: Path, version: object) -> None:
    rewrite(folder, format=version)
    assert f"{MANIFEST} is not the manifest of a model; export it again" in refusal(folder)


def test_a_manifest_nested_beyond_reading_is_refused(folder: Path) -> None:
    (folder / MANIFEST).write_bytes(b"[" * 200_000)
    assert f"{MANIFEST} can't be read (" in refusal(folder)


def test_a_refused_folder_loads_once_it_is_whole_again(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "whole")
    (folder / WEIGHTS).write_bytes(b"")
    assert "changed or cut off" in refusal(folder)
    shutil.copy(tmp_path / "whole" / WEIGHTS, folder / WEIGHTS)
    assert load_model(folder).manifest["name"] == "small"


def test_loading_executes_nothing_that_a_file_says(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a model must be loaded without pickle, marshal, eval or exec")

    load_folder.cache_clear()
    for module, name in [(pickle, "load"), (pickle, "loads"), (pickle, "Unpickler"), (joblib, "load"), (np, "load")]:
        monkeypatch.setattr(module, name, refuse)
    for module, name in [(marshal, "loads"), (builtins, "eval"), (builtins, "exec")]:
        monkeypatch.setattr(module, name, refuse)
    assert load_model(folder).manifest["name"] == "small"


def test_a_pickle_in_place_of_the_weights_is_refused_and_not_run(folder: Path, tmp_path: Path) -> None:
    class Touch:
        def __reduce__(self) -> tuple[Any, tuple[Path]]:
            return Path.touch, (tmp_path / "ran",)

    weights = pickle.dumps(Touch())
    (folder / WEIGHTS).write_bytes(weights)
    rewrite(folder, weights_sha256=hashlib.sha256(weights).hexdigest())
    assert "is no safetensors file" in refusal(folder)
    assert not (tmp_path / "ran").exists()
