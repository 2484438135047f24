"""What guided merges learn from: general texts to be kept, and questions about `choose` terms."""

from collections.abc import Iterable, Iterator, Sequence

from lexgraft.adoption.guided_cost import input_widths
from lexgraft.adoption.material import Material
from lexgraft.adoption.training_data import in_frame, taught_forms
from lexgraft.evaluation.prompt_frame import PromptFrame
from lexgraft.project import Project, TuneSettings
from lexgraft.records import Concept, digest
from lexgraft.terms.text.token_estimate import tokens_of
from lexgraft.tuning.replay import text_examples
from lexgraft.tuning.training_examples import refuse_protected, term_examples
from lexgraft.weights.checkpoint.checkpoint_index import Checkpoint
from lexgraft.weights.methods import METHODS

TOKENS = 8000  # of each set of texts, at least, where there are so many
PER_INPUT = 2  # tokens of general text per number that the widest layer reads
PIECE = 200  # characters of a general text: breadth tells more than length


def learning_methods(project: Project) -> tuple[str, ...]:
    """Return the methods of a project's candidates that learn from texts."""
    merge = project.merge
    names = [candidate.method for candidate in merge.candidates]
    names += [merge.search.method] if merge.search else []
    return tuple(name for name in dict.fromkeys(names) if name in METHODS and METHODS[name].learns)


def pieces_to_keep(material: Material) -> list[str]:
    """Return pieces of the general texts that are never measured, registers in turns."""
    pieces = text_examples(material.replay, material.project.seed, PIECE)
    return list(dict.fromkeys(example.answer for example in pieces))


def questions(material: Material, frame: PromptFrame) -> list[list[str]]:
    """Return questions about each `choose` term with their answers, as lessons word them.

    They are in the wordings of tuning, in both languages and directions: never in the test's, and
    of no concept that is kept for the test. Every concept has about as many, in forms of its own.

    Raises:
        LexgraftError: a concept shares a term with one that is kept for the test.
    """
    project, concepts = material.project, material.testset.concepts
    refuse_protected(concepts["choose"], [*concepts["confirm"], *concepts["sealed"]])
    forms = taught_forms(project, project.tune or TuneSettings())
    by_concept: list[list[str]] = []
    for concept in concepts["choose"]:
        examples = term_examples([concept], forms, seed=_own_seed(project.seed, concept))
        share = TOKENS / len(concepts["choose"])
        texts = (example.prompt + example.answer for example in in_frame(frame, examples))
        by_concept.append(list(_up_to(share, texts)))
    return by_concept


def _own_seed(seed: int, concept: Concept) -> int:
    return int(digest("questions", seed, concept.id)[:8], 16)


def _up_to(tokens: float, texts: Iterable[str]) -> Iterator[str]:
    """Yield texts until they have about so many tokens, one at least."""
    spent = 0
    for text in texts:
        if spent and spent + tokens_of(text) > tokens:
            return
        spent += tokens_of(text)
        yield text


def tokens_to_keep(base: Checkpoint) -> int:
    """Return how many tokens of general text are read, if there are so many."""
    return max(TOKENS, PER_INPUT * max(input_widths(base), default=0))


def unprotected_registers(material: Material) -> list[str]:
    """Return registers that general ability is measured in and no text to learn from is of."""
    protected = {f"{document.language}/{document.register}" for document in material.replay}
    measured = (
        f"{document.language}/{document.register}"
        for _, documents in material.texts["confirm"]
        for document in documents
    )
    return sorted(set(measured) - protected)


def estimated_tokens(texts: Sequence[str]) -> int:
    """Return about how many tokens texts have, without a tokenizer."""
    return sum(map(tokens_of, texts))
