"""What the linear layers of a live model read of given texts: summed up a few layers at a time."""

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from lexgraft.arrays.shapes import Bool, Int64
from lexgraft.arrays.threads import threads
from lexgraft.models.input_sums import InputSum, grid_of
from lexgraft.records import Progress, silent

GRID_LINE = "The quick brown fox jumps over the lazy dog; 1, 2, 3 and so on."
"""Sets the grid that inputs are rounded to, whatever the texts are."""
MEMORY = 400 << 20  # bytes of sums in memory; one layer's at least
_MATRICES = 2  # of an input: its sums, and the products of some rows

TokenRows = Sequence[Sequence[int]]
"""Texts as token ids that are read together; later tokens do not show in earlier ones."""


class LinearInput(NamedTuple):
    """One input: the weights of all layers that read it, the first of which it is called by."""

    weights: tuple[str, ...]
    layer: int
    width: int
    grid: float

    @property
    def name(self) -> str:
        """Return the name of the first weight."""
        return self.weights[0]


@dataclass
class _Texts:
    """Rows of tokens that are read together, and where they have got to in the model."""

    tokens: Int64[Tensor, "row token"]
    real: Bool[Tensor, "row token"]  # not there only to fill a row up
    removed: bool = False  # whether their inputs are taken away from the sums
    left: Any = None  # what the last layer that they went through has returned


def input_sums(
    network: nn.Module,
    texts: Sequence[TokenRows],
    line: Sequence[int],
    memory: int = MEMORY,
    progress: Progress = silent,
    *,
    less: Sequence[TokenRows] = (),
) -> Iterator[tuple[LinearInput, InputSum]]:
    """Yield every input of linear layers with its sums over the texts, layer after layer.

    Each text goes through the layers once: a few of them at a time, as many as `memory` bytes
    hold the sums of. It is computed by itself on one thread, so that neither the order of texts
    nor threads show in a bit. Layers that read only some tokens (experts) are left out, as is
    all outside of the stack of layers (embeddings, head).

    Args:
        network: a causal language model in float32.
        texts: token ids; rows of one text are padded and read together.
        line: the tokens of `GRID_LINE`.
        memory: bytes of sums in memory, where one layer's do not take more.
        progress: told how many layers are done.
        less: texts whose inputs are taken away from those of `texts`.
    """
    body: Any = getattr(network, "base_model", network)
    layers = _stack(body)
    names = {module: f"{name}.weight" for name, module in network.named_modules()}
    device = next(network.parameters()).device
    waiting = [_padded(rows, device) for rows in texts]
    waiting += [replace(_padded(rows, device), removed=True) for rows in less]
    with torch.no_grad(), threads(1):
        inputs = _distinct_inputs(body, layers, names, line)
        first = 0
        for stop in _stops(inputs, len(layers), memory):
            stretch = {module: read for module, read in inputs if first <= read.layer < stop}
            sums = {
                module: InputSum(read.name, read.width, read.grid)
                for module, read in stretch.items()
            }
            for text in waiting:
                _read_layers(body, layers, first, stop, text, sums)
            yield from ((stretch[module], total) for module, total in sums.items())
            progress("layers", stop, len(layers))
            first = stop


def _stack(body: nn.Module) -> nn.ModuleList:
    """Return the list of layers: that with the most parameters."""
    lists = [module for module in body.modules() if isinstance(module, nn.ModuleList)]
    return max(lists, key=lambda layers: sum(p.numel() for p in layers.parameters()))


def _padded(rows: TokenRows, device: torch.device) -> _Texts:
    width = max(map(len, rows))
    tokens = torch.tensor([[*row, *[0] * (width - len(row))] for row in rows], device=device)
    lengths = torch.tensor([len(row) for row in rows], device=device)
    return _Texts(tokens, torch.arange(width, device=device) < lengths[:, None])


def _distinct_inputs(
    body: Any, layers: nn.ModuleList, names: dict[nn.Module, str], line: Sequence[int]
) -> list[tuple[nn.Module, LinearInput]]:
    """Return the inputs of linear layers with the first layer that reads each.

    Layers that are given one and the same tensor share it: q, k and v; gate and up.
    """
    groups: dict[int, list[nn.Module]] = {}
    tensors: dict[int, Tensor] = {}  # held, so that none gets the number of another
    layer_of: dict[nn.Module, int] = {
        linear: number
        for number, layer in enumerate(layers)
        for linear in layer.modules()
        if isinstance(linear, nn.Linear)
    }

    def note(module: nn.Module, given: tuple[Tensor, ...]) -> None:
        for read in given[:1]:
            tensors[id(read)] = read
            groups.setdefault(id(read), []).append(module)

    with _hooked(layer_of, note):
        body(input_ids=torch.tensor([list(line)], device=_device(body)), use_cache=False)
    return [
        (
            modules[0],
            LinearInput(
                tuple(names[module] for module in modules),
                layer_of[modules[0]],
                tensors[key].shape[-1],
                grid_of(tensors[key]),
            ),
        )
        for key, modules in groups.items()
        if tensors[key].numel() == len(line) * tensors[key].shape[-1]
    ]


def _stops(
    inputs: Iterable[tuple[nn.Module, LinearInput]], count: int, memory: int
) -> Iterator[int]:
    """Yield where each stretch of layers ends whose sums are in memory together."""
    sizes = [0] * count
    for _, read in inputs:
        sizes[read.layer] += 8 * _MATRICES * read.width**2
    held = 0
    for layer, size in enumerate(sizes):
        if held and held + size > memory:
            yield layer
            held = 0
        held += size
    yield count


class _ReachedError(Exception):
    """The layers that are wanted have been run."""


def _read_layers(
    body: Any,
    layers: nn.ModuleList,
    first: int,
    stop: int,
    text: _Texts,
    sums: dict[nn.Module, InputSum],
) -> None:
    """Take one text through layers [first, stop), adding what their linear layers read."""

    def add(module: nn.Module, given: tuple[Tensor, ...]) -> None:
        rows = given[0].reshape(-1, given[0].shape[-1])
        sums[module].add(rows[text.real.reshape(-1)], take_away=text.removed)

    def leave(_module: nn.Module, _given: object, result: Any) -> None:
        text.left = result
        raise _ReachedError

    with ExitStack() as hooks:
        hooks.enter_context(_hooked(sums, add))
        hooks.enter_context(_skipped(layers[:first], text.left))
        hooks.callback(layers[stop - 1].register_forward_hook(leave).remove)
        try:
            body(input_ids=text.tokens, use_cache=False)
        except _ReachedError:
            return


@contextmanager
def _hooked(
    modules: Iterable[nn.Module], hook: Callable[[nn.Module, tuple[Tensor, ...]], None]
) -> Generator[None]:
    """Call a hook with what modules are given."""
    with ExitStack() as hooks:
        for module in modules:
            hooks.callback(module.register_forward_pre_hook(hook).remove)
        yield


@contextmanager
def _skipped(layers: Iterable[nn.Module], result: object) -> Generator[None]:
    """Let layers return what the last of them has returned before, without computing."""
    with ExitStack() as hooks:
        for layer in layers:
            layer.forward = lambda *_, **__: result
            hooks.callback(layer.__delattr__, "forward")
        yield


def _device(body: nn.Module) -> torch.device:
    return next(body.parameters()).device
