"""What each stage found: the records that stand in `stages/*.json`."""

from msgspec import Struct

from lexgraft.adoption.report.report_record import (
    AbilityChange,
    AcquisitionCounts,
    CurvePoint,
    FigurePoint,
    PowerRow,
    SampleAnswer,
)
from lexgraft.project import Candidate
from lexgraft.records import Cost, Score, Split, TermOutcome, Verdict


class StageEstimate(Struct, frozen=True, forbid_unknown_fields=True):
    """What one stage is expected to take."""

    stage: str
    cost: Cost


class AdoptionPlan(Struct, frozen=True, forbid_unknown_fields=True):
    """The plan: what is asked, what it can show, what it will take."""

    project: str
    concepts: dict[Split, int]
    items: dict[Split, int]
    refused: dict[str, int]  # why a concept makes no item → how many
    controls: tuple[Score, ...]  # how far rules that know nothing get
    power: tuple[PowerRow, ...]
    estimates: tuple[StageEstimate, ...]
    methods: tuple[str, ...]
    bytes_written: int
    body: int  # parameters outside the embedding
    head: int
    warnings: tuple[dict[str, str], ...]  # language → sentence

    def rows(self) -> list[list[str]]:
        """Return the plan as a table, heads first."""
        rows = [["what", "value"]]
        rows += [
            [f"concepts to {split}", f"{count} ({self.items[split]} items)"]
            for split, count in self.concepts.items()
        ]
        rows += [
            [
                f"smallest difference, {one.group}",
                f"{one.detectable * 100:.1f} points (n = {one.n})",
            ]
            for one in self.power
        ]
        rows += [["candidates", ", ".join(self.methods)]]
        rows += [["disk for models", f"{self.bytes_written / 1e9:.2f} GB"]]
        for estimate in self.estimates:
            money = (
                f", {estimate.cost.money:.3f} {estimate.cost.currency}"
                if estimate.cost.money
                else ""
            )
            rows.append(
                [f"stage {estimate.stage}", f"about {estimate.cost.seconds / 60:.1f} min{money}"]
            )
        return rows


class HeadroomResult(Struct, frozen=True, forbid_unknown_fields=True):
    """What base, G and D know, and whether there is anything to acquire."""

    verdict: Verdict
    scores: tuple[Score, ...]
    choosing: tuple[Score, ...]


class CandidateResult(Struct, frozen=True, forbid_unknown_fields=True):
    """One candidate on the `choose` concepts."""

    name: str
    candidate: Candidate
    digest: str  # of the merged weights
    objective: float
    scores: tuple[Score, ...]
    acquisitions: tuple[AcquisitionCounts, ...]
    changes: tuple[AbilityChange, ...]
    point: FigurePoint
    dropped: bool = False  # the leader was shown to beat it: not asked to the end


class RaceResult(Struct, frozen=True, forbid_unknown_fields=True):
    """All candidates and the winner's name."""

    raced: tuple[CandidateResult, ...]
    winner: str

    def best(self) -> CandidateResult:
        """Return the winner."""
        return next(one for one in self.raced if one.name == self.winner)


class MeasureResult(Struct, frozen=True, forbid_unknown_fields=True):
    """A result against G and D on the `confirm` concepts."""

    verdict: Verdict
    scores: tuple[Score, ...]
    acquisitions: tuple[AcquisitionCounts, ...]
    changes: tuple[AbilityChange, ...]
    points: tuple[FigurePoint, ...]
    terms: tuple[TermOutcome, ...]
    samples: tuple[SampleAnswer, ...] = ()


class SealedTestResult(Struct, frozen=True, forbid_unknown_fields=True):
    """The recommended model on the sealed concepts, asked once."""

    verdict: Verdict
    scores: tuple[Score, ...]
    acquisitions: tuple[AcquisitionCounts, ...]


class GlossaryResult(Struct, frozen=True, forbid_unknown_fields=True):
    """The three modes."""

    verdict: Verdict
    scores: tuple[Score, ...]


class TuningResult(Struct, frozen=True, forbid_unknown_fields=True):
    """The tuned merge, judged, and what it was taught."""

    judged: MeasureResult
    folder: str  # of the adapter, within `tuned/`
    adapter: str  # digest of the adapter's files
    digest: str  # of the tuned model's weights
    concepts: tuple[str, ...]  # taught
    steps: int
    losses: tuple[float, ...]
    taught: tuple[Score, ...]  # recognition of the taught concepts before and after
    others: tuple[Score, ...] = ()  # of their siblings and of far concepts, never taught


class CurveResult(Struct, frozen=True, forbid_unknown_fields=True):
    """The winner taught more and more terms."""

    lessons: tuple[CurvePoint, ...]
