"""Holm's correction by hand and against an independent implementation."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexgraft.stats.multiple_testing import holm


def test_holm_by_hand() -> None:
    """.01·4, .04·2 → .08 (after .03·3 = .09), .03·3 = .09, .5·1."""
    assert holm([0.01, 0.04, 0.03, 0.5]) == [0.04, 0.09, 0.09, 0.5]
    assert holm([]) == []


@pytest.mark.slow  # loading statsmodels takes seconds
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_is_statsmodels(values: list[float]) -> None:
    from statsmodels.stats.multitest import multipletests

    theirs: Any = multipletests(np.array(values), method="holm")[1]
    assert holm(values) == pytest.approx(theirs.tolist())


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_correction_keeps_the_order_and_never_helps(values: list[float]) -> None:
    adjusted = holm(values)
    assert all(a >= p for a, p in zip(adjusted, values, strict=True))
    order = sorted(range(len(values)), key=lambda i: values[i])
    assert [adjusted[i] for i in order] == sorted(adjusted)
