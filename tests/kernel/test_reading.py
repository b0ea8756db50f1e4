"""Splitting, folding, shape and n-grams: the kernels are their twins, number for number."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.equal import assert_same
from kernel.samples import DOCUMENT_LISTS, DOCUMENTS, NAMES, lines_of
from moderation.kernel import lines, ngrams, reference, shape
from moderation.lines import entries_of
from moderation.text.batch import pack
from moderation.text.tables import built_tables

BITS = 12
WEIGHTS = np.random.default_rng(7).integers(-(2**31), 2**31, (1 << BITS, 4)).astype(np.int32)


def assert_read_alike(texts: list[str]) -> None:
    """Every kernel that reads text, against its twin."""
    batch, tables = pack(texts), built_tables()
    start, end, _, _ = split = reference.split_lines(batch.codes, batch.doc_start)
    table = tables.page, tables.fold_delta, tables.char_class, tables.reading_char, tables.reading_start, tables.reading
    pairs = tables.pair_key, tables.pair_to
    line, fold_start, source = folded = reference.fold_lines(batch.codes, start, end, *table, *pairs)
    kinds = [reference.looked_up(code, tables.page, tables.char_class, 0) for code in batch.codes[source].tolist()]
    shapes = reference.shape_rows(batch.codes, start, end, tables.page, tables.char_class)
    found = lines.read_text(batch.codes, batch.doc_start, entries_of(tables), *table, *pairs)
    assert_same(found, (*split, *folded, np.array(kinds, np.uint8), *shapes))
    assert shapes[0].size == 0 or (shapes[0].min() >= 0 and shapes[0].max() < shape.ROWS)
    n_grams = ngrams.count_grams(fold_start)
    assert_same(n_grams, reference.count_grams(fold_start))
    gram_start = np.concatenate([[0], np.cumsum(n_grams)])
    rows = ngrams.gram_rows(line, fold_start, gram_start, BITS)
    assert_same(rows, reference.gram_rows(line, fold_start, gram_start, BITS))
    sums = ngrams.sum_rows(line, fold_start, WEIGHTS, BITS)
    assert_same(sums, reference.sum_rows(line, fold_start, WEIGHTS, BITS))


@pytest.mark.parametrize("name", NAMES)
def test_text_is_read_as_its_twin_reads_it(name: str) -> None:
    assert_read_alike(DOCUMENTS[name])


@settings(max_examples=150, deadline=None)
@given(DOCUMENT_LISTS)
def test_any_text_is_read_as_its_twin_reads_it(texts: list[str]) -> None:
    assert_read_alike(texts)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.text("澳门葡京a8 ·.❤★🔥、亻言扣薇信v\u200b\n", max_size=30), max_size=3))
def test_disguised_text_is_read_as_its_twin_reads_it(texts: list[str]) -> None:
    assert_read_alike(texts)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.sampled_from(["The", "town ", "is", " a", ".", ". ", "J.", "é", "Он", "Москва ", "市", "1", "\u200b", '"']),
        max_size=20,
    )
)
def test_words_of_other_languages_are_counted_as_the_twin_counts_them(pieces: list[str]) -> None:
    assert_read_alike(["".join(pieces)])


@pytest.mark.parametrize(
    ("line", "count", "last"),
    [
        ("The vote took place on Monday.", 1, 6),
        ("Dr. Smith said no. He left.", 3, 6),
        ("config.py v1.2", 0, 3),
        ("今天看了U.S.A. 的新闻", 0, 1),
        ("...", 0, 0),
    ],
)
def test_full_stops_of_sentences_are_sentence_ends(line: str, count: int, last: int) -> None:
    read = lines_of([line])
    assert (read.counts[0, 6], read.ends[0, 1]) == (count, last)


@settings(max_examples=50, deadline=None)
@given(DOCUMENT_LISTS)
def test_lines_and_their_breaks_make_the_documents_again(texts: list[str]) -> None:
    read = lines_of(texts)
    start, end, behind, first = read.line_start, read.line_end, read.line_next, read.first_line
    joined = "".join(texts)
    for d, text in enumerate(texts):
        of_doc = slice(first[d], first[d + 1])
        assert "".join(joined[a:b] for a, b in zip(start[of_doc], behind[of_doc], strict=True)) == text
    assert {joined[a:b] for a, b in zip(end, behind, strict=True)} <= {"\n", "\r\n", ""}


def folded_text(text: str) -> str:
    """One line's folded copy."""
    return reference.text_of(lines_of([text]).folded)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ＡＢＣ　１２３", "abc 000"),
        ("  首页 \t　新闻  ", "首页 新闻"),
        ("零\u200b宽 \u200b 格", "零宽 格"),
        ("發(fā)布會（huì）", "发布会"),
        ("關(guan)鍵，訪(訪)問", "关键,访问"),
        ("驴(lǘ)驴(lv)驴(LV)", "驴驴驴"),
        ("绿(lǜ)女(nǚ)", "绿女"),
        ("发(xx)布()", "发(xx)布()"),
        ("发(fa", "发(fa"),
        ("发(fā)(fā)布", "发(fa)布"),
        ("a(a)", "a(a)"),
        (" \u200b\ufeff　", ""),
        ("澳·门·新·葡·京", "澳门新葡京"),
        ("请加 薇 信 号：abc", "请加 微信号:abc"),
        ("皇❤冠❤体育", "皇冠体育"),
        ("ｂ*ｅ*ｔ*3*6*5", "bet000"),
        ("🅥🆇①③⑧", "vx000"),
        ("BЕТ365 ᴠɪᴘ", "bet000 vip"),
        ("加薇亻言，扣扣12", "加微信,qq00"),
        ("目　录", "目 录"),
        ("前 言　第一章", "前 言 第一章"),
        ("甲、乙、丙、丁", "甲、乙、丙、丁"),
        ("新闻 | 图片 | 视频", "新闻 | 图片 | 视频"),
        ("1.2.3.4", "0.0.0.0"),
        ("雪❄️6月", "雪❄0月"),
    ],
)
def test_folding_sees_through_disguises_and_through_nothing_else(text: str, expected: str) -> None:
    assert folded_text(text) == expected


