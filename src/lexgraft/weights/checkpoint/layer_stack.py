"""Which tensors form the language model's stack of layers, by its configuration and its prefix."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from lexgraft.files.safe_json import read_json
from lexgraft.weights.checkpoint.tensor_names import NUMBERED, role_of, tower_of

COUNTS = ("num_hidden_layers", "n_layer", "num_layers", "n_layers", "decoder_layers")
"""The keys under which configurations say how many layers there are, the first that is there."""

_LANGUAGE = ("text_config", "llm_config", "language_config", "thinker_config")
_SPEAKING = frozenset({"language_model", "text_model", "decoder", "llm", "language", "thinker"})
_AFTER = frozenset({"norm", "head"})  # roles that stand behind the last layer


@dataclass(frozen=True)
class LayerStack:
    """The language model's layers: what their tensors' names begin with, and how many there are.

    Two prefixes: those of an encoder and a decoder. Layers of the same prefix from `count` on
    are no part of it: they predict tokens further ahead (MTP).
    """

    prefixes: tuple[str, ...]
    count: int

    def layer_of(self, name: str) -> int | None:
        """Return the number of the layer that holds a tensor, from 0; None: no layer does."""
        layer = self.number_of(name)
        return layer if layer is not None and layer < self.count else None

    def number_of(self, name: str) -> int | None:
        """Return the number behind the stack's prefix, also of the layers that follow it."""
        match = NUMBERED.search(name)
        return int(match[1]) if match and name[: match.start(1) - 1] in self._prefixes else None

    def tower_of(self, name: str) -> str:
        """Return the part of the model: text, vision, audio, projector, or mtp."""
        layer = self.number_of(name)
        if layer is None:
            return tower_of(name)
        return "text" if layer < self.count else "mtp"

    def depth_of(self, name: str) -> float:
        """Return where a tensor stands: 0 in the embeddings and the first layer, 1 in the last.

        The last norm and the head stand at 1, as does a model's only layer and what predicts
        tokens further ahead.
        """
        layer = self.layer_of(name)
        if layer is not None:
            return layer / (self.count - 1) if self.count > 1 else 1.0
        return 1.0 if role_of(name) in _AFTER or self.tower_of(name) == "mtp" else 0.0

    @cached_property
    def _prefixes(self) -> frozenset[str]:
        return frozenset(self.prefixes)


def stack_of(names: Iterable[str], config: Mapping[str, Any]) -> LayerStack:
    """Return the stack of the language model among a model's tensors.

    Args:
        names: the names of the model's tensors.
        config: its configuration; empty where there is none, and the names alone must tell.
    """
    found: dict[str, set[int] | None] = {}  # None: another tower's
    for name in names:
        match = NUMBERED.search(name)
        if match is None:
            continue
        prefix = name[: match.start(1) - 1]
        if prefix not in found:
            found[prefix] = set() if tower_of(name) == "text" else None
        layers = found[prefix]
        if layers is not None:
            layers.add(int(match[1]))
    numbers = {prefix: layers for prefix, layers in found.items() if layers is not None}
    if not numbers:
        return LayerStack((), 0)
    stated = stated_layers(language_config(config)[1])

    def fitness(prefix: str) -> tuple[bool, bool, int, int]:
        """Rank a stack: one with all the layers stated, the language model's, the longest."""
        speaks = not _SPEAKING.isdisjoint(prefix.split("."))
        whole = stated is not None and len(numbers[prefix]) >= stated
        return whole, speaks, len(numbers[prefix]), -len(prefix)

    best = max(sorted(numbers), key=fitness)
    prefixes = tuple(prefix for prefix in sorted(numbers) if _side(prefix) == _side(best))
    present = 1 + max(max(numbers[prefix]) for prefix in prefixes)
    known = stated is not None and len(prefixes) == 1
    return LayerStack(prefixes, min(stated or 0, present) if known else present)


def folder_stack(names: Iterable[str], folder: Path) -> LayerStack:
    """Return the stack of a model's folder, by the configuration in it if there is one."""
    path = folder / "config.json"
    return stack_of(names, read_json(path) if path.is_file() else {})


def language_config(config: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """Return the part of a configuration that speaks of the language model, with its prefix."""
    for key in _LANGUAGE:
        inner = config.get(key)
        if isinstance(inner, dict):
            prefix, part = language_config(inner)
            return f"{key}.{prefix}", part
    return "", config


def stated_layers(config: Mapping[str, Any]) -> int | None:
    """Return how many layers a language model's configuration states; None: it does not say."""
    numbers = (config.get(key) for key in COUNTS)
    return next((number for number in numbers if type(number) is int and number > 0), None)


def _side(prefix: str) -> str:
    """Return a prefix that encoder and decoder of one model share."""
    return re.sub(r"(?:^|(?<=\.))(?:encoder|decoder)(?=\.)", "*coder", prefix)
