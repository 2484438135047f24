"""One model without a project: its folder, adapter or server, asked a set of items."""

from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from lexgraft.errors import LexgraftError
from lexgraft.evaluation.answer_store import FILE as STORE
from lexgraft.evaluation.ask import ask, ask_generations, ask_questions, ask_texts
from lexgraft.evaluation.consistency import aligned_items, consistency
from lexgraft.evaluation.custom_items import read_items
from lexgraft.evaluation.definition_scores import (
    definition_scores,
    write_definitions,
    written_definitions,
)
from lexgraft.evaluation.definitions import DEFINITION_TOKENS, Scorer
from lexgraft.evaluation.general_drift import Predictions, drift
from lexgraft.evaluation.general_pairs import minimal_pairs, pair_questions, pair_scores
from lexgraft.evaluation.general_probes import TOKENS, probe_scores, probes
from lexgraft.evaluation.general_texts import bits_per_byte
from lexgraft.evaluation.grade import grade, pmi
from lexgraft.evaluation.item_results import item_scores, results
from lexgraft.evaluation.lm_eval_run import task_scores
from lexgraft.evaluation.load_runs import IDENTITY, ModelIdentity
from lexgraft.evaluation.measures import BITS, DRIFT
from lexgraft.evaluation.model_loading import EvaluationRequest, check, free_only, load_alone
from lexgraft.evaluation.resource_usage import Meter
from lexgraft.evaluation.term_generation import (
    TERM_TOKENS,
    grade_written,
    term_questions,
    written_scores,
)
from lexgraft.files.run_folder import RunFolder, hold
from lexgraft.files.sealed_concepts import SealedOpening, open_sealed
from lexgraft.models import LanguageModel
from lexgraft.models.transformers import TransformersModel
from lexgraft.project import Prices
from lexgraft.records import (
    Concept,
    Document,
    Item,
    Progress,
    Score,
    digest,
    read_lines,
    silent,
    write_bytes,
    write_lines,
)

if TYPE_CHECKING:
    import numpy as np

CONSISTENCY = "consistency (RankC less chance)"
LANGUAGES = ("en", "ja")  # that minimal pairs and probes exist in
PAIRS = 24  # minimal pairs per phenomenon
TEXT_TOKENS = 160
TOP = 64  # of the other model's likeliest tokens, kept per place to measure the drift


class EvaluationRecord(Struct, frozen=True, forbid_unknown_fields=True):
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


def evaluate_alone(question: EvaluationRequest, progress: Progress = silent) -> EvaluationRecord:
    """Return the scores of a model that needs no project, its answers kept in the output.

    Raises:
        LexgraftError: nothing to ask, a model or items that cannot be read, too little memory.
    """
    check(question)
    with hold(question.output, inputs_of_question(question)) as run:
        return _StandaloneRun(question, run, progress).everything()


def inputs_of_question(question: EvaluationRequest) -> list[Path]:
    """Return all files and folders that are read; an address or a Hub id is none."""
    model = Path(question.model.removeprefix("vllm:"))
    given = (
        question.items,
        question.base,
        question.scorer,
        question.labels,
        question.texts,
        question.against,
        question.task_files,
    )
    return [*([model] if model.exists() else ()), *(path for path in given if path is not None)]


