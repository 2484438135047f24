"""The report as one frozen record: everything its page, card and tables show."""

from typing import Any, Literal

from msgspec import Struct, structs

from lexgraft.adoption.decision import Decision
from lexgraft.adoption.validity import ValidityMark
from lexgraft.business import Business
from lexgraft.evaluation.measures import ACQUIRED, GAIN
from lexgraft.records import AnswerParity, Cost, Score, Split, TermOutcome, Verdict, digest
from lexgraft.stats.intervals import wilson

BETWEEN = "between"
"""In costs: what no stage took, as loading, checks and writing the model and the report."""
PointKind = Literal["candidate", "parent", "placebo", "winner", "tuned", "walked"]
Quantity = Literal["P(right)", "items right"]
Scoring = Literal["PMI", "sum", "per character"]
Use = Literal["test", "train", "replay", "general", "glossary"]


class AcquisitionCounts(Struct, frozen=True, forbid_unknown_fields=True):
    """What became of the concepts under one model in one direction, in concepts, against G."""

    model: str
    direction: str
    acquired: int  # known to the model but not to G
    kept: int  # to both
    lost: int  # to G only
    never: int  # to neither
    transfer: Score | None = None  # transfer minus placebo
    split: Split = "confirm"  # candidates are counted on `choose`
    acquired_share: Score | None = None  # with its interval, related concepts as fewer

    @property
    def share(self) -> Score:
        """Return the share acquired; of a report without intervals, as if none were related."""
        unrelated = wilson(self.acquired, self.n).score(ACQUIRED, self.model, self.direction)
        return self.acquired_share or unrelated

    @property
    def n(self) -> int:
        """Return the number of concepts asked."""
        return self.acquired + self.kept + self.lost + self.never


class FigurePoint(Struct, frozen=True, forbid_unknown_fields=True):
    """One model in the central figure; both scores are paired differences, greater is better.

    On the front, where candidates stand as given and walked back towards G, `acquisition` is the
    gain in P(right option) and `retention` the worst change of general ability.
    """

    kind: PointKind
    split: Split  # the concepts it was measured on: candidates on `choose`, the rest on `confirm`
    acquisition: Score  # recognition in the target language minus G's
    retention: Score  # recognition in the domain's language minus D's

    @property
    def model(self) -> str:
        """Return the display name."""
        return self.acquisition.model


class Specification(Struct, frozen=True, forbid_unknown_fields=True):
    """The headlines of judged results under one way of scoring options and of counting."""

    quantity: Quantity  # mean by concept of P(right option), or of items right
    scoring: Scoring  # PMI, log-likelihood of the whole option, or of a character of it
    gains: tuple[Score, ...]  # as `Report.gains`: the same names in the same order


class AbilityChange(Struct, frozen=True, forbid_unknown_fields=True):
    """General ability against G; greater is better (a rise of bits per byte counts as negative)."""

    name: str  # BITS (relative change) or GENERAL (difference of shares)
    model: str
    group: str
    value: float
    low: float
    high: float
    n: int
    margin: float | None = None  # largest loss allowed, a positive number; None: not gated
    split: Split = "confirm"  # candidates are measured on `choose`


class PlannedChance(Struct, frozen=True, forbid_unknown_fields=True):
    """How likely a gate was to pass if its truths were as assumed, as the plan had it."""

    gate: str
    chance: float
    numbers: dict[str, int] = {}  # what it counts → how many there are


NOTHING_KEPT = "nothing"  # no general text was read beside the terms


class HeldTuning(Struct, frozen=True, forbid_unknown_fields=True):
    """By what a tuning was held to where it started, and how much of it was merged."""

    keep: str  # `tune.keep`, or `NOTHING_KEPT`
    weight: float  # of staying by general text, where it was not learned alone
    scale: float  # of the merged delta
    lessons: int = 0  # that the model itself was to teach, with the entry in its prompt
    lessons_able: int = 0  # of them those whose term it then writes
    concepts: int = 0
    concepts_able: int = 0


class TuningSummary(Struct, frozen=True, forbid_unknown_fields=True):
    """The partial fine-tuning in figures."""

    terms: int  # concepts taught
    steps: int
    loss_first: float
    loss_last: float
    recognition: tuple[Score, ...] = ()  # name: one of LESSON_GROUPS
    held: HeldTuning | None = None


class CurvePoint(Struct, frozen=True, forbid_unknown_fields=True):
    """One tuning of a few-shot curve, against the same model before it."""

    terms: int  # concepts taught
    replay: float  # share of general text in what was read
    steps: int
    scale: float  # of the delta that was merged
    known: tuple[Score, ...]  # LESSON_GROUPS by direction; `model` is BEFORE, AFTER or GAIN
    general: tuple[AbilityChange, ...]  # against the model before

    def gain(self, name: str, direction: str) -> Score | None:
        """Return the change in one group of terms and one direction, where there are any."""
        scores = (score for score in self.known if (score.name, score.group) == (name, direction))
        return next((score for score in scores if score.model == GAIN), None)


class SampleAnswer(Struct, frozen=True, forbid_unknown_fields=True):
    """One prompt and what each model wrote after it."""

    term: str
    language: str  # of the prompt
    prompt: str
    texts: dict[str, str]  # model → text


class Parent(Struct, frozen=True, forbid_unknown_fields=True):
    """One of the three models that went in."""

    role: str  # base, G or D
    name: str
    digest: str
    licence: str = ""
    source: str = ""  # `owner/name` on a model hub, or where else it came from


