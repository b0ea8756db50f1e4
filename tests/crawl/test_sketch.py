"""Bounded summaries: how wrong they may be, and that they add up."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from moderation.crawl.sketch import Frequent, Sample, add_up, hashed, heaviest, sample

KEYS = st.sampled_from(["首页", "登录", "注册", "版权所有", "上一篇", "下一篇", "联系我们", "网站地图", "打印", "关闭"])
STREAMS = st.lists(st.lists(KEYS, max_size=40), max_size=8)


def counted(keys: list[str]) -> Frequent:
    return Frequent({key: (n, n) for key, n in Counter(keys).items()})


@given(STREAMS, st.integers(1, 6))
def test_a_weight_is_too_low_by_at_most_a_share_of_the_whole(streams: list[list[str]], capacity: int) -> None:
    found = Frequent()
    for keys in streams:
        found = add_up([found, counted(keys)], capacity)
    truth = Counter(key for keys in streams for key in keys)
    assert len(found.found) <= capacity
    assert found.lost <= truth.total() / (capacity + 1)
    for key, count in truth.items():
        weight, since = found.found.get(key, (0, 0))
        assert weight <= since <= count <= weight + found.lost


@given(STREAMS, st.integers(1, 6), st.integers(0, 8))
def test_the_bound_holds_however_summaries_are_grouped(streams: list[list[str]], capacity: int, cut: int) -> None:
    halves = [add_up(map(counted, part), capacity) for part in (streams[:cut], streams[cut:])]
    found = add_up(halves, capacity)
    truth = Counter(key for keys in streams for key in keys)
    assert found.lost <= truth.total() / (capacity + 1)
    assert all(found.found.get(key, (0,))[0] + found.lost >= count for key, count in truth.items())


def test_with_room_for_all_keys_counts_are_exact_and_ties_go_by_name() -> None:
    found = add_up([counted(["登录", "首页", "首页"]), counted(["登录"])], 9)
    assert (heaviest(found, 5), found.lost) == ([("登录", (2, 2)), ("首页", (2, 2))], 0)


@given(st.lists(st.lists(KEYS, max_size=12), max_size=5))
def test_a_sample_is_the_same_in_any_order_and_grouping(streams: list[list[str]]) -> None:
    def samples(keys: list[str]) -> list[Sample]:
        return [(hashed(key), {"text": key}) for key in keys]

    parts = [samples(keys) for keys in streams]
    whole = sample(parts, 3)
    assert sample(parts[::-1], 3) == whole
    assert sample([sample(parts[:2], 3), sample(parts[2:], 3)], 3) == whole
    assert len(whole) == min(3, len({key for keys in streams for key in keys}))
