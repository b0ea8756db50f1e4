"""How far chance in the fit reaches: models that differ in their seed alone, on the pages held out.

    python -m benchmarks.seeds MODEL ... --pages real.jsonl [-o]

MODEL: folders that `moderation train` wrote with the same data and another --seed each. Measured under the policy
`default`, on the pages of the file whose split is `dev` and on the authored ones whose split is `test`. With -o, the
figures go to benchmarks/results/seeds.json.
"""

import argparse
from pathlib import Path
from typing import Any, Final

from benchmarks.data import machine, write_result
from moderation.moderate import Moderator
from moderation.policy import load_policy
from moderation.train.corpus import authored_pages
from moderation.train.dataset import read_labelled
from moderation.train.evaluate import judge_pages
from moderation.train.metrics import metrics

FIGURES: Final = ("keep_f1", "content_chars_kept", "spam_lines_removed", "label_accuracy", "span_char_f1")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", type=Path)
    parser.add_argument("--pages", type=Path, required=True)
    parser.add_argument("-o", "--output", action="store_true")
    args = parser.parse_args()
    sets = {
        "dev": [page for page in read_labelled([args.pages]) if page.split == "dev"],
        "test": [page for page in authored_pages() if page.split == "test"],
    }
    rows: list[dict[str, Any]] = []
    for folder in args.models:
        model = Moderator.load(folder, load_policy("default"))
        row: dict[str, Any] = {"seed": model.model.manifest["options"]["seed"]}
        for name, pages in sets.items():
            found = metrics(judge_pages(model, pages))
            row[name] = {figure: round(found[figure], 4) for figure in FIGURES}
        print(row, flush=True)
        rows.append(row)
    if args.output:
        write_result(
            "seeds", {**machine(), "shipped": Moderator.load().model.manifest["options"]["seed"], "rows": rows}
        )


if __name__ == "__main__":
    main()
