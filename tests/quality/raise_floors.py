"""The floors that quality may not fall through, and the one way to move them: python tests/quality/raise_floors.py.

    raise_floors.py                                      raise floors to the current values minus the margin
    raise_floors.py --lower dev.keep_f1 --reason TEXT    lower one floor, on record
    raise_floors.py --corpus-changed --reason TEXT       pin another authored corpus and set its floors anew, on record

Raising never lowers: a floor above the current value minus the margin stays where it is. Floors lie under metrics of
docs/metrics.md, under `honest_chars_kept` (content characters kept on honest look-alikes), and under `recall.LABEL`
(the share of a spam label's lines that is removed). A new floor begins as 0 in floors.json.
"""

import argparse
import copy
import hashlib
import json
import math
import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson

from moderation.labels import NAMES
from moderation.moderate import Moderator
from moderation.train.by_kind import SPAM_LABELS, honest_chars_kept, kind_table, spam_recall
from moderation.train.corpus import authored_pages
from moderation.train.dataset import LabelledPage, page_record, read_labelled
from moderation.train.evaluate import judge_pages
from moderation.train.metrics import Judged, metrics

FLOORS: Final = Path(__file__).with_name("floors.json")
SHARED: Final = "MODERATION_SHARED"
AUTHORED, DEV = "authored", "dev"
HONEST: Final = "honest_chars_kept"
SPAM_NAMES: Final = tuple(NAMES[column] for column in SPAM_LABELS)
RECALLS: Final = tuple(f"recall.{name}" for name in SPAM_NAMES)

Floors = dict[str, Any]
Figures = dict[str, float]


class FloorError(Exception):
    """A change of the floors that is refused."""


@dataclass(frozen=True, slots=True)
class Measured:
    """The figures on one set of pages, and the digest of the pages."""

    figures: Figures
    sha256: str


def shared_folder() -> Path:
    """Where the labelled pages lie that do not ship: a folder named in the environment, or beside the repository."""
    return Path(os.environ.get(SHARED) or Path(__file__).resolve().parents[3] / "shared")


def dev_file() -> Path:
    """The file of crawled pages; it may be missing."""
    return shared_folder() / "corpus" / "real.jsonl"


def pages_of(name: str) -> list[LabelledPage]:
    """The pages of a set: the authored test split, or the dev split of the crawled pages."""
    if name == AUTHORED:
        return [page for page in authored_pages() if page.split == "test"]
    return [page for page in read_labelled([dev_file()]) if page.split == DEV]


def digest(pages: Iterable[LabelledPage]) -> str:
    """sha256 of the pages' records in the order of their ids: other files for the same pages change nothing."""
    records = sorted((page_record(page) for page in pages), key=lambda record: str(record["id"]))
    return hashlib.sha256(b"\n".join(orjson.dumps(record) for record in records)).hexdigest()


def measure(name: str, moderator: Moderator) -> Measured:
    """The current figures on a set."""
    pages = pages_of(name)
    return Measured(figures_of(judge_pages(moderator, pages), pages), digest(pages))


def figures_of(judged: Judged, pages: Sequence[LabelledPage]) -> Figures:
    """Every figure that may have a floor; of honest look-alikes and spam labels those that the pages hold."""
    figures = metrics(judged) | {f"recall.{row.label}": row.recall.value for row in spam_recall(judged)}
    honest = honest_chars_kept(kind_table(judged, pages))
    return figures | ({HONEST: honest.value} if honest else {})


def below(floors: Figures, figures: Figures) -> list[str]:
    """One sentence for every figure that lies below its floor."""
    return [
        f"{name} is {figures[name]:.4f}, its floor is {floor}"
        if name in figures
        else f"{name} has the floor {floor}, and the pages hold nothing that it speaks of"
        for name, floor in floors.items()
        if figures.get(name, -1.0) < floor
    ]


def figure(found: Measured, name: str, metric: str) -> float:
    """The figure that a floor of the set `name` is held to."""
    if metric not in found.figures:
        raise FloorError(
            f"{name}.{metric} has a floor, and the pages of {name!r} hold nothing that it speaks of: "
            "take the floor out of floors.json, or add such pages"
        )
    return found.figures[metric]


def target(value: float, margin: float) -> float:
    """The floor that a value supports: the margin below it, rounded down to four digits, never below 0."""
    return max(0.0, math.floor((value - margin) * 1e4 + 1e-6) / 1e4)


