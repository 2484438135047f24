"""The models of an adoption on the seats of a cluster: asked, taught and read there, kept here."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from copy import copy
from functools import cached_property
from pathlib import Path
from threading import Event, Lock, local
from typing import Any, TypeVar, TypeVarTuple

from msgspec import Struct
from msgspec.structs import replace

from lexgraft.adoption.models_under_test import EvaluatedModel, ModelsUnderTest
from lexgraft.adoption.seat_kind import SeatKind, check_kind, kind_here, kind_of_run
from lexgraft.arrays.lazy_torch import torch
from lexgraft.compute.jobs import Job, SeatLostError
from lexgraft.compute.ray_seats import SeatNeeds, ray_seats
from lexgraft.compute.seats import Seats
from lexgraft.evaluation.answer_store import FILE as STORE
from lexgraft.models import OptionScore, Question
from lexgraft.models.chosen_device import CPU, Computation
from lexgraft.models.transformers import TransformersModel
from lexgraft.project import Project
from lexgraft.records import Progress, digest, silent
from lexgraft.weights.merge.disk_merge import run_merge
from lexgraft.weights.merge.manifest import Manifest
from lexgraft.weights.merge.merge_plan import MergePlan

Given = TypeVarTuple("Given")
R = TypeVar("R")
S = TypeVar("S", bound=Struct)
T = TypeVar("T")


class ModelsOnCluster(ModelsUnderTest):
    """Models that are loaded where the seats are, each seat one of them at a time.

    What they answer is stored in the run's folder by this process alone, as on one machine.
    """

    def __init__(self, project: Project, folder: Path, progress: Progress) -> None:
        super().__init__(project, folder, progress)
        self._left = ExitStack()
        self._asked: dict[str, ModelOnCluster] = {}
        self._last: ModelOnCluster | None = None
        self._lone = 0
        self._stopped: Event | None = None  # of a scout
        self._beside = 0  # scouts that were sent out together

    @cached_property
    def seats(self) -> Seats:
        """Return the seats; the cluster is not joined before the first is needed."""
        project = self.project
        compute, device = project.compute, project.compute.device
        kind = self.computation.kind if device == "auto" else device.partition(":")[0]
        gpus = compute.gpus_per_model if kind == "cuda" else 0
        needs = SeatNeeds(compute.threads, int(compute.memory_gb * 1e9), gpus)
        joined = ray_seats(project.compute, needs, self.folder, project.plugins, self.progress)
        return self._left.enter_context(joined)

    @cached_property
    def computation(self) -> Computation:
        """Return where and in which numbers models are asked: a device that is named is there.

        `auto` is what this machine would take.
        """
        if self.project.compute.device in ("auto", CPU):
            return super().computation
        return self._first(self._alone_there(), _computation)

    @cached_property
    def kind(self) -> SeatKind:
        """Return what computes on the first seat; every other must be of the same kind.

        Raises:
            LexgraftError: the run was begun with another kind.
        """
        return kind_of_run(self.folder, self._first(self._here, _kind))

    def _first(self, project: Project, function: Callable[[ModelsUnderTest], T]) -> T:
        """Return what a seat says of itself before it is known of which kind it must be."""
        given = (project, self.folder, None, function, ())
        job = Job(call_with_models, given, "what the first worker says of itself", "nothing")
        return self.seats.submit(job).result()

    def close(self) -> None:
        """Leave the cluster, if it was joined."""
        self._left.close()

    def asked(self, subject: EvaluatedModel) -> "ModelOnCluster":
        """Return the model that answers for this subject, wherever it is."""
        if subject.digest not in self._asked:
            self._asked[subject.digest] = ModelOnCluster(self, subject)
        self._last = self._asked[subject.digest]
        return self._last

    def warning(self) -> str:
        """Return what the model that was asked last says of how it is asked; empty: nothing."""
        return self._last.warning if self._last else ""

    def with_live(
        self,
        subject: EvaluatedModel,
        function: Callable[[TransformersModel, *Given], T],
        *arguments: *Given,
    ) -> T:
        """Return what a function makes of the live model, wherever it is."""
        return self.call(subject, function, arguments, self.project.compute.threads)

    def with_models(
        self,
        function: Callable[[ModelsUnderTest, *Given], T],
        *arguments: *Given,
    ) -> T:
        """Return what a function makes of these models, with a seat for itself."""
        self._lone += 1
        what = function.__name__.strip("_").replace("_", " ")
        self.progress(f"{what}{self.where()}", 0, 1)
        job = Job(
            call_with_models,
            (self._here, self.folder, self.kind, function, arguments),
            what,
            f"alone {self._lone}",
        )
        result: T = self.seats.submit(job).result()
        self.progress(f"{what}{self.where()}", 1, 1)
        return result

    def write(self, plan: MergePlan, folder: Path) -> Manifest:
        """Write a merge to a folder, shared out among the seats."""
        return run_merge(plan, folder, self.progress, seats=self.seats)

    def ahead(
        self, works: Sequence[Callable[[ModelsUnderTest], object]], *, spare: bool = False
    ) -> None:
        """Do work whose answers will be asked for, several at once; only the answers are kept.

        Whoever then works in order finds them in the store, and asks what is lacking. `spare` work
        may turn out to be for nothing: it is done within other such work alone, and where there are
        more seats than that has parts, so that some would wait.
        """
        if spare and (self._stopped is None or self.seats.count <= self._beside):
            return
        count = self.seats.count  # joined before scouts are made: each would join by itself
        self.progress(f"workers compute by {self.kind}", 1, 1)
        stopped = self._stopped or Event()
        scouts = [self._scout(stopped, len(works)) for _ in works]
        with ThreadPoolExecutor(max(1, min(len(works), count))) as pool:
            running = [pool.submit(work, scout) for work, scout in zip(works, scouts, strict=True)]
            try:
                for done, future in enumerate(as_completed(running), 1):
                    future.result()
                    self.progress(f"side by side{self.where()}", done, len(works))
            except BaseException:
                stopped.set()
                raise
            finally:
                pool.shutdown(cancel_futures=True)
        self.answers_given += sum(scout.answers_given for scout in scouts)

    def _scout(self, stopped: Event, beside: int) -> "ModelsOnCluster":
        """Return the same models, whose answers are no record yet; they ask until it is stopped."""
        scout = copy(self)
        vars(scout).update(_stopped=stopped, _beside=beside, progress=silent, answers_given=0)
        return scout

    def _stored(
        self,
        subject: EvaluatedModel,
        what: str,
        questions: Sequence[Struct | str],
        kind: type[S],
        ask: Callable[[Path], list[S]],
    ) -> list[S]:
        """Return the answers in the run's folder, or ask for them; a scout writes no record."""
        if self._stopped is None:
            return super()._stored(subject, what, questions, kind, ask)
        if self._stopped.is_set():
            raise SeatLostError("stopped")
        stored = self.stored_answers(subject.digest, what, questions, kind)
        return stored or ask(self._answer_file(subject.digest, what, questions).parent / STORE)

    def where(self) -> str:
        """Return where work is done, after a comma."""
        return self.seats.where() if "seats" in vars(self) else ""

    def call(
        self,
        subject: EvaluatedModel,
        function: Callable[..., T],
        arguments: Sequence[object],
        threads: int,
    ) -> T:
        """Return what a function makes of a live model, in so many threads."""
        given = (self._here, self.folder, self.kind, subject, threads, function, arguments)
        return self.seats.submit(Job(call_with_live, given, subject.name, subject.digest)).result()

    @cached_property
    def _here(self) -> Project:
        """Return the project as a seat works on it: by itself, on the device that was chosen."""
        chosen = self.computation
        return self._alone_there(device=chosen.kind, dtype=chosen.dtype)

    def _alone_there(self, **chosen: str) -> Project:
        compute = self.project.compute
        kind = compute.device.partition(":")[0]  # Ray shows a process its own GPUs alone
        there = {"engine": "local", "device": kind, **chosen}
        return replace(self.project, compute=replace(compute, **there))


