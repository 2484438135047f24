from one_tensor import merge_one

RISING = [1.0, -2.0, 3.0, -4.0, 5.0, -6.0, 7.0, -8.0, 9.0, -10.0]


def test_the_largest_and_the_small_ones_fall_away() -> None:
    # of ten elements the two largest are left out, and five kept below them
    merged = merge_one("breadcrumbs", [0.0] * 10, RISING, gamma=0.2, density=0.5)
    assert merged == [0, 0, 0, -4, 5, -6, 7, -8, 0, 0]


def test_the_density_comes_before_the_outliers() -> None:
    assert merge_one("breadcrumbs", [0.0] * 10, RISING, gamma=0.2, density=1) == RISING
    merged = merge_one("breadcrumbs", [0.0] * 10, RISING, gamma=0.2, density=0.9)
    assert merged == [*RISING[:9], 0]  # room for one outlier only


def test_rescaling_restores_the_sum_of_magnitudes() -> None:
    merged = merge_one("breadcrumbs", [0.0] * 4, [1.0, 2.0, 3.0, 4.0], density=0.25, rescale=True)
    assert merged == [0, 0, 0, 10]  # gamma 0.01 of 4 is none


def test_with_ties_only_the_elected_sign_counts() -> None:
    first, second = [9.0, 2.0, -3.0, 0.0], [9.0, -1.0, -1.0, 0.0]
    merged = merge_one("breadcrumbs_ties", [0.0] * 4, first, second, gamma=0.25, density=0.5)
    # 9 is too large; 2 against -1 → 2; -3 and -1 agree → -4
    assert merged == [0, 2, -4, 0]
