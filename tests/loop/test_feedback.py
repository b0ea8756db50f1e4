"""Corrections: what is recorded, what is refused with the field's name, and the pages they make."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loop.adverts import page_lines
from moderation.loop.corrections import corrected_pages
from moderation.loop.feedback import CorrectionError, listed, record, withdraw
from moderation.loop.reading import kept_verdict
from moderation.loop.records import NewCorrection
from moderation.loop.store import Store
from moderation.loop.verdicts import forget, keep_verdicts
from moderation.moderate import Moderator
from moderation.train.dataset import LabelledSpan

ADVERT = "今晚八点锁定阿秋直播间，羊毛衫九块九上车"
PAGE = "\r\n".join(page_lines([ADVERT], 3))
LINE = PAGE.split("\r\n").index(ADVERT)
START = PAGE.index(ADVERT)
INSIDE = "市图书馆国庆假期照常开放，皇冠体育app下载，全天可用。"


def say(store: Store, moderator: Moderator, **fields: Any) -> str:
    """Record a correction of PAGE; its id."""
    given: dict[str, Any] = {"text": PAGE, "line": LINE, "label": "promo"} | fields
    new = NewCorrection(**given)
    return record(store, new, lambda: moderator).id


def keep(store: Store, moderator: Moderator, name: str = "v1", text: str = PAGE) -> None:
    """Keep the verdict on a page."""
    result = moderator.clean(text)
    kept = kept_verdict(name, "https://news.example/7", text, result, moderator.model, moderator.policy)
    keep_verdicts(store, [kept])


def test_a_correction_is_recorded_with_what_the_model_said(store: Store, moderator: Moderator) -> None:
    say(store, moderator, who="小林", note="直播带货")
    (found,), total = listed(store, 10)
    (said,) = (verdict.label for verdict in moderator.clean(PAGE).verdicts if verdict.line == LINE)
    assert total == 1
    assert (found.text, found.label, found.found) == (ADVERT, "promo", said)
    assert (found.model, found.policy, found.who, found.note) == (moderator.model.id, "default", "小林", "直播带货")
    assert found.created.endswith("Z")


def test_a_kept_verdict_is_named_instead_of_sending_the_page(store: Store, moderator: Moderator) -> None:
    keep(store, moderator)
    say(store, moderator, text=None, verdict="v1")
    (found,), _ = listed(store, 10)
    assert (found.verdict, found.document, found.text) == ("v1", "https://news.example/7", ADVERT)


def test_the_page_is_used_where_the_verdict_was_not_kept(store: Store, moderator: Moderator) -> None:
    say(store, moderator, verdict="v-unknown")
    (found,), _ = listed(store, 10)
    assert (found.verdict, found.text) == (None, ADVERT)


@pytest.mark.parametrize(
    ("fields", "field", "sentence"),
    [
        ({"text": None}, "verdict", "name a kept verdict, or send the page as `text`"),
        ({"text": None, "verdict": "v9"}, "verdict", "no kept verdict 'v9'; send the page as `text`"),
        ({"line": 99}, "line", "the page has the lines 0 to 9, found 99"),
        ({"line": -1}, "line", "the page has the lines 0 to 9, found -1"),
        ({"text": "首页\n\u3000\n", "line": 1}, "line", "line 1 is blank"),
        ({"label": "advert"}, "label", "unknown label 'advert'; known labels: content (C)"),
        ({"start": START}, "end", "a span has both start and end"),
        ({"start": 0, "end": 2}, "start", f"[0, 2) must lie within line {LINE}, which is [{START}, "),
        ({"start": START + 5, "end": START + 5}, "start", "must lie within line"),
        ({"note": "长" * 2001}, "note", "at most 2000 characters"),
        ({"text": "首页\ud800", "line": 0}, "text", "holds a lone surrogate at 2"),
    ],
)
def test_a_correction_that_makes_no_sense_is_refused_by_its_field(
    store: Store, moderator: Moderator, fields: dict[str, Any], field: str, sentence: str
) -> None:
    with pytest.raises(CorrectionError) as caught:
        say(store, moderator, **fields)
    assert caught.value.field == field
    assert caught.value.sentence.startswith(sentence) or sentence in caught.value.sentence
    assert listed(store, 10) == ([], 0)


def test_the_last_correction_of_a_line_counts_and_others_have_no_label(store: Store, moderator: Moderator) -> None:
    for label in ("seo", "promo"):
        say(store, moderator, label=label)
    (page,) = corrected_pages(store)
    assert page.lines == tuple(PAGE.split("\r\n"))
    assert [label for label in page.labels if label] == ["promo"]
    assert page.labels[LINE] == "promo"


def test_a_withdrawn_correction_counts_no_more_and_stays_on_record(store: Store, moderator: Moderator) -> None:
    say(store, moderator, label="promo")
    withdrawn = withdraw(store, say(store, moderator, label="content"))
    assert withdrawn is not None
    assert withdrawn.withdrawn
    (page,) = corrected_pages(store)
    assert page.labels[LINE] == "promo"
    assert listed(store, 10)[1] == 2
    assert withdraw(store, "no such id") is None


def spans_after(store: Store, moderator: Moderator, *corrections: tuple[int, int, str]) -> tuple[LabelledSpan, ...]:
    """The spans of INSIDE, a page of one line, after corrections of places in it."""
    for start, end, label in corrections:
        say(store, moderator, text=INSIDE, line=0, start=start, end=end, label=label)
    (page,) = corrected_pages(store)
    assert page.labels == ("content",)
    return page.spans


def test_a_marked_span_makes_its_line_content(store: Store, moderator: Moderator) -> None:
    (span,) = spans_after(store, moderator, (13, 22, "gambling"))
    assert INSIDE[span.start : span.end] == "皇冠体育app下载"
    assert span.label == "gambling"


def test_the_last_correction_of_a_place_counts(store: Store, moderator: Moderator) -> None:
    found = spans_after(store, moderator, (0, 5, "promo"), (13, 20, "gambling"), (12, 24, "gambling"))
    assert [(span.start, span.end) for span in found] == [(0, 5), (12, 24)]


def test_a_span_that_is_said_to_be_content_is_no_junk(store: Store, moderator: Moderator) -> None:
    found = spans_after(store, moderator, (13, 20, "gambling"), (0, 5, "promo"), (13, 20, "content"))
    assert [(span.start, span.end) for span in found] == [(0, 5)]


def test_a_label_of_the_whole_line_ends_its_spans(store: Store, moderator: Moderator) -> None:
    say(store, moderator, text=INSIDE, line=0, start=13, end=20, label="gambling")
    say(store, moderator, text=INSIDE, line=0, label="gambling")
    (page,) = corrected_pages(store)
    assert (page.labels, page.spans) == (("gambling",), ())


def test_old_verdicts_go_and_corrections_stay_with_their_pages(store: Store, moderator: Moderator) -> None:
    keep(store, moderator, "v1")
    keep(store, moderator, "v2", "首页 | 新闻\n市图书馆照常开放，自助还书机全天可用。")
    say(store, moderator, text=None, verdict="v1")
    assert forget(store, 1) == 0
    assert forget(store, 0) == 2
    (page,) = corrected_pages(store)
    assert page.text == PAGE.replace("\r", "")
    with pytest.raises(CorrectionError, match="no kept verdict"):
        say(store, moderator, text=None, verdict="v2", line=0)


@settings(deadline=None)
@given(
    text=st.text(st.sampled_from("正文 \n\r\t\u200b\x00\ud800👋广告。"), max_size=30),
    line=st.integers(-1, 6),
    data=st.data(),
)
def test_any_page_is_corrected_at_the_right_place_or_refused(
    text: str, line: int, data: st.DataObject, moderator: Moderator
) -> None:
    span = data.draw(st.none() | st.tuples(st.integers(-1, 31), st.integers(-1, 31)))
    start, end = span or (None, None)
    store = Store.open(":memory:")
    try:
        new = NewCorrection(text=text, line=line, label="promo", start=start, end=end)
        found = record(store, new, lambda: moderator)
    except CorrectionError:
        assert listed(store, 10) == ([], 0)
    else:
        assert found.text == text.split("\n")[line].removesuffix("\r")
        (page,) = corrected_pages(store)
        assert page.lines == tuple(part.removesuffix("\r") for part in text.split("\n"))
        assert page.labels[line] == ("promo" if span is None else "content")
        for one in page.spans:
            if span is not None and (one.label, one.line) == ("promo", line):
                assert page.lines[line][one.start : one.end] == text[slice(*span)]
    finally:
        store.close()
