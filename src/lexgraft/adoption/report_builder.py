"""The end of an adoption: the report of what the stages found, and the model's card."""

import os
import platform
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec

from lexgraft import __version__
from lexgraft.adoption.cost import sum_costs
from lexgraft.adoption.data_sources import count_sources, rights_of
from lexgraft.adoption.gate_chances import underpowered
from lexgraft.adoption.material import Material
from lexgraft.adoption.planning import AdoptionPlan
from lexgraft.adoption.preregistration import Declaration, late
from lexgraft.adoption.report import write_report
from lexgraft.adoption.report.licences import mixed
from lexgraft.adoption.report.model_card import model_card, notice
from lexgraft.adoption.report.report_record import (
    DataSource,
    Parent,
    PlannedChance,
    Report,
    RoundCost,
    RunRecord,
    StageCost,
)
from lexgraft.adoption.report.viewer_record import ViewerRecord
from lexgraft.adoption.stages.stage import ReportPart, Results, Stage
from lexgraft.adoption.stopped_stage import stopped_warning
from lexgraft.adoption.validity import ValidityMark, writes_fewer_served, writes_no_term
from lexgraft.adoption.verdict_text import decision_in_words
from lexgraft.files.file_digest import file_digest
from lexgraft.project import Models
from lexgraft.records import AnswerParity, Cost, Verdict, write_bytes
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
    additions: ReportPart  # of the stages that ran
    costs: tuple[StageCost, ...]  # of the plan, each stage, and what lies between them
    inputs: str  # digest of all that the project read
    rounds: tuple[RoundCost, ...]
    digests: Mapping[str, str]  # of the weights of base, language and domain model
    models: Mapping[str, str]  # name of each that was asked everything → digest of its answers
    written: str  # the name of the model that `model/` holds
    manifest: Manifest  # of its folder

    @property
    def cost_of(self) -> dict[str, Cost]:
        """Return what each stage that ran has taken."""
        return {stage.stage: stage.cost for stage in self.costs}


def finish(material: Material, adoption: FinishedAdoption, viewer: ViewerRecord) -> Report:
    """Return the report, after writing it with every single answer, and the model's card."""
    report = build_report(material, adoption)
    report = msgspec.structs.replace(report, warnings=(*report.warnings, *mixed(report)))
    folder = material.folder
    write_bytes(folder / "model" / "README.md", model_card(report).encode())
    if text := notice(report):
        write_bytes(folder / "model" / "NOTICE", text.encode())
    return write_report(report, folder, viewer)


def build_report(material: Material, adoption: FinishedAdoption) -> Report:
    """Return everything a reader is told, from what the stages found."""
    project, plan, results = material.project, adoption.plan, adoption.results
    additions = adoption.additions
    decision = decision_in_words(results.decision, project.languages.target, results.verdicts)
    return Report(
        project=project.name,
        version=__version__,
        target=project.languages.target,
        domain=project.languages.domain,
        recommendation=decision.sentence,
        decision=decision,
        result=additions.result or "G",
        shipped=adoption.written,
        method=additions.method,
        parameters=additions.parameters,
        verdicts=priced(results.verdicts, adoption.stages, plan, adoption.cost_of),
        points=additions.points,
        front=additions.front,
        wanted=project.gates.merge.target_gain,
        scores=additions.scores,
        choosing=additions.choosing,
        gains=additions.gains,
        specifications=additions.specifications,
        acquisitions=additions.acquisitions,
        glossary=additions.glossary,
        written=additions.written,
        tuning=additions.tuning,
        entry_tokens=additions.entry_tokens,
        unit_seconds=_for_one_more(plan),
        business=project.business,
        lessons=additions.lessons,
        terms=additions.terms,
        general=additions.general,
        concepts={split: len(concepts) for split, concepts in material.testset.concepts.items()},
        items=sum(plan.items.values()),
        controls=plan.controls,
        refused=plan.refused,
        power=tuple(PlannedChance(gate.gate, gate.chance, gate.numbers) for gate in plan.gates),
        samples=additions.samples,
        parents=_parents(project.models, adoption.digests),
        models=dict(adoption.models),
        sources=(*_sources(material), *additions.sources),
        number_format=plan.computed_in,
        prompt=plan.prompt,
        seed=project.seed,
        alpha=project.gates.alpha,
        gates=adoption.declaration.digest,
        data=_data(material, adoption.manifest),
        engines={name: number for name in ENGINES if (number := _installed(name))},
        marks=_marks(adoption),
        answers=adoption.manifest.answers,
        warnings=(
            *plan.warnings,
            *late(adoption.declaration),
            *stopped_warning(results),
            *_answers_otherwise(adoption.manifest.answers),
        ),
        run=_run_record(adoption),
    )


