"""What a guided merge costs beside plain forwards over the same tokens, and what was foreseen.

    python -P benchmarks/guided_cost.py [--model FOLDER] [--tokens 3000] [--rank 16]
    python -P benchmarks/guided_cost.py --random 1b --tokens 600

Processor seconds of one run: forwards of the texts one by one and in groups of about one length,
what linear layers read of them summed up (with the forwards that this needs), and every projection
solved and used, for thin deltas of adapters and for whole ones (the first layer's, times layers).
Foreseen by the plan's reckoning from two products that are timed on the thread's own clock. Memory:
the highest beyond what the model and its forwards took, against 400 MB and the sums of one layer.
Then `--added` tokens more of questions (a term has some 62 of 100 terms' 6,200) are read, their
sums added to those in files, and every projection is solved anew: against learning all again.
`--random` takes a Llama with random weights: `1b`, or `tiny` to try the script; `8b` only reckons.
"""

import argparse
import resource
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time, thread_time
from types import SimpleNamespace
from typing import Any, NamedTuple

import torch
from torch import nn
from transformers import LlamaConfig, LlamaForCausalLM

sys.path.append(str(Path(__file__).parent))

from told_figures import say

from lexgraft.adoption.cost import ComputeWork, MachineRates
from lexgraft.adoption.guided_cost import input_widths, reading_work, solving_work
from lexgraft.adoption.guided_texts import TOKENS
from lexgraft.adoption.learnt_inputs import together
from lexgraft.adoption.planning import REACHED, parameters
from lexgraft.arrays.threads import threads
from lexgraft.files.shipped_texts import shipped_file
from lexgraft.models.folder_loading import load_network, load_tokenizer
from lexgraft.models.input_sums import exact, sum_rate
from lexgraft.models.linear_inputs import GRID_LINE, MEMORY, LinearInput, input_sums
from lexgraft.models.number_format import COLUMNS, INNER, ROWS, TRIED, product_time
from lexgraft.records import Document, read_lines
from lexgraft.weights.checkpoint.input_statistics import (
    InputStatistics,
    SideRecord,
    StatisticsIndex,
    write_sums,
)
from lexgraft.weights.methods.input_moments import InputMoments

ROOT = Path(__file__).parents[1]
ALL = 2 * TOKENS  # of general text and of questions, in an adoption of this model
SIZES = {  # width, feed-forward width, layers, key-value heads of heads, vocabulary
    "tiny": (64, 160, 3, 2, 4, 1000),
    "1b": (2048, 8192, 16, 8, 32, 32000),
    "8b": (4096, 14336, 32, 8, 32, 128256),
}


class Timed(NamedTuple):
    """What something took, in processor seconds, and its result."""

    seconds: float
    result: Any


