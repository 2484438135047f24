from collections.abc import Callable
from math import sqrt
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from lexgraft.checkpoint.constituent import open_constituent
from lexgraft.checkpoint.index import open_checkpoint
from lexgraft.merge.plan import MergePlan, plan_merge
from lexgraft.merge.sizes import delta_sizes
from lexgraft.project import Candidate


def test_norms_are_those_of_the_deltas(tmp_path: Path) -> None:
    values = {"base": [0.0, 0.0], "language": [3.0, 4.0], "domain": [0.0, -12.0]}
    for label, value in values.items():
        (tmp_path / label).mkdir()
        save_file({"a": torch.tensor(value)}, tmp_path / label / "model.safetensors")
    base = open_checkpoint(tmp_path / "base")
    parts = {
        label: open_constituent(tmp_path / label, base, label) for label in ("language", "domain")
    }
    sizes = delta_sizes(plan_merge(Candidate("task_arithmetic"), base, parts, "float32", 1))
    assert sizes == {"merged": sqrt(9 + 64), "language": 5.0, "domain": 12.0}


def test_a_mean_of_two_adapters_is_smaller_than_their_sum(plan: Callable[..., MergePlan]) -> None:
    mean = delta_sizes(plan("linear", dtype="float32"))
    whole = delta_sizes(plan("task_arithmetic", dtype="float32"))
    assert mean["merged"] == pytest.approx(whole["merged"] / 2, rel=1e-5)
    assert mean["language"] == whole["language"]
