"""Proposes candidates: CMA-ES over one method's numeric parameters and its share (pure)."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from cmaes import CMA

from lexgraft.errors import LexgraftError
from lexgraft.project import Candidate, SearchSettings
from lexgraft.records import digest

SHARE = "share"  # a range of this name is of the way from G, not of a parameter
SPREAD = 0.3  # standard deviation of the first generation, as a share of each range
SMALLEST = 4  # candidates of a generation, where there are trials for no more
GENERATIONS = 4  # at least, where generations of `SMALLEST` allow it
_DIGITS = 4


def propose(
    search: SearchSettings, scores: Sequence[tuple[Candidate, float]], seed: int
) -> Candidate:
    """Return the next candidate, given what the earlier ones of this search scored.

    CMA-ES (Hansen, arXiv 1604.00772, as the package `cmaes` has it) over the ranges as a unit
    cube, from its middle. It is taken through all that was scored anew, so that a search that was
    killed goes on as it would have.

    Args:
        search: which method, which ranges, how many trials.
        scores: the candidates proposed so far, in order, with what each scored (more is better).
        seed: that of the project.

    Raises:
        LexgraftError: a range of `share` that is not within [0, 1].
    """
    _check_share(search)
    optimiser = CMA(
        np.full(len(search.ranges), 0.5),
        SPREAD,
        np.array([[0.0, 1.0]] * len(search.ranges)),
        seed=int(digest("search", seed)[:8], 16),
        population_size=_generation(search),
    )
    generation: list[tuple[np.ndarray, float]] = []
    for _, score in scores:
        generation.append((optimiser.ask(), -score))
        if len(generation) == optimiser.population_size:
            optimiser.tell(generation)
            generation.clear()
    values = dict(zip(search.ranges, optimiser.ask().tolist(), strict=True))
    settings = {
        name: round(low + values[name] * (high - low), _DIGITS)
        for name, (low, high) in search.ranges.items()
    }
    share = settings.pop(SHARE, 1.0)
    return Candidate(search.method, _nested(settings), share)


def _generation(search: SearchSettings) -> int:
    """Return the candidates of a generation: as recommended, fewer where trials are few."""
    recommended = SMALLEST + int(3 * np.log(len(search.ranges)))
    return max(SMALLEST, min(recommended, search.trials // GENERATIONS))


def _check_share(search: SearchSettings) -> None:
    low, high = search.ranges.get(SHARE, (0.0, 1.0))
    if not 0 <= low <= high <= 1:
        raise LexgraftError(
            "a share lies between 0, which is G, and 1, the whole merge",
            where=f"merge.search.ranges.{SHARE}",
            cure="write e.g. [0.2, 1.0]",
        )


def _nested(settings: dict[str, float]) -> dict[str, Any]:
    """Return `{"weight.domain": 1}` as `{"weight": {"domain": 1}}`."""
    nested: dict[str, Any] = {}
    for name, value in settings.items():
        parameter, _, label = name.partition(".")
        if label:
            nested.setdefault(parameter, {})[label] = value
        else:
            nested[name] = value
    return nested
