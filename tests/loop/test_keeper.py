"""Keeping verdicts in the background: all that waited is written, and what fails is told."""

from collections.abc import Callable
from pathlib import Path

import pytest

from moderation.errors import StoreError
from moderation.loop.keeper import Keeper
from moderation.loop.queue import queue
from moderation.loop.reading import kept_verdict
from moderation.loop.records import KeptVerdict
from moderation.loop.store import Store
from moderation.loop.verdicts import is_kept, keep_verdicts
from moderation.moderate import Moderator

PAGE = "首页 | 新闻\n市图书馆国庆假期照常开放，自助还书机全天可用。\n"


@pytest.fixture
def late(moderator: Moderator) -> Callable[[str], Callable[[], KeptVerdict]]:
    """Makes a verdict of PAGE when it is asked for."""
    result = moderator.clean(PAGE)
    return lambda name: lambda: kept_verdict(name, None, PAGE, result, moderator.model, moderator.policy)


def collected() -> tuple[list[tuple[int, str]], Callable[[int, StoreError], None]]:
    """A list of failures, and what fills it."""
    failures: list[tuple[int, str]] = []
    return failures, lambda count, error: failures.append((count, str(error)))


def test_what_waits_is_written_before_the_keeper_closes(
    store: Store, late: Callable[[str], Callable[[], KeptVerdict]]
) -> None:
    failures, failed = collected()
    keeper = Keeper(store, 30, failed)
    for n in range(250):
        keeper.keep(late(f"v{n}"))
    keeper.close()
    assert queue(store, 1).verdicts == 250
    assert failures == []


def test_what_waits_is_there_after_a_flush(store: Store, late: Callable[[str], Callable[[], KeptVerdict]]) -> None:
    keeper = Keeper(store, 30, collected()[1])
    for n in range(150):
        keeper.keep(late(f"v{n}"))
    assert keeper.flush()
    assert is_kept(store, "v149")
    assert not is_kept(store, "v150")
    keeper.close()


def test_old_verdicts_go_when_the_keeper_begins(store: Store, late: Callable[[str], Callable[[], KeptVerdict]]) -> None:
    keep_verdicts(store, [late("old")()], created="2020-01-01T00:00:00.000000Z")
    Keeper(store, 30, collected()[1]).close()
    assert queue(store, 1).verdicts == 0


def test_verdicts_that_can_not_be_written_are_counted_and_the_next_are_kept(
    tmp_path: Path, late: Callable[[str], Callable[[], KeptVerdict]]
) -> None:
    store = Store.open(str(tmp_path / "store.db"))
    keep_verdicts(store, [late("twice")()])
    failures, failed = collected()
    for names in (["twice"], ["next"]):
        keeper = Keeper(store, 30, failed)
        for name in names:
            keeper.keep(late(name))
        keeper.close()
    assert [count for count, _ in failures] == [1]
    assert "UNIQUE constraint failed" in failures[0][1]
    assert queue(store, 1).verdicts == 2
    store.close()
