"""Scoring options, against lm-evaluation-harness's own backend: numbers, CPU seconds, memory.

    python benchmarks/scoring.py [--base FOLDER] [--random WIDTHxLAYERS] [--items 300]
        [--header-items 60] [--batch 8 16 32] [--exact 24]

Needs `pip install lm_eval==0.4.13`; `benchmarks/smollm2.py` makes a small English model. Both sides
get the same model, tokens, threads and number format in one process and take turns; the peer works
at the batch size that was best on its first items. Peaks of memory are taken in a process per side.
`--exact` scores so many items in float64 as well and says who is how far off. Items are made of the
English text that ships with Python.
`--random` gives the base's tokenizer and architecture random weights of another size.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from pydoc_data.topics import topics
from typing import Any

import torch

from lexgraft.models.plain_logits import only_last
from lexgraft.models.transformers import TransformersModel
from lexgraft.records import digest

ROOT = Path(__file__).resolve().parents[1]
BASE = ROOT / ".cache" / "models" / "gemma-3-270m"
CONTEXT_WORDS = 42  # about 60 tokens
HEADER_WORDS = 215  # about 300 tokens
OPTIONS = 4
TRIED = 8  # items that a batch size is chosen on
TURN = 100  # items a side asks before the other one does
HELD = 24  # items whose peak of memory is taken

Question = tuple[str, list[str]]
Ask = Callable[[Sequence[Question]], list[float]]


def main() -> None:
    """Print what both sides took and found on both workloads."""
    given = arguments()
    with tempfile.TemporaryDirectory() as place:
        if given.random:
            given.base = random_model(given.base, given.random, Path(place))
        if given.side:
            print(json.dumps(peak(given)))
            return
        for header, count in ((False, given.items), (True, given.header_items)):
            if count:
                workload(given, header=header, count=count)
        if given.exact:
            exactness(given)


def arguments() -> argparse.Namespace:
    """Return the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", type=Path, default=BASE)
    parser.add_argument("--random", default="", metavar="WIDTHxLAYERS")
    parser.add_argument("--items", type=int, default=300)
    parser.add_argument("--header-items", type=int, default=60)
    parser.add_argument("--batch", type=int, nargs="+", default=[8, 16, 32])
    parser.add_argument("--exact", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--side", default="", help=argparse.SUPPRESS)
    parser.add_argument("--header", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def workload(given: argparse.Namespace, *, header: bool, count: int) -> None:
    """Let both sides take turns on one workload and print what they took."""
    model = TransformersModel.load(given.base, "benchmark", given.threads)
    items = questions(count, header=header)
    ours, sides = asker(model), {n: peer(model, given.base, n) for n in given.batch}
    tried = {n: timed(ask, items[:TRIED])[1] for n, ask in sides.items()}
    best = min(tried, key=lambda n: tried[n])
    ours(items[:2])
    scores: dict[str, list[float]] = {"lexgraft": [], "lm-eval": []}
    seconds = dict.fromkeys(scores, 0.0)
    for start in range(0, count, TURN):
        for name, ask in (("lexgraft", ours), ("lm-eval", sides[best])):
            found, took = timed(ask, items[start : start + TURN])
            scores[name] += found
            seconds[name] += took
    name = "300-token header" if header else "phrases"
    print(f"{name}: {given.base.name}, {count} items x {OPTIONS}, lm-eval's batch {best}")
    for side, took in seconds.items():
        held = apart(given, "ours" if side == "lexgraft" else f"peer {best}", header=header)
        print(
            f"  {side:9s} {took:8.1f} CPU s, {took / count:.3f} an item, "
            f"peak {held / 1e9:.2f} GB on {HELD} items",
            flush=True,
        )
    ratio = seconds["lm-eval"] / seconds["lexgraft"]
    print(f"  CPU seconds 1/{ratio:.1f}; {apart_by(*scores.values())}", flush=True)


def apart_by(one: Sequence[float], other: Sequence[float]) -> str:
    """Return how far two rows of log-likelihoods lie apart, and how many answers differ."""
    worst = max(abs(a - b) for a, b in zip(one, other, strict=True))
    count = len(one) // OPTIONS
    changed = sum(likeliest(one, n) != likeliest(other, n) for n in range(count))
    return f"largest difference {worst:.1e}, answers changed {changed} of {count}"


def likeliest(scores: Sequence[float], item: int) -> int:
    """Return the place of the likeliest option of an item."""
    options = scores[item * OPTIONS : (item + 1) * OPTIONS]
    return options.index(max(options))


def exactness(given: argparse.Namespace) -> None:
    """Print how far both sides are from the same model run in float64 throughout."""
    model = TransformersModel.load(given.base, "benchmark", given.threads)
    items, batch = questions(given.exact, header=False), given.batch[0]
    found = {
        "lexgraft": asker(model)(items),
        "lm-eval": peer(model, given.base, batch)(items),
        "lm-eval, softmax in float64": peer(model, given.base, batch, "float64")(items),
    }
    exact = reference(model, given.base, items)
    print(f"against float64 throughout: {given.base.name}, {given.exact} items x {OPTIONS}")
    for name, scores in found.items():
        print(f"  {name:28s} {apart_by(scores, exact)}")
    for name in list(found)[1:]:
        print(f"  lexgraft against {name}: {apart_by(found['lexgraft'], found[name])}", flush=True)


@torch.inference_mode()
def reference(model: TransformersModel, folder: Path, items: Sequence[Question]) -> list[float]:
    """Return log-likelihoods by one plain forward per option, in float64 from end to end."""
    tokenizer, network = tokenizer_of(folder), model.module.double()
    found: list[float] = []
    for context, options in items:
        start = len(tokenizer(context)["input_ids"])
        for option in options:
            ids = tokenizer(context + option)["input_ids"]
            count = len(ids) - start + 1
            logits = network(
                input_ids=torch.tensor([ids]), use_cache=False, **only_last(network, count)
            ).logits[0, -count:-1]
            rows = logits.double().log_softmax(-1)
            found.append(sum(float(row[i]) for row, i in zip(rows, ids[start:], strict=True)))
    network.float()
    return found


def timed(ask: Ask, items: Sequence[Question]) -> tuple[list[float], float]:
    """Return the answers and the CPU seconds they took."""
    start = time.process_time()
    return ask(items), time.process_time() - start


def apart(given: argparse.Namespace, side: str, *, header: bool) -> int:
    """Return the peak of memory of one side in a process of its own."""
    command = [
        sys.executable,
        __file__,
        "--side",
        side,
        "--base",
        str(given.base),
        "--threads",
        str(given.threads),
        *(["--header"] if header else []),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return int(done.stdout.splitlines()[-1])


def peak(given: argparse.Namespace) -> int:
    """Return the most memory that this process has held after asking some items."""
    model = TransformersModel.load(given.base, "benchmark", given.threads)
    side = given.side.split()
    ask = asker(model) if side[0] == "ours" else peer(model, given.base, int(side[1]))
    ask(questions(HELD, header=given.header))
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()  # not the parent's
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))


def asker(model: TransformersModel) -> Ask:
    """Return this package's way of asking."""
    return lambda items: [one.loglik for row in model.loglikelihoods(items) for one in row]


def peer(model: TransformersModel, folder: Path, size: int, softmax: str | None = None) -> Ask:
    """Return lm-eval's way of asking the same model."""
    from lm_eval.api.instance import Instance  # pyright: ignore[reportMissingImports]
    from lm_eval.models.huggingface import HFLM  # pyright: ignore[reportMissingImports]

    backend = HFLM(
        pretrained=model.module,
        tokenizer=tokenizer_of(folder),
        batch_size=size,
        device="cpu",
        softmax_dtype=softmax,
    )

    def ask(items: Sequence[Question]) -> list[float]:
        requests = [
            Instance("loglikelihood", {}, (context, option), number)
            for number, (context, options) in enumerate(items)
            for option in options
        ]
        return [found[0] for found in backend.loglikelihood(requests, disable_tqdm=True)]

    return ask


def tokenizer_of(folder: Path) -> Any:
    """Return a folder's tokenizer as transformers loads it."""
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(folder, local_files_only=True)


def random_model(base: Path, shape: str, place: Path) -> Path:
    """Return a folder with random weights of a width and depth, and the base's tokenizer."""
    from transformers import AutoConfig, AutoModelForCausalLM

    width, layers = map(int, shape.split("x"))
    config = AutoConfig.from_pretrained(base, local_files_only=True)
    heads = max(1, width // 64)
    config.update(
        {
            "hidden_size": width,
            "intermediate_size": width * 8 // 3,
            "num_hidden_layers": layers,
            "num_attention_heads": heads,
            "num_key_value_heads": heads,
            "head_dim": width // heads,
        }
    )
    torch.manual_seed(0)
    folder = place / f"random-{shape}"
    AutoModelForCausalLM.from_config(config, dtype=torch.float32).save_pretrained(folder)
    tokenizer_of(base).save_pretrained(folder)
    return folder


def questions(count: int, *, header: bool) -> list[Question]:
    """Return items of one context and four phrases of one to four words, the same every time."""
    words = re.findall(r"[A-Za-z]{3,}", " ".join(text for _, text in sorted(topics.items())))
    start = " ".join(words[500 : 500 + HEADER_WORDS]) + "\n\n" if header else ""

    def piece(size: int, *key: object) -> str:
        at = int(digest("benchmark", *key), 16) % (len(words) - size)
        return " ".join(words[at : at + size])

    return [
        (
            f"{start}Definition: {piece(CONTEXT_WORDS, n)}. Which technical term is meant? Term:",
            [f" {piece(1 + (n + k) % 4, n, k)}" for k in range(OPTIONS)],
        )
        for n in range(count)
    ]


if __name__ == "__main__":
    main()
