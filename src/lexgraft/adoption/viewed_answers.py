"""The answers behind the numbers of a report, looked up in the run's folder: none is asked for."""

from collections.abc import Iterator, Mapping, Sequence

from lexgraft.adoption.experiment import Experiment
from lexgraft.adoption.generation import asked_freely, term_questions
from lexgraft.adoption.material import Material
from lexgraft.adoption.models_under_test import ModelsUnderTest
from lexgraft.adoption.report.viewer_record import (
    DEFINED,
    EVERYDAY,
    GLOSSARY,
    GLOSSARY_WRITTEN,
    WRITTEN,
    ChosenAnswers,
    ViewerRecord,
    WrittenAnswer,
    viewer_record,
)
from lexgraft.adoption.settled_tuning import TUNED
from lexgraft.adoption.stages.glossary_prompt import (
    GlossaryQuestions,
    GlossaryResult,
    glossary_questions,
)
from lexgraft.adoption.stages.measure import MeasureResult, into_target
from lexgraft.adoption.stages.merge_race import RaceResult, blocks, winner
from lexgraft.adoption.stages.sealed_test import SealedTestResult, opened_items, written_model
from lexgraft.adoption.stages.stage import Results
from lexgraft.adoption.stages.tuning import TuningResult
from lexgraft.evaluation.definitions import definition_prompts
from lexgraft.evaluation.measures import MODES, RECIPIENT_TUNED
from lexgraft.evaluation.term_grade import TermGrade, grade_term
from lexgraft.records import Answer, Concept, Generation, Item

Digests = Mapping[str, str]
"""Models' display names → digests of their weights."""


def viewed_answers(experiment: Experiment, results: Results) -> ViewerRecord:
    """Return every question that was asked, with the answers of all models of this run."""
    models, material = experiment.models, experiment.material
    concepts = [concept for group in material.testset.concepts.values() for concept in group]
    judged = judged_models(models, results)
    tuning, questions = results.find(TuningResult), _glossary_asked(models, material, results)
    chosen = [
        *_of_splits(experiment, results, judged),
        *_of_glossary(models, questions),
    ]
    written = [
        *_written_terms(models, material, judged),
        *_definitions(models, material, judged),
        *_written_with_glossary(models, questions),
    ]
    taught = frozenset(tuning.concepts) if tuning else frozenset()
    return viewer_record(concepts, [group for group in chosen if group.answers], written, taught)


def judged_models(models: ModelsUnderTest, results: Results) -> dict[str, str]:
    """Return name → digest of the models that were asked everything: parents, winner, tuned."""
    digests = {name: parent.digest for name, parent in models.parents.items()}
    race, tuning = results.find(RaceResult), results.find(TuningResult)
    if race and results.find(MeasureResult):
        digests[race.winner] = winner(models, race).digest
    if tuning:
        digests[TUNED] = tuning.digest
    return digests


def _of_splits(
    experiment: Experiment, results: Results, judged: Digests
) -> Iterator[ChosenAnswers]:
    """Yield the multiple-choice answers to each split and to everyday words."""
    models, testset = experiment.models, experiment.material.testset
    race, tuning = results.find(RaceResult), results.find(TuningResult)
    confirmed = _answers(models, judged, "confirm terms", testset.items["confirm"])
    if race:
        controls = models.ablations(race.best().candidate).items()
        digests = {name: control.digest for name, control in controls}
        digests |= {RECIPIENT_TUNED: tuning.control} if tuning else {}
        items = into_target(experiment.material)
        confirmed |= _answers(models, digests, "confirm terms in the target", items)
    yield ChosenAnswers("confirm", testset.items["confirm"], confirmed)
    chosen = _answers(models, judged, "choose terms", testset.items["choose"])
    for candidate in race.raced if race else ():
        digests = {candidate.name: candidate.digest}
        for block in blocks(testset.items["choose"]):
            for name, answers in _answers(models, digests, "choose terms", block).items():
                chosen[name] = [*chosen.get(name, ()), *answers]
    yield ChosenAnswers("choose", testset.items["choose"], chosen)
    if results.find(SealedTestResult):
        subject = written_model(models, experiment.material, results)
        digests = {**judged, subject.name: subject.digest}
        items = opened_items(experiment, subject)
        yield ChosenAnswers("sealed", items, _answers(models, digests, "sealed terms", items))
    everyday = _answers(models, judged, "everyday", testset.general)
    yield ChosenAnswers(EVERYDAY, testset.general, everyday)


def _answers(
    models: ModelsUnderTest, digests: Digests, what: str, items: Sequence[Item]
) -> dict[str, list[Answer]]:
    """Return the stored answers of those models that were asked these items."""
    stored = {
        name: models.stored_answers(digest, what, items, Answer) for name, digest in digests.items()
    }
    return {name: answers for name, answers in stored.items() if answers}


