"""Verifying a merged folder: every flipped bit is found and named."""

from collections.abc import Callable
from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file

from lexgraft.cli import main
from lexgraft.errors import LexgraftError
from lexgraft.weights.merge.disk_merge import run_merge
from lexgraft.weights.merge.manifest import verify
from lexgraft.weights.merge.merge_plan import MergePlan

Planner = Callable[..., MergePlan]


def test_a_folder_as_it_was_written_is_intact(plan: Planner, tmp_path: Path) -> None:
    manifest = run_merge(plan(), tmp_path / "out")
    found = verify(tmp_path / "out")
    assert found.intact
    assert (found.tensors, found.digest) == (9, manifest.digest)


def test_a_flipped_bit_is_named_and_ends_with_status_1(
    plan: Planner, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_merge(plan(), tmp_path / "out")
    path = tmp_path / "out" / "model.safetensors"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    assert main(["verify", str(tmp_path / "out")]) == 1
    shown = capsys.readouterr().out
    assert "different  model.norm.weight" in shown
    assert "missing" not in shown


def test_tensors_taken_out_or_put_in_are_named(plan: Planner, tmp_path: Path) -> None:
    run_merge(plan(), tmp_path / "out")
    path = tmp_path / "out" / "model.safetensors"
    tensors = load_file(path)
    tensors["stranger"] = tensors.pop("model.norm.weight")
    save_file(tensors, path)
    found = verify(tmp_path / "out")
    assert (found.missing, found.added) == (("model.norm.weight",), ("stranger",))
    assert not found.different


def test_a_folder_without_a_manifest_is_refused(models: dict[str, Path]) -> None:
    with pytest.raises(LexgraftError, match="not a merge's folder"):
        verify(models["base"])


def test_an_unfinished_merge_says_so(plan: Planner, tmp_path: Path) -> None:
    def stop(_what: str, done: int, _total: int) -> None:
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_merge(plan(), tmp_path / "out", stop)
    with pytest.raises(LexgraftError, match="unfinished"):
        verify(tmp_path / "out")
