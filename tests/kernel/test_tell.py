"""What a decision tells, gathered by kernels, is what their twins gather."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.equal import assert_same
from moderation.kernel import reference
from moderation.kernel.context import visible_lines
from moderation.kernel.tell import count_pairs, find_cuts

LINES = st.lists(st.tuples(st.booleans(), st.integers(0, 11), st.integers(0, 2), st.integers(0, 300)), max_size=12)
FLAGS = st.lists(st.booleans(), max_size=20)


def starts(sizes: list[int]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Where parts of these sizes begin, and where the last ends."""
    return np.cumsum([0, *sizes], dtype=np.int64)


@settings(deadline=None)
@given(st.lists(LINES, min_size=1, max_size=5))
def test_visible_lines_and_counts_are_those_of_their_twins(documents: list[list[tuple[bool, int, int, int]]]) -> None:
    lines = [line for document in documents for line in document]
    first_line = starts([len(document) for document in documents])
    blank = np.array([line[0] for line in lines], np.bool_)
    label, action = (np.array([line[n] for line in lines], np.uint8) for n in (1, 2))
    ends = np.array([line[3] for line in lines], np.int64)
    rows, begin = visible_lines(blank, first_line)
    assert_same((rows, begin), reference.visible_lines(blank, first_line))
    found = count_pairs(rows, begin, label, action, np.zeros_like(ends), ends, (12, 3))
    expected = reference.count_pairs(first_line, blank, label.tolist(), action.tolist(), ends.tolist())
    assert found.tolist() == expected


@settings(deadline=None)
@given(st.lists(FLAGS, min_size=1, max_size=5))
def test_cuts_are_those_of_their_twin(documents: list[list[bool]]) -> None:
    keep = np.array([stays for document in documents for stays in document], np.bool_)
    doc_start = starts([len(document) for document in documents])
    found, begin = find_cuts(keep, doc_start)
    assert (found.tolist(), begin.tolist()) == reference.find_cuts(keep, doc_start)
