"""Scoring options, against lm-evaluation-harness's own backend: numbers, CPU seconds, memory.

    python benchmarks/scoring.py [--base FOLDER] [--items 300] [--header-items 24] [--batch 8 16]

Needs `pip install lm_eval==0.4.13`. Both sides get the same model, tokens, threads and number
format, each in a process of its own (so that peaks of memory are its own); the least of the batch
sizes given counts for the peer. Items are made of the English text that ships with Python.
"""

import argparse
import json
import re
import resource
import subprocess
import sys
import time
from itertools import chain
from pathlib import Path
from pydoc_data.topics import topics
from typing import Any

from lexgraft.models.transformers import TransformersModel
from lexgraft.records import digest

ROOT = Path(__file__).resolve().parents[1]
BASE = ROOT / ".cache" / "models" / "gemma-3-270m"
CONTEXT_WORDS = 42  # about 60 tokens
HEADER_WORDS = 215  # about 300 tokens
OPTIONS = 4

Question = tuple[str, list[str]]


def main() -> None:
    """Print one row per workload and side, then what they differ by."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", type=Path, default=BASE)
    parser.add_argument("--items", type=int, default=300)
    parser.add_argument("--header-items", type=int, default=24)
    parser.add_argument("--batch", type=int, nargs="+", default=[16])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--side", default="")
    parser.add_argument("--header", action="store_true")
    given = parser.parse_args()
    if given.side:
        print(json.dumps(side(given)))
        return
    for header, count in ((False, given.items), (True, given.header_items)):
        if count:
            workload(given, header=header, count=count)


def workload(given: argparse.Namespace, *, header: bool, count: int) -> None:
    """Run both sides on one workload and print what they took."""
    ours = apart(given, "ours", header=header, count=count)
    peers = [apart(given, f"peer {size}", header=header, count=count) for size in given.batch]
    best = min(peers, key=lambda one: one["cpu"])
    name = "300-token header" if header else "phrases"
    for side_name, one in (("lexgraft", ours), ("lm-eval", best)):
        print(
            f"{name:17s} {side_name:9s} {count / one['cpu']:8.3f} items per CPU s, wall "
            f"{one['wall']:7.1f} s, peak {one['peak'] / 1e9:.2f} GB", flush=True,
        )  # fmt: skip
    pairs = list(zip(ours["scores"], best["scores"], strict=True))
    worst = max(abs(a - b) for a, b in pairs)
    changed = sum(
        likeliest(ours["scores"], n) != likeliest(best["scores"], n) for n in range(count)
    )
    print(
        f"{name:17s} CPU seconds 1/{best['cpu'] / ours['cpu']:.1f}, largest difference "
        f"{worst:.1e}, answers changed {changed} of {count}, seams crossed {ours['crossed']}",
        flush=True,
    )


def likeliest(scores: list[float], item: int) -> int:
    """Return the place of the likeliest option of an item."""
    options = scores[item * OPTIONS : (item + 1) * OPTIONS]
    return options.index(max(options))


def apart(given: argparse.Namespace, name: str, *, header: bool, count: int) -> dict[str, Any]:
    """Return what one side found, in a process of its own."""
    command = [
        sys.executable, __file__, "--side", name, "--base", str(given.base), "--items", str(count),
        "--threads", str(given.threads), *(["--header"] if header else []),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def side(given: argparse.Namespace) -> dict[str, Any]:
    """Return scores, seconds and the peak of memory of one side in this process."""
    model = TransformersModel.load(given.base, "benchmark", given.threads)
    items = questions(given.items, header=given.header)
    crossed = 0
    if given.side == "ours":
        model.loglikelihoods(items[:2])
        wall, cpu = time.perf_counter(), time.process_time()
        found = model.loglikelihoods(items)
        scores = [score.loglik for row in found for score in row]
        crossed = sum(score.crossed for score in chain(*found))
    else:
        ask = peer(model, given)
        ask(items[:2])
        wall, cpu = time.perf_counter(), time.process_time()
        scores = ask(items)
    return {
        "wall": time.perf_counter() - wall,
        "cpu": time.process_time() - cpu,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "scores": scores,
        "crossed": crossed,
    }


def peer(model: TransformersModel, given: argparse.Namespace) -> Any:  # noqa: ANN401 (untyped package)
    """Return lm-eval's way of asking the same model."""
    from lm_eval.api.instance import Instance  # noqa: PLC0415  # pyright: ignore[reportMissingImports]
    from lm_eval.models.huggingface import HFLM  # noqa: PLC0415  # pyright: ignore[reportMissingImports]
    from transformers import AutoTokenizer  # noqa: PLC0415

    tokenizer = AutoTokenizer.from_pretrained(given.base, local_files_only=True)
    size = int(given.side.split()[1])
    backend = HFLM(pretrained=model.module, tokenizer=tokenizer, batch_size=size, device="cpu")

    def ask(items: list[Question]) -> list[float]:
        requests = [
            Instance("loglikelihood", {}, (context, option), number)
            for number, (context, options) in enumerate(items)
            for option in options
        ]
        return [found[0] for found in backend.loglikelihood(requests, disable_tqdm=True)]

    return ask


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
