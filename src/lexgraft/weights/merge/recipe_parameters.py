"""A recipe's parameters as a method's settings: the innermost word counts, filters fall through."""

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from types import UnionType
from typing import Any, Union, get_args, get_origin

from lexgraft.errors import LexgraftError
from lexgraft.weights.merge.recipe import Parameters
from lexgraft.weights.methods import METHODS, Method

DENSITY = 1.0  # mergekit keeps everything unless told otherwise; the methods' own default is less
_UNUSED = {
    "int8_mask": "masks are not kept, so their width does not matter",
    "density": "this method trims nothing",
    "rescale": "this method drops nothing",
}
"""Parameters that mergekit's users write where they have no effect, and why not."""
_NEAR = 0.8  # likeness from which a name counts as misspelt, not as another tool's
_NEEDED = "t"  # mergekit makes no merge without it, and a default would be a guess


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
        LexgraftError: a list without values.
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
        else:  # one value for all models: what stands under one of them does not count
            value = _chain(outer)
        if value not in (None, {}):
            settings[name] = _bool(value) if kind is bool else value
    return settings


def ignored(
    method: Method, of_models: Iterable[Parameters], scopes: Iterable[Parameters]
) -> list[str]:
    """Return what to say about parameters that have no effect, as mergekit passes over them.

    Raises:
        LexgraftError: names that are nearly those of known parameters, all of them at once.
    """
    inner = dict.fromkeys(name for group in of_models for name in group or ())
    outer = dict.fromkeys(name for group in scopes for name in group or ())
    _refuse_misspelt(method, (*inner, *outer))
    told = [
        f"`{name}` has no effect: {_why_not(method, name)}"
        for name in dict.fromkeys((*inner, *outer))
        if name not in method.parameters
    ]
    for name in inner:
        if name in method.parameters and not _per_model(method.parameters[name][0]):
            if name == _NEEDED and name not in outer:
                raise LexgraftError(
                    f"`{name}` is one value for all models, here given to one of them",
                    where=method.name,
                    cure="write it under the recipe's own `parameters`",
                )
            told.append(
                f"`{name}` under a model has no effect: it is one value for all models, and "
                "stands under the recipe's own `parameters`"
            )
    return told


def unweighted(
    method: Method, of_models: Mapping[str, Parameters], scopes: Iterable[Parameters]
) -> list[str]:
    """Return what to say of models without a weight beside others that have one.

    So stands a base that no `models` entry names, where the method merges whole models: it counts
    as one of them, which is easily overlooked.
    """
    if "weight" not in method.parameters or any("weight" in scope for scope in scopes if scope):
        return []
    lacking = [label for label, own in of_models.items() if "weight" not in (own or {})]
    if len(lacking) == len(of_models):
        return []
    return [f"`{label}` is merged without a `weight`: 1 is taken" for label in lacking]


def _refuse_misspelt(method: Method, names: Iterable[str]) -> None:
    """Raise for names that are no parameters and nearly are one.

    Raises:
        LexgraftError: every such name, with the nearest that is known.
    """
    known = {name for other in METHODS.values() for name in other.parameters} | _UNUSED.keys()
    wrong: list[str] = []
    for name in dict.fromkeys(names):
        if name not in known:
            near = [
                *get_close_matches(name, sorted(method.parameters), n=1, cutoff=_NEAR),
                *get_close_matches(name, sorted(known), n=1, cutoff=_NEAR),
            ]
            wrong += [f"`{name}`: did you mean `{near[0]}`?"] if near else []
    if wrong:
        raise LexgraftError(
            f"method `{method.name}` has no such parameter: {'; '.join(wrong)}",
            where="recipe",
            cure=f"its parameters: {', '.join(method.parameters) or 'none'}",
        )


def _why_not(method: Method, name: str) -> str:
    """Return why a parameter that a method does not take changes nothing."""
    if name in _UNUSED:
        return _UNUSED[name]
    others = [other.name for other in METHODS.values() if name in other.parameters]
    if others:
        return f"it is one of {', '.join(others[:3])}, not of {method.name}"
    return "no method has it"


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
        if value is None:
            continue
        if value == []:
            raise LexgraftError(
                "a list without values", where="recipe: parameters", cure="leave it out"
            )
        if not (isinstance(value, list) and any(isinstance(item, dict) for item in value)):
            return [*rules, {"filter": "*", "value": value}] if rules else value
        rules += [_rule(item) for item in value]
        if rules[-1].get("filter") == "*":
            break
    if len(rules) == 1 and rules[0].get("filter") == "*":
        return rules[0]["value"]
    return rules or None


def _rule(condition: Any) -> dict[str, Any]:
    """Return a condition, one without a filter as one that always applies.

    Raises:
        LexgraftError: no mapping, or one without a value.
    """
    if not isinstance(condition, dict) or condition.get("value") is None:
        raise LexgraftError(
            f"{condition!a:.80} among rules, which are mappings with a value",
            where="recipe: parameters",
            cure="write each as {filter: mlp, value: 0.5}, the last one as {value: 0.5}",
        )
    return {**condition, "filter": "*"} if condition.get("filter") is None else condition


def _bool(value: object) -> object:
    """Return 0 and 1 as the truth values that they stand for in many recipes."""
    return bool(value) if isinstance(value, int | float) and value in {0, 1} else value
