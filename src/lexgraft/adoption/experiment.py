"""What the stages of one adoption share: the folder, the models, the answers, the clock."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal, TypeVar

from msgspec import Struct

from lexgraft import __version__
from lexgraft.errors import LexgraftError
from lexgraft.evaluation.answer_store import FILE as STORE
from lexgraft.evaluation.ask import ask, ask_generations, ask_texts
from lexgraft.evaluation.load_runs import IDENTITY, ModelIdentity
from lexgraft.evaluation.resource_usage import Meter
from lexgraft.files.run_folder import RunFolder
from lexgraft.models.sampling import sampler
from lexgraft.models.transformers import TransformersModel
from lexgraft.project import Candidate, Project
from lexgraft.records import (
    Answer,
    Document,
    Generation,
    Item,
    Progress,
    TextScore,
    digest,
    read_lines,
    write_lines,
)
from lexgraft.terms.testset import TestSet, build_testset, write_testset
from lexgraft.tuning.replay import disjoint
from lexgraft.weights.checkpoint.checkpoint_index import Checkpoint, open_checkpoint
from lexgraft.weights.checkpoint.input_model import InputModel, open_input_model
from lexgraft.weights.merge.live_merge import merged_tensors
from lexgraft.weights.merge.merge_plan import MergePlan, plan_merge
from lexgraft.weights.merge.tokenizer_check import check_one_vocabulary

Use = Literal["choose", "confirm"]
T = TypeVar("T", bound=Struct)
R = TypeVar("R", bound=Struct)

LANGUAGE = "language"
DOMAIN = "domain"
OWN_SHARE = 0.95  # a model's own answers leave out its least likely tokens
CHOOSE_SHARE = 4  # a quarter as many texts choose among merges as judge the winner


@dataclass(frozen=True)
class EvaluatedModel:
    """A model that can be asked: a folder, or a merge onto it that need not be on disk."""

    name: str  # to show
    onto: Checkpoint
    plan: MergePlan | None = None

    @property
    def digest(self) -> str:
        """Return what identifies its weights."""
        return self.onto.digest if self.plan is None else digest("merge", self.plan.digest)


class Experiment:
    """One adoption under way."""

    def __init__(
        self, project: Project, run: RunFolder, progress: Progress, *, opens_sealed: bool = False
    ) -> None:
        self.project, self.run, self.progress = project, run, progress
        self.opens_sealed = opens_sealed  # the user wants the sealed concepts asked
        self.ran: list[str] = []
        self._engine: tuple[Path, TransformersModel] | None = None

    # --- models -------------------------------------------------------------------------------

    @cached_property
    def base(self) -> Checkpoint:
        """Return the base's index."""
        return open_checkpoint(Path(self.project.models.base))

    @cached_property
    def constituents(self) -> Mapping[str, InputModel]:
        """Return G and D by label, checked against the base: tensors, and what a number means."""
        models = self.project.models
        opened = {
            label: open_input_model(Path(path), self.base, label)
            for label, path in ((LANGUAGE, models.language), (DOMAIN, models.domain))
        }
        for part in opened.values():
            if isinstance(part.source, Checkpoint):
                check_one_vocabulary(self.base.folder, part.source.folder)
        return opened

    def merge_plan(self, candidate: Candidate) -> MergePlan:
        """Return the plan of one candidate over G and D."""
        return plan_merge(
            candidate, self.base, self.constituents, self.project.merge.dtype, self.project.seed
        )

    @cached_property
    def parents(self) -> dict[str, EvaluatedModel]:
        """Return the base, G and D as subjects."""
        return {
            "base": EvaluatedModel("base", self.base),
            "G": EvaluatedModel("G", self.base, self._alone(LANGUAGE)),
            "D": EvaluatedModel("D", self.base, self._alone(DOMAIN)),
        }

    def _alone(self, label: str) -> MergePlan:
        """Return the plan of one constituent by itself, stored as the merges are."""
        return plan_merge(
            Candidate("task_arithmetic", {"weight": {label: 1.0}}),
            self.base,
            {label: self.constituents[label]},
            self.project.merge.dtype,
            self.project.seed,
        )

    def live(self, subject: EvaluatedModel) -> TransformersModel:
        """Return the model in memory with this subject's weights in it."""
        if self._engine is None or self._engine[0] != subject.onto.folder:
            self._engine = None  # free the old weights before the new ones are read
            what = f"loading {subject.onto.folder.name}"
            self.progress(what, 0, 1)
            loaded = TransformersModel.load(
                subject.onto.folder, subject.onto.digest, self.project.limits.threads
            )
            self._engine = (subject.onto.folder, loaded)
            self.progress(f"{what}, {loaded.warning}" if loaded.warning else what, 1, 1)
        model = self._engine[1]
        if model.digest != subject.digest:
            if subject.plan is None:
                model.reset()
            else:
                model.put(merged_tensors(subject.plan), subject.digest)
        return model

    # --- what is asked ------------------------------------------------------------------------

    @cached_property
    def testset(self) -> TestSet:
        """Return the test set, written into the run's folder as well."""
        bundle = build_testset(self.project, self.progress)
        write_testset(bundle, self.run.path / "testset")
        return bundle

    @cached_property
    def texts(self) -> dict[Use, list[tuple[int, list[Document]]]]:
        """Return, per use, the running texts with their token limit; no text serves both uses."""
        found: dict[Use, list[tuple[int, list[Document]]]] = {"confirm": [], "choose": []}
        for text in self.project.general.texts:
            documents = sorted(
                read_lines(Path(text.file), Document),
                key=lambda one: digest(self.project.seed, one.id),
            )
            few = max(2, text.documents // CHOOSE_SHARE)
            if len(documents) < text.documents + few:
                raise LexgraftError(
                    f"{len(documents)} documents, {text.documents + few} are needed",
                    where=text.file,
                    cure=f"lower `documents` (a further {few} are used to choose among merges)",
                )
            found["confirm"].append((text.tokens, documents[: text.documents]))
            found["choose"].append((text.tokens, documents[text.documents :][:few]))
        return found

    @cached_property
    def replay(self) -> list[Document]:
        """Return the texts that fine-tuning replays, none of which shares a sentence measured."""
        tune = self.project.tune
        if tune is None:
            return []
        measured = [d for use in self.texts.values() for _, group in use for d in group]
        read = [d for file in tune.replay_texts for d in read_lines(Path(file), Document)]
        return disjoint(read, measured)

    # --- answers ------------------------------------------------------------------------------

    def _stored(
        self,
        subject: EvaluatedModel,
        what: str,
        questions: Sequence[Struct | str],
        kind: type[R],
        ask: Callable[[Path], list[R]],
    ) -> list[R]:
        """Return the answers in the run's folder, or ask for them and keep them."""
        folder = self.run.path / "answers" / subject.digest
        file = folder / f"{what}-{digest(*questions)[:12]}.jsonl"
        if file.is_file():
            return read_lines(file, kind)
        answers = ask(folder / STORE)
        if not (folder / IDENTITY).is_file():
            write_lines(folder / IDENTITY, [ModelIdentity(subject.name, subject.digest)])
        write_lines(file, answers)
        return answers

    def answers(self, subject: EvaluatedModel, what: str, items: Sequence[Item]) -> list[Answer]:
        """Return a subject's answers to items, asked at most once."""
        return self._stored(
            subject,
            what,
            items,
            Answer,
            lambda store: ask(items, self.live(subject), store, self._named(subject, what)),
        )

    def bits(self, subject: EvaluatedModel, use: Use) -> list[TextScore]:
        """Return a subject's bits on the running texts of one use, asked at most once."""
        return [
            score
            for tokens, texts in self.texts[use]
            for score in self._stored(
                subject,
                f"texts-{use}-{tokens}",
                texts,
                TextScore,
                lambda store, texts=texts, tokens=tokens: ask_texts(
                    texts, self.live(subject), store, tokens, self._named(subject, "texts")
                ),
            )
        ]

    def generations(
        self, subject: EvaluatedModel, what: str, prompts: Sequence[str], tokens: int
    ) -> list[Generation]:
        """Return a subject's greedy answers up to the end of the line, asked at most once."""
        return self._stored(
            subject,
            what,
            prompts,
            Generation,
            lambda store: ask_generations(
                prompts, self.live(subject), store, tokens, ("\n",), self._named(subject, what)
            ),
        )

    def own_answers(
        self, subject: EvaluatedModel, openings: Sequence[str], tokens: int
    ) -> list[Generation]:
        """Return how a subject goes on after openings, drawn from its own chances, at most once."""

        def say(_store: Path) -> list[Generation]:
            self.progress(f"{subject.name}: own answers", 0, 1)
            pick = sampler(1.0, OWN_SHARE, self.project.seed)
            said = self.live(subject).generate(openings, tokens, (), pick)
            return [Generation(str(n), text) for n, text in enumerate(said)]

        what = f"own answers {tokens}"
        return self._stored(subject, what, [*openings, str(self.project.seed)], Generation, say)

    def _named(self, subject: EvaluatedModel, what: str) -> Progress:
        """Return a progress that says who is asked what."""
        label = f"{subject.name}: {what}"
        return lambda _what, done, total: self.progress(label, done, total)

    # --- stages -------------------------------------------------------------------------------

    def once(self, name: str, inputs: Sequence[object], kind: type[T], work: Callable[[], T]) -> T:
        """Return a stage's record: the stored one if nothing it read has changed.

        Raises:
            LexgraftError: the memory does not suffice.
        """
        key = digest(name, __version__, *inputs)
        stored = self.run.finished(name, key, kind)
        if stored is not None:
            self.progress(f"{name}: unchanged", 1, 1)
            return stored
        meter = Meter(self.project.prices)
        try:
            record = work()
        except MemoryError as error:
            raise LexgraftError(
                f"out of memory in stage {name}", cure="free memory, or use a smaller model"
            ) from error
        self.run.finish(name, key, record, meter.cost())
        self.ran.append(name)
        return record
