"""Device and number format of a run's folder: chosen once, kept when the run is resumed."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec
from msgspec import Struct

from lexgraft.errors import LexgraftError
from lexgraft.models import AskedFormat, ComputedFormat
from lexgraft.records import write_bytes

if TYPE_CHECKING:
    from lexgraft.models.chosen_device import Computation

FILE = "compute.json"
_ANSWERS = "answers"  # of a folder from before formats were recorded: all in float32


class RunFormat(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """On what kind of device, and in which numbers, all answers of a run's folder were computed."""

    dtype: ComputedFormat
    device: Literal["cpu", "cuda", "mps"] = "cpu"

    def __str__(self) -> str:
        """Return both as words; a processor goes without saying."""
        return self.dtype if self.device == "cpu" else f"{self.dtype} on {self.device}"


def computation_of_run(device: str, dtype: AskedFormat, folder: Path) -> "Computation":
    """Return where and in which numbers all of a run's folder is computed, and record it.

    Answers of two formats, or of two kinds of device, differ in their last digits, so a folder
    holds those of one. `auto` keeps what the folder was begun with.

    Raises:
        LexgraftError: another device or format is asked for than the folder was begun with, or
            this machine has no such device, or cannot compute in that format.
    """
    from lexgraft.models.chosen_device import choose_computation

    recorded = recorded_format(folder)
    if recorded is None:
        chosen = choose_computation(device, dtype)
        write_bytes(folder / FILE, msgspec.json.encode(run_format(chosen)))
        return chosen
    anew = "give this run another output, where every question is asked anew"
    if dtype not in ("auto", recorded.dtype):
        raise LexgraftError(
            f"the answers here were computed in `{recorded}`, and `{dtype}` is asked for",
            where=str(folder),
            cure=f"leave dtype at `auto` or `{recorded.dtype}`, or {anew}",
        )
    if device != "auto" and device.partition(":")[0] != recorded.device:
        raise LexgraftError(
            f"the answers here were computed on `{recorded.device}`, and `{device}` is asked for",
            where=str(folder),
            cure=f"leave the device at `auto` or `{recorded.device}`, or {anew}",
        )
    try:
        return choose_computation(recorded.device if device == "auto" else device, recorded.dtype)
    except LexgraftError as error:
        raise LexgraftError(
            f"the answers here were computed in `{recorded}`, which this machine cannot: "
            f"{error.what}",
            where=str(folder),
            cure=f"go on where it began, or {anew}",
        ) from error


def run_format(computation: "Computation") -> RunFormat:
    """Return what of a computation shows in answers."""
    return msgspec.convert({"dtype": computation.dtype, "device": computation.kind}, RunFormat)


def recorded_format(folder: Path) -> RunFormat | None:
    """Return how a folder's answers were computed; None where nothing was asked yet.

    Raises:
        LexgraftError: the record is damaged.
    """
    file = folder / FILE
    if not file.is_file():
        return RunFormat("float32") if (folder / _ANSWERS).is_dir() else None
    try:
        return msgspec.json.decode(file.read_bytes(), type=RunFormat)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise LexgraftError(
            f"not a record of a number format: {error}",
            where=str(file),
            cure='write {"dtype":"float32"}, "mixed" or "bfloat16" into it, as it was run',
        ) from error
