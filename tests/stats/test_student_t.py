"""Student's t against scipy."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from lexgraft.stats.student_t import shifted_tail, student, student_tail


@given(st.floats(1, 5000), st.floats(1e-6, 0.6))
def test_critical_values_are_scipys(freedom: float, alpha: float) -> None:
    assert student(freedom, alpha) == pytest.approx(stats.t.isf(alpha / 2, freedom), rel=1e-7)


@given(st.floats(-12, 12), st.floats(1, 5000))
def test_tails_are_scipys(t: float, freedom: float) -> None:
    assert student_tail(t, freedom) == pytest.approx(stats.t.sf(t, freedom), rel=1e-8, abs=1e-14)


@pytest.mark.parametrize("freedom", [2, 7, 15, 59, 999])
@pytest.mark.parametrize("shift", [-1.0, 0.0, 2.0, 5.0])
def test_the_power_of_a_t_interval_is_scipys_noncentral_t(freedom: int, shift: float) -> None:
    critical = student(freedom)
    expected = stats.nct.sf(critical, freedom, shift)
    assert shifted_tail(critical, freedom, shift) == pytest.approx(expected, abs=2e-4)
