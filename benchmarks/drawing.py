"""What a drawn token costs beside the network: the head on last places, and the choice.

    python benchmarks/drawing.py [--rows 32] [--words 262144] [--width 640]

The last places of several prompts lie apart in memory; torch copies the head for each of them
unless they are put together first. A token is drawn from the nucleus (`sampler`, all of the
vocabulary in order) or from the likeliest few (`likeliest`).
"""

import argparse
import time
from collections.abc import Callable

import torch
from torch import Tensor, nn

from lexgraft.models.sampling import likeliest, sampler

PROMPT = 20  # tokens


def main() -> None:
    """Print the seconds of each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=32)
    parser.add_argument("--words", type=int, default=262_144)
    parser.add_argument("--width", type=int, default=640)
    given = parser.parse_args()
    torch.set_num_threads(1)
    for dtype in (torch.float32, torch.bfloat16):
        head = torch.randn(given.words, given.width).to(dtype)
        states = torch.randn(given.rows, PROMPT, given.width).to(dtype)[:, -1:]
        for name, one in (("apart", states), ("together", states.contiguous())):
            taken = _timed(lambda one=one, head=head: nn.functional.linear(one, head))
            print(f"head, {dtype}, last places {name}: {taken:.3f} s", flush=True)
    logits = torch.randn(given.rows, given.words) * 4
    for name, pick in (("nucleus", sampler(1.0, 0.95, 0)), ("likeliest 50", likeliest(50, 0))):
        taken = _timed(lambda pick=pick: pick(logits))
        print(f"draw, {name}: {taken:.3f} s", flush=True)


def _timed(work: Callable[[], Tensor]) -> float:
    """Return the least seconds of two runs."""
    found: list[float] = []
    for _ in range(2):
        start = time.perf_counter()
        work()
        found.append(time.perf_counter() - start)
    return min(found)


if __name__ == "__main__":
    main()
