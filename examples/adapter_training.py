"""Trains a specialist of an example as a LoRA adapter on Gemma 3 270M, with its model card."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from lexgraft.records import Progress, write_bytes
from lexgraft.tuning.train import TrainingConfig, TrainingWork, train
from lexgraft.tuning.training_examples import TrainingExample
from lexgraft.weights.checkpoint.checkpoint_index import open_checkpoint

ROOT = Path(__file__).resolve().parents[1]
BASE = ROOT / ".cache" / "models" / "gemma-3-270m"


def train_specialist(
    folder: Path,
    examples: Sequence[TrainingExample],
    recipe: TrainingConfig,
    description: str,
    made_by: str,
    wording: str = "",
    threads: int = 2,
) -> Path:
    """Return the adapter's folder, trained unless it is there already; a killed run goes on.

    Args:
        folder: where it is written, beside what an unfinished run keeps.
        examples: in the order of training; they are all read once.
        recipe: rank, rate, batch and seed.
        description: the card's beginning, in Markdown: what it has read, and whose that is.
        made_by: the command that makes it again.
        wording: a digest of the wordings that the examples were made from.
        threads: of the processor.

    Raises:
        LexgraftError: the base is missing, or other data stand in the folder's place.
    """
    base = open_checkpoint(BASE)
    model = AutoModelForCausalLM.from_pretrained(BASE, dtype=torch.float32, local_files_only=True)
    tokenizer: Any = AutoTokenizer.from_pretrained(BASE, local_files_only=True)

    def encode(text: str) -> list[int]:
        return tokenizer(text)["input_ids"]

    trained = train(
        model,
        encode,
        examples,
        recipe,
        folder,
        TrainingWork(
            base_digest=base.digest,
            base_name="google/gemma-3-270m",
            wording=wording,
            threads=threads,
            progress=say(),
        ),
    )
    steps = len(examples) // recipe.batch
    write_bytes(
        folder / "README.md",
        (description + card_end(recipe, steps, trained.losses, made_by)).encode(),
    )
    return folder


def say() -> Progress:
    """Return a callback that prints one line a step with the seconds since the last."""
    last = [time.monotonic()]

    def line(what: str, done: int, total: int) -> None:
        now = time.monotonic()
        print(f"{what}, step {done}/{total}, {now - last[0]:.1f} s", flush=True)
        last[0] = now

    return line


def card_end(recipe: TrainingConfig, steps: int, losses: tuple[float, ...], made_by: str) -> str:
    """Return the part of a card that every specialist has: how it was trained, and the terms."""
    return CARD_END.format(
        made_by=made_by,
        steps=steps,
        batch=recipe.batch,
        rank=recipe.rank,
        alpha=recipe.alpha,
        rate=recipe.learning_rate,
        seed=recipe.seed,
        first=sum(losses[:20]) / len(losses[:20]),
        last=sum(losses[-20:]) / len(losses[-20:]),
    )


CARD_END = """
Training: {steps} steps of {batch} texts, LoRA of rank {rank} (alpha {alpha:g}) on all linear
layers, embedding and head frozen, AdamW, learning rate {rate:g} with warm-up and cosine, float32,
seed {seed}. Mean loss of the first 20 steps {first:.2f}, of the last 20 {last:.2f} nats per learned
token. Made by `{made_by}`; `lexgraft.json` has the
digests of base and data, and the loss of every step.

Base: Gemma 3 270M (google/gemma-3-270m). Gemma is provided under and subject to the Gemma Terms of
Use found at https://ai.google.dev/gemma/terms. This adapter is a Model Derivative under those
terms: whoever passes it on passes the terms and their use restrictions on as well. The base's
weights are not in this folder; the files here only add low-rank matrices to them.

A demonstration for measuring merges. Not for use: what the model says may be wrong.
"""
