"""Quality against speed of the first stage: python -m benchmarks.sweep [-o] [--part SHARE] [--rounds N] [--agreement]

Widths of the hash, orders of n-grams, kinds of weights and width of a row. Each is trained on the authored pages
without the held-out fifth, by the functions that train a model, and measured on that fifth: the line model alone, under
the default policy. Its speed is that of hashing and summing all authored pages on one core, by one kernel that is
compiled for each. That rounding the weights changes nothing is measured with spans and the second stage of the shipped
model behind them. --agreement measures that alone. --part trains on a share
of the pages, to try the script out. Nothing is stored with either.
"""

import argparse
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from benchmarks.contest import one_core, take_turns
from benchmarks.data import circumstances, megabytes, pages, write_result
from benchmarks.sweep_kernels import KINDS, PACKED, count_hashes, hashes, summing, with_marks
from moderation.judge import First, Judgement, context_scores, logits_of
from moderation.kernel.decide import decide_lines
from moderation.kernel.packing import MOST, packed
from moderation.kernel.score import softmax
from moderation.kernel.shape import GROUPS, ROWS
from moderation.kernel.vector import LANES
from moderation.labels import ACTIONS, CONTENT, NAMES
from moderation.lines import Lines, read_lines
from moderation.model.model import Model
from moderation.moderate import Moderator
from moderation.policy import Policy, load_policy
from moderation.result import decided
from moderation.spans import find_spans
from moderation.text.batch import pack
from moderation.text.tables import Tables, built_tables
from moderation.train.corpus import authored_pages, held_out, trainable
from moderation.train.dataset import LabelledPage
from moderation.train.features import LineFeatures
from moderation.train.fit_context import Table, table_of
from moderation.train.fit_lines import DEFAULTS, fit_weights, quantise
from moderation.train.metrics import Judged, metrics
from moderation.train.rounding import eight_bits, whole

Weights = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]
"""Of grams and shapes, and bias."""
WIDTHS: Final = (14, 15, 16, 17, 18, 19, 20)
ORDERS: Final = ((1, 2), (1, 3), (1, 4), (2, 4), (1, 5))
SHIPPED: Final = (17, (1, 4), PACKED, len(NAMES))
PLAIN: Final = [kind for kind in KINDS if kind != PACKED]
LAYOUTS: Final = [SHIPPED[2:], *((kind, columns) for kind in PLAIN for columns in (LANES, len(NAMES)))]
UNCLIPPED: Final = "int8, nothing clipped"
COMPARED: Final = ("float32", PACKED, "int16", UNCLIPPED, "int8")
"""What agreement is measured for: the first with each of the others."""
DROP: Final = ACTIONS.index("drop")
SMALLEST: Final = 1e-12


@dataclass(frozen=True, slots=True)
class Rows:
    """Labelled lines as the kernels see them, with the hashes of their grams by orders."""

    table: Table
    read: Lines
    grams: dict[tuple[int, int], tuple[NDArray[np.uint32], NDArray[np.int64]]]

    def features(self, orders: tuple[int, int], bits: int) -> LineFeatures:
        """As train/features.py makes them, for any orders."""
        found, count = self.grams[orders]
        norm = np.repeat(1 / np.sqrt(np.maximum(count, 1)), count).astype(np.float32)
        rows = (found >> np.uint32(32 - bits)).astype(np.int32)
        n = count.size
        grams = sp.csr_matrix((norm, rows, np.concatenate([[0], np.cumsum(count)])), (n, 1 << bits))
        grams.sum_duplicates()
        shapes = self.read.shape_rows
        of_line = np.arange(0, shapes.size + 1, GROUPS)
        return LineFeatures(
            grams, sp.csr_matrix((np.ones(shapes.size, np.float32), shapes.ravel(), of_line), (n, ROWS))
        )


def rows_of(labelled: list[LabelledPage], tables: Tables) -> Rows:
    """The labelled lines of the pages, hashed once for each of ORDERS."""
    table = table_of(labelled)
    read = read_lines(pack(table.lines), tables)
    marked, start = with_marks(read.folded, read.fold_start)
    grams = {}
    for low, high in ORDERS:
        count = count_hashes(start, low, high)
        grams[low, high] = hashes(marked, start, np.concatenate([[0], np.cumsum(count)]), low, high), count
    return Rows(table, read, grams)