class _StandaloneRun:
    """One evaluation under way."""

    def __init__(self, question: EvaluationRequest, run: RunFolder, progress: Progress) -> None:
        self._asked, self._progress = question, progress
        self._items = read_items(question.items, question.split) if question.items else []
        self._meter = Meter(Prices())
        self._before = self._others()
        self._model, self._bytes = load_alone(question, progress)
        self._name = Path(question.model.partition("#")[0]).name or question.model
        self._folder = run.path / "answers" / self._model.digest
        self._store = self._folder / STORE
        if question.split == "sealed" and question.items:
            self._open(question.items)
        self._remember(run.path)

    def _open(self, test: Path) -> None:
        """Put on record that the sealed concepts were shown to this model."""
        concepts = tuple(dict.fromkeys(item.concept for item in self._items))
        open_sealed(test, SealedOpening(self._name, self._model.digest, (), concepts))

    def _remember(self, run: Path) -> None:
        """Write whose answers these are, and the items beside those asked here before."""
        write_lines(self._folder / IDENTITY, [ModelIdentity(self._name, self._model.digest)])
        known = read_lines(run / "items.jsonl", Item) if (run / "items.jsonl").is_file() else []
        every = {item.id: item for item in (*known, *self._items)}
        write_lines(run / "items.jsonl", every.values())

    def everything(self) -> EvaluationRecord:
        """Return all that was asked for."""
        scored, crossed = self._scored()
        rest = (
            self._written(),
            self._consistent(),
            self._general(),
            self._texts(),
            self._tasks(),
            self._defined(),
        )
        scores = tuple(chain(scored, *rest))
        write_lines(self._folder / "scores.jsonl", scores)
        cost = self._meter.cost()
        warning = getattr(self._model, "warning", "")
        return EvaluationRecord(
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
        if not self._items or free_only(self._model):
            return [], 0
        answers = ask(self._items, self._model, self._store, self._progress)
        write_lines(self._folder / f"items-{digest(*self._items)[:12]}.jsonl", answers)
        write_lines(self._folder / "results.jsonl", results(self._items, answers))
        crossed = sum(sum(answer.crossed) for answer in answers)
        return item_scores(self._name, grade(self._items, answers)), crossed

    def _written(self) -> list[Score]:
        if not (self._asked.written or free_only(self._model)):
            return []
        items = term_questions(self._items)
        texts = self._said([item.context for item in items], TERM_TOKENS, ("\n",))
        found = grade_written(items, texts, self._concepts())
        rows = [{"item": item.id, **one._asdict()} for item, one in zip(items, found, strict=True)]
        lines = b"".join(msgspec.json.encode(row) + b"\n" for row in rows)
        write_bytes(self._folder / "written.jsonl", lines)
        return written_scores(self._name, found)

    def _defined(self) -> list[Score]:
        """Return what becomes of the definitions this model writes."""
        asked, concepts = self._asked, list(self._concepts().values())
        if not asked.defined:
            return []
        found = written_definitions(
            self._items, concepts, lambda prompts: self._said(prompts, DEFINITION_TOKENS, ("\n",))
        )
        write_definitions(self._folder, found, concepts)
        scorer = self._scorer(asked.scorer) if asked.scorer else None
        return definition_scores(asked, self._name, found, self._items, concepts, scorer)

    def _scorer(self, folder: Path) -> Scorer:
        """Return what asks another model, loaded beside this one."""
        model, needed = load_alone(
            msgspec.structs.replace(self._asked, model=str(folder)), self._progress
        )
        self._bytes += needed
        store = self._folder.parent / model.digest / STORE
        return lambda items: ask(items, model, store, self._progress)

    def _said(self, prompts: Sequence[str], tokens: int, stop: tuple[str, ...]) -> list[str]:
        found = ask_generations(prompts, self._model, self._store, tokens, stop, self._progress)
        return [one.text for one in found]

    def _concepts(self) -> dict[str, Concept]:
        """Return the concepts beside a test set's items, for all their names."""
        folder = self._asked.items
        file = folder / f"concepts-{self._asked.split}.jsonl" if folder else None
        if file is None or not file.is_file():
            return {}
        return {read_line.id: read_line for read_line in read_lines(file, Concept)}

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
        if free_only(self._model):
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

    def _tasks(self) -> list[Score]:
        asked = self._asked
        if not asked.tasks:
            return []
        if not isinstance(self._model, TransformersModel):
            raise LexgraftError("tasks score options, this engine gives none", cure="give a folder")
        return task_scores(
            self._model,
            self._name,
            asked.tasks,
            self._folder,
            include=asked.task_files,
            limit=asked.limit,
        )

    def _others(self) -> dict[str, Predictions]:
        """Return what the other model expects in the texts; it is loaded first, and let go."""
        if self._asked.against is None or self._asked.texts is None:
            return {}
        other = msgspec.structs.replace(self._asked, model=str(self._asked.against))
        model, _ = load_alone(other, self._progress)
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
        raise LexgraftError(
            "this engine's predictions cannot be seen", cure="leave --drift-from out"
        )
    names = list(dict.fromkeys(one.id for one in documents))
    texts = {document.id: document.text for document in documents}
    found = model.predictions(
        [texts[name] for name in names],
        TEXT_TOKENS,
        TOP,
        [at[name] for name in names] if at else None,
    )
    return {name: Predictions(*one) for name, one in zip(names, found, strict=True)}
