"""The folder of models: what serves, what is proposed, and the way back."""

import json
import shutil
from pathlib import Path

import pytest

from moderation.cli.main import main
from moderation.errors import ModelError, UsageError
from moderation.loop.registry import STATE, Registry
from moderation.model.store import manifest_digest, model_folder


def add(folder: Path, name: str, failed: tuple[str, ...] = ()) -> None:
    """A copy of the shipped model, as retraining would have named it."""
    shutil.copytree(model_folder(None), folder / name)
    path = folder / name / "manifest.json"
    manifest = json.loads(path.read_text("utf-8")) | {"name": name}
    gate = {"passed": not failed, "margin": 0.01, "failed": list(failed), "reference": {}, "figures": {}}
    manifest["retrained"] = {"base": "default@0", "learned": {"lines": 200}, "gate": gate}
    manifest["digest"] = manifest_digest(manifest)
    path.write_text(json.dumps(manifest), "utf-8")


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    for name in ("library-2", "library-3", "library-10"):
        add(tmp_path / "models", name)
    return Registry(tmp_path / "models")


def states(registry: Registry) -> dict[str, str]:
    """What each model is."""
    return {entry.name: entry.state for entry in registry.entries()}


def test_a_new_folder_serves_what_the_service_was_started_with(tmp_path: Path) -> None:
    registry = Registry(tmp_path / "models")
    assert (registry.current(), registry.candidate(), registry.entries()) == (None, None, [])
    assert registry.next_name("library") == "library-2"


def test_a_candidate_is_proposed_promoted_and_rolled_back(registry: Registry) -> None:
    registry.propose("library-2")
    assert registry.candidate() == registry.folder / "library-2"
    registry.promote()
    registry.propose("library-3")
    registry.promote()
    assert states(registry) == {"library-2": "previous", "library-3": "current", "library-10": "old"}
    registry.rollback()
    assert states(registry) == {"library-2": "current", "library-3": "old", "library-10": "old"}
    registry.rollback()
    assert registry.current() is None
    with pytest.raises(UsageError, match="no model served before the current one"):
        registry.rollback()


def test_names_are_counted_up_and_sorted_as_numbers(registry: Registry) -> None:
    assert registry.names() == ["library-2", "library-3", "library-10"]
    assert registry.next_name("library-3") == "library-4"


def test_a_discarded_candidate_stays_in_its_folder(registry: Registry) -> None:
    registry.propose("library-2")
    registry.discard()
    assert states(registry)["library-2"] == "discarded"
    assert (registry.folder / "library-2" / "manifest.json").is_file()
    registry.promote("library-2")
    assert states(registry)["library-2"] == "current"


def test_a_model_below_its_floors_is_promoted_by_force_alone(registry: Registry) -> None:
    add(registry.folder, "worse", ("keep_f1 0.7000, floor 0.8705",))
    registry.propose("worse")
    with pytest.raises(UsageError, match=r"worse fell below its floors \(keep_f1 0\.7000, floor 0\.8705\)"):
        registry.promote()
    assert registry.current() is None
    registry.promote(force=True)
    assert registry.current() == registry.folder / "worse"


def test_a_broken_model_is_not_promoted(registry: Registry) -> None:
    (registry.folder / "library-2" / "weights.safetensors").write_bytes(b"cut off")
    with pytest.raises(ModelError, match="is not the file its manifest names"):
        registry.promote("library-2")
    assert registry.current() is None


@pytest.mark.parametrize("name", ["nobody", "../library-2", "/etc", ""])
def test_a_name_that_is_no_model_of_the_folder_is_refused(registry: Registry, name: str) -> None:
    with pytest.raises(UsageError, match=r"no model|there is no candidate"):
        registry.promote(name)


def test_the_current_model_is_not_discarded(registry: Registry) -> None:
    registry.promote("library-2")
    with pytest.raises(UsageError, match="library-2 is the current model"):
        registry.discard("library-2")


def test_a_damaged_state_is_named(registry: Registry) -> None:
    (registry.folder / STATE).write_text("{", "utf-8")
    with pytest.raises(UsageError, match="is not the state of a folder of models"):
        registry.current()


def test_the_state_is_replaced_whole(registry: Registry) -> None:
    registry.promote("library-2")
    assert sorted(path.name for path in registry.folder.iterdir() if path.is_file()) == [STATE, "registry.lock"]


def test_the_command_lists_and_changes(registry: Registry, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--candidates", str(registry.folder)]
    assert main(["models", "promote", "library-3", *words]) == 0
    assert main(["models", "list", "--json", *words]) == 0
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (found["current"], found["candidate"], len(found["models"])) == ("library-3", None, 3)
    assert main(["models", "promote", "library-3", *words]) == 0
    assert "library-3 serves already" in capsys.readouterr().err
    assert main(["models", "rollback", *words]) == 0
    told = capsys.readouterr()
    assert "current: the model that the service was started with" in told.out
    assert "the model that the service was started with serves now" in told.err
    assert main(["models", "discard", *words]) == 2
    assert "there is no candidate to discard" in capsys.readouterr().err
    assert main(["models", "list", "library-3", *words]) == 2
    assert "list takes no name" in capsys.readouterr().err
    assert main(["models", "list", "--candidates", str(registry.folder / "none")]) == 2
    assert "no such folder" in capsys.readouterr().err


def test_an_empty_folder_says_how_a_model_comes_into_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--candidates", str(tmp_path)]
    assert main(["models", "list", *words]) == 0
    assert "`moderation retrain --candidates` makes one" in capsys.readouterr().err
    assert main(["models", "promote", *words]) == 2
    assert "`moderation retrain --candidates` makes one" in capsys.readouterr().err
