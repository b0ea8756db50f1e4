"""Where the service asks for a key, so does the page, and keeps it for the tab alone."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from moderation.service.keys import add_key

from .conftest import NOTICE, Served, check, served

if TYPE_CHECKING:
    from playwright.sync_api import Page


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, str]]:
    """A service with one key, which may judge and no more."""
    folder: Path = tmp_path_factory.mktemp("keys")
    secret = add_key(folder / "keys.json", "reader", ["clean"])
    with served(keys=str(folder / "keys.json"), store=str(folder / "loop.db")) as found:
        yield found, secret


def enter(page: "Page", secret: str) -> None:
    """Type a key into the dialog."""
    page.wait_for_selector("#key-dialog[open]")
    page.fill("#key-input", secret)
    page.keyboard.press("Enter")


def test_the_page_asks_for_a_key_and_works_with_it(
    open_page: "Callable[..., Page]", guarded: tuple[Served, str]
) -> None:
    service, secret = guarded
    page = open_page(url=service.url, refused=True)
    enter(page, "mod_wrong")
    page.wait_for_selector("#says:has-text('not valid')")
    enter(page, secret)
    page.wait_for_selector("#model:has-text('default@')")
    check(page, NOTICE)
    assert page.evaluate("[sessionStorage.length, JSON.stringify(localStorage).includes('mod_')]") == [1, False]
    page.keyboard.press("c")
    page.wait_for_selector("#says:has-text('This key does not allow that.')")
    page.click("#key")
    page.click("#key-forget")
    page.wait_for_selector("#key-dialog[open]")
    assert page.evaluate("sessionStorage.length") == 0
