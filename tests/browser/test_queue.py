"""The queue asks for the most useful labels one after the other, for the keyboard."""

from typing import TYPE_CHECKING

import pytest

from .conftest import Served, check
from .test_corrections import stored

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

DOUBTFUL = """第{n}期读书会本周六下午举行
阅读推荐 周末活动 亲子课堂
今晚直播间锁定好价，居民可在服务台登记领取。
关注我们 联系馆员
"""


@pytest.fixture
def queue(open_page: "Callable[..., Page]") -> "Page":
    """The queue over some pages that were judged before."""
    page = open_page()
    for n in range(3):
        check(page, DOUBTFUL.format(n=n))
        page.click("#new")
    page.goto(page.url.partition("#")[0] + "#queue")
    page.wait_for_selector(".card")
    return page


def test_a_letter_labels_the_line_and_the_next_one_is_there(queue: "Page", service: Served) -> None:
    asked = queue.text_content("#queue-line")
    queue.keyboard.press("p")
    queue.wait_for_selector("#queue-progress:has-text('1 labelled')")
    assert queue.text_content("#queue-line") != asked
    assert [one["label"] for one in stored(service) if one["text"] == asked] == ["promo"]
    queue.keyboard.press("u")
    queue.wait_for_selector("#queue-progress:not(:has-text('labelled'))")
    assert queue.text_content("#queue-line") == asked
    assert [one for one in stored(service) if one["text"] == asked] == []


def test_agreeing_stores_the_models_own_label_and_skipping_nothing(queue: "Page", service: Served) -> None:
    before = len(stored(service))
    skipped = queue.text_content("#queue-line")
    queue.keyboard.press("s")
    asked = queue.text_content("#queue-line")
    assert asked != skipped
    says = queue.get_attribute(".opinions .chip", "data-label")
    queue.keyboard.press("y")
    queue.wait_for_selector("#queue-progress:has-text('1 labelled')")
    now = stored(service)
    assert len(now) == before + 1
    assert (now[0]["text"], now[0]["label"]) == (asked, says)


def test_a_line_stands_between_its_neighbours_with_what_each_opinion_is(queue: "Page") -> None:
    assert queue.locator(".context li").count() >= 1
    assert queue.locator(".opinions .chip").count() >= 1
    assert "Why it is here" in str(queue.text_content(".opinions"))
    assert queue.locator(".card .code").count() == 12


def test_labelled_lines_do_not_come_back(queue: "Page") -> None:
    asked = queue.text_content("#queue-line")
    queue.keyboard.press("y")
    queue.wait_for_selector("#queue-progress:has-text('1 labelled')")
    queue.reload()
    queue.wait_for_selector(".card, .queue-none")
    left = []
    while queue.locator(".card").count():
        left.append(queue.text_content("#queue-line"))
        queue.keyboard.press("s")
    assert asked not in left
    assert queue.locator(".queue-none").count() == 1


def test_a_label_that_was_refused_brings_its_line_back(open_page: "Callable[..., Page]") -> None:
    page = open_page(refused=True)
    check(page, DOUBTFUL.format(n=9))
    page.goto(page.url.partition("#")[0] + "#queue")
    page.wait_for_selector(".card")
    asked = page.text_content("#queue-line")
    page.route("**/v1/feedback", lambda route: route.abort())
    page.keyboard.press("p")
    page.wait_for_selector("#says:has-text('The correction was not stored. The service can\\'t be reached.')")
    assert page.text_content("#queue-line") == asked
    assert "labelled" not in str(page.text_content("#queue-progress"))
