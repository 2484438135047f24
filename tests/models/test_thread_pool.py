"""Calls side by side give what they give one after the other, in order."""

import threading
import time
from functools import partial
from pathlib import Path

import pytest
import torch

from lexgraft.models.thread_pool import side_by_side
from lexgraft.models.transformers import TransformersModel

QUESTIONS = [(f"Meaning {n}: ", ("heart", "lung", "心臓")) for n in range(6)]


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_results_come_in_the_order_of_the_calls(threads: int) -> None:
    def slow(number: int) -> int:
        time.sleep(0.01 * (5 - number))
        return number

    calls = [partial(slow, number) for number in range(5)]
    assert list(side_by_side(calls, threads)) == [0, 1, 2, 3, 4]


def test_calls_do_run_at_once_on_one_thread_of_arithmetic_each() -> None:
    both = threading.Barrier(2, timeout=5)

    def meet() -> int:
        both.wait()
        return torch.get_num_threads()

    before = torch.get_num_threads()
    assert list(side_by_side([meet, meet], 2)) == [1, 1]
    assert torch.get_num_threads() == before


def test_threads_that_calls_leave_over_are_shared_out() -> None:
    assert list(side_by_side([torch.get_num_threads] * 2, 5)) == [2, 2]


def test_a_failure_is_raised_and_what_has_not_begun_never_does() -> None:
    begun: list[int] = []

    def call(number: int) -> int:
        begun.append(number)
        if number == 1:
            raise KeyboardInterrupt
        time.sleep(0.02)
        return number

    with pytest.raises(KeyboardInterrupt):
        list(side_by_side([partial(call, number) for number in range(50)], 2))
    assert len(begun) < 50


def test_a_model_gives_the_same_numbers_side_by_side(tiny_model: Path) -> None:
    model = TransformersModel.load(tiny_model, "m", 2)
    calls = [partial(model.loglikelihoods, [question]) for question in QUESTIONS]
    try:
        together = list(model.side_by_side(calls))
    finally:
        torch.set_num_threads(1)
    assert together == [call() for call in calls]
