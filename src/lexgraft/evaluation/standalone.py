"""Evaluation of one model without a project: items, free answers, texts, general ability, tasks."""

from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from lexgraft.errors import LexgraftError
from lexgraft.evaluation.answer_store import FILE as STORE
from lexgraft.evaluation.ask import ask, ask_generations, ask_questions, ask_texts
from lexgraft.evaluation.consistency import aligned_items, consistency
from lexgraft.evaluation.cost_log import CostLog
from lexgraft.evaluation.custom_items import REWRITE, read_items
from lexgraft.evaluation.definitions import (
    DEFINITION_TOKENS,
    Scorer,
    definition_scores,
    definitions_for_items,
    save_definitions,
)
from lexgraft.evaluation.evaluation_request import (
    EvaluationRequest,
    check_request,
    inputs_of_request,
)
from lexgraft.evaluation.general_drift import Predictions, drift
from lexgraft.evaluation.general_pairs import minimal_pairs, pair_questions, pair_scores
from lexgraft.evaluation.general_probes import TOKENS, probe_scores, probes
from lexgraft.evaluation.general_texts import bits_per_byte
from lexgraft.evaluation.grade import grade, pmi
from lexgraft.evaluation.item_results import item_scores, results
from lexgraft.evaluation.judge import read_labels
from lexgraft.evaluation.lm_eval_run import task_scores
from lexgraft.evaluation.load_runs import AGAIN, IDENTITY, ModelIdentity, families_of_testset
from lexgraft.evaluation.measures import AGREEMENT, BITS, CONSISTENCY, DRIFT, GRAMMAR, PROBES
from lexgraft.evaluation.model_loading import (
    back_end_of,
    check_frame,
    frame_of_request,
    free_only,
    load_alone,
    name_of,
)
from lexgraft.evaluation.prompt_frame import PromptForm
from lexgraft.evaluation.served_probes import check_same_model
from lexgraft.evaluation.term_generation import (
    TERM_TOKENS,
    grade_written,
    term_questions,
    written_scores,
)
from lexgraft.files.checked_files import is_on_record, read_checked, write_checked
from lexgraft.files.run_folder import RunFolder, hold
from lexgraft.files.running_text import RunningText, read_running_text
from lexgraft.files.sealed_concepts import SealedOpening, open_sealed
from lexgraft.files.store_url import without_secrets
from lexgraft.models import LanguageModel
from lexgraft.models.transformers import TransformersModel
from lexgraft.records import (
    Answer,
    Concept,
    Document,
    Item,
    Progress,
    Score,
    digest,
    silent,
    write_bytes,
    write_lines,
)

if TYPE_CHECKING:
    import numpy as np

LANGUAGES = ("en", "ja")  # that minimal pairs and probes exist in
PAIRS = 24  # minimal pairs per phenomenon
TEXT_TOKENS = 160
CHAT: PromptForm = "chat"
TOP = 64  # of the other model's likeliest tokens, kept per position to measure the drift


class EvaluationRecord(Struct, frozen=True, forbid_unknown_fields=True):
    """One model's scores, and what they cost."""

    model: str
    digest: str
    scoring: str  # shared, plain or server; number format and device where not the usual
    scores: tuple[Score, ...]
    crossed: int  # options whose first token would have spanned the end of the context
    announced_bytes: int
    peak_bytes: int
    seconds: float  # of all runs of the same command
    warnings: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()  # how far a server's numbers agree, with themselves and a folder


def evaluate_alone(request: EvaluationRequest, progress: Progress = silent) -> EvaluationRecord:
    """Return the scores of a model that needs no project, its answers kept in the output.

    Raises:
        LexgraftError: nothing to ask, a model or items that cannot be read, too little memory.
    """
    check_request(request)
    with hold(request.output, inputs_of_request(request), "evaluate") as run:
        costs = CostLog(run.path)
        model = without_secrets(str(request.model))
        name = f"evaluate {model} {digest(repr(replace(request, output=Path())))[:12]}"
        with costs.measure(name):
            record = _StandaloneRun(request, run, progress).record()
        cost = costs.cost(name)
        return replace(record, seconds=cost.seconds, peak_bytes=cost.peak_bytes)


