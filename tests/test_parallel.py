"""Several batches at a time: in order, and without a trace."""

import gc
import time
from contextlib import suppress

import pytest

from moderation.parallel import in_order, uncollected


@pytest.mark.parametrize("threads", [0, 1, 2, 7])
def test_results_come_in_the_order_of_the_items(threads: int) -> None:
    def slow_at_first(n: int) -> int:
        time.sleep(0.02 if n == 0 else 0)
        return n * n

    assert list(in_order(slow_at_first, range(30), threads)) == [n * n for n in range(30)]
    assert list(in_order(slow_at_first, [], threads)) == []


@pytest.mark.parametrize("threads", [1, 3])
def test_an_error_comes_out_where_its_item_stands(threads: int) -> None:
    def refuse_three(n: int) -> int:
        if n == 3:
            raise ValueError("three")
        return n

    found = in_order(refuse_three, range(6), threads)
    assert [next(found), next(found), next(found)] == [0, 1, 2]
    with pytest.raises(ValueError, match="three"):
        next(found)


def test_the_collector_is_left_as_it_was_found() -> None:
    assert gc.isenabled()
    seen = []
    with suppress(KeyError), uncollected():
        seen.append(gc.isenabled())
        raise KeyError
    assert [*seen, gc.isenabled()] == [False, True]
    gc.disable()
    try:
        with uncollected():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