class ModelOnCluster:
    """One model asked on whatever seats are free; a `LanguageModel`."""

    def __init__(self, models: ModelsOnCluster, subject: EvaluatedModel) -> None:
        self._models, self._subject = models, subject
        self._share = local()  # threads of a call, as many as it would have on one machine

    @property
    def digest(self) -> str:
        """Return the digest of its weights."""
        return self._subject.digest

    @property
    def scoring(self) -> str:
        """Return how options are scored: the same wherever it is."""
        return self._scored

    @cached_property
    def _scored(self) -> str:
        return self._call(_scoring)

    @property
    def warning(self) -> str:
        """Return which options are scored one by one, and why; empty if none is."""
        return self._call(_warning)

    def plan_batches(self, items: Sequence[Question]) -> list[tuple[int, ...]]:
        """Return the items' positions in batches, fixed by content."""
        return self._call(TransformersModel.plan_batches, items)

    def loglikelihoods(self, items: Sequence[Question]) -> list[list[OptionScore]]:
        """Return the score of every option of every item."""
        return self._call(TransformersModel.loglikelihoods, items)

    def generate(self, prompts: Sequence[str], max_tokens: int, stop: Sequence[str]) -> list[str]:
        """Return the greedy continuation of every prompt, cut before the first stop text."""
        return self._call(TransformersModel.generate, prompts, max_tokens, stop)

    def text_bits(self, texts: Sequence[str], max_tokens: int) -> list[tuple[float, int]]:
        """Return, per text, the bits of what follows its first token, and its UTF-8 bytes."""
        return self._call(TransformersModel.text_bits, texts, max_tokens)

    def side_by_side(self, calls: Sequence[Callable[[], R]]) -> Iterator[R]:
        """Yield what calls of this model return, in order, each on a seat that is free.

        A call computes in as many threads as among so many calls on one machine.
        """
        threads = self._models.project.compute.threads
        share = threads // max(1, min(threads, len(calls)))

        def call(work: Callable[[], R]) -> R:
            self._share.threads = share
            return work()

        with ThreadPoolExecutor(max(1, min(len(calls), 2 * self._models.seats.width))) as pool:
            running = [pool.submit(call, work) for work in calls]
            try:
                for future in running:
                    yield future.result()
            finally:
                pool.shutdown(cancel_futures=True)

    def _call(self, function: Callable[..., T], *arguments: object) -> T:
        threads = getattr(self._share, "threads", self._models.project.compute.threads)
        return self._models.call(self._subject, function, arguments, threads)


