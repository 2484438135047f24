"""What a merge method is: two pure functions, and the parameters that its signature names."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from inspect import Parameter, getmodule, getsource, signature
from keyword import iskeyword
from typing import Annotated, Any, Literal, TypeVar, get_args, get_type_hints

from msgspec import Meta

from lexgraft.arrays.lazy_torch import Tensor
from lexgraft.arrays.shapes import Float32
from lexgraft.errors import LexgraftError, nearest
from lexgraft.files.plugins import load_installed
from lexgraft.records import digest
from lexgraft.weights.methods.input_moments import InputMoments, LowRank
from lexgraft.weights.methods.native_spec import KernelSpec
from lexgraft.weights.methods.parameter_values import check_setting, value_at, varies

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
    inputs: InputMoments | None = None  # what was learnt of what a linear layer reads
    low_rank: Callable[[], tuple[LowRank | None, ...]] = tuple
    """The deltas of a tensor whose inputs are known as factors; None: a delta that has none."""

    def each(self, value: float | Mapping[str, float]) -> tuple[float, ...]:
        """Return a parameter's value for every model, in the order of the deltas."""
        if isinstance(value, Mapping):
            return tuple(value[label] for label in self.labels)
        return (value,) * len(self.labels)


Blocks = Callable[[], Iterator[tuple[Base, Deltas, TensorContext]]]
"""A tensor's blocks from the first to the last, as often as they are asked for."""


Settings = Mapping[str, Any]
"""Every parameter's value, checked and complete; per-model ones map labels to values."""

NativeMapping = Callable[[Settings, TensorContext], KernelSpec | None]
"""A method's settings for one tensor as the compiled loops know them; None: they do not."""

Unit = Literal["element", "row", "tensor"]
"""What no block may cut in two: an element, a row (the last axis; a vector is one), a tensor."""

BaseUse = Literal["required", "optional", "none"]
"""Whether a recipe must name a base. `optional`: the first model takes its place where it is
missing. `none`: the method merges whole models, and a base that is named is one of them."""


@dataclass(frozen=True)
class Method:
    """A merge method by its name: `combine` one block, after an optional `survey` of all."""

    name: str
    paper: str
    combine: Callable[..., Merged]
    survey: Callable[..., object] | None
    parameters: Mapping[str, tuple[Any, Any]]  # name → type, default
    base: BaseUse
    unit: Unit
    models: tuple[int, int | None]  # how few and how many it can merge
    native: NativeMapping | None
    learns: bool = False  # whether it needs what was learnt of the layers' inputs
    anywhere: bool = False  # whether it computes on the device that its inputs lie on
    code: str = ""  # digest of its source, where it is not one of this package's

    def settings(self, values: Mapping[str, object], labels: Sequence[str]) -> dict[str, Any]:
        """Return every parameter's value: checked, completed, per-model ones in model order.

        Raises:
            LexgraftError: too few or too many models, an unknown parameter or model, or a value of
                the wrong kind or range.
        """
        fewest, limit = self.models
        if len(labels) < fewest or (limit is not None and len(labels) > limit):
            count = f"{fewest}" if fewest == limit else f"{fewest} to {limit or 'many'}"
            raise LexgraftError(f"{self.name} merges {count} models, not {len(labels)}")
        for name in values:
            if name not in self.parameters:
                raise LexgraftError(
                    f"method `{self.name}` has no parameter `{name}`",
                    cure=nearest(name, self.parameters),
                )
        return {
            name: check_setting(
                kind, values.get(name, default), default, labels, f"{self.name}.{name}"
            )
            for name, (kind, default) in self.parameters.items()
        }

    def settings_at(self, settings: Settings, context: TensorContext) -> Settings:
        """Return the settings for one tensor: profiles and rules become single values."""
        if not any(map(varies, settings.values())):
            return settings
        return {
            name: value_at(value, context.tensor, context.depth) for name, value in settings.items()
        }

    def merge(self, blocks: Blocks, settings: Settings) -> Iterator[Merged]:
        """Yield the merged blocks of one tensor, in order; settings are taken at its depth."""
        if any(map(varies, settings.values())):
            _, _, context = next(blocks())
            settings = self.settings_at(settings, context)
        values = {_python_name(name): value for name, value in settings.items()}
        survey = ()
        if self.survey is not None:
            survey = (self.survey(blocks, **_accepted(self.survey, values)),)
        for base, deltas, context in blocks():
            yield self.combine(base, deltas, context, *survey, **values)

    def native_spec(self, settings: Settings, context: TensorContext) -> KernelSpec | None:
        """Return how the compiled loops merge a tensor; None: only the method itself can.

        Raises:
            LexgraftError: what the method refuses.
        """
        if self.native is None:
            return None
        return self.native(self.settings_at(settings, context), context)


F = TypeVar("F", bound=Callable[..., Merged])
_OURS = __name__.rpartition(".")[0]  # the package of the methods that come along
METHODS: dict[str, Method] = {}
"""Every known method, by name, sorted."""


