"""Second stages compared, on the same first-stage scores and the same features of the surroundings.

    python -m benchmarks.second_stages [PAGES.jsonl ...] [--quick]

Five folds by page, fixed by the pages' ids. Every line's first-stage scores come from a model that has not seen its
page; every second stage is fitted on four folds and judges the fifth, so that each page is measured once. No generated
pages. Default: all authored pages, and the crawled ones of MODERATION_SHARED (or ../shared) where they are. Serving
cost: seconds that a stage adds on a batch of authored pages, beside those of the first stage in the same run.
Writes benchmarks/results/second_stages.json; --quick takes a tenth of the pages and writes nothing.
"""

import argparse
import hashlib
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from benchmarks.contestants import (
    FOLDS,
    Entry,
    Rows,
    Scores,
    all_trees,
    chain,
    logistic,
    no_memory,
    say,
    shipped,
)
from benchmarks.data import machine, write_result
from moderation.judge import First, line_scores, logits_of
from moderation.kernel.decide import decide_lines
from moderation.labels import ACTIONS, CONTENT
from moderation.lines import Lines, read_lines
from moderation.model.model import LineModel
from moderation.policy import load_policy
from moderation.text.batch import BATCH_CHARS, batches, pack
from moderation.text.tables import Tables, built_tables
from moderation.train.corpus import authored_pages
from moderation.train.dataset import LabelledPage, read_labelled
from moderation.train.features import line_features
from moderation.train.fit_context import fits_of, out_of_fold, page_features, table_of
from moderation.train.fit_lines import LineOptions, fit_on_features
from moderation.train.fit_outlook import OPTIONS, fit_outlook
from moderation.train.metrics import Judged, bootstrap_interval, metrics

ROUNDS: Final = 7
FIGURES: Final = ("keep_f1", "junk_f1", "content_chars_kept", "family_macro_f1", "label_accuracy")


def fold_of(pages: Sequence[LabelledPage]) -> NDArray[np.int64]:
    """The fold of each page: by the rank of its id's digest, so that it does not depend on the order of the files."""
    rank = np.argsort(np.argsort([hashlib.sha256(page.id.encode()).hexdigest() for page in pages]))
    return (rank % FOLDS).astype(np.int64)


def page_lines(pages: Sequence[LabelledPage], tables: Tables) -> tuple[Lines, NDArray[np.bool_]]:
    """The pages as a batch, and which of its lines are rows of the table."""
    texts = [
        "\n".join(line if label is not None else "" for line, label in zip(page.lines, page.labels, strict=True))
        for page in pages
    ]
    labelled = np.array([label is not None for page in pages for label in page.labels])
    return read_lines(pack(texts), tables), labelled


def judged(rows: Rows, scores: Scores) -> Judged:
    """The rows under the default policy. Spans are not looked for."""
    policy = load_policy("default")
    action = np.array([ACTIONS.index(rule.action) for rule in policy.rules], np.uint8)
    limit = np.array([rule.threshold for rule in policy.rules], np.float32)
    label, _, done = decide_lines(scores, action, limit)
    none = np.zeros(label.size, np.int64)
    return Judged(
        rows.labels,
        label.astype(np.int64),
        done != ACTIONS.index("drop"),
        np.array([len(line) for line in rows.table.lines]),
        scores[:, CONTENT].astype(np.float64),
        rows.table.page,
        none,
        none,
        none,
    )


def figures(found: Judged) -> dict[str, Any]:
    """The figures with their intervals by page."""
    values, intervals = metrics(found), bootstrap_interval(found, FIGURES)
    return {
        "values": {name: round(values[name], 4) for name in FIGURES},
        "intervals": {name: [round(end, 4) for end in intervals[name]] for name in FIGURES},
    }


def seconds(call: Callable[[], object]) -> float:
    """Median of several rounds; the first one, which compiles, does not count."""
    spent = []
    for _ in range(ROUNDS + 1):
        start = time.perf_counter()
        call()
        spent.append(time.perf_counter() - start)
    return median(spent[1:])


