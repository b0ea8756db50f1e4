"""What cleaning a terabyte costs, by format: python -m benchmarks.cost [-o] [--megabytes N] [--price P] [--currency C]

The authored pages, again and again, in each format; a whole run (`moderation clean`, in this process, on one core)
over three sizes of each. A line through the three gives what a run costs before its first byte, and what each byte
costs after that; the latter, times a terabyte, is the core-hours. Times are those of the processor, best of the rounds.

Beside it, what bounds a format: reading it alone, judging its texts alone, and what is left (writing, checksums, books,
report, ledger). Reading and judging are measured over the largest size. What is not in the model: a network or a disk
that is slower than the cores (MB/s a core tells what it must give), and that every worker loads the model first.
"""

import argparse
import gzip
import itertools
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import orjson

from benchmarks.contest import best_of, one_core
from benchmarks.data import circumstances, pages, write_result
from moderation.cli.run_progress import Quiet
from moderation.crawl.inputs import find_inputs
from moderation.crawl.run import Order, clean_crawl
from moderation.crawl.settings import Settings
from moderation.formats.base import Columns, Reading
from moderation.formats.compression import encoded
from moderation.formats.table import load_format
from moderation.moderate import Moderator

Rows = Sequence[dict[str, Any]]
ROUNDS: Final = 2
SHARES: Final = (0.25, 0.5, 1.0)
TERABYTE: Final = 1e12
SECONDS_AN_HOUR: Final = 3600


def rows_of(size: float) -> list[dict[str, Any]]:
    """Records with so many bytes of text, about."""
    found, held = [], 0
    for n, text in enumerate(itertools.cycle(pages())):
        if held >= size:
            break
        found.append({"id": str(n), "url": f"https://s{n % 97}.example/{n}", "text": text})
        held += len(text.encode())
    return found


def write_jsonl(path: Path, rows: Rows) -> None:
    """Plain, .gz or .zst, by its suffix."""
    packed: Any = {".gz": "gz", ".zst": "zst"}.get(path.suffix, "")
    with path.open("wb") as stored:
        file = encoded(stored, packed)
        file.writelines(orjson.dumps(row) + b"\n" for row in rows)
        if file is not stored:
            file.close()


def write_parquet(path: Path, rows: Rows) -> None:
    """As pyarrow writes it, in row groups of ordinary size."""
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    pq.write_table(pa.Table.from_pylist(list(rows)), path, row_group_size=10_000)


def write_wet(path: Path, rows: Rows) -> None:
    """Conversion records in gzip members of their own, as Common Crawl has them."""
    from moderation.formats.base import Chunk  # noqa: PLC0415

    texts = [row["text"] for row in rows]
    places = list(range(len(rows)))
    chunk = Chunk(texts, places, [row["url"] for row in rows], places, places, list(rows))
    with path.open("wb") as file:
        writer = load_format("wet").writer(file, Columns(), chunk, None)
        writer.write(chunk, texts, [True] * len(rows))
        writer.close()


def write_warc(path: Path, rows: Rows) -> None:
    """Responses with HTML, every line a paragraph between scripts and styles that a page brings along."""
    padding = "<script>var a=[0];for(var i=0;i<9;i++){a.push(i*2)}</script><div class='row col-md-4' style='margin:0'>"
    with path.open("wb") as file:
        for row in rows:
            body = "".join(f"<p>{line}</p>\n" for line in row["text"].replace("<", "&lt;").split("\n"))
            html = f"<html><head><meta charset='utf-8'>{padding * 4}</head><body>{body}</body></html>".encode()
            http = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: %d\r\n\r\n" % len(
                html
            )
            head = (
                f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: {row['url']}\r\n"
                f"WARC-Record-ID: <urn:uuid:00000000-0000-0000-0000-{int(row['id']):012}>\r\n"
                "WARC-Date: 2026-01-01T00:00:00Z\r\nContent-Type: application/http; msgtype=response\r\n"
                f"Content-Length: {len(http) + len(html)}\r\n\r\n"
            )
            file.write(gzip.compress(head.encode() + http + html + b"\r\n\r\n", mtime=0))


FORMATS: Final[dict[str, tuple[str, Callable[[Path, Rows], None], dict[str, Any]]]] = {
    "JSONL": ("crawl.jsonl", write_jsonl, {}),
    "JSONL, with a Parquet ledger": ("crawl.jsonl", write_jsonl, {"ledger": "parquet"}),
    "JSONL, .gz": ("crawl.jsonl.gz", write_jsonl, {}),
    "JSONL, .zst": ("crawl.jsonl.zst", write_jsonl, {}),
    "Parquet": ("crawl.parquet", write_parquet, {}),
    "WARC, .gz, to .jsonl.gz": ("crawl.warc.gz", write_warc, {}),
    "WET, .gz, to .jsonl.gz": ("crawl.wet.gz", write_wet, {}),
}
"""File, how it is made, settings."""


