"""The end of an adoption: the report of what the stages found, and the model's card."""

import os
import platform
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec

from lexgraft import __version__
from lexgraft.adoption.cost import sum_costs
from lexgraft.adoption.data_sources import count_sources, rights_of
from lexgraft.adoption.experiment import EvaluatedModel, Experiment
from lexgraft.adoption.planning import AdoptionPlan
from lexgraft.adoption.preregistration import Declaration, late
from lexgraft.adoption.report import write_report
from lexgraft.adoption.report.licences import mixed
from lexgraft.adoption.report.model_card import model_card, notice
from lexgraft.adoption.report.report_record import (
    DataSource,
    Parent,
    Report,
    RunRecord,
    StageCost,
)
from lexgraft.adoption.stages.stage import Results, Stage, joined_parts
from lexgraft.files.file_digest import file_digest
from lexgraft.records import Cost, Verdict, write_bytes
from lexgraft.weights.merge.manifest import Manifest

ENGINES = ("lexgraft", "torch", "transformers", "numpy", "safetensors", "wordfreq")
ROLES: dict[Literal["base", "language", "domain"], str] = {
    "base": "base",
    "language": "G",
    "domain": "D",
}
PLAN = "plan"


class FinishedAdoption(NamedTuple):
    """One adoption at its end."""

    stages: Sequence[Stage[Any]]  # that were to run
    plan: AdoptionPlan
    declaration: Declaration
    results: Results
    written: EvaluatedModel
    manifest: Manifest  # of its folder


def finish(experiment: Experiment, adoption: FinishedAdoption) -> Report:
    """Return the report, after writing it and the model's card."""
    report = build_report(experiment, adoption)
    report = msgspec.structs.replace(report, warnings=(*report.warnings, *mixed(report)))
    folder = experiment.run.path
    write_bytes(folder / "model" / "README.md", model_card(report).encode())
    if text := notice(report):
        write_bytes(folder / "model" / "NOTICE", text.encode())
    write_report(report, folder)
    return report


def build_report(experiment: Experiment, adoption: FinishedAdoption) -> Report:
    """Return everything a reader is told, from what the stages found."""
    project, plan, results = experiment.project, adoption.plan, adoption.results
    part = joined_parts(
        [
            stage.report(experiment, results.records[stage.name])
            for stage in adoption.stages
            if stage.name in results.records
        ]
    )
    costs = {stage.name: experiment.run.cost(stage.name) for stage in adoption.stages}
    decision = results.decision
    return Report(
        project=project.name,
        version=__version__,
        target=project.languages.target,
        domain=project.languages.domain,
        recommendation=decision.sentence,
        decision=decision,
        result=part.result or "G",
        shipped=adoption.written.name,
        method=part.method,
        parameters=part.parameters,
        verdicts=priced(results.verdicts, adoption.stages, plan, costs, project.prices.currency),
        points=part.points,
        wanted=project.gates.merge.target_gain,
        scores=part.scores,
        choosing=part.choosing,
        acquisitions=part.acquisitions,
        glossary=part.glossary,
        tuning=part.tuning,
        lessons=part.lessons,
        terms=part.terms,
        general=part.general,
        concepts={str(split): count for split, count in plan.concepts.items()},
        items=sum(plan.items.values()),
        controls=plan.controls,
        refused=plan.refused,
        power=plan.power,
        samples=part.samples,
        parents=_parents(experiment),
        sources=(*_sources(experiment), *part.sources),
        seed=project.seed,
        gates=adoption.declaration.digest,
        data={
            "testset": experiment.testset.digest,
            "model": adoption.manifest.digest,
            **{Path(file).name: file_digest(Path(file))[:32] for file in project.terms.files},
        },
        engines={name: number for name in ENGINES if (number := _installed(name))},
        warnings=(*plan.warnings, *late(adoption.declaration)),
        run=_run_record(adoption, experiment.run.cost),
    )


def priced(
    verdicts: Sequence[Verdict],
    stages: Sequence[Stage[Any]],
    plan: AdoptionPlan,
    costs: Mapping[str, Cost],
    currency: str,
) -> tuple[Verdict, ...]:
    """Return the verdicts with what their stages took and what the next gate's are expected to.

    `costs` holds what each stage has taken.
    """
    foreseen = {estimate.stage: estimate.cost for estimate in plan.estimates}
    names_of = {
        gate: [stage.name for stage in stages if stage.gate == gate]
        for gate in dict.fromkeys(stage.gate for stage in stages if stage.gate)
    }
    gates = [gate for gate, names in names_of.items() if any(name in foreseen for name in names)]

    def with_costs(verdict: Verdict) -> Verdict:
        names = names_of.get(verdict.stage, ())
        later = gates[gates.index(verdict.stage) + 1 :] if verdict.stage in gates else []
        following = (
            [foreseen[name] for name in names_of[later[0]] if name in foreseen] if later else []
        )
        return msgspec.structs.replace(
            verdict,
            cost=sum_costs((costs[name] for name in names), currency),
            next_stage=later[0] if later else "",
            next_cost=sum_costs(following, currency) if following else None,
        )

    return tuple(map(with_costs, verdicts))


def _parents(experiment: Experiment) -> tuple[Parent, ...]:
    models = experiment.project.models
    digests = {
        "base": experiment.base.digest,
        **{label: model.digest for label, model in experiment.constituents.items()},
    }
    return tuple(
        Parent(
            role, Path(getattr(models, label)).name, digests[label], models.licences.get(label, "")
        )
        for label, role in ROLES.items()
    )


def _sources(experiment: Experiment) -> tuple[DataSource, ...]:
    """Return what the questions and the running texts came from, with their rights."""
    concepts = (concept for group in experiment.testset.concepts.values() for concept in group)
    texts = (text for _, group in experiment.texts["confirm"] for text in group)
    return (
        *count_sources("test", map(rights_of, concepts)),
        *count_sources("general", ((text.source, "", text.licence) for text in texts)),
    )


def _run_record(adoption: FinishedAdoption, cost_of: Callable[[str], Cost]) -> RunRecord:
    """Return where and how the run was made, and what each stage took when it ran."""
    foreseen = {estimate.stage: estimate.cost.seconds for estimate in adoption.plan.estimates}
    return RunRecord(
        written=datetime.now(UTC).isoformat(timespec="seconds"),
        machine=f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python "
        + platform.python_version(),
        command="lexgraft " + " ".join(sys.argv[1:]),
        stages=tuple(
            StageCost(name, cost, foreseen.get(name))
            for name in (PLAN, *(stage.name for stage in adoption.stages))
            if (cost := cost_of(name)) != Cost(0.0)
        ),
    )


def _installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