def main() -> None:
    """Measure, and print one line per figure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--model", type=Path, default=ROOT / ".cache" / "models" / "gemma-3-270m")
    parser.add_argument("--random", choices=SIZES)
    parser.add_argument("--tokens", type=int, default=3000)
    parser.add_argument("--added", type=int, default=0, help="tokens of terms that come later")
    parser.add_argument("--rank", type=int, default=16)
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    rates = _rates()
    config = _config(given.random) if given.random else None
    if config is not None and given.random == "8b":
        with torch.device("meta"):
            _foresee(LlamaForCausalLM(config), 28672 + 8000, rates, given.threads)
        return
    network, rows, line = _loaded(given.model, config, given.tokens + given.added)
    later: list[list[int]] = []
    while rows and sum(map(len, later)) < given.added:
        later.append(rows.pop())
    spent = _measure(network, rows, line, given.rank, rates)
    if later:
        _add_later(network, rows, later, line, spent)


class Spent(NamedTuple):
    """Processor seconds of learning all texts, and of solving all projections for thin factors."""

    learnt: float
    solved: float


def _measure(
    network: nn.Module, rows: list[list[int]], line: list[int], rank: int, rates: MachineRates
) -> Spent:
    tokens, groups = sum(map(len, rows)), list(together(rows))
    say(f"{tokens} tokens in {len(rows)} texts, {len(groups)} groups")
    body: Any = getattr(network, "base_model", network)
    with torch.no_grad(), threads(1):
        body(input_ids=torch.tensor([line]), use_cache=False)
        alone = _timed(lambda: [body(input_ids=torch.tensor([row])) for row in rows])
        grouped = _timed(lambda: [body(input_ids=_padded(group)) for group in groups])
    before = _peak()
    moments: dict[str, InputMoments] = {}
    shapes: dict[str, tuple[LinearInput, list[int]]] = {}
    sums = _timed(lambda: _summed(network, groups, line, moments, shapes))
    one_layer = max(
        8 * sum(r.width**2 for r, _ in shapes.values() if r.layer == n) for n in range(3)
    )
    say(f"forwards one by one {alone.seconds:.1f} CPU s, in groups {grouped.seconds:.1f}")
    say(
        f"read and summed {sums.seconds:.1f}: {sums.seconds / alone.seconds:.2f} of the forwards "
        f"one by one, {sums.seconds / grouped.seconds:.2f} of those in groups"
    )
    extra = (_peak() - before) / 1e6
    say(
        f"peak {extra:.0f} MB beyond the model and what its forwards took, "
        f"{MEMORY / 1e6:.0f} + {one_layer / 1e6:.0f} allowed"
    )
    layers = 1 + max(read.layer for read, _ in shapes.values())
    heights = {name: heights for name, (_, heights) in shapes.items()}
    thin = layers * _timed(lambda: _thin(moments, heights, rank)).seconds
    whole = layers * _timed(lambda: _whole(moments, heights)).seconds
    say(f"solved for factors of rank {2 * rank}: {thin:.1f}; for whole deltas: {whole:.1f}")
    _foresee(network, tokens, rates, 1)
    both = sums.seconds + thin
    say(f"statistics and solve {both:.1f} CPU s, {both / alone.seconds:.2f} forwards one by one")
    return Spent(sums.seconds, thin)


def _add_later(
    network: nn.Module,
    rows: list[list[int]],
    later: list[list[int]],
    line: list[int],
    spent: Spent,
) -> None:
    """Say what terms cost that come later, and what all cost that is learnt again with them."""
    tokens = sum(map(len, later))
    with TemporaryDirectory() as folder, torch.no_grad(), threads(1):
        files = Path(folder)
        before = {
            read.name: (read.width, write_sums(files, "questions", read.name, total.total(), 1.0))
            for read, total in input_sums(network, list(together(rows)), line)
        }
        widths = {name: width for name, (width, _) in before.items()}
        side = SideRecord("", {}, 0, {name: record for name, (_, record) in before.items()})
        stored = InputStatistics(files, StatisticsIndex({}, widths, side, side))

        def add() -> int:
            for read, total in input_sums(network, list(together(later)), line):
                both = exact(total.total() + stored.sums("questions", read.name), read.name)
                write_sums(files, "questions", read.name, both, read.grid)
            return len(before)

        added = _timed(add)
    anew = spent.learnt * ALL / sum(map(len, rows)) + spent.solved
    say(
        f"{tokens} tokens later: read and added to {added.result} files {added.seconds:.1f}, with "
        f"solving {added.seconds + spent.solved:.1f}; {ALL} tokens learnt again at the rate above, "
        f"and solved, {anew:.1f}"
    )


def _foresee(network: nn.Module, tokens: int, rates: MachineRates, side_by_side: int) -> None:
    """Say what the plan would, of a checkpoint with this network's tensors."""
    entries = {
        name: SimpleNamespace(shape=tuple(p.shape), size=p.numel())
        for name, p in network.named_parameters()
    }
    base: Any = SimpleNamespace(tensors=entries)
    body, head = parameters(base)

    def told(work: ComputeWork) -> str:
        return f"{rates.seconds(work, body, head):.1f}"

    say(
        f"foreseen CPU s: {told(reading_work(base, tokens))} to read and sum up {tokens} tokens, "
        f"{told(solving_work(base, thin=True))} to solve thin, "
        f"{told(solving_work(base, thin=False))} whole; {side_by_side} threads side by side"
    )
    widest = max(input_widths(base))
    say(f"body {body / 1e6:.0f} M parameters, widest input {widest}")


