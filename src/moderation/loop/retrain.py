"""Corrections in, candidate out: adapt, measure, hold against the floors, write."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import orjson

from moderation.errors import UsageError
from moderation.loop.gate import MARGIN, Gate, gate
from moderation.loop.moment import now
from moderation.model.card import write_card
from moderation.model.model import Model
from moderation.model.store import save_model
from moderation.moderate import Moderator
from moderation.policy import load_policy
from moderation.train.corpus import authored_pages, held_out, trainable
from moderation.train.dataset import LabelledPage, page_record
from moderation.train.evaluate import judge_pages
from moderation.train.metrics import label_table, metrics

Say = Callable[[str], None]
TRIAL: Final = 5
"""One page in so many is left out of the trial run."""
FEWEST: Final = 10
"""Pages with corrections below which a trial would say nothing."""
POLICY: Final = "default"


@dataclass(frozen=True, slots=True)
class Source:
    """Labelled pages with the name of the file or store that they are from."""

    name: str
    pages: tuple[LabelledPage, ...]


@dataclass(frozen=True, slots=True)
class Learned:
    """Corrected lines, and the share of them that has the right label before and after, in [0, 1]."""

    lines: int
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class Retrained:
    """learned: on the corrections themselves. trial: on a fifth of them that a trial run was not shown; None where
    they are too few."""

    model: Model
    learned: Learned
    trial: Learned | None
    gate: Gate


def retrain(
    base: Model,
    sources: Sequence[Source],
    folder: Path,
    say: Say,
    *,
    margin: float = MARGIN,
    builtin: Sequence[LabelledPage] | None = None,
) -> Retrained:
    """Adapt the base model and write the candidate into `folder`; one that fails its gate is written and says so.

    sources: pages of the splits dev and test are measured on and not learned. builtin: pages to rehearse and to measure
    on, by their split (default: the authored corpus). Raises UsageError where there is nothing to learn.
    """
    builtin = authored_pages() if builtin is None else builtin
    own = [page for source in sources for page in source.pages]
    corrected = trainable(own)
    lines = sum(label is not None for page in corrected for label in page.labels)
    if not lines:
        raise UsageError("there is nothing to learn: no line has a correction outside the splits dev and test")
    say(f"{lines} corrected lines on {len(corrected)} pages; base model {base.id}")
    trial = try_out(base, corrected, builtin, say)
    model = adapted(base, corrected, builtin)
    learned = measure_learned(base, model, corrected)
    say("measuring on the built-in test pages")
    test = held_out(builtin)
    before, after = figures(base, test), figures(model, test)
    found = gate(base.manifest, before, after, margin)
    measured = {"test": split_figures(model, test)}
    if held_out(own):
        measured["own"] = split_figures(model, held_out(own))
    facts = {
        "name": folder.name,
        "training": [*base.manifest.get("training", ()), *map(describe, sources)],
        "metrics": measured,
        "retrained": {
            "base": base.id,
            "created": now(),
            "learned": rounded(learned),
            "trial": rounded(trial) if trial else None,
            "gate": found.record(),
        },
    }
    manifest = save_model(folder, model.stages, model.tables, facts)
    write_card(folder, manifest)
    return Retrained(replace(model, manifest=manifest), learned, trial, found)


def adapted(base: Model, corrected: Sequence[LabelledPage], builtin: Sequence[LabelledPage]) -> Model:
    """The base model with the corrections learned."""
    from moderation.train.adapt import adapt_model  # noqa: PLC0415  needs scikit-learn, which serving does not load

    return adapt_model(base, corrected, trainable(builtin))


def try_out(
    base: Model, corrected: Sequence[LabelledPage], builtin: Sequence[LabelledPage], say: Say
) -> Learned | None:
    """What to expect of lines like the corrected ones: learn from four fifths of the pages, measure on the rest."""
    if len(corrected) < FEWEST:
        return None
    say("trial run without a fifth of the pages")
    part = np.random.default_rng(0).permutation(len(corrected)) % TRIAL
    shown = [page for page, k in zip(corrected, part, strict=True) if k]
    left = [page for page, k in zip(corrected, part, strict=True) if not k]
    return measure_learned(base, adapted(base, shown, builtin), left)


def measure_learned(base: Model, model: Model, pages: Sequence[LabelledPage]) -> Learned:
    """The share of labelled lines that base and new model give the right label."""
    shares = []
    for one in (base, model):
        judged = judge_pages(moderator(one), pages)
        shares.append(float(np.mean(judged.label == judged.truth)) if judged.truth.size else 0.0)
    return Learned(int(judged.truth.size), shares[0], shares[1])


def moderator(model: Model) -> Moderator:
    """The model under the policy that figures are measured with."""
    return Moderator(model, load_policy(POLICY))


def figures(model: Model, pages: Sequence[LabelledPage]) -> dict[str, float]:
    """Every metric on the pages."""
    return metrics(judge_pages(moderator(model), pages))


def split_figures(model: Model, pages: Sequence[LabelledPage]) -> dict[str, Any]:
    """Figures as a manifest holds them."""
    judged = judge_pages(moderator(model), pages)
    return {
        "pages": len(pages),
        "lines": int(judged.truth.size),
        **{name: round(value, 4) for name, value in metrics(judged).items()},
        "labels": {row.label: round(row.f1, 3) for row in label_table(judged) if row.lines},
    }


def describe(source: Source) -> dict[str, Any]:
    """What the manifest says of a source; the digest is that of the pages' records."""
    labels: dict[str, int] = {}
    for page in source.pages:
        for label in page.labels:
            if label:
                labels[label] = labels.get(label, 0) + 1
    records = b"\n".join(orjson.dumps(page_record(page)) for page in source.pages)
    return {
        "name": source.name,
        "files": [source.name],
        "sha256": hashlib.sha256(records).hexdigest(),
        "pages": len(source.pages),
        "held_out_pages": len(held_out(source.pages)),
        "lines": sum(labels.values()),
        "spans": sum(len(page.spans) for page in source.pages),
        "labels": dict(sorted(labels.items())),
    }


def rounded(learned: Learned) -> dict[str, Any]:
    """As it stands in a manifest."""
    return {name: round(value, 4) if isinstance(value, float) else value for name, value in asdict(learned).items()}