class _StandaloneRun:
    """One evaluation: the model, what it is asked, and where its answers are stored."""

    def __init__(self, request: EvaluationRequest, run: RunFolder, progress: Progress) -> None:
        self._request, self._progress = request, progress
        self._items = read_items(request.items, request.split) if request.items else []
        self._texts = read_running_text(request.texts) if request.texts else RunningText([])
        check_frame(request)
        self._reference = self._reference_predictions()
        self._model, self._bytes = load_alone(request, progress)
        self._name = name_of(request, self._model)
        self._folder = run.path / "answers" / self._model.digest
        check_same_model(self._model, self._folder)
        self._store = self._folder / STORE
        self._frame = frame_of_request(request, self._folder)
        if request.split == "sealed" and request.items:
            self._open_sealed(request.items)
        self._write_identity(run.path)

    def _open_sealed(self, test: Path) -> None:
        """Put on record that the sealed concepts were shown to this model."""
        concepts = tuple(dict.fromkeys(item.concept for item in self._items))
        open_sealed(test, SealedOpening(self._name, self._model.digest, (), concepts))

    def _write_identity(self, run: Path) -> None:
        """Write whose answers these are, and the items beside those asked here before."""
        identity = ModelIdentity(self._name, self._model.digest, back_end_of(self._model))
        write_checked(self._folder / IDENTITY, [identity])
        file = run / "items.jsonl"
        earlier = read_checked(file, Item, AGAIN) if is_on_record(file) else []
        by_id = {item.id: item for item in earlier}
        for item in self._items:
            if by_id.setdefault(item.id, item) != item:
                raise LexgraftError(
                    f"the item {item.id!a} was asked here with another text or answer",
                    where=str(file),
                    cure="give another --output",
                )
        write_checked(file, by_id.values())

    def record(self) -> EvaluationRecord:
        """Return the scores of all that was requested; what they cost is added by the caller."""
        item_rows, crossed = self._item_scores()
        further = (
            self._term_scores(),
            self._consistency_scores(),
            self._general_scores(),
            self._text_scores(),
            self._task_scores(),
            self._definition_scores(),
        )
        scores = tuple(chain(item_rows, *further))
        write_lines(self._folder / "scores.jsonl", scores)
        warning = getattr(self._model, "warning", "")
        texts = self._request.texts
        return EvaluationRecord(
            model=self._name,
            digest=self._model.digest,
            scoring=" ".join([self._model.scoring, *([CHAT] if self._frame.form == CHAT else [])]),
            scores=scores,
            crossed=crossed,
            announced_bytes=self._bytes,
            peak_bytes=0,
            seconds=0.0,
            checks=getattr(self._model, "checks", ()),
            warnings=(
                *((warning,) if warning else ()),
                *(self._texts.notes(texts.name) if texts else ()),
            ),
        )

    def _item_scores(self) -> tuple[list[Score], int]:
        """Return the scores of the items, and how many options crossed a token boundary."""
        if not self._items or free_only(self._model):
            return [], 0
        answers = self._asked(self._items)
        write_checked(self._folder / f"items-{digest(*self._items)[:12]}.jsonl", answers)
        write_lines(self._folder / "results.jsonl", results(self._items, answers))
        crossed = sum(sum(answer.crossed) for answer in answers)
        return item_scores(self._name, grade(self._items, answers)), crossed

    def _term_scores(self) -> list[Score]:
        if not (self._request.written or free_only(self._model)):
            return []
        items = term_questions(self._items)
        prompts = [self._frame.item(item).context for item in items]
        texts = self._generate(prompts, TERM_TOKENS, ("\n",))
        terms = grade_written(items, texts, self._concepts())
        rows = [
            {"item": item.id, **term._asdict()} for item, term in zip(items, terms, strict=True)
        ]
        lines = b"".join(msgspec.json.encode(row) + b"\n" for row in rows)
        write_bytes(self._folder / "written.jsonl", lines)
        return written_scores(self._name, terms, self._families())

    def _definition_scores(self) -> list[Score]:
        request, concepts = self._request, list(self._concepts().values())
        if not request.defined:
            return []
        definitions = definitions_for_items(
            self._items,
            concepts,
            lambda prompts, language: self._generate(
                [self._frame.prompt(prompt, language) for prompt in prompts],
                DEFINITION_TOKENS,
                ("\n",),
            ),
        )
        save_definitions(self._folder, definitions, concepts)
        return definition_scores(
            self._name,
            definitions,
            self._items,
            concepts,
            self._families(),
            scorer=self._scorer(request.scorer) if request.scorer else None,
            judge=request.judge,
            labels=read_labels(request.labels) if request.labels else (),
        )

    def _scorer(self, folder: Path) -> Scorer:
        """Return a function that asks another model, loaded beside this one."""
        model, needed = load_alone(replace(self._request, model=str(folder)), self._progress)
        self._bytes += needed
        check_same_model(model, self._folder.parent / model.digest)
        store = self._folder.parent / model.digest / STORE
        framed = self._frame.item
        return lambda _, items: ask([*map(framed, items)], model, store, self._progress)

    def _asked(self, items: Sequence[Item]) -> list[Answer]:
        """Return the model's answers to items, within the frame of this folder."""
        framed = [self._frame.item(item) for item in items]
        return ask(framed, self._model, self._store, self._progress)

    def _generate(self, prompts: Sequence[str], tokens: int, stop: tuple[str, ...]) -> list[str]:
        answers = ask_generations(prompts, self._model, self._store, tokens, stop, self._progress)
        return [answer.text for answer in answers]

    def _concepts(self) -> dict[str, Concept]:
        """Return the concepts beside a test set's items, for all their names."""
        folder = self._request.items
        file = folder / f"concepts-{self._request.split}.jsonl" if folder else None
        if file is None or not file.is_file():
            return {}
        concepts = read_checked(file, Concept, REWRITE, foreign=True)
        return {concept.id: concept for concept in concepts}

    def _families(self) -> dict[str, str]:
        """Return the families among all concepts of the test set."""
        folder = self._request.items
        return families_of_testset(folder, REWRITE) if folder else {}

    def _consistency_scores(self) -> list[Score]:
        """Return RankC between the directions of the items, chance taken off."""
        if not self._request.aligned:
            return []
        pairs = aligned_items(self._items, list(self._concepts().values()))
        items = [item for pair in pairs for item in pair]
        answers = iter(map(pmi, self._asked(items)))
        groups: dict[str, dict[str, list[tuple[Sequence[float], Sequence[float]]]]] = {}
        for first, second in pairs:
            by_concept = groups.setdefault(f"{first.pair} and {second.pair}", {})
            by_concept.setdefault(first.concept, []).append((next(answers), next(answers)))
        return [
            consistency(by_concept, self._request.seed).score(CONSISTENCY, self._name, group)
            for group, by_concept in groups.items()
        ]

    def _general_scores(self) -> list[Score]:
        """Return the share of probes passed and, where options can be scored, of minimal pairs."""
        if not self._request.general:
            return []
        tasks = probes(LANGUAGES, self._request.seed)
        texts = self._generate([probe.prompt for probe in tasks], TOKENS, ())
        passed = probe_scores(tasks, texts)
        scores = [share.score(PROBES, self._name, group) for group, share in passed.items()]
        if free_only(self._model):
            return scores
        pairs = minimal_pairs(LANGUAGES, PAIRS, self._request.seed)
        options = ask_questions(pair_questions(pairs), self._model, self._store, self._progress)
        grammar = pair_scores(pairs, options)
        return [
            *scores,
            *(share.score(GRAMMAR, self._name, group, 0.5) for group, share in grammar.items()),
        ]

    def _text_scores(self) -> list[Score]:
        if self._request.texts is None:
            return []
        documents = self._texts.documents
        bits = ask_texts(documents, self._model, self._store, TEXT_TOKENS, self._progress)
        per_byte = bits_per_byte(documents, bits, self._request.seed)
        scores = [rate.score(BITS, self._name, group) for group, rate in per_byte.items()]
        return [*scores, *self._drift_scores(documents)]

    def _task_scores(self) -> list[Score]:
        request = self._request
        if not request.tasks:
            return []
        if not isinstance(self._model, TransformersModel):
            raise LexgraftError("tasks score options, this engine gives none", cure="give a folder")
        return task_scores(
            self._model,
            self._name,
            request.tasks,
            self._folder,
            include=request.task_files,
            limit=request.limit,
        )

    def _reference_predictions(self) -> dict[str, Predictions]:
        """Return the other model's predictions on the texts; it is loaded first, and let go."""
        if self._request.against is None or self._request.texts is None:
            return {}
        reference = replace(self._request, model=str(self._request.against))
        model, _ = load_alone(reference, self._progress)
        return _predictions(model, self._texts.documents, {})

    def _drift_scores(self, documents: Sequence[Document]) -> list[Score]:
        if self._request.against is None:
            return []
        tokens = {name: predicted.tokens for name, predicted in self._reference.items()}
        predictions = _predictions(self._model, documents, tokens)
        measured = drift(self._reference, predictions, self._request.seed)
        group = f"against {self._request.against.name}"
        return [
            measured.divergence.score(DRIFT, self._name, group),
            measured.agreement.score(AGREEMENT, self._name, group),
        ]


def _predictions(
    model: LanguageModel, documents: Sequence[Document], tokens: "dict[str, np.ndarray]"
) -> dict[str, Predictions]:
    """Return a model's predictions per document; `tokens` are another model's likeliest."""
    if not isinstance(model, TransformersModel):
        raise LexgraftError(
            "this engine's predictions cannot be seen", cure="leave --drift-from out"
        )
    rows = model.predictions(
        [document.text for document in documents],
        TEXT_TOKENS,
        TOP,
        [tokens[document.id] for document in documents] if tokens else None,
    )
    return {document.id: Predictions(*row) for document, row in zip(documents, rows, strict=True)}