def _summed(
    network: nn.Module,
    groups: Sequence[list[list[int]]],
    line: list[int],
    moments: dict[str, InputMoments],
    shapes: dict[str, tuple[LinearInput, list[int]]],
) -> None:
    """Sum up, and let others of the same size stand for the first layer's moments."""
    for read, total in input_sums(network, groups, line):
        total.total()
        heights = [network.get_parameter(name).shape[0] for name in read.weights]
        shapes[read.name] = read, heights
        if read.layer == 0:
            moments[read.name] = InputMoments(partial(_moments, read.width))


def _moments(width: int) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.eye(width, dtype=torch.float64), torch.eye(width, dtype=torch.float64)


def _thin(moments: dict[str, InputMoments], heights: dict[str, list[int]], rank: int) -> None:
    """Solve the first layer's projections for factors, and use them."""
    for name, inputs in moments.items():
        width = len(inputs.__dict__["_read"]()[0])
        rows = torch.ones(2 * rank, width, dtype=torch.float64)
        for height in heights[name]:
            up = torch.ones(height, 2 * rank, dtype=torch.float64)
            _ = up @ inputs.projected(rows, 0.03, 0.001)


def _whole(moments: dict[str, InputMoments], heights: dict[str, list[int]]) -> None:
    """Solve the first layer's projections whole, and use them."""
    for name, inputs in moments.items():
        for height in heights[name]:
            projection = inputs.projection(0.03, 0.001)
            _ = torch.ones(height, len(projection), dtype=torch.float64) @ projection


def _rates() -> MachineRates:
    """Return operations per processor second of one thread."""
    with torch.inference_mode(), threads(1):
        seconds = min(product_time("float32", thread_time) for _ in range(4 * TRIED))
        rate = 2.0 * ROWS * INNER * COLUMNS / seconds
        exact = sum_rate(thread_time)
    say(f"products {rate / 1e9:.0f} GFLOP/s, sums {exact / 1e9:.0f} GFLOP/s a thread")
    return MachineRates(REACHED["float32"] * rate, rate, exact)


def _config(size: str) -> LlamaConfig:
    width, inner, layers, shared, heads, vocabulary = SIZES[size]
    return LlamaConfig(
        hidden_size=width,
        intermediate_size=inner,
        num_hidden_layers=layers,
        num_key_value_heads=shared,
        num_attention_heads=heads,
        vocab_size=vocabulary,
        tie_word_embeddings=True,
    )


def _loaded(
    folder: Path, config: LlamaConfig | None, tokens: int
) -> tuple[nn.Module, list[list[int]], list[int]]:
    """Return a model, texts of some 40 tokens as it reads them, and the line that sets the grid."""
    if config is not None:
        torch.manual_seed(0)
        network: Any = LlamaForCausalLM(config).eval()
        rows = [
            torch.randint(0, config.vocab_size, (30 + n % 20,)).tolist()
            for n in range(tokens // 40)
        ]
        return network, rows, rows[0]
    network, tokenizer = load_network(folder, torch.float32).eval(), load_tokenizer(folder)
    rows = []
    for language in ("en", "ja"):
        file = shipped_file(language)
        assert file is not None  # both come along
        texts = [document.text for document in read_lines(file, Document)]
        size = 200
        pieces = (text[at : at + size] for text in texts for at in range(0, len(text), size))
        spent = 0
        for piece in pieces:
            rows.append(tokenizer.encode(piece))
            spent += len(rows[-1])
            if spent >= tokens // 2:
                break
    return network, rows, tokenizer.encode(GRID_LINE)


def _padded(group: list[list[int]]) -> torch.Tensor:
    width = max(map(len, group))
    return torch.tensor([[*row, *[0] * (width - len(row))] for row in group])


def _timed(work: Callable[[], object]) -> Timed:
    start = process_time()
    result = work()
    return Timed(process_time() - start, result)


def _peak() -> int:
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    main()
