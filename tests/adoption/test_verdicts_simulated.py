"""What passes a gate, on invented answers: an ideal merge, and none that no donor has earned."""

from importlib.util import module_from_spec, spec_from_file_location
from math import sqrt
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
TRIALS = 120


@pytest.fixture(scope="module")
def table() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(BENCHMARKS))
        found = spec_from_file_location("verdicts_table", BENCHMARKS / "verdicts.py")
        assert found
        assert found.loader
        module = module_from_spec(found)
        found.loader.exec_module(module)
        return module


def at_most(level: float, trials: int = TRIALS) -> float:
    """Return what a share of so many trials stays below if the chance is so great."""
    return level + 2.6 * sqrt(level * (1 - level) / trials)


@pytest.mark.parametrize(
    "row",
    [
        "half of G, no donor",
        "the base",
        "a random D",
        "D at chance",
        "G itself",
        "three equal folders",
        "ideal, but harmed by the margin",
        "headroom: D at chance",
        "headroom: D is no better than base",
        "ten extensions, gain on threshold",
    ],
)
def test_what_brings_nothing_does_not_pass(table: Any, row: str) -> None:
    assert table.passing(row, "demo", TRIALS) <= at_most(0.025)


def test_a_whole_adoption_in_which_nothing_is_true_rarely_passes_anything(table: Any) -> None:
    assert table.passing("whole adoption, nothing true", "demo", TRIALS) <= at_most(0.05)


@pytest.mark.parametrize("name", ["demo", "default"])
def test_an_ideal_merge_mostly_passes(table: Any, name: str) -> None:
    """Nominally .8 or more; what so many trials may fall short by is allowed for."""
    assert table.passing("ideal merge", name, TRIALS) >= 0.8 - 2.6 * sqrt(0.16 / TRIALS)
