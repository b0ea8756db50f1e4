"""What is pasted or dropped is shown line by line, beside what is left of it, under rules that can be switched."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from moderation import Moderator

from .conftest import NOTICE, Served, check, example_files

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route


@pytest.fixture(scope="module")
def moderator() -> Moderator:
    """The library with the service's defaults."""
    return Moderator.load()


def rows(page: "Page") -> list[dict[str, str]]:
    """The lines on screen: their number, label, action and text."""
    found: list[dict[str, str]] = page.eval_on_selector_all(
        "#lines li[data-line]",
        "all => all.map(li => ({line: li.dataset.line, label: li.dataset.label, action: li.dataset.action,"
        " code: li.querySelector('.chip b').textContent, text: li.querySelector('.txt').textContent}))",
    )
    return found


def test_every_line_shows_the_label_and_action_that_the_library_gives(page: "Page", moderator: Moderator) -> None:
    check(page, NOTICE)
    expected = [(str(v.line), v.label, v.action, NOTICE[v.start : v.end]) for v in moderator.clean(NOTICE).verdicts]
    assert [(row["line"], row["label"], row["action"], row["text"]) for row in rows(page)] == expected


def test_labels_differ_in_colour_and_in_a_letter_too(page: "Page") -> None:
    check(page, NOTICE)
    chips: dict[str, list[str]] = page.eval_on_selector_all(
        "#lines .chip", "all => Object.fromEntries(all.map(c => [c.dataset.label, [c.firstChild.textContent,"
        " getComputedStyle(c.firstChild).color]]))"
    )  # fmt: skip
    assert len(chips) >= 4
    for n in range(2):
        assert len({chip[n] for chip in chips.values()}) == len(chips)


def test_what_is_cut_is_struck_through_and_what_is_kept_is_not(page: "Page") -> None:
    check(page, NOTICE)
    struck: list[list[object]] = page.eval_on_selector_all(
        "#lines li[data-line]",
        "all => all.map(li => [li.dataset.action, "
        "getComputedStyle(li.querySelector('.body')).textDecorationLine.includes('line-through')])",
    )
    assert {(action, bool(is_struck)) for action, is_struck in struck} == {("drop", True), ("keep", False)}
    assert page.text_content("#lines del[data-kind=span]") == "澳门新葡京网上娱乐，"


def test_clean_text_stands_beside_it_line_for_line(page: "Page", moderator: Moderator) -> None:
    check(page, NOTICE)
    shown = page.eval_on_selector_all("#clean p[data-line]", "all => all.map(p => p.textContent)")
    assert shown == moderator.clean(NOTICE).text.split("\n")[: len(shown)]
    page.hover("#lines li[data-line='4']")
    assert page.text_content("#clean .here") == "秋季天干物燥，为切实做好护林防火工作，现将有关事项通知如下。"


def test_the_reason_is_shown_on_hover_and_on_focus(page: "Page") -> None:
    check(page, NOTICE)
    page.hover("#lines li[data-line='0']")
    assert "亚洲" in str(page.text_content("#reason"))
    page.mouse.move(5, 5)
    page.focus("#lines li[data-line='6']")
    reason = str(page.text_content("#reason"))
    assert "Line 7" in reason
    assert "Seen through" in reason
    assert "(fā)" in reason


def test_a_policy_switch_takes_effect_at_once(page: "Page", moderator: Moderator) -> None:
    check(page, NOTICE)
    page.select_option("#policy", "spam-only")
    page.wait_for_selector("#lines li[data-line='1'][data-action=keep]")
    page.check("input[name=rule-nav][value=flag]", force=True)
    page.wait_for_selector("#lines li[data-line='1'][data-action=flag]")
    assert "首页 政务公开" in str(page.text_content("#clean"))
    page.get_by_label("Junk probability from which adult is acted on").fill("1")
    page.wait_for_selector("#lines li[data-line='0'][data-action=keep]")
    page.click("#reset")
    page.wait_for_selector("#lines li[data-line='0'][data-action=drop]")
    shown = [(row["line"], row["action"]) for row in rows(page)]
    assert shown == [(str(v.line), v.action) for v in moderator.with_policy("spam-only").clean(NOTICE).verdicts]


def test_looking_at_a_page_under_other_rules_keeps_no_further_verdict(page: "Page", service: Served) -> None:
    def kept() -> int:
        return int(httpx.get(service.url + "v1/stats", trust_env=False).json()["verdicts"])

    page.wait_for_timeout(500)  # whatever was judged before has been written
    before = kept()
    check(page, NOTICE)
    for name, action in [("spam-only", "keep"), ("flag-only", "flag"), ("default", "drop")]:
        page.select_option("#policy", name)
        page.wait_for_selector(f"#lines li[data-line='1'][data-action={action}]")
    page.wait_for_timeout(500)
    assert kept() == before + 1


def test_reasons_stay_when_the_rules_change(page: "Page") -> None:
    check(page, NOTICE)
    page.select_option("#policy", "spam-only")
    page.wait_for_selector("#lines li[data-line='1'][data-action=keep]")
    page.focus("#lines li[data-line='6']")
    assert "Seen through" in str(page.text_content("#reason"))


def test_a_page_with_more_lines_than_are_explained_is_judged_without_reasons(
    open_page: "Callable[..., Page]",
) -> None:
    page = open_page(refused=True, permissions=["clipboard-read", "clipboard-write"])
    page.evaluate("text => navigator.clipboard.writeText(text)", "第三阅览室本周照常开放。\n" * 2001)
    page.focus("#text")
    page.keyboard.press("Control+v")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("#lines li[data-line]")
    assert page.locator("#lines li[data-line]").count() == 2001
    assert "not given for a page this long" in str(page.text_content("#reason"))


