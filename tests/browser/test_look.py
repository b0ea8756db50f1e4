"""The page is readable in light and dark, at phone width, and by the rules of WCAG 2 AA as axe-core checks them."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import pytest

from .conftest import NOTICE, check

if TYPE_CHECKING:
    from playwright.sync_api import Page

PHONE: Final[dict[str, Any]] = {
    "viewport": {"width": 360, "height": 740},
    "has_touch": True,
    "is_mobile": True,
    "device_scale_factor": 2,
}
LONG: Final = NOTICE + "https://library.example/" + "very-long-path-without-a-break/" * 12 + "\n" + "长" * 400 + "\n"
VIEWS: Final = ("paste", "lines", "clean", "rules", "queue", "dashboard", "help")
COMPUTED: Final = "e => { const s = getComputedStyle(e); return [s.backgroundColor, s.color]; }"


def show(page: "Page", view: str) -> None:
    """Bring a view onto the screen, filled."""
    if view == "paste":
        return
    check(page, LONG)
    if view in ("clean", "rules"):
        button = page.locator(f"button[data-pane={view}]")
        if button.is_visible():
            button.click()
    elif view == "queue":
        page.click("nav a[href='#queue']")
        page.wait_for_selector(".card")
    elif view == "dashboard":
        page.click("nav a[href='#dashboard']")
        page.wait_for_selector(".tile")
    elif view == "help":
        page.click("#help")
        page.wait_for_selector("#help-dialog[open]")


@pytest.mark.parametrize("language", ["en-GB", "zh-CN"])
@pytest.mark.parametrize("view", VIEWS)
def test_nothing_is_wider_than_a_phone(open_page: "Callable[..., Page]", view: str, language: str) -> None:
    page = open_page(locale=language, **PHONE)
    show(page, view)
    assert page.evaluate("[document.documentElement.scrollWidth, innerWidth]") == [360, 360]


def test_on_a_phone_the_panes_are_behind_buttons_and_a_tap_gives_the_reason(open_page: "Callable[..., Page]") -> None:
    page = open_page(**PHONE)
    check(page, NOTICE)
    assert page.is_hidden("#clean")
    page.tap("#lines li[data-line='3']")
    assert "Line 4" in str(page.text_content("#reason"))
    page.tap("button[data-pane=clean]")
    assert page.is_visible("#clean")
    assert page.is_hidden("#lines")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("view", VIEWS)
def test_every_view_passes_the_rules_of_wcag_aa(open_page: "Callable[..., Page]", view: str, scheme: str) -> None:
    from axe_playwright_python.sync_playwright import Axe  # noqa: PLC0415  where there is no browser, nor this

    page = open_page(color_scheme=scheme)
    show(page, view)
    page.mouse.move(1, 1)
    tags = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
    found = Axe().run(page, options={**tags, "resultTypes": ["violations"]}).response["violations"]
    assert [(one["id"], [node["html"][:200] for node in one["nodes"]][:3]) for one in found] == []


def test_dark_and_light_follow_the_system_until_one_is_chosen(open_page: "Callable[..., Page]") -> None:
    light = open_page(color_scheme="light").eval_on_selector("body", COMPUTED)
    page = open_page(color_scheme="dark")
    dark = page.eval_on_selector("body", COMPUTED)
    assert light != dark
    assert page.text_content("#theme") == "Light"
    page.click("#theme")
    assert page.eval_on_selector("body", COMPUTED) == light
    page.reload()
    assert page.eval_on_selector("body", COMPUTED) == light


def test_colour_is_never_the_only_sign(open_page: "Callable[..., Page]") -> None:
    page = open_page(forced_colors="active")
    check(page, NOTICE)
    row = page.locator("#lines li[data-line='1']")
    assert row.locator(".chip b").text_content() == "N"
    assert row.locator(".act").text_content() == "−"
    assert "dropped" in str(row.locator(".unseen").text_content())


def test_both_panes_scroll_together(open_page: "Callable[..., Page]") -> None:
    page = open_page(viewport={"width": 1280, "height": 500})
    check(page, "".join(f"第{n}阅览室本周照常开放，自助还书机全天可用，欢迎读者到馆。\n" for n in range(80)))
    page.select_option("#policy", "flag-only")  # all lines stay, whatever the model says of so many that are alike
    page.wait_for_selector("#clean p[data-line='79']", state="attached")
    page.hover("#lines")
    page.mouse.wheel(0, 1200)
    page.wait_for_timeout(300)
    tops = page.evaluate(
        "['#lines', '#clean'].map(s => { const p = document.querySelector(s), t = p.getBoundingClientRect().top;"
        " const rows = [...p.querySelectorAll('[data-line]')];"
        " return rows.find(row => row.getBoundingClientRect().bottom > t + 4).dataset.line; })"
    )
    assert abs(int(tops[0]) - int(tops[1])) <= 1
    assert int(tops[0]) > 10
