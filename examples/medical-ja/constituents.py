"""Trains the two specialists of the example, as LoRA adapters on the base model.

    python examples/medical-ja/constituents.py [--only domain|language]

D learns English medical terms with their English definitions, and nothing Japanese; G learns
Japanese running text, and nothing medical. A killed run goes on where it was.
"""

import argparse
import sys
from pathlib import Path

import msgspec

from lexgraft.errors import LexgraftError
from lexgraft.project import Form
from lexgraft.records import Concept, Document, digest, read_lines
from lexgraft.tuning.replay import mix_replay, text_examples
from lexgraft.tuning.train import TrainingConfig
from lexgraft.tuning.training_examples import TrainingExample, lessons_of, repeat, term_examples

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "examples"))

from adapter_training import train_specialist

DATA = ROOT / ".cache" / "medical-ja"
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
    recipe = RECIPES[which]
    sources = {"domain": domain_examples, "language": language_examples}
    return train_specialist(
        output / NAMES[which],
        sources[which](steps * recipe.batch),
        recipe,
        CARDS[which],
        f"python examples/medical-ja/constituents.py --only {which}",
        digest(*map(lessons_of, DOMAIN)) if which == "domain" else "",
        threads,
    )


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

if __name__ == "__main__":
    try:
        main()
    except LexgraftError as error:
        sys.exit(str(error))
