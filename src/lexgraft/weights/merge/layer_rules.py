"""A rule of how layers differ by their number, and the shapes that such rules have."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

Config = Mapping[str, Any]
Kinds = list[Any]
KindOf = Callable[[Config, int, int], Any]
"""From configuration, layer and number of layers to what the layer is."""


class LayerRule(NamedTuple):
    """How layers differ by their number."""

    keys: tuple[str, ...]  # that it follows from, the one to name first
    kind: KindOf
    changes: Callable[[Config, Kinds], Iterator[Mapping[str, Any]]]  # that may bring such kinds
    types: frozenset[str] | None = None  # of architectures; None: all that have one of the keys
    listed: str = ""  # the key of the list that the kinds may stand in


def listed(config: Config, key: str, layers: int) -> Kinds | None:
    """Return a configuration's list of one entry per layer; None: it has no such list."""
    value = config.get(key)
    return value if isinstance(value, list) and len(value) >= layers else None


def list_rule(types: str, key: str, kind: KindOf, *keys: str) -> LayerRule:
    """Return a rule of architectures that also take a list of kinds, which can be written out."""

    def kind_of(config: Config, layer: int, layers: int) -> Any:
        kinds = listed(config, key, layers)
        return kind(config, layer, layers) if kinds is None else kinds[layer]

    def changes(_config: Config, kinds: Kinds) -> Iterator[Mapping[str, Any]]:
        yield {key: kinds}

    return LayerRule((*keys, key), kind_of, changes, frozenset(types.split()), key)


def index_rule(key: str, types: str | None = None, first: int = 0) -> LayerRule:
    """Return the rule of a list of layers' numbers."""

    def kind(config: Config, layer: int, _layers: int) -> bool:
        return layer + first in (config.get(key) or ())

    def changes(_config: Config, kinds: Kinds) -> Iterator[Mapping[str, Any]]:
        yield {key: [layer + first for layer, chosen in enumerate(kinds) if chosen]}

    return LayerRule((key,), kind, changes, None if types is None else frozenset(types.split()))


def first_rule(key: str, default: int, types: str | None = None) -> LayerRule:
    """Return the rule of a number of layers at the bottom that are of another kind."""

    def changes(config: Config, kinds: Kinds) -> Iterator[Mapping[str, Any]]:
        if kinds and isinstance(kinds[0], bool):
            yield {key: next((n for n, later in enumerate(kinds) if later), len(kinds))}

    def kind(config: Config, layer: int, _layers: int) -> bool:
        return layer >= number_in(config, key, default)

    return LayerRule((key,), kind, changes, None if types is None else frozenset(types.split()))


def fixed_rule(keys: Sequence[str], kind: KindOf, types: str | None = None) -> LayerRule:
    """Return a rule whose kinds cannot be written out otherwise."""

    def changes(_config: Config, _kinds: Kinds) -> Iterator[Mapping[str, Any]]:
        return iter(())

    of_types = None if types is None else frozenset(types.split())
    return LayerRule(tuple(keys), kind, changes, of_types)


def number_in(config: Config, key: str, default: int) -> int:
    """Return a whole number of a configuration, or what it is by default."""
    value = config.get(key)
    return value if type(value) is int else default
