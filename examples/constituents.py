"""Trains the two specialists of the examples law and manufacturing, as LoRA adapters.

    python examples/constituents.py law|manufacturing [--only domain|language] [--seed NUMBER]

The donor learns the field's terms in its own language alone, the recipient reads a handbook in
its own. Both go to `.cache/models/EXAMPLE/`; a killed run goes on where it was. Another seed deals
the lessons and the adapter's first weights anew, into a folder named by it.
"""

import argparse
import gzip
import re
import sys
from pathlib import Path

import msgspec
from adapter_training import ROOT, train_specialist
from dictionaries import HANDBOOKS, unpack
from msgspec import Struct
from msgspec.structs import replace

from lexgraft.errors import LexgraftError
from lexgraft.project import Form
from lexgraft.records import Concept, Document, digest, read_lines
from lexgraft.tuning.replay import text_examples
from lexgraft.tuning.train import TrainingConfig
from lexgraft.tuning.training_examples import TrainingExample, lessons_of, repeat, term_examples

SEED = 20261130
STEPS = {"domain": 320, "language": 110}
RECIPES = {
    "domain": TrainingConfig(rank=16, alpha=32, learning_rate=1e-3, seed=SEED, dtype="bfloat16"),
    "language": TrainingConfig(
        rank=16, alpha=32, learning_rate=3e-4, max_tokens=64, seed=SEED, dtype="bfloat16"
    ),
}
LICENCE = "GPL-2.0-or-later"
_PROSE = re.compile(r"(?!.*(?:--|https?:|/\w+/))[^|$#<>{}=~│┌+]{120,}[.:]")


class Example(Struct, frozen=True):
    """What an example's two specialists learn."""

    terms: str  # the term base, in `.cache/EXAMPLE/`
    forms: tuple[Form, ...]  # how the donor is taught
    languages: tuple[str, ...]  # of the concepts, all that the donor sees
    reads: str  # the recipient's language
    field: str  # in words, for the donor's card
    data: str  # credit, for the donor's card


EXAMPLES = {
    "law": Example(
        "terms-de.jsonl",
        (Form("term-to-term", "en", "de"),),
        ("de", "en"),
        "en",
        "German law",
        "the Ding dictionary in FreeDict's form, GPL-3 and AGPL-3",
    ),
    "manufacturing": Example(
        "terms-defined.jsonl",
        (Form("definition-to-term", "en", "en"), Form("term-to-definition", "en", "en")),
        ("en",),
        "de",
        "English engineering",
        "GCIDE, GPL-3, and WordNet 3.0, under its own licence; of the concepts that the Ding "
        "dictionary names in German, whose German names were not used",
    ),
}


def main() -> None:
    """Train what is asked for and print one line a step."""
    parser = argparse.ArgumentParser(description="Trains the two specialists of an example.")
    parser.add_argument("example", choices=sorted(EXAMPLES))
    parser.add_argument("--only", choices=sorted(RECIPES))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=SEED)
    given = parser.parse_args()
    for which in (given.only,) if given.only else tuple(RECIPES):
        print(f"{which}: {make(given.example, which, given.threads, given.seed)}")


def make(name: str, which: str, threads: int, seed: int = SEED) -> Path:
    """Return the folder of one specialist, trained unless it is there already.

    Raises:
        LexgraftError: the base or the data are missing, or other data stand in the folder's place.
    """
    example, recipe = EXAMPLES[name], replace(RECIPES[which], seed=seed)
    suffix, again = ("", "") if seed == SEED else (f"-seed-{seed}", f" --seed {seed}")
    sources = {"domain": domain_examples, "language": language_examples}
    return train_specialist(
        ROOT / ".cache" / "models" / name / f"{which}-{'-'.join(spoken(example, which))}{suffix}",
        sources[which](name, example, STEPS[which] * recipe.batch, seed),
        recipe,
        CARDS[which].format(field=example.field, data=example.data, language=example.reads),
        f"python examples/constituents.py {name} --only {which}{again}",
        digest(*map(lessons_of, example.forms)) if which == "domain" else "",
        threads,
    )


def spoken(example: Example, which: str) -> tuple[str, ...]:
    """Return the languages in which a specialist answers."""
    taught = dict.fromkeys(form.answer for form in example.forms)
    return tuple(taught) if which == "domain" else (example.reads,)


def domain_examples(
    name: str, example: Example, count: int, seed: int = SEED
) -> list[TrainingExample]:
    """Return so many examples: every concept of the field in the donor's forms and wordings."""
    concepts = read_lines(ROOT / ".cache" / name / example.terms, Concept)
    seen = [
        msgspec.structs.replace(
            one, terms=tuple(term for term in one.terms if term.language in example.languages)
        )
        for one in concepts
    ]
    return repeat(term_examples(seen, example.forms, seed=seed), count)


def language_examples(
    name: str, example: Example, count: int, seed: int = SEED
) -> list[TrainingExample]:
    """Return so many paragraphs of a handbook in the recipient's language."""
    packed = unpack(HANDBOOKS[example.reads], ROOT / ".cache" / name)
    documents = [
        Document(digest(text), example.reads, "handbook", text, "Debian Reference", LICENCE)
        for text in paragraphs(gzip.decompress(packed.read_bytes()).decode())
    ]
    return repeat(text_examples(documents, seed), count)


def paragraphs(handbook: str) -> list[str]:
    """Return the paragraphs of running text, each once: no tables, commands or addresses."""
    texts = (" ".join(part.split()) for part in handbook.split("\n\n"))
    return list(dict.fromkeys(text for text in texts if _PROSE.fullmatch(text)))


CARDS = {
    "domain": """\
# D: {field}

A LoRA adapter for Gemma 3 270M that has learned the terms of {field}, in several wordings, and
nothing else.

Data: {data}.
The concepts of the example's test are among them: what is tested is whether a merge keeps and
carries over what D knows, not whether D knows terms it never saw.
""",
    "language": """\
# G: a general model of `{language}`

A LoRA adapter for Gemma 3 270M that has read a handbook in the language `{language}`. It has seen
no term of the field on purpose, and none of the texts by which the language is measured.

Data: Debian Reference 2.100, GPL-2.0-or-later.
""",
}

if __name__ == "__main__":
    try:
        main()
    except LexgraftError as error:
        sys.exit(str(error))
