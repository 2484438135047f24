"""Would a shrinkage that is estimated change a guided merge, beside the fixed ridge?

    python -P benchmarks/shrinkage.py --run runs/medical-ja --domain FOLDER

Takes what a run has learnt, only read, and the donor's adapter. Of every input of linear layers:
how far the moments of general text would be shrunk towards a multiple of I by OAS and by the
Rao-Blackwell Ledoit-Wolf estimate (Chen, Wiesel, Eldar, Hero 2010, arXiv 0907.4698; both need the
moments and the number of tokens alone, Ledoit and Wolf's own needs every input), beside the ridge
of 0.001, and by how much the projected rows of the donor's first factor would differ. `--share`
takes as many of the tokens as would have given these moments: what the estimates say where tokens
are fewer than inputs. No model is asked.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import torch

sys.path.append(str(Path(__file__).parent))

from told_figures import say

from lexgraft.arrays.shapes import Float64
from lexgraft.weights.checkpoint.input_statistics import open_statistics
from lexgraft.weights.checkpoint.safetensors_header import read_header
from lexgraft.weights.checkpoint.tensor_reading import read_tensor
from lexgraft.weights.methods.input_moments import InputMoments, Moments

ALPHA, RIDGE = 0.03, 0.001  # of `guided_inputs`
SMALLEST = 1e-9  # for the solver, where nothing else stands on the diagonal


def oas(moments: Moments, tokens: float) -> float:
    """Return how far moments are shrunk by the oracle approximating estimate, 0 to 1."""
    width, squared, trace = _traces(moments)
    above = (1 - 2 / width) * squared + trace**2
    return min(1.0, above / ((tokens + 1 - 2 / width) * (squared - trace**2 / width)))


def rao_blackwell(moments: Moments, tokens: float) -> float:
    """Return how far moments are shrunk by the Rao-Blackwell Ledoit-Wolf estimate, 0 to 1."""
    width, squared, trace = _traces(moments)
    above = (tokens - 2) / tokens * squared + trace**2
    return min(1.0, above / ((tokens + 2) * (squared - trace**2 / width)))


def _traces(moments: Moments) -> tuple[int, float, float]:
    """Return the width, tr(S²) and tr(S) of moments S."""
    return len(moments), float((moments**2).sum()), float(moments.trace())


def main() -> None:
    """Print one line per kind of input: medians over the layers."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--run", type=Path, required=True, help="its folder `learnt` is read")
    parser.add_argument("--domain", type=Path, required=True, help="the donor, a LoRA adapter")
    parser.add_argument("--layers", type=int, nargs="+", default=[0, 6, 12, 17])
    parser.add_argument("--share", type=float, nargs="+", default=[1.0, 0.1])
    given = parser.parse_args()
    learnt = open_statistics(given.run / "learnt")
    if learnt is None:
        sys.exit(f"{given.run}: nothing was learnt there")
    factors = {
        entry.name: read_tensor(entry).double()
        for entry in read_header(given.domain / "adapter_model.safetensors")
    }
    rows: dict[tuple[str, float], list[list[float]]] = {}
    for read in learnt.index.widths:
        kind, layer = read.removesuffix(".weight").rpartition(".")[2], _layer(read)
        if layer not in given.layers:
            continue
        (down,) = [
            f for name, f in factors.items() if read.removesuffix("weight") + "lora_A" in name
        ]
        general, questions = (
            torch.from_numpy(learnt.sums(side, read) * learnt.side(side).inputs[read].grid ** 2)
            for side in ("general", "questions")
        )
        for share in given.share:
            tokens = share * learnt.index.general.tokens
            rows.setdefault((kind, share), []).append(_row(general, questions, down, tokens))
    for (kind, share), of_layers in rows.items():
        middle = torch.tensor(of_layers, dtype=torch.float64).median(dim=0).values.tolist()
        width, tokens, first, second, changed, halved, tenfold = middle
        say(
            f"{kind:10} {width:5.0f} inputs, {tokens:6.0f} tokens (x {share}): OAS {first:.5f}, "
            f"Rao-Blackwell {second:.5f}, ridge {RIDGE}; projected rows differ from the ridge's by "
            f"{changed:.3f} (OAS), {halved:.3f} (ridge / 2), {tenfold:.3f} (ridge x 10)"
        )


def _row(
    general: Moments, questions: Moments, down: Float64[torch.Tensor, "rank input"], tokens: float
) -> list[float]:
    """Return the figures of one input."""
    share = oas(general, tokens)

    def shrunk() -> tuple[Moments, Moments]:
        target = torch.eye(len(general), dtype=torch.float64) * general.diagonal().mean()
        return (1 - share) * general + share * target, questions

    def as_read() -> tuple[Moments, Moments]:
        return general, questions

    def rows(read: Callable[[], tuple[Moments, Moments]], ridge: float) -> torch.Tensor:
        return InputMoments(read).projected(down, ALPHA, ridge)

    fixed = rows(as_read, RIDGE)
    others = (rows(shrunk, SMALLEST), rows(as_read, RIDGE / 2), rows(as_read, RIDGE * 10))
    differ = [float((other - fixed).norm() / fixed.norm()) for other in others]
    return [len(general), tokens, share, rao_blackwell(general, tokens), *differ]


def _layer(read: str) -> int:
    return next(int(piece) for piece in read.split(".") if piece.isdigit())


if __name__ == "__main__":
    main()
