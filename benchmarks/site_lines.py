"""What --site-lines changes on an authored crawl of several sites: python -m benchmarks.site_lines [-o]

Runs `moderation clean` twice over benchmarks/authored_sites.py, without the option and with it, and compares what is
left with the labels. Writes benchmarks/results/site_lines.json with -o.
"""

import argparse
import hashlib
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson

from benchmarks.authored_sites import SitePage, authored_sites
from benchmarks.data import machine, write_result
from moderation.cli.main import main as moderation
from moderation.moderate import Moderator

SEEDS = range(4, 9)


def kept(pages: Sequence[SitePage], *options: str) -> list[set[str]]:
    """The lines that are left of each page."""
    with tempfile.TemporaryDirectory() as folder:
        rows = [{"id": str(n), "url": page.url, "text": page.text} for n, page in enumerate(pages)]
        Path(folder, "in.jsonl").write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
        words = ["clean", f"{folder}/in.jsonl", "-o", f"{folder}/out/", "--quiet", "--shard-bytes", "20000", *options]
        if moderation(words):
            raise SystemExit("benchmarks.site_lines: moderation clean failed")
        found: dict[str, str] = {}
        for path in sorted(Path(folder, "out/data").glob("*.jsonl")):
            found |= {row["id"]: row["text"] for row in map(orjson.loads, path.read_bytes().splitlines())}
    return [set(found[str(n)].split("\n")) for n in range(len(pages))]


def measure(pages: Sequence[SitePage], left: Sequence[set[str]]) -> dict[str, int]:
    """Lines by truth and by what became of them."""
    counts = dict.fromkeys(("content", "content_kept", "chrome", "chrome_removed"), 0)
    for page, lines in zip(pages, left, strict=True):
        for text, content in page.lines:
            counts["content" if content else "chrome"] += 1
            counts["content_kept" if content else "chrome_removed"] += (text in lines) == content
    return counts


def compare(seed: int) -> dict[str, dict[str, int]]:
    """Both ways over the crawl of one seed."""
    pages = authored_sites(seed)
    return {
        "without": measure(pages, kept(pages)),
        "with": measure(pages, kept(pages, "--site-lines")),
    }


def total(found: Sequence[dict[str, dict[str, int]]]) -> dict[str, Any]:
    """Sums over the seeds, and shares."""
    out: dict[str, Any] = {}
    for way in ("without", "with"):
        sums = {name: sum(each[way][name] for each in found) for name in found[0][way]}
        recall, left = sums["chrome_removed"] / sums["chrome"], sums["content_kept"] / sums["content"]
        out[way] = {**sums, "chrome_recall": round(recall, 4), "content_lines_kept": round(left, 4)}
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--store", action="store_true")
    args = parser.parse_args()
    crawls = [authored_sites(seed) for seed in SEEDS]
    digest = hashlib.sha256("\0".join(page.text for pages in crawls for page in pages).encode()).hexdigest()
    result = {
        **machine(),
        "model": Moderator.load().model.id,
        "data": {"seeds": list(SEEDS), "pages": sum(map(len, crawls)), "sha256": digest},
        **total([compare(seed) for seed in SEEDS]),
    }
    print(orjson.dumps(result, option=orjson.OPT_INDENT_2).decode())
    if args.store:
        write_result("site_lines", result)


if __name__ == "__main__":
    main()