_loaded: dict[str, ModelsUnderTest] = {}  # in a seat's process: those of the run it works for
_loading = Lock()


def call_with_live(
    project: Project,
    folder: Path,
    kind: SeatKind,
    subject: EvaluatedModel,
    threads: int,
    function: Callable[..., T],
    arguments: Sequence[object],
) -> T:
    """Return, in a seat's process, what a function makes of a model that is loaded there."""
    with _loading:
        models = _models(project, folder)
        check_kind(kind, models.computation)
        model = models.live(subject)
    torch.set_num_threads(threads)
    return function(model, *arguments)


def call_with_models(
    project: Project,
    folder: Path,
    kind: SeatKind | None,  # None: it is not known yet of which kind seats must be
    function: Callable[..., T],
    arguments: Sequence[object],
) -> T:
    """Return, in a seat's process, what a function makes of an adoption's models."""
    with _loading:
        models = _models(project, folder)
        if kind is not None:
            check_kind(kind, models.computation)
        torch.set_num_threads(project.compute.threads)
        return function(models, *arguments)


def _models(project: Project, folder: Path) -> ModelsUnderTest:
    key = digest(project, str(folder))
    if key not in _loaded:
        _loaded.clear()  # what another run has left
        _loaded[key] = ModelsUnderTest(project, folder, silent)
    return _loaded[key]


def _computation(models: ModelsUnderTest) -> Computation:
    return models.computation


def _kind(models: ModelsUnderTest) -> SeatKind:
    return kind_here(models.computation)


def _scoring(model: TransformersModel) -> str:
    return model.scoring


def _warning(model: TransformersModel) -> Any:
    return model.warning