def rounded(grams: NDArray[np.float64], kind: str) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """Weights as numbers of a kind, and each column's scale."""
    if kind == PACKED:
        return whole(grams, MOST)
    if kind == "int8":
        return eight_bits(grams)
    if kind != "float32":
        most = np.iinfo(KINDS["int8" if kind == UNCLIPPED else kind][0])
        scale = np.maximum(np.abs(grams).max(0), 1e-9) / most.max
        return np.rint(grams / scale).astype(most.dtype), scale
    return grams.astype(np.float32), np.ones(grams.shape[1])


def stored(grams: NDArray[np.float64], kind: str) -> NDArray[np.float64]:
    """What the weights are worth after rounding."""
    numbers, scale = rounded(grams, kind)
    return numbers * scale


def scores(features: LineFeatures, weights: Weights) -> NDArray[np.float32]:
    """Probabilities of the lines."""
    grams, shapes, bias = weights
    logits = features.grams @ grams + features.shapes @ shapes + bias
    return softmax(np.ascontiguousarray(logits, np.float32))


def judged(table: Table, probabilities: NDArray[np.float32], policy: Policy) -> Judged:
    """The verdicts of a policy beside the labels."""
    label, _, action = decide_lines(probabilities, *policy.rule_arrays)
    none = np.zeros(len(table.lines), np.int64)
    chars = np.array([len(line) for line in table.lines])
    content = probabilities[:, CONTENT].astype(np.float64)
    found = label.astype(np.int64)
    return Judged(table.labels, found, action != DROP, chars, content, table.page, none, none, none)


def quality(test: Rows, features: LineFeatures, weights: Weights, policy: Policy) -> dict[str, float]:
    """Figures of the line model alone."""
    probabilities = scores(features, weights)
    figures = metrics(judged(test.table, probabilities, policy))
    truth = probabilities[np.arange(test.table.labels.size), test.table.labels].astype(np.float64)
    loss = -float(np.log(np.maximum(truth, SMALLEST)).mean())
    return {name: round(figures[name], 4) for name in ("keep_f1", "label_accuracy")} | {"log_loss": round(loss, 4)}


def laid_out(grams: NDArray[np.float64], kind: str, columns: int) -> NDArray[Any]:
    """The rows one after the other, and what reading sixteen numbers of the last one takes."""
    numbers, _ = rounded(grams, kind)
    if kind == PACKED:
        return packed(numbers).ravel()
    table = np.zeros((numbers.shape[0], columns), KINDS[kind][0])
    table[:, : numbers.shape[1]] = numbers
    return np.concatenate([table.ravel(), np.zeros(LANES - columns, table.dtype)])


def speeds(tables: dict[str, tuple[NDArray[Any], Any]], lines: Lines, rounds: int) -> dict[str, float]:
    """MB/s of hashing and summing, by name; tables: weights and what (bits, orders, kind, columns) they are."""
    marked, start = with_marks(lines.folded, lines.fold_start)
    calls = {}
    for name, (weights, (bits, orders, kind, columns)) in tables.items():
        run = summing(kind, columns, *orders)
        calls[name] = lambda run=run, weights=weights, bits=bits: run(marked, start, weights, bits)
    return {name: round(megabytes(pages()) / spent, 1) for name, spent in take_turns(calls, rounds).items()}


