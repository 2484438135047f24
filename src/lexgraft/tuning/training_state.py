"""The state from which a killed training run resumes, and the publishing of its folder."""

import os
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import torch
from msgspec import DecodeError, Struct, json
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from lexgraft.errors import LexgraftError
from lexgraft.files.file_digest import file_digest
from lexgraft.files.ownership import MARKER, claim, release
from lexgraft.records import sweep, write_bytes

PURPOSE = "tune"
STATE = "state.safetensors"
TRAINING = "lexgraft.json"
"""Lies beside what was trained: by what plan, with what losses, and the files' digests."""
_ANEW = "move the folder away: the same command trains it anew"


@runtime_checkable
class Trainable(Protocol):
    """What is trained: low-rank additions, or copies of the weights themselves."""

    def parameters(self) -> Iterator[nn.Parameter]:
        """Return what the optimizer moves, in a fixed order."""
        ...

    def tensors(self) -> dict[str, Tensor]:
        """Return the values by name."""
        ...

    def load(self, tensors: Mapping[str, Tensor]) -> None:
        """Restore values that `tensors()` returned."""
        ...


class _TrainingOutcome(Struct):
    """Of which kind those fields of a training's record must be that are used."""

    files: dict[str, str] = {}
    losses: tuple[float, ...] = ()
    checks: tuple[tuple[int, float], ...] = ()
    distilled: dict[str, int] | None = None


class TrainingProgress:
    """How far a run is: the loss of every step, the checks, and the values at the best of them."""

    def __init__(self) -> None:
        self.losses: list[float] = []
        self.checks: list[tuple[int, float]] = []  # after so many steps: loss on held-out wordings
        self.best: dict[str, Tensor] = {}

    def record_check(self, loss: float, now: Mapping[str, Tensor]) -> None:
        """Record a loss on held-out wordings; keep the current values if it is the best so far."""
        if all(loss < earlier for _, earlier in self.checks):
            self.best = {name: value.clone() for name, value in now.items()}
        self.checks.append((len(self.losses), loss))

    def stalled(self, patience: int) -> bool:
        """Tell whether the last `patience` checks were all worse than one before them."""
        before, last = self.checks[:-patience], self.checks[-patience:]
        return bool(patience and before) and min(x for _, x in before) <= min(x for _, x in last)


def save_state(
    folder: Path,
    trained: Trainable,
    optimizer: torch.optim.Optimizer,
    so_far: TrainingProgress,
    plan: str,
) -> None:
    """Write the state after as many steps as there are losses, whole or not at all."""
    tensors = {f"now.{name}": value.contiguous() for name, value in trained.tensors().items()}
    tensors |= {f"best.{name}": value.contiguous() for name, value in so_far.best.items()}
    for number, weight in enumerate(trained.parameters()):
        moments = optimizer.state[weight]
        tensors[f"mean.{number}"] = moments["exp_avg"]
        tensors[f"square.{number}"] = moments["exp_avg_sq"]
    tensors["losses"] = torch.tensor(so_far.losses, dtype=torch.float64)
    tensors["checks"] = torch.tensor(so_far.checks, dtype=torch.float64).reshape(-1, 2)
    content = {"plan": plan, "digest": _content(tensors)}
    write_bytes(folder / STATE, save(tensors, metadata=content))


def load_state(
    folder: Path, trained: Trainable, optimizer: torch.optim.Optimizer, plan: str
) -> TrainingProgress:
    """Restore the state of the same plan, if one was saved; return its progress.

    Raises:
        LexgraftError: the state is not as it was saved.
    """
    path, so_far = folder / STATE, TrainingProgress()
    if not path.is_file():
        return so_far
    cure = "delete it: the training begins anew"
    try:
        with safe_open(path, framework="pt") as file:  # pyright: ignore[reportUnknownVariableType]
            stated: dict[str, str] = file.metadata() or {}
            names: list[str] = list(file.keys())
            tensors: dict[str, Tensor] = {name: file.get_tensor(name) for name in names}
    except (SafetensorError, OSError) as error:
        raise LexgraftError(
            f"not a state of a training: {error}", where=str(path), cure=cure
        ) from error
    if stated.get("plan") != plan:
        return so_far
    if stated.get("digest") != _content(tensors):
        raise LexgraftError("not as the training wrote it", where=str(path), cure=cure)
    trained.load(_named(tensors, "now."))
    so_far.best = _named(tensors, "best.")
    so_far.losses = tensors["losses"].tolist()
    so_far.checks = [(int(step), loss) for step, loss in tensors["checks"].tolist()]
    for number, weight in enumerate(trained.parameters()):
        optimizer.state[weight] = {
            "step": torch.tensor(float(len(so_far.losses))),
            "exp_avg": tensors[f"mean.{number}"].to(weight.device),
            "exp_avg_sq": tensors[f"square.{number}"].to(weight.device),
        }
    return so_far


def _content(tensors: Mapping[str, Tensor]) -> str:
    """Return the SHA-256 of tensors by name."""
    total = sha256()
    for name, tensor in sorted(tensors.items()):
        total.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}\n".encode())
        total.update(tensor.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy().data)
    return total.hexdigest()


def _named(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {n.removeprefix(prefix): value for n, value in tensors.items() if n.startswith(prefix)}


def training_record(folder: Path) -> dict[str, Any]:
    """Return what a folder says of the training that made it; nothing where none did.

    Raises:
        LexgraftError: the record is damaged.
    """
    file = folder / TRAINING
    if not file.is_file():
        return {}
    try:
        data = file.read_bytes()
        json.decode(data, type=_TrainingOutcome)
        return json.decode(data, type=dict[str, Any])
    except (DecodeError, UnicodeDecodeError) as error:
        raise LexgraftError(
            f"not a record of a training: {error}", where=str(file), cure=_ANEW
        ) from error


def check_trained(folder: Path) -> None:
    """Raise for a folder whose files are not those that its training wrote.

    Raises:
        LexgraftError: one was changed, cut, or is gone.
    """
    for name, digest in training_record(folder).get("files", {}).items():
        path = folder / name
        if not path.exists() or file_digest(path) != digest:
            raise LexgraftError("not as the training wrote it", where=str(path), cure=_ANEW)


def unfinished_folder(output: Path) -> Path:
    """Return the folder that a run writes into until it is finished."""
    return output.with_name(output.name + ".part")


def publish(files: Mapping[str, bytes], record: Mapping[str, object], output: Path) -> None:
    """Write files and a record into the unfinished folder, then rename it to `output`.

    The record also states the digests of all that lies beside it: see `check_trained`.

    Raises:
        LexgraftError: the name is taken.
    """
    folder = claim(unfinished_folder(output), PURPOSE, output)
    for name, data in sorted(files.items()):
        write_bytes(folder / name, data)
    sweep(folder)  # what a kill left half written is no part of the result
    beside = {path.name for path in folder.iterdir()} - {STATE, MARKER, TRAINING}
    digests = {name: file_digest(folder / name) for name in sorted(beside)}
    text = json.encode({**record, "files": digests}, order="sorted")
    write_bytes(folder / TRAINING, json.format(text, indent=1) + b"\n")
    (folder / STATE).unlink(missing_ok=True)
    if output.exists():
        raise LexgraftError(
            "exists already", where=str(output), cure="move it away, or choose another"
        )
    folder.rename(output)
    release(output)
    handle = os.open(output.parent, os.O_RDONLY)
    os.fsync(handle)
    os.close(handle)
