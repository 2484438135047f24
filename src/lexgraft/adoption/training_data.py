"""Concepts taught to a model: what it reads, in which order, and the training itself."""

from collections.abc import Sequence
from itertools import product, zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec
from msgspec import Struct

from lexgraft.adoption.material import Material
from lexgraft.adoption.models_under_test import EvaluatedModel, ModelsUnderTest
from lexgraft.errors import LexgraftError
from lexgraft.evaluation.prompt_frame import PromptFrame
from lexgraft.models.transformers import TransformersModel
from lexgraft.project import Form, Project, TuneSettings
from lexgraft.records import Concept, Kind, Progress, digest
from lexgraft.tuning.process_group import ALONE, ProcessGroup
from lexgraft.tuning.replay import mix_replay
from lexgraft.tuning.train import TrainingResult, TrainingWork, finished_training, train
from lexgraft.tuning.training_config import TrainingConfig
from lexgraft.tuning.training_examples import (
    TrainingExample,
    lessons_of,
    openings_of,
    repeat,
    term_examples,
    usage_examples,
)
from lexgraft.weights.checkpoint.checkpoint_index import open_checkpoint
from lexgraft.weights.checkpoint.replace_tensors import write_replaced

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

HELD = 24  # examples in held-out wordings by which training is stopped
OPENING_TOKENS = 48  # of each of the model's own answers that are replayed
TRIAL = 4  # a quarter of the steps tries a learning rate
BETWEEN: tuple[Kind, ...] = ("definition-to-term", "term-to-definition", "term-to-term")


class TrainingRun(NamedTuple):
    """What a model reads to be taught, and what it is checked on."""

    examples: list[TrainingExample]
    held: list[TrainingExample]
    wording: str


def weights_tried(settings: TuneSettings) -> int:
    """Return how many trainings choose what staying by general text counts for: one at least."""
    weights = settings.keep_weight
    return len(weights) if isinstance(weights, tuple) else 1


def refuse_unfitting(settings: TuneSettings, *, measured: bool) -> None:
    """Refuse settings that do not belong together; `measured`: there are `choose` texts.

    Raises:
        LexgraftError: the first of them.
    """
    several, budget = isinstance(settings.keep_weight, tuple), settings.loss_budget
    refusals = (
        (
            settings.keep != "replay" and not settings.replay,
            ("keep", "no general text to stay by", "give `tune.replay` a share, such as 0.25"),
        ),
        (
            settings.keep == "replay" and settings.keep_weight != TuneSettings().keep_weight,
            ("keep_weight", "replayed text is learned, not weighed", "set `tune.keep: kl` or both"),
        ),
        (
            several and budget is None,
            (
                "keep_weight",
                "several weights are told apart at one loss of general ability",
                "name it, `tune.loss_budget: 0.01`, or one weight",
            ),
        ),
        (
            several and not settings.patience,
            (
                "patience",
                "several weights are told apart by held-out wordings",
                "set it to 1 or more, or name one weight",
            ),
        ),
        (
            budget is not None and isinstance(settings.scale, tuple),
            ("scale", "with `loss_budget` the scale is sought", "name the largest alone"),
        ),
        (
            budget is not None and not measured,
            ("loss_budget", "no texts to measure it by", "give `general.texts`, or leave it out"),
        ),
    )
    for wrong, (key, what, cure) in refusals:
        if wrong:
            raise LexgraftError(what, where=f"tune.{key}", cure=cure)


def taught_concepts(material: Material, settings: TuneSettings) -> list[Concept]:
    """Return the `choose` concepts that are taught, by a keyed hash: fewer are among more.

    Those that came first are taught first: a training stays what it was where terms are added.

    Raises:
        LexgraftError: there are fewer than are to be taught.
    """
    seed, rounds = material.project.seed, material.testset.rounds
    chosen = sorted(
        material.testset.concepts["choose"],
        key=lambda concept: (rounds.get(concept.id, 1), digest(seed, "teach", concept.id)),
    )
    if len(chosen) < settings.terms:
        raise LexgraftError(
            f"{settings.terms} terms are to be taught, `choose` has {len(chosen)}",
            where="tune.terms",
            cure=f"teach fewer: `tune.terms: {len(chosen)}`, or raise `testset.choose`",
        )
    return chosen[: settings.terms]


class TaughtTexts(NamedTuple):
    """What is taught of the terms themselves, before any model says something of its own."""

    examples: list[TrainingExample]
    held: list[TrainingExample]  # in wordings that are never trained on
    wording: str  # digest of all wordings


