"""Verifying a merged folder: every flipped bit is found and named."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

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
    assert found.different == ("model.safetensors",)


def rewrite(name: str, change: Callable[[dict[str, Any]], object]) -> Callable[[Path], object]:
    """Return a change of a JSON file."""

    def act(folder: Path) -> None:
        values = json.loads((folder / name).read_text())
        change(values)
        (folder / name).write_text(json.dumps(values))

    return act


def take(name: str) -> Callable[[Path], object]:
    """Return a change that takes a file away."""

    def act(folder: Path) -> None:
        (folder / name).unlink()

    return act


def put(name: str) -> Callable[[Path], object]:
    """Return a change that puts a file beside the others, or in the place of one."""

    def act(folder: Path) -> None:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("{}")

    return act


def restate(field: str, value: object) -> Callable[[Path], object]:
    """Return a change of what the header says of one tensor, in the same length."""

    def act(folder: Path) -> None:
        path = folder / "model.safetensors"
        data = path.read_bytes()
        size = int.from_bytes(data[:8], "little")
        header = json.loads(data[8 : 8 + size])
        header["model.norm.weight"][field] = value
        text = json.dumps(header, separators=(",", ":")).encode().ljust(size)
        path.write_bytes(data[:8] + text + data[8 + size :])

    return act


@pytest.mark.parametrize(
    ("change", "kind", "name"),
    [
        (take("config.json"), "missing", "config.json"),
        (put("config.json"), "different", "config.json"),
        (
            rewrite("config.json", lambda values: values.update(auto_map={"A": "b.C"})),
            "different",
            "config.json",
        ),
        (restate("dtype", "F16"), "different", "model.safetensors"),
        (put("adapter_config.json"), "added", "adapter_config.json"),
        (put("modeling_x.py"), "added", "modeling_x.py"),
        (put("pytorch_model.bin"), "added", "pytorch_model.bin"),
        (put("custom_generate/generate.py"), "added", "custom_generate/generate.py"),
    ],
)
def test_files_beside_the_weights_are_verified_too(
    plan: Planner,
    tmp_path: Path,
    change: Callable[[Path], object],
    kind: str,
    name: str,
) -> None:
    run_merge(plan(), tmp_path / "out")
    change(tmp_path / "out")
    found = verify(tmp_path / "out")
    assert name in getattr(found, kind)
    with pytest.raises(LexgraftError, match="not as it was written"):
        run_merge(plan(), tmp_path / "out")


def test_a_card_and_a_licence_beside_a_merge_are_the_users(plan: Planner, tmp_path: Path) -> None:
    run_merge(plan(), tmp_path / "out")
    for name in ("README.md", "NOTICE", "LICENSE"):
        (tmp_path / "out" / name).write_text("mine")
    assert verify(tmp_path / "out").intact


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
