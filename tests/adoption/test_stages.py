"""The list of stages is the order; a stage of one's own is one class in one file, and the list."""

from collections.abc import Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from adopt_project import MakeProject
from msgspec import Struct, structs

from lexgraft.adoption.adopt import run_stages
from lexgraft.adoption.chosen_stages import chosen_stages
from lexgraft.adoption.cost import ComputeWork
from lexgraft.adoption.planning import AdoptionPlan, StageEstimate
from lexgraft.adoption.report_builder import priced
from lexgraft.adoption.stages import STAGES
from lexgraft.adoption.stages.curve import CurveResult
from lexgraft.adoption.stages.stage import ReportPart, Results, Stage, joined_parts
from lexgraft.adoption.verdict_text import verdict_of
from lexgraft.errors import LexgraftError
from lexgraft.evaluation.measures import ABILITY
from lexgraft.evaluation.prompt_frame import PLAIN
from lexgraft.models.chosen_device import Computation
from lexgraft.project import Candidate, Project, read_project
from lexgraft.records import Cost, Criterion, Outcome, Score, Verdict

NAMES = ["headroom", "learn", "merge", "measure", "glossary", "tune", "spoken", "curve", "sealed"]
USUAL = [name for name in NAMES if name not in {"learn", "spoken"}]  # none learns, no words asked


class Length(Struct, frozen=True):
    """What the tiny stage finds."""

    verdict: Verdict
    words: int


class CountWords(Stage[Length]):
    """A whole stage: counts the words of the project's name."""

    name = gate = "words"
    record = Length

    def estimate(self, experiment: Any) -> tuple[ComputeWork, ...]:
        return (ComputeWork(10, 10),)

    def run(self, experiment: Any, earlier: Results) -> Length:
        count = len(experiment.project.name.split())
        return Length(verdict_of("words", [criterion("words", "pass")]), count)

    def report(self, experiment: Any, record: Length) -> ReportPart:
        score = Score("words", "name", "en", record.words, record.words, record.words, 1)
        return ReportPart(scores=(score,))


class Said(Struct, frozen=True):
    verdict: Verdict | None


class Step(Stage[Said]):
    """A stage that says what it is told to."""

    record = Said

    def __init__(self, name: str, outcome: Outcome | None, **shape: Any) -> None:
        self.name = name
        self.outcome: Outcome | None = outcome
        self.gate = name if outcome else ""
        for key, value in shape.items():
            setattr(self, key, value)

    def estimate(self, experiment: Any) -> tuple[ComputeWork, ...]:
        return (ComputeWork(1, 1),)

    def run(self, experiment: Any, earlier: Results) -> Said:
        return Said(Verdict(self.name, self.outcome, {}) if self.outcome else None)


def criterion(name: str, outcome: Outcome) -> Criterion:
    return Criterion(name, "en->ja", 0.0, 0.0, 0.0, 0.0, outcome, 30)


class FakeExperiment:
    """As much of an experiment as the order of stages needs."""

    def __init__(self, project: Project) -> None:
        self.project, self.models, self.records = project, FakeModels(), FakeRecords()
        self.folder = Path("no run's folder")  # where no look is recorded


class FakeModels:
    """No models."""

    frame = PLAIN
    digests = MappingProxyType({"base": "digest"})
    computation = Computation("cpu", "float32")


class FakeRecords:
    """Runs every stage and stores nothing."""

    def __init__(self) -> None:
        self.ran: list[str] = []

    def once(self, name: str, inputs: Sequence[object], kind: type, work: Any) -> Any:
        self.ran.append(name)
        return work()


@pytest.fixture
def project(make_project: MakeProject) -> Project:
    return read_project(make_project())


def ran(project: Project, stages: Sequence[Stage[Any]]) -> list[str]:
    experiment: Any = FakeExperiment(project)
    run_stages(experiment, stages)
    return experiment.records.ran


def stops_early(project: Project) -> Project:
    return structs.replace(project, gates=structs.replace(project.gates, stop_early=True))


def test_the_stages_are_these_in_this_order():
    assert [stage.name for stage in STAGES] == NAMES
    assert len({stage.record for stage in STAGES}) == len(STAGES)


@pytest.mark.parametrize("outcome", ["pass", "fail", "undecided"])
def test_a_gate_that_passes_ends_an_adoption_that_stops_early(project: Project, outcome: Outcome):
    steps = [
        Step("first", outcome),
        Step("second", "fail"),
        Step("drawing", None, after_the_end=True),
    ]
    every = ["first", "second", "drawing"]
    assert ran(project, steps) == every
    early = ["first", "drawing"] if outcome == "pass" else every
    assert ran(stops_early(project), steps) == early


def test_no_headroom_ends_an_adoption_and_much_headroom_does_not(project: Project):
    cases: tuple[tuple[Outcome, list[str]], ...] = (
        ("fail", []),
        ("undecided", ["next"]),
        ("pass", ["next"]),
    )
    for outcome, rest in cases:
        steps = [Step("headroom", outcome, ends_on="fail"), Step("next", "fail")]
        assert ran(stops_early(project), steps) == ["headroom", *rest]


def test_a_stage_with_nothing_to_do_after_what_was_found_is_passed_over(project: Project):
    idle = Step("idle", None)
    idle.runs = lambda experiment, earlier: "first" not in earlier.records
    assert ran(project, [Step("first", "fail"), idle]) == ["first"]
    assert ran(project, [idle]) == ["idle"]


