"""What stays of a text: the kernels are their twins, and what blank lines do is written out."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.equal import assert_same
from kernel.samples import DOCUMENT_LISTS, DOCUMENTS, NAMES, lines_of
from moderation.kernel import assemble, reference
from moderation.labels import ACTIONS

DROP = ACTIONS.index("drop")
NOTHING = np.zeros(0, np.uint32)


def test_the_kernel_means_drop_by_what_the_label_table_calls_drop() -> None:
    assert assemble.DROP == DROP


def assembled(texts: list[str], seed: int, share: float) -> None:
    """Keep and gather under random actions, against the twins."""
    read = lines_of(texts)
    random = np.random.default_rng(seed)
    action = np.where(random.random(read.blank.size) < share, DROP, random.integers(0, 2, read.blank.size))
    starts = read.batch.doc_start, read.first_line, read.line_start, read.line_end, read.line_next
    keep = assemble.kept_characters(*starts, read.blank, action.astype(np.uint8))
    assert_same(keep, reference.kept_characters(*starts, read.blank, action.astype(np.uint8)))
    places = np.flatnonzero(~keep)[:: random.integers(1, 9)]
    added = [random.integers(0, 9, random.integers(0, 3)).astype(np.uint32) for _ in places]
    text, text_start = np.concatenate([NOTHING, *added]), np.cumsum([0, *map(len, added)])
    found = assemble.gather(read.batch.codes, keep, read.batch.doc_start, places, text, text_start)
    assert_same(found, reference.gather(read.batch.codes, keep, read.batch.doc_start, places, text, text_start))
    assert_same(assemble.kept_prefix(keep), np.array([np.count_nonzero(keep[:i]) for i in range(keep.size + 1)]))


@pytest.mark.parametrize("share", [0.0, 0.3, 0.7, 1.0])
@pytest.mark.parametrize("name", [name for name in NAMES if name != "one giant line"])
def test_text_stays_as_its_twin_lets_it_stay(name: str, share: float) -> None:
    assembled(DOCUMENTS[name], 3, share)


@settings(max_examples=150, deadline=None)
@given(DOCUMENT_LISTS, st.integers(0, 99), st.sampled_from([0.2, 0.5, 0.8]))
def test_any_text_stays_as_its_twin_lets_it_stay(texts: list[str], seed: int, share: float) -> None:
    assembled(texts, seed, share)


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("甲\n乙\n丙", "甲\n乙\n丙"),
        ("甲\n-\n乙", "甲\n乙"),
        ("-\n甲\n乙", "甲\n乙"),
        ("甲\n乙\n-", "甲\n乙"),
        ("甲\n乙\n-\n", "甲\n乙\n"),
        ("甲\r\n-\r\n", "甲\r\n"),
        ("甲\r\n-", "甲"),
        ("-", ""),
        ("-\n", ""),
        ("\n-\n\n", ""),
        ("甲\n\n-\n\n乙", "甲\n\n乙"),
        ("甲\n\n\n乙", "甲\n\n\n乙"),
        ("甲\n\n\n-\n\n\n乙", "甲\n\n\n乙"),
        ("甲\n-\n\n-\n\n-\n\n乙", "甲\n\n乙"),
        ("-\n\n-\n\n甲", "甲"),
        ("\n-\n\n甲", "\n甲"),
        ("甲\n\n-\n\n-\n\n", "甲\n"),
        ("甲\n\n\n", "甲\n\n\n"),
        ("甲\n-\n　", "甲"),
    ],
)
def test_blank_lines_go_where_a_dropped_line_leaves_two(text: str, clean: str) -> None:
    read = lines_of([text])
    action = np.array([DROP if text[a:b] == "-" else 0 for a, b in zip(read.line_start, read.line_end, strict=True)])
    starts = read.batch.doc_start, read.first_line, read.line_start, read.line_end, read.line_next
    keep = assemble.kept_characters(*starts, read.blank, action.astype(np.uint8))
    assert "".join(np.array(list(text))[keep]) == clean


def test_spans_are_cut_out_of_what_stays() -> None:
    keep = np.ones(8, np.bool_)
    assemble.cut_spans(keep, np.array([1, 5]), np.array([3, 6]))
    assert keep.tolist() == [True, False, False, True, True, False, True, True]
