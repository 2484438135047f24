"""The memory that the stages take on their device, from headers, held against what is there."""

from collections.abc import Mapping
from math import ceil
from typing import Any, NamedTuple

from lexgraft.adoption.experiment import Experiment
from lexgraft.adoption.models_under_test import ModelsUnderTest
from lexgraft.errors import LexgraftError
from lexgraft.evaluation.memory_check import ROWS_HELD, free_memory
from lexgraft.files.safe_json import read_json
from lexgraft.models.chosen_device import CPU
from lexgraft.models.float32_head import GPU_FACTOR
from lexgraft.models.transformers import PROMPTS, TOKEN_BUDGET
from lexgraft.project import TuneSettings
from lexgraft.tuning.answer_loss import ROWS
from lexgraft.tuning.trainable_names import choose_names
from lexgraft.weights.checkpoint.checkpoint_index import Checkpoint
from lexgraft.weights.checkpoint.safetensors_header import WIDTHS
from lexgraft.weights.checkpoint.tensor_names import role_of

LIBRARIES = 1_500_000_000  # bytes on a processor: interpreter, libraries, chunks of logits
ANSWER = 512  # tokens of a prompt with its answer, of those continued together
KEPT = 34  # numbers per token, layer and width that a training step is taken to keep
STATE = 16  # bytes per trained number: value, gradient and two moments in float32


class MemoryNeeds(NamedTuple):
    """What an adoption takes at most on a device, in bytes, by what for."""

    device: str
    parts: Mapping[str, int]

    @property
    def total(self) -> int:
        """Return what is needed at once: asking and training take turns."""
        turns = ("trees", "answers", "training")
        held = sum(size for name, size in self.parts.items() if name not in turns)
        asking = self.parts.get("trees", 0) + self.parts.get("answers", 0)
        return held + max(asking, self.parts.get("training", 0))


def memory_needs(models: ModelsUnderTest) -> MemoryNeeds:
    """Return what the stages take; the headers of the base are read, no weight is."""
    base, (device, dtype) = models.base, models.computation
    project, config = models.project, _config(base)
    entries = base.tensors.values()
    count, each = sum(entry.size for entry in entries), 2 if dtype == "bfloat16" else 4
    largest = max((entry.size for entry in entries), default=0)
    narrow = all(WIDTHS[entry.dtype] <= 2 for entry in entries)
    width = int(config.get("hidden_size") or min(min(e.shape, default=1) for e in entries))
    budget = TOKEN_BUDGET * (1 if device == CPU else GPU_FACTOR)
    calls = project.compute.threads if device == CPU else 1
    parts = {
        "weights": each * count,
        "weights put back": (2 if narrow else each) * count,
        "a tensor in the making": 4 * largest,
        "trees": calls * each * budget * (ROWS_HELD * width + TOKEN_BUDGET),
        "answers": PROMPTS * ANSWER * each * _cached_numbers(config, base, width),
    }
    if device == CPU:
        parts["libraries"] = LIBRARIES
    if project.tune is not None:
        parts["training"] = _training(project.tune, base, config, width, each)
    return MemoryNeeds(device, parts)


def check_memory(experiment: Experiment) -> None:
    """Refuse models that do not fit where they are to run.

    Raises:
        LexgraftError: they do not, with what each part takes and what would do.
    """
    compute, needs = experiment.project.compute, memory_needs(experiment.models)
    if needs.device == CPU:
        allowed: float | None = compute.memory_gb * 1e9
        where, cure = (
            "compute.memory_gb",
            (f"set `compute.memory_gb: {ceil(needs.total / 1e9)}` where the machine has it, "),
        )
    else:
        allowed = free_memory(needs.device, compute.gpus_per_model)
        where, cure = "compute.device", "spread a model with `compute.gpus_per_model`, "
        if experiment.models.computation.dtype != "bfloat16":
            cure += "take `compute.dtype: bfloat16`, "
    if allowed is not None and needs.total > allowed:
        raise LexgraftError(
            f"about {needs.total / 1e9:.1f} GB of memory are needed on {needs.device}, "
            f"{allowed / 1e9:.1f} are {'allowed' if needs.device == CPU else 'free'}: "
            + in_words(needs.parts),
            where=where,
            cure=f"{cure}or use a smaller model",
        )


def in_words(parts: Mapping[str, int]) -> str:
    """Return parts of memory in GB, the largest first."""
    ordered = sorted(parts.items(), key=lambda part: -part[1])
    return ", ".join(f"{name} {size / 1e9:.1f}" for name, size in ordered if size >= 5e7)


def _config(base: Checkpoint) -> Mapping[str, Any]:
    """Return the configuration of the language model."""
    config = read_json(base.folder / "config.json")
    inner = config.get("text_config")
    return inner if isinstance(inner, dict) else config


def _cached_numbers(config: Mapping[str, Any], base: Checkpoint, width: int) -> int:
    """Return how many numbers a token leaves in the cache of keys and values."""
    heads = int(config.get("num_attention_heads") or 1)
    of_head = int(config.get("head_dim") or width // heads)
    shared = int(config.get("num_key_value_heads") or heads)
    return 2 * _layers(config, base) * shared * of_head


def _layers(config: Mapping[str, Any], base: Checkpoint) -> int:
    named = {n.split(".")[k] for n in base.tensors for k in (2, 3) if n.count(".") > k}
    numbered = sum(part.isdigit() for part in named)
    return int(config.get("num_hidden_layers") or config.get("n_layer") or numbered or 1)


def _training(
    tune: TuneSettings, base: Checkpoint, config: Mapping[str, Any], width: int, each: int
) -> int:
    """Return what a training takes beside the weights: its state, and a step's activations."""
    vocabulary = max((e.shape[0] for e in base.tensors.values() if len(e.shape) == 2), default=0)
    tokens = tune.batch * tune.max_tokens
    step = KEPT * tokens * width * _layers(config, base) * each + 2 * 4 * ROWS * vocabulary
    return STATE * _trained(tune, base, width) + step


def _trained(tune: TuneSettings, base: Checkpoint, width: int) -> int:
    """Return how many numbers are trained; all, where the names cannot be told from headers."""
    tensors = base.tensors
    if tune.method == "lora":
        matrices = (
            entry
            for name, entry in tensors.items()
            if len(entry.shape) == 2 and role_of(name) not in ("embedding", "head")
        )
        return sum(tune.rank * sum(entry.shape) for entry in matrices)
    if tune.tokens:
        return 2 * width * len(tune.tokens)
    try:
        chosen = choose_names(list(tensors), tune.train)
    except LexgraftError:
        chosen = tuple(tensors)
    return sum(tensors[name].size for name in chosen)
