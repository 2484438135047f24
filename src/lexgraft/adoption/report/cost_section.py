"""The costs on the page: what stages took beside what was foreseen, and each round of work."""

from collections.abc import Sequence

from lexgraft.adoption.report.formats import (
    ABSENT,
    duration,
    money,
    points,
    share,
    size,
    spending,
    total,
)
from lexgraft.adoption.report.markup import Html, both, element, fit, word
from lexgraft.adoption.report.page_parts import name, nothing, section, table
from lexgraft.adoption.report.report_record import BETWEEN, Report, RoundCost, StageCost
from lexgraft.adoption.report.report_words import in_both
from lexgraft.records import Cost


def costs(report: Report) -> Html:
    """Return what each stage took over all runs, beside what had been foreseen."""
    stages = report.run.stages
    if not stages:
        return section("costs", nothing())
    overall = total([stage.cost for stage in stages])
    rows = [_stage_row(stage) for stage in stages]
    rows.append(
        (
            word("total"),
            *_time(overall.seconds, sum(stage.cpu_seconds for stage in stages)),
            fit(""),
            fit(""),
            *_bytes_and_money(overall, stages),
        )
    )
    heads = ("stage", "time", "processor", "foreseen", "estimate_error", "memory", "disk", "money")
    content = [table([word(key) for key in heads], rows, numbers=7)]
    within = [stage for stage in stages if stage.stage != BETWEEN]
    if unfinished := sum(stage.unfinished for stage in within):
        runs = sum(stage.runs for stage in within)
        content.append(element("p", word("costs_unfinished", unfinished=unfinished, runs=runs)))
    devices = dict.fromkeys(device for work in report.run.rounds for device in work.devices)
    if devices:
        content.append(element("p", word("costs_devices", devices=", ".join(devices))))
    return section("costs", *content, *_rounds(report.run.rounds), note=word("costs_note"))


def spent_lines(report: Report) -> list[str]:
    """Return what was spent, and of a changed project what that was of the first time."""
    spent = total([stage.cost for stage in report.run.stages])
    processor = duration(sum(stage.cpu_seconds for stage in report.run.stages), "en")
    line = (
        f"cost:   {spending(spent, 'en')} ({processor} of processor time), all runs together; "
        f"memory {size(spent.peak_bytes)}"
    )
    this_time = (
        f"this time: {duration(work.cpu_seconds, 'en')} of processor time, "
        f"{share(work.cpu_seconds / first.cpu_seconds)} of the first; "
        f"{work.answers:,} answers asked for, {first.answers:,} then"
        for first in report.run.rounds[:1]
        for work in report.run.rounds[1:]
        if first.cpu_seconds and work.inputs == report.run.inputs
    )
    return [line, *this_time]


def _stage_row(stage: StageCost) -> tuple[Html, ...]:
    foreseen, error = stage.estimated_seconds, stage.estimate_error
    return (
        name(stage.stage),
        *_time(stage.cost.seconds, stage.cpu_seconds),
        fit(ABSENT) if foreseen is None else both(in_both(duration, foreseen)),
        fit(ABSENT if error is None else points(error, "%")),
        *_bytes_and_money(stage.cost, (stage,)),
    )


def _rounds(rounds: Sequence[RoundCost]) -> list[Html]:
    """Return what the work on each state of the project took, where there was more than one."""
    if len(rounds) < 2:
        return []
    first = rounds[0].cpu_seconds
    rows = [
        (
            fit(work.began.replace("T", " ")[:16]),
            fit(str(work.runs)),
            *_time(work.cost.seconds, work.cpu_seconds),
            fit(f"{work.answers:,}"),
            fit(share(work.cpu_seconds / first) if first else ABSENT),
        )
        for work in rounds
    ]
    heads = ("round_began", "runs", "time", "processor", "asked", "of_the_first")
    return [
        element("p", word("rounds_note")),
        table([word(key) for key in heads], rows, numbers=5),
    ]


def _time(seconds: float, cpu_seconds: float) -> tuple[Html, Html]:
    return both(in_both(duration, seconds)), both(in_both(duration, cpu_seconds))


def _bytes_and_money(cost: Cost, stages: Sequence[StageCost]) -> tuple[Html, Html, Html]:
    """Return the peak of memory, what was read from disk and written to it, and the money."""
    disk = [sum(stage.read_bytes for stage in stages), sum(stage.written_bytes for stage in stages)]
    return (
        fit(size(cost.peak_bytes) if cost.peak_bytes else ABSENT),
        fit(" / ".join(map(size, disk)) if any(disk) else ABSENT),
        fit(money(cost)),
    )
