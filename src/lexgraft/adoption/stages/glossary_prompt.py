"""Stage glossary: the winner with no terms, the proper terms and random terms in the prompt."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import msgspec
from msgspec import Struct

from lexgraft.adoption.cost import ITEM_TOKENS, ComputeWork, work_of_items
from lexgraft.adoption.experiment import Experiment
from lexgraft.adoption.material import Material
from lexgraft.adoption.metrics import criterion
from lexgraft.adoption.models_under_test import EvaluatedModel, ModelsUnderTest
from lexgraft.adoption.stages.merge_race import RaceResult, winner
from lexgraft.adoption.stages.stage import ReportPart, Results, Stage
from lexgraft.adoption.verdict_text import verdict_of
from lexgraft.errors import LexgraftError
from lexgraft.evaluation.grade import GradedItem, grade, known, recognition
from lexgraft.evaluation.measures import (
    EFFECT,
    GLOSSARY_EFFECT,
    MODES,
    RECOGNITION,
    TARGET_GAIN,
    TERM_GENERATION,
)
from lexgraft.evaluation.term_generation import TERM_TOKENS
from lexgraft.evaluation.term_grade import RIGHT, grade_term
from lexgraft.project import Form, GlossaryGate, GlossarySettings, Project
from lexgraft.records import Concept, Criterion, Item, Score, Verdict, digest
from lexgraft.stats.intervals import Interval, paired_shares, wilson
from lexgraft.terms.glossary import entries_from_concepts
from lexgraft.terms.glossary.prompt_block import glossary_block, random_entries
from lexgraft.terms.glossary.term_matcher import entry_matcher, match_entries
from lexgraft.terms.testset.form_profile import profile
from lexgraft.terms.testset.items import build_items

Prompter = Callable[[str], str]


class GlossaryResult(Struct, frozen=True, forbid_unknown_fields=True):
    """The three modes."""

    verdict: Verdict
    scores: tuple[Score, ...]


class Questions(NamedTuple):
    """What is asked in every mode: items, and the concept of each."""

    items: Sequence[Item]
    concepts: Mapping[str, Concept]


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
        count = settings.concepts
        questions = _questions(experiment.material, settings)
        for prompter in _prompters(experiment.material, settings):
            prompter(questions.items[0].context)
        testset = experiment.material.testset
        tokens = count * (ITEM_TOKENS + TERM_TOKENS)
        share = min(1.0, count / max(1, len(testset.items["confirm"])))
        chosen = work_of_items(testset.items["confirm"]).times(share)
        return ((chosen + ComputeWork(tokens, tokens // 2)).times(len(MODES)),)

    def inputs(self, experiment: Experiment, earlier: Results) -> tuple[object, ...]:
        """Return the winner."""
        return (winner(experiment.models, earlier.need(RaceResult)).digest,)

    def run(self, experiment: Experiment, earlier: Results) -> GlossaryResult:
        """Return how the winner does with the glossary in its prompt, and the verdict.

        The effect is proper minus random terms: what remains when the presence of a glossary is
        taken off. The gain is proper terms minus none.
        """
        models, material = experiment.models, experiment.material
        settings = _settings(experiment.project)
        questions, subject = (
            _questions(material, settings),
            winner(models, earlier.need(RaceResult)),
        )
        pair, alpha = questions.items[0].pair, experiment.project.gates.alpha
        prompters = dict(zip(MODES, _prompters(material, settings), strict=True))
        chosen = {
            mode: _chosen(models, subject, questions, mode, prompters[mode]) for mode in MODES
        }
        written = {
            mode: _written(models, subject, questions, mode, prompters[mode]) for mode in MODES
        }
        scores: list[Score] = []
        for mode in MODES:
            interval, chance = recognition(chosen[mode], alpha)
            scores.append(interval.score(RECOGNITION, mode, pair, chance))
            right = wilson(sum(written[mode].values()), len(written[mode]), alpha)
            scores.append(right.score(TERM_GENERATION, mode, pair))
        effects = {
            RECOGNITION: effect_and_gain({mode: known(chosen[mode]) for mode in MODES}, alpha),
            TERM_GENERATION: effect_and_gain(written, alpha),
        }
        scores += [effect.score(EFFECT, name, pair) for name, (effect, _) in effects.items()]
        requirements = criteria(effects, pair, experiment.project.gates.glossary)
        return GlossaryResult(verdict_of("glossary", requirements), tuple(scores))

    def report(self, experiment: Experiment, record: GlossaryResult) -> ReportPart:
        """Return the scores of the modes."""
        return ReportPart(glossary=record.scores)


def criteria(
    effects: Mapping[str, tuple[Interval, Interval]], pair: str, gate: GlossaryGate
) -> tuple[Criterion, ...]:
    """Return what the gate asks of each kind of answer: its effect and its gain, judged."""
    return tuple(
        requirement
        for name, (effect, gain) in effects.items()
        for requirement in (
            criterion(f"{GLOSSARY_EFFECT}, {name}", pair, effect, gate.effect),
            criterion(f"{TARGET_GAIN}, {name}", pair, gain, gate.target_gain),
        )
    )


def effect_and_gain(
    by_mode: Mapping[str, Mapping[str, bool]], alpha: float
) -> tuple[Interval, Interval]:
    """Return proper minus random terms, and proper terms minus none, paired by concept."""
    none, proper, random = (by_mode[mode] for mode in MODES)
    return (
        paired_shares(random, proper, alpha).difference,
        paired_shares(none, proper, alpha).difference,
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
    project = material.project
    form = Form("term-to-term", project.languages.domain, project.languages.target)
    askable = [
        concept
        for concept in material.testset.concepts["confirm"]
        if not isinstance(profile(concept, form), str)
    ]
    if not askable:
        raise LexgraftError(
            f"no confirm concept can be asked from `{form.question}` to `{form.answer}`",
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
        lenders=material.testset.concepts["confirm"],
    )
    return Questions(items, {concept.id: concept for concept in concepts})


def _prompters(
    material: Material, settings: GlossarySettings
) -> tuple[Prompter, Prompter, Prompter]:
    """Return what each mode puts before a question."""
    languages = material.project.languages
    concepts = [concept for group in material.testset.concepts.values() for concept in group]
    entries = entries_from_concepts(concepts, languages.domain, languages.target)
    matcher = entry_matcher(entries)
    seed, target, limit = material.project.seed, languages.target, settings.entries

    def none(text: str) -> str:
        return text

    def proper(text: str) -> str:
        return glossary_block(match_entries(text, matcher), target, limit=limit).text + text

    def random(text: str) -> str:
        count = min(limit, len(match_entries(text, matcher)))
        unrelated = random_entries(text, count, entries, seed)
        return glossary_block(unrelated, target, limit=limit).text + text

    return none, proper, random


def _chosen(
    models: ModelsUnderTest,
    subject: EvaluatedModel,
    questions: Questions,
    mode: str,
    prompter: Prompter,
) -> list[GradedItem]:
    """Return the options' grades with the glossary before the question."""
    items = [
        msgspec.structs.replace(item, context=context, id=digest("glossary", item.id, context))
        for item in questions.items
        for context in (prompter(item.context),)
    ]
    return grade(items, models.answers(subject, f"glossary {mode}", items))


def _written(
    models: ModelsUnderTest,
    subject: EvaluatedModel,
    questions: Questions,
    mode: str,
    prompter: Prompter,
) -> dict[str, bool]:
    """Return per concept whether the term was written as one of its names."""
    prompts = [prompter(item.context) for item in questions.items]
    what = f"glossary terms {mode}"
    texts = models.generations(subject, what, prompts, TERM_TOKENS)
    target = models.project.languages.target
    return {
        item.concept: grade_term(text.text, questions.concepts[item.concept].names(target)) in RIGHT
        for item, text in zip(questions.items, texts, strict=True)
    }
