"""Bracketed readings and the marks of damage: the kernels against slow twins that are written from the definitions."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from kernel.samples import DOCUMENT_LISTS, DOCUMENTS, NAMES, TEXTS
from moderation.kernel import reference
from moderation.kernel.cloaking import (
    CAPITAL,
    CLOAKS,
    COMMON,
    DOUBLED,
    PINYIN,
    TONED,
    annotated_brackets,
    bracket_signs,
    toned_words,
)
from moderation.kernel.repair import DAMAGE, INVISIBLE, MARKUP, MOJIBAKE, READING, reading_brackets
from moderation.repair import KINDS, damaged_runs, find_repairs, marks_of
from moderation.repair.reading import COMMONS, LETTERS
from moderation.text.batch import pack
from moderation.text.tables import built_tables

T = built_tables()
HAN = 1
TONES = "āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜ"
SPELLED = re.compile(f"[a-zü]*[{TONES}][a-zü{TONES}]*", re.IGNORECASE)
CHINESE = re.compile(r"[\u3400-\u9fff\U00020000-\U0002fa1f]")
PIECES = (
    "發(fā) 優（yōu） 關(guan) 訪(訪) 訪(访) 配閤(hé) 中(zhōng) 圂（hùn） 发(FĀ) 啊(ä) 超市(chāoshì) Nǐ\u212a üſı 展"
)
READINGS = st.lists(st.sampled_from([*PIECES.split(" "), "\n"]) | st.text(max_size=3), max_size=40).map("".join)


def looked_up(char: str, table: NDArray[np.generic]) -> int:
    return reference.looked_up(ord(char), T.page, table, 0)


def folded(char: str) -> str:
    code = (ord(char) + looked_up(char, T.fold_delta)) & 0xFFFFFFFF if char else 0
    return chr(code) if char and code <= 0x10FFFF else ""


def reads(char: str, inner: str) -> bool:
    """Whether `inner` doubles or reads the character."""
    if inner == char:
        return True
    if not inner or any(ord(c) >= 0x250 for c in inner):
        return False
    word = "".join("v" if c in reference.TONED_U else folded(c) for c in inner)
    known = reference.readings_of(ord(char), T.reading_char, T.reading_start, T.reading)
    return re.fullmatch("[a-z]{1,6}", word) is not None and word in known


def slow_brackets(text: str) -> list[tuple[int, int]]:
    """Twin of reading_brackets."""
    found: list[tuple[int, int]] = []
    for match in re.finditer(r"[(（]", text):
        i = match.start()
        before = text[i - 1 : i]
        if not before or looked_up(before, T.char_class) != HAN:
            continue
        close = re.compile(r"[^)）]{1,7}?[)）]").match(text, i + 1)
        if close and any(reads(form, close.group()[:-1]) for form in (before, folded(before))):
            found.append((i, close.end()))
    return found


def brackets(text: str) -> list[tuple[int, int]]:
    ranges = reading_brackets(
        pack([text]).codes, T.page, T.fold_delta, T.char_class, T.reading_char, T.reading_start, T.reading
    )
    assert ranges.dtype == np.int64
    assert ranges.shape[1] == 2
    return [(a, b) for a, b in ranges.tolist()]


@pytest.mark.parametrize("name", NAMES)
def test_brackets_are_those_of_the_twin(name: str) -> None:
    for text in DOCUMENTS[name]:
        assert brackets(text) == slow_brackets(text)


@settings(max_examples=200, deadline=None)
@given(TEXTS)
def test_brackets_of_any_text_are_those_of_the_twin(text: str) -> None:
    assert brackets(text) == slow_brackets(text)


@pytest.mark.parametrize(
    ("text", "inner"),
    [
        ("發(fā)展，優(yōu)，關(guan)，訪(訪)", ["fā", "yōu", "guan", "訪"]),
        ("發（fā）展", ["fā"]),
        ("配閤(hé)，訪(访)問", ["hé", "访"]),
        ("發(fā)(fā)", ["fā"]),
        ("發(xx)()(", []),
        ("a(a)", []),
        ("發(fā" * 100, []),
        ("發(fā)" * 100, ["fā"] * 100),
    ],
)
def test_brackets_that_read_or_double(text: str, inner: list[str]) -> None:
    assert [text[a + 1 : b - 1] for a, b in brackets(text)] == inner


def marks(texts: list[str], keep: NDArray[np.bool_] | None = None) -> list[int]:
    batch = pack(texts)
    stays = np.ones(batch.codes.size, np.bool_) if keep is None else keep
    found = marks_of(batch.codes, batch.doc_start, stays, T).document
    assert found.dtype == np.uint8
    return found.tolist()  # type: ignore[no-any-return]


@settings(max_examples=150, deadline=None)
@given(DOCUMENT_LISTS)
def test_what_has_no_mark_has_no_damage(texts: list[str]) -> None:
    for text, mark in zip(texts, marks(texts), strict=True):
        kinds = {fix.kind for fix in find_repairs(text, None, T)}
        assert kinds <= {kind.name for kind in KINDS if kind.mark & mark}
        assert mark & DAMAGE or list(damaged_runs(text)) == []


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("", 0),
        ("老街的修鞋摊又开张了（图），“坐一会儿，马上就好。”A (b) 2024-03-18 ？!", 0),
        ("發(fā)", READING),
        ("訪（訪）", READING),
        ("訪(访)", 0),
        ("訪(访)，中国(China)", READING),
        ("中国(China)", 0),
        ("&nbsp;", MARKUP),
        ("甲<br>", MARKUP),
        ("甲\u200b乙", INVISIBLE),
        ("å†œä¸š", MOJIBAKE | DAMAGE),
        ("甲\ufffd", DAMAGE),
        ("上?;鶎", DAMAGE),
        ("锟斤拷", DAMAGE),
    ],
)
def test_marks_say_what_to_look_for(text: str, mark: int) -> None:
    assert marks([text]) == [mark]


def test_a_mark_belongs_to_its_document_and_to_what_stays() -> None:
    assert marks(["甲", "乙&nbsp;", "", "丙"]) == [0, MARKUP, 0, 0]
    assert marks(["甲(", "fā)"]) == [0, 0]
    assert marks(["乙&nbsp;"], np.array([True] + [False] * 6)) == [0]


@settings(max_examples=200, deadline=None)
@given(TEXTS | READINGS)
def test_words_with_tone_marks_are_those_of_the_expression(text: str) -> None:
    assert toned_words(pack([text]).codes, LETTERS) == len(SPELLED.findall(text))


def test_a_word_with_a_tone_mark_counts_once() -> None:
    assert toned_words(pack(["chāoshì、abc、Nǐ\u212a（hùn）ü"]).codes, LETTERS) == 3


def is_common(char: str) -> bool:
    """Whether it is of the first level of GB 2312."""
    try:
        return 0xB0 <= char.encode("gb2312")[0] <= 0xD7
    except UnicodeEncodeError:
        return False


def test_the_common_characters_are_those_of_the_first_level() -> None:
    assert [is_common(char) for char in map(chr, (*range(0xD800), *range(0xE000, 1 << 16)))] == np.delete(
        COMMONS, range(0xD800, 0xE000)
    ).tolist()
    assert COMMONS.sum() == 3755


def slow_signs(before: str, inner: str) -> int:
    """Twin of bracket_signs."""
    simple = folded(before)
    common = is_common(simple)
    signs = {
        DOUBLED: inner in (before, simple),
        TONED: not inner.isascii(),
        COMMON: common,
        CLOAKS: common and simple != before,
        PINYIN: SPELLED.fullmatch(inner) is not None,
        CAPITAL: inner != inner.lower(),
    }
    return sum(bit for bit, holds in signs.items() if holds)


def slow_annotated(text: str, found: list[tuple[int, int]]) -> int:
    """Twin of annotated_brackets, for three or more in a line and two characters a bracket."""
    count, begin = 0, 0
    for line in text.split("\n"):
        own = [(a, b) for a, b in found if begin <= a < begin + len(line)]
        doubled = sum(text[a + 1 : b - 1] in (text[a - 1], folded(text[a - 1])) for a, b in own)
        if len(own) >= 3 and len(CHINESE.findall(line)) - doubled < 2 * len(own):
            count += len(own)
        begin += len(line) + 1
    return count


@settings(max_examples=200, deadline=None)
@given(READINGS)
def test_what_brackets_say_is_what_their_twins_say(text: str) -> None:
    codes = pack([text]).codes
    ranges = reading_brackets(codes, *T.for_readings)
    signs = bracket_signs(codes, ranges, T.page, T.fold_delta, LETTERS, COMMONS)
    found = brackets(text)
    assert signs.tolist() == [slow_signs(text[a - 1], text[a + 1 : b - 1]) for a, b in found]
    assert annotated_brackets(codes, ranges, signs, 3, 2.0) == slow_annotated(text, found)
