"""What the next step is, what it would cost, and what it could show (pure)."""

from math import inf
from typing import Literal, NamedTuple

from lexgraft.adoption.report.options import chosen_option
from lexgraft.adoption.report.report_record import Report
from lexgraft.adoption.upkeep.quantities import figure
from lexgraft.records import Verdict

CHANCE = 0.8  # with which the next step should decide
_REVIEWED = frozenset({"concepts", "taught concepts"})
"""What somebody must review before it can be asked or taught; the glossary asks the same terms."""

StepKind = Literal["more", "stage", "sealed", "ship", "other"]


class NextStep(NamedTuple):
    """The next step with its cost; None: it cannot be stated."""

    kind: StepKind
    stage: str = ""  # that it decides, or that it runs
    expected: str = ""  # how that stage would be decided
    more: dict[str, int] = {}  # noqa: RUF012 (never changed) what is counted → how many more
    seconds: float | None = None
    hours: float | None = None  # of people
    money: float | None = None  # of machine and people together
    open_line: str = ""  # the line of `business:` that people's time lacks


def next_step(report: Report) -> NextStep:
    """Return what to do next: open what is sealed, decide what is open, run what is left, or stop.

    Of several open stages the one that is expected to pass comes first, then the cheapest.
    """
    if chosen_option(report) != "keep":
        opened = any(verdict.stage == "sealed" for verdict in report.verdicts)
        sealed = 0 if opened else report.concepts.get("sealed", 0)
        return _opening(report, sealed) if sealed else NextStep("ship")
    steps = [step for verdict in report.verdicts if (step := _deciding(report, verdict))]
    if steps:
        return min(
            steps,
            key=lambda step: (
                step.expected != "pass",
                inf if step.seconds is None else step.seconds,
            ),
        )
    last = report.verdicts[-1] if report.verdicts else None
    if last is not None and last.next_stage and last.next_cost and last.stage != "headroom":
        cost = last.next_cost
        money = cost.money if cost.currency else None
        return NextStep("stage", last.next_stage, seconds=cost.seconds, hours=0.0, money=money)
    return NextStep("other")


def _opening(report: Report, sealed: int) -> NextStep:
    """Return the step that asks the sealed concepts: they take what as many took on `confirm`."""
    measuring = next((stage.cost for stage in report.run.stages if stage.stage == "measure"), None)
    confirmed = report.concepts.get("confirm", 0)
    if measuring is None or not confirmed:
        return NextStep("sealed")
    share = sealed / confirmed
    money = measuring.money * share if measuring.currency else None
    return NextStep("sealed", seconds=measuring.seconds * share, hours=0.0, money=money)


def _deciding(report: Report, verdict: Verdict) -> NextStep | None:
    """Return the step that would decide an undecided verdict, if numbers do."""
    numbers = next((chance.numbers for chance in verdict.chances if chance.chance == CHANCE), None)
    if verdict.outcome != "undecided" or not numbers:
        return None
    have = next((power.numbers for power in report.power if power.gate == verdict.stage), {})
    more = {unit: count - have.get(unit, 0) for unit, count in numbers.items()}
    more = {unit: count for unit, count in more.items() if count > 0}
    known = all(unit in have and unit in report.unit_seconds for unit in more)
    seconds = sum(count * report.unit_seconds[unit] for unit, count in more.items() if known)
    return _priced(
        report,
        NextStep("more", verdict.stage, verdict.expected, more, seconds if known else None),
    )


def _priced(report: Report, step: NextStep) -> NextStep:
    """Return a step with people's hours and the money for both, where the user's figures do it."""
    business = report.business
    terms = sum(count for unit, count in step.more.items() if unit in _REVIEWED)
    minutes = figure("", business.people.review_minutes)
    rate = figure("", business.people.terminologist_hour)
    hours = 0.0 if not terms else terms * minutes.value / 60 if minutes else None
    open_line = "" if hours is not None else "business.people.review_minutes"
    money = None
    if step.seconds is not None and hours is not None and business.machine_hour is not None:
        people = hours * rate.value if rate else None if hours else 0.0
        machine = step.seconds / 3600 * business.machine_hour
        money = None if people is None else machine + people
    return step._replace(hours=hours, money=money, open_line=open_line)
