"""Quantised tensors are read as the formula says, whatever the block and the window."""

from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import Tensor
from weights.checkpoint.quantised.quantised_models import (
    FP8,
    STEM,
    expected,
    grouped,
    packed,
    save,
)

from lexgraft.errors import LexgraftError
from lexgraft.weights.checkpoint.full_precision import open_full_precision
from lexgraft.weights.checkpoint.number_tables import table_of
from lexgraft.weights.checkpoint.safetensors_header import TensorEntry
from lexgraft.weights.checkpoint.tensor_bytes import fill_tensor, tensor_windows
from lexgraft.weights.checkpoint.tensor_digests import digest_now
from lexgraft.weights.checkpoint.tensor_reading import read_flat, read_tensor

NAME = f"{STEM}.weight"
FP8_BLOCKS = {"quantization_config": {"quant_method": "fp8", "weight_block_size": [128, 128]}}
WHATEVER = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def opened(folder: Path, tensors: dict[str, Tensor], config: dict[str, Any]) -> TensorEntry:
    checkpoint = open_full_precision(save(folder, tensors, **config))
    assert list(checkpoint.tensors) == [NAME]
    return checkpoint.tensors[NAME]


def bits_of(tensor: Tensor) -> Tensor:
    return tensor.view(torch.int16 if tensor.element_size() == 2 else torch.int32)


def test_a_block_worked_by_hand(tmp_path: Path) -> None:
    # 0x38 is 2^0, 0x3C 1.5, 0xC0 -2, 0x01 the smallest, 2^-9; scales of blocks 2 x 2: 2 and 0.5
    values = torch.tensor([[0x38, 0x3C, 0xC0], [0x01, 0x38, 0x38]], dtype=torch.uint8).view(FP8)
    tensors = {NAME: values, f"{NAME}_scale_inv": torch.tensor([[2.0, 0.5]])}
    config = {"quantization_config": {"quant_method": "fp8", "weight_block_size": [2, 2]}}
    entry = opened(tmp_path, tensors, config)
    assert (entry.dtype, entry.shape) == ("BF16", (2, 3))
    assert read_tensor(entry).tolist() == [[2.0, 3.0, -1.0], [2.0**-8, 2.0, 0.5]]


def test_four_bits_with_zero_points_worked_by_hand(tmp_path: Path) -> None:
    # words: value 0 in the lowest 4 bits, 8 added; (v - z) * s with groups of 2 columns
    word = 0x7 << 0 | 0x8 << 4 | 0xF << 8 | 0x0 << 12  # -1, 0, 7, -8
    tensors = {
        f"{NAME}_packed": torch.tensor([[word]], dtype=torch.int32),
        f"{NAME}_scale": torch.tensor([[0.5, 2.0]]),
        f"{NAME}_zero_point": torch.tensor([[0x9, 0x6]], dtype=torch.int32),  # 1 and -2
        f"{NAME}_shape": torch.tensor([1, 4]),
    }
    config = grouped("pack-quantized", {"num_bits": 4, "type": "int", "group_size": 2})
    entry = opened(tmp_path, tensors, config)
    assert read_tensor(entry).tolist() == [[-1.0, -0.5, 18.0, -12.0]]


@pytest.mark.parametrize(("code", "dtype"), [("F8_E4M3", FP8), ("F8_E5M2", torch.float8_e5m2)])
def test_all_numbers_of_eight_bits_are_those_of_torch(code: str, dtype: torch.dtype) -> None:
    torchs = torch.arange(256, dtype=torch.uint8).view(dtype).float()
    ours = torch.from_numpy(table_of(code, 8)[:, 0])
    assert torch.equal(ours.nan_to_num(1e9), torchs.nan_to_num(1e9))
    assert torch.equal(ours.isnan(), torchs.isnan())


def test_exponents_alone_are_those_of_torch() -> None:
    torchs = torch.arange(256, dtype=torch.uint8).view(torch.float8_e8m0fnu).float()
    ours = torch.from_numpy(table_of("F8_E8M0", 8)[:, 0])
    assert torch.equal(ours.nan_to_num(-1), torchs.nan_to_num(-1))


