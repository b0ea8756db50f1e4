"""Write measured figures and real outputs into README.md and docs/: python benchmarks/quote.py [--check]

What stands between `<!-- numbers:NAME -->` and `<!-- /numbers -->` is written by the function of that name below, from
models/default/manifest.json, benchmarks/results/*.json, or by running the shipped model on an example. With --check,
nothing is written and the exit status says whether anything would change.
"""

import json
import re
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any, Final

from moderation import Moderator
from moderation.cli.main import main as moderation

ROOT: Final = Path(__file__).resolve().parents[1]
EXAMPLE: Final = "examples/government.txt"
PAGES: Final = ("README.md", "docs/*.md")
BLOCK: Final = re.compile(r"(<!-- numbers:([a-z-]+) -->\n)(.*?)(<!-- /numbers -->)", re.DOTALL)
SPLITS: Final = {"dev": "crawled pages (dev)", "test": "authored pages (test)"}
FIGURES: Final = (
    "keep_f1",
    "content_chars_kept",
    "junk_chars_removed",
    "spam_lines_removed",
    "family_macro_f1",
    "label_accuracy",
    "span_char_f1",
)


def manifest() -> dict[str, Any]:
    """The shipped model's."""
    found: dict[str, Any] = json.loads((ROOT / "models/default/manifest.json").read_text("utf-8"))
    return found


def fence(text: str, language: str = "text") -> str:
    """A block of code."""
    return f"```{language}\n{text.rstrip()}\n```\n"


def show() -> str:
    """What `moderation show` prints for the example page, without the table of labels."""
    out = StringIO()
    with redirect_stdout(out):
        if moderation(["show", str(ROOT / EXAMPLE)]):
            raise SystemExit(f"quote.py: moderation show {EXAMPLE} failed")
    rows = out.getvalue().split("\n\n")[0].splitlines()
    return fence("\n".join(row for row in rows[1:] if not row.strip().isdigit()))


def clean() -> str:
    """The clean text of the example page."""
    return fence(Moderator.load().clean((ROOT / EXAMPLE).read_text("utf-8")).text)


def record() -> str:
    """The verdicts of the page in docs/verdicts.md, one a line."""
    page = "首页 | 新闻 | 登录 | 注册\n市图书馆国庆假期照常开放，自助还书机全天可用。\n版权所有 市图书馆\n"
    found = Moderator.load().clean(page).record(id="page.txt", source={"file": "page.txt", "record": 1})
    rows = []
    for key, value in found.items():
        cells = [json.dumps(cell, ensure_ascii=False) for cell in value] if isinstance(value, list) else []
        body = "[\n  " + ",\n  ".join(cells) + "\n ]" if cells else json.dumps(value, ensure_ascii=False)
        rows.append(f' "{key}": {body}')
    return fence("{\n" + ",\n".join(rows) + "\n}", "json")


def quality() -> str:
    """Figures on held-out pages, from the manifest."""
    metrics = manifest()["metrics"]
    splits = [split for split in SPLITS if split in metrics]

    def row(name: str, cells: list[str]) -> str:
        return f"| {name} | " + " | ".join(cells) + " |"

    head = [row("figure", [SPLITS[split] for split in splits]), "|---" * (len(splits) + 1) + "|"]
    sizes = row("pages, lines", [f"{metrics[split]['pages']}, {metrics[split]['lines']:,}" for split in splits])
    rows = [row(name, [f"{metrics[split][name]:.3f}" for split in splits]) for name in FIGURES]
    return "\n".join([*head, sizes, *rows]) + "\n"


def weakest() -> str:
    """The labels with the lowest F1, by split."""
    sentences = []
    for split, found in manifest()["metrics"].items():
        lowest = sorted(found["labels"].items(), key=lambda item: item[1])[:4]
        sentences.append(f"on `{split}` " + ", ".join(f"{label} {value:.2f}" for label, value in lowest))
    return "Weakest labels by F1: " + "; ".join(sentences) + ".\n"


