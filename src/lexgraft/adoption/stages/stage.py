"""What a stage of an adoption is: estimate · inputs · run · verdict · its part of the report."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from itertools import chain
from types import MappingProxyType
from typing import Any, Generic, NamedTuple, TypeVar

from msgspec import Struct, structs

from lexgraft.adoption.cost import ComputeWork
from lexgraft.adoption.decision import Decision, decide, outcomes_of
from lexgraft.adoption.experiment import Experiment
from lexgraft.adoption.looks import LookLevel, level_of, way_of_asking
from lexgraft.adoption.mendable import what_data_can_do
from lexgraft.adoption.report.report_record import (
    AbilityChange,
    AcquisitionCounts,
    CurvePoint,
    DataSource,
    FigurePoint,
    SampleAnswer,
    Specification,
    TuningSummary,
)
from lexgraft.adoption.spreads import Spreads
from lexgraft.adoption.validity import ValidityMark
from lexgraft.errors import LexgraftError
from lexgraft.project import Project
from lexgraft.records import Outcome, Score, TermOutcome, Verdict, digest
from lexgraft.stats.gate_power import Requirement

R = TypeVar("R", bound=Struct)


class StoppedStage(NamedTuple):
    """A stage that could not end, and why; the stages before it have ended."""

    name: str
    error: LexgraftError


class Results:
    """What the stages have found so far: a record each, and the verdicts in order."""

    def __init__(
        self,
        records: Mapping[str, Struct] = MappingProxyType({}),
        verdicts: tuple[Verdict, ...] = (),
        stopped: StoppedStage | None = None,
    ) -> None:
        self.records, self.verdicts, self.stopped = records, verdicts, stopped

    def plus(self, stage: str, record: Struct, verdict: Verdict | None) -> "Results":
        """Return these results and those of one more stage."""
        verdicts = (*self.verdicts, verdict) if verdict else self.verdicts
        return Results({**self.records, stage: record}, verdicts)

    def stopped_by(self, stage: str, error: LexgraftError) -> "Results":
        """Return these results, and that the next stage could not end."""
        return Results(self.records, self.verdicts, StoppedStage(stage, error))

    def find(self, kind: type[R]) -> R | None:
        """Return the record of this type; None: its stage did not run."""
        return next((record for record in self.records.values() if isinstance(record, kind)), None)

    def need(self, kind: type[R]) -> R:
        """Return the record of this type; its stage has run, because the list of stages says so."""
        record = self.find(kind)
        assert record is not None, kind  # see `needs` and `chosen_stages`
        return record

    @property
    def decision(self) -> Decision:
        """Return what to do, after the gates that ran, and what more data could change of it."""
        decision = decide(outcomes_of(self.verdicts))
        if decision.model != "recipient":
            return decision
        more = what_data_can_do(self.verdicts)
        changed = {
            language: f"{text} {more[language]}".strip()
            for language, text in decision.would_change.items()
        }
        return structs.replace(decision, would_change=changed)


class ReportPart(Struct, frozen=True, kw_only=True):
    """What one stage adds to the report; the fields are called as there."""

    points: tuple[FigurePoint, ...] = ()
    front: tuple[FigurePoint, ...] = ()
    scores: tuple[Score, ...] = ()
    choosing: tuple[Score, ...] = ()
    gains: tuple[Score, ...] = ()
    specifications: tuple[Specification, ...] = ()
    acquisitions: tuple[AcquisitionCounts, ...] = ()
    general: tuple[AbilityChange, ...] = ()
    glossary: tuple[Score, ...] = ()
    written: tuple[Score, ...] = ()
    lessons: tuple[CurvePoint, ...] = ()
    sources: tuple[DataSource, ...] = ()
    # of these the last stage that says something counts
    result: str = ""
    method: str = ""
    parameters: dict[str, Any] = {}
    tuning: TuningSummary | None = None
    entry_tokens: Score | None = None
    terms: tuple[TermOutcome, ...] = ()
    samples: tuple[SampleAnswer, ...] = ()


_LAST_COUNTS = frozenset(
    {"result", "method", "parameters", "tuning", "entry_tokens", "terms", "samples"}
)


def joined_parts(additions: Sequence[ReportPart]) -> ReportPart:
    """Return what several stages add together: tuples one after another, of the rest the last."""
    fields: dict[str, Any] = {}
    for name in ReportPart.__struct_fields__:
        values = [value for addition in additions if (value := getattr(addition, name))]
        if name in _LAST_COUNTS:
            fields |= {name: values[-1]} if values else {}
        else:
            fields[name] = tuple(chain.from_iterable(values))
    return ReportPart(**fields)


class Stage(ABC, Generic[R]):
    """One stage; `adopt` runs those of a list in its order.

    A stage is left out by the project's `stages`, or by a section that is null.
    """

    name: str  # in the lock file, the plan and the project's `stages`
    record: type[R]  # what it finds; of no other stage
    gate: str = ""  # whose verdict judges it, its own or a later stage's; "": none
    needs: tuple[str, ...] = ()  # stages whose records it reads
    ends_on: Outcome = "pass"  # the outcome that ends an adoption which stops early
    after_the_end: bool = False  # whether it runs though a gate has ended the adoption

    def planned(self, project: Project) -> bool:
        """Return whether the project has what this stage is about."""
        return True

    def requirements(self, experiment: Experiment, spreads: Spreads) -> tuple[Requirement, ...]:
        """Return what its gate will ask, with numbers, spreads and the truths that are assumed."""
        return ()

    @abstractmethod
    def estimate(self, experiment: Experiment) -> tuple[ComputeWork, ...]:
        """Return what it computes, in parts.

        Raises:
            LexgraftError: whatever would stop it later and can be seen before it runs.
        """

    def runs(self, experiment: Experiment, earlier: Results) -> bool:
        """Return whether it has anything to do after what was found."""
        return True

    def inputs(self, experiment: Experiment, earlier: Results) -> tuple[object, ...]:
        """Return what it reads besides the project: nothing changed, nothing done again."""
        return ()

    def look(
        self, experiment: Experiment, result: str, concepts: int, earlier: Results
    ) -> LookLevel:
        """Return the level at which its gate judges a result; the look is put on record.

        `result` is the digest of the weights that are judged, by so many concepts.
        """
        project, folder, earlier_verdicts = experiment.project, experiment.folder, earlier.verdicts
        judged = digest(result, way_of_asking(project, self.gate))
        alpha = project.gates.alpha
        return level_of(folder, self.gate, judged, concepts, earlier_verdicts, alpha)

    @abstractmethod
    def run(self, experiment: Experiment, earlier: Results) -> R:
        """Return what it finds, with its verdict if it has a gate."""

    def marks(self, record: R) -> tuple[ValidityMark, ...]:
        """Return why its verdict is worth less than it looks, if it is."""
        return getattr(record, "marks", ())

    def verdict(self, record: R) -> Verdict | None:
        """Return the verdict in its record."""
        return getattr(record, "verdict", None)

    def report(self, experiment: Experiment, record: R) -> ReportPart:
        """Return its part of the report; the verdict stands there anyway."""
        return ReportPart()
