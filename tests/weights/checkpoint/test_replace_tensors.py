"""A folder with some tensors replaced: these alone differ, whatever the dtype it stores."""

from pathlib import Path

import pytest
import torch

from lexgraft.errors import LexgraftError
from lexgraft.weights.checkpoint.checkpoint_index import open_checkpoint
from lexgraft.weights.checkpoint.replace_tensors import write_replaced
from lexgraft.weights.checkpoint.tensor_reading import read_windows


def stored(folder: Path) -> dict[str, bytes]:
    base = open_checkpoint(folder)
    return {n: b"".join(map(bytes, read_windows(e))) for n, e in base.tensors.items()}


def test_the_tensor_is_replaced_in_the_dtype_of_the_base_and_no_other_byte_changes(
    tiny_model: Path, tmp_path: Path
) -> None:
    new = torch.linspace(-1, 1, 32)
    write_replaced(open_checkpoint(tiny_model), {"model.norm.weight": new}, tmp_path / "out")
    before, after = stored(tiny_model), stored(tmp_path / "out")
    assert {name for name in before if before[name] != after[name]} == {"model.norm.weight"}
    assert after["model.norm.weight"] == new.bfloat16().view(torch.uint8).numpy().tobytes()
    assert (tmp_path / "out" / "config.json").is_file()


def test_a_folder_that_is_whole_already_stays(tiny_model: Path, tmp_path: Path) -> None:
    base = open_checkpoint(tiny_model)
    write_replaced(base, {}, tmp_path / "out")
    write_replaced(base, {}, tmp_path / "out")
    assert stored(tmp_path / "out") == stored(tiny_model)


def test_a_whole_folder_that_was_changed_since_is_refused(tiny_model: Path, tmp_path: Path) -> None:
    base = open_checkpoint(tiny_model)
    write_replaced(base, {}, tmp_path / "out")
    file = tmp_path / "out" / "model.safetensors"
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    with pytest.raises(LexgraftError, match="not as it was written"):
        write_replaced(base, {}, tmp_path / "out")


@pytest.mark.parametrize(
    "name", ["modeling_x.py", "adapter_config.json", "custom_generate/generate.py", "x.model"]
)
def test_a_whole_folder_to_which_something_was_added_is_refused(
    tiny_model: Path, tmp_path: Path, name: str
) -> None:
    base = open_checkpoint(tiny_model)
    write_replaced(base, {}, tmp_path / "out")
    (tmp_path / "out" / "README.md").write_text("the user's own")
    write_replaced(base, {}, tmp_path / "out")
    added = tmp_path / "out" / name
    added.parent.mkdir(exist_ok=True)
    added.write_text("{}")
    with pytest.raises(LexgraftError, match=f"not as it was written: {name}"):
        write_replaced(base, {}, tmp_path / "out")


@pytest.mark.parametrize("start", [b"\xff" * 8, (1 << 40).to_bytes(8, "little")])
def test_a_header_that_cannot_be_is_refused_without_reading_so_much(
    tiny_model: Path, tmp_path: Path, start: bytes
) -> None:
    base = open_checkpoint(tiny_model)
    write_replaced(base, {}, tmp_path / "out")
    file = tmp_path / "out" / "model.safetensors"
    file.write_bytes(start + file.read_bytes()[8:])
    with pytest.raises(LexgraftError):
        write_replaced(base, {}, tmp_path / "out")


@pytest.mark.parametrize("part", ["files", "tensors"])
def test_a_manifest_that_states_nothing_by_name_is_refused(
    tiny_model: Path, tmp_path: Path, part: str
) -> None:
    base = open_checkpoint(tiny_model)
    write_replaced(base, {}, tmp_path / "out")
    manifest = tmp_path / "out" / "manifest.json"
    manifest.write_text(f'{{"base": "{base.digest}", "{part}": [1]}}')
    with pytest.raises(LexgraftError, match="digests by name"):
        write_replaced(base, {}, tmp_path / "out")


def test_a_tensor_of_another_shape_or_name_is_refused(tiny_model: Path, tmp_path: Path) -> None:
    base = open_checkpoint(tiny_model)
    with pytest.raises(LexgraftError, match="has shape"):
        write_replaced(base, {"model.norm.weight": torch.zeros(3)}, tmp_path / "out")
    with pytest.raises(LexgraftError, match="no such tensor"):
        write_replaced(base, {"model.norm.wait": torch.zeros(32)}, tmp_path / "out")
