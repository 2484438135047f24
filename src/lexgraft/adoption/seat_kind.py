"""What computes on a seat: numbers of two kinds of processor or GPU are never put together."""

import platform
import socket
from functools import cache
from pathlib import Path

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from lexgraft.arrays.lazy_torch import torch
from lexgraft.arrays.threads import threads
from lexgraft.errors import LexgraftError
from lexgraft.models.chosen_device import CPU, Computation
from lexgraft.models.number_format import products_in
from lexgraft.records import digest, write_bytes

FILE = "seats.json"
"""In a run's folder: the kind of seat that its answers are of."""
_ROWS, _INNER, _COLUMNS = 96, 640, 160  # of the product whose last digits are compared
_CURE = (
    "join machines of one kind alone; numbers of another kind want a run of their own, with "
    "another output"
)


class SeatKind(Struct, frozen=True):
    """What shows in the last digits of a seat's answers."""

    model: str  # of the GPU by its name, of the processor what torch uses of it
    torch: str  # its version
    products: str = ""  # digest of a product on the processor

    def __str__(self) -> str:
        """Return it as words."""
        return " ".join(filter(None, (self.model, f"torch {self.torch}", self.products)))


@cache
def kind_here(computation: Computation) -> SeatKind:
    """Return what computes in this process."""
    release = str(torch.__version__)
    if computation.kind == "cuda":
        return SeatKind(torch.cuda.get_device_name(computation.device), release)
    model = f"{platform.machine()} {torch.backends.cpu.get_cpu_capability()}"
    if computation.kind != CPU:
        return SeatKind(f"{model} {computation.kind}", release)
    return SeatKind(model, release, _products(computation))


def check_kind(expected: SeatKind, computation: Computation) -> None:
    """Refuse this process where it computes otherwise than the first of its run.

    Raises:
        LexgraftError: another kind of processor or GPU, or another torch.
    """
    kind = kind_here(computation)
    if kind != expected:
        raise LexgraftError(
            f"the machine {socket.gethostname()} computes by {kind}, this run by {expected}: they "
            "round differently",
            cure=_CURE,
        )


def kind_of_run(folder: Path, first: SeatKind) -> SeatKind:
    """Return the kind of seat that a run was begun with, which `first` is where nothing was asked.

    Torch may be another than then, but the same on every seat.

    Raises:
        LexgraftError: the run was begun with another kind, or the record is damaged.
    """
    file = folder / FILE
    if not file.is_file():
        write_bytes(file, msgspec.json.encode(first))
        return first
    try:
        begun = msgspec.json.decode(file.read_bytes(), type=SeatKind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise LexgraftError(
            f"not a record of what computed: {error}",
            where=str(file),
            cure="delete it where all machines of the run were of one kind and still are",
        ) from error
    if replace(begun, torch=first.torch) != first:
        raise LexgraftError(
            f"the answers here were computed by {begun}, and the first machine computes by {first}",
            where=str(folder),
            cure=_CURE,
        )
    return first


def _products(computation: Computation) -> str:
    """Return the digest of a product whose sums no other order of adding rounds alike."""
    left = torch.arange(_ROWS * _INNER, dtype=torch.float64).sin().float().reshape(_ROWS, _INNER)
    right = torch.arange(_INNER * _COLUMNS, dtype=torch.float64).cos().float()
    kind = torch.bfloat16 if computation.dtype == "bfloat16" else torch.float32
    with torch.inference_mode(), threads(1), products_in(computation.dtype):
        product = left.to(kind) @ right.reshape(_INNER, _COLUMNS).to(kind)
    return digest(product.float().numpy().tobytes().hex())[:12]
