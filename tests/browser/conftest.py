"""A real service on loopback, a real Chromium, and pages that report whatever should not have happened."""

import importlib.util
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
import uvicorn

from moderation.service.app import create_app
from moderation.service.settings import Settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Dialog, Page, Request

CHROMIUM: Final = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
VIOLATIONS: Final = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) =>
  window.violations.push(`${event.violatedDirective}: ${event.blockedURI} ${event.sample}`));
"""
NOTICE: Final = """亚洲国产精品在线观看_成人视频免费-云溪县人民政府
首页 政务公开 办事服务 互动交流 走进云溪
云溪县2024年秋季护林防火工作通知
发布时间：2024-10-08 10:20  来源：县林业局  浏览次数：342
秋季天干物燥，为切实做好护林防火工作，现将有关事项通知如下。
各乡镇要在十月底前完成护林员培训，把责任落实到山头地块，澳门新葡京网上娱乐，不留空白。
重點時段要增加巡護次數，發(fā)現(xiàn)火情立即報告。

上一篇：关于开展秋季农机安全检查的通知
版权所有 云溪县人民政府  某ICP备00000000号-1
"""


@dataclass(slots=True)
class Served:
    """A service in a thread of this process."""

    url: str
    settings: Settings


@dataclass(slots=True)
class Watch:
    """What went wrong on a page behind the test's back."""

    faults: list[str] = field(default_factory=list)


@contextmanager
def served(**settings: Any) -> Iterator[Served]:
    """The service with these settings on a free port; it is stopped afterwards."""
    chosen = Settings(**settings)
    config = uvicorn.Config(create_app(chosen), host="127.0.0.1", port=0, log_level="warning", lifespan="on")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, name="service")
    thread.start()
    try:
        end = time.monotonic() + 120
        while not server.started:
            assert thread.is_alive(), "the service did not start"
            assert time.monotonic() < end, "the service took too long to start"
            time.sleep(0.05)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield Served(f"http://127.0.0.1:{port}/", chosen)
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="package")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A service that keeps verdicts and corrections."""
    folder = tmp_path_factory.mktemp("service")
    (folder / "models").mkdir()
    with served(store=str(folder / "loop.db"), keep_verdicts=True, candidates=str(folder / "models")) as found:
        yield found


@pytest.fixture(scope="package")
def browser() -> "Iterator[Browser]":
    """Debian's Chromium, without a window."""
    if importlib.util.find_spec("playwright") is None:
        missing("the Python package playwright is missing: pip install --group test")
    if CHROMIUM is None:
        missing("no Chromium: apt-get install chromium fonts-noto-cjk")
    from playwright.sync_api import sync_playwright  # noqa: PLC0415

    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=[*FLAGS])
        yield found
        found.close()


def missing(reason: str) -> None:
    """Skip, or fail where nothing may be skipped."""
    if os.environ.get("MODERATION_NO_SKIP"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture
def open_page(browser: "Browser", service: Served) -> "Iterator[Callable[..., Page]]":
    """Opens the review page in a context of its own; afterwards nothing forbidden may have happened on it.

    address: behind the service's URL. url: of another service. refused: whether the service is expected to refuse
    something, which the browser logs. Anything else is an option of the context.
    """
    opened: list[tuple[Page, Watch]] = []

    def new(address: str = "", url: str = service.url, refused: bool = False, **options: Any) -> "Page":
        chosen = {"viewport": {"width": 1280, "height": 800}, "locale": "en-GB", **options}
        page = browser.new_context(**chosen).new_page()
        page.set_default_timeout(15_000)
        watch = Watch()
        watch_page(page, watch, url, refused=refused)
        opened.append((page, watch))
        page.goto(url + address)
        return page

    yield new
    for page, watch in opened:
        found = [*watch.faults, *page.evaluate("window.violations")]
        page.context.close()
        assert found == []


def watch_page(page: "Page", watch: Watch, url: str, *, refused: bool) -> None:
    """Note errors, messages of the console, dialogs and requests that go elsewhere."""

    def said(message: "ConsoleMessage") -> None:
        expected = refused and "Failed to load resource" in message.text
        if message.type in ("error", "warning") and not expected:
            watch.faults.append(f"console: {message.text}")

    def asked(request: "Request") -> None:
        if not request.url.startswith((url, "blob:")):
            watch.faults.append(f"request: {request.url}")

    def shown(dialog: "Dialog") -> None:
        watch.faults.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    page.add_init_script(VIOLATIONS)
    page.on("pageerror", lambda error: watch.faults.append(f"error: {error}"))
    page.on("dialog", shown)
    page.on("request", asked)
    page.on("console", said)


@pytest.fixture
def page(open_page: "Callable[..., Page]") -> "Page":
    """The review page on a desktop."""
    return open_page()


def check(page: "Page", text: str) -> None:
    """Paste a text and have it judged."""
    page.fill("#text", text)
    page.click("#paste [type=submit]")
    page.wait_for_selector("#lines li[data-line]")


def example_files(tmp_path: Path, **files: str) -> list[str]:
    """Write files and name them; `_` in a name stands for its dot."""
    paths = []
    for name, text in files.items():
        path = tmp_path / name.replace("_", ".")
        path.write_text(text, "utf-8")
        paths.append(str(path))
    return paths
