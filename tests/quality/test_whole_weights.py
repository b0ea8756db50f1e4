"""The second stage is served in whole numbers of 16 bits and trained in float32: both judge alike."""

import numpy as np

from moderation.judge import First, context_scores, line_scores, logits_of, surroundings
from moderation.kernel.context import visible_lines
from moderation.kernel.score import softmax
from moderation.labels import CONTENT
from moderation.lines import read_lines
from moderation.model.store import load_model
from moderation.text.batch import pack
from moderation.train.corpus import authored_pages
from moderation.train.page_network import FIELDS, forward


def test_what_is_served_judges_as_what_was_trained() -> None:
    model = load_model()
    assert model.context is not None
    assert model.outlook is not None
    lines = read_lines(pack([page.text for page in authored_pages() if page.split == "test"]), model.tables)
    first = First(line_scores(lines, model.lines), logits_of(lines, model.outlook))
    features, visible = surroundings(lines, first)
    _, begins = visible_lines(lines.blank, lines.first_line)
    weights = {name: getattr(model.context, name) for name in FIELDS}
    trained = forward(weights, np.clip(features, model.context.low, model.context.high), begins)
    full = softmax(trained.logits)
    whole = context_scores(lines, first, model.context)[visible]
    assert len(whole) > 30_000
    assert (full.argmax(1) == whole.argmax(1)).mean() >= 0.9995
    assert ((full[:, CONTENT] >= 0.5) == (whole[:, CONTENT] >= 0.5)).mean() >= 0.9995
    assert np.abs(full - whole).max() < 0.01
