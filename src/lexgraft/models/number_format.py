"""Number formats: which one this machine computes in, set around a model's forwards alone."""

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import cache, wraps
from threading import Condition
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from lexgraft.arrays.threads import threads
from lexgraft.errors import LexgraftError
from lexgraft.models import AskedFormat, ComputedFormat

GAIN = 1.3  # `auto` takes `mixed` where its product is so many times as fast
TRIED = 3  # times a product is timed
COMPARED = 12  # times each of two is, in turn: other work on the machine meets both
COMPARABLE: tuple[ComputedFormat, ...] = ("float32", "mixed")
GPU_SIZE = 4096  # each side of the product that is timed on a GPU
ROWS, INNER, COLUMNS = 256, 640, 2048  # of the product that is timed: a few milliseconds

M = TypeVar("M", bound=Callable[..., Any])


def choose_format(asked: AskedFormat, device: str = "cpu") -> ComputedFormat:
    """Return the format to compute in on a device of this machine.

    `auto` is `mixed` on a processor where that is much faster, bfloat16 on a GPU that has products
    in it, and float32 elsewhere.

    Raises:
        LexgraftError: this machine has no products in bfloat16, and they are asked for by name.
    """
    if asked == "auto":
        if device == "cpu":
            return "mixed" if mixed_gain() >= GAIN else "float32"
        halves = device.startswith("cuda") and torch.cuda.is_bf16_supported(
            including_emulation=False
        )
        return "bfloat16" if halves else "float32"
    if asked == "mixed" and device != "cpu":
        raise LexgraftError(
            f"`mixed` is a format of processors; the device is `{device}`",
            cure="take float32 or bfloat16",
        )
    if asked != "float32" and device == "cpu" and not computes_mixed():
        raise LexgraftError(
            f"this processor has no products in bfloat16 (AVX512_BF16 or AMX): `{asked}` would be "
            "slower than float32, or float32 under another name",
            cure="take float32",
        )
    return asked


def computes_mixed() -> bool:
    """Return whether products asked for in bfloat16 are computed so: their numbers tell."""
    return mixed_gain() > 0


@cache
def mixed_gain() -> float:
    """Return how many times as fast as in float32 a product in `mixed` is; 0 where there is none.

    Takes some fifty milliseconds, once per process.
    """
    exact, rounded = (_product(name) for name in ("float32", "mixed"))
    if torch.equal(exact, rounded):
        return 0.0
    clock = time.thread_time  # not the clock on the wall: others may have the processor
    with threads(1):
        turns = [tuple(product_time(name, clock) for name in COMPARABLE) for _ in range(COMPARED)]
    exact_seconds, mixed_seconds = (min(times) for times in zip(*turns, strict=True))
    return exact_seconds / mixed_seconds


def product_rate(number_format: ComputedFormat, device: str = "cpu") -> float:
    """Return a device's operations a second in a matrix product, the best of several.

    Of a processor it is what one thread does in its own time, times the threads: what else is
    running here while it is timed will not be running for as long as what it is timed for.
    """
    if device == "cpu":
        seconds = product_seconds(number_format)
        return torch.get_num_threads() * 2.0 * ROWS * INNER * COLUMNS / seconds
    left, right = _operands(number_format, GPU_SIZE, GPU_SIZE, GPU_SIZE, device)
    seconds = min(_seconds_on(device, left, right) for _ in range(TRIED))
    return 2.0 * GPU_SIZE**3 / seconds


def product_seconds(number_format: ComputedFormat) -> float:
    """Return the seconds of its own time that one thread takes for a matrix product, the best."""
    with threads(1):
        return min(product_time(number_format, time.thread_time) for _ in range(TRIED))


def product_time(
    number_format: ComputedFormat, clock: Callable[[], float] = time.perf_counter
) -> float:
    """Return the seconds that one matrix product takes now, by this clock."""
    start = clock()
    _product(number_format)
    return clock() - start


@torch.inference_mode()
def _product(number_format: ComputedFormat) -> Tensor:
    """Return a product of thirds, which no number of this kind holds exactly."""
    left, right = _operands(number_format, ROWS, INNER, COLUMNS, "cpu")
    with products_in(number_format):
        return nn.functional.linear(left, right)


def _operands(
    number_format: ComputedFormat, rows: int, inner: int, columns: int, device: str
) -> tuple[Tensor, Tensor]:
    """Return the two sides of a product, in the numbers that a format multiplies."""
    kind = torch.bfloat16 if number_format == "bfloat16" else torch.float32
    left = torch.full((rows, inner), 1 / 3, dtype=kind, device=device)
    return left, torch.full((columns, inner), 1 / 3, dtype=kind, device=device)


@torch.inference_mode()
def _seconds_on(device: str, left: Tensor, right: Tensor) -> float:
    """Return the seconds that a product takes on a GPU, which answers before it has computed."""
    wait: Any = getattr(torch, device.partition(":")[0]).synchronize
    wait()
    start = time.perf_counter()
    nn.functional.linear(left, right)
    wait()
    return time.perf_counter() - start


class _Running:
    """Forwards under way: torch has one setting for a process, so formats take turns."""

    def __init__(self) -> None:
        self.changed = Condition()
        self.precision = ""
        self.count = 0
        self.before = ""


_RUNNING = _Running()


@contextmanager
def products_in(number_format: ComputedFormat) -> Generator[None]:
    """Compute float32 products as this format does, here and in no other format's calls.

    Calls of one format run side by side; one of another waits until they have ended. Afterwards
    everything is as it was.
    """
    wanted = "medium" if number_format == "mixed" else "highest"
    with _RUNNING.changed:
        _RUNNING.changed.wait_for(lambda: not _RUNNING.count or _RUNNING.precision == wanted)
        if not _RUNNING.count:
            _RUNNING.before, _RUNNING.precision = torch.get_float32_matmul_precision(), wanted
            torch.set_float32_matmul_precision(wanted)
        _RUNNING.count += 1
    try:
        yield
    finally:
        with _RUNNING.changed:
            _RUNNING.count -= 1
            if not _RUNNING.count:
                torch.set_float32_matmul_precision(_RUNNING.before)
                _RUNNING.changed.notify_all()


def computed(method: M) -> M:
    """Return a method that runs without gradients, its products in its object's format."""

    @wraps(method)
    def run(self: Any, *arguments: Any, **named: Any) -> Any:
        with torch.inference_mode(), products_in(self.number_format):
            return method(self, *arguments, **named)

    return run  # pyright: ignore[reportReturnType]


def as_operand(tensor: Tensor, number_format: ComputedFormat) -> Tensor:
    """Return float32 numbers as a product in this format sees them."""
    return tensor.bfloat16().float() if number_format == "mixed" else tensor.float()