def test_results_know_their_records_by_type_and_the_decision():
    results = Results()
    assert results.find(Said) is None
    said = Said(Verdict("merge", "pass", {}))
    more = results.plus("merge", said, said.verdict).plus("curve", CurveResult(()), None)
    assert more.need(Said) is said
    assert [verdict.stage for verdict in more.verdicts] == ["merge"]
    assert more.decision.action == "ship the merge"
    assert results.records == {}


def names_of(project: Project, stages: Sequence[Stage[Any]] = STAGES) -> list[str]:
    return [stage.name for stage in chosen_stages(project, stages)]


def test_a_section_that_is_null_leaves_its_stage_out(project: Project):
    assert names_of(project) == [name for name in USUAL if name != "curve"]
    assert "glossary" not in names_of(structs.replace(project, glossary=None))
    without = names_of(structs.replace(project, tune=None))
    assert "tune" not in without
    tune = project.tune
    assert tune is not None
    assert names_of(structs.replace(project, tune=structs.replace(tune, curve=(2,)))) == USUAL
    learning = structs.replace(project.merge, candidates=(Candidate("guided_inputs"),))
    assert "learn" in names_of(structs.replace(project, merge=learning))


def test_a_project_names_the_stages_it_wants_and_their_order_stays(project: Project):
    some = structs.replace(project, stages=("measure", "merge", "headroom"))
    assert names_of(some) == ["headroom", "merge", "measure"]


@pytest.mark.parametrize(
    ("stages", "message", "cure"),
    [
        (("headroom", "measure"), "`measure` needs what stage `merge` finds", "add `merge`"),
        (("merge", "tun"), "no stage `tun`", "`tune`"),
        (("merge", "tune", "curve"), "`curve` has nothing to do", "take `curve` out"),
    ],
)
def test_a_choice_of_stages_that_cannot_work_is_refused(
    project: Project, stages: tuple[str, ...], message: str, cure: str
):
    with pytest.raises(LexgraftError, match=message) as error:
        chosen_stages(structs.replace(project, stages=stages), STAGES)
    assert cure in str(error.value.cure)


def test_parts_of_the_report_are_joined_and_of_the_result_the_last_counts():
    one = Score("a", "G", "en", 0.1, 0.0, 0.2, 9)
    parts = [
        ReportPart(scores=(one,), result="linear"),
        ReportPart(),
        ReportPart(scores=(one, one), result="tuned"),
    ]
    joined = joined_parts(parts)
    assert joined.scores == (one,) * 3
    assert joined.result == "tuned"
    assert joined.method == ""


def _plan(*stages: str) -> AdoptionPlan:
    estimates = tuple(StageEstimate(stage, Cost(10.0)) for stage in stages)
    return AdoptionPlan("", {}, {}, {}, (), estimates, (), 0, 0, 0, (), "float32", "plain")


def test_a_verdict_says_what_its_stages_took_and_what_the_next_gate_takes():
    verdicts = [Verdict(stage, "fail", {}) for stage in ("headroom", "merge", "glossary", "tune")]
    costs = {name: Cost(float(number), number) for number, name in enumerate(USUAL, 1)}
    costs["learn"] = Cost(0.0)
    found = priced(verdicts, STAGES, _plan(*USUAL[:6]), costs)
    assert [verdict.cost.seconds for verdict in found] == [1.0, 2.0 + 3.0, 4.0, 5.0]
    assert [verdict.next_stage for verdict in found] == ["merge", "glossary", "tune", ""]
    assert [verdict.next_cost and verdict.next_cost.seconds for verdict in found] == [
        20.0,
        10.0,
        10.0,
        None,
    ]


def test_a_stage_left_out_is_not_called_the_next():
    (found,) = priced(
        [Verdict("merge", "fail", {})], STAGES, _plan("merge", "measure", "tune"),
        {name: Cost(1.0) for name in NAMES},
    )  # fmt: skip
    assert found.next_stage == "tune"


def test_a_merge_that_harms_is_not_shipped_by_its_glossary():
    merge = verdict_of("merge", [criterion(ABILITY, "undecided"), criterion("target gain", "pass")])
    glossary = verdict_of("glossary", [criterion("glossary effect, recognition", "pass")])
    results = Results(verdicts=(merge, glossary))
    assert merge.outcome == "undecided"
    assert results.decision.model == "recipient"


@pytest.mark.slow
def test_a_stage_of_ones_own_is_one_file_and_the_list(make_project: MakeProject, tmp_path: Path):
    from lexgraft.adoption.adopt import plan_project, run_project

    def short(values: dict[str, Any]) -> None:
        values["stages"] = ["headroom", "words"]
        values["gates"]["headroom"] = 0.0

    project = read_project(make_project(short))
    stages = (*STAGES, CountWords())
    planned = plan_project(project, stages=stages)
    assert [estimate.stage for estimate in planned.estimates] == ["headroom", "words"]
    report, _ = run_project(project, stages=stages, underpowered=True)
    assert [verdict.stage for verdict in report.verdicts] == ["headroom", "words"]
    assert report.verdicts[0].next_stage == "words"
    assert any(score.name == "words" and score.value == 1 for score in report.scores)
    assert report.shipped == "G"
    assert (tmp_path / "run" / "stages" / "words.json").is_file()
    assert "words" in (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