def serving_costs(entries: dict[str, Entry], model: LineModel, outlook: LineModel, tables: Tables) -> dict[str, float]:
    """Seconds that each contestant adds, as a multiple of the first stage's on the same batch."""
    texts = next(iter(batches([page.text for page in authored_pages()], BATCH_CHARS)))
    batch = pack(texts)
    lines = read_lines(batch, tables)
    first = First(line_scores(lines, model), logits_of(lines, outlook))
    base = seconds(lambda: line_scores(read_lines(batch, tables), model))
    costs = {}
    for name, entry in entries.items():
        serve = entry.serve
        costs[name] = 0.0 if serve is None else seconds(lambda serve=serve: serve(lines, first)) / base  # type: ignore[misc]
    return costs


def shared_pages() -> list[Path]:
    """The files of crawled pages, where they are."""
    folder = Path(os.environ.get("MODERATION_SHARED") or Path(__file__).resolve().parents[2] / "shared")
    path = folder / "corpus" / "real.jsonl"
    return [path] if path.is_file() else []


def given_pages(files: Sequence[Path], quick: bool) -> dict[str, list[LabelledPage]]:
    """Pages by where they come from; of each origin a tenth with `quick`."""
    found = {"authored": authored_pages()} if not files else {}
    crawled = list(files) or shared_pages()
    if crawled:
        found["given" if files else "crawled"] = read_labelled(crawled)
    unique = {
        name: [replace(page, id=f"{name}/{n}/{page.id}") for n, page in enumerate(pages)]
        for name, pages in found.items()
    }
    return {name: pages[:: 10 if quick else 1] for name, pages in unique.items()}


def compare(pages: Sequence[LabelledPage]) -> tuple[Rows, dict[str, Entry], dict[str, float]]:
    """Fit and measure all contestants."""
    tables, fold_of_page = built_tables(), fold_of(pages)
    table = table_of(pages)
    options = LineOptions()
    features = line_features(table.lines, tables, options.bits)
    fits = fits_of(table, features, tables, options, OPTIONS, 0)
    say(f"{len(pages)} pages, {len(table.lines)} lines: first-stage scores, fold by fold")
    first = out_of_fold(table, fits, fold_of_page, tables, 1)
    rows = Rows(table, first, page_features(table, first, tables))
    fold = fold_of_page[table.page]
    lines, labelled = page_lines(pages, tables)
    alone = Entry(first.probabilities, 0, 0, None)
    entries = {"first stage alone": alone}
    entries["linear chain over the first stage"] = chain(rows, fold, alone)
    say("logistic regression")
    entries["logistic regression"] = logistic(rows, fold)
    say("boosted trees for all labels")
    entries["boosted trees, all labels"] = all_trees(rows, fold)
    say("small network without memory")
    entries["small network without memory"] = no_memory(rows, fold)
    network = shipped(rows, fold, lines, labelled)
    entries["linear chain over the network"] = chain(rows, fold, network)
    entries["two-way recurrent network (shipped)"] = network
    say("serving cost")
    whole = fit_on_features(fits.features, table.labels, table.weight, fits.lines)
    ahead = fit_outlook(
        fits.ahead, table.labels, fits.asked, table.weight, np.ones(len(table.lines), np.bool_), fits.outlook
    )
    return rows, entries, serving_costs(entries, whole, ahead, tables)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pages", nargs="*", type=Path, metavar="PAGES.jsonl")
    parser.add_argument("--quick", action="store_true", help="a tenth of the pages; nothing is stored")
    args = parser.parse_args()
    origins = given_pages(args.pages, args.quick)
    pages = [page for part in origins.values() for page in part]
    with threadpool_limits(1):
        rows, entries, costs = compare(pages)
    origin = np.repeat(list(origins), [len(part) for part in origins.values()])[rows.table.page]
    found: dict[str, Any] = {}
    for name, entry in entries.items():
        every = judged(rows, entry.scores)
        parts = {part: figures(every.rows(origin == part)) for part in origins}
        found[name] = {"serving_cost": round(costs[name], 3), "numbers": entry.numbers, "work": entry.work, **parts}
        for part in origins:
            values = " ".join(f"{key}={value:.3f}" for key, value in parts[part]["values"].items())
            print(f"{name:<36}{part:<10}{values}  cost {costs[name]:.2f}")
    sizes = {
        part: {"pages": len(some), "lines": int(np.count_nonzero(origin == part))} for part, some in origins.items()
    }
    if not args.quick:
        result = {**machine(), "folds": FOLDS, "rounds": ROUNDS, "pages": sizes, "second_stages": found}
        print(f"stored in {write_result('second_stages', result)}")


if __name__ == "__main__":
    main()
