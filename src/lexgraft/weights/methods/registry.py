"""What a merge method is: two pure functions, and the parameters that its signature names."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from inspect import Parameter, signature
from keyword import iskeyword
from typing import Annotated, Any, Literal, TypeVar, get_type_hints

from msgspec import Meta

from lexgraft.arrays.lazy_torch import Tensor
from lexgraft.arrays.shapes import Float32
from lexgraft.errors import LexgraftError, nearest
from lexgraft.weights.methods.parameter_values import at_place, check_setting, varies

Factor = Annotated[float, Meta(ge=-100, le=100)]
Share = Annotated[float, Meta(gt=0, le=1)]
Fraction = Annotated[float, Meta(ge=0, le=1)]
Factors = Factor | dict[str, Factor]  # one for all models, or one per model by label
Shares = Share | dict[str, Share]

Base = Float32[Tensor, "*shape"]
Deltas = Float32[Tensor, "model *shape"]
Merged = Float32[Tensor, "*shape"]


@dataclass(frozen=True)
class TensorContext:
    """Where a block stands, and what else the arithmetic may depend on."""

    tensor: str
    labels: tuple[str, ...]  # of the models, in the order of the deltas
    layer: int | None  # None: embeddings, last norm, head
    layers: int
    size: int  # elements of the whole tensor
    seed: int
    start: int = 0  # number of the block's first element within the tensor, row by row
    depth: float = 0.0  # from the embeddings and the first layer (0) to the last and the head (1)

    def each(self, value: float | Mapping[str, float]) -> tuple[float, ...]:
        """Return a parameter's value for every model, in the order of the deltas."""
        if isinstance(value, Mapping):
            return tuple(value[label] for label in self.labels)
        return (value,) * len(self.labels)


Blocks = Callable[[], Iterator[tuple[Base, Deltas, TensorContext]]]
"""A tensor's blocks from the first to the last, as often as they are asked for."""


Unit = Literal["element", "row", "tensor"]
"""What no block may cut in two: an element, a row (the last axis; a vector is one), a tensor."""


@dataclass(frozen=True)
class Method:
    """A merge method by its name: `combine` one block, after an optional `survey` of all."""

    name: str
    paper: str
    combine: Callable[..., Merged]
    survey: Callable[..., object] | None
    parameters: Mapping[str, tuple[Any, Any]]  # name → type, default
    unit: Unit
    models: tuple[int, int | None]  # how few and how many it can merge

    def settings(self, given: Mapping[str, object], labels: Sequence[str]) -> dict[str, Any]:
        """Return every parameter's value: checked, completed, per-model ones in model order.

        Raises:
            LexgraftError: too few or too many models, an unknown parameter or model, or a value of
                the wrong kind or range.
        """
        least, most = self.models
        if len(labels) < least or (most is not None and len(labels) > most):
            wanted = f"{least}" if least == most else f"{least} to {most or 'many'}"
            raise LexgraftError(f"{self.name} merges {wanted} models, not {len(labels)}")
        for name in given:
            if name not in self.parameters:
                raise LexgraftError(
                    f"method `{self.name}` has no parameter `{name}`",
                    cure=nearest(name, self.parameters),
                )
        return {
            name: check_setting(
                kind, given.get(name, default), default, labels, f"{self.name}.{name}"
            )
            for name, (kind, default) in self.parameters.items()
        }

    def merge(self, blocks: Blocks, settings: Mapping[str, Any]) -> Iterator[Merged]:
        """Yield the merged blocks of one tensor, in order; settings are taken at its place."""
        if any(map(varies, settings.values())):
            _, _, place = next(blocks())
            settings = self.at(settings, place)
        values = {_python_name(name): value for name, value in settings.items()}
        survey = () if self.survey is None else (self.survey(blocks, **values),)
        for base, deltas, place in blocks():
            yield self.combine(base, deltas, place, *survey, **values)

    def at(self, settings: Mapping[str, Any], place: TensorContext) -> dict[str, Any]:
        """Return the settings for one tensor: profiles and rules become single values."""
        return {
            name: at_place(value, place.tensor, place.depth) for name, value in settings.items()
        }


F = TypeVar("F", bound=Callable[..., Merged])
METHODS: dict[str, Method] = {}
"""Every known method, by name, sorted."""


def method(
    *,
    paper: str,
    survey: Callable[..., object] | None = None,
    unit: Unit = "element",
    models: tuple[int, int | None] = (1, None),
) -> Callable[[F], F]:
    """Return a decorator that makes a function a method under its own name.

    The function takes base, deltas, place, the survey's result if there is one, and its
    parameters as keywords with type and default (`lambda_` is written `lambda`).
    """

    def register(combine: F) -> F:
        hints = get_type_hints(combine, include_extras=True)
        parameters = {
            name.rstrip("_"): (hints[name], parameter.default)
            for name, parameter in signature(combine).parameters.items()
            if parameter.kind is Parameter.KEYWORD_ONLY
        }
        name = combine.__name__
        METHODS[name] = Method(name, paper, combine, survey, parameters, unit, models)
        return combine

    return register


def _python_name(name: str) -> str:
    """Return the keyword under which Python knows a parameter."""
    return f"{name}_" if iskeyword(name) else name


def get_method(name: str) -> Method:
    """Return a method by name.

    Raises:
        LexgraftError: no such method; the nearest name is given.
    """
    if name not in METHODS:
        raise LexgraftError(f"no merge method `{name}`", cure=nearest(name, METHODS))
    return METHODS[name]