def clean(path: Path, moderator: Moderator, more: dict[str, Any]) -> None:
    """A whole run; what it wrote is taken away."""
    folder = path.parent / "out"
    settings = Settings(policy=moderator.policy, model=None, model_id=moderator.model.id, **more)
    sources = find_inputs([str(path)], None).sources
    if not clean_crawl(Order(folder=folder, sources=sources, settings=settings), Quiet()).complete:
        raise SystemExit(f"cost.py: {path} could not be cleaned")
    shutil.rmtree(folder)


def read(path: Path) -> Iterator[str]:
    """The texts of a file."""
    (source,) = find_inputs([str(path)], None).sources
    found = load_format(source.format)
    for extent in found.split(source, 1 << 24):
        for chunk in found.read(source, extent, Reading()):
            yield from chunk.texts


def measured(name: str, folder: Path, size: float, moderator: Moderator) -> dict[str, Any]:
    """One format."""
    file, write, more = FORMATS[name]
    path = folder / file
    sizes, seconds = [], []
    for share in SHARES:
        write(path, rows_of(size * share))
        sizes.append(path.stat().st_size)
        seconds.append(best_of(lambda: clean(path, moderator, more), ROUNDS))
    texts = list(read(path))
    text_bytes = sum(len(text.encode()) for text in texts)
    reading = best_of(lambda: list(read(path)), ROUNDS)
    judging = best_of(lambda: [result.text for result in moderator.clean_many(texts)], ROUNDS)
    per_byte, start = np.polyfit(sizes, seconds, 1)
    parts = {"reading": reading, "judging": judging, "the rest": max(0.0, seconds[-1] - reading - judging)}
    return {
        "stored_bytes": sizes[-1],
        "text_bytes": text_bytes,
        "seconds": [round(value, 4) for value in seconds],
        "start_seconds": round(max(0.0, float(start)), 3),
        "text_megabytes_per_second": round(text_bytes / sizes[-1] / float(per_byte) / 1e6, 2),
        "stored_megabytes_per_second": round(1 / float(per_byte) / 1e6, 2),
        "core_hours_per_terabyte_stored": round(float(per_byte) * TERABYTE / SECONDS_AN_HOUR, 2),
        "core_hours_per_terabyte_of_text": round(
            float(per_byte) * sizes[-1] / text_bytes * TERABYTE / SECONDS_AN_HOUR, 2
        ),
        "shares": {part: round(value / sum(parts.values()), 3) for part, value in parts.items()},
        "bound_by": max(parts, key=lambda part: parts[part]),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--store", action="store_true", help="store in benchmarks/results/cost.json")
    parser.add_argument("--megabytes", type=float, default=20.0, help="text of the largest size (default: 20)")
    parser.add_argument("--price", type=float, default=0.04, help="of a core-hour (default: 0.04)")
    parser.add_argument("--currency", default="USD")
    args = parser.parse_args()
    one_core()
    moderator = Moderator.load()
    moderator.clean("首页 | 新闻\n市图书馆国庆假期照常开放。\n")
    formats = {}
    print(
        f"{'':<30}{'MB/s stored':>12}{'of text':>9}{'core-h/TB stored':>18}{'of text':>9}{args.currency:>8}  bound by"
    )
    for name in FORMATS:
        with tempfile.TemporaryDirectory() as folder:
            row = measured(name, Path(folder), args.megabytes * 1e6, moderator)
        row["price_per_terabyte_stored"] = round(row["core_hours_per_terabyte_stored"] * args.price, 2)
        formats[name] = row
        print(
            f"{name:<30}{row['stored_megabytes_per_second']:>12.1f}{row['text_megabytes_per_second']:>9.1f}"
            f"{row['core_hours_per_terabyte_stored']:>18.1f}{row['core_hours_per_terabyte_of_text']:>9.1f}"
            f"{row['price_per_terabyte_stored']:>8.2f}  {row['bound_by']} ({max(row['shares'].values()):.0%})"
        )
    result = {
        "formats": formats,
        "megabytes": args.megabytes,
        "price_per_core_hour": args.price,
        "currency": args.currency,
    }
    if args.store:
        print(f"stored in {write_result('cost', result | circumstances(moderator.model))}")


if __name__ == "__main__":
    main()
