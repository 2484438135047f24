"""A recipe's parameters as a method's settings: the innermost word counts, filters fall through."""

from collections.abc import Iterable, Mapping, Sequence
from types import UnionType
from typing import Any, Union, get_args, get_origin

from lexgraft.errors import LexgraftError, nearest
from lexgraft.weights.merge.recipe import Parameters
from lexgraft.weights.methods import Method

DENSITY = 1.0  # mergekit keeps everything unless told otherwise; the methods' own default is less
UNUSED = {
    "int8_mask": "masks are not kept, so their width does not matter",
    "density": "this method trims nothing",
    "rescale": "this method drops nothing",
}
"""Parameters that mergekit's users write where they have no effect, and why not."""


def settings_of(
    method: Method,
    of_models: Mapping[str, Parameters],
    scopes: Sequence[Parameters],
    *,
    based: bool,
) -> dict[str, Any]:
    """Return the settings of a layer slice: those of its models, by label, then of the scopes.

    What the recipe leaves out is as in mergekit: nothing is trimmed, and without a base the
    models themselves are turned, not their differences.

    Raises:
        LexgraftError: a parameter that is one for all models, given to one of them.
    """
    settings: dict[str, Any] = {"density": DENSITY} if "density" in method.parameters else {}
    if "origin" in method.parameters and not based:
        settings["origin"] = "zero"
    for name, (kind, _) in method.parameters.items():
        outer = [scope[name] for scope in scopes if scope and name in scope]
        inner = {
            label: parameters[name]
            for label, parameters in of_models.items()
            if parameters and name in parameters
        }
        if _per_model(kind):
            chains = {label: _chain([inner.get(label), *outer]) for label in of_models}
            value = {label: chain for label, chain in chains.items() if chain is not None}
        else:
            if inner:
                raise LexgraftError(
                    f"`{name}` is one value for all models, here given to `{next(iter(inner))}`",
                    where=method.name,
                    cure="write it under the recipe's own `parameters`",
                )
            value = _chain(outer)
        if value not in (None, {}):
            settings[name] = _bool(value) if kind is bool else value
    return settings


def unused(method: Method, groups: Iterable[Parameters]) -> list[str]:
    """Return what to say about parameters that are read but have no effect."""
    names = dict.fromkeys(name for group in groups for name in group or () if name in UNUSED)
    return [
        f"`{name}` has no effect: {UNUSED[name]}" for name in names if name not in method.parameters
    ]


def check_known(method: Method, parameters: Parameters) -> None:
    """Raise for a parameter that neither the method has nor mergekit's users are used to.

    Raises:
        LexgraftError: such a parameter, with the nearest known name.
    """
    for name in parameters or ():
        if name not in method.parameters and name not in UNUSED:
            raise LexgraftError(
                f"method `{method.name}` has no parameter `{name}`",
                where="recipe",
                cure=nearest(name, method.parameters),
            )


def _per_model(kind: Any) -> bool:
    """Return whether a parameter may differ between models."""
    return get_origin(kind) in {Union, UnionType} and any(
        get_origin(alternative) is dict for alternative in get_args(kind)
    )


def _chain(settings: Iterable[Any]) -> Any:
    """Return one setting from several, innermost first: rules fall through to what follows."""
    rules: list[dict[str, Any]] = []
    for setting in settings:
        value = [setting] if isinstance(setting, dict) else setting
        if value is None or value == []:
            continue
        if not (isinstance(value, list) and isinstance(value[0], dict)):
            return [*rules, {"filter": "*", "value": value}] if rules else value
        rules += [_rule(item) for item in value]
        if rules[-1].get("filter") == "*":
            break
    if len(rules) == 1 and rules[0].get("filter") == "*":
        return rules[0]["value"]
    return rules or None


def _rule(condition: Any) -> Any:
    """Return a condition without a filter as one that always applies."""
    if isinstance(condition, dict) and condition.get("filter") is None:
        return {**condition, "filter": "*"}
    return condition


def _bool(value: object) -> object:
    """Return 0 and 1 as the truth values that they stand for in many recipes."""
    return bool(value) if isinstance(value, int | float) and value in {0, 1} else value