def check_corpus(floors: Floors, name: str, found: Measured) -> None:
    """Refuse to compare figures on other pages than those the floors were set on."""
    pinned = floors["sets"][name].get("pages_sha256")
    if pinned not in (None, found.sha256):
        raise FloorError(
            f"the pages of {name!r} have the digest {found.sha256[:12]}, the floors were set on {pinned[:12]}: "
            "figures on other pages don't compare; if the change is meant, run "
            "`python tests/quality/raise_floors.py --corpus-changed --reason TEXT`"
        )


def raised(floors: Floors, measured: dict[str, Measured]) -> Floors:
    """The floors, each raised to its current value minus the margin if that is higher."""
    out = copy.deepcopy(floors)
    for name, found in measured.items():
        check_corpus(floors, name, found)
        rows = out["sets"][name]["floors"]
        for metric, floor in rows.items():
            rows[metric] = max(floor, target(figure(found, name, metric), floors["margin"]))
    return out


def lowered(floors: Floors, measured: dict[str, Measured], which: str, reason: str) -> Floors:
    """The floors with one of them lowered to its current value minus the margin, and the reason on record."""
    name, _, metric = which.partition(".")
    known = [f"{s}.{m}" for s, entry in floors["sets"].items() for m in entry["floors"]]
    if which not in known:
        raise FloorError(f"no floor {which!r}; floors: {', '.join(known)}")
    if not reason.strip():
        raise FloorError("a floor is lowered for a reason: add --reason TEXT")
    if name not in measured:
        raise FloorError(f"the pages of {name!r} are not here: nothing says how far {metric} has to go down")
    check_corpus(floors, name, measured[name])
    before = floors["sets"][name]["floors"][metric]
    after = target(figure(measured[name], name, metric), floors["margin"])
    if after >= before:
        raise FloorError(f"{which} stands at {before} and could stand at {after}: nothing to lower")
    out = copy.deepcopy(floors)
    out["sets"][name]["floors"][metric] = after
    out["lowered"].append({"floor": which, "from": before, "to": after, "reason": reason.strip()})
    return out


def pinned_anew(floors: Floors, measured: dict[str, Measured], reason: str) -> Floors:
    """The authored floors, set anew on a corpus that has changed, with digests, old floors and reason on record."""
    if not reason.strip():
        raise FloorError("a corpus is pinned anew for a reason: add --reason TEXT")
    found, entry = measured[AUTHORED], floors["sets"][AUTHORED]
    if entry["pages_sha256"] == found.sha256:
        raise FloorError("the authored pages are those that the floors were set on: nothing to pin anew")
    out = copy.deepcopy(floors)
    rows = {metric: target(figure(found, AUTHORED, metric), floors["margin"]) for metric in entry["floors"]}
    out["sets"][AUTHORED] = {"pages_sha256": found.sha256, "floors": rows}
    down = {metric: floor for metric, floor in entry["floors"].items() if rows[metric] < floor}
    change = {"corpus": AUTHORED, "from": entry["pages_sha256"], "to": found.sha256, "reason": reason.strip()}
    out["lowered"].append(change | {"floors_before": down})
    return out


def read_floors(path: Path = FLOORS) -> Floors:
    """The stored floors."""
    floors: Floors = json.loads(path.read_text("utf-8"))
    return floors


def write_floors(floors: Floors, path: Path = FLOORS) -> None:
    """Store the floors."""
    path.write_text(json.dumps(floors, ensure_ascii=False, indent=1) + "\n", "utf-8")


def main(argv: Sequence[str] | None = None, path: Path = FLOORS) -> int:
    """Measure, change the floors, say what moved. Returns 1 if the change was refused."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", help="a shipped model's name or a folder (default: default)")
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--lower", metavar="SET.METRIC", help="lower this floor; needs --reason")
    choice.add_argument("--corpus-changed", action="store_true", help="pin the authored corpus anew; needs --reason")
    parser.add_argument("--reason", default="", metavar="TEXT")
    args = parser.parse_args(argv)
    moderator = Moderator.load(args.model)
    names = [AUTHORED, *([DEV] if dev_file().is_file() else [])]
    measured = {name: measure(name, moderator) for name in names}
    before = read_floors(path)
    try:
        if args.lower:
            after = lowered(before, measured, args.lower, args.reason)
        elif args.corpus_changed:
            after = pinned_anew(before, measured, args.reason)
        else:
            after = raised(before, measured)
    except FloorError as error:
        print(f"raise_floors: {error}", file=sys.stderr)
        return 1
    write_floors(after, path)
    for name, found in measured.items():
        for metric, floor in after["sets"][name]["floors"].items():
            was = before["sets"][name]["floors"][metric]
            moved = f"  (was {was})" if was != floor else ""
            print(f"{name + '.' + metric:<32}now {found.figures[metric]:.4f}  floor {floor:.4f}{moved}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
