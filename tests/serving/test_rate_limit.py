"""A bucket lets a minute's worth through and fills up again."""

from hypothesis import given
from hypothesis import strategies as st

from lexgraft.serving.rate_limit import RateBuckets


def test_a_bucket_worked_by_hand() -> None:
    buckets = RateBuckets()
    assert [buckets.take("a", 2, 100.0) for _ in range(3)] == [0, 0, 30]
    assert buckets.take("b", 2, 100.0) == 0  # a bucket of its own
    assert buckets.take("a", 2, 115.0) == 15  # half a request has come
    assert buckets.take("a", 2, 130.0) == 0
    assert buckets.take("a", 2, 1000.0) == 0
    assert buckets.take("a", 2, 1000.0) == 0
    assert buckets.take("a", 2, 1000.0) == 30  # never more than a minute's worth


def test_without_a_limit_everything_passes() -> None:
    buckets = RateBuckets()
    assert {buckets.take("a", 0, 1.0) for _ in range(1000)} == {0}


@given(st.integers(1, 50), st.lists(st.floats(0, 5), max_size=200))
def test_no_more_pass_than_a_minutes_worth_and_what_has_come_since(
    allowed: int, pauses: list[float]
) -> None:
    buckets, now, passed = RateBuckets(), 0.0, 0
    for pause in pauses:
        now += pause
        passed += buckets.take("a", allowed, now) == 0
    assert passed <= allowed + now * allowed / 60 + 1e-6
