"""A model without a project: what it is asked, the memory it will take, and loading it."""

import os
from pathlib import Path
from typing import Literal

from msgspec import Struct

from lexgraft.errors import LexgraftError
from lexgraft.files.hub import named_model
from lexgraft.files.model_files import CONFIG
from lexgraft.models import LanguageModel, RunOptions, backend_of
from lexgraft.models.generation_only import GenerationOnly
from lexgraft.models.transformers import TOKEN_BUDGET, TransformersModel
from lexgraft.project import Candidate
from lexgraft.records import Progress, Split, digest
from lexgraft.weights.checkpoint.checkpoint_index import Checkpoint, open_checkpoint
from lexgraft.weights.checkpoint.input_model import open_input_model
from lexgraft.weights.merge.live_merge import merged_tensors
from lexgraft.weights.merge.merge_plan import MergePlan, plan_merge

ADAPTER = "adapter"
RUNTIME = 700_000_000  # interpreter, libraries, kernels' scratch
ROWS_HELD = 24  # activations held at once, in multiples of a layer's width


class EvaluationRequest(Struct, frozen=True, kw_only=True):
    """What one model is to be asked, and how it is run."""

    model: str  # folder, adapter, Hub id, or address of a server
    output: Path
    items: Path | None = None
    split: Split = "confirm"
    base: Path | None = None  # of an adapter
    written: bool = False  # terms asked for freely
    defined: bool = False  # definitions asked for freely
    scorer: Path | None = None  # the frozen model that a definition must lead to its term
    judge: str = ""  # a program that grades definitions
    labels: Path | None = None  # definitions that somebody has graded
    general: bool = False  # minimal pairs and probes
    aligned: bool = False  # the same options in two languages: consistency
    texts: Path | None = None  # running text: bits per byte
    against: Path | None = None  # the model that predictions on the texts are compared with
    tasks: tuple[str, ...] = ()  # of lm-evaluation-harness
    task_files: Path | None = None
    limit: int | None = None  # samples per task
    threads: int = 2
    dtype: Literal["float32", "bfloat16"] = "float32"
    device: str = "cpu"
    download: bool = False  # what a Hub id names and the cache lacks
    seed: int = 20250217


def load_alone(request: EvaluationRequest, progress: Progress) -> tuple[LanguageModel, int]:
    """Return the model and the memory announced for it, in bytes.

    An adapter is put onto its base in memory, which the backend's model must be able to take.
    """
    backend = backend_of(request.model)
    options = RunOptions("", request.threads, request.dtype, request.device)
    if not backend.folders:
        return backend.load(request.model, options), RUNTIME
    folder = named_model(backend.rest(request.model), Path(), download=request.download)
    base = _base(folder, request)
    plan = _adapter_plan(folder, base) if base.folder.resolve() != folder.resolve() else None
    needed = memory_needed(base, request.dtype, adapter=plan is not None)
    if "" in backend.prefixes:  # other backends place the weights themselves
        _check_memory(needed, request.device)
    title = f"loading {folder.name}, at most {needed / 1e9:.1f} GB of memory"
    progress(title, 0, 1)
    model = backend.load(str(base.folder), options._replace(digest=base.digest))
    if plan is not None:
        if not isinstance(model, TransformersModel):
            raise LexgraftError(
                f"`{backend.name}` runs no adapters", where=str(folder), cure="merge it first"
            )
        model.put(merged_tensors(plan), digest("merge", plan.digest))
    progress(title, 1, 1)
    return model, needed


def free_only(model: LanguageModel) -> bool:
    """Return whether a model gives free answers and no log-likelihoods."""
    return isinstance(model, GenerationOnly)


def check(request: EvaluationRequest) -> None:
    """Refuse what cannot be asked, before a model is loaded.

    Raises:
        LexgraftError: nothing to ask, or a part of it without what it needs.
    """
    if not (request.items or request.texts or request.general or request.tasks):
        raise LexgraftError("nothing to ask", cure="give --items, --texts, --general or --tasks")
    if request.against and not request.texts:
        raise LexgraftError("drift is measured on texts", cure="give --texts too")
    has_concepts = request.items is not None and request.items.is_dir()
    if (request.defined or request.split == "sealed") and not has_concepts:
        raise LexgraftError(
            "this needs a test set's concepts",
            cure="give --items the folder that `lexgraft testset` has written",
        )
    if request.defined and not (request.scorer or request.judge):
        raise LexgraftError(
            "who is to read the definitions?",
            cure="give --scorer MODEL, or a --judge with its --labels",
        )
    if bool(request.judge) != bool(request.labels) or (request.judge and not request.defined):
        raise LexgraftError(
            "a judge grades definitions and is measured on labels",
            cure="give --defined, --judge and --labels together",
        )


def _base(folder: Path, request: EvaluationRequest) -> Checkpoint:
    """Return the checkpoint to load: the folder itself, or an adapter's base."""
    if not (folder / CONFIG).is_file():
        return open_checkpoint(folder)
    if request.base is None:
        raise LexgraftError(
            "an adapter needs the model it was trained on", where=str(folder), cure="give --base"
        )
    return open_checkpoint(named_model(str(request.base), Path(), download=request.download))


def _adapter_plan(folder: Path, base: Checkpoint) -> MergePlan:
    """Return the adapter put onto its base with weight 1, in float32."""
    adapter = open_input_model(folder, base, ADAPTER)
    candidate = Candidate("task_arithmetic", {"weight": {ADAPTER: 1.0}})
    return plan_merge(candidate, base, {ADAPTER: adapter}, "float32", 0)


def memory_needed(model: Checkpoint, dtype: str, *, adapter: bool) -> int:
    """Return an upper estimate of the memory that evaluating a model takes, in bytes.

    The weights in the format they are run in, the file they are read from, an adapter's copies,
    one batch of activations with its masks, and the libraries.
    """
    parameters = sum(entry.size for entry in model.tensors.values())
    width = max(min(entry.shape, default=1) for entry in model.tensors.values())
    bytes_each = 4 if dtype == "float32" else 2
    copies = 2 * 4 * parameters if adapter else 0
    file = sum(shard.size for shard in model.shards)
    batch = 4 * TOKEN_BUDGET * (ROWS_HELD * width + TOKEN_BUDGET)
    return bytes_each * parameters + copies + file + batch + RUNTIME


def _check_memory(needed: int, device: str) -> None:
    """Refuse what this machine's free memory cannot hold.

    Raises:
        LexgraftError: it cannot, with both figures.
    """
    free = _free_memory()
    if device == "cpu" and free is not None and needed > free:
        raise LexgraftError(
            f"about {needed / 1e9:.1f} GB of memory are needed, {free / 1e9:.1f} are free",
            cure="free memory, use --dtype bfloat16, or a smaller model",
        )


def _free_memory() -> int | None:
    """Return the bytes that can be taken without swapping, where the system says."""
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") + _cached()
    except (OSError, ValueError):
        return None


def _cached() -> int:
    """Return the bytes of files held in memory, which make way."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Cached:")), 0)
