"""Everything can be done without a mouse."""

from typing import TYPE_CHECKING

from .conftest import NOTICE

if TYPE_CHECKING:
    from playwright.sync_api import Page


def paste(page: "Page", text: str = NOTICE) -> None:
    """Paste into the field that has the focus when the page opens, and have it checked."""
    page.wait_for_selector("#text:focus")
    page.keyboard.insert_text(text)
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("#lines li:focus")


def focused(page: "Page") -> object:
    """The number of the line that has the focus, or the id of what has it."""
    return page.evaluate("document.activeElement.dataset.line ?? document.activeElement.id")


def test_paste_check_move_correct_and_take_back(page: "Page") -> None:
    paste(page)
    assert focused(page) == "0"
    for key, line in [("ArrowDown", "1"), ("ArrowDown", "2"), ("]", "3"), ("[", "1"), ("End", "9"), ("Home", "0")]:
        page.keyboard.press(key)
        assert focused(page) == line
    page.keyboard.press("ArrowDown")
    page.keyboard.press("c")
    page.wait_for_selector("#lines li[data-line='1'][data-state=stored][data-label=content]")
    assert focused(page) == "1"
    page.keyboard.press("u")
    page.wait_for_selector("#lines li[data-line='1'][data-label=nav]:not([data-state=stored])")


def test_characters_are_marked_with_the_arrow_keys(page: "Page") -> None:
    paste(page)
    for _ in range(4):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("s")
    for key in [
        "ArrowRight",
        "ArrowRight",
        "Shift+ArrowRight",
        "Shift+ArrowRight",
        "Shift+ArrowRight",
        "Shift+ArrowLeft",
    ]:
        page.keyboard.press(key)
    assert page.evaluate("getSelection().toString()") == "天干物"
    page.keyboard.press("p")
    page.wait_for_selector("#lines li[data-line='4'] mark[data-kind=own][data-label=promo]")
    assert page.text_content("#lines mark[data-kind=own]") == "天干物"
    page.keyboard.press("u")
    page.wait_for_selector("#lines li[data-line='4']:not(:has(mark))")


def test_the_help_lists_every_label_and_escape_closes_it(page: "Page") -> None:
    paste(page)
    page.keyboard.press("?")
    page.wait_for_selector("#help-dialog[open]")
    keys = page.eval_on_selector_all("#help-keys .codes-list kbd", "all => all.map(kbd => kbd.textContent)")
    assert keys == list("CMNWRFAGIPKX")
    page.keyboard.press("Escape")
    page.wait_for_selector("#help-dialog:not([open])", state="attached")
    page.keyboard.press("ArrowDown")
    assert focused(page) == "1"


def test_numbers_switch_the_views_and_the_review_keeps_its_place(page: "Page") -> None:
    paste(page)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("2")
    page.wait_for_selector("#view-queue:not([hidden])")
    page.keyboard.press("3")
    page.wait_for_selector("#view-dashboard:not([hidden])")
    page.keyboard.press("1")
    page.wait_for_selector("#view-review:not([hidden])")
    page.wait_for_selector("#lines li[data-line='1']:focus")


def test_every_control_is_reached_with_tab_and_shows_its_focus(page: "Page") -> None:
    paste(page)
    reached = []
    for _ in range(80):
        page.keyboard.press("Tab")
        here = page.evaluate(
            "(() => { const e = document.activeElement; if (e === document.body) return ['', ''];"
            " const s = getComputedStyle(e.matches('.switch input') ? e.nextElementSibling : e);"
            " return [e.id || e.name || e.getAttribute('aria-label') || e.textContent, s.outlineStyle]; })()"
        )
        reached.append(here[0])
        assert here[1] != "none" or here[0] == "view", here
    for name in ["key", "language", "theme", "help", "copy", "policy", "rule-nav", "repair", "line-0", "clean"]:
        assert name in reached


def test_what_happens_is_told_to_screen_readers(page: "Page") -> None:
    paste(page)
    page.wait_for_selector("#announce:has-text('9 lines')", state="attached")
    page.keyboard.press("c")
    page.wait_for_selector("#announce:has-text('Line 1: content. U takes it back.')", state="attached")
    row = page.locator("#lines li[data-line='0']")
    assert row.get_attribute("role") == "option"
    assert "Line 1, dropped" in str(row.text_content())
    page.keyboard.press("u")
    page.wait_for_selector("#announce:has-text('Taken back.')", state="attached")
