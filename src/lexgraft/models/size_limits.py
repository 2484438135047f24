"""What a configuration asks for, held against what its files hold, before a network is built."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from torch import nn

from lexgraft.errors import LexgraftError
from lexgraft.files.safe_json import read_json

COUNTED = 512  # layers or experts that are believed without tensors for each
PARAMETERS = 10_000_000  # parameters that are believed whatever the files hold
PACKED = 8  # parameters that a byte of quantised weights may stand for
_HEADER = 100 << 20  # bytes, as the format allows
_COUNTS = re.compile(r"(^|_)(layers?|blocks?|experts?|depths?|stages?)$")


def check_counts(folder: Path) -> None:
    """Refuse a configuration of many more layers or experts than there are tensors.

    Raises:
        LexgraftError: such a number; each makes modules, and thousands of them take minutes.
    """
    config = folder / "config.json"
    tensors = sum(_tensor_count(file) for file in folder.glob("*.safetensors"))
    for key, number in _counts(read_json(config)):
        if number > max(COUNTED, tensors):
            raise LexgraftError(
                f"`{key}: {number:,}`, and the files hold {tensors:,} tensors",
                where=str(config),
                cure="get the whole model folder again: configuration and weights differ",
            )


def check_parameters(network: nn.Module, folder: Path) -> None:
    """Refuse a network that is far larger than its files, before memory is taken for it.

    Args:
        network: built without memory, on the device `meta`.
        folder: the model's.

    Raises:
        LexgraftError: more parameters than the files can hold.
    """
    wanted = sum(parameter.numel() for parameter in network.parameters())
    held = sum(file.stat().st_size for file in folder.glob("*.safetensors"))
    quantised = "quantization_config" in read_json(folder / "config.json")
    if held and wanted > PARAMETERS + held * (PACKED if quantised else 1):
        raise LexgraftError(
            f"the configuration wants {wanted:,} parameters, and the files have {held:,} bytes",
            where=str(folder),
            cure="get the whole model folder again: configuration and weights differ",
        )


def _counts(tree: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    """Yield the numbers of layers, blocks and experts in a configuration, at any depth."""
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield from _counts(value)
        elif _COUNTS.search(key):
            numbers = value if isinstance(value, list) else [value]
            yield from ((key, number) for number in numbers if type(number) is int)


def _tensor_count(file: Path) -> int:
    """Return how many tensors a safetensors file says it holds."""
    with file.open("rb") as opened:
        size = int.from_bytes(opened.read(8), "little")
        return opened.read(min(size, _HEADER)).count(b'"data_offsets"')