class DataSource(Struct, frozen=True, forbid_unknown_fields=True):
    """A body of terms or texts, with the rights it came with."""

    name: str
    use: Use
    version: str = ""
    licence: str = ""
    entries: int = 0


class StageCost(Struct, frozen=True, forbid_unknown_fields=True):
    """What one stage took over all its runs, beside what had been foreseen of one."""

    stage: str  # or BETWEEN
    cost: Cost
    estimated_seconds: float | None = None
    cpu_seconds: float = 0.0
    runs: int = 1
    unfinished: int = 0  # runs that were killed or failed
    estimate_error: float | None = None  # taken / estimated − 1; None: they are not of one work
    read_bytes: int = 0  # from disk
    written_bytes: int = 0  # to disk


class RoundCost(Struct, frozen=True, forbid_unknown_fields=True):
    """What all was taken, over resumes, while the project read the same."""

    began: str  # ISO 8601
    inputs: str  # digest of what it read
    cost: Cost
    cpu_seconds: float
    runs: int
    answers: int  # that models gave anew, options counted one by one
    read_bytes: int = 0  # from disk
    written_bytes: int = 0  # to disk
    devices: tuple[str, ...] = ()  # that computed


class RunRecord(Struct, frozen=True, forbid_unknown_fields=True):
    """What differs from run to run: date, machine, costs; not part of the digest."""

    written: str = ""  # ISO 8601
    machine: str = ""
    command: str = ""
    stages: tuple[StageCost, ...] = ()
    inputs: str = ""  # digest of all that the project read
    rounds: tuple[RoundCost, ...] = ()  # in the order in which they began


class Report(Struct, frozen=True, forbid_unknown_fields=True):
    """Everything a reader is told about one adoption.

    Texts come as a dict of language (`en`, `ja`) → sentence; English stands in for a missing one.
    Shares and differences lie in [-1, 1]. `scores` were measured on the confirm concepts.
    """

    project: str
    version: str  # of the tool
    target: str  # language the terms should arrive in
    domain: str  # language in which D knows them
    recommendation: dict[str, str]  # of an adoption the sentence of its decision
    result: str  # display name of the model that `terms` and the emphasis are about
    shipped: str = ""  # display name of the model that was written (G: no merge was); "": none
    method: str = ""  # of the merge behind the result
    parameters: dict[str, Any] = {}
    verdicts: tuple[Verdict, ...] = ()
    points: tuple[FigurePoint, ...] = ()
    front: tuple[FigurePoint, ...] = ()  # candidates on `choose`, as given and walked back
    wanted: float | None = None  # gain in the target language that the first gate asks for
    scores: tuple[Score, ...] = ()  # RECOGNITION, GENERAL, BITS and free answers, by model
    choosing: tuple[Score, ...] = ()  # RECOGNITION of the candidates, on `choose`
    gains: tuple[Score, ...] = ()  # what a result gained on G, the best parent, its ablations
    specifications: tuple[Specification, ...] = ()  # `gains` under other scorings; none is judged
    acquisitions: tuple[AcquisitionCounts, ...] = ()
    glossary: tuple[Score, ...] = ()  # any name, `model` one of MODES; or EFFECT
    written: tuple[Score, ...] = ()  # words written; of a model with the glossary: `model, MODE`
    tuning: TuningSummary | None = None
    entry_tokens: Score | None = None  # that a glossary's entry takes in the prompt
    lessons: tuple[CurvePoint, ...] = ()  # the few-shot curve
    terms: tuple[TermOutcome, ...] = ()
    general: tuple[AbilityChange, ...] = ()
    concepts: dict[str, int] = {}  # split → concepts
    items: int = 0
    controls: tuple[Score, ...] = ()  # how far rules that know nothing get, against chance
    refused: dict[str, int] = {}  # why a concept made no item → how many
    power: tuple[PlannedChance, ...] = ()
    samples: tuple[SampleAnswer, ...] = ()
    parents: tuple[Parent, ...] = ()
    models: dict[
        str, str
    ] = {}  # display name of each that was asked everything → digest its answers are under
    sources: tuple[DataSource, ...] = ()
    number_format: str = ""  # in which every answer was computed
    prompt: str = ""  # how questions were asked: plain, or in the chat template
    seed: int = 0
    gates: str = ""  # digest of the thresholds, written before the run
    data: dict[str, str] = {}  # what → digest
    engines: dict[str, str] = {}  # package → version
    marks: tuple[ValidityMark, ...] = ()  # stand beside the recommendation
    warnings: tuple[dict[str, str], ...] = ()
    run: RunRecord = RunRecord()
    answers: AnswerParity | None = None  # of the folder that was written, loaded again
    unit_seconds: dict[str, float] = {}  # what gates count → what all stages spend on one more
    business: Business = Business()  # what the user said of cost and value
    alpha: float = 0.05  # `gates.alpha`: intervals are of 1 − alpha or more
    decision: Decision | None = None  # what an adoption comes to; None: of a tuning by itself
    answers_at: str = ""  # where single answers are shown, seen from the page; "": nowhere

    @property
    def digest(self) -> str:
        """Return the digest of the findings: of all but the run, costs, prices and pages."""
        free = tuple(
            structs.replace(verdict, cost=Cost(0.0), next_cost=None) for verdict in self.verdicts
        )
        no_findings = {"run": RunRecord(), "unit_seconds": {}, "business": Business()}
        return digest(structs.replace(self, verdicts=free, answers_at="", **no_findings))
