"""What a stack of layers changes in a configuration, so that every layer stays what it was."""

import re
from collections.abc import Iterator, Mapping, Sequence
from math import sqrt
from typing import Any, NamedTuple

from lexgraft.errors import LexgraftError
from lexgraft.weights.merge.layer_patterns import Config, LayerRule, rules_for

_BY_NUMBER = re.compile(
    r"(?:^|_)(?:interval|pattern|freq|frequency|period|every|offset|step)(?:s|_n)?(?:_|$)"
    r"|layers_enum|first_k_|first_n_|last_n_|_window_layers|layers?_(?:id|idx|index|indice)(?:s|es)?$"
    r"|(?:attn|attention)_(?:idxs|indices|idx)$|(?:dense|moe|sparse|expert|rope)_layers$"
)
"""Names of keys that give layers a kind by their number."""
_OTHERS = re.compile(
    r"time_step_\w+|rescale_every|\w*rope_(?:freq|scal)\w*|rotary\w*|\w*token_ids?|mrope\w*"
)
_NO_LISTS = re.compile(r"\w*token_ids?|architectures|\w*tokens|\w*labels?|\w*_section")
_SHARING = "indexer_types"  # a layer may take over the choice of the one below it
_DEEPSTACK = "deepstack_visual_indexes"  # as many lowest layers take features of images
_DEPTH_SCALE = "scale_depth"  # MiniCPM: residuals are scaled by it over √layers


class LayerOrigin(NamedTuple):
    """A layer of the result: the configuration it comes under, and its number there."""

    config: Config  # the language model's
    layers: int
    layer: int


def layer_edits(
    config: Config, root: Config, layers: int, order: Sequence[LayerOrigin], where: str
) -> dict[str, Any]:
    """Return key → value of all that a configuration must say otherwise for layers in an order.

    Args:
        config: the language model's part of the configuration that the result gets.
        root: the whole of it.
        layers: how many layers it speaks of.
        order: where each layer of the result comes from.
        where: what an error names.

    Raises:
        LexgraftError: a key that gives layers a kind by number, and cannot say the new order.
    """
    edits: dict[str, Any] = {}
    rules = tuple(rules_for(config, root))
    for rule in rules:
        edits |= _kept(rule, config, edits, order, where)
    _check_sharing(config, edits, order, where)
    _check_images(root, order, where)
    known = {key for rule in rules for key in (*rule.keys, rule.listed)} | {*edits}
    for key, value in config.items():
        moved = None if key in known else _moved(key, value, layers, order)
        if moved is not None:
            edits[key] = moved
        elif (
            key not in known
            and _speaks_of_layers(key, value, layers)
            and not _in_place(order, key, value, layers)
        ):
            raise _refusal(key, value, where)
    if isinstance(config.get(_DEPTH_SCALE), int | float) and len(order) != layers:
        edits[_DEPTH_SCALE] = config[_DEPTH_SCALE] * sqrt(len(order) / layers)
    return edits


def _kept(
    rule: LayerRule,
    config: Config,
    edits: Mapping[str, Any],
    order: Sequence[LayerOrigin],
    where: str,
) -> Mapping[str, Any]:
    """Return the changes under which all layers keep the kind that a rule gave them."""
    wanted = [rule.kind(origin.config, origin.layer, origin.layers) for origin in order]
    total = len(order)
    for change in _attempts(rule, config, wanted):
        changed = {**config, **edits, **change}
        if [rule.kind(changed, layer, total) for layer in range(total)] == wanted:
            return change
    named = next((key for key in rule.keys if key in config), rule.keys[0])
    raise _refusal(named, config.get(named), where)


def _check_sharing(
    config: Config, edits: Mapping[str, Any], order: Sequence[LayerOrigin], where: str
) -> None:
    """Raise for a layer that takes over what the layer below it found, and stands on another."""
    kinds = edits.get(_SHARING, config.get(_SHARING))
    if not isinstance(kinds, list):
        return
    for number, (kind, origin) in enumerate(zip(kinds, order, strict=True)):
        below = order[number - 1] if number else origin
        kept = below.config is origin.config and below.layer == origin.layer - 1
        if kind == "shared" and not kept:
            raise _refusal(_SHARING, kind, where)


def _check_images(root: Config, order: Sequence[LayerOrigin], where: str) -> None:
    """Raise where layers stand elsewhere that features of images are added to by number."""
    vision = root.get("vision_config")
    added = vision.get(_DEEPSTACK) if isinstance(vision, dict) else None
    if isinstance(added, list):
        lowest = [origin.layer for origin in order[: len(added)]]
        if lowest != list(range(len(added))):
            raise _refusal(_DEEPSTACK, added, where)


