"""One model without a project: its folder, adapter or server, asked a set of items."""

import os
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec
from msgspec import Struct

from lexgraft.adopt.meter import Meter
from lexgraft.checkpoint.constituent import open_constituent
from lexgraft.checkpoint.index import Checkpoint, open_checkpoint
from lexgraft.checkpoint.lora_config import CONFIG
from lexgraft.errors import UserError
from lexgraft.evaluate.ask import ask, ask_generations, ask_questions, ask_texts
from lexgraft.evaluate.consistency import aligned_items, consistency
from lexgraft.evaluate.entrants import IDENTITY, Identity
from lexgraft.evaluate.general import bits_per_byte
from lexgraft.evaluate.general_drift import Predictions, drift
from lexgraft.evaluate.general_pairs import minimal_pairs, pair_questions, pair_scores
from lexgraft.evaluate.general_probes import TOKENS, probe_scores, probes
from lexgraft.evaluate.grade import grade, pmi
from lexgraft.evaluate.own import read_items
from lexgraft.evaluate.results import item_scores, results
from lexgraft.evaluate.written import TERM_TOKENS, grade_written, term_questions, written_scores
from lexgraft.lock import RunFolder, hold
from lexgraft.merge.memory import merged_tensors
from lexgraft.merge.plan import MergePlan, plan_merge
from lexgraft.models import LanguageModel
from lexgraft.models.openai import OpenAIModel
from lexgraft.models.transformers import TOKEN_BUDGET, TransformersModel
from lexgraft.project import Candidate, Prices
from lexgraft.records import (
    Concept,
    Document,
    Item,
    Progress,
    Score,
    Split,
    digest,
    read_lines,
    silent,
    write_bytes,
    write_lines,
)
from lexgraft.report.record import BITS, DRIFT

if TYPE_CHECKING:
    import numpy as np

ADAPTER = "adapter"
CONSISTENCY = "consistency (RankC less chance)"
LANGUAGES = ("en", "ja")  # that minimal pairs and probes exist in
PAIRS = 24  # minimal pairs per phenomenon
TEXT_TOKENS = 160
TOP = 64  # of the other model's likeliest tokens, kept per place to measure the drift
RUNTIME = 700_000_000  # interpreter, libraries, kernels' scratch
ROWS_HELD = 24  # activations held at once, in multiples of a layer's width


class Question(Struct, frozen=True, kw_only=True):
    """What one model is to be asked, and how it is run."""

    model: str  # folder, adapter, or address of a server
    output: Path
    items: Path | None = None
    split: Split = "confirm"
    base: Path | None = None  # of an adapter
    written: bool = False  # terms asked for freely
    general: bool = False  # minimal pairs and probes
    aligned: bool = False  # the same options in two languages: consistency
    texts: Path | None = None  # running text: bits per byte
    against: Path | None = None  # the model that predictions on the texts are compared with
    threads: int = 2
    dtype: Literal["float32", "bfloat16"] = "float32"
    device: str = "cpu"
    seed: int = 20250217


class Evaluated(Struct, frozen=True, forbid_unknown_fields=True):
    """One model's scores, and what they cost."""

    model: str
    digest: str
    scoring: str  # shared, plain or server; number format and device where not the usual
    scores: tuple[Score, ...]
    crossed: int  # options whose first token would have crossed the seam
    announced_bytes: int
    peak_bytes: int
    seconds: float
    warnings: tuple[str, ...] = ()


def evaluate_alone(question: Question, progress: Progress = silent) -> Evaluated:
    """Return the scores of a model that needs no project, its answers kept in the output.

    Raises:
        UserError: nothing to ask, a model or items that cannot be read, too little memory.
    """
    if not (question.items or question.texts or question.general):
        raise UserError("nothing to ask", cure="give --items, --texts or --general")
    if question.against and not question.texts:
        raise UserError("--against compares predictions on texts", cure="give --texts too")
    with hold(question.output) as run:
        return _Asked(question, run, progress).everything()


