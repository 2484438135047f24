"""Loading one model to evaluate it: a folder, an adapter on its base, a server (no project)."""

from pathlib import Path

from lexgraft.errors import LexgraftError
from lexgraft.evaluation.evaluation_request import EvaluationRequest
from lexgraft.evaluation.memory_check import RUNTIME, check_free_memory, memory_needed
from lexgraft.evaluation.prompt_frame import PromptFrame, frame_of_run, new_frame
from lexgraft.evaluation.run_format import computation_of_run
from lexgraft.files.hub import named_model
from lexgraft.files.model_files import CONFIG
from lexgraft.files.ownership import real_path
from lexgraft.models import AskedFormat, LanguageModel, RunOptions, backend_of, load
from lexgraft.models.generation_only import GenerationOnly
from lexgraft.models.openai_server import OpenAIModel
from lexgraft.models.served_model import ServedModel
from lexgraft.models.server_checks import check_against
from lexgraft.models.transformers import TransformersModel
from lexgraft.project import Candidate
from lexgraft.records import Progress, digest
from lexgraft.weights.checkpoint.checkpoint_index import Checkpoint, open_checkpoint
from lexgraft.weights.checkpoint.input_model import open_input_model
from lexgraft.weights.merge.live_merge import merged_tensors
from lexgraft.weights.merge.merge_plan import MergePlan, plan_merge

ADAPTER = "adapter"
_SYSTEM = "--system-prompt"


def load_alone(request: EvaluationRequest, progress: Progress) -> tuple[LanguageModel, int]:
    """Return the model and the memory announced for it, in bytes.

    An adapter is put onto its base in memory, which the backend's model must be able to take.
    """
    backend = backend_of(request.model)
    dtype: AskedFormat = request.dtype
    device = request.device
    if "" in backend.prefixes:  # other backends choose their numbers themselves
        chosen = computation_of_run(device, dtype, request.output)
        device, dtype = chosen.device, chosen.dtype
    options = RunOptions("", request.threads, dtype, device, request.gpus)
    if not backend.folders:
        options = options._replace(server_kind=request.server_kind)
        return _of_server(backend.load(request.model, options), request, progress)
    folder = named_model(backend.rest(request.model), Path(), download=request.download)
    base = _base(folder, request)
    plan = _adapter_plan(folder, base) if real_path(base.folder) != real_path(folder) else None
    needed = memory_needed(base, dtype, adapter=plan is not None)
    if "" in backend.prefixes:  # other backends place the weights themselves
        check_free_memory(needed, device, request.gpus)
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


def frame_of_request(request: EvaluationRequest, answers: Path) -> PromptFrame:
    """Return within what questions are asked, on record in the folder of the model's answers.

    Raises:
        LexgraftError: see `frame_of_run`; a chat is asked for of a model without a folder here.
    """
    answered = any(answers.glob("items-*.jsonl"))
    system = request.system_prompt
    return frame_of_run(
        request.prompt, answers, _home(request), system, begun=answered, where=_SYSTEM
    )


def check_frame(request: EvaluationRequest) -> None:
    """Refuse a prompt that the model has no template for, before its weights are read.

    Raises:
        LexgraftError: see `frame_of_request`.
    """
    new_frame(request.prompt, _home(request), request.system_prompt, _SYSTEM)


def _home(request: EvaluationRequest) -> Path:
    """Return the folder of the tokenizer whose template is used; of plain text no template is.

    Raises:
        LexgraftError: a chat is asked for of a model without a folder here.
    """
    backend = backend_of(request.model)
    if request.prompt == "plain":
        return Path()
    if not backend.folders:
        raise LexgraftError(
            f"`{backend.name}` is given plain text: its chat template is not known here",
            cure="leave --prompt out",
        )
    folder = named_model(backend.rest(request.model), Path(), download=request.download)
    return _base(folder, request).folder


def free_only(model: LanguageModel) -> bool:
    """Return whether a model gives free answers and no log-likelihoods."""
    return isinstance(model, GenerationOnly)


def _of_server(
    model: LanguageModel, request: EvaluationRequest, progress: Progress
) -> tuple[LanguageModel, int]:
    """Return a server's model, its scores compared with the folder's where one is named."""
    folder = request.check_against
    if folder is None:
        return model, RUNTIME
    if not isinstance(model, ServedModel):
        raise LexgraftError(
            "this server scores no options that could be checked",
            where=request.model,
            cure="leave --check-against out, or name the server's kind with --server-kind",
        )
    named = named_model(str(folder), Path(), download=request.download)
    needed = memory_needed(open_checkpoint(named), "float32", adapter=False)
    check_free_memory(needed, "cpu")
    progress(f"loading {named.name} to check the server against", 0, 1)
    local = load(named, threads=request.threads, dtype="float32", device="cpu")
    progress(f"loading {named.name} to check the server against", 1, 1)
    model.checks = (*model.checks, check_against(model, local, named.name, request.model))
    return model, RUNTIME + needed


def name_of(request: EvaluationRequest, model: LanguageModel) -> str:
    """Return what a model is called: as its server calls it, or as its folder."""
    if isinstance(model, ServedModel | OpenAIModel):
        return model.name
    return Path(request.model.partition("#")[0]).name or request.model


def back_end_of(model: LanguageModel) -> str:
    """Return which server or engine computes; empty for this program's own arithmetic."""
    return "" if isinstance(model, TransformersModel) else model.scoring


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