def taught_texts(material: Material, settings: TuneSettings) -> TaughtTexts:
    """Return the taught concepts in all wordings; the plan makes them too, so that it can refuse.

    Raises:
        LexgraftError: fewer concepts than are to be taught; a taught concept shares a term with one
            that is kept for the test.
    """
    project, concepts = material.project, material.testset.concepts
    taught, forms = taught_concepts(material, settings), taught_forms(project, settings)
    protected = [*concepts["confirm"], *concepts["sealed"]]
    languages = project.languages
    examples = term_examples(
        taught,
        forms,
        protected=protected,
        seed=project.seed,
        glossary=(languages.domain, languages.target) if settings.targets == "distilled" else None,
    )
    if all(form.kind != "cloze" for form in project.testset.forms):
        examples += usage_examples(taught, list(dict.fromkeys(form.answer for form in forms)))
    held: list[TrainingExample] = []
    if settings.patience:
        held = term_examples(taught, forms, held=True, seed=project.seed)[:HELD]
    lessons = [lessons_of(form, held=kept) for kept in (False, True) for form in forms]
    return TaughtTexts(examples, held, digest(*lessons))


def reading(
    models: ModelsUnderTest, material: Material, onto: EvaluatedModel, settings: TuneSettings
) -> TrainingRun:
    """Return as many examples as the steps take: terms in many wordings, with broad replay.

    `onto` is the model whose own answers are among them.

    Raises:
        LexgraftError: what `taught_texts` refuses.
    """
    texts = taught_texts(material, settings)
    examples, held = (in_frame(models.frame, group) for group in (texts.examples, texts.held))
    needed = settings.steps * settings.batch
    terms = repeat(examples, round(needed * (1 - settings.replay)))
    spoken_by_model = own_answers(models, onto, settings) if settings.replay else []
    seed = models.project.seed
    mixed = mix_replay(terms, material.replay, settings.replay, seed, spoken_by_model)
    return TrainingRun(repeat(mixed, needed), held, texts.wording)


def in_frame(frame: PromptFrame, examples: Sequence[TrainingExample]) -> list[TrainingExample]:
    """Return examples as questions are asked: running text stays as it is."""
    if frame.form == "plain":
        return [*examples]
    return [_framed(frame, example) if example.language else example for example in examples]


def _framed(frame: PromptFrame, example: TrainingExample) -> TrainingExample:
    lesson = example.distilled
    if lesson is not None:
        prompt = frame.prompt(lesson.prompt, example.language)
        lesson = msgspec.structs.replace(lesson, prompt=prompt)
    return msgspec.structs.replace(
        example,
        prompt=frame.prompt(example.prompt, example.language),
        answer=frame.answer(example.answer).rstrip() + frame.end,
        distilled=lesson,
    )


def taught_forms(project: Project, settings: TuneSettings) -> list[Form]:
    """Return the directions that are taught: those named, else the test's and all between.

    Definitions in either language lead to terms in either and back, terms to their translation.
    """
    if settings.forms:
        return list(settings.forms)
    languages = (project.languages.domain, project.languages.target)
    between = [
        Form(kind, question, answer)
        for kind, question, answer in product(BETWEEN, languages, languages)
        if kind != "term-to-term" or question != answer
    ]
    return list(dict.fromkeys((*project.testset.forms, *between)))


def own_answers(
    models: ModelsUnderTest, onto: EvaluatedModel, settings: TuneSettings
) -> list[TrainingExample]:
    """Return what the model says by itself after general openings, in both languages."""
    if not settings.own_answers:
        return []
    prompts = _openings(models.project)
    questions = [prompts[n % len(prompts)] for n in range(settings.own_answers)]
    answers = models.own_answers(onto, questions, OPENING_TOKENS)
    return [
        TrainingExample(prompt, text.text)
        for prompt, text in zip(questions, answers, strict=True)
        if text.text
    ]


def _openings(project: Project) -> list[str]:
    """Return beginnings of general texts in the target's and the domain's language, in turns."""
    languages = dict.fromkeys((project.languages.target, project.languages.domain))
    openings = dict.fromkeys(openings_of(language) for language in languages)
    return [prompt for row in zip_longest(*openings) for prompt in row if prompt]


class TrainingPlan(Struct, frozen=True, forbid_unknown_fields=True):
    """One training, as it is handed to every process that takes part in it."""

    folder: str  # of the model that is trained
    digest: str
    recipe: TrainingConfig
    examples: tuple[TrainingExample, ...]
    held: tuple[TrainingExample, ...]
    wording: str
    output: str
    threads: int