class _Asked:
    """One evaluation under way."""

    def __init__(self, question: Question, run: RunFolder, progress: Progress) -> None:
        self._asked, self._progress = question, progress
        self._items = read_items(question.items, question.split) if question.items else []
        self._meter = Meter(Prices())
        self._before = self._others()
        self._model, self._bytes = _load(question, progress)
        self._name = Path(question.model.partition("#")[0]).name or question.model
        self._folder = run.path / "answers" / self._model.digest
        self._store = self._folder / "items.store.jsonl"
        self._remember(run.path)

    def _remember(self, run: Path) -> None:
        """Write whose answers these are, and the items beside those asked here before."""
        write_lines(self._folder / IDENTITY, [Identity(self._name, self._model.digest)])
        known = read_lines(run / "items.jsonl", Item) if (run / "items.jsonl").is_file() else []
        every = {item.id: item for item in (*known, *self._items)}
        write_lines(run / "items.jsonl", every.values())

    def everything(self) -> Evaluated:
        """Return all that was asked for."""
        scored, crossed = self._scored()
        rest = (self._written(), self._consistent(), self._general(), self._texts())
        scores = tuple(chain(scored, *rest))
        write_lines(self._folder / "scores.jsonl", scores)
        cost = self._meter.cost()
        warning = getattr(self._model, "warning", "")
        return Evaluated(
            model=self._name,
            digest=self._model.digest,
            scoring=self._model.scoring,
            scores=scores,
            crossed=crossed,
            announced_bytes=self._bytes,
            peak_bytes=cost.peak_bytes,
            seconds=cost.seconds,
            warnings=(warning,) if warning else (),
        )

    def _scored(self) -> tuple[list[Score], int]:
        if not self._items or isinstance(self._model, OpenAIModel):
            return [], 0
        answers = ask(self._items, self._model, self._store, self._progress)
        write_lines(self._folder / f"items-{digest(*self._items)[:12]}.jsonl", answers)
        write_lines(self._folder / "results.jsonl", results(self._items, answers))
        crossed = sum(sum(answer.crossed) for answer in answers)
        return item_scores(self._name, grade(self._items, answers)), crossed

    def _written(self) -> list[Score]:
        if not (self._asked.written or isinstance(self._model, OpenAIModel)):
            return []
        items = term_questions(self._items)
        texts = self._said([item.context for item in items], TERM_TOKENS, ("\n",))
        found = grade_written(items, texts, self._concepts())
        rows = [{"item": item.id, **one._asdict()} for item, one in zip(items, found, strict=True)]
        lines = b"".join(msgspec.json.encode(row) + b"\n" for row in rows)
        write_bytes(self._folder / "written.jsonl", lines)
        return written_scores(self._name, found)

    def _said(self, prompts: Sequence[str], tokens: int, stop: tuple[str, ...]) -> list[str]:
        found = ask_generations(prompts, self._model, self._store, tokens, stop, self._progress)
        return [one.text for one in found]

    def _concepts(self) -> dict[str, Concept]:
        """Return the concepts beside a test set's items, for all their names."""
        folder = self._asked.items
        file = folder / f"concepts-{self._asked.split}.jsonl" if folder else None
        if file is None or not file.is_file():
            return {}
        return {one.id: one for one in read_lines(file, Concept)}

    def _consistent(self) -> list[Score]:
        """Return RankC between the directions of the items, chance taken off."""
        if not self._asked.aligned:
            return []
        pairs = aligned_items(self._items, list(self._concepts().values()))
        both = [item for pair in pairs for item in pair]
        answers = iter(map(pmi, ask(both, self._model, self._store, self._progress)))
        grouped: dict[str, dict[str, list[tuple[Sequence[float], Sequence[float]]]]] = {}
        for first, second in pairs:
            one = grouped.setdefault(f"{first.pair} and {second.pair}", {})
            one.setdefault(first.concept, []).append((next(answers), next(answers)))
        return [
            consistency(found, self._asked.seed).score(CONSISTENCY, self._name, group)
            for group, found in grouped.items()
        ]

    def _general(self) -> list[Score]:
        if not self._asked.general:
            return []
        asked = probes(LANGUAGES, self._asked.seed)
        said = self._said([one.prompt for one in asked], TOKENS, ())
        scores = [i.score("probes", self._name, g) for g, i in probe_scores(asked, said).items()]
        if isinstance(self._model, OpenAIModel):
            return scores
        pairs = minimal_pairs(LANGUAGES, PAIRS, self._asked.seed)
        found = ask_questions(pair_questions(pairs), self._model, self._store, self._progress)
        grammar = pair_scores(pairs, found).items()
        return [*scores, *(i.score("grammar", self._name, g, 0.5) for g, i in grammar)]

    def _texts(self) -> list[Score]:
        if self._asked.texts is None:
            return []
        documents = read_lines(self._asked.texts, Document)
        bits = ask_texts(documents, self._model, self._store, TEXT_TOKENS, self._progress)
        per_byte = bits_per_byte(documents, bits, self._asked.seed)
        scores = [i.score(BITS, self._name, g) for g, i in per_byte.items()]
        return [*scores, *self._drift(documents)]

    def _others(self) -> dict[str, Predictions]:
        """Return what the other model expects in the texts; it is loaded first, and let go."""
        if self._asked.against is None or self._asked.texts is None:
            return {}
        other = msgspec.structs.replace(self._asked, model=str(self._asked.against))
        model, _ = _load(other, self._progress)
        return _expected(model, read_lines(self._asked.texts, Document), {})

    def _drift(self, documents: Sequence[Document]) -> list[Score]:
        if self._asked.against is None:
            return []
        at = {name: one.tokens for name, one in self._before.items()}
        found = drift(self._before, _expected(self._model, documents, at), self._asked.seed)
        where = f"against {self._asked.against.name}"
        return [
            found.divergence.score(DRIFT, self._name, where),
            found.agreement.score("same next token", self._name, where),
        ]


