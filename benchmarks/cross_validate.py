"""Five-fold cross-validation by page over labelled pages, each fold together with the authored corpus.

    python benchmarks/cross_validate.py PAGES.jsonl ... [--folds 5] [--generated 1.0] [--jobs 1] [--models DIR]
    python benchmarks/cross_validate.py PAGES.jsonl ... --authored-only [--split dev]

Every page of the files is measured once, by a model that has not seen it; splits in the files are not looked at.
--models: a folder in which the folds' models are left, for a look at their mistakes. With --authored-only, one model
is trained on the authored corpus alone and measured on the pages whose split is --split (dev). Writes
benchmarks/results/cross_validate.json or authored_only.json.
"""

import argparse
import hashlib
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed

from benchmarks.data import machine, write_result
from moderation.model.store import save_model
from moderation.moderate import Moderator
from moderation.policy import load_policy
from moderation.train.corpus import authored_pages, trainable
from moderation.train.dataset import LabelledPage, read_labelled
from moderation.train.evaluate import judge_pages
from moderation.train.fit import OWN_WEIGHT, TrainOptions, train_model
from moderation.train.metrics import metrics


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def measure(
    given: Sequence[LabelledPage], unseen: Sequence[LabelledPage], options: TrainOptions, folder: Path | None = None
) -> dict[str, float]:
    """Train on `given`, measure on `unseen` under the default policy. folder: for the model."""
    model = train_model(given, options, say)
    if folder:
        save_model(folder, model.stages, model.tables, {"name": folder.name})
    found = metrics(judge_pages(Moderator(model, load_policy("default")), unseen))
    say(" ".join([folder.name if folder else "measured:", *(f"{name}={value:.3f}" for name, value in found.items())]))
    return found


def cross_validate(
    pages: Sequence[LabelledPage], folds: int, options: TrainOptions, jobs: int, models: Path | None
) -> list[dict[str, float]]:
    """One record of metrics a fold; a page's fold depends on the ids alone."""
    authored = trainable(authored_pages())
    order = sorted(pages, key=lambda page: hashlib.sha256(page.id.encode()).hexdigest())
    own = [
        [replace(page, split="train", weight=OWN_WEIGHT, own=True) for page in order[k::folds]] for k in range(folds)
    ]
    tasks = (
        delayed(measure)(
            [*(page for other in own if other is not some for page in other), *authored],
            order[k::folds],
            options,
            models and models / f"fold-{k}",
        )
        for k, some in enumerate(own)
    )
    found: list[dict[str, float]] = Parallel(jobs)(tasks)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pages", nargs="+", type=Path)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--generated", type=float, default=1.0)
    parser.add_argument("--jobs", type=int, default=1, help="folds at a time")
    parser.add_argument("--models", type=Path)
    parser.add_argument("--authored-only", action="store_true")
    parser.add_argument("--split", default="dev", help="with --authored-only: measure on this split")
    args = parser.parse_args()
    pages, options = read_labelled(args.pages), TrainOptions(generated=args.generated)
    if args.authored_only:
        unseen = [page for page in pages if page.split == args.split]
        rows, name = [measure(trainable(authored_pages()), unseen, options)], "authored_only"
    else:
        rows, name = cross_validate(pages, args.folds, options, args.jobs, args.models), "cross_validate"
    mean = {key: round(float(np.mean([row[key] for row in rows])), 4) for key in rows[0]}
    print("\n".join(f"{key:<24}{value:.3f}" for key, value in mean.items()))
    settings = {"pages": len(pages), "folds": len(rows), "generated": args.generated}
    write_result(name, {**machine(), **settings, "mean": mean, "rows": rows})


if __name__ == "__main__":
    main()
