"""Where the time of clean_many goes, stage by stage: python -m benchmarks.stages [-o]."""

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.data import circumstances, megabytes, pages, write_result
from moderation.judge import Judgement, logits_of, ready
from moderation.kernel.context import line_facts, page_sets, visible_lines
from moderation.kernel.ngrams import sum_rows
from moderation.kernel.outlook import heard
from moderation.kernel.score import line_logits, softmax
from moderation.kernel.surroundings import surrounded_probabilities
from moderation.labels import CONTENT
from moderation.lines import read_lines
from moderation.moderate import Moderator
from moderation.rescue import rescue
from moderation.result import decide
from moderation.spans import NO_SPANS, find_spans
from moderation.text.batch import batches, pack

Stages = dict[str, list[float]]


def clock(stages: Stages, name: str, call: Callable[..., Any], *args: Any) -> Any:
    """Run a stage and add its seconds to the round."""
    start = time.process_time()
    result = call(*args)
    stages.setdefault(name, [0.0])[-1] += time.process_time() - start
    return result


def one_round(moderator: Moderator, texts: tuple[str, ...], stages: Stages) -> None:
    """What clean_many does, with a clock around each stage."""
    model, tables, first = moderator.model, moderator.model.tables, moderator.model.lines
    for part in batches(texts):
        batch = clock(stages, "pack", pack, part)
        lines = clock(stages, "lines and folding", read_lines, batch, tables)
        folded, fold_start, n_grams, rows = lines.folded, lines.fold_start, lines.n_grams, lines.shape_rows
        sums = clock(stages, "sum rows", sum_rows, folded, fold_start, first.gram_weights, first.bits)
        scoring = sums, n_grams, rows, first.gram_scale, first.shape_weights, first.bias
        logits = clock(stages, "logits", line_logits, *scoring)
        probabilities = clock(stages, "softmax", softmax, logits)
        if model.context is not None and model.outlook is not None:
            foretold = clock(stages, "outlook", logits_of, lines, model.outlook)
            seen = clock(stages, "visible lines", visible_lines, lines.blank, lines.first_line)
            facts = clock(stages, "line facts", line_facts, lines.counts, seen[0], lines.ends)
            sets = clock(stages, "page sets", page_sets, folded, fold_start, probabilities, *seen)
            ahead = clock(stages, "outlook heard", heard, foretold, *seen)
            given = probabilities, facts, sets, ahead, *seen, ready(model.context)
            probabilities = clock(stages, "features and network", surrounded_probabilities, *given)
        spans = NO_SPANS
        if model.spans is not None:
            saved = lines, probabilities, first, model.spans, tables
            probabilities = clock(stages, "rescue", rescue, *saved)
            chosen = np.flatnonzero((probabilities[:, CONTENT] >= 0.5) & ~lines.blank)
            spans = clock(stages, "spans", find_spans, lines, chosen, first, model.spans, tables)
        judgement = Judgement(lines, probabilities, spans)
        clock(stages, "decide and assemble", decide, judgement, moderator.policy, model.id, tables)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-o", "--store", action="store_true", help="store the table in benchmarks/results/stages.json")
    parser.add_argument("--rounds", type=int, default=9)
    args = parser.parse_args()
    moderator, texts = Moderator.load(), pages()
    one_round(moderator, texts, {})
    stages: Stages = {}
    for _ in range(args.rounds):
        for row in stages.values():
            row.append(0.0)
        one_round(moderator, texts, stages)
    seconds_of = {name: min(row) for name, row in stages.items()}
    total, size = sum(seconds_of.values()), megabytes(texts)
    print(f"{len(texts)} pages, {size:.2f} MB of UTF-8, model {moderator.model.id}; best of {args.rounds} rounds\n")
    print(f"{'stage':<26}{'ms':>9}{'MB/s':>10}{'share':>8}")
    for name, spent in seconds_of.items():
        print(f"{name:<26}{spent * 1e3:>9.2f}{size / spent:>10.1f}{spent / total:>8.1%}")
    print(f"{'all':<26}{total * 1e3:>9.2f}{size / total:>10.1f}{1:>8.1%}")
    if args.store:
        table = {
            name: {"seconds": round(s, 6), "megabytes_per_second": round(size / s, 2), "share": round(s / total, 4)}
            for name, s in seconds_of.items()
        }
        path = write_result("stages", {"stages": table, "rounds": args.rounds} | circumstances(moderator.model))
        print(f"stored in {path}")


if __name__ == "__main__":
    main()
