"""Labelled pages to a serving model: first stage, out-of-fold scores, second stage, manifest and card."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from moderation.errors import UsageError
from moderation.model.card import write_card
from moderation.model.model import Model
from moderation.model.store import save_model
from moderation.moderate import Moderator
from moderation.policy import load_policy
from moderation.text.tables import built_tables
from moderation.train.by_kind import by_kind_record
from moderation.train.corpus import held_out, trainable
from moderation.train.dataset import LabelledPage
from moderation.train.evaluate import judge_pages
from moderation.train.features import line_features
from moderation.train.fit_context import (
    fit_context_model,
    fits_of,
    fold_of_pages,
    out_of_fold,
    page_features,
    table_of,
    with_excerpts,
)
from moderation.train.fit_lines import LineOptions, fit_on_features
from moderation.train.fit_network import ContextOptions
from moderation.train.fit_outlook import OPTIONS as OUTLOOK_OPTIONS
from moderation.train.fit_outlook import fit_outlook
from moderation.train.fit_spans import SpanOptions, fit_spans
from moderation.train.generate import generate_pages
from moderation.train.metrics import bootstrap_interval, label_table, metrics

Say = Callable[[str], None]
OWN_WEIGHT: Final = 4.0
"""What a line of somebody's own pages counts in the second stage beside one of the authored corpus: what stands next to
what differs between crawls. In the first stage it counts once, since what words mean does not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainOptions:
    """generated: pages to generate, as a multiple of the pages given. context: whether to fit the second stage.

    generated_weight: what a generated line counts beside a given one. generated_for_spans: pages that the span tagger
    learns from, as a multiple of those given: with more of them, it learns the generator's spans.
    """

    generated: float = 1.0
    generated_weight: float = 0.5
    generated_for_spans: float = 0.5
    context: bool = True
    seed: int = 20261122
    jobs: int = 2
    line_options: LineOptions = field(default_factory=LineOptions)
    outlook_options: LineOptions = OUTLOOK_OPTIONS
    context_options: ContextOptions = field(default_factory=ContextOptions)
    span_options: SpanOptions = field(default_factory=SpanOptions)


def train_model(pages: Sequence[LabelledPage], options: TrainOptions, say: Say) -> Model:
    """Fit on the pages that may be learned from; pages of the splits `dev` and `test` are left out.

    Raises UsageError when fewer than two labels remain, or, with the second stage, fewer than two pages.
    """
    given = trainable(pages)
    if len({label for page in given for label in page.labels if label}) < 2:
        raise UsageError("training needs lines of at least two labels outside the splits dev and test")
    several = len({source_of(page) for page in given}) > 1
    if options.context and not several:
        raise UsageError(
            "the second stage learns from scores of pages not seen and needs at least two pages outside the splits dev "
            "and test, found 1; add pages or train with --no-context"
        )
    count = round(len(given) * options.generated)
    made = list(generate_pages(given, count, options.seed)) if count else []
    weight = np.concatenate([np.ones(len(given)), np.full(len(made), options.generated_weight)])
    table = table_of([*given, *made], weight)
    say(f"{len(given)} pages and {len(made)} generated ones, {len(table.lines)} lines: fitting the line model")
    tables = built_tables()
    features = line_features(table.lines, tables, options.line_options.bits)
    lines = fit_on_features(features, table.labels, table.weight, options.line_options)
    context = outlook = None
    if options.context:
        say("fitting what lines foretell of the lines around them")
        fits = fits_of(table, features, tables, options.line_options, options.outlook_options, options.seed)
        everything = np.ones(len(table.lines), np.bool_)
        outlook = fit_outlook(fits.ahead, table.labels, fits.asked, table.weight, everything, fits.outlook)
        say("scoring every page by a first stage that has not seen it")
        fold = fold_with_sources([*given, *made], options.context_options.folds, options.seed)
        first = out_of_fold(table, fits, fold, tables, options.jobs)
        say("fitting the context model")
        own = np.array([page.weight for page in given] + [1.0] * len(made))
        weighted = replace(table, weight=table.weight * own[table.page])
        seen, first = with_excerpts(weighted, first, options.seed)
        around = page_features(seen, first, tables)
        chosen = options.context_options
        context = fit_context_model(around, seen.labels, seen.page, seen.weight, chosen, chosen.seed)
    spans = None
    if several and any(page.spans for page in given):
        say("fitting the span tagger")
        marked = [*given, *made[: round(len(given) * options.generated_for_spans)]]
        fold = fold_with_sources(marked, options.span_options.folds, options.seed)
        spans = fit_spans(marked, fold, lines, tables, options.span_options, options.seed, options.jobs)
    return Model(lines, context, spans, tables, {"name": "unsaved", "digest": "0" * 64}, outlook)


def fold_with_sources(pages: Sequence[LabelledPage], folds: int, seed: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Folds in which a generated page (`<id>~…`) falls where the page falls that it was made from."""
    names = sorted({source_of(page) for page in pages})
    of_name = dict(zip(names, fold_of_pages(len(names), folds, seed), strict=True))
    return np.array([of_name[source_of(page)] for page in pages], np.int64)


def source_of(page: LabelledPage) -> str:
    """The id of the page that a generated page was made from, or the page's own."""
    return page.id.partition("~")[0]


def train_and_save(
    pages: Sequence[LabelledPage], sources: Sequence[dict[str, Any]], folder: Path, options: TrainOptions, say: Say
) -> Model:
    """Train, measure on the held-out pages, write model, manifest and card into `folder`."""
    model = train_model(pages, options, say)
    facts = {
        "name": folder.name,
        "training": list(sources),
        "options": asdict(options) | {"jobs": None},
        "metrics": measure(model, pages, say),
    }
    manifest = save_model(folder, model.stages, model.tables, facts)
    write_card(folder, manifest)
    return replace(model, manifest=manifest)


def measure(model: Model, pages: Sequence[LabelledPage], say: Say) -> dict[str, Any]:
    """Figures on the held-out pages, by split; with intervals by page, by spam label and by kind of page."""
    moderator = Moderator(model, load_policy("default"))
    found: dict[str, Any] = {}
    once = {(page.id, tuple(page.lines)): page for page in held_out(pages)}  # a file may be given more than once
    for split in ("dev", "test"):
        part = [page for page in once.values() if page.split == split]
        if part:
            say(f"measuring on {len(part)} pages of the split {split}")
            judged = judge_pages(moderator, part)
            figures = metrics(judged)
            intervals = bootstrap_interval(judged, list(figures)) if judged.truth.size else {}
            found[split] = {
                "pages": len(part),
                "lines": int(judged.truth.size),
                **{name: round(value, 4) for name, value in figures.items()},
                "intervals": {name: [round(low, 4), round(high, 4)] for name, (low, high) in intervals.items()},
                "labels": {row.label: round(row.f1, 3) for row in label_table(judged) if row.lines},
                **by_kind_record(judged, part),
            }
    return found