@WHATEVER
@given(
    rows=st.integers(1, 9),
    columns=st.integers(1, 11),
    block=st.tuples(st.integers(1, 5), st.integers(1, 5)),
    stack=st.sampled_from([(), (2,), (3, 2)]),
    start=st.integers(0, 40),
    length=st.integers(1, 400),
    dtype=st.sampled_from([torch.float32, torch.bfloat16]),
    scales=st.sampled_from([torch.float32, torch.bfloat16]),
    seed=st.integers(0, 99),
)
def test_any_window_of_any_blocks_is_that_of_the_formula(
    tmp_path_factory: pytest.TempPathFactory,
    rows: int,
    columns: int,
    block: tuple[int, int],
    stack: tuple[int, ...],
    start: int,
    length: int,
    dtype: torch.dtype,
    scales: torch.dtype,
    seed: int,
) -> None:
    draw = torch.Generator().manual_seed(seed)
    values = torch.randn(*stack, rows, columns, generator=draw).to(FP8)
    grid = (*stack, -(-rows // block[0]), -(-columns // block[1]))
    scale = torch.rand(grid, generator=draw).to(scales) + 0.1
    tensors = {NAME: values, f"{NAME}_scale_inv": scale}
    config = {"quantization_config": {"quant_method": "fp8", "weight_block_size": list(block)}}
    if scale.numel() == 1:
        block = (rows, columns)
    entry = opened(
        tmp_path_factory.mktemp("fp8"), tensors, {**config, "dtype": str(dtype).split(".")[1]}
    )
    reference = expected(values.float(), scale, block).float().to(dtype)
    assert torch.equal(read_tensor(entry), reference)
    data = bits_of(reference).reshape(-1).view(torch.uint8).numpy().tobytes()
    start = min(start, len(data) - 1)
    part = bytearray(min(length, len(data) - start))
    shown = bytearray(len(part))

    def look(piece: memoryview, first: int) -> None:
        shown[first : first + len(piece)] = piece

    fill_tensor(entry, start, memoryview(part), look=look)
    assert bytes(part) == bytes(shown) == data[start : start + len(part)]
    assert b"".join(map(bytes, tensor_windows(entry, window=7))) == data


@WHATEVER
@given(
    rows=st.integers(1, 20),
    columns=st.integers(1, 40),
    group=st.sampled_from([None, 1, 3, 8, 16]),
    bits=st.sampled_from([2, 4, 8]),
    zeros=st.sampled_from(["none", "packed", "plain"]),
    seed=st.integers(0, 99),
)
def test_packed_whole_numbers_are_those_of_the_formula(
    tmp_path_factory: pytest.TempPathFactory,
    rows: int,
    columns: int,
    group: int | None,
    bits: int,
    zeros: str,
    seed: int,
) -> None:
    draw = torch.Generator().manual_seed(seed)
    wide = columns if group is None else group
    grid = (rows, -(-columns // wide))
    low, high = -(2 ** (bits - 1)), 2 ** (bits - 1)
    values = torch.randint(low, high, (rows, columns), generator=draw)
    zero = torch.randint(low, high, grid, generator=draw)
    scale = torch.rand(grid, generator=draw).to(torch.bfloat16) + 0.1
    tensors = {
        f"{NAME}_packed": packed(values, bits),
        f"{NAME}_scale": scale,
        f"{NAME}_shape": torch.tensor([rows, columns]),
    }
    if zeros != "none":
        stored = packed(zero.T, bits).T if zeros == "packed" else zero.to(torch.int8)
        tensors[f"{NAME}_zero_point"] = stored
    weights = {"num_bits": bits, "type": "int", "group_size": group, "symmetric": zeros == "none"}
    entry = opened(tmp_path_factory.mktemp("packed"), tensors, grouped("pack-quantized", weights))
    reference = expected(values, scale, (1, wide), None if zeros == "none" else zero)
    reference = reference.float().to(torch.bfloat16)
    assert torch.equal(read_tensor(entry), reference)
    first = (rows // 2) * columns
    assert torch.equal(read_flat(entry, first, entry.size), reference.reshape(-1)[first:])


def test_columns_in_another_order_take_the_scales_of_their_groups(tmp_path: Path) -> None:
    values = torch.arange(-8, 8).reshape(2, 8)
    order = torch.tensor([1, 0, 0, 1, 1, 0, 1, 0], dtype=torch.int32)
    scale, zero = torch.tensor([[0.5, 2.0], [1.0, 4.0]]), torch.tensor([[1, 2], [3, 4]])
    tensors = {
        f"{NAME}_packed": packed(values, 8),
        f"{NAME}_scale": scale,
        f"{NAME}_zero_point": zero.to(torch.int8),
        f"{NAME}_g_idx": order,
        f"{NAME}_shape": torch.tensor([2, 8]),
    }
    weights = {"num_bits": 8, "type": "int", "group_size": 4, "actorder": "group"}
    entry = opened(tmp_path, tensors, grouped("pack-quantized", weights))
    reference = (values - zero[:, order]) * scale[:, order]
    assert torch.equal(read_tensor(entry).float(), reference.to(torch.bfloat16).float())


@pytest.mark.parametrize("shape", [(), (1,), (1, 1), (6, 1), (6,)])
def test_scales_of_whole_tensors_and_of_rows(tmp_path: Path, shape: tuple[int, ...]) -> None:
    values = torch.randn(6, 10, generator=torch.Generator().manual_seed(1)).to(FP8)
    scale = torch.rand(shape, generator=torch.Generator().manual_seed(2)) + 0.1
    per_row = scale.reshape(-1, 1)
    reference = (values.float() * per_row).to(torch.bfloat16)
    for kind, config in (
        ("fbgemm", {"quantization_config": {"quant_method": "fbgemm_fp8"}}),
        ("fp8", {"quantization_config": {"quant_method": "fp8", "activation_scheme": "static"}}),
        ("float", grouped("float-quantized", {"num_bits": 8, "type": "float"})),
        ("naive", grouped("naive-quantized", {"num_bits": 8, "type": "float"})),
    ):
        tensors = {NAME: values, f"{NAME}_scale": scale, f"{STEM}.input_scale": torch.ones(1)}
        entry = opened(tmp_path / kind, tensors, config)
        assert torch.equal(read_tensor(entry), reference)


def test_whole_numbers_of_eight_bits_with_zero_points(tmp_path: Path) -> None:
    draw = torch.Generator().manual_seed(3)
    values = torch.randint(-128, 128, (6, 10), generator=draw).to(torch.int8)
    zero = torch.randint(-128, 128, (6, 1), generator=draw).to(torch.int8)
    scale = torch.rand(6, 1, generator=draw)
    tensors = {NAME: values, f"{NAME}_scale": scale, f"{NAME}_zero_point": zero}
    entry = opened(tmp_path, tensors, grouped("int-quantized", {"num_bits": 8, "type": "int"}))
    reference = (values.float() - zero.float()) * scale
    assert torch.equal(read_tensor(entry), reference.to(torch.bfloat16))


def test_float32_is_read_where_it_is_asked_for(tmp_path: Path) -> None:
    values = torch.randn(4, 4, generator=torch.Generator().manual_seed(1)).to(FP8)
    scale = torch.full((1, 1), 1 / 3)
    folder = save(tmp_path, {NAME: values, f"{NAME}_scale_inv": scale}, **FP8_BLOCKS)
    entry = open_full_precision(folder, "float32").tensors[NAME]
    assert entry.dtype == "F32"
    assert torch.equal(read_tensor(entry), values.float() * scale)


def test_blocks_are_those_of_transformers(tmp_path: Path) -> None:
    finegrained = pytest.importorskip("transformers.integrations.finegrained_fp8")
    values = torch.randn(256, 384, generator=torch.Generator().manual_seed(1)).to(FP8)
    scale = torch.rand(2, 3, generator=torch.Generator().manual_seed(2))
    entry = opened(tmp_path, {NAME: values, f"{NAME}_scale_inv": scale}, FP8_BLOCKS)
    theirs = finegrained.Fp8Dequantize(None).convert({"weight": values, "weight_scale_inv": scale})
    assert torch.equal(read_tensor(entry), theirs["weight"].to(torch.bfloat16))


def test_the_digest_is_that_of_the_dense_tensor(tmp_path: Path) -> None:
    values = torch.randn(200, 130, generator=torch.Generator().manual_seed(1)).to(FP8)
    scale = torch.rand(2, 2, generator=torch.Generator().manual_seed(2))
    entry = opened(tmp_path / "a", {NAME: values, f"{NAME}_scale_inv": scale}, FP8_BLOCKS)
    plain = open_full_precision(save(tmp_path / "b", {NAME: read_tensor(entry)}))
    assert digest_now(entry) == digest_now(plain.tensors[NAME])


def test_a_file_that_was_cut_is_named(tmp_path: Path) -> None:
    tensors = {NAME: torch.ones(64, 64).to(FP8), f"{NAME}_scale_inv": torch.ones(1, 1)}
    entry = opened(tmp_path, tensors, FP8_BLOCKS)
    with (tmp_path / "model.safetensors").open("r+b") as file:
        file.truncate(entry.start + 100)
    with pytest.raises(LexgraftError, match="the file ends before"):
        read_tensor(entry)
