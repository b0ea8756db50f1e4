"""Corrections into a model that is there, without the data it was trained on.

Every stage is pulled three ways: to the corrected labels, to what the base model itself says of pages that come with
the package (rehearsal by distillation: Li and Hoiem, Learning without Forgetting, 2016), and to the base model's
weights (a proximal penalty). In the first stage only rows of n-grams that occur in corrected lines may move: every
other weight stays bit for bit.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from threadpoolctl import threadpool_limits

from moderation.errors import UsageError
from moderation.labels import CONTENT, INDEX, NAMES
from moderation.model.model import Model
from moderation.train.adapt_context import adapt_context
from moderation.train.adapt_lines import adapt_lines
from moderation.train.adapt_spans import adapt_spans
from moderation.train.dataset import LabelledPage


@dataclass(frozen=True, slots=True, kw_only=True)
class AdaptOptions:
    """weight, span_weight: what a corrected line, and a character of one, counts beside a rehearsed one. pull,
    context_pull, span_pull: penalties on weights that move, in the two stages and the span tagger. gram: weight of an
    n-gram's feature, as in LineOptions."""

    weight: float = 10.0
    span_weight: float = 8.0
    pull: float = 0.3
    context_pull: float = 30.0
    span_pull: float = 1.0
    gram: float = 0.2
    iterations: int = 60


DEFAULTS: Final = AdaptOptions()


def adapt_model(
    base: Model, corrected: Sequence[LabelledPage], rehearsed: Sequence[LabelledPage], options: AdaptOptions = DEFAULTS
) -> Model:
    """The base model with the labels of `corrected` learned; the manifest is still the base's.

    corrected: a label may be None for a line that nobody labelled; it is seen as a neighbour. rehearsed: pages of which
    the model shall go on saying what it says; their labels are not looked at. The same input gives the same model.
    Raises UsageError where no line has a label.
    """
    learned = [(line, label) for page in corrected for line, label in [*labelled(page), *pieces(page)]]
    if not learned:
        raise UsageError("the corrections hold no labelled line that is not blank")
    rehearsed_lines = [line for page in rehearsed for line in page.lines if line.strip()]
    others = [line for page in corrected for line in unlabelled(page)] + rehearsed_lines
    weight = max(1.0, min(options.weight, len(others) / len(learned)))  # the corrections never outweigh the rehearsal
    steps = options.iterations
    context, spans = base.context, base.spans
    with threadpool_limits(1):  # beside other work, BLAS threads only wait for each other
        lines = adapt_lines(
            base,
            [line for line, _ in learned],
            np.array([INDEX[label] for _, label in learned], np.int64),
            others,
            weight=weight,
            pull=options.pull,
            gram=options.gram,
            iterations=steps,
        )
        if context is not None:
            pull = options.context_pull
            context = adapt_context(
                base, context, lines, corrected, rehearsed, weight=weight, pull=pull, iterations=steps
            )
        if spans is not None:
            pull, share = options.span_pull, min(weight, options.span_weight)
            spans = adapt_spans(
                base, spans, lines, corrected, rehearsed_lines, weight=share, pull=pull, iterations=steps
            )
    return replace(base, lines=lines, context=context, spans=spans)


def labelled(page: LabelledPage) -> list[tuple[str, str]]:
    """The lines that have a label, with it."""
    return [(line, label) for line, label in zip(page.lines, page.labels, strict=True) if label and line.strip()]


def pieces(page: LabelledPage) -> list[tuple[str, str]]:
    """The junk inside lines, each piece by itself, and what is left of the line.

    A content line with junk in it teaches that all its words are content; its pieces say which of them are.
    """
    found = [(page.lines[span.line][span.start : span.end], span.label) for span in page.spans]
    for number in sorted({span.line for span in page.spans}):
        cut = {i for span in page.spans if span.line == number for i in range(span.start, span.end)}
        found.append(("".join(c for i, c in enumerate(page.lines[number]) if i not in cut), NAMES[CONTENT]))
    return [(text, label) for text, label in found if text.strip()]


def unlabelled(page: LabelledPage) -> list[str]:
    """The lines that nobody labelled."""
    return [line for line, label in zip(page.lines, page.labels, strict=True) if not label and line.strip()]
