"""Which words are asked to be written, and what models write: as answers and within sentences."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from msgspec import structs

from lexgraft.adoption.material import Material
from lexgraft.adoption.models_under_test import EvaluatedModel, ModelsUnderTest
from lexgraft.errors import LexgraftError
from lexgraft.evaluation.term_grade import WritingTask
from lexgraft.evaluation.term_sentences import (
    TermSentence,
    term_sentences,
    translated_sentences,
)
from lexgraft.evaluation.words_written import (
    TASKS,
    WRITTEN_TOKENS,
    WordsWritten,
    words_written,
)
from lexgraft.project import Form
from lexgraft.records import Concept, Item, Split, digest
from lexgraft.terms.glossary import entries_from_concepts
from lexgraft.terms.glossary.choice_entries import entries_for_choice
from lexgraft.terms.glossary.prompt_block import glossary_block
from lexgraft.terms.glossary.term_matcher import entry_matcher
from lexgraft.terms.testset.form_profile import profile
from lexgraft.terms.testset.items import build_items
from lexgraft.terms.testset.question_wordings import wording

ENTRIES = 8  # of a block before a prompt
SHOWN = 2  # sentences of `choose` concepts, translated, before each that is asked
CONTROLS = 2  # options: the term, and that of another concept

Blocks = Callable[[str], str]
"""Concept → the glossary's block that stands before its prompts."""


class WordsAsked(NamedTuple):
    """What is asked of every model, by concept."""

    pair: str
    concepts: Mapping[str, Concept]
    sentences: Mapping[str, TermSentence]
    named: Mapping[str, str]  # prompt that gives the definition; of concepts with one

    def prompts(self) -> dict[WritingTask, dict[str, str]]:
        """Return way of writing → concept → prompt."""
        return {
            "named": dict(self.named),
            "translated": {name: sentence.translated for name, sentence in self.sentences.items()},
            "completed": {
                name: sentence.completed.context for name, sentence in self.sentences.items()
            },
        }

    def cut(self) -> list[Item]:
        """Return the sentences cut before their term, with the term and its control as options."""
        return [sentence.completed for sentence in self.sentences.values()]


def words_asked(material: Material, count: int, examples: int = SHOWN) -> WordsAsked:
    """Return the words that are asked to be written, of so many `confirm` concepts.

    Those that came first into this run's folder go first. Before a sentence stand some that are
    translated, with terms of `choose` concepts: a model that was not taught to follow requests
    copies the sentence otherwise.

    Args:
        material: of the project.
        count: concepts, fewer where fewer have a term in both languages.
        examples: translated sentences before every one that is asked.

    Raises:
        LexgraftError: too few concepts to have a control each.
    """
    languages = material.project.languages
    form = Form("term-to-term", languages.domain, languages.target)
    askable = _askable(material, form, "confirm")
    if len(askable) < CONTROLS:
        raise LexgraftError(
            f"{len(askable)} `confirm` concepts have different terms in `{form.question}` and "
            f"`{form.answer}`",
            where="testset.written",
            cure="set it to 0, or give terms in both languages",
        )
    concepts = {concept.id: concept for concept in askable[:count]}
    items = _items(material, form, askable[:count], askable)
    models = _askable(material, form, "choose")
    shown_items = _items(material, form, models[:examples], models) if len(models) > 1 else []
    before = translated_sentences(shown_items, {concept.id: concept for concept in models})
    sentences = term_sentences(items, concepts, before)
    return WordsAsked(
        f"{form.question}->{form.answer}",
        concepts,
        {sentence.completed.concept: sentence for sentence in sentences},
        dict(_definitions(concepts, languages.domain, languages.target)),
    )


def _askable(material: Material, form: Form, split: Split) -> list[Concept]:
    """Return a split's concepts that have different terms in both languages, the first first."""
    seed, rounds = material.project.seed, material.testset.rounds
    return sorted(
        (
            concept
            for concept in material.testset.concepts[split]
            if not isinstance(profile(concept, form), str)
        ),
        key=lambda concept: (rounds.get(concept.id, 1), digest(seed, "written", concept.id)),
    )


def _items(
    material: Material, form: Form, concepts: Sequence[Concept], lenders: Sequence[Concept]
) -> list[Item]:
    """Return each concept's term in one language, with its term in the other and a control."""
    return build_items(
        concepts,
        forms=[form],
        options=CONTROLS,
        draws=1,
        distractors="matched",
        seed=material.project.seed,
        lenders=lenders,
    )


def _definitions(
    concepts: Mapping[str, Concept], language: str, target: str
) -> Iterator[tuple[str, str]]:
    """Yield each concept with the question for its term by its definition: the test's first."""
    form = Form("definition-to-term", language, target)
    for name, concept in concepts.items():
        definition = " ".join(concept.definitions.get(language, "").split())
        if definition:
            yield name, wording(form, definition, name, 0).context


def glossary_blocks(material: Material, questions: WordsAsked) -> Blocks:
    """Return the block of each concept: its entry, its control's, and what its sentence matches."""
    languages, seed = material.project.languages, material.project.seed
    concepts = [concept for group in material.testset.concepts.values() for concept in group]
    entries = entries_from_concepts(concepts, languages.domain, languages.target)
    matcher = entry_matcher(entries)

    def block(name: str) -> str:
        sentence = questions.sentences[name]
        options = [option.strip() for option in sentence.completed.options]
        chosen = entries_for_choice(sentence.source, options, entries, seed, matcher)
        return glossary_block(chosen, languages.target, limit=ENTRIES).text

    return block


def no_blocks(name: str) -> str:
    """Return what stands before prompts without a glossary: nothing."""
    return ""


def asked_words(
    models: ModelsUnderTest,
    subject: EvaluatedModel,
    questions: WordsAsked,
    blocks: Blocks = no_blocks,
    tasks: Collection[WritingTask] = TASKS,
) -> WordsWritten:
    """Return what a model wrote in these tasks, asked at most once."""
    target = models.project.languages.target
    manner = "with the glossary" if blocks is not no_blocks else "alone"
    texts: dict[WritingTask, dict[str, str]] = {}
    for task, prompts in questions.prompts().items():
        if prompts and task in tasks:
            before = [blocks(name) + prompt for name, prompt in prompts.items()]
            tokens = WRITTEN_TOKENS[task]
            written = models.generations(subject, f"{task} {manner}", before, tokens, target)
            texts[task] = {name: answer.text for name, answer in zip(prompts, written, strict=True)}
    cut = [_after(blocks(item.concept), item) for item in questions.cut()]
    answers = models.answers(subject, f"cut sentences {manner}", cut)
    return words_written(texts, cut, answers, questions.concepts)


def _after(block: str, item: Item) -> Item:
    """Return an item with a block before its context."""
    context = block + item.context
    return structs.replace(item, context=context, id=digest(item.id, context)) if block else item
