"""What a run has taken so far, as its report tells it: by stage, between them, and by round."""

from collections.abc import Mapping, Sequence

from lexgraft.adoption.report.report_record import BETWEEN, RoundCost, StageCost
from lexgraft.evaluation.cost_log import WHOLE, CostLog, Spending


def stage_costs(
    log: CostLog, planned: Sequence[str], estimates: Mapping[str, float]
) -> tuple[StageCost, ...]:
    """Return what each stage took over all its runs, also of stages that are no longer planned.

    `estimates` are seconds. The last row is what processes took outside all stages.
    """
    log.note()
    names = dict.fromkeys([*planned, *log.stages()])
    stages = {name: log.spending(name) for name in names}
    rows = [
        StageCost(
            name,
            log.priced(spent),
            estimates.get(name),
            round(spent.cpu_seconds, 2),
            spent.runs,
            spent.runs - spent.done,
            _error(log, name, spent, estimates.get(name)),
            spent.read_bytes,
            spent.written_bytes,
        )
        for name, spent in stages.items()
        if spent.runs
    ]
    between = _between(log.spending(WHOLE), list(stages.values()))
    rows.append(
        StageCost(
            BETWEEN,
            log.priced(between),
            None,
            round(between.cpu_seconds, 2),
            between.runs,
            read_bytes=between.read_bytes,
            written_bytes=between.written_bytes,
        )
    )
    return tuple(rows)


def round_costs(log: CostLog) -> tuple[RoundCost, ...]:
    """Return what was taken in each round: while the project read the same, resumes with it."""
    return tuple(
        RoundCost(
            began,
            inputs,
            log.priced(spent),
            round(spent.cpu_seconds, 2),
            spent.runs,
            spent.answers,
            spent.read_bytes,
            spent.written_bytes,
            spent.devices,
        )
        for inputs, (began, spent) in log.rounds().items()
    )


def _error(log: CostLog, stage: str, spent: Spending, estimated: float | None) -> float | None:
    """Return how far a stage's estimate was off; what earlier rounds answered was not foreseen."""
    now = log.spending(stage, log.inputs)
    if not estimated or not now.done or now.runs != spent.runs:
        return None
    return round(now.seconds / estimated - 1, 3)


def _between(processes: Spending, stages: Sequence[Spending]) -> Spending:
    return Spending(
        seconds=max(0.0, processes.seconds - sum(spent.seconds for spent in stages)),
        cpu_seconds=max(0.0, processes.cpu_seconds - sum(spent.cpu_seconds for spent in stages)),
        peak_bytes=processes.peak_bytes,
        runs=processes.runs,
        read_bytes=max(0, processes.read_bytes - sum(spent.read_bytes for spent in stages)),
        written_bytes=max(
            0, processes.written_bytes - sum(spent.written_bytes for spent in stages)
        ),
    )