def agreement(test: list[LabelledPage], weights: Weights, model: Model, policy: Policy) -> dict[str, Any]:
    """Verdicts of rounded weights against those of full ones, with spans and the shipped second stage behind them."""
    if model.context is None or model.spans is None or model.outlook is None:
        raise SystemExit("sweep.py: the shipped model lacks a stage")
    lines = read_lines(pack([page.text for page in test]), model.tables)
    labels = [label for page in test for label in page.labels]
    labelled = np.array([label is not None for label in labels])
    known = labelled & ~lines.blank
    table = table_of(test)
    marked, start = with_marks(lines.folded, lines.fold_start)
    count = count_hashes(start, 1, 4)
    found = hashes(marked, start, np.concatenate([[0], np.cumsum(count)]), 1, 4)
    features = Rows(table, lines, {(1, 4): (found, count)}).features((1, 4), model.lines.bits)
    foretold = logits_of(lines, model.outlook)
    figures, verdicts = {}, {}
    for kind in COMPARED:
        own = stored(weights[0], kind), *weights[1:]
        first = np.where(lines.blank[:, None], np.float32(0), scores(features, own))
        second = context_scores(lines, First(first, foretold), model.context)
        chosen = np.flatnonzero((second[:, CONTENT] >= 0.5) & ~lines.blank)
        spans = find_spans(lines, chosen, quantise(*weights), model.spans, model.tables)
        decision = decided(Judgement(lines, second, spans), policy, model.id, model.tables)
        verdicts[kind] = decision.label[known], decision.action[known]
        figures[kind] = metrics(judged(table, second[labelled], policy).rows(known[labelled]))
    full = verdicts["float32"]
    return {
        kind: {
            "lines": int(known.sum()),
            "same_label": round(float(np.mean(full[0] == label)), 5),
            "same_action": round(float(np.mean(full[1] == action)), 5),
            "metrics_apart": {name: round(abs(v - figures[kind][name]), 5) for name, v in figures["float32"].items()},
        }
        for kind, (label, action) in verdicts.items()
        if kind != "float32"
    }


def name_of(bits: int, orders: tuple[int, int], kind: str, columns: int) -> str:
    """A configuration, for people."""
    return f"2^{bits} rows, orders {orders[0]}-{orders[1]}, {kind} x {columns}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--store", action="store_true", help="store in benchmarks/results/sweep.json")
    parser.add_argument("--part", type=float, default=1.0, help="train on this share of the pages; nothing is stored")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--agreement", action="store_true", help="only what rounding changes")
    args = parser.parse_args()
    one_core()
    tables, policy, model = built_tables(), load_policy("default"), Moderator.load().model
    learned = trainable(authored_pages())
    tested = held_out(authored_pages())
    train = rows_of(learned[: round(len(learned) * args.part)], tables)
    test = rows_of(tested, tables)
    race: dict[str, tuple[NDArray[Any], Any]] = {}
    found: dict[str, dict[str, Any]] = {}
    full: Weights | None = None
    every = [*((bits, (1, 4)) for bits in WIDTHS), *((SHIPPED[0], orders) for orders in ORDERS)]
    for bits, orders in dict.fromkeys([SHIPPED[:2]] if args.agreement else every):
        options = replace(DEFAULTS, bits=bits)
        weights = fit_weights(train.features(orders, bits), train.table.labels, train.table.weight, options)
        features = test.features(orders, bits)
        shipped = (bits, orders) == SHIPPED[:2]
        full = weights if shipped else full
        for kind, columns in LAYOUTS if shipped and not args.agreement else [SHIPPED[2:]]:
            key = name_of(bits, orders, kind, columns)
            table = laid_out(weights[0], kind, columns)
            race[key] = table, (bits, orders, kind, columns)
            found[key] = {"bits": bits, "orders": list(orders), "kind": kind, "columns": columns, "bytes": table.nbytes}
            found[key] |= quality(test, features, (stored(weights[0], kind), *weights[1:]), policy)
            print(
                f"{key:<44}{found[key]['keep_f1']:.4f} {found[key]['label_accuracy']:.4f} {found[key]['log_loss']:.4f}",
                flush=True,
            )
    rates = {} if args.agreement else speeds(race, read_lines(pack(pages()), tables), args.rounds)
    for key, rate in rates.items():
        found[key]["megabytes_per_second"] = rate
        print(f"{key:<44}{rate:>9.1f} MB/s {found[key]['bytes'] / 1e6:>8.1f} MB")
    assert full is not None
    same = agreement(tested, full, model, policy)
    for kind, row in same.items():
        apart = max(row["metrics_apart"].values())
        print(
            f"{kind} against float32, all stages: label {row['same_label']:.3%}, action {row['same_action']:.3%} of "
            f"{row['lines']:,} lines the same; metrics at most {apart:.4f} apart"
        )
    if args.store and args.part == 1.0 and not args.agreement:
        result = {"shipped": name_of(*SHIPPED), "sweep": found, "agreement": same, "rounds": args.rounds}
        result["training_lines"], result["test_lines"] = len(train.table.lines), len(test.table.lines)
        print(f"stored in {write_result('sweep', result | circumstances(model))}")


if __name__ == "__main__":
    main()
