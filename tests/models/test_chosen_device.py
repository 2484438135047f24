"""Device and format are decided in one place; what is not there is refused with what is."""

import argparse
from pathlib import Path
from unittest.mock import Mock

import pytest
import torch

from lexgraft.cli.compute_options import device_name
from lexgraft.errors import LexgraftError
from lexgraft.models import chosen_device, layer_map
from lexgraft.models.chosen_device import Computation, choose_computation, choose_device
from lexgraft.models.layer_map import check_layer_map, layer_arguments


@pytest.fixture
def graphics(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pretend that there are two GPUs that compute in bfloat16, with 10 GB free on each."""
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", Mock(return_value=True))
    monkeypatch.setattr(layer_map, "free_bytes", Mock(return_value=10_000_000_000))


@pytest.mark.usefixtures("graphics")
def test_auto_takes_the_first_gpu_and_bfloat16_there() -> None:
    assert choose_computation("auto", "auto") == Computation("cuda:0", "bfloat16")
    assert choose_computation("cuda:1", "float32") == Computation("cuda:1", "float32")
    assert choose_computation("cuda", "auto").kind == "cuda"
    assert choose_computation("cpu", "float32") == Computation("cpu", "float32")
    with pytest.raises(LexgraftError, match="format of processors"):
        choose_computation("cuda", "mixed")


def test_auto_without_a_gpu_is_the_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chosen_device, "devices_here", lambda: ["cpu"])
    assert choose_device("auto") == "cpu"
    monkeypatch.setattr(chosen_device, "devices_here", lambda: ["cpu", "mps"])
    assert choose_device("auto") == "mps"


@pytest.mark.usefixtures("graphics")
def test_an_absent_device_is_refused_with_what_torch_sees() -> None:
    with pytest.raises(LexgraftError, match=r"no device `cuda:7` here: torch .* sees cpu, cuda:0"):
        choose_device("cuda:7")
    with pytest.raises(LexgraftError, match="no device `mps`"):
        choose_device("mps")


def test_a_device_is_named_as_a_project_names_it() -> None:
    assert [device_name(text) for text in ("auto", "cpu", "cuda", "cuda:12", "mps")][-1] == "mps"
    for text in ("tpu", "cuda:", "cuda:x", "cpu:0", "meta", ""):
        with pytest.raises(argparse.ArgumentTypeError, match="is not auto, cpu"):
            device_name(text)


@pytest.mark.usefixtures("graphics")
def test_layers_are_spread_over_the_gpus_that_are_asked_for() -> None:
    assert layer_arguments("cuda:0", 1) is None
    wanted = layer_arguments("cuda:0", 2)
    assert wanted is not None
    assert wanted["max_memory"] == {0: 8_500_000_000, 1: 8_500_000_000}
    for device, gpus in (("cuda:1", 2), ("cuda:0", 3), ("cpu", 2)):
        with pytest.raises(LexgraftError, match=f"{gpus} GPUs are asked for, from `{device}`"):
            layer_arguments(device, gpus)


def test_layers_without_a_place_are_refused() -> None:
    with pytest.raises(LexgraftError, match="do not hold it"):
        check_layer_map(torch.nn.Linear(2, 2, device="meta"), Path("model"))
    check_layer_map(torch.nn.Linear(2, 2), Path("model"))
