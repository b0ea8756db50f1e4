"""Which words of a line decided: the model's own weights, spread over characters and summed by word.

This is the first stage's view, a line by itself; what its neighbours add in the second stage has no words.
"""

import logging
import warnings
from functools import cache
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from moderation.judge import line_scores
from moderation.kernel.ngrams import LONGEST, ORDERS, gram_rows
from moderation.kernel.packing import unpacked
from moderation.labels import CONTENT, INDEX, NAMES
from moderation.lines import Lines, read_lines
from moderation.model.model import Model
from moderation.text.batch import pack

SHAPE: Final = "(shape)"
LARGE: Final = 0.5
"""Log odds from which on the shape of a line is named beside its words: they move even odds to 62 in 100."""


class Reason(NamedTuple):
    """`word`, at code points [start, end) of the line, moved the log odds of its label by `weight`."""

    word: str
    start: int
    end: int
    weight: float


class Contributions(NamedTuple):
    """What the log odds of a line are made of: their sum. chars: float64, one a character of the line.

    rest is what every line gets: bias, and the boundary marks on their own.
    """

    chars: NDArray[np.float64]
    shape: float
    rest: float


def explain(line: str, label: str, model: Model, top: int = 5) -> tuple[Reason, ...]:
    """The `top` words with the largest weights, whichever their sign.

    line: without its line break. label: the verdict's. Weights are for the label against content, or, where the label
    is content, against the likeliest other one. Raises TextError for a lone surrogate.
    """
    read = read_line(line, model)
    if read.blank[0]:
        return ()
    wanted = INDEX[label]
    against = CONTENT if wanted != CONTENT else runner_up(read, model)
    parts = contributions(read, model, wanted, against)
    total = np.concatenate([[0.0], np.cumsum(parts.chars)])
    found = [
        Reason(word, start, end, float(total[end] - total[start]))
        for word, start, end in tokenizer().tokenize(line)
        if not word.isspace()
    ]
    if abs(parts.shape) >= LARGE:
        found.append(Reason(SHAPE, 0, len(line), parts.shape))
    found.sort(key=lambda reason: (-abs(reason.weight), reason.start))
    return tuple(found[:top])


def judged_alone(line: str, model: Model) -> tuple[str, float]:
    """Label and probability that the first stage gives the line, without a look at its neighbours.

    The label is chosen as for a verdict: content where it is at least as likely as all others together.
    """
    scores = line_scores(read_line(line, model), model.lines)[0]
    label = CONTENT if scores[CONTENT] >= 0.5 else int(scores[CONTENT + 1 :].argmax()) + CONTENT + 1
    return NAMES[label], float(scores[label])


def read_line(line: str, model: Model) -> Lines:
    """The line as the model sees it: a batch of one."""
    return read_lines(pack([line]), model.tables)


def runner_up(read: Lines, model: Model) -> int:
    """Column of the likeliest label but for content."""
    return int(line_scores(read, model.lines)[0, CONTENT + 1 :].argmax()) + CONTENT + 1


def contributions(read: Lines, model: Model, wanted: int, against: int) -> Contributions:
    """Take the logit of `wanted` minus that of `against` (columns of the label table) apart."""
    stage = model.lines
    total = int(read.n_grams[0])
    rows = gram_rows(read.folded, read.fold_start, np.array([0, total]), stage.bits)
    scale = stage.gram_scale.astype(np.float64) / np.sqrt(total)
    picked = unpacked(stage.gram_weights[rows]).astype(np.float64)
    weight = picked[:, wanted] * scale[wanted] - picked[:, against] * scale[against]
    scored = min(LONGEST, read.folded.size)
    by_folded, marks = spread(weight, scored)
    chars = np.zeros(read.batch.codes.size)
    np.add.at(chars, read.source[:scored], by_folded)
    shape = stage.shape_weights[read.shape_rows[0]].sum(axis=0, dtype=np.float64)
    bias = stage.bias.astype(np.float64)
    return Contributions(chars, float(shape[wanted] - shape[against]), float(bias[wanted] - bias[against]) + marks)


def spread(weight: NDArray[np.float64], length: int) -> tuple[NDArray[np.float64], float]:
    """Share the weight of each n-gram evenly among the characters that it covers.

    weight: (grams,), in the order of gram_rows for one line of `length` folded characters. Returns (length,) and the
    sum for grams that cover a boundary mark alone.
    """
    begin = np.arange(-1, length + 1)
    sizes = np.minimum(ORDERS, length + 1 - begin)
    first = np.repeat(begin, sizes)
    last = first + np.arange(weight.size) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    covered = np.minimum(last, length - 1) - np.maximum(first, 0) + 1
    share = np.divide(weight, covered, out=np.zeros_like(weight), where=covered > 0)
    out = np.zeros(length)
    for step in range(ORDERS):
        at = first + step
        inside = (at >= 0) & (at < length) & (at <= last)
        np.add.at(out, at[inside], share[inside])
    return out, float(weight[covered == 0].sum())


@cache
def tokenizer() -> Any:
    """jieba, which reads its dictionary once; it writes to stderr on the way, unless told not to."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pkg_resources and unescaped patterns in jieba 0.42.1, its newest release
        import jieba  # noqa: PLC0415
    jieba.setLogLevel(logging.ERROR)
    jieba.initialize()
    return jieba