def test_source_leads_from_every_folded_character_to_the_one_it_came_from() -> None:
    texts = ["　發(fā)布\n首页", "ＡＢ 关（guan）键"]
    read = lines_of(texts)
    assert ["".join(texts)[i] for i in read.source] == list("發布首页ＡＢ 关键")


@pytest.mark.parametrize("row", ["0 1 ", "1·", "a 1 - ", "7  8  ", "甲 乙 丙丁 "])
def test_a_long_row_of_single_characters_is_gone_through_once_and_not_from_each_of_them(row: str) -> None:
    text = row * 150_000  # minutes, where each of them is tried as the first of a run
    assert len(lines_of([text]).blank) == 1


def test_a_line_is_blank_exactly_where_it_has_no_n_grams() -> None:
    read = lines_of(["首页\n \n\u200b\n\n一"])
    assert read.blank.tolist() == [False, True, True, True, False]
    assert read.n_grams.tolist() == [10, 0, 0, 0, 6]


def test_an_empty_line_adds_up_nothing() -> None:
    read = lines_of(["\n　\n"])
    assert not ngrams.sum_rows(read.folded, read.fold_start, WEIGHTS, BITS).any()


def test_what_stands_behind_the_longest_line_is_not_scored() -> None:
    line = np.random.default_rng(3).integers(0x4E00, 0x9FA5, ngrams.LONGEST + 50).astype(np.uint32)
    long, cut = np.array([0, line.size]), np.array([0, ngrams.LONGEST])
    n_grams = ngrams.count_grams(long)
    assert_same(n_grams, ngrams.count_grams(cut))
    sums = ngrams.sum_rows(line, long, WEIGHTS, BITS)
    assert_same(sums, ngrams.sum_rows(line[: ngrams.LONGEST], cut, WEIGHTS, BITS))
    rows = ngrams.gram_rows(line, long, np.array([0, n_grams[0]]), BITS)
    assert_same(sums[0], reference.row_numbers(WEIGHTS)[rows].sum(0, dtype=np.int32))


def test_the_hash_is_the_one_that_published_models_were_trained_with() -> None:
    read = lines_of(["首页"])
    rows = ngrams.gram_rows(read.folded, read.fold_start, np.array([0, 10]), 18)
    assert ngrams.HASH_VERSION == 1
    assert rows.tolist() == [209823, 82167, 240362, 210291, 113040, 260409, 27932, 126762, 45285, 209823]
