"""The models of one adoption, one of them in memory at a time, and what they have answered."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TypeVar, TypeVarTuple

from msgspec import Struct

from lexgraft.adoption.candidate_tensors import CandidateTensors
from lexgraft.adoption.cost import LimitedTexts
from lexgraft.adoption.evaluated_model import EvaluatedModel
from lexgraft.errors import LexgraftError
from lexgraft.evaluation.answer_store import FILE as STORE
from lexgraft.evaluation.ask import ask, ask_generations, ask_texts
from lexgraft.evaluation.load_runs import AGAIN, IDENTITY, ModelIdentity
from lexgraft.evaluation.measures import RANDOM_DONOR, WITHOUT_DONOR
from lexgraft.evaluation.prompt_frame import PromptFrame, frame_of_run
from lexgraft.evaluation.run_format import computation_of_run
from lexgraft.files.checked_files import gone_files, is_on_record, read_checked, write_checked
from lexgraft.models import LanguageModel
from lexgraft.models.chosen_device import Computation
from lexgraft.models.layer_map import layer_arguments
from lexgraft.models.sampling import sampler
from lexgraft.models.transformers import TransformersModel, token_encoder
from lexgraft.project import Candidate, Project
from lexgraft.records import Answer, Generation, Item, Progress, TextScore, digest
from lexgraft.weights.checkpoint.checkpoint_index import Checkpoint
from lexgraft.weights.checkpoint.full_precision import open_full_precision
from lexgraft.weights.checkpoint.input_model import InputModel, open_input_model
from lexgraft.weights.checkpoint.input_statistics import open_statistics
from lexgraft.weights.checkpoint.scrambled_delta import scrambled
from lexgraft.weights.merge.disk_merge import run_merge
from lexgraft.weights.merge.manifest import Manifest
from lexgraft.weights.merge.merge_plan import MergePlan, plan_merge
from lexgraft.weights.merge.tokenizer_check import check_one_vocabulary

R = TypeVar("R", bound=Struct)
T = TypeVar("T")
Given = TypeVarTuple("Given")

LANGUAGE = "language"
DOMAIN = "domain"
OWN_SHARE = 0.95  # a model's own answers leave out its least likely tokens


class ModelsUnderTest:
    """Base, G, D and what is made of them; each is asked a question at most once.

    `folder` is the run's: answers lie there, and models that a stage needs on disk.
    """

    def __init__(self, project: Project, folder: Path, progress: Progress) -> None:
        self.project, self.folder, self.progress = project, folder, progress
        self._engine: tuple[Path, TransformersModel] | None = None
        self._candidates = CandidateTensors()
        self._told = ""  # the last warning about the live model
        self.answers_given = 0  # answers that were given anew; what was stored is not among them

    @cached_property
    def computation(self) -> Computation:
        """Return where and in which numbers every model of this run is asked: see `compute`."""
        compute = self.project.compute
        chosen = computation_of_run(compute.device, compute.dtype, self.folder)
        layer_arguments(chosen.device, compute.gpus_per_model)  # refuses what is not there
        return chosen

    def load(self, folder: Path, weights: str) -> TransformersModel:
        """Return the model of a folder, run as all models of this run are."""
        compute, (device, dtype) = self.project.compute, self.computation
        return TransformersModel.load(
            folder,
            weights,
            compute.threads,
            dtype=dtype,
            device=device,
            gpus=compute.gpus_per_model,
        )

    @cached_property
    def frame(self) -> PromptFrame:
        """Return within what every model of this run is asked: see `compute.prompt`.

        It is the recipient's chat template, as the model that is handed on will have it.
        """
        compute = self.project.compute
        begun = (self.folder / "answers").is_dir()
        system = compute.system_prompt
        return frame_of_run(compute.prompt, self.folder, self.home, system, begun=begun)

    @property
    def home(self) -> Path:
        """Return the folder of the recipient's tokenizer: its own, or the base's."""
        return self._alone(LANGUAGE).home

    @cached_property
    def base(self) -> Checkpoint:
        """Return the base's index."""
        return open_full_precision(Path(self.project.models.base), self.project.merge.dtype)

    @cached_property
    def input_models(self) -> Mapping[str, InputModel]:
        """Return G and D by label, checked against the base: tensors, and what a number means."""
        models = self.project.models
        opened = {
            label: open_input_model(Path(path), self.base, label, self.project.merge.dtype)
            for label, path in ((LANGUAGE, models.language), (DOMAIN, models.domain))
        }
        for model in opened.values():
            if isinstance(model.source, Checkpoint):
                check_one_vocabulary(self.base.folder, model.source.folder)
        return opened

    @property
    def digests(self) -> dict[str, str]:
        """Return what identifies the weights of the base, G and D, by label."""
        labelled = {label: model.digest for label, model in self.input_models.items()}
        return {"base": self.base.digest, **labelled}

    @property
    def learnt_folder(self) -> Path:
        """Return where guided merges find what was learnt of the layers' inputs."""
        return self.folder / "learnt"

    def merge_plan(self, candidate: Candidate) -> MergePlan:
        """Return the plan of one candidate over G and D.

        Raises:
            LexgraftError: no merge of these models, or one that has yet to learn.
        """
        plan = self.foreseen_plan(candidate)
        if plan.method.learns and plan.statistics is None:
            raise LexgraftError(
                f"`{candidate.method}` has learnt nothing yet",
                where=str(self.learnt_folder),
                cure="`lexgraft adopt` learns, in its stage `learn`; if that has run, delete "
                "stages/learn.json",
            )
        return plan

    def foreseen_plan(self, candidate: Candidate) -> MergePlan:
        """Return the plan of one candidate, also of one that has yet to learn."""
        return self._merge_plan(candidate, self.input_models[DOMAIN])

    def ablations(self, candidate: Candidate) -> dict[str, EvaluatedModel]:
        """Return what a candidate's recipe makes of G alone: the controls of what the donor gave.

        In the donor's place stand the base, and a delta of the donor's norms, ranks and singular
        values that has learnt nothing. None of them is written to disk.
        """
        donor, seed = self.input_models[DOMAIN], self.project.seed
        controls = {
            WITHOUT_DONOR: InputModel(DOMAIN, self.base, self.base),
            RANDOM_DONOR: scrambled(donor, seed),
        }
        return {
            name: EvaluatedModel(name, self.base, self._merge_plan(candidate, control))
            for name, control in controls.items()
        }

    def _merge_plan(self, candidate: Candidate, donor: InputModel) -> MergePlan:
        inputs, dtype = {**self.input_models, DOMAIN: donor}, self.project.merge.dtype
        learnt = open_statistics(self.learnt_folder)
        return plan_merge(candidate, self.base, inputs, dtype, self.project.seed, learnt)

    @cached_property
    def random_donor(self) -> EvaluatedModel:
        """Return the donor's control by itself: as large a delta that has learnt nothing."""
        control = scrambled(self.input_models[DOMAIN], self.project.seed)
        return EvaluatedModel(RANDOM_DONOR, self.base, self._plan_alone(DOMAIN, control))

    @cached_property
    def parents(self) -> dict[str, EvaluatedModel]:
        """Return the base, G and D as subjects."""
        return {
            "base": EvaluatedModel("base", self.base),
            "G": EvaluatedModel("G", self.base, self._alone(LANGUAGE)),
            "D": EvaluatedModel("D", self.base, self._alone(DOMAIN)),
        }

    def _alone(self, label: str) -> MergePlan:
        return self._plan_alone(label, self.input_models[label])

    def _plan_alone(self, label: str, model: InputModel) -> MergePlan:
        """Return the plan of one input model by itself, stored as the merges are."""
        return plan_merge(
            Candidate("task_arithmetic", {"weight": {label: 1.0}}),
            self.base,
            {label: model},
            self.project.merge.dtype,
            self.project.seed,
        )

    def live(self, subject: EvaluatedModel) -> TransformersModel:
        """Return the model in memory with this subject's weights in it."""
        if self._engine is None or self._engine[0] != subject.onto.folder:
            self.unload()  # free the old weights before the new ones are read
            what = f"loading {subject.onto.folder.name}"
            self.progress(what, 0, 1)
            loaded = self.load(subject.onto.folder, subject.onto.digest)
            self._engine = (subject.onto.folder, loaded)
            self.progress(what, 1, 1)
        model = self._engine[1]
        if model.digest != subject.digest:
            if subject.plan is None:
                model.reset()
            else:
                tensors = self._candidates.of(subject.plan, self.computation.device)
                model.put(tensors, subject.digest)
        return model

    def asked(self, subject: EvaluatedModel) -> LanguageModel:
        """Return the model that answers for this subject."""
        return self.live(subject)

    def warning(self) -> str:
        """Return what the model that was asked last says of how it is asked; empty: nothing."""
        return self._engine[1].warning if self._engine else ""

    def with_live(
        self,
        subject: EvaluatedModel,
        function: Callable[[TransformersModel, *Given], T],
        *arguments: *Given,
    ) -> T:
        """Return what a function makes of the live model."""
        return function(self.live(subject), *arguments)

    def with_models(
        self, function: Callable[["ModelsUnderTest", *Given], T], *arguments: *Given
    ) -> T:
        """Return what a function makes of these models."""
        return function(self, *arguments)

    def encoder(self, subject: EvaluatedModel) -> Callable[[str], list[int]]:
        """Return what turns text into a subject's tokens, its weights unread."""
        folder = subject.onto.folder
        if self._engine is not None and self._engine[0] == folder:
            return self._engine[1].encode
        return token_encoder(folder)

    def unload(self) -> None:
        """Free the memory of the live model, and of what candidates were made from."""
        self._engine = None
        self.forget_parents()

    def forget_parents(self) -> None:
        """Free what candidates were made from on a device: a training takes its place."""
        self._candidates = CandidateTensors()

    def _stored(
        self,
        subject: EvaluatedModel,
        what: str,
        questions: Sequence[Struct | str],
        kind: type[R],
        ask: Callable[[Path], list[R]],
    ) -> list[R]:
        """Return the answers in the run's folder, or ask for them and keep them."""
        stored = self.stored_answers(subject.digest, what, questions, kind)
        if stored is not None:
            return stored
        file = self._answer_file(subject.digest, what, questions)
        folder = file.parent
        answers = ask(folder / STORE)
        warning = self.warning()
        if warning != self._told:  # some limits are known only once long rows were asked
            self._told = warning
            self.progress(warning, 1, 1)
        if not is_on_record(folder / IDENTITY):
            write_checked(folder / IDENTITY, [ModelIdentity(subject.name, subject.digest)])
        write_checked(file, answers)
        return answers

    def gone_answers(self) -> list[Path]:
        """Return the files of answers in the run's folder that somebody has removed.

        Raises:
            LexgraftError: one that is there is not as it was written.
        """
        folders = sorted((self.folder / "answers").glob("*"))
        return [file for folder in folders for file in gone_files(folder, AGAIN)]

    def stored_answers(
        self, model: str, what: str, questions: Sequence[Struct | str], kind: type[R]
    ) -> list[R] | None:
        """Return what the model with this digest has answered to these questions; None: nothing."""
        file = self._answer_file(model, what, questions)
        return read_checked(file, kind, AGAIN) if is_on_record(file) else None

    def _answer_file(self, model: str, what: str, questions: Sequence[Struct | str]) -> Path:
        asked = questions if self.frame.form == "plain" else [self.frame, *questions]
        return self.folder / "answers" / model / f"{what}-{digest(*asked)[:12]}.jsonl"

    def answers(self, subject: EvaluatedModel, what: str, items: Sequence[Item]) -> list[Answer]:
        """Return a subject's answers to items, asked at most once."""
        framed = [self.frame.item(item) for item in items]
        return self._stored(
            subject,
            what,
            items,
            Answer,
            lambda store: ask(framed, self.asked(subject), store, self._named(subject, what)),
        )

    def bits(
        self, subject: EvaluatedModel, what: str, limited_texts: LimitedTexts
    ) -> list[TextScore]:
        """Return a subject's bits on running texts, asked at most once.

        `limited_texts` come with the most tokens that are read of each; `what` names their use.
        """
        return [
            score
            for tokens, texts in limited_texts
            for score in self._stored(
                subject,
                f"texts-{what}-{tokens}",
                texts,
                TextScore,
                lambda store, texts=texts, tokens=tokens: ask_texts(
                    texts, self.asked(subject), store, tokens, self._named(subject, "texts")
                ),
            )
        ]

    def generations(
        self,
        subject: EvaluatedModel,
        what: str,
        prompts: Sequence[str],
        tokens: int,
        language: str,
    ) -> list[Generation]:
        """Return a subject's greedy answers up to the end of the line, asked at most once.

        They are asked for in this language.
        """
        framed = [self.frame.prompt(prompt, language) for prompt in prompts]
        return self._stored(
            subject,
            what,
            prompts,
            Generation,
            lambda store: ask_generations(
                framed, self.asked(subject), store, tokens, ("\n",), self._named(subject, what)
            ),
        )

    def own_answers(
        self, subject: EvaluatedModel, openings: Sequence[str], tokens: int
    ) -> list[Generation]:
        """Return how a subject goes on after openings, drawn from its own chances, at most once."""

        def continue_openings(_store: Path) -> list[Generation]:
            self.progress(f"{subject.name}: own answers", 0, 1)
            seed = self.project.seed
            written = self.with_live(subject, _continued, list(openings), tokens, seed)
            self.answers_given += len(openings)
            return [Generation(str(n), text) for n, text in enumerate(written)]

        what = f"own answers {tokens}"
        return self._stored(
            subject, what, [*openings, str(self.project.seed)], Generation, continue_openings
        )

    def _named(self, subject: EvaluatedModel, what: str) -> Progress:
        """Return a progress that says who is asked what, and counts what is answered anew."""
        label, before = f"{subject.name}: {what}", -1

        def tell(_what: str, done: int, total: int) -> None:
            nonlocal before
            self.answers_given += done - before if before >= 0 else 0  # first comes what was stored
            before = done
            self.progress(label + self.where(), done, total)

        return tell

    def write(self, plan: MergePlan, folder: Path) -> Manifest:
        """Write a merge to a folder and return its manifest."""
        return run_merge(plan, folder, self.progress)

    def ahead(
        self, works: Sequence[Callable[["ModelsUnderTest"], object]], *, spare: bool = False
    ) -> None:
        """Ask beforehand what will be asked, where much can be asked at once: not here."""

    def close(self) -> None:
        """Leave what was joined to run them; here nothing was."""

    def where(self) -> str:
        """Return where work is done, after a comma; empty: here."""
        return ""


def _continued(
    model: TransformersModel, openings: Sequence[str], tokens: int, seed: int
) -> list[str]:
    """Return how a model goes on after openings, drawn from its own chances."""
    return model.generate(openings, tokens, (), sampler(1.0, OWN_SHARE, seed))
