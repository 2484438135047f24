"""How far candidates are walked back, on harms by hand."""

from collections.abc import Callable
from functools import partial

from hypothesis import given
from hypothesis import strategies as st

from lexgraft.adoption.walk_back import NEAR, STEPS, Losses, harm_of, walked_back
from lexgraft.project import Candidate


def parabola(slope: float, bend: float, share: float) -> float:
    """Return what a register loses at a share."""
    return slope * share + bend * share**2


def asked(*losses: Callable[[float], float]) -> tuple[Callable[[Candidate], Losses], list[float]]:
    """Return what measures registers of Japanese that lose so by share, and the shares asked."""
    shares: list[float] = []

    def measure(candidate: Candidate) -> Losses:
        shares.append(candidate.share)
        return {"en": [0.0], "ja": [loss(candidate.share) for loss in losses]}

    return measure, shares


def test_what_is_within_the_budget_stays_as_it_is() -> None:
    measure, shares = asked(lambda share: 0.01 * share)
    candidate = Candidate("ties", {"density": 0.5})
    assert walked_back(candidate, measure, 0.01) is candidate
    assert shares == [1.0]


def test_a_square_is_met_at_the_first_try_between_ninety_and_a_hundred_percent() -> None:
    measure, shares = asked(lambda share: 0.08 * share**2)
    found = walked_back(Candidate("ties", {"density": 0.5}), measure, 0.01)
    assert found == Candidate("ties", {"density": 0.5}, found.share)
    assert shares == [1.0, found.share]
    assert NEAR * 0.01 <= 0.08 * found.share**2 <= 0.01


@given(st.floats(0.3, 4.0), st.floats(0.011, 0.9))
def test_the_budget_holds_after_few_tries_and_is_nearly_used(power: float, whole: float) -> None:
    measure, shares = asked(lambda share: whole * share**power)
    found = walked_back(Candidate("linear"), measure, 0.01).share
    assert len(shares) <= 1 + STEPS
    assert whole * found**power <= 0.01
    assert whole * (found + 0.15) ** power > 0.01 * NEAR


def test_a_harm_that_jumps_leaves_the_recipient() -> None:
    measure, shares = asked(lambda _share: 0.5)
    assert walked_back(Candidate("linear"), measure, 0.01).share == 0
    assert len(shares) <= 1 + STEPS


def test_a_share_that_was_given_is_where_the_walk_begins() -> None:
    measure, shares = asked(lambda share: 0.08 * share**2)
    assert walked_back(Candidate("linear", share=0.3), measure, 0.01).share == 0.3
    assert walked_back(Candidate("linear", share=0.6), measure, 0.01).share < 0.36
    assert shares[:2] == [0.3, 0.6]


def test_a_share_of_the_whole_that_loses_too_much_by_no_bounds_is_still_walked_back() -> None:
    measure, shares = asked(lambda share: float("inf") if share > 0.1 else share)
    assert 0 < walked_back(Candidate("linear"), measure, 0.01).share <= 0.01
    assert len(shares) <= 1 + STEPS


@given(
    st.lists(
        st.tuples(st.floats(-0.05, 0.02), st.floats(0.02, 0.3)), min_size=2, max_size=6
    ).filter(lambda registers: harm_of({"ja": [a + b for a, b in registers]}) > 0.002)
)
def test_registers_that_gain_before_they_lose_are_met_at_the_second_try(
    registers: list[tuple[float, float]],
) -> None:
    """Two measured shares say all of a parabola, so that the next meets the budget."""
    measure, shares = asked(*(partial(parabola, *curve) for curve in registers))
    found = walked_back(Candidate("linear"), measure, 0.001).share
    lost = harm_of({"ja": [parabola(*curve, found) for curve in registers]})
    assert len(shares) <= 4
    assert NEAR * 0.001 <= lost <= 0.001
