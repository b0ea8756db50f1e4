"""What each stage touches, in bytes a character, beside what it costs: python -m benchmarks.account [-o]

Counted are the arrays that a stage reads and writes, each once, and the weight rows that it looks up: four of sixteen
bytes a character in the first stage, four of four bytes a character of content in the tagger. The weights of the second
stage are read once for eight lines, those of its memory once for every line. A stage that needs much longer than its
bytes take to stream is bound by look-ups or arithmetic, not by memory; streaming is what copying an array of the
batch's size reaches in the same run.
"""

import argparse
from typing import Any, Final

import numpy as np

from benchmarks.contest import best_of, one_core
from benchmarks.data import circumstances, pages, write_result
from moderation.judge import First, context_scores, line_scores, logits_of, page_facts
from moderation.kernel.context import FEATURES
from moderation.kernel.network import ABREAST
from moderation.labels import CONTENT
from moderation.lines import Lines, read_lines
from moderation.moderate import Moderator
from moderation.spans import find_spans
from moderation.text.batch import pack

ROUNDS: Final = 7


def array_bytes(*arrays: Any) -> int:
    """Bytes of all arrays together."""
    return sum(array.nbytes for array in arrays)


def of_lines(lines: Lines) -> int:
    """Bytes of everything that reading makes."""
    return array_bytes(*(getattr(lines, name) for name in Lines.__slots__ if name != "batch"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--store", action="store_true", help="store in benchmarks/results/account.json")
    args = parser.parse_args()
    one_core()
    model = Moderator.load().model
    if model.context is None or model.spans is None or model.outlook is None:
        raise SystemExit("account.py: the shipped model lacks a stage")
    context, outlook, tagger = model.context, model.outlook, model.spans
    batch = pack(pages())
    lines = read_lines(batch, model.tables)
    first = First(line_scores(lines, model.lines), logits_of(lines, outlook))
    facts = page_facts(lines, first)
    second = context_scores(lines, first, context)
    chosen = np.flatnonzero((second[:, CONTENT] >= 0.5) & ~lines.blank)
    content = int(np.diff(lines.fold_start)[chosen].sum())
    chars, visible = batch.codes.size, facts[3].size
    eighth = array_bytes(context.w1, context.say, context.w2) // ABREAST
    weights = (eighth + array_bytes(context.onwards, context.backwards)) // 2  # served in 16 bits
    stages = {
        "lines and folding": (array_bytes(batch.codes) + of_lines(lines), lambda: read_lines(batch, model.tables)),
        "first stage": (
            array_bytes(lines.folded, lines.shape_rows, first.probabilities) + 4 * 16 * lines.folded.size,
            lambda: line_scores(lines, model.lines),
        ),
        "outlook": (
            array_bytes(lines.folded, lines.shape_rows, first.foretold) + 4 * 16 * lines.folded.size,
            lambda: logits_of(lines, outlook),
        ),
        "page facts": (array_bytes(lines.counts, *facts) + 2 * lines.folded.nbytes, lambda: page_facts(lines, first)),
        "second stage with page facts": (
            array_bytes(*first, *facts, second) + visible * (4 * FEATURES + weights),
            lambda: context_scores(lines, first, context),
        ),
        "spans": (
            content * (4 + 1 + 4 * 4 + 2 * 16 + 16),
            lambda: find_spans(lines, chosen, model.lines, tagger, model.tables),
        ),
    }
    copied = np.empty_like(batch.codes)
    streaming = 2 * batch.codes.nbytes / best_of(lambda: np.copyto(copied, batch.codes), ROUNDS)
    rows: dict[str, dict[str, float]] = {}
    print(f"{chars:,} characters, {visible:,} visible lines; copying streams {streaming / 1e9:.1f} GB/s\n")
    print(f"{'stage':<30}{'bytes/char':>12}{'ns/char':>10}{'of streaming':>14}")
    for name, (touched, call) in stages.items():
        spent = best_of(call, ROUNDS)
        share = touched / streaming / spent
        rows[name] = {
            "bytes_a_character": round(touched / chars, 1),
            "nanoseconds_a_character": round(spent / chars * 1e9, 2),
            "share_of_streaming": round(share, 3),
        }
        print(f"{name:<30}{touched / chars:>12.1f}{spent / chars * 1e9:>10.2f}{share:>14.0%}")
    if args.store:
        result = {"stages_account": rows, "streaming_gigabytes_per_second": round(streaming / 1e9, 2)}
        print(f"stored in {write_result('account', result | circumstances(model))}")


if __name__ == "__main__":
    main()
