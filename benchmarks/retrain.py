"""What two hundred corrected lines teach the shipped model, and what they cost it: the walk of docs/retrain.md.

    python benchmarks/retrain.py

Learns examples/retrain/corrections.csv and measures on examples/retrain/unseen.jsonl, whose advertisements were not
among the corrections: one half is of the same sentence patterns, the other of patterns of its own. All of it is
invented. Writes benchmarks/results/retrain.json.
"""

import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np

from benchmarks.data import machine, write_result
from moderation.labels import INDEX
from moderation.loop.retrain import Source, retrain
from moderation.loop.table_labels import read_table
from moderation.model.model import Model
from moderation.model.store import load_model
from moderation.moderate import Moderator
from moderation.policy import load_policy
from moderation.train.dataset import LabelledPage, read_labelled
from moderation.train.evaluate import judge_pages

EXAMPLES: Final = Path(__file__).resolve().parents[1] / "examples/retrain"


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def shares(model: Model, pages: list[LabelledPage]) -> dict[str, float]:
    """The share of advertisements that is called promo, and of the lines around them that has its label."""
    judged = judge_pages(Moderator(model, load_policy("default")), pages)
    advert = judged.truth == INDEX["promo"]
    right = judged.label == judged.truth
    found = {"advertisements": right[advert], "others": right[~advert]}
    return {name: round(float(np.mean(rows)), 4) for name, rows in found.items()}


def main() -> None:
    base = load_model()
    corrected = tuple(read_table(EXAMPLES / "corrections.csv").pages)
    unseen = read_labelled([EXAMPLES / "unseen.jsonl"])
    begun, cpu = time.perf_counter(), time.process_time()
    with TemporaryDirectory() as folder:
        found = retrain(base, [Source("corrections.csv", corrected)], Path(folder) / "taught", say)
    seconds, cpu = time.perf_counter() - begun, time.process_time() - cpu
    result: dict[str, Any] = {
        "corrected_lines": found.learned.lines,
        "corrected_right": [found.learned.before, found.learned.after],
        "unseen": {
            kind: {
                "before": shares(base, [page for page in unseen if page.kind == kind]),
                "after": shares(found.model, [page for page in unseen if page.kind == kind]),
            }
            for kind in ("same", "other")
        },
        "built_in": {name: [found.gate.reference[name], value] for name, value in found.gate.figures.items()},
        "seconds": round(seconds, 1),
        "cpu_seconds": round(cpu, 1),
        "model": base.id,
        **machine(),
    }
    write_result("retrain", result)


if __name__ == "__main__":
    main()
