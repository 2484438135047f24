"""What one model is to be asked, and how it is run; refused where it makes no sense."""

from pathlib import Path

from msgspec import Struct

from lexgraft.errors import LexgraftError
from lexgraft.evaluation.prompt_frame import AskedPrompt
from lexgraft.models import AskedFormat, backend_of
from lexgraft.records import Split


class EvaluationRequest(Struct, frozen=True, kw_only=True):
    """What one model is to be asked, and how it is run."""

    model: str  # folder, adapter, Hub id, or address of a server
    output: Path
    items: Path | None = None
    split: Split = "confirm"
    base: Path | None = None  # of an adapter
    server_kind: str = ""  # of the server behind an address; empty: as it says itself
    check_against: Path | None = None  # the folder of the model that a server serves
    written: bool = False  # terms asked for freely
    defined: bool = False  # definitions asked for freely
    scorer: Path | None = None  # the frozen model that a definition must lead to its term
    judge: str = ""  # a program that grades definitions
    labels: Path | None = None  # definitions that somebody has graded
    general: bool = False  # minimal pairs and probes
    aligned: bool = False  # the same options in two languages: consistency
    prompt: AskedPrompt = "plain"  # how questions about terms are asked
    system_prompt: str = ""  # before every question, in a chat template
    texts: Path | None = None  # running text: bits per byte
    against: Path | None = None  # the model that predictions on the texts are compared with
    tasks: tuple[str, ...] = ()  # of lm-evaluation-harness
    task_files: Path | None = None
    limit: int | None = None  # samples per task
    threads: int = 2
    dtype: AskedFormat = "auto"
    device: str = "auto"
    gpus: int = 1  # that its layers are spread over
    download: bool = False  # what a Hub id names and the cache lacks
    seed: int = 20250217


def inputs_of_request(request: EvaluationRequest) -> list[Path]:
    """Return all files and folders that are read; an address or a Hub id is none."""
    model = Path(request.model.removeprefix("vllm:"))
    inputs = (
        request.items,
        request.base,
        request.check_against,
        request.scorer,
        request.labels,
        request.texts,
        request.against,
        request.task_files,
    )
    return [*([model] if model.exists() else ()), *(path for path in inputs if path is not None)]


def check_request(request: EvaluationRequest) -> None:
    """Refuse what cannot be asked, before a model is loaded.

    Raises:
        LexgraftError: nothing to ask, or a part of it without what it needs.
    """
    if not (request.items or request.texts or request.general or request.tasks):
        raise LexgraftError("nothing to ask", cure="give --items, --texts, --general or --tasks")
    if request.against and not request.texts:
        raise LexgraftError("drift is measured on texts", cure="give --texts too")
    refuse_unseen(request.model, tasks=bool(request.tasks), drift=request.against is not None)
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


def refuse_unseen(model: str, *, tasks: bool, drift: bool) -> None:
    """Refuse what wants a model's own predictions where it is run elsewhere, before it is asked.

    Raises:
        LexgraftError: tasks of lm-evaluation-harness, or drift, of a server or another back end.
    """
    if not (tasks or drift) or "" in backend_of(model).prefixes:
        return
    what, option = ("tasks need", "--tasks") if tasks else ("drift needs", "--drift-from")
    raise LexgraftError(
        f"{what} all predictions of a model, and what runs this one does not give them",
        where=model,
        cure=f"leave {option} out, or give the model's folder",
    )
