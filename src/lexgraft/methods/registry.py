"""What a merge method is: two pure functions, and the parameters that its signature names."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from inspect import Parameter, signature
from math import isfinite
from typing import Annotated, Any, TypeVar, get_type_hints

import msgspec
from jaxtyping import Float32
from msgspec import Meta
from torch import Tensor

from lexgraft.errors import UserError, nearest

Factor = Annotated[float, Meta(ge=-100, le=100)]
Share = Annotated[float, Meta(gt=0, le=1)]
Fraction = Annotated[float, Meta(ge=0, le=1)]
Factors = Factor | dict[str, Factor]  # one for all models, or one per model by label
Shares = Share | dict[str, Share]

Base = Float32[Tensor, "*shape"]
Deltas = Float32[Tensor, "model *shape"]
Merged = Float32[Tensor, "*shape"]


@dataclass(frozen=True)
class Place:
    """Where a block stands, and what else the arithmetic may depend on."""

    tensor: str
    labels: tuple[str, ...]  # of the models, in the order of the deltas
    layer: int | None  # None: embeddings, last norm, head
    layers: int
    size: int  # elements of the whole tensor
    seed: int
    start: int = 0  # number of the block's first element within the tensor, row by row

    def each(self, value: float | Mapping[str, float]) -> tuple[float, ...]:
        """Return a parameter's value for every model, in the order of the deltas."""
        if isinstance(value, Mapping):
            return tuple(value[label] for label in self.labels)
        return (value,) * len(self.labels)


Blocks = Callable[[], Iterator[tuple[Base, Deltas, Place]]]
"""A tensor's blocks from the first to the last, as often as they are asked for."""


@dataclass(frozen=True)
class Method:
    """A merge method by its name: `combine` one block, after an optional `survey` of all."""

    name: str
    paper: str
    combine: Callable[..., Merged]
    survey: Callable[..., object] | None
    parameters: Mapping[str, tuple[Any, Any]]  # name → type, default

    def settings(self, given: Mapping[str, object], labels: Sequence[str]) -> dict[str, Any]:
        """Return every parameter's value: checked, completed, per-model ones in model order.

        Raises:
            UserError: an unknown parameter or model, or a value of the wrong kind or range.
        """
        for name in given:
            if name not in self.parameters:
                raise UserError(
                    f"method `{self.name}` has no parameter `{name}`",
                    cure=nearest(name, self.parameters),
                )
        return {
            name: self._value(name, kind, given.get(name, default), default, labels)
            for name, (kind, default) in self.parameters.items()
        }

    def merge(self, blocks: Blocks, settings: Mapping[str, Any]) -> Iterator[Merged]:
        """Yield the merged blocks of one tensor, in order."""
        survey = () if self.survey is None else (self.survey(blocks, **settings),)
        for base, deltas, place in blocks():
            yield self.combine(base, deltas, place, *survey, **settings)

    def _value(
        self,
        name: str,
        kind: Any,  # noqa: ANN401
        value: object,
        default: Any,  # noqa: ANN401
        labels: Sequence[str],
    ) -> Any:  # noqa: ANN401
        """Return one parameter's checked value."""
        where = f"{self.name}.{name}"
        try:
            value = msgspec.convert(value, kind)
        except msgspec.ValidationError as error:
            raise UserError(f"{str(error).replace('object', 'mapping')}", where=where) from error
        if isinstance(value, dict):
            for label in value:
                if label not in labels:
                    raise UserError(f"no model `{label}`", where=where, cure=nearest(label, labels))
            value = {label: value.get(label, default) for label in labels}
        numbers = list(value.values()) if isinstance(value, dict) else [value]
        if not all(isfinite(n) for n in numbers if isinstance(n, float)):
            raise UserError("the value must be finite", where=where)
        return value


F = TypeVar("F", bound=Callable[..., Merged])
METHODS: dict[str, Method] = {}
"""Every known method, by name, sorted."""


def method(*, paper: str, survey: Callable[..., object] | None = None) -> Callable[[F], F]:
    """Return a decorator that makes a function a method under its own name.

    The function takes base, deltas, place, the survey's result if there is one, and its
    parameters as keywords with type and default.
    """

    def register(combine: F) -> F:
        hints = get_type_hints(combine, include_extras=True)
        parameters = {
            name: (hints[name], parameter.default)
            for name, parameter in signature(combine).parameters.items()
            if parameter.kind is Parameter.KEYWORD_ONLY
        }
        name = combine.__name__
        METHODS[name] = Method(name, paper, combine, survey, parameters)
        return combine

    return register


def get_method(name: str) -> Method:
    """Return a method by name.

    Raises:
        UserError: no such method; the nearest name is given.
    """
    if name not in METHODS:
        raise UserError(f"no merge method `{name}`", cure=nearest(name, METHODS))
    return METHODS[name]
