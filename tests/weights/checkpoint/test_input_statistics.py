"""Learnt sums in files: read back bit for bit, checked, and left out where they say too little."""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lexgraft.errors import LexgraftError
from lexgraft.weights.checkpoint.input_statistics import (
    INDEX,
    KEPT_SOLVED,
    InputStatistics,
    SideRecord,
    StatisticsIndex,
    finish_statistics,
    folded,
    open_statistics,
    unfolded,
    write_sums,
)

SIZES = {"a.weight": 6, "b.weight": 9}


def square(size: int, seed: int) -> np.ndarray:
    rows = np.random.default_rng(seed).integers(-9, 9, (20, size)).astype(float)
    return rows.T @ rows


def saved(folder: Path, tokens: int = 20) -> InputStatistics:
    def side(name: str, seed: int) -> SideRecord:
        inputs = {
            read: write_sums(folder, name, read, square(size, seed + size), 0.5)  # pyright: ignore[reportArgumentType]
            for read, size in SIZES.items()
        }
        return SideRecord(name, {"t": ((0, 5),)}, tokens, inputs)

    weights = {"a.weight": "a.weight", "a2.weight": "a.weight", "b.weight": "b.weight"}
    index = StatisticsIndex(weights, SIZES, side("general", 0), side("questions", 100))
    return finish_statistics(folder, index)


def test_many_threads_ask_for_more_inputs_than_are_kept(tmp_path: Path) -> None:
    """Each gets what it asked for, though others push it out of memory meanwhile."""
    names = [f"{number}.weight" for number in range(2 * KEPT_SOLVED)]
    sizes = dict.fromkeys(names, 4)
    side = SideRecord("general", {}, 20, {})
    index = StatisticsIndex({name: name for name in names}, sizes, side, side)
    statistics = InputStatistics(tmp_path, index)

    def ask(start: int) -> int:
        turns = range(start, start + 4000)
        return sum(statistics.moments(names[turn % len(names)]) is not None for turn in turns)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(5) as pool:
            assert list(pool.map(ask, range(5))) == [4000] * 5
    finally:
        sys.setswitchinterval(interval)


@given(st.integers(1, 9), st.integers(0, 99))
def test_a_folded_matrix_takes_half_the_space_and_comes_back(size: int, seed: int) -> None:
    matrix = square(size, seed)
    packed = folded(matrix)
    assert packed.size <= (size + 1) * (size + 2) / 2
    assert np.array_equal(unfolded(packed, size), matrix)


def test_what_was_learnt_is_read_back(tmp_path: Path) -> None:
    digest = saved(tmp_path).digest
    statistics = open_statistics(tmp_path)
    assert statistics is not None
    assert statistics.digest == digest
    assert np.array_equal(statistics.sums("general", "a.weight"), square(6, 6))
    moments = statistics.moments("a2.weight")
    assert moments is statistics.moments("a.weight")
    assert moments is not None
    found = moments.projection(0.5, 0.001)
    assert found.shape == (6, 6)
    assert found.dtype == torch.float64
    assert statistics.moments("c.weight") is None


def test_the_grid_belongs_to_the_sums(tmp_path: Path) -> None:
    statistics = saved(tmp_path)
    general, _ = statistics._read("a.weight")
    assert torch.equal(general, torch.from_numpy(square(6, 6)) / 4)


def test_inputs_with_more_numbers_than_tokens_are_left_out(tmp_path: Path) -> None:
    statistics = saved(tmp_path, tokens=8)
    assert set(statistics.weights) == {"a.weight", "a2.weight"}
    assert statistics.left_out == ("b.weight",)
    assert statistics.moments("b.weight") is None


def test_nothing_finished_is_nothing_learnt(tmp_path: Path) -> None:
    write_sums(tmp_path, "general", "a.weight", square(6, 0), 1.0)
    assert open_statistics(tmp_path) is None


@pytest.mark.parametrize("damage", ["gone", "changed"])
def test_sums_that_were_damaged_are_refused(tmp_path: Path, damage: str) -> None:
    statistics = saved(tmp_path)
    for file in (tmp_path / "questions").iterdir():
        if damage == "gone":
            file.unlink()
        else:
            file.write_bytes(file.read_bytes()[:-1] + b"\x01")
    with pytest.raises(LexgraftError, match=r"gone|not as it was written"):
        statistics.sums("questions", "a.weight")


def test_an_index_that_is_not_one_is_refused(tmp_path: Path) -> None:
    (tmp_path / INDEX).write_text("{}")
    with pytest.raises(LexgraftError, match="no index"):
        open_statistics(tmp_path)
