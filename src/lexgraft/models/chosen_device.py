"""Where a model runs and in which numbers: decided here for every stage and verb."""

from typing import NamedTuple

import torch

from lexgraft.errors import LexgraftError
from lexgraft.models import AskedFormat, ComputedFormat
from lexgraft.models.number_format import choose_format

CPU = "cpu"


class Computation(NamedTuple):
    """A device by torch's name, and the number format there."""

    device: str
    dtype: ComputedFormat

    @property
    def kind(self) -> str:
        """Return the device without its number: what shows in the low bits of answers."""
        return self.device.partition(":")[0]


def choose_computation(device: str, dtype: AskedFormat) -> Computation:
    """Return the device and the format that are meant, `auto` resolved on this machine.

    Raises:
        LexgraftError: the device is not there, or it does not compute in that format.
    """
    chosen = choose_device(device)
    return Computation(chosen, choose_format(dtype, chosen))


def choose_device(name: str) -> str:
    """Return a device by name: `auto` is a GPU where there is one, else the processor.

    Raises:
        LexgraftError: torch has no such device here; the message says which ones it sees.
    """
    if name == CPU:
        return CPU
    devices = devices_here()
    if name == "auto":
        return (devices[1:] or devices)[0]
    if name in devices or (name == "cuda" and "cuda:0" in devices):
        return "cuda:0" if name == "cuda" else name
    raise LexgraftError(
        f"no device `{name}` here: {seen_by_torch(devices)}",
        cure="`lexgraft doctor` shows what there is; `auto` takes the best of it",
    )


def devices_here() -> list[str]:
    """Return the devices that torch can compute on, the processor first."""
    graphics = [f"cuda:{number}" for number in range(torch.cuda.device_count())]
    return [CPU, *graphics, *(["mps"] if torch.backends.mps.is_available() else [])]


def seen_by_torch(devices: list[str]) -> str:
    """Return what torch sees, as the end of a sentence."""
    built = f"built for CUDA {torch.version.cuda}" if torch.version.cuda else "built without CUDA"
    return f"torch {torch.__version__} ({built}) sees {', '.join(devices)}"


def free_bytes(device: str) -> int | None:
    """Return what is free on a GPU, in bytes; None of what has no memory of its own."""
    return torch.cuda.mem_get_info(device)[0] if device.startswith("cuda") else None
