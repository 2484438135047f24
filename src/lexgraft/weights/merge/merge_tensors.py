"""One tensor merged in memory, by the same functions and blocks as a merge on disk."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from lexgraft.arrays.lazy_torch import Tensor, torch
from lexgraft.errors import LexgraftError
from lexgraft.weights.checkpoint.layer_stack import stack_of
from lexgraft.weights.checkpoint.safetensors_header import TensorEntry
from lexgraft.weights.merge.block_shapes import block_shape, rows_of_block
from lexgraft.weights.methods import get_method
from lexgraft.weights.methods.registry import Base, Deltas, TensorContext


def merge_tensors(
    method: str,
    base: Tensor,
    tensors: Sequence[Tensor] | Mapping[str, Tensor],
    *,
    name: str = "tensor",
    layers: int = 0,
    seed: int = 0,
    **parameters: object,
) -> Tensor:
    """Return what a merge method makes of one tensor of several models, in memory.

    The values are those that a merge of whole models on disk writes with dtype float32.

    Args:
        method: a merge method's name, such as "ties"; see `lexgraft.merge_method` for own ones.
        base: the tensor of the base model, of any shape and floating-point dtype.
        tensors: the same tensor of each model (whole values, not differences), in order; or by
            label, so that a parameter can give each its own value: `weight={"a": 1.0, "b": 0.5}`.
            Without labels the models are called "1", "2", ….
        name: the tensor's name in the model: chance is keyed by it, and it tells the layer.
        layers: how many layers the model has, for parameters that change with depth (0: those
            that the name speaks of).
        seed: what chance is keyed by.
        **parameters: of the method; what is left out keeps its default.

    Returns:
        The merged tensor: float32, the base's shape.

    Raises:
        LexgraftError: an unknown method or parameter, a value out of range, too few or too many
            models, or tensors of different shapes.

    Example:
        >>> import lexgraft, torch
        >>> base = torch.zeros(3)
        >>> german, medical = torch.tensor([1.0, 0.0, 2.0]), torch.tensor([1.0, 4.0, 0.0])
        >>> lexgraft.merge_tensors("task_arithmetic", base, [german, medical], weight=0.5).tolist()
        [1.0, 2.0, 1.0]
    """
    models = tensors if isinstance(tensors, Mapping) else _numbered(tensors)
    _check_tensors({"base": base, **{f"model `{label}`": each for label, each in models.items()}})
    _check_alike(base, models)
    chosen = get_method(method)
    values = {parameter.removesuffix("_"): value for parameter, value in parameters.items()}
    settings = chosen.settings(values, tuple(models))
    if not base.numel():
        return base.detach().float()
    entry = TensorEntry(name, "F32", tuple(base.shape), Path(), 0, 4 * base.numel())
    shape, step = block_shape(entry, chosen.unit), rows_of_block(entry, chosen.unit)
    start = base.detach().float().reshape(shape)
    deltas = torch.stack(
        [tensor.detach().float().reshape(shape) - start for tensor in models.values()]
    )
    context = _context(name, tuple(models), layers, base.numel(), seed)
    merged = chosen.merge(lambda: _blocks(start, deltas, step, context), settings)
    return torch.cat([block.reshape(-1) for block in merged]).reshape(base.shape)


def _blocks(
    base: Base, deltas: Deltas, step: int, context: TensorContext
) -> Iterator[tuple[Base, Deltas, TensorContext]]:
    """Yield blocks of `step` rows, as a merge on disk reads them."""
    if not base.ndim:
        yield base, deltas, context
        return
    width = base[0].numel()
    for row in range(0, len(base), step):
        rows = slice(row, row + step)
        yield base[rows], deltas[:, rows], replace(context, start=row * width)


def _context(
    name: str, labels: tuple[str, ...], layers: int, size: int, seed: int
) -> TensorContext:
    """Return what the arithmetic may depend on beside the values."""
    stack = stack_of([name], {})
    stack = replace(stack, count=layers or stack.count)
    layer, depth = stack.layer_of(name), stack.depth_of(name)
    return TensorContext(name, labels, layer, stack.count, size, seed, depth=depth)


def _check_tensors(values: Mapping[str, object]) -> None:
    """Raise for what is no tensor of torch: an array of numpy, a list, a number."""
    for where, value in values.items():
        if not isinstance(value, torch.Tensor):
            raise LexgraftError(
                f"a {type(value).__name__}, and a tensor of torch is wanted",
                where=where,
                cure="give torch.as_tensor(…) of it",
            )


def _check_alike(base: Tensor, models: Mapping[str, Tensor]) -> None:
    """Raise for a tensor of another shape than the base's, or of no floating point."""
    for label, tensor in models.items():
        if tensor.shape != base.shape or not tensor.is_floating_point():
            raise LexgraftError(
                f"a {tensor.dtype} tensor of shape {list(tensor.shape)}",
                where=f"model `{label}`",
                cure=f"give floating-point values in the base's shape, {list(base.shape)}",
            )


def _numbered(tensors: Sequence[Tensor]) -> dict[str, Tensor]:
    return {str(number): tensor for number, tensor in enumerate(tensors, 1)}
