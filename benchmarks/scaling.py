"""Whether cost grows with size alone: python -m benchmarks.scaling [-o] [--most MEGABYTES] [--rounds N]

Nanoseconds of one core a character, from text to clean text, against the length of a document, the number of documents
in a batch, the length of a line, the share of junk, and for shapes that are made to hurt. --store writes
benchmarks/results/scaling.json and the pictures benchmarks/results/scaling-*.svg.
"""

import argparse
import random
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from benchmarks.contest import one_core
from benchmarks.data import RESULTS, circumstances, pages, write_result
from benchmarks.plot import curve
from moderation.moderate import Moderator
from moderation.train.corpus import authored_pages

Series = dict[str, float]
BATCH: Final = 1_000_000
"""Characters of the smaller measurements, about."""
SENTENCE: Final = "桥头的樱花开了，风一吹就落了满地，街坊们搬了凳子坐在树下说话。"
WORST: Final[dict[str, Callable[[int], list[str]]]] = {
    "one giant line": lambda n: [(SENTENCE * (n // len(SENTENCE) + 1))[:n]],
    "breaks alone": lambda n: ["\n" * n],
    "identical lines": lambda n: ["首页 新闻 登录\n" * (n // 9)],
    "one character": lambda n: ["一" * n],
    "one letter": lambda n: ["a" * n],
    "blanks": lambda n: ["　" * n],
    "opening brackets": lambda n: ["发(" * (n // 2)],
    "readings": lambda n: ["發(fā)" * (n // 5)],
    "a spam word": lambda n: ["澳门新葡京" * (n // 5)],
    "one-character lines": lambda n: ["一\n" * (n // 2)],
    "documents of a line": lambda n: ["首页 新闻 登录"] * (n // 9),
    "empty documents": lambda n: [""] * (n // 9),
    "entities": lambda n: ["甲&nbsp;乙\n" * (n // 9)],
}
"""Shapes of about n characters; an empty document counts nine."""


def pages_of(size: int, seed: int = 1) -> str:
    """Pages one after the other, cut at `size` characters."""
    order = list(pages())
    random.Random(seed).shuffle(order)
    whole = "\n".join(order)
    return (whole * (size // len(whole) + 1))[:size]


def nanoseconds(moderator: Moderator, texts: Sequence[str], chars: int, rounds: int) -> float:
    """The best of some rounds, over characters; small batches are repeated until they can be measured."""
    again = max(1, BATCH // 10 // max(1, chars))
    best = float("inf")
    for _ in range(rounds):
        start = time.process_time()
        for _ in range(again):
            moderator.clean_many(texts)
        best = min(best, (time.process_time() - start) / again)
    return round(best / chars * 1e9, 2)


def by_document(most: int) -> Iterator[tuple[str, list[str], int]]:
    """Documents of a thousand to `most` characters, as many as make up BATCH."""
    for size in sorted({most, *(10**k for k in range(3, 9) if 10**k < most)}):
        text = pages_of(max(size, BATCH))
        texts = [text[a : a + size] for a in range(0, max(size, BATCH), size)]
        yield str(size), texts, sum(map(len, texts))


def by_number() -> Iterator[tuple[str, list[str], int]]:
    """One to a million documents of thirty characters."""
    text = pages_of(BATCH)
    for number in (1, 10, 100, 1_000, 10_000, 100_000, 1_000_000):
        starts = (n * 30 % (BATCH - 30) for n in range(number))
        pieces = [text[start : start + 30] for start in starts]
        yield str(number), pieces, 30 * number


def by_line() -> Iterator[tuple[str, list[str], int]]:
    """The same text in lines of ten to a hundred thousand characters."""
    text = pages_of(BATCH).replace("\n", "，")
    for length in (10, 30, 100, 300, 1_000, 10_000, 100_000):
        lines = [text[a : a + length] for a in range(0, BATCH, length)]
        yield str(length), ["\n".join(lines[a : a + 100]) for a in range(0, len(lines), 100)], BATCH


def by_junk() -> Iterator[tuple[str, list[str], int]]:
    """The authored pages in five parts, by the share of their characters that is junk."""

    def share(page: Any) -> float:
        rows = list(zip(page.lines, page.labels, strict=True))
        return sum(len(line) for line, label in rows if label != "content") / max(1, sum(map(len, page.lines)))

    ranked = sorted(authored_pages(), key=share)
    for n in range(5):
        part = ranked[n * len(ranked) // 5 : (n + 1) * len(ranked) // 5]
        texts = [page.text for page in part]
        yield f"{sum(map(share, part)) / len(part):.0%}", texts, sum(map(len, texts))


def by_shape(size: int) -> Iterator[tuple[str, list[str], int]]:
    """What is made to hurt."""
    for name, make in WORST.items():
        yield name, make(size), size


def spread(values: Sequence[float]) -> float:
    """How far the values lie from the middle of their range, as a share of it."""
    return round((max(values) - min(values)) / (max(values) + min(values)), 3)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--store", action="store_true")
    parser.add_argument("--most", type=int, default=40, help="the longest document, in millions of characters")
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    one_core()
    moderator = Moderator.load()
    moderator.clean_many(pages()[:50])
    measured: dict[str, Series] = {}
    series = {
        "characters a document": by_document(args.most * 1_000_000),
        "documents a batch": by_number(),
        "characters a line": by_line(),
        "junk in a page": by_junk(),
        "shapes of a million": by_shape(BATCH),
        "shapes of ten million": by_shape(10 * BATCH),
    }
    for title, points in series.items():
        print(title)
        for name, texts, chars in points:
            rounds = args.rounds if chars <= 3 * BATCH else 1
            measured.setdefault(title, {})[name] = found = nanoseconds(moderator, texts, chars, rounds)
            print(f"  {name:<22}{found:>9.1f} ns", flush=True)
    small, large = measured["shapes of a million"], measured["shapes of ten million"]
    growth = {name: round(large[name] / small[name], 2) for name in small}
    print("ten times the size costs, a character:", ", ".join(f"{name} x{value}" for name, value in growth.items()))
    if args.store:
        for title in ("characters a document", "documents a batch", "characters a line", "junk in a page"):
            picture = curve(title, "ns a character", measured[title])
            (RESULTS / f"scaling-{title.replace(' ', '-')}.svg").write_text(picture, "utf-8")
        spreads = {title: spread(list(values.values())) for title, values in measured.items()}
        result = {"nanoseconds_a_character": measured, "growth": growth, "spread": spreads, "rounds": args.rounds}
        print(f"stored in {write_result('scaling', result | circumstances(moderator.model))}")


if __name__ == "__main__":
    main()
