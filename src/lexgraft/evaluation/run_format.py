"""The number format of a run's folder: chosen once, kept when the run is resumed elsewhere."""

from pathlib import Path

import msgspec
from msgspec import Struct

from lexgraft.errors import LexgraftError
from lexgraft.models import AskedFormat, ComputedFormat
from lexgraft.records import write_bytes

FILE = "compute.json"
_ANSWERS = "answers"  # of a folder from before formats were recorded: all in float32


class RunFormat(Struct, frozen=True, forbid_unknown_fields=True):
    """In which numbers all answers of a run's folder were computed."""

    dtype: ComputedFormat


def format_of_run(asked: AskedFormat, folder: Path, device: str = "cpu") -> ComputedFormat:
    """Return the format that everything in a run's folder is computed in, and record it.

    Answers of two formats differ in their last digits, so a folder holds those of one. `auto`
    keeps what the folder was begun in.

    Raises:
        LexgraftError: another format is asked for than the folder was begun in, or this machine
            cannot compute in that.
    """
    from lexgraft.models.number_format import choose_format

    recorded = recorded_format(folder)
    if recorded is None:
        chosen = choose_format(asked, device)
        write_bytes(folder / FILE, msgspec.json.encode(RunFormat(chosen)))
        return chosen
    anew = "give this run another output, where every question is asked anew"
    if asked not in ("auto", recorded):
        raise LexgraftError(
            f"the answers here were computed in `{recorded}`, and `{asked}` is asked for",
            where=str(folder),
            cure=f"leave dtype at `auto` or `{recorded}`, or {anew}",
        )
    try:
        return choose_format(recorded, device)
    except LexgraftError as error:
        raise LexgraftError(
            f"the answers here were computed in `{recorded}`, which this machine cannot",
            where=str(folder),
            cure=f"go on where it began, or {anew}",
        ) from error


def recorded_format(folder: Path) -> ComputedFormat | None:
    """Return the format of a folder's answers; None where nothing was asked yet.

    Raises:
        LexgraftError: the record is damaged.
    """
    file = folder / FILE
    if not file.is_file():
        return "float32" if (folder / _ANSWERS).is_dir() else None
    try:
        return msgspec.json.decode(file.read_bytes(), type=RunFormat).dtype
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise LexgraftError(
            f"not a record of a number format: {error}",
            where=str(file),
            cure='write {"dtype":"float32"}, "mixed" or "bfloat16" into it, as it was run',
        ) from error
