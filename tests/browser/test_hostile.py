"""A page that means harm is shown and not run. The fixture `open_page` holds every test to that as well: no violation
of the Content-Security-Policy, no request elsewhere, no dialog, no error."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

import httpx
import pytest

import moderation

from .conftest import Served, check, example_files

if TYPE_CHECKING:
    from playwright.sync_api import Page

HARM: Final = "window.harmed=1"
LINES: Final = (
    f"<script>{HARM}</script>",
    f'</textarea><img src=x onerror="{HARM}">',
    f'"><svg/onload={HARM}>',
    f"<iframe srcdoc='<script>parent.{HARM}</script>'></iframe>",
    f"javascript:{HARM}//点我领取",
    "{{constructor.constructor('" + HARM + "')()}} ${" + HARM + "}",
    f"</li></ol><style>*{{display:none}}</style><base href='https://evil.example/'><script>{HARM}</script>",
    "<meta http-equiv='refresh' content='0;url=https://evil.example/'>",
    "<a href='https://evil.example/' ping='https://evil.example/'>皇冠体育app下载</a>",
)
HTML: Final = f"""<!doctype html><html manifest="x"><head><title>通知<script>{HARM}</script></title>
<style>@import 'https://evil.example/x.css'; * {{ color: red !important }}</style>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'"><base href="https://evil.example/">
<link rel="stylesheet" href="https://evil.example/y.css"></head>
<body onload="{HARM}" style="background:url(https://evil.example/z.png)">
<p style="color:red" onclick='{HARM}' title="a>b">市图书馆国庆假期照常开放。</p>
<img src="https://evil.example/1.png" onerror="{HARM}"><img srcset="https://evil.example/2.png 2x">
<svg onload="{HARM}"><style>*{{}}</style><script>{HARM}</script></svg>
<video src="https://evil.example/v" autoplay></video>
<iframe src="https://evil.example/f"></iframe><object data="https://evil.example/o"></object>
<textarea></p><script>{HARM}</script></textarea><details open ontoggle="{HARM}">自助还书机全天可用。</details>
<!-- <script>{HARM}</script> --><![CDATA[<script>{HARM}</script>]]><p =" onmouseover={HARM} a="<b">版权所有 市图书馆</p>
<script>{HARM}</script><script>document.write("<p>坏</p>")
"""


WRITERS: Final = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|setHTML|srcdoc|cssText"
)


def harmed(page: "Page") -> object:
    """What a script would have left behind."""
    page.wait_for_timeout(200)
    return page.evaluate("window.harmed")


def test_text_full_of_markup_is_shown_and_not_run(page: "Page") -> None:
    check(page, "\n".join(LINES))
    assert page.eval_on_selector_all("#lines .txt", "all => all.map(x => x.textContent)") == list(LINES)
    assert page.locator("#lines :is(script, img, iframe, svg, a, style, meta, base)").count() == 0
    page.select_option("#policy", "flag-only")
    page.wait_for_selector("#clean p:has-text('</textarea>')")
    assert page.locator("#clean *:not(p, i)").count() == 0
    for n in range(len(LINES)):
        page.hover(f"#lines li[data-line='{n}']")
    assert harmed(page) is None


def test_a_hostile_page_of_html_is_only_read(page: "Page", tmp_path: Path) -> None:
    page.set_input_files("#files", example_files(tmp_path, evil_html=HTML))
    page.wait_for_selector("#lines li[data-line]")
    shown = page.eval_on_selector_all("#lines .txt", "all => all.map(x => x.textContent)")
    assert [line for line in shown if "图书馆" in line or "还书机" in line] == [
        "市图书馆国庆假期照常开放。",
        "自助还书机全天可用。",
        "版权所有 市图书馆",
    ]
    assert not any("坏" in line or "evil.example" in line for line in shown)
    assert harmed(page) is None
    assert page.evaluate("document.baseURI").startswith("http://127.0.0.1")


def test_names_of_hostile_records_and_files_stay_text(page: "Page", tmp_path: Path) -> None:
    record = '{"id": "<img src=x onerror=window.harmed=1>", "text": "第一页的正文，讲的是秋收。"}\n'
    page.set_input_files("#files", example_files(tmp_path, x_jsonl=record * 2))
    page.wait_for_selector("#lines li[data-line]")
    assert "<img src=x" in str(page.text_content("#records"))
    assert harmed(page) is None


def test_what_the_service_says_stays_text(open_page: "Callable[..., Page]") -> None:
    page = open_page(refused=True)
    page.route(
        "**/v1/clean",
        lambda route: route.fulfill(
            status=503,
            content_type="application/problem+json",
            headers={"Retry-After": "2"},
            body='{"type": "urn:moderation:problem:busy", "detail": "<img src=x onerror=window.harmed=1>"}',
        ),
    )
    page.fill("#text", "第一页的正文，讲的是秋收。")
    page.click("#paste [type=submit]")
    page.wait_for_selector("#says:has-text('The service is busy.')")
    assert "<img src=x" in str(page.text_content("#says"))
    assert "Try again in 2 s." in str(page.text_content("#says"))
    assert harmed(page) is None


@pytest.mark.parametrize("path", ["", "js/main.js", "css/base.css", "icon.svg"])
def test_every_file_of_the_page_comes_with_a_strict_policy(service: Served, path: str) -> None:
    answer = httpx.get(service.url + path, trust_env=False)
    rules = dict(rule.strip().split(" ", 1) for rule in answer.headers["Content-Security-Policy"].split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == rules["style-src"] == "'self'"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_the_page_asks_its_own_server_alone_and_inlines_nothing(service: Served) -> None:
    html = httpx.get(service.url, trust_env=False).text
    assert "http://" not in html
    assert "https://" not in html
    assert "<style" not in html
    assert " style=" not in html
    assert " on" not in html.replace(" one", "")


def test_no_script_of_the_page_can_make_markup_of_a_string() -> None:
    files = list((Path(moderation.__file__).parent / "service" / "web" / "js").glob("*.js"))
    assert len(files) > 10
    assert [path.name for path in files if WRITERS.search(path.read_text("utf-8"))] == []
