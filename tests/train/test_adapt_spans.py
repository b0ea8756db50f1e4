"""Corrected spans: one that is denied is found no more, one that is shown is found, and others stay."""

import numpy as np
import pytest

from kernel.samples import ARTICLE
from moderation.lines import read_lines
from moderation.model.model import Model, SpanModel
from moderation.model.store import load_model
from moderation.spans import find_spans
from moderation.text.batch import pack
from moderation.train.adapt_spans import adapt_spans
from moderation.train.dataset import LabelledPage, LabelledSpan

HEAD = "老街修缮工程今年五月完工"
KNOWN = f"{HEAD}_新葡京娱乐城官网"
SHOWN = "◆栀子巷代写◆"
OTHER = "河道清淤月底前结束-澳门威尼斯人网上赌场"


@pytest.fixture(scope="module")
def base() -> Model:
    return load_model()


def found(base: Model, spans: SpanModel, line: str) -> list[str]:
    """The spans of a line."""
    lines = read_lines(pack([line]), base.tables)
    own = find_spans(lines, np.array([0]), base.lines, spans, base.tables)
    return [line[a:b] for a, b in zip(own.start.tolist(), own.end.tolist(), strict=True)]


def adapted(base: Model, line: str, spans: tuple[LabelledSpan, ...] = ()) -> SpanModel:
    """The tagger and its judge after one corrected line, with an article and a title to rehearse on."""
    assert base.spans is not None
    page = LabelledPage("live", (line,), ("content",), spans)
    rehearsed = [*ARTICLE.split("\n"), OTHER]
    return adapt_spans(base, base.spans, base.lines, [page], rehearsed, weight=20, pull=1e-3, iterations=80)


def test_a_span_that_a_correction_denies_is_found_no_more(base: Model) -> None:
    assert base.spans is not None
    assert found(base, base.spans, KNOWN) == ["_新葡京娱乐城官网"]
    assert found(base, adapted(base, KNOWN), KNOWN) == []


def test_a_span_that_a_correction_shows_is_found_and_others_stay(base: Model) -> None:
    line = f"{HEAD}{SHOWN}"
    after = adapted(base, line, (LabelledSpan(0, len(HEAD), len(line), "illicit"),))
    assert [span.strip("◆") for span in found(base, after, line)] == [SHOWN.strip("◆")]
    assert found(base, after, OTHER) == ["-澳门威尼斯人网上赌场"]


def test_trees_stay_as_they_are_and_weights_beside_them_move(base: Model) -> None:
    assert base.spans is not None
    line = f"{HEAD}{SHOWN}"
    after = adapted(base, line, (LabelledSpan(0, len(HEAD), len(line), "illicit"),))
    assert np.array_equal(after.leaf, base.spans.leaf)
    assert not np.array_equal(after.accept, base.spans.accept)
