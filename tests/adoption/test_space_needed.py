"""The space of all stages is looked at before the first of them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from adopt_project import MakeProject

from lexgraft.adoption.adopt import plan_project
from lexgraft.adoption.space_needed import tuned_bytes
from lexgraft.errors import LexgraftError
from lexgraft.project import TuneSettings, read_project
from lexgraft.weights.checkpoint.checkpoint_index import open_checkpoint


def test_an_adoption_that_does_not_fit_is_refused_in_the_plan(
    make_project: MakeProject, make_disk: Callable[[str], Path]
) -> None:
    disk = make_disk("32m")

    def there(values: dict[str, Any]) -> None:
        values["output"] = str(disk / "run")

    with pytest.raises(LexgraftError, match=r"not enough space .* \(merged/ .*\(?.*are free"):
        plan_project(read_project(make_project(there)))


def test_the_bytes_of_a_tuning_by_hand(tiny_model: Path) -> None:
    """Width 32, 48 within, 4 heads of 8 and 2 for keys: of two layers all linear ones."""
    base = open_checkpoint(tiny_model)
    attention = (32 + 32) + 2 * (32 + 16) + (32 + 32)
    per_layer = attention + 3 * (32 + 48)
    trained = 2 * 2 * per_layer  # rank 2, two layers
    settings = TuneSettings(rank=2)
    assert tuned_bytes(settings, base, 0) == 4 * trained + 16 * trained
    several = TuneSettings(rank=2, learning_rate=(1e-4, 1e-3), curve=(4,))
    assert tuned_bytes(several, base, 0) == 4 * 4 * trained + 16 * trained
