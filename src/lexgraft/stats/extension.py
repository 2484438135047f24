"""Asking more after a look without inflating error: what each look may spend (pure)."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import pairwise
from math import erfc, pi, sqrt
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from lexgraft.arrays.shapes import Float
from lexgraft.errors import LexgraftError

FIRST = 0.8  # of the level is spent by the first look
LATER = 0.1  # of the level by all extensions; the rest pays for sizes chosen by looking
SMALLEST_GROWTH = 1.02  # of information from one look to the next
ROUNDED = 1e-9  # by which a quotient of two numbers may miss that
POINTS = 241  # of the grid on which paths are followed
REACH = 7.0  # standard deviations below 0 that it covers
NORMAL = NormalDist()


class _Paths(NamedTuple):
    """Where a Brownian path that has not passed yet may be, at one look."""

    places: Float[np.ndarray, " place"]
    weights: Float[np.ndarray, " place"]  # density times the width of a cell
    time: float


def look_alpha(looks: Sequence[float], alpha: float = 0.05) -> float:
    """Return the two-sided level at which the last of these looks is judged.

    The first look spends four fifths of alpha, so that who never extends loses little; at t times
    the first look's information .8 + .1·(1 − 1/t) of it are spent, and each bound is the one at
    which the whole path so far spends as much (alpha spending: Lan and DeMets 1983, Biometrika 70;
    the recursion: Armitage, McPherson and Rowe 1969, JRSS A 132). Sizes may be chosen by looking at
    the results: over the worst choice of sizes, found by dynamic programming, the error stays
    below alpha (tests/stats/test_extension.py). A look without new information keeps its level.

    Args:
        looks: How many concepts (or documents, or information on any scale) each look had, the
            present one last; a first look is one number.
        alpha: The two-sided level of all looks together; each side spends half of it.

    Raises:
        LexgraftError: a look has less than the one before, or less than 2 % more.

    >>> [round(look_alpha(looks), 4) for looks in ([60], [60, 120], [60, 120, 240])]
    [0.04, 0.0057, 0.0022]
    """
    times = [look / looks[0] for look in looks]
    distinct = [times[0]]
    for before, time in pairwise(times):
        if before < time < before * SMALLEST_GROWTH * (1 - ROUNDED) or time < before:
            raise LexgraftError(
                "a look must have at least 2 % more than the one before",
                cure="ask more, or judge what was judged",
            )
        distinct += [time] if time > before else []
    rounded = tuple(round(time, 3) for time in distinct)
    return 2 * _tail(_bound(rounded, alpha) / sqrt(rounded[-1]))


def next_level(looks: Sequence[float], alpha: float = 0.05) -> Callable[[float], float]:
    """Return the level of a coming look by how many times the last look's information it has."""

    def level(growth: float) -> float:
        grown = [looks[-1] * growth] if growth >= SMALLEST_GROWTH else []
        return look_alpha([*looks, *grown], alpha)

    return level


def _spent(time: float, alpha: float) -> float:
    return alpha / 2 * (FIRST + LATER * (1 - 1 / time))


@lru_cache(maxsize=65536)
def _bound(times: tuple[float, ...], alpha: float) -> float:
    """Return the place above which the path passes at the last look, not scaled by its time."""
    *before, time = times
    if not before:
        return -NORMAL.inv_cdf(_spent(time, alpha))
    paths = _paths(tuple(before), alpha)
    return _place(paths, time, _spent(time, alpha) - _spent(paths.time, alpha))


@lru_cache(maxsize=1024)
def _paths(times: tuple[float, ...], alpha: float) -> _Paths:
    """Return where the paths may be that have passed at none of these looks."""
    *before, time = times
    bound = _bound(times, alpha)
    return _followed(_paths(tuple(before), alpha), time, bound) if before else _first_paths(bound)


def _first_paths(bound: float) -> _Paths:
    places = np.linspace(-REACH, bound, POINTS)
    return _Paths(places, np.exp(-(places**2) / 2) / sqrt(2 * pi) * _widths(places), 1.0)


def _followed(paths: _Paths, time: float, bound: float) -> _Paths:
    places, spread = np.linspace(-REACH * sqrt(time), bound, POINTS), sqrt(time - paths.time)
    steps = (places[:, None] - paths.places) / spread
    density = np.exp(-(steps**2) / 2) @ paths.weights / (spread * sqrt(2 * pi))
    return _Paths(places, density * _widths(places), time)


def _place(paths: _Paths, time: float, spending: float) -> float:
    """Return the place above which paths that had not passed end with the chance to be spent."""
    spread, (steps, tails) = sqrt(time - paths.time), _tails()
    low, high = 0.0, 9 * sqrt(time)
    for _ in range(40):
        middle = (low + high) / 2
        above = np.interp((middle - paths.places) / spread, steps, tails)
        low, high = (middle, high) if paths.weights @ above > spending else (low, middle)
    return (low + high) / 2


def _widths(places: Float[np.ndarray, " place"]) -> Float[np.ndarray, " place"]:
    widths = np.full(len(places), places[1] - places[0])
    widths[[0, -1]] /= 2
    return widths


@lru_cache(maxsize=1)
def _tails() -> tuple[Float[np.ndarray, " step"], Float[np.ndarray, " step"]]:
    """Return a table of the normal distribution's tail, good to 3e-8 between its steps."""
    steps = np.arange(-9.0, 12.0, 0.001)
    return steps, np.array([_tail(step) for step in steps.tolist()])


def _tail(z: float) -> float:
    return erfc(z / sqrt(2)) / 2
