"""Stage glossary: the winner with no terms, the proper terms and random terms in the prompt.

The block holds the entries of all options of a question, so that the answer does not stand there
alone. What the winner *writes* is judged; that it then recognises the answer is copying, and is
shown only.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec
from msgspec import Struct

from lexgraft.adoption.cost import ComputeWork, work_of_items
from lexgraft.adoption.experiment import Experiment
from lexgraft.adoption.looks import level_in_family, planned_level
from lexgraft.adoption.material import Material
from lexgraft.adoption.metrics import criterion
from lexgraft.adoption.models_under_test import EvaluatedModel, ModelsUnderTest
from lexgraft.adoption.spreads import Spreads
from lexgraft.adoption.stages.merge_race import RaceResult, winner
from lexgraft.adoption.stages.stage import ReportPart, Results, Stage
from lexgraft.adoption.verdict_text import verdict_of
from lexgraft.errors import LexgraftError
from lexgraft.evaluation.grade import GradedItem, grade, known, recognition
from lexgraft.evaluation.measures import (
    EFFECT,
    ENTRY_TOKENS,
    GLOSSARY_EFFECT,
    MODES,
    PROPER,
    RECOGNITION,
    TARGET_GAIN,
    TERM_GENERATION,
)
from lexgraft.evaluation.term_generation import TERM_TOKENS
from lexgraft.evaluation.term_grade import RIGHT, grade_term
from lexgraft.project import Form, GlossaryGate, GlossarySettings, Project
from lexgraft.records import Concept, Criterion, Item, Score, Verdict, digest
from lexgraft.stats.gate_power import Requirement
from lexgraft.stats.intervals import Interval, mean_interval
from lexgraft.stats.moments import FEWEST
from lexgraft.stats.paired import NONE, paired_shares, share_right
from lexgraft.terms.glossary import GlossaryEntry, entries_from_concepts
from lexgraft.terms.glossary.choice_entries import entries_for_choice, entries_for_control
from lexgraft.terms.glossary.prompt_block import GlossaryBlock, glossary_block
from lexgraft.terms.glossary.term_matcher import entry_matcher
from lexgraft.terms.testset.dealing import rounds_needed
from lexgraft.terms.testset.form_profile import profile
from lexgraft.terms.testset.items import build_items
from lexgraft.terms.text.token_estimate import tokens_of

Prompter = Callable[[Item], str]
"""What stands before an option, given the item: in each mode another block before its context."""


class GlossaryResult(Struct, frozen=True, forbid_unknown_fields=True):
    """The three modes."""

    verdict: Verdict
    scores: tuple[Score, ...]
    entry_tokens: Score | None = None  # that an entry takes in the prompt


class Questions(NamedTuple):
    """What is asked in every mode: items, and the concept of each."""

    items: Sequence[Item]
    concepts: Mapping[str, Concept]


class GlossaryQuestions(NamedTuple):
    """All that the stage asks: its questions, and what each mode puts before them."""

    items: Sequence[Item]
    concepts: Mapping[str, Concept]
    prompters: Mapping[str, Prompter]

    def prompted(self, mode: str) -> list[Item]:
        """Return the items as they are asked in a mode."""
        return _prompted(Questions(self.items, self.concepts), mode, self.prompters[mode])

    def shown(self) -> dict[str, dict[str, str]]:
        """Return item → mode → the block before it."""
        return {
            item.id: {
                mode: prompter(item).removesuffix(item.context)
                for mode, prompter in self.prompters.items()
            }
            for item in self.items
        }


def glossary_questions(material: Material) -> GlossaryQuestions:
    """Return what the stage asks of a project with a `glossary` section."""
    settings = _settings(material.project)
    prompters: dict[str, Prompter] = dict(zip(MODES, _prompters(material, settings), strict=True))
    return GlossaryQuestions(*_questions(material, settings), prompters)


class GlossaryPrompt(Stage[GlossaryResult]):
    """Shows whether the winner uses words that stand in its prompt."""

    name = gate = "glossary"
    record = GlossaryResult
    needs = ("merge",)

    def planned(self, project: Project) -> bool:
        """Return whether the project has a `glossary` section."""
        return project.glossary is not None

    def estimate(self, experiment: Experiment) -> tuple[ComputeWork, ...]:
        """Return the work of asking some `confirm` concepts in three modes, chosen and written.

        Raises:
            LexgraftError: what `_questions` refuses, and a language without a block's wording.
        """
        settings = _settings(experiment.project)
        questions = _questions(experiment.material, settings)
        works: list[ComputeWork] = []
        for mode, prompter in zip(MODES, _prompters(experiment.material, settings), strict=True):
            items = _prompted(questions, mode, prompter)
            read = sum(tokens_of(item.context) for item in items)
            written = len(items) * TERM_TOKENS
            chosen = work_of_items(items, "glossary concepts")
            works.append(chosen + ComputeWork(read + written, written))
        return tuple(works)

    def inputs(self, experiment: Experiment, earlier: Results) -> tuple[object, ...]:
        """Return the winner, and the level that earlier verdicts leave."""
        level = level_in_family(self.gate, earlier.verdicts, experiment.project.gates.alpha)
        return (winner(experiment.models, earlier.need(RaceResult)).digest, level)

    def requirements(self, experiment: Experiment, spreads: Spreads) -> tuple[Requirement, ...]:
        """Return the effect of the proper terms over random ones and over none, in what is written.

        The level is the one that is left where the merge has not passed.
        """
        gates, settings = experiment.project.gates, _settings(experiment.project)
        items = _questions(experiment.material, settings).items
        pair, n = items[0].pair, len({item.concept for item in items})
        truth, alpha = gates.assumed.written_gain, planned_level(self.gate, gates.alpha)
        return tuple(
            Requirement(
                f"{name}, {TERM_GENERATION}",
                pair,
                "share",
                n,
                threshold,
                truth,
                max(spreads.changing, truth),
                "glossary concepts",
                alpha,
            )
            for name, threshold in (
                (GLOSSARY_EFFECT, gates.glossary.effect),
                (TARGET_GAIN, gates.glossary.target_gain),
            )
        )

    def run(self, experiment: Experiment, earlier: Results) -> GlossaryResult:
        """Return how the winner does with the glossary in its prompt, and the verdict.

        The effect is proper minus random terms: what remains when the presence of a glossary is
        taken off. The gain is proper terms minus none. Both are judged of the terms written.
        """
        models, material = experiment.models, experiment.material
        settings = _settings(experiment.project)
        questions, subject = (
            _questions(material, settings),
            winner(models, earlier.need(RaceResult)),
        )
        pair = questions.items[0].pair
        alpha = self.look(experiment, subject.digest, len(questions.items), earlier).alpha
        prompters = dict(zip(MODES, _prompters(material, settings), strict=True))
        chosen = {
            mode: _chosen(models, subject, questions, mode, prompters[mode]) for mode in MODES
        }
        written = {
            mode: _written(models, subject, questions, mode, prompters[mode]) for mode in MODES
        }
        scores: list[Score] = []
        described = models.project.gates.alpha  # shares that no gate judges
        for mode in MODES:
            interval, chance = recognition(chosen[mode], described, material.families)
            scores.append(interval.score(RECOGNITION, mode, pair, chance))
            right = share_right(written[mode], described, material.families)
            scores.append(right.score(TERM_GENERATION, mode, pair))
        effects = effect_and_gain(written, alpha, material.families)
        recognised = {mode: known(chosen[mode]) for mode in MODES}
        copied = effect_and_gain(recognised, alpha, material.families)
        scores += [
            effect.score(EFFECT, name, pair)
            for name, (effect, _) in {RECOGNITION: copied, TERM_GENERATION: effects}.items()
        ]
        requirements = criteria(*effects, pair, experiment.project.gates.glossary)
        tokens = _tokens_of_entries(models, material, settings, questions)
        return GlossaryResult(verdict_of("glossary", requirements), tuple(scores), tokens)

    def report(self, experiment: Experiment, record: GlossaryResult) -> ReportPart:
        """Return the scores of the modes."""
        return ReportPart(glossary=record.scores, entry_tokens=record.entry_tokens)


def criteria(
    effect: Interval, gain: Interval, pair: str, gate: GlossaryGate
) -> tuple[Criterion, ...]:
    """Return what the gate asks of the terms written: the effect and the gain, judged."""
    return (
        criterion(f"{GLOSSARY_EFFECT}, {TERM_GENERATION}", pair, effect, gate.effect),
        criterion(f"{TARGET_GAIN}, {TERM_GENERATION}", pair, gain, gate.target_gain),
    )


def effect_and_gain(
    by_mode: Mapping[str, Mapping[str, bool]], alpha: float, families: Mapping[str, str] = NONE
) -> tuple[Interval, Interval]:
    """Return proper minus random terms, and proper terms minus none, paired by concept.

    Concepts of one family count as fewer, by how far they move together.
    """
    none, proper, random = (by_mode[mode] for mode in MODES)
    return (
        paired_shares(random, proper, alpha, families).difference,
        paired_shares(none, proper, alpha, families).difference,
    )


def _settings(project: Project) -> GlossarySettings:
    assert project.glossary is not None  # else the stage is not planned
    return project.glossary


def _questions(material: Material, settings: GlossarySettings) -> Questions:
    """Return translations of some `confirm` concepts' terms into the target language.

    Concepts that such a question cannot ask for (one word in both languages, no term in one of
    them) are passed over: the test set was chosen for other forms.

    Raises:
        LexgraftError: none is left, or too few wrong options.
    """
    project, form = material.project, _form(material)
    askable = _came_first(material, settings, askable_concepts(material))
    if len(askable) < project.testset.options:
        raise LexgraftError(
            f"{len(askable)} of {len(material.testset.concepts['confirm'])} confirm concepts can "
            f"be asked from `{form.question}` to `{form.answer}` by their terms",
            where="glossary",
            cure="leave the stage out: `glossary: null`, or give terms in both languages",
        )
    concepts = sorted(askable, key=lambda concept: digest(project.seed, "glossary", concept.id))[
        : settings.concepts
    ]
    items = build_items(
        concepts,
        forms=[form],
        options=project.testset.options,
        draws=1,
        distractors=project.testset.distractors,
        seed=project.seed,
        lenders=askable,  # they have an entry each
    )
    return Questions(items, {concept.id: concept for concept in concepts})


def _came_first(
    material: Material, settings: GlossarySettings, concepts: Iterable[Concept]
) -> list[Concept]:
    """Return the concepts that had come when there were first enough for all questions."""
    rounds = material.testset.rounds
    enough = max(settings.concepts, material.project.testset.options)
    last = rounds_needed(askable_concepts(material), rounds, enough)
    return [concept for concept in concepts if rounds.get(concept.id, 1) <= last]


def askable_concepts(material: Material) -> list[Concept]:
    """Return the `confirm` concepts whose translation can be asked for."""
    form = _form(material)
    return [
        concept
        for concept in material.testset.concepts["confirm"]
        if not isinstance(profile(concept, form), str)
    ]


def _form(material: Material) -> Form:
    languages = material.project.languages
    return Form("term-to-term", languages.domain, languages.target)


def _prompters(
    material: Material, settings: GlossarySettings
) -> tuple[Prompter, Prompter, Prompter]:
    """Return what each mode puts before a question."""
    proper, random = _blocks(material, settings)
    return (
        lambda item: item.context,
        lambda item: proper(item).text + item.context,
        lambda item: random(item).text + item.context,
    )


def _blocks(
    material: Material, settings: GlossarySettings
) -> tuple[Callable[[Item], GlossaryBlock], Callable[[Item], GlossaryBlock]]:
    """Return what makes the block of the proper entries of a question, and that of random ones."""
    languages = material.project.languages
    concepts = [concept for group in material.testset.concepts.values() for concept in group]
    shown = _came_first(material, settings, concepts)
    entries = entries_from_concepts(shown, languages.domain, languages.target)
    matcher = entry_matcher(entries)
    seed, limit = material.project.seed, max(settings.entries, material.project.testset.options)

    def block(chosen: Sequence[GlossaryEntry]) -> GlossaryBlock:
        return glossary_block(chosen, languages.target, limit=limit)

    def options_of(item: Item) -> list[str]:
        return [option.strip() for option in item.options]

    def proper(item: Item) -> GlossaryBlock:
        return block(entries_for_choice(item.context, options_of(item), entries, seed, matcher))

    def random(item: Item) -> GlossaryBlock:
        return block(entries_for_control(item.context, options_of(item), entries, seed, matcher))

    return proper, random


def _tokens_of_entries(
    models: ModelsUnderTest, material: Material, settings: GlossarySettings, questions: Questions
) -> Score | None:
    """Return how many tokens an entry takes in the prompt, its share of the block's frame in it."""
    from lexgraft.models.transformers import token_counter

    count, (proper, _) = token_counter(models.base.folder), _blocks(material, settings)
    blocks = [block for item in questions.items if (block := proper(item)).used]
    if len(blocks) < FEWEST:  # no interval is shown for fewer
        return None
    tokens = [count(block.text) / len(block.used) for block in blocks]
    pair = questions.items[0].pair
    return mean_interval(tokens, models.project.seed).score(ENTRY_TOKENS, PROPER, pair)


def _prompted(questions: Questions, mode: str, prompter: Prompter) -> list[Item]:
    """Return the items with what a mode puts before them."""
    return [
        msgspec.structs.replace(item, context=context, id=digest(mode, item.id, context))
        for item in questions.items
        for context in (prompter(item),)
    ]


def _chosen(
    models: ModelsUnderTest,
    subject: EvaluatedModel,
    questions: Questions,
    mode: str,
    prompter: Prompter,
) -> list[GradedItem]:
    """Return the options' grades with the glossary before the question."""
    items = _prompted(questions, mode, prompter)
    return grade(items, models.answers(subject, f"glossary {mode}", items))


def _written(
    models: ModelsUnderTest,
    subject: EvaluatedModel,
    questions: Questions,
    mode: str,
    prompter: Prompter,
) -> dict[str, bool]:
    """Return per concept whether the term was written as one of its names."""
    prompts = [prompter(item) for item in questions.items]
    what = f"glossary terms {mode}"
    target = models.project.languages.target
    texts = models.generations(subject, what, prompts, TERM_TOKENS, target)
    return {
        item.concept: grade_term(text.text, questions.concepts[item.concept].names(target)) in RIGHT
        for item, text in zip(questions.items, texts, strict=True)
    }
