"""What the linear layers of a live model read of given texts: summed up a few layers at a time."""

from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from threading import local
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from lexgraft.arrays.shapes import Bool, Int64
from lexgraft.arrays.threads import threads
from lexgraft.models.input_sums import InputSum, grid_of
from lexgraft.models.thread_pool import side_by_side
from lexgraft.records import Progress, silent

GRID_LINE = "The quick brown fox jumps over the lazy dog; 1, 2, 3 and so on."
"""Sets the grid that inputs are rounded to, whatever the texts are."""
MEMORY = 400 << 20  # bytes of sums in memory; one layer's at least

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
    hold the sums of. It is computed by itself on one thread, several texts side by side, so that
    neither the order of texts nor threads show in a bit. Left out are layers that read only some
    tokens (experts) or that several places share, and all outside of the stack (embeddings, head).

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
    workers = torch.get_num_threads()
    with torch.no_grad(), threads(1):
        inputs = _distinct_inputs(body, layers, names, line)
        first, stops = 0, list(_stops(inputs, len(layers), memory))
        handed_on = _handed_on(body, layers, [module for module, _ in inputs], stops, line)
        for stop in stops:
            stretch = {module: read for module, read in inputs if first <= read.layer < stop}
            sums = {
                module: InputSum(read.name, read.width, read.grid)
                for module, read in stretch.items()
            }

            def add(module: nn.Module, rows: Tensor, text: _Texts, sums: Any = sums) -> None:
                sums[module].add(rows, take_away=text.removed)

            skipped = layers[:first] if handed_on else ()
            _read_layers(body, (skipped, layers[stop - 1]), stretch, waiting, add, workers)
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
    calls: Counter[nn.Module] = Counter()
    layer_of: dict[nn.Module, int] = {
        linear: number
        for number, layer in enumerate(layers)
        for linear in layer.modules()
        if isinstance(linear, nn.Linear)
    }
    holders = Counter(id(linear.weight) for linear in layer_of)

    def note(module: nn.Module, given: tuple[Tensor, ...]) -> None:
        calls[module] += 1
        for read in given[:1]:
            tensors[id(read)] = read
            groups.setdefault(id(read), []).append(module)

    def has_its_own(module: nn.Module) -> bool:
        return calls[module] == 1 and holders[id(module.weight)] == 1

    with _hooked(layer_of, note):
        body(input_ids=torch.tensor([list(line)], device=_device(body)), use_cache=False)
    read_by = {key: list(filter(has_its_own, modules)) for key, modules in groups.items()}
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
        for key, modules in read_by.items()
        if modules and tensors[key].numel() == len(line) * tensors[key].shape[-1]
    ]


def _stops(
    inputs: Iterable[tuple[nn.Module, LinearInput]], count: int, memory: int
) -> Iterator[int]:
    """Yield where each stretch of layers ends whose sums are in memory together."""
    sizes = [0] * count
    for _, read in inputs:
        sizes[read.layer] += 8 * read.width**2
    held = 0
    for layer, size in enumerate(sizes):
        if held and held + size > memory:
            yield layer
            held = 0
        held += size
    yield count


class _ReachedError(Exception):
    """The layers that are wanted have been run."""


class _Reading(local):
    """What this thread reads now."""

    text: _Texts


def _read_layers(
    body: Any,
    stretch: tuple[Iterable[nn.Module], nn.Module],
    linears: Iterable[nn.Module],
    texts: Sequence[_Texts],
    add: Callable[[nn.Module, Tensor, _Texts], None],
    workers: int,
) -> None:
    """Take texts through some layers, and give to `add` what the linear layers in them read.

    The stretch is the layers before it, which have been run, and its last layer.
    """
    skipped, last = stretch
    now = _Reading()

    def note(module: nn.Module, given: tuple[Tensor, ...]) -> None:
        rows = given[0].reshape(-1, given[0].shape[-1])
        add(module, rows[now.text.real.reshape(-1)], now.text)

    def leave(_module: nn.Module, _given: object, result: Any) -> None:
        now.text.left = result
        raise _ReachedError

    def read(text: _Texts) -> None:
        now.text = text
        with torch.no_grad():  # which a thread has to say for itself
            try:
                body(input_ids=text.tokens, use_cache=False)
            except _ReachedError:
                return

    with ExitStack() as hooks:
        hooks.enter_context(_hooked(linears, note))
        hooks.enter_context(_skipped(skipped, lambda *_, **__: now.text.left))
        hooks.callback(last.register_forward_hook(leave).remove)
        for _ in side_by_side([partial(read, text) for text in texts], workers):
            pass


def _handed_on(
    body: Any,
    layers: nn.ModuleList,
    linears: Sequence[nn.Module],
    stops: Sequence[int],
    line: Sequence[int],
) -> bool:
    """Return whether a layer's result is all that later layers need of it: one line tells.

    Where they also read what earlier ones keep elsewhere (keys and values that layers share), these
    are run again.
    """
    passes: list[dict[nn.Module, Tensor]] = []
    for ends in ([len(layers)], stops):
        text = _padded([line], _device(body))
        read: dict[nn.Module, Tensor] = {}

        def add(module: nn.Module, rows: Tensor, _: _Texts, read: Any = read) -> None:
            read[module] = rows.clone()

        try:
            for first, stop in zip((0, *ends), ends, strict=False):
                _read_layers(body, (layers[:first], layers[stop - 1]), linears, [text], add, 1)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, RuntimeError):
            if len(ends) == 1:
                raise
            return False
        passes.append(read)
    whole, pieces = passes
    return whole.keys() == pieces.keys() and all(map(torch.equal, whole.values(), pieces.values()))


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
def _skipped(layers: Iterable[nn.Module], instead: Callable[..., object]) -> Generator[None]:
    """Let layers return what the last of them has returned before, without computing."""
    with ExitStack() as hooks:
        for layer in layers:
            layer.forward = instead
            hooks.callback(layer.__delattr__, "forward")
        yield


def _device(body: nn.Module) -> torch.device:
    return next(body.parameters()).device