def _expected(
    model: LanguageModel, documents: Sequence[Document], at: "dict[str, np.ndarray]"
) -> dict[str, Predictions]:
    """Return a model's predictions per document, at the other's likeliest tokens if given."""
    if not isinstance(model, TransformersModel):
        raise UserError("a server's predictions cannot be seen", cure="leave --against out")
    names = list(dict.fromkeys(one.id for one in documents))
    texts = {one.id: one.text for one in documents}
    found = model.predictions(
        [texts[name] for name in names],
        TEXT_TOKENS,
        TOP,
        [at[name] for name in names] if at else None,
    )
    return {name: Predictions(*one) for name, one in zip(names, found, strict=True)}


def _load(question: Question, progress: Progress) -> tuple[LanguageModel, int]:
    """Return the model and the memory announced for it."""
    if question.model.startswith(("http://", "https://")):
        return OpenAIModel.connect(question.model), RUNTIME
    folder = Path(question.model)
    base = _base(folder, question.base)
    plan = _adapter_plan(folder, base) if base.folder.resolve() != folder.resolve() else None
    needed = memory_needed(base, question.dtype, adapter=plan is not None)
    _check_memory(needed, question.device)
    what = f"loading {folder.name}, at most {needed / 1e9:.1f} GB of memory"
    progress(what, 0, 1)
    model = TransformersModel.load(
        base.folder, base.digest, question.threads, dtype=question.dtype, device=question.device
    )
    if plan is not None:
        model.put(merged_tensors(plan), digest("merge", plan.digest))
    progress(what, 1, 1)
    return model, needed


def _base(folder: Path, base: Path | None) -> Checkpoint:
    """Return the checkpoint to load: the folder itself, or an adapter's base."""
    if not (folder / CONFIG).is_file():
        return open_checkpoint(folder)
    if base is None:
        raise UserError(
            "an adapter needs the model it was trained on", where=str(folder), cure="give --base"
        )
    return open_checkpoint(base)


def _adapter_plan(folder: Path, base: Checkpoint) -> MergePlan:
    """Return the adapter put onto its base with weight 1, in float32."""
    part = open_constituent(folder, base, ADAPTER)
    candidate = Candidate("task_arithmetic", {"weight": {ADAPTER: 1.0}})
    return plan_merge(candidate, base, {ADAPTER: part}, "float32", 0)


def memory_needed(model: Checkpoint, dtype: str, *, adapter: bool) -> int:
    """Return an upper estimate of the memory that evaluating a model takes, in bytes.

    The weights in the format they are run in, the file they are read from, an adapter's copies,
    one batch of activations with its masks, and the libraries.
    """
    parameters = sum(entry.size for entry in model.tensors.values())
    width = max(min(entry.shape, default=1) for entry in model.tensors.values())
    each = 4 if dtype == "float32" else 2
    copies = 2 * 4 * parameters if adapter else 0
    file = sum(shard.size for shard in model.shards)
    batch = 4 * TOKEN_BUDGET * (ROWS_HELD * width + TOKEN_BUDGET)
    return each * parameters + copies + file + batch + RUNTIME


def _check_memory(needed: int, device: str) -> None:
    """Refuse what this machine's free memory cannot hold.

    Raises:
        UserError: it cannot, with both figures.
    """
    free = _free_memory()
    if device == "cpu" and free is not None and needed > free:
        raise UserError(
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
