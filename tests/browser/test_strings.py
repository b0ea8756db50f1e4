"""The interface is whole in both languages."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

import moderation
from moderation.labels import ACTIONS, NAMES
from moderation.service.errors import KINDS
from moderation.tricks import PATTERNS

from .conftest import NOTICE, check

if TYPE_CHECKING:
    from playwright.sync_api import Page

WEB: Final = Path(moderation.__file__).parent / "service" / "web"
HAN: Final = re.compile(r"[\u3400-\u9fff]")
Strings = dict[str, dict[str, str]]


@pytest.fixture
def strings(page: "Page") -> Strings:
    """The strings file as the browser reads it."""
    found: Strings = page.evaluate("import('/js/strings.js').then(file => file.STRINGS)")
    return found


def test_every_string_is_there_in_english_and_in_chinese(strings: Strings) -> None:
    english, chinese = strings["en"], strings["zh"]
    assert set(english) == set(chinese)
    for key, text in english.items():
        assert text.strip(), key
        assert HAN.search(chinese[key]) or key == "language.other", key
        assert not HAN.search(text) or key == "language.other", key
        assert sorted(re.findall(r"\{\w+\}", text)) == sorted(re.findall(r"\{\w+\}", chinese[key])), key


def test_every_string_is_used_and_every_used_one_is_there(strings: Strings) -> None:
    files = [*WEB.glob("js/*.js"), WEB / "index.html"]
    source = "\n".join(path.read_text("utf-8") for path in files if path.name != "strings.js")
    named = set(re.findall(r'data-t(?:-\w+)?="([a-z0-9.-]+)"', source)) | set(
        re.findall(r'\bt\(\s*"([a-z0-9.-]+)"', source)
    )
    assert named - set(strings["en"]) == set()
    families = {f"{start}." for start in re.findall(r"`([a-z.]+)\.\$\{", source)}
    quoted = set(re.findall(r'"([a-z0-9]+(?:[.-][a-z0-9.-]+)+)"', source))
    unused = {key for key in strings["en"] if key not in named | quoted and not key.startswith(tuple(families))}
    assert unused == set()


@pytest.mark.parametrize(
    ("family", "names"),
    [
        ("label", NAMES),
        ("action", ACTIONS),
        ("act", ACTIONS),
        ("problem", tuple(KINDS)),
        ("queue.reason", ("unsure", "stages", "candidate")),
        ("trick", tuple(name.replace(" ", "-") for name in PATTERNS)),
        ("dash.state", ("current", "candidate", "previous", "discarded", "old")),
        ("dash.set", ("built-in", "corrections", "kept")),
    ],
)
def test_every_word_of_the_service_has_a_string(strings: Strings, family: str, names: tuple[str, ...]) -> None:
    assert [name for name in names if f"{family}.{name}" not in strings["en"]] == []


def visible_words(page: "Page") -> str:
    """The interface's own words on screen and in its attributes, without the page that is reviewed."""
    words: str = page.evaluate(
        """(() => {
          const found = [];
          for (const element of document.querySelectorAll("body *")) {
            if (element.closest("[lang=zh], #language, #model, code, option, kbd, noscript, .name, h1")) continue;
            for (const name of ["aria-label", "title", "placeholder"]) found.push(element.getAttribute(name) ?? "");
            for (const node of element.childNodes) if (node.nodeType === 3) found.push(node.data);
          }
          return found.join("\\n");
        })()"""
    )
    return words


@pytest.mark.parametrize("view", ["review", "queue", "dashboard"])
def test_no_english_word_is_left_in_chinese(open_page: "Callable[..., Page]", view: str) -> None:
    page = open_page(locale="zh-CN")
    check(page, NOTICE)
    page.click("#help")
    page.keyboard.press("Escape")
    page.click(f"nav a[href='#{view}']")
    page.wait_for_timeout(500)
    left = set(re.findall(r"(?<![\w@])[A-Za-z]{2,}(?![\w@])", visible_words(page)))
    assert left - {"API", "HTML", "JSONL", "UTC", "Shift", "Esc"} == set()


def test_no_chinese_word_is_left_in_english(page: "Page") -> None:
    check(page, NOTICE)
    page.keyboard.press("Escape")
    assert HAN.findall(visible_words(page)) == []


def test_the_language_is_switched_at_once_and_remembered(page: "Page") -> None:
    check(page, NOTICE)
    page.click("#language")
    assert page.text_content("[data-t='view.review']") == "审查"
    assert page.text_content("#lines .chip span") == "色情"
    assert page.get_attribute("html", "lang") == "zh-Hans"
    page.reload()
    assert page.text_content("[data-t='view.review']") == "审查"
    page.click("#language")
    assert page.text_content("[data-t='view.review']") == "Review"