def training() -> str:
    """What the shipped model learned from, in a sentence."""
    parts = [
        f"{source['name'].removesuffix('.jsonl')} ({source['pages'] - source['held_out_pages']:,} pages)"
        for source in manifest()["training"]
    ]
    return f"Model `default@{manifest()['digest'][:12]}`, trained on " + ", ".join(parts) + ".\n"


def alone() -> str:
    """What the authored corpus teaches without any crawled page: benchmarks/cross_validate.py --authored-only."""
    path = ROOT / "benchmarks/results/authored_only.json"
    mean = json.loads(path.read_text("utf-8"))["mean"]
    figures = ", ".join(f"{name} {mean[name]:.2f}" for name in FIGURES)
    return f"Trained on the authored corpus alone, measured on the crawled pages of the split dev: {figures}.\n"


def speed() -> str:
    """The contestants of every race in benchmarks/results, and what they ran on."""
    results = [json.loads(path.read_text("utf-8")) for path in sorted((ROOT / "benchmarks/results").glob("*.json"))]
    races = [result for result in results if "contestants" in result]
    if not races:
        return "Not measured yet: run `python -m pytest benchmarks`.\n"
    rows = ["| | MB/s | million characters/s | times scikit-learn |", "|---|---|---|---|"]
    for race in races:
        per_mb = race["data"]["characters"] / race["data"]["megabytes"] / 1e6
        for name, found in race["contestants"].items():
            speed = found["megabytes_per_second"]
            times = f"{race['ratios'][name]:.1f}" if name in race["ratios"] else "1"
            rows.append(f"| {name} | {speed:.1f} | {speed * per_mb:.2f} | {times} |")
    return "\n".join([*rows, "", *sorted({circumstances(race) for race in races})]) + "\n"


def site_lines() -> str:
    """What --site-lines changes on the authored crawl: benchmarks/site_lines.py."""
    found = json.loads((ROOT / "benchmarks/results/site_lines.json").read_text("utf-8"))
    rows = ["| lines of | all | right without the option | right with it |", "|---|---|---|---|"]
    for name, right in (("chrome", "chrome_removed"), ("content", "content_kept")):
        cells = [f"{found[way][right]:,} ({found[way][right] / found[way][name]:.1%})" for way in ("without", "with")]
        rows.append(f"| {name} | {found['with'][name]:,} | {cells[0]} | {cells[1]} |")
    data = f"{found['data']['pages']} pages, {len(found['data']['seeds'])} crawls; model `{found['model']}`"
    return "\n".join([*rows, "", f"`benchmarks/site_lines.py`: {data}."]) + "\n"


def circumstances(race: dict[str, Any]) -> str:
    """Data, machine, versions and model of a race, in a sentence."""
    data, machine, versions = race["data"], race["machine"], race["versions"]
    return (
        f"{data['pages']} {data['name']}, {data['lines']:,} lines, {data['megabytes']:.2f} MB of UTF-8; "
        f"{machine['processor']}, {machine['cores']} cores, one thread each; Python {versions['python']}, "
        f"numba {versions['numba']}, scikit-learn {versions['scikit-learn']}; model `{race['model']}`."
    )


WRITERS: Final[dict[str, Callable[[], str]]] = {
    writer.__name__.replace("_", "-"): writer
    for writer in (show, clean, record, quality, weakest, training, alone, speed, site_lines)
}


def filled(text: str) -> str:
    """The page with every block written anew. Raises KeyError for a block that has no writer."""
    return BLOCK.sub(lambda block: block[1] + WRITERS[block[2]]() + block[4], text)


def documents() -> list[Path]:
    """The pages that may hold blocks."""
    return sorted(path for pattern in PAGES for path in ROOT.glob(pattern))


def main() -> int:
    stale = [path for path in documents() if filled(path.read_text("utf-8")) != path.read_text("utf-8")]
    for path in stale:
        print(f"{path.relative_to(ROOT)}: {'out of date' if '--check' in sys.argv else 'written'}")
        if "--check" not in sys.argv:
            path.write_text(filled(path.read_text("utf-8")), "utf-8")
    return 1 if stale and "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