def _texts(
    models: ModelsUnderTest, digests: Digests, what: str, prompts: Sequence[str]
) -> dict[str, list[Generation]]:
    """Return what those models wrote that were asked these prompts."""
    stored = {
        name: models.stored_answers(digest, what, prompts, Generation)
        for name, digest in digests.items()
    }
    return {name: texts for name, texts in stored.items() if texts}


def _written_terms(
    models: ModelsUnderTest, material: Material, judged: Digests
) -> Iterator[WrittenAnswer]:
    """Yield the terms that were asked for freely, graded."""
    concepts = {concept.id: concept for concept in asked_freely(material)}
    for pair, items in term_questions(material).items():
        what = f"terms {pair.replace('->', '-')}"
        texts = _texts(models, judged, what, [item.context for item in items])
        for number, item in enumerate(items):
            written = {name: rows[number].text for name, rows in texts.items()}
            yield _term(WRITTEN, item, concepts[item.concept], written)


def _term(
    use: str, item: Item, concept: Concept, texts: Mapping[str, str], **blocks: Mapping[str, str]
) -> WrittenAnswer:
    """Return the texts of one question for a term, graded as the report does."""
    language, target = item.answer_language, item.options[item.gold].strip()
    elsewhere = [term.text for term in concept.terms if term.language != language]
    names = [target, *concept.names(language)]
    grades: dict[str, TermGrade] = {
        name: grade_term(text, names, elsewhere) for name, text in texts.items()
    }
    return WrittenAnswer(
        use, item.concept, item.pair, item.kind, item.context, texts, grades, target, **blocks
    )


def _definitions(
    models: ModelsUnderTest, material: Material, judged: Digests
) -> Iterator[WrittenAnswer]:
    """Yield the definitions that were written; no text is the right one, so they have no grade."""
    if not models.project.testset.generated:
        return
    languages = models.project.languages
    for name_language in dict.fromkeys((languages.domain, languages.target)):
        prompts = definition_prompts(asked_freely(material), name_language, languages.domain)
        texts = _texts(models, judged, f"definitions {name_language}", list(prompts.values()))
        for number, (concept, prompt) in enumerate(prompts.items()):
            written = {name: rows[number].text for name, rows in texts.items()}
            pair = f"{name_language}->{languages.domain}"
            yield WrittenAnswer(DEFINED, concept, pair, "term-to-definition", prompt, written)


def _glossary_asked(
    models: ModelsUnderTest, material: Material, results: Results
) -> tuple[GlossaryQuestions, str] | None:
    """Return what the glossary stage asked, and the digest of whom; None: it did not run."""
    race = results.find(RaceResult)
    if race is None or results.find(GlossaryResult) is None:
        return None
    return glossary_questions(material), winner(models, race).digest


def _of_glossary(
    models: ModelsUnderTest, glossary: tuple[GlossaryQuestions, str] | None
) -> Iterator[ChosenAnswers]:
    """Yield the options chosen with and without entries in the prompt."""
    if glossary is None:
        return
    questions, subject = glossary
    answers: dict[str, list[Answer]] = {}
    for mode in MODES:
        items = questions.prompted(mode)
        bare_ids = {item.id: bare.id for item, bare in zip(items, questions.items, strict=True)}
        stored = models.stored_answers(subject, f"glossary {mode}", items, Answer) or []
        answers[mode] = [_renamed(answer, bare_ids[answer.item]) for answer in stored]
    yield ChosenAnswers(GLOSSARY, questions.items, answers, questions.shown())


def _renamed(answer: Answer, item: str) -> Answer:
    """Return an answer as one to the question without what stood before it."""
    return Answer(item, answer.logliks, answer.neutral, answer.tokens)


def _written_with_glossary(
    models: ModelsUnderTest, glossary: tuple[GlossaryQuestions, str] | None
) -> Iterator[WrittenAnswer]:
    """Yield the terms written with and without entries in the prompt."""
    if glossary is None:
        return
    questions, subject = glossary
    texts: dict[str, list[Generation]] = {}
    for mode in MODES:
        prompts = [item.context for item in questions.prompted(mode)]
        texts |= _texts(models, {mode: subject}, f"glossary terms {mode}", prompts)
    blocks = questions.shown()
    for number, item in enumerate(questions.items):
        written = {mode: rows[number].text for mode, rows in texts.items()}
        concept = questions.concepts[item.concept]
        yield _term(GLOSSARY_WRITTEN, item, concept, written, blocks=blocks[item.id])