def _attempts(rule: LayerRule, config: Config, wanted: list[Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the changes to try: none first, unless a list of the old length stands there."""
    if not (rule.listed and isinstance(config.get(rule.listed), list)):
        yield {}
    yield from rule.changes(config, wanted)


def _moved(key: str, value: object, layers: int, order: Sequence[LayerOrigin]) -> Any:
    """Return a setting with an entry per layer in the new order; None: it has none."""
    if _NO_LISTS.fullmatch(key):
        return None
    if isinstance(value, list) and len(value) >= layers and _is_per_layer(key, value, layers):
        moved = [_entry(origin, key, value, layers) for origin in order]
        return [*moved, *value[layers:]]  # those of layers that look ahead
    if isinstance(value, str) and len(value) == layers and "pattern" in key:
        return "".join(_entry(origin, key, value, layers) for origin in order)
    if isinstance(value, dict) and any(isinstance(inner, list) for inner in value.values()):
        return _moved_inside(key, value, layers, order)
    if isinstance(value, dict) and value and all(str(number).isdigit() for number in value):
        numbered = [(new, _of_layer(origin, key, value)) for new, origin in enumerate(order)]
        return {str(new): setting for new, setting in numbered if setting is not None}
    return None


def _moved_inside(
    key: str, value: Mapping[str, Any], layers: int, order: Sequence[LayerOrigin]
) -> dict[str, Any] | None:
    """Return a mapping whose lists by layer are in the new order; None: it has none."""
    listings = {
        name: inner
        for name, inner in value.items()
        if isinstance(inner, list) and len(inner) == layers and _BY_NUMBER.search(name)
    }
    moved = {
        name: [origin.config.get(key, value).get(name, inner)[origin.layer] for origin in order]
        for name, inner in listings.items()
        if _is_per_layer(name, inner, layers)
    }
    return {**value, **moved} if moved else None


def _is_per_layer(key: str, value: Sequence[Any], layers: int) -> bool:
    """Return whether a list has one entry per layer, or those of layers that look ahead too."""
    numbers = all(type(item) is int for item in value) and len({*value}) == len(value)
    if numbers and len(value) > 1 and _BY_NUMBER.search(key):
        return False  # distinct numbers under such a name are numbers of layers
    return len(value) == layers or (len(value) <= layers + 8 and "layer" in key)


def _entry(origin: LayerOrigin, key: str, values: Sequence[Any], layers: int) -> Any:
    """Return a layer's entry by the configuration it comes under; else by this one's."""
    own = origin.config.get(key)
    if isinstance(own, list | str) and len(own) >= origin.layers:
        return own[origin.layer]
    return values[origin.layer % layers]


def _of_layer(origin: LayerOrigin, key: str, values: Mapping[Any, Any]) -> Any:
    own = origin.config.get(key, values)
    return own.get(str(origin.layer), own.get(origin.layer))


def _speaks_of_layers(key: str, value: object, layers: int) -> bool:
    """Return whether a setting that no rule knows seems to follow from layers' numbers."""
    if value in (None, False, 0, [], {}, "") or _OTHERS.fullmatch(key):
        return False
    if isinstance(value, list):
        numbers = [n for n in value if type(n) is int and 0 <= n <= layers]
        return len(numbers) == len(value) and bool(
            _BY_NUMBER.search(key) or re.search(r"(?:^|_)layers?(?:_|$)", key)
        )
    named = bool(_BY_NUMBER.search(key))
    return named and (isinstance(value, int) or (isinstance(value, str) and "pattern" in key))


def _in_place(order: Sequence[LayerOrigin], key: str, value: object, layers: int) -> bool:
    """Return whether all layers keep their numbers, under one value of a setting."""
    numbers = [origin.layer for origin in order]
    alike = all(origin.config.get(key) == value for origin in order)
    return alike and numbers == list(range(layers))


def _refusal(key: str, value: object, where: str) -> LexgraftError:
    shown = f" ({str(value)[:60]})" if value is not None else ""
    return LexgraftError(
        f"`{key}`{shown} makes layers differ by their number, and cannot say so of layers in "
        "another order",
        where=where,
        cure="take runs of layers that keep their numbers, or a model whose configuration lists "
        "the kind of every layer",
    )
