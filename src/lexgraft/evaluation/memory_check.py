"""The memory that evaluating a model takes, held against what is free before it is loaded."""

import os
from pathlib import Path

from lexgraft.errors import LexgraftError
from lexgraft.models.chosen_device import CPU, free_bytes
from lexgraft.models.transformers import TOKEN_BUDGET
from lexgraft.weights.checkpoint.checkpoint_index import Checkpoint

RUNTIME = 700_000_000  # bytes: interpreter, libraries, kernels' scratch
ROWS_HELD = 24  # activations held at once, in multiples of a layer's width


def memory_needed(model: Checkpoint, dtype: str, *, adapter: bool) -> int:
    """Return an upper estimate of the memory that evaluating a model takes, in bytes.

    The weights in the format they are run in, the file they are read from, an adapter's copies,
    one batch of activations with its masks, and the libraries.
    """
    parameters = sum(entry.size for entry in model.tensors.values())
    width = max(min(entry.shape, default=1) for entry in model.tensors.values())
    bytes_each = 2 if dtype == "bfloat16" else 4
    copies = 2 * 4 * parameters if adapter else 0
    file = sum(shard.size for shard in model.shards)
    batch = 4 * TOKEN_BUDGET * (ROWS_HELD * width + TOKEN_BUDGET)
    return bytes_each * parameters + copies + file + batch + RUNTIME


def check_free_memory(needed: int, device: str, gpus: int = 1) -> None:
    """Refuse what the free memory of the machine, or of its GPUs from a device on, cannot hold.

    Raises:
        LexgraftError: it cannot, with both figures.
    """
    free = free_memory(device, gpus)
    if free is not None and needed > free:
        raise LexgraftError(
            f"about {needed / 1e9:.1f} GB of memory are needed, {free / 1e9:.1f} are free",
            cure="free memory, use --dtype bfloat16, or a smaller model",
        )


def free_memory(device: str, gpus: int = 1) -> int | None:
    """Return the bytes that are free where a model is to lie; None where nothing says so."""
    if device == CPU:
        return _free_memory()
    kind, _, first = device.partition(":")
    numbers = range(int(first or 0), int(first or 0) + gpus)
    free = [free_bytes(f"{kind}:{number}") for number in numbers]
    return sum(filter(None, free)) if all(free) else None


def _free_memory() -> int | None:
    """Return the bytes that can be taken without swapping, where the system says."""
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") + _cached()
    except (OSError, ValueError):
        return None


def _cached() -> int:
    """Return the bytes of files held in memory, which make way."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Cached:")), 0)
