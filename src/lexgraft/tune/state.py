"""What a training run needs to go on after a kill, and how its folder is finished."""

import os
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save
from torch import Tensor

from lexgraft.errors import UserError
from lexgraft.records import write_bytes
from lexgraft.tune.lora import Lora


def save_state(
    folder: Path, lora: Lora, optimizer: torch.optim.Optimizer, losses: list[float], plan: str
) -> None:
    """Write the state after as many steps as there are losses, whole or not at all."""
    tensors = {f"lora.{name}": value for name, value in lora.tensors().items()}
    for number, weight in enumerate(lora.parameters()):
        moments = optimizer.state[weight]
        tensors[f"mean.{number}"] = moments["exp_avg"]
        tensors[f"square.{number}"] = moments["exp_avg_sq"]
    tensors["losses"] = torch.tensor(losses, dtype=torch.float64)
    write_bytes(folder / "state.safetensors", save(tensors, metadata={"plan": plan}))


def load_state(
    folder: Path, lora: Lora, optimizer: torch.optim.Optimizer, plan: str
) -> list[float]:
    """Take the state of the same plan back, if there is one; return the losses of its steps."""
    path = folder / "state.safetensors"
    if not path.is_file():
        return []
    with safe_open(path, framework="pt") as file:  # pyright: ignore[reportUnknownVariableType]
        if (file.metadata() or {}).get("plan") != plan:
            return []
        tensors: dict[str, Tensor] = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
    lora.load({name[5:]: value for name, value in tensors.items() if name.startswith("lora.")})
    losses: list[float] = tensors["losses"].tolist()
    for number, weight in enumerate(lora.parameters()):
        optimizer.state[weight] = {
            "step": torch.tensor(float(len(losses))),
            "exp_avg": tensors[f"mean.{number}"].to(weight.device),
            "exp_avg_sq": tensors[f"square.{number}"].to(weight.device),
        }
    return losses


def aside(output: Path) -> Path:
    """Return the folder that a run works in until it is finished."""
    return output.with_name(output.name + ".part")


def publish(files: Mapping[str, bytes], output: Path) -> None:
    """Write the files into the folder aside and give it its name.

    Raises:
        UserError: the name is taken.
    """
    folder = aside(output)
    for name, data in sorted(files.items()):
        write_bytes(folder / name, data)
    (folder / "state.safetensors").unlink(missing_ok=True)
    if output.exists():
        raise UserError("exists already", where=str(output), cure="move it away, or choose another")
    folder.rename(output)
    handle = os.open(output.parent, os.O_RDONLY)
    os.fsync(handle)
    os.close(handle)
