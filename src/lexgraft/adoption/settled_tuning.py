"""A tuning settled: how firmly the model is held, and how much of the delta is merged."""

from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace

from lexgraft.adoption.general_loss import register_losses
from lexgraft.adoption.material import Material
from lexgraft.adoption.models_under_test import EvaluatedModel, ModelsUnderTest
from lexgraft.adoption.training_data import in_frame, taught_texts, teach
from lexgraft.adoption.walk_back import Losses, harm_of, largest_within
from lexgraft.project import Candidate, TuneSettings
from lexgraft.tuning.batch_forward import held_out_loss
from lexgraft.tuning.token_batches import encode_examples
from lexgraft.tuning.train import MODEL, TrainingResult
from lexgraft.weights.checkpoint.input_model import open_input_model
from lexgraft.weights.merge.merge_plan import plan_merge

TUNED = "tuned"


class SettledTuning(NamedTuple):
    """What was trained, and the settings with the one weight and the one scale that were taken."""

    trained: TrainingResult
    settings: TuneSettings

    @property
    def scale(self) -> float:
        """Return how much of the delta is merged."""
        assert not isinstance(self.settings.scale, tuple)
        return self.settings.scale

    @property
    def keep_weight(self) -> float:
        """Return what staying by general text counted for."""
        assert not isinstance(self.settings.keep_weight, tuple)
        return self.settings.keep_weight


def settled_tuning(
    models: ModelsUnderTest,
    material: Material,
    onto: EvaluatedModel,
    settings: TuneSettings,
    parent: Path,
) -> SettledTuning:
    """Return a model's tuning, trained if need be, with its scale.

    Of several weights each is trained and walked back to the budget of general loss; the one is
    taken that then serves held-out wordings of the taught terms best.
    """
    weights = settings.keep_weight
    if not isinstance(weights, tuple):
        return _at_weight(models, material, onto, settings, parent)
    tried: list[tuple[float, SettledTuning]] = []
    for weight in weights:
        own = replace(settings, keep_weight=weight)
        settled = _at_weight(models, material, onto, own, parent)
        subject = scaled(models, onto, settled.trained.folder, settled.scale)
        tried.append((held_out(models, material, subject, settings), settled))
    return min(tried, key=lambda outcome: outcome[0])[1]


def _at_weight(
    models: ModelsUnderTest,
    material: Material,
    onto: EvaluatedModel,
    settings: TuneSettings,
    parent: Path,
) -> SettledTuning:
    trained = teach(models, material, onto, settings, parent)
    scale = settled_scale(models, material, onto, trained.folder, settings)
    return SettledTuning(trained, replace(settings, scale=scale))


def held_out(
    models: ModelsUnderTest, material: Material, subject: EvaluatedModel, settings: TuneSettings
) -> float:
    """Return a model's mean loss on the taught terms in held-out wordings."""
    held = in_frame(models.frame, taught_texts(material, settings).held)
    live = models.live(subject)
    rows = encode_examples(held, live.encode, settings.max_tokens)
    return held_out_loss(live.module, rows, settings.batch)


def settled_scale(
    models: ModelsUnderTest,
    material: Material,
    onto: EvaluatedModel,
    adapter: Path,
    settings: TuneSettings,
) -> float:
    """Return how much of the delta is merged, by what it costs on the `choose` texts.

    With a budget the delta is walked back until no language loses more than that against the model
    that was tuned. Of several scales the largest is taken by which none loses more than its gate
    allows, the smallest where every one does: the gate will say so, on others.
    """
    scales, budget = settings.scale, settings.loss_budget

    def losses(scale: float) -> Losses:
        return text_losses(models, material, onto, scaled(models, onto, adapter, scale))

    if not isinstance(scales, tuple):
        return scales if budget is None else largest_within(losses, budget, scales)
    allowed = models.project.gates.tune.general_loss
    fitting = (
        scale for scale in sorted(scales, reverse=True)[:-1] if harm_of(losses(scale)) <= allowed
    )
    return next(fitting, min(scales))


def text_losses(
    models: ModelsUnderTest, material: Material, onto: EvaluatedModel, subject: EvaluatedModel
) -> Losses:
    """Return what each register of the `choose` texts loses, by language; nothing without any."""
    limited_texts = material.texts["choose"]
    documents = [text for _, texts in limited_texts for text in texts]
    before, after = (models.bits(model, "choose", limited_texts) for model in (onto, subject))
    return register_losses(documents, (before, after))


def scaled(
    models: ModelsUnderTest, onto: EvaluatedModel, adapter: Path, scale: float
) -> EvaluatedModel:
    """Return an adapter's delta merged onto a model with a scale."""
    full_model = adapter / MODEL
    delta = open_input_model(full_model if full_model.is_dir() else adapter, onto.onto, TUNED)
    plan = plan_merge(
        Candidate("task_arithmetic", {"weight": {TUNED: scale}}),
        onto.onto,
        {TUNED: delta},
        models.project.merge.dtype,
        models.project.seed,
    )
    return EvaluatedModel(TUNED, onto.onto, plan)
