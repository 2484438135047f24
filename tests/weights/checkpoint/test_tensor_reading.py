from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from xxhash import xxh3_128

from lexgraft.errors import LexgraftError
from lexgraft.weights.checkpoint.checkpoint_index import open_checkpoint
from lexgraft.weights.checkpoint.tensor_reading import (
    DTYPES,
    dtype_of,
    read_flat,
    read_tensor,
    read_windows,
    tensor_digest,
)


@pytest.fixture
def tensors() -> dict[str, torch.Tensor]:
    numbers = torch.arange(24).view(2, 3, 4)
    known = {code.lower(): numbers.to(dtype_of(code)) for code in DTYPES}
    return known | {"single": torch.tensor(3.5), "empty": torch.empty(0, 4)}


@pytest.fixture
def folder(tmp_path: Path, tensors: dict[str, torch.Tensor]) -> Path:
    save_file(tensors, tmp_path / "model.safetensors")
    return tmp_path


def test_every_dtype_and_shape_comes_back(folder: Path, tensors: dict[str, torch.Tensor]) -> None:
    for name, entry in open_checkpoint(folder).tensors.items():
        read = read_tensor(entry)
        assert read.dtype == tensors[name].dtype
        assert torch.equal(read, tensors[name])


def test_a_stretch_is_read_by_element_numbers(folder: Path) -> None:
    entry = open_checkpoint(folder).tensors["bf16"]
    assert read_flat(entry, 5, 8).tolist() == [5, 6, 7]
    with pytest.raises(ValueError, match="elements 5:25 of 24"):
        read_flat(entry, 5, 25)


def test_windows_join_to_the_stored_bytes(folder: Path) -> None:
    entry = open_checkpoint(folder).tensors["f32"]
    data = (folder / "model.safetensors").read_bytes()[entry.start : entry.end]
    windows = [bytes(window) for window in read_windows(entry, window=7)]
    assert b"".join(windows) == data
    assert max(map(len, windows)) == 7


def test_the_digest_is_that_of_the_bytes(folder: Path) -> None:
    entry = open_checkpoint(folder).tensors["f32"]
    data = (folder / "model.safetensors").read_bytes()[entry.start : entry.end]
    assert tensor_digest(entry) == xxh3_128(data).hexdigest()


def test_a_file_cut_after_it_was_opened_is_an_error_not_a_crash(folder: Path) -> None:
    entry = open_checkpoint(folder).tensors["f32"]
    with (folder / "model.safetensors").open("r+b") as file:
        file.truncate(entry.end - 1)
    with pytest.raises(LexgraftError, match="the file ends before byte"):
        read_tensor(entry)
