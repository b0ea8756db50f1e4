"""The queue and the statistics, over kept verdicts."""

from dataclasses import replace

import pytest

from loop.adverts import adverts, page_lines
from moderation.loop.feedback import record
from moderation.loop.queue import OF_A_PAGE, queue
from moderation.loop.reading import doubt, kept_verdict, line_digests
from moderation.loop.records import KeptVerdict, NewCorrection
from moderation.loop.stats import statistics
from moderation.loop.store import Store
from moderation.loop.verdicts import keep_verdicts
from moderation.moderate import Moderator

PAGES = 20


@pytest.fixture
def kept(store: Store, moderator: Moderator) -> list[KeptVerdict]:
    """Pages with two advertisements each, of which the model is unsure."""
    lines = adverts(2 * PAGES, seed=1)
    texts = ["\n".join(page_lines(lines[2 * n : 2 * n + 2], n)) for n in range(PAGES)]
    found = [
        kept_verdict(f"v{n}", f"https://news.example/{n}", text, result, moderator.model, moderator.policy)
        for n, (text, result) in enumerate(zip(texts, moderator.clean_many(texts), strict=True))
    ]
    keep_verdicts(store, found)
    return found


@pytest.mark.usefixtures("kept")
def test_the_most_useful_lines_come_first_each_once_and_few_of_a_page(store: Store, moderator: Moderator) -> None:
    found = queue(store, 30)
    assert found.verdicts == PAGES
    assert found.lines_kept > 9 * PAGES
    uses = [line.use for line in found.lines]
    assert uses == sorted(uses, reverse=True)
    assert all(line.reasons for line in found.lines)
    digests = line_digests([line.text for line in found.lines], moderator.model)
    assert len(set(digests)) == len(digests)
    assert max(sum(line.page == other.page for other in found.lines) for line in found.lines) <= OF_A_PAGE


@pytest.mark.usefixtures("kept")
def test_the_advertisements_that_the_model_does_not_know_are_most_of_what_is_asked_for(store: Store) -> None:
    asked = queue(store, 10).lines
    assert sum(line.text in adverts(2 * PAGES, seed=1) for line in asked) >= 6


@pytest.mark.usefixtures("kept")
def test_a_line_of_the_queue_stands_in_its_page(store: Store, kept: list[KeptVerdict]) -> None:
    for line in queue(store, 5).lines:
        page = next(verdict for verdict in kept if verdict.id == line.verdict)
        assert page.text[line.start : line.end] == line.text == page.text.split("\n")[line.line]
        assert [near.text for near in line.before] == page.text.split("\n")[max(0, line.line - 2) : line.line]
        assert [near.text for near in line.after] == page.text.split("\n")[line.line + 1 : line.line + 3]


@pytest.mark.usefixtures("kept")
def test_what_is_labelled_does_not_come_back(store: Store, moderator: Moderator) -> None:
    first = queue(store, 3).lines
    for line in first:
        record(store, NewCorrection(verdict=line.verdict, line=line.line, label="promo"), lambda: moderator)
    found = queue(store, 40)
    assert found.labelled == 3
    assert not {line.text for line in first} & {line.text for line in found.lines}


@pytest.mark.usefixtures("kept")
def test_a_candidate_that_says_otherwise_puts_lines_first(store: Store, moderator: Moderator) -> None:
    bias = moderator.model.lines.bias.copy()
    bias[9] += 3
    lines = replace(moderator.model.lines, bias=bias)
    candidate = Moderator(replace(moderator.model, lines=lines), moderator.policy)
    found = queue(store, 10, candidate).lines
    assert "candidate" in found[0].reasons
    assert found[0].candidate is not None
    assert found[0].candidate.label != found[0].label or found[0].use > 1


def test_an_empty_store_has_an_empty_queue(store: Store, moderator: Moderator) -> None:
    assert queue(store, 10, moderator).lines == ()
    assert statistics(store, 30, 10).volumes == ()


@pytest.mark.parametrize(
    ("junk", "threshold", "expected"),
    [(0.5, 0.5, 1), (1, 0.5, 0), (0, 0.5, 0), (0.25, 0.5, 0.5), (0.95, 0.9, 0.5), (0.3, 0.0, 0.7), (1.0, 1.0, 1)],
)
def test_doubt_is_one_at_the_threshold_and_none_at_the_ends(junk: float, threshold: float, expected: float) -> None:
    assert doubt(junk, threshold) == pytest.approx(expected)


def test_lines_that_differ_in_digits_and_width_alone_are_one(moderator: Moderator) -> None:
    one, same, other = line_digests(["阅读 1204 次", "阅读　９８２３ 次", "阅读 1204 回"], moderator.model)
    assert one == same
    assert one != other


def test_statistics_count_days_labels_and_removed_lines(store: Store, kept: list[KeptVerdict]) -> None:
    keep_verdicts(store, [replace(kept[0], id="long ago")], created="2020-01-01T00:00:00.000000Z")
    found = statistics(store, 30, 2)
    lines = [line for verdict in kept for line in verdict.lines]
    assert sum(volume.lines for volume in found.volumes) == len(lines)
    assert sum(volume.chars for volume in found.volumes) == sum(line.end - line.start for line in lines)
    assert sum(volume.dropped for volume in found.volumes) == sum(line.action == "drop" for line in lines)
    assert found.verdicts == PAGES + 1
    assert [line.count for line in found.removed] == [PAGES, PAGES]
    assert {line.text for line in found.removed} <= {text for verdict in kept for text in verdict.text.split("\n")}
