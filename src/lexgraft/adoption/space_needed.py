"""The space that all stages of an adoption will take, held against the disk before any of them."""

from collections.abc import Collection

from lexgraft.adoption.experiment import Experiment
from lexgraft.adoption.planning import AdoptionPlan
from lexgraft.adoption.training_data import weights_tried
from lexgraft.files.disk_space import bytes_below, check_space
from lexgraft.project import TuneSettings
from lexgraft.weights.checkpoint.checkpoint_index import Checkpoint
from lexgraft.weights.checkpoint.tensor_names import role_of

_FLOAT = 4  # bytes: training is in float32
_STATE = 4  # values per trained one in a checkpoint: now, at its best, and two moments
_ANSWER = 700  # bytes of an option's answer: its row with key and index, and its part of a line
_FEW_MODELS = 6  # that are asked beside the candidates: base, G, D, winner, tuned, its scales


def check_disk(experiment: Experiment, plan: AdoptionPlan, stages: Collection[str]) -> None:
    """Raise when what the stages will write does not fit on the disk of the run's folder.

    `stages` are the names of those that are to run. What an earlier run of the same folder has
    written counts as there.

    Raises:
        LexgraftError: it does not fit.
    """
    project, folder = experiment.project, experiment.folder
    model = plan.bytes_written // 2  # the winner, and what is recommended
    options = sum(plan.items.values()) * project.testset.options
    tune = project.tune if {"tune", "curve"} & set(stages) else None
    parts = {
        "merged/": model,
        "model/": model,
        "tuned/": tuned_bytes(tune, experiment.models.base, model) if tune else 0,
        "learnt/": learnt_bytes(experiment.models.base) if "learn" in stages else 0,
        "answers/": _ANSWER * options * (len(plan.methods) + _FEW_MODELS),
    }
    check_space(folder, parts, bytes_below(folder / name.strip("/") for name in parts))


def learnt_bytes(base: Checkpoint) -> int:
    """Return the bytes of the sums of two sets of texts: half a square matrix per input each.

    k, v and up read what q and gate read.
    """
    widths = (
        entry.shape[1]
        for name, entry in base.tensors.items()
        if len(entry.shape) == 2
        and role_of(name) not in ("embedding", "head")
        and not name.endswith(("k_proj.weight", "v_proj.weight", "up_proj.weight"))
    )
    return sum(8 * width * (width + 2) for width in widths)


def tuned_bytes(settings: TuneSettings, base: Checkpoint, model: int) -> int:
    """Return the bytes of what tuning writes: results and one state to resume from.

    `model` are the bytes of a whole model on disk.
    """
    matrices = [
        entry
        for name, entry in base.tensors.items()
        if len(entry.shape) == 2 and role_of(name) not in ("embedding", "head")
    ]
    if settings.method == "lora":
        trained = sum(settings.rank * sum(entry.shape) for entry in matrices)
        result = _FLOAT * trained
    else:
        trained = sum(entry.size for entry in base.tensors.values())
        result = model
    rates = settings.learning_rate
    tries = len(rates) if isinstance(rates, tuple) else 0
    results = weights_tried(settings) * (1 + tries + len(settings.curve))
    return results * result + _STATE * _FLOAT * trained