def teach(
    models: ModelsUnderTest,
    material: Material,
    onto: EvaluatedModel,
    settings: TuneSettings,
    parent: Path,
    speaker: EvaluatedModel | None = None,
) -> TrainingResult:
    """Return the adapter that the taught concepts have made on a model.

    `speaker` is whose own answers are replayed, by default the model's. Of several learning rates
    the one is taken whose first steps serve held-out wordings best.

    Raises:
        LexgraftError: several rates and no held-out wordings to choose by.
    """
    read, rates = reading(models, material, speaker or onto, settings), settings.learning_rate
    if not isinstance(rates, tuple):
        return _carried_out(models, onto, assignment(models, onto, settings, read, parent))
    if not settings.patience:
        raise LexgraftError(
            "several learning rates are told apart by held-out wordings",
            where="tune.patience",
            cure="set it to 1 or more, or name one rate",
        )
    short = read._replace(examples=read.examples[: max(1, len(read.examples) // TRIAL)])
    tried: dict[float, float] = {}
    for rate in rates:
        plan = assignment(models, onto, _at(settings, rate), short, parent / "rates")
        tried[rate] = min(loss for _, loss in _carried_out(models, onto, plan).checks)
    best = _at(settings, min(tried, key=lambda rate: tried[rate]))
    return _carried_out(models, onto, assignment(models, onto, best, read, parent))


def assignment(
    models: ModelsUnderTest,
    onto: EvaluatedModel,
    settings: TuneSettings,
    read: TrainingRun,
    parent: Path,
) -> TrainingPlan:
    """Return the training of a model on what it reads."""
    project = models.project
    tokens = [models.with_live(onto, TransformersModel.token, token) for token in settings.tokens]
    recipe = recipe_of(project, settings, tokens)
    return TrainingPlan(
        folder=str(onto.onto.folder),
        digest=onto.digest,
        recipe=recipe,
        examples=tuple(read.examples),
        held=tuple(read.held),
        wording=read.wording,
        output=str(parent / digest(onto.digest, recipe, *read.examples, *read.held)[:16]),
        threads=project.compute.threads,
    )


def carry_out(
    plan: TrainingPlan, model: TransformersModel, progress: Progress, group: ProcessGroup = ALONE
) -> TrainingResult:
    """Return what the training has made; every process of the group calls this."""
    folder = Path(plan.folder)
    if group.device:
        model.module.to(group.device)

    def write(tensors: "Mapping[str, Tensor]", output: Path) -> None:
        """Write the model with these tensors in it."""
        write_replaced(open_checkpoint(folder), tensors, output)

    work = msgspec.structs.replace(_work(plan), progress=progress, group=group, write=write)
    output = Path(plan.output)
    return train(model.module, model.encode, plan.examples, plan.recipe, output, work, plan.held)


def _carry_out(models: ModelsUnderTest, onto: EvaluatedModel, plan: TrainingPlan) -> TrainingResult:
    model = models.live(onto)
    models.forget_parents()
    return carry_out(plan, model, models.progress)


def _work(plan: TrainingPlan) -> TrainingWork:
    """Return how a training is named."""
    return TrainingWork(
        base_digest=plan.digest,
        base_name=Path(plan.folder).name,
        wording=plan.wording,
        threads=plan.threads,
    )


def recipe_of(project: Project, settings: TuneSettings, tokens: list[int]) -> TrainingConfig:
    """Return how a project's tuning trains."""
    rates, weights = settings.learning_rate, settings.keep_weight
    return TrainingConfig(
        layers=settings.train,
        method=settings.method,
        tokens=tuple(tokens),
        rank=settings.rank,
        alpha=2.0 * settings.rank,
        learning_rate=rates[0] if isinstance(rates, tuple) else rates,
        batch=settings.batch,
        max_tokens=settings.max_tokens,
        seed=project.seed,
        dtype="float32",
        patience=settings.patience,
        keep=settings.keep,
        keep_weight=weights[0] if isinstance(weights, tuple) else weights,
    )


def _carried_out(
    models: ModelsUnderTest, onto: EvaluatedModel, plan: TrainingPlan
) -> TrainingResult:
    """Return what the training has made; where it was made before no model is loaded for it."""
    arguments = (models.encoder(onto), plan.examples, plan.recipe, Path(plan.output), _work(plan))
    done = finished_training(*arguments, plan.held)
    return done or models.with_models(_carry_out, onto, plan)


def _at(settings: TuneSettings, rate: float) -> TuneSettings:
    return msgspec.structs.replace(settings, learning_rate=rate)