def method(
    *,
    paper: str = "",
    survey: Callable[..., object] | None = None,
    base: BaseUse = "required",
    unit: Unit = "element",
    models: tuple[int, int | None] = (1, None),
    native: NativeMapping | None = None,
    learns: bool = False,
    anywhere: bool = False,
) -> Callable[[F], F]:
    """Return a decorator that makes a function a merge method under its own name.

    The function takes a block of the base, the models' deltas (model minus base, stacked along
    a first axis), the block's `TensorContext`, the survey's result if there is a survey, and its
    parameters as keywords with defaults (`lambda_` is written `lambda` in a recipe). It returns
    the merged block, float32 like its inputs, which it must not change.

    Args:
        paper: where the formula is from; manifests and docs state it.
        survey: what must be known about the whole tensor first: a function of `blocks`, which it
            may walk through as often as it likes, and of those parameters that it names.
        base: whether a recipe must name a base model.
        unit: what a block must hold whole.
        models: the smallest and the largest number of models beside the base; None: no limit.
        native: the same formula for the compiled loops, where these know it.
        learns: whether it needs what was learnt of a layer's inputs; of a tensor about which
            nothing was, it gets blocks of any size.
        anywhere: whether it computes on whatever device its inputs lie on, a GPU for one; others
            are called with inputs on the processor.

    Raises:
        LexgraftError: (when the function is decorated) a name that another method has, a
            parameter without a default, or a property that is not one of those above.

    Example:
        >>> import lexgraft, torch
        >>> @lexgraft.merge_method(paper="none: the largest change wins")
        ... def largest(base, deltas, context, *, scale: float = 1.0):
        ...     winner = deltas.abs().argmax(0, keepdim=True)
        ...     return base + scale * deltas.gather(0, winner)[0]
        >>> models = [torch.tensor([1.0, 5.0]), torch.tensor([3.0, 4.0])]
        >>> lexgraft.merge_tensors("largest", torch.zeros(2), models).tolist()
        [3.0, 5.0]
    """
    _check_choice("base", base, get_args(BaseUse))
    _check_choice("unit", unit, get_args(Unit))

    def register(combine: F) -> F:
        _add(
            Method(
                name=combine.__name__,
                paper=paper,
                combine=combine,
                survey=survey,
                parameters=_parameters(combine),
                base=base,
                unit=unit,
                models=models,
                native=native,
                learns=learns,
                anywhere=anywhere,
                code=_code_digest(combine),
            )
        )
        return combine

    return register


def _add(method: Method) -> None:
    """Enter a method in its place among the names; a module that is loaded again may do so again.

    Raises:
        LexgraftError: another module's method has the name.
    """
    earlier, module = METHODS.get(method.name), method.combine.__module__
    if earlier is not None and earlier.combine.__module__ != module:
        raise LexgraftError(
            f"there is a merge method `{method.name}` already",
            where=module,
            cure="give the function another name",
        )
    methods = sorted([*METHODS.items(), (method.name, method)], key=lambda item: item[0])
    METHODS.clear()
    METHODS.update(methods)


def _check_choice(name: str, value: str, choices: Sequence[str]) -> None:
    """Raise unless a method's property has one of its values."""
    if value not in choices:
        raise LexgraftError(
            f"`{value}` is no value of a method's `{name}`", cure=nearest(value, choices)
        )


def _parameters(combine: Callable[..., Merged]) -> dict[str, tuple[Any, Any]]:
    """Return type and default of every keyword that a method takes.

    Raises:
        LexgraftError: one has no default.
    """
    hints = get_type_hints(combine, include_extras=True)
    parameters: dict[str, tuple[Any, Any]] = {}
    for name, parameter in signature(combine).parameters.items():
        if parameter.kind is not Parameter.KEYWORD_ONLY:
            continue
        if parameter.default is Parameter.empty:
            raise LexgraftError(
                f"parameter `{name}` of method `{combine.__name__}` has no default",
                where=combine.__module__,
                cure=f"write `{name}: float = 1.0` or the like",
            )
        kind = hints.get(name, type(parameter.default))
        parameters[name.removesuffix("_")] = (kind, parameter.default)
    return parameters


def _accepted(function: Callable[..., object], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return those values that a function names; all of them where it takes any keyword."""
    parameters = signature(function).parameters.values()
    if any(parameter.kind is Parameter.VAR_KEYWORD for parameter in parameters):
        return dict(values)
    names = {parameter.name for parameter in parameters}
    return {name: value for name, value in values.items() if name in names}


def _code_digest(combine: Callable[..., Merged]) -> str:
    """Return the digest of a method's source; nothing for one of this package, which has versions.

    It is that of the whole file, since the method may use what else is in it.
    """
    if combine.__module__.startswith(_OURS):
        return ""
    for source in filter(None, (getmodule(combine), combine)):
        try:
            return digest("method", getsource(source))
        except (OSError, TypeError):  # defined at a prompt
            continue
    return digest("method", combine.__code__.co_code.hex(), repr(combine.__code__.co_names))


def _python_name(name: str) -> str:
    """Return the keyword under which Python knows a parameter."""
    return f"{name}_" if iskeyword(name) else name


def get_method(name: str) -> Method:
    """Return a method by name: one of ours, of a project's plugins, or of an installed package.

    Raises:
        LexgraftError: no such method; the nearest name is given.
    """
    if name not in METHODS:
        load_installed("lexgraft.methods")
    if name not in METHODS:
        raise LexgraftError(f"no merge method `{name}`", cure=nearest(name, METHODS))
    return METHODS[name]
