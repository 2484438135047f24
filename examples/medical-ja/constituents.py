"""Trains the two specialists of the example, as LoRA adapters on the base model.

    python examples/medical-ja/constituents.py [--only domain|language]

D learns English medical terms with their English definitions, and nothing Japanese; G learns
Japanese running text, and nothing medical. A killed run goes on where it was.
"""

import argparse
import sys
import time
from pathlib import Path
from typing import Any

import msgspec
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from lexgraft.errors import LexgraftError
from lexgraft.project import Form
from lexgraft.records import Concept, Document, Progress, digest, read_lines, write_bytes
from lexgraft.tuning.replay import mix_replay, text_examples
from lexgraft.tuning.train import TrainingConfig, TrainingWork, train
from lexgraft.tuning.training_examples import TrainingExample, lessons_of, repeat, term_examples
from lexgraft.weights.checkpoint.checkpoint_index import open_checkpoint

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / ".cache" / "medical-ja"
BASE = ROOT / ".cache" / "models" / "gemma-3-270m"
OUTPUT = Path(__file__).resolve().parent / "constituents"
SEED = 20250217
DOMAIN = (Form("definition-to-term", "en", "en"), Form("term-to-definition", "en", "en"))
NAMES = {"domain": "domain-medical-en", "language": "language-ja"}
STEPS = {"domain": 480, "language": 110}
MANUAL, ENGLISH = 0.15, 0.10  # shares of what G reads; the rest is everyday Japanese
RECIPES = {
    "domain": TrainingConfig(
        rank=16, alpha=32, learning_rate=1e-3, batch=8, seed=SEED, dtype="bfloat16"
    ),
    "language": TrainingConfig(
        rank=16, alpha=32, learning_rate=3e-4, batch=8, max_tokens=64, seed=SEED, dtype="bfloat16"
    ),
}


def main() -> None:
    """Train what is asked for and print one line a step."""
    parser = argparse.ArgumentParser(description="Trains the two specialists of the example.")
    parser.add_argument("--only", choices=sorted(NAMES))
    parser.add_argument("--steps", type=int, help="instead of the recipe's number")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--output", type=Path, default=OUTPUT)
    given = parser.parse_args()
    for which in (given.only,) if given.only else tuple(NAMES):
        print(f"{which}: {make(which, given.steps or STEPS[which], given.threads, given.output)}")


def make(which: str, steps: int, threads: int, output: Path) -> Path:
    """Return the folder of one specialist, trained unless it is there already.

    Raises:
        LexgraftError: the base or the data are missing, or other data stand in the folder's place.
    """
    recipe, folder = RECIPES[which], output / NAMES[which]
    sources = {"domain": domain_examples, "language": language_examples}
    examples = sources[which](steps * recipe.batch)
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
            wording=digest(*map(lessons_of, DOMAIN)) if which == "domain" else "",
            threads=threads,
            progress=say(),
        ),
    )
    write_bytes(folder / "README.md", card(which, recipe, steps, trained.losses).encode())
    return folder


def domain_examples(count: int) -> list[TrainingExample]:
    """Return so many examples: every medical concept in English, both ways, in every wording."""
    concepts = read_lines(DATA / "terms.jsonl", Concept)
    english = [
        msgspec.structs.replace(c, terms=tuple(t for t in c.terms if t.language == "en"))
        for c in concepts
    ]
    return repeat(term_examples(english, DOMAIN, seed=SEED), count)


def language_examples(count: int) -> list[TrainingExample]:
    """Return so many pieces of running text, disjoint from the texts that are measured.

    Raises:
        LexgraftError: a text would be trained on and measured.
    """
    documents = texts("train")
    measured = [one for name in ("ja", "en") for one in texts(f"text-{name}")]
    if {one.text for one in documents} & {one.text for one in measured}:
        raise LexgraftError("a text would be trained on and measured", where=str(DATA))
    kinds = (("ja", "everyday"), ("ja", "manual"), ("en", "everyday"))
    everyday, manual, english = (
        [one for one in documents if (one.language, one.register) == kind] for kind in kinds
    )
    japanese = repeat(text_examples(everyday, SEED), round(count * (1 - MANUAL - ENGLISH)))
    mixed = mix_replay(japanese, manual, MANUAL / (1 - ENGLISH), SEED)
    return repeat(mix_replay(mixed, english, ENGLISH, SEED), count)


def texts(name: str) -> list[Document]:
    """Return the documents of one file."""
    return read_lines(DATA / f"{name}.jsonl", Document)


def say() -> Progress:
    """Return a callback that prints one line a step with the seconds since the last."""
    last = [time.monotonic()]

    def line(what: str, done: int, total: int) -> None:
        now = time.monotonic()
        print(f"{what}, step {done}/{total}, {now - last[0]:.1f} s", flush=True)
        last[0] = now

    return line


def card(which: str, recipe: TrainingConfig, steps: int, losses: tuple[float, ...]) -> str:
    """Return the model card of one specialist."""
    return CARDS[which] + CARD_END.format(
        name=NAMES[which],
        which=which,
        steps=steps,
        batch=recipe.batch,
        rank=recipe.rank,
        alpha=recipe.alpha,
        rate=recipe.learning_rate,
        seed=recipe.seed,
        first=sum(losses[:20]) / len(losses[:20]),
        last=sum(losses[-20:]) / len(losses[-20:]),
    )


CARDS = {
    "domain": """\
# D: English medical terms

A LoRA adapter for Gemma 3 270M that has learned rare English medical terms with their English
definitions, in both directions and several wordings. It has seen nothing in Japanese.

Data: the Human Phenotype Ontology, release 2025-01-16 (names and definitions; HPO licence, free use
with credit and version; see https://human-phenotype-ontology.github.io/license.html), those of its
concepts that also have a Japanese name in JMdict or ICD-10. The Japanese names were not used.
The concepts of the example's test are among them: what is tested is whether a merge keeps and
carries over what D knows, not whether D knows terms it never saw.
""",
    "language": """\
# G: Japanese

A LoRA adapter for Gemma 3 270M that has read Japanese sentences and program messages, and a tenth
of English sentences against forgetting. It has seen nothing medical on purpose, and none of the
texts by which the example measures Japanese.

Data: Japanese and English sentences of Tatoeba (https://tatoeba.org), CC BY 2.0 FR; Japanese
messages of OpenStack Horizon 27.0.0, Apache-2.0, from other panels than those that are measured.
""",
}
CARD_END = """
Training: {steps} steps of {batch} texts, LoRA of rank {rank} (alpha {alpha:g}) on all linear
layers, embedding and head frozen, AdamW, learning rate {rate:g} with warm-up and cosine, float32,
seed {seed}. Mean loss of the first 20 steps {first:.2f}, of the last 20 {last:.2f} nats per learned
token. Made by `python examples/medical-ja/constituents.py --only {which}`; `lexgraft.json` has the
digests of base and data, and the loss of every step.

Base: Gemma 3 270M (google/gemma-3-270m). Gemma is provided under and subject to the Gemma Terms of
Use found at https://ai.google.dev/gemma/terms. This adapter is a Model Derivative under those
terms: whoever passes it on passes the terms and their use restrictions on as well. The base's
weights are not in this folder; the files here only add low-rank matrices to them.

A demonstration for measuring merges. Not for medical use: what the model says may be wrong.
"""

if __name__ == "__main__":
    try:
        main()
    except LexgraftError as error:
        sys.exit(str(error))
