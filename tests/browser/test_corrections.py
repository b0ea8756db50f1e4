"""A correction made on the page is stored, can be taken back, and is what the next model learns from."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from moderation import Moderator
from moderation.loop.corrections import read_corrections
from moderation.loop.retrain import Source, retrain
from moderation.model.store import load_model
from moderation.train.corpus import authored_pages

from .conftest import NOTICE, Served, check, served

if TYPE_CHECKING:
    from playwright.sync_api import Page


def stored(service: Served) -> list[dict[str, Any]]:
    """The corrections that count, newest first."""
    answer = httpx.get(service.url + "v1/feedback", params={"limit": 500}, trust_env=False).json()
    return [one for one in answer["corrections"] if not one["withdrawn"]]


def drag_over(page: "Page", selector: str, part: str) -> None:
    """Select a part of an element's text as a mouse does."""
    page.locator(selector).scroll_into_view_if_needed()
    left, right, middle = page.eval_on_selector(
        selector,
        """(body, part) => {
          const walker = document.createTreeWalker(body, NodeFilter.SHOW_TEXT);
          for (let node = walker.nextNode(); node; node = walker.nextNode()) {
            const at = node.data.indexOf(part);
            if (at < 0) continue;
            const range = document.createRange();
            range.setStart(node, at);
            range.setEnd(node, at + part.length);
            const box = range.getBoundingClientRect();
            return [box.left, box.right, (box.top + box.bottom) / 2];
          }
        }""",
        part,
    )
    page.mouse.move(left + 1, middle)
    page.mouse.down()
    page.mouse.move((left + right) / 2, middle)
    page.mouse.move(right - 1, middle)
    page.mouse.up()


def test_a_line_corrected_by_a_button_is_stored_with_what_the_model_said(page: "Page", service: Served) -> None:
    text = "第二阅览室本周照常开放，欢迎读者到馆。\n扫码加客服领取优惠券\n" + NOTICE
    check(page, text)
    page.click("#lines li[data-line='1']")
    page.click("#codes [data-label=promo]")
    page.wait_for_selector("#lines li[data-line='1'][data-state=stored][data-label=promo]")
    (one,) = [found for found in stored(service) if found["text"] == "扫码加客服领取优惠券"]
    assert (one["line"], one["label"]) == (1, "promo")
    assert one["found"] is not None


def test_characters_selected_with_the_mouse_are_stored_as_a_span(page: "Page", service: Served) -> None:
    line = "𠮷野家分店今日开张，金沙娱乐官网，欢迎街坊光临。"
    check(page, NOTICE + line)
    drag_over(page, "#lines li[data-line='10'] .body", "今日开张")
    page.click("#codes [data-label=seo]")
    page.wait_for_selector("#lines mark[data-kind=own][data-label=seo]")
    (one,) = [found for found in stored(service) if found["text"] == line and found["label"] == "seo"]
    start = len(NOTICE) + line.index("今日开张")
    assert (one["start"], one["end"]) == (start, start + 4)


def test_a_correction_that_was_taken_back_does_not_count(page: "Page", service: Served) -> None:
    line = "第七阅览室本周暂停开放，请读者留意通知。"
    check(page, line)
    page.keyboard.press("n")
    page.wait_for_selector("#lines li[data-state=stored]")
    assert [one["label"] for one in stored(service) if one["text"] == line] == ["nav"]
    page.keyboard.press("u")
    page.wait_for_selector("#lines li[data-state='']")
    assert [one for one in stored(service) if one["text"] == line] == []


def test_a_service_without_a_store_says_so_and_shows_no_correction(open_page: "Callable[..., Page]") -> None:
    with served() as bare:
        page = open_page(url=bare.url, refused=True)
        check(page, NOTICE)
        page.keyboard.press("c")
        page.wait_for_selector(
            "#says:has-text('The correction was not stored. The service was started without a store')"
        )
        assert page.get_attribute("#lines li[data-line='0']", "data-state") == ""


def test_corrections_of_the_page_are_what_a_retrained_model_learns(
    page: "Page", service: Served, tmp_path: Path
) -> None:
    line = "今晚八点锁定阿秋直播间，羊毛衫九块九上车"
    for n in range(3):
        check(page, f"第{n}阅览室本周照常开放，自助还书机全天可用。\n{line}\n第{n}场讲座改在二楼报告厅举行。\n")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("p")
        page.wait_for_selector("#lines li[data-line='1'][data-state=stored]")
        page.click("#new")
    pages = tuple(found for found in read_corrections(service.settings.store) if line in found.lines)
    assert [found.labels[1] for found in pages] == ["promo"] * 3
    base = load_model()
    done = retrain(
        base, [Source("corrections", pages)], tmp_path / "mine", lambda _: None, builtin=authored_pages()[::12]
    )
    again = Moderator.load(tmp_path / "mine").clean(f"{line}\n")
    assert done.learned.after >= done.learned.before
    assert again.verdicts[0].label == "promo"
