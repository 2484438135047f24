"""What a user writes for a parameter: a value, a profile over the depth, or rules by name."""

from collections.abc import Iterator, Sequence
from math import isfinite
from types import UnionType
from typing import Any, Union, get_args, get_origin

import msgspec
from msgspec import Struct

from lexgraft.errors import LexgraftError, nearest

_ALL = "*"
_CURE = "write a value within its bounds, a list of them, or rules: [{filter: mlp, value: 0.5}]"


class _Rule(Struct, frozen=True, forbid_unknown_fields=True):
    """A value for the tensors whose names hold a text; `*` is every name."""

    value: Any
    filter: str = _ALL


def check_setting(
    kind: Any,
    value: object,
    default: object,
    labels: Sequence[str],
    where: str,
) -> Any:
    """Return a parameter's value, checked and completed, as plain JSON values.

    A value is a scalar; a list of scalars, spread evenly over the depth of the model; or a list
    of `{filter: text, value: …}`, of which the first counts whose text is part of the tensor's
    name, and the default where none does. A per-model parameter may also map labels to these.

    Raises:
        LexgraftError: an unknown model, or a value of the wrong kind or range.
    """
    per_model = get_origin(kind) in {Union, UnionType} and any(
        get_origin(alternative) is dict for alternative in get_args(kind)
    )
    scalar = get_args(kind)[0] if per_model else kind
    if not (per_model and isinstance(value, dict)):
        return _checked(scalar, value, default, where)
    for label in value:
        if label not in labels:
            raise LexgraftError(
                f"no model `{label}`", where=where, cure=nearest(str(label), labels)
            )
    return {
        label: _checked(scalar, value.get(label, default), default, f"{where}.{label}")
        for label in labels
    }


def value_at(setting: Any, tensor: str, depth: float) -> Any:
    """Return what a checked setting is for one tensor: a scalar, or a mapping from labels to them.

    Between two numbers of a profile the value is interpolated; of other kinds the one before
    is taken. Depth 0 is the first of them, depth 1 the last.
    """
    if isinstance(setting, dict):
        return {label: value_at(value, tensor, depth) for label, value in setting.items()}
    if not isinstance(setting, list):
        return setting
    if isinstance(setting[0], dict):
        rule = next(rule for rule in setting if rule["filter"] == _ALL or rule["filter"] in tensor)
        return value_at(rule["value"], tensor, depth)
    scaled = depth * (len(setting) - 1)
    lower = int(scaled)
    first, second = setting[lower], setting[min(lower + 1, len(setting) - 1)]
    share = scaled - lower
    return (1 - share) * first + share * second if isinstance(first, float) else first


def varies(setting: object) -> bool:
    """Return whether a checked setting may differ between tensors."""
    return any(isinstance(value, list) for value in _parts(setting))


def filters(setting: object) -> Iterator[str]:
    """Yield the texts by which a checked setting picks tensors."""
    for value in _parts(setting):
        for rule in value if isinstance(value, list) else ():
            if isinstance(rule, dict) and rule["filter"] != _ALL:
                yield rule["filter"]


def _parts(setting: object) -> list[Any]:
    """Return a setting's values for the single models, or its one value for all."""
    return list(setting.values()) if isinstance(setting, dict) else [setting]


def _checked(scalar: Any, value: object, default: object, where: str) -> Any:
    """Return one scalar, profile or list of rules, checked and completed."""
    if not isinstance(value, list):
        return _scalar(scalar, value, where)
    if not value:
        raise LexgraftError("the list is empty", where=where, cure="leave the parameter out")
    if not any(isinstance(item, dict) for item in value):
        return [_scalar(scalar, item, where) for item in value]
    rules = [_converted(_Rule, item, where) for item in value]
    plain = [
        {"filter": rule.filter, "value": _checked(scalar, rule.value, default, where)}
        for rule in rules
    ]
    if any(varies(rule["value"]) and isinstance(rule["value"][0], dict) for rule in plain):
        raise LexgraftError("rules within rules", where=where, cure="write them one after another")
    return [*plain, {"filter": _ALL, "value": default}]


def _scalar(scalar: Any, value: object, where: str) -> Any:
    """Return a single value of the parameter's kind."""
    if isinstance(value, float) and not isfinite(value):
        raise LexgraftError("the value must be finite", where=where, cure=_CURE)
    return _converted(scalar, value, where)


def _converted(kind: Any, value: object, where: str) -> Any:
    """Return a value as the kind asked for."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        said = str(error).replace("object", "mapping")
        raise LexgraftError(said, where=where, cure=_CURE) from error
