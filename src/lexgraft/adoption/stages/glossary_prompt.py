"""Stage glossary: the winner with no terms, the proper terms and random terms in the prompt."""

from collections.abc import Callable, Mapping, Sequence

import msgspec

from lexgraft.adoption.experiment import EvaluatedModel, Experiment
from lexgraft.adoption.metrics import criterion
from lexgraft.adoption.stage_records import GlossaryResult
from lexgraft.adoption.verdict_text import verdict_sentence
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
from lexgraft.project import Form, GlossaryGate, GlossarySettings
from lexgraft.records import Concept, Criterion, Item, Score, Verdict, digest
from lexgraft.stats.gates import combine
from lexgraft.stats.intervals import Interval, paired_shares, wilson
from lexgraft.terms.glossary import entries_from_concepts
from lexgraft.terms.glossary.prompt_block import glossary_block, random_entries
from lexgraft.terms.glossary.term_matcher import entry_matcher, match_entries
from lexgraft.terms.testset.items import build_items

Prompter = Callable[[str], str]


def glossary_stage(
    session: Experiment, subject: EvaluatedModel, settings: GlossarySettings
) -> GlossaryResult:
    """Return how a result does with the glossary in its prompt, and the verdict.

    The effect is proper minus random terms: what remains when the presence of a glossary is taken
    off. The gain is proper terms minus none.
    """
    items, concepts = _asked(session, settings)
    pair = items[0].pair
    modes = dict(zip(MODES, _prompters(session, settings), strict=True))
    told = {mode: _told(session, subject, mode, items, put) for mode, put in modes.items()}
    written = {
        mode: _written(session, subject, mode, items, concepts, put) for mode, put in modes.items()
    }
    alpha, gate = session.project.gates.alpha, session.project.gates.glossary
    found: list[Score] = []
    for mode in MODES:
        interval, chance = recognition(told[mode], alpha)
        found.append(interval.score(RECOGNITION, mode, pair, chance))
        right = written[mode]
        found.append(
            wilson(sum(right.values()), len(right), alpha).score(TERM_GENERATION, mode, pair)
        )
    effects = {
        RECOGNITION: _effect({mode: known(told[mode]) for mode in MODES}, alpha),
        TERM_GENERATION: _effect(written, alpha),
    }
    found += [effect.score(EFFECT, name, pair) for name, (effect, _) in effects.items()]
    asked = criteria(effects, pair, gate)
    outcome = combine(asked)
    sentence = verdict_sentence("glossary", outcome, asked)
    return GlossaryResult(Verdict("glossary", outcome, sentence, asked), tuple(found))


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


def _effect(by_mode: dict[str, dict[str, bool]], alpha: float) -> tuple[Interval, Interval]:
    """Return proper minus random terms, and proper terms minus none, paired by concept."""
    none, proper, random = (by_mode[mode] for mode in MODES)
    return (
        paired_shares(random, proper, alpha).difference,
        paired_shares(none, proper, alpha).difference,
    )


def _asked(
    session: Experiment, settings: GlossarySettings
) -> tuple[list[Item], dict[str, Concept]]:
    """Return translations of some confirm concepts' terms into the target language."""
    project = session.project
    concepts = sorted(
        session.testset.concepts["confirm"],
        key=lambda one: digest(project.seed, "glossary", one.id),
    )[: settings.concepts]
    items = build_items(
        concepts,
        forms=[Form("term-to-term", project.languages.domain, project.languages.target)],
        options=project.testset.options,
        draws=1,
        distractors=project.testset.distractors,
        seed=project.seed,
        lenders=session.testset.concepts["confirm"],
    )
    return items, {concept.id: concept for concept in concepts}


def _prompters(
    session: Experiment, settings: GlossarySettings
) -> tuple[Prompter, Prompter, Prompter]:
    """Return what each mode puts before a question."""
    languages = session.project.languages
    everything = [one for group in session.testset.concepts.values() for one in group]
    entries = entries_from_concepts(everything, languages.domain, languages.target)
    matcher = entry_matcher(entries)
    seed, target, limit = session.project.seed, languages.target, settings.entries

    def none(text: str) -> str:
        return text

    def proper(text: str) -> str:
        return glossary_block(match_entries(text, matcher), target, limit=limit).text + text

    def random(text: str) -> str:
        count = min(limit, len(match_entries(text, matcher)))
        unrelated = random_entries(text, count, entries, seed)
        return glossary_block(unrelated, target, limit=limit).text + text

    return none, proper, random


def _told(
    session: Experiment, subject: EvaluatedModel, mode: str, items: Sequence[Item], put: Prompter
) -> list[GradedItem]:
    """Return the options' grades with the glossary before the question."""
    asked = [
        msgspec.structs.replace(
            item, context=put(item.context), id=digest("glossary", item.id, put(item.context))
        )
        for item in items
    ]
    return grade(asked, session.answers(subject, f"glossary {mode}", asked))


def _written(
    session: Experiment,
    subject: EvaluatedModel,
    mode: str,
    items: Sequence[Item],
    concepts: dict[str, Concept],
    put: Prompter,
) -> dict[str, bool]:
    """Return per concept whether the term was written as one of its names."""
    prompts = [put(item.context) for item in items]
    texts = session.generations(subject, f"glossary terms {mode}", prompts, TERM_TOKENS)
    target = session.project.languages.target
    return {
        item.concept: grade_term(text.text, concepts[item.concept].names(target)) in RIGHT
        for item, text in zip(items, texts, strict=True)
    }
