"""A model larger than one GPU: its layers spread over several, by accelerate's device map."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import nn

from lexgraft.errors import LexgraftError
from lexgraft.models.chosen_device import devices_here, free_bytes, seen_by_torch

HELD_BACK = 0.15  # share of a GPU's free memory that is left to activations


def layer_arguments(device: str, gpus: int) -> Mapping[str, Any] | None:
    """Return transformers' arguments that spread layers over GPUs; None: all is on one device.

    Args:
        device: the first of them, by torch's name.
        gpus: how many.

    Raises:
        LexgraftError: there are not so many.
    """
    if gpus == 1:
        return None
    devices = devices_here()
    kind, _, first = device.partition(":")
    names = [f"{kind}:{number}" for number in range(int(first or 0), int(first or 0) + gpus)]
    if kind != "cuda" or not set(names) <= set(devices):
        raise LexgraftError(
            f"{gpus} GPUs are asked for, from `{device}` on: {seen_by_torch(devices)}",
            where="compute.gpus_per_model",
            cure="ask for as many as there are, or leave it out",
        )
    limits = {
        number: int((1 - HELD_BACK) * (free_bytes(name) or 0)) if name in names else 0
        for number, name in enumerate(devices[1:])
    }
    return {"device_map": "balanced", "max_memory": limits}


def check_layer_map(network: nn.Module, folder: Path) -> None:
    """Refuse a network some of whose weights found no place on a device that computes.

    Raises:
        LexgraftError: it has; they would be read from memory or disk for every word.
    """
    if any(parameter.device.type == "meta" for parameter in network.parameters()):
        raise LexgraftError(
            "the GPUs together do not hold it",
            where=str(folder),
            cure="raise `compute.gpus_per_model`, or take `dtype: bfloat16`",
        )
