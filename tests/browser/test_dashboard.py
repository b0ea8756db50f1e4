"""The dashboard shows what was judged, what is removed most, and the models, which an administrator changes."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from moderation.labels import LABELS
from moderation.loop.registry import Registry
from moderation.loop.retrain import Source, retrain
from moderation.model.store import load_model
from moderation.train.corpus import authored_pages
from moderation.train.dataset import LabelledPage

from .conftest import NOTICE, Served, check, served

if TYPE_CHECKING:
    from playwright.sync_api import Page

LINE = "今晚八点锁定阿秋直播间，羊毛衫九块九上车"
UNSEEN = "[\u00ad\u200b-\u200f\ufe00-\ufe0f\ufeff]"
"""What the page shows as a picture instead (js/harmless.js), as far as the authored pages have it."""


@pytest.fixture(scope="module")
def with_candidate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A service with a small retrained candidate in its folder of models."""
    folder = tmp_path_factory.mktemp("candidates")
    page = LabelledPage("live", ("第三阅览室照常开放。", LINE), ("content", "promo"))
    name = "default-2"
    retrain(load_model(), [Source("mine", (page,))], folder / name, lambda _: None, builtin=authored_pages()[::12])
    Registry(folder).propose(name)
    with served(store=str(folder / "loop.db"), keep_verdicts=True, candidates=str(folder)) as found:
        yield found


def test_volumes_and_the_lines_removed_most_are_those_of_the_kept_pages(page: "Page") -> None:
    for _ in range(2):
        check(page, NOTICE)
        page.click("#new")
    page.keyboard.press("Escape")
    page.click("nav a[href='#dashboard']")
    page.wait_for_selector(".tile")
    assert page.locator(".tile").count() == len(LABELS)
    assert page.locator(".tile[data-label=nav] rect.all").count() >= 1
    assert "版权所有 云溪县人民政府" in str(page.text_content(".removed"))
    assert "corrections stored" in str(page.text_content("#dash-sum"))
    page.click("summary")
    assert page.locator("details tbody tr").count() >= 1


def test_candidate_and_current_are_compared_with_every_flip(
    open_page: "Callable[..., Page]", with_candidate: Served
) -> None:
    page = open_page(url=with_candidate.url)
    check(page, f"第三阅览室照常开放。\n{LINE}\n")
    page.click("nav a[href='#dashboard']")
    page.click("[data-compare='default-2']")
    page.wait_for_selector("#comparison .compare", timeout=120_000)
    assert "keep_f1" in str(page.text_content("#comparison"))
    answer = httpx.get(with_candidate.url + "v1/compare", trust_env=False, timeout=60).json()
    assert page.eval_on_selector_all(".flip-text", "all => all.map(p => p.textContent)") == [
        re.sub(UNSEEN, "▫", flip["text"]) for flip in answer["flips"]
    ]
    assert page.locator(".flips li:has(.beside)").count() >= 1


def test_the_candidate_is_promoted_and_rolled_back_after_being_asked(
    open_page: "Callable[..., Page]", with_candidate: Served
) -> None:
    page = open_page("#dashboard", url=with_candidate.url)
    page.click("[data-promote='default-2']")
    page.click("#sure button[value=no]")
    assert "default@" in str(page.text_content("#model"))
    page.click("[data-promote='default-2']")
    page.click("#sure-yes")
    page.wait_for_selector("#model:has-text('default-2@')")
    page.click("#rollback")
    page.click("#sure-yes")
    page.wait_for_selector("#model:has-text('default@')")


def test_a_service_that_keeps_nothing_says_so_in_each_part(open_page: "Callable[..., Page]", tmp_path: Path) -> None:
    with served() as bare:
        page = open_page("#dashboard", url=bare.url, refused=True)
        page.wait_for_selector("#dashboard:has-text('without a folder of models')")
        assert str(page.text_content("#dashboard")).count("without a store") == 2