def test_repair_can_be_switched_off(page: "Page") -> None:
    check(page, NOTICE)
    assert "發現火情" in str(page.text_content("#clean"))
    page.uncheck("#repair")
    page.wait_for_selector("#clean p:has-text('發(fā)現(xiàn)火情')")


def test_a_threshold_outside_its_range_changes_nothing(page: "Page") -> None:
    check(page, NOTICE)
    field = page.get_by_label("Junk probability from which nav is acted on")
    field.fill("7")
    assert field.get_attribute("aria-invalid") == "true"
    page.wait_for_timeout(300)
    assert page.get_attribute("#lines li[data-line='1']", "data-action") == "drop"


def test_clean_text_and_verdicts_can_be_copied_and_saved(
    open_page: "Callable[..., Page]", moderator: Moderator
) -> None:
    page = open_page(permissions=["clipboard-read", "clipboard-write"])
    check(page, NOTICE)
    result = moderator.clean(NOTICE)
    page.click("#copy")
    page.wait_for_selector("#copy:has-text('✓')")
    assert page.evaluate("navigator.clipboard.readText()") == result.text
    with page.expect_download() as saved:
        page.click("#save-text")
    assert saved.value.path().read_text("utf-8") == result.text
    with page.expect_download() as saved:
        page.click("#save-verdicts")
    record = json.loads(saved.value.path().read_text("utf-8"))
    assert record["clean_digest"] == result.record()["clean_digest"]
    assert saved.value.suggested_filename == "pasted.verdicts.json"


def test_jsonl_has_a_switcher_and_a_bad_record_says_why(page: "Page", tmp_path: Path) -> None:
    records = [{"id": "a-1", "text": "第一页的正文，讲的是秋收。\n版权所有 县图书馆"}, {"id": "a-2", "txt": "无"}]
    lines = [json.dumps(record, ensure_ascii=False) for record in records] + ["{", '{"text": "第三页，讲的是冬藏。"}']
    page.set_input_files("#files", example_files(tmp_path, pages_jsonl="\n".join(lines)))
    page.wait_for_selector("#lines li[data-line]")
    assert "1 / 4" in str(page.text_content("#records"))
    page.click("#record-after")
    page.wait_for_selector("#says:not([hidden])")
    assert "the field “text” is missing" in str(page.text_content("#says"))
    page.keyboard.press(">")
    assert "pages.jsonl:3: This line is not a JSON object." in str(page.text_content("#says"))
    page.select_option("#record", "3")
    page.wait_for_selector("#lines li:has-text('冬藏')")
    assert page.is_hidden("#says")


def test_html_becomes_the_lines_that_a_reader_would_see(page: "Page", tmp_path: Path) -> None:
    html = (
        "<!doctype html><html><head><title>秋收&amp;冬藏</title></head><body style='color:red'><p>第一<b>段</b>"
        "<br>第二行</p><ul><li>甲</li><li>乙</li></ul><table><tr><td>东</td><td>西</td></tr></table>"
        "<p title='a > b'>&lt;b&gt;不是标签&lt;/b&gt;</p><script>document.write('坏')</script></body></html>"
    )
    page.set_input_files("#files", example_files(tmp_path, page_html=html))
    page.wait_for_selector("#lines li[data-line]")
    assert [row["text"] for row in rows(page)] == [
        "秋收&冬藏",
        "第一段",
        "第二行",
        "甲",
        "乙",
        "东 西",
        "<b>不是标签</b>",
    ]
    assert "from HTML" in str(page.text_content("#records"))


def test_files_can_be_dropped_anywhere(page: "Page", tmp_path: Path) -> None:
    (path,) = example_files(
        tmp_path, page_txt="县图书馆国庆假期照常开放，自助还书机全天可用。\r\n版权所有 县图书馆\r\n"
    )
    handle = page.evaluate_handle(
        "text => { const d = new DataTransfer(); d.items.add(new File([text], 'page.txt')); return d; }",
        Path(path).read_text("utf-8"),
    )
    page.dispatch_event("body", "drop", {"dataTransfer": handle})
    page.wait_for_selector("#lines li[data-line]")
    assert [row["text"] for row in rows(page)][1] == "版权所有 县图书馆"


def test_offsets_hold_behind_characters_of_two_units(page: "Page", moderator: Moderator) -> None:
    text = "𠮷野家𠮷野家在县城开了分店，欢迎街坊光临品尝。\n" + NOTICE
    check(page, text)
    assert [row["text"] for row in rows(page)] == [text[v.start : v.end] for v in moderator.clean(text).verdicts]
    assert page.text_content("#lines del[data-kind=span]") == "澳门新葡京网上娱乐，"


def test_what_cannot_be_seen_is_made_visible(page: "Page") -> None:
    check(page, "真\u200b人\u200b百\u200b家\u200b乐 时时彩平台\u202e北京赛车")
    shown = page.eval_on_selector_all("#lines .unseen-char", "all => all.map(i => i.title)")
    assert shown == ["U+200B"] * 4 + ["U+202E"]


def test_an_empty_paste_is_refused_in_words(page: "Page") -> None:
    page.fill("#text", " \n ")
    page.click("#paste [type=submit]")
    assert "no text to check" in str(page.text_content("#says"))


def test_what_is_pasted_before_the_page_is_ready_waits_for_it(open_page: "Callable[..., Page]") -> None:
    page = open_page()
    held: list[Route] = []

    def hold(route: "Route") -> None:
        held.append(route)

    page.route("**/v1/labels", hold)
    page.reload()
    page.fill("#text", NOTICE)
    page.click("#paste [type=submit]")
    page.wait_for_timeout(200)
    assert page.locator("#lines li").count() == 0
    held[0].continue_()
    page.wait_for_selector("#lines li[data-line]")
