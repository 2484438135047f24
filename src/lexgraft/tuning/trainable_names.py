"""Names of layers or parameters and patterns → what is trained (pure)."""

from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from re import compile as pattern

from lexgraft.errors import LexgraftError
from lexgraft.weights.checkpoint.layer_stack import LayerStack, stack_of
from lexgraft.weights.checkpoint.tensor_names import role_of

ROLES = ("attention", "mlp", "norm", "embedding", "head", "linear", "everything")
_NOT_LINEAR = frozenset({"norm", "embedding", "head"})
_PATTERN = pattern(r"(?P<name>[^@]+)(?:@(?P<first>\d{1,6})(?:-(?P<last>\d{1,6}))?)?")


def choose_names(names: Sequence[str], patterns: Sequence[str]) -> tuple[str, ...]:
    """Return the names of layers or parameters that any pattern chooses, sorted.

    A pattern is a part of the model (`attention`, `mlp`, `norm`, `embedding`, `head`), `linear`
    (the matrices inside the layers), `everything`, or a wildcard for whole names (`*.q_proj`), and
    may end in a layer number or a range of them: `mlp@6-17`.

    Raises:
        LexgraftError: a pattern chooses nothing, with what there is to choose.
    """
    chosen: set[str] = set()
    stack = stack_of(names, {})
    for text in patterns:
        fits = _rule(text, stack)
        matching = {name for name in names if fits(name)}
        if not matching:
            raise LexgraftError(f"nothing to train fits `{text}`", cure=_known(names, stack))
        chosen |= matching
    return tuple(sorted(chosen))


def _rule(text: str, stack: LayerStack) -> Callable[[str], bool]:
    """Return the test of one pattern."""
    match = _PATTERN.fullmatch(text)
    if not match:
        raise LexgraftError(f"not a pattern: `{text}`", cure="write e.g. `linear` or `mlp@6-17`")
    shape = match["name"]
    first = int(match["first"] or 0)
    last = int(match["last"] or first)

    def fits(name: str) -> bool:
        fits_name = _is_kind(name, shape) if shape in ROLES else fnmatchcase(name, shape)
        layer = stack.layer_of(name)
        return fits_name and (not match["first"] or (layer is not None and first <= layer <= last))

    return fits


def _is_kind(name: str, module_kind: str) -> bool:
    """Tell whether a layer or parameter is of a kind (one of ROLES), by its name."""
    role = role_of(name if name.endswith((".weight", ".bias")) else f"{name}.weight")
    if module_kind == "linear":
        return role not in _NOT_LINEAR
    return module_kind in {role, "everything"}


def _known(names: Sequence[str], stack: LayerStack) -> str:
    """Return a sentence that lists what patterns may name."""
    layers = [layer for name in names if (layer := stack.layer_of(name)) is not None]
    last = sorted({name.removesuffix(".weight").rpartition(".")[2] for name in names})
    span = f"; layers {min(layers)}-{max(layers)}" if layers else ""
    return f"known: {', '.join(ROLES)}, {', '.join(f'*.{name}*' for name in last)}{span}"
