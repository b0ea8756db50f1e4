"""Temporary folders: gone with their process, or at the next start."""

import os
import signal
from pathlib import Path

from moderation.service.scratch import MARK, Scratch, sweep
from service.conftest import running


def test_a_folder_is_left_alone_while_its_process_lives(monkeypatch, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    scratch = Scratch()
    assert sweep() == []
    scratch.close()
    assert list(tmp_path.iterdir()) == []


def test_what_has_no_mark_is_not_ours(tmp_path: Path) -> None:
    (tmp_path / "moderation-letters").mkdir()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / MARK).touch()
    assert sweep(tmp_path) == []
    assert len(list(tmp_path.iterdir())) == 2


def test_what_a_killed_service_left_is_deleted_at_the_next_start(tmp_path: Path) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    environment = {"TMPDIR": str(temporary)}
    with running(tmp_path, environment=environment) as service:
        (left,) = temporary.glob("moderation-*")
        os.kill(service.process.pid, signal.SIGKILL)
        service.process.wait(20)
    assert left.exists()
    with running(tmp_path, environment=environment):
        assert not left.exists()
        assert len(list(temporary.glob("moderation-*"))) == 1
    assert list(temporary.glob("moderation-*")) == []