def _data(material: Material, manifest: Manifest) -> dict[str, str]:
    """Return the digests of the test set, of the model written, and of the term files."""
    files = {Path(file).name: file_digest(Path(file))[:32] for file in material.project.terms.files}
    return {"testset": material.testset.digest, "model": manifest.digest, **files}


def priced(
    verdicts: Sequence[Verdict],
    stages: Sequence[Stage[Any]],
    plan: AdoptionPlan,
    costs: Mapping[str, Cost],
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
            cost=sum_costs(costs[name] for name in names if name in costs),
            next_stage=later[0] if later else "",
            next_cost=sum_costs(following) if following else None,
        )

    return tuple(map(with_costs, verdicts))


def _for_one_more(plan: AdoptionPlan) -> dict[str, float]:
    """Return the seconds that stages spend on one more of each thing that gates count."""
    numbers: dict[str, int] = {}
    for gate in plan.gates:
        for unit, number in gate.numbers.items():
            numbers[unit] = max(number, numbers.get(unit, 0))
    return {
        unit: seconds / numbers[unit]
        for unit, seconds in plan.unit_seconds.items()
        if numbers.get(unit)
    }


def _marks(adoption: FinishedAdoption) -> tuple[ValidityMark, ...]:
    """Return what speaks against trusting the verdicts: plan, stages that ran, free answers."""
    records = adoption.results.records
    found = [
        mark
        for stage in adoption.stages
        if stage.name in records
        for mark in stage.marks(records[stage.name])
    ]
    once = {mark.name: mark for mark in found}.values()
    plan, scores = adoption.plan, adoption.additions.scores
    return (
        *plan.marks,
        *underpowered(plan.gates),
        *once,
        *writes_no_term(scores, adoption.written),
        *writes_fewer_served(adoption.additions.written),
    )


def _parents(models: Models, digests: Mapping[str, str]) -> tuple[Parent, ...]:
    return tuple(
        Parent(
            role, Path(getattr(models, label)).name, digests[label], models.licences.get(label, "")
        )
        for label, role in ROLES.items()
    )


def _sources(material: Material) -> tuple[DataSource, ...]:
    """Return what the questions and the running texts came from, with their rights."""
    concepts = (concept for group in material.testset.concepts.values() for concept in group)
    texts = (text for _, group in material.texts["confirm"] for text in group)
    return (
        *count_sources("test", map(rights_of, concepts)),
        *count_sources("general", ((text.source, "", text.licence) for text in texts)),
    )


def _answers_otherwise(answers: AnswerParity | None) -> Iterator[dict[str, str]]:
    """Yield a warning where the folder that was written is not the model that was measured."""
    if answers is not None and not answers.agrees:
        yield {
            "en": f"`model/` does not answer as the model that was measured: {answers}.",
            "ja": f"`model/` の応答は測定したモデルと一致しません：{answers}",
        }


def _run_record(adoption: FinishedAdoption) -> RunRecord:
    """Return where and how the run was made, and what each stage took when it ran."""
    return RunRecord(
        written=datetime.now(UTC).isoformat(timespec="seconds"),
        machine=f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python "
        + platform.python_version(),
        command="lexgraft " + " ".join(sys.argv[1:]),
        stages=adoption.costs,
        inputs=adoption.inputs,
        rounds=adoption.rounds,
    )


def _installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
