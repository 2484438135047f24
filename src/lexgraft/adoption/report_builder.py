"""The end of an adoption: which model is recommended, its folder and card, the report."""

import os
import platform
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec

from lexgraft import __version__
from lexgraft.adoption.cost import sum_costs
from lexgraft.adoption.decision import Decision, decide, outcomes_of
from lexgraft.adoption.experiment import EvaluatedModel, Experiment
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
    TuningSummary,
    Use,
)
from lexgraft.adoption.stage_records import (
    AdoptionPlan,
    CurveResult,
    GlossaryResult,
    HeadroomResult,
    MeasureResult,
    RaceResult,
    SealedTestResult,
    TuningResult,
)
from lexgraft.adoption.training_data import taught_concepts
from lexgraft.files.file_digest import file_digest
from lexgraft.files.ownership import note, remove_noted
from lexgraft.project import inputs_of
from lexgraft.records import Concept, Cost, Verdict, write_bytes
from lexgraft.weights.checkpoint.folder_writer import MANIFEST
from lexgraft.weights.merge.disk_merge import run_merge
from lexgraft.weights.merge.manifest import Manifest

ENGINES = ("lexgraft", "torch", "transformers", "numpy", "safetensors", "wordfreq")
ROLES: dict[Literal["base", "language", "domain"], str] = {
    "base": "base",
    "language": "G",
    "domain": "D",
}
NEXT = {"headroom": "merge", "merge": "glossary", "glossary": "tune", "tune": "", "sealed": ""}
STEPS = {"merge": ("merge", "measure")}  # the gate after the merge judges what was measured


class AdoptionState(NamedTuple):
    """What the stages of one adoption found; later ones are None when they did not run."""

    declared: Declaration
    planned: AdoptionPlan
    headroom: HeadroomResult
    race: RaceResult | None = None
    judged: MeasureResult | None = None
    glossary: GlossaryResult | None = None
    tuned: TuningResult | None = None
    sealed: SealedTestResult | None = None
    curve: CurveResult | None = None

    def verdicts(self) -> list[Verdict]:
        """Return the verdicts of the gates that ran, in order."""
        judged = self.judged.verdict if self.judged else None
        glossary = self.glossary.verdict if self.glossary else None
        tuned = self.tuned.judged.verdict if self.tuned else None
        sealed = self.sealed.verdict if self.sealed else None
        return [one for one in (self.headroom.verdict, judged, glossary, tuned, sealed) if one]

    def decision(self) -> Decision:
        """Return what to do, after the gates that ran."""
        return decide(outcomes_of(self.verdicts()))


def write_model(session: Experiment, subject: EvaluatedModel) -> Manifest:
    """Write the recommended model's folder; a folder of an earlier verdict makes way."""
    assert subject.plan is not None  # only merges and parents are shipped
    folder, plan = session.run.path / "model", subject.plan.digest
    manifest = folder / MANIFEST
    if manifest.is_file():
        held = msgspec.json.decode(manifest.read_bytes()).get("plan")
        if isinstance(held, str) and held != plan:
            if _is_reported(session.run.path, manifest):  # of a run before there were records
                note(folder, "model", held)
            remove_noted(folder, "model", held, inputs_of(session.project))
    note(folder, "model", plan)
    return run_merge(subject.plan, folder, session.progress)


def _is_reported(run: Path, manifest: Path) -> bool:
    """Return whether the run's report is about the model of this manifest."""
    try:
        report = msgspec.json.decode((run / "report.json").read_bytes())
        return report["data"]["model"] == msgspec.json.decode(manifest.read_bytes())["digest"]
    except (OSError, msgspec.DecodeError, KeyError, TypeError):
        return False


def finish(
    session: Experiment, found: AdoptionState, subject: EvaluatedModel, manifest: Manifest
) -> Report:
    """Return the report, after writing it and the model's card."""
    report = build_report(session, found, subject, manifest)
    report = msgspec.structs.replace(report, warnings=(*report.warnings, *mixed(report)))
    folder = session.run.path
    write_bytes(folder / "model" / "README.md", model_card(report).encode())
    if text := notice(report):
        write_bytes(folder / "model" / "NOTICE", text.encode())
    write_report(report, folder)
    return report


def build_report(
    session: Experiment, found: AdoptionState, subject: EvaluatedModel, manifest: Manifest
) -> Report:
    """Return everything a reader is told, from what the stages found."""
    project, planned, race = session.project, found.planned, found.race
    judged, tuned, decision = found.judged, found.tuned, found.decision()
    raced, best = (race.raced, race.best()) if race else ((), None)
    results = [one for one in (judged, tuned and tuned.judged) if one]
    return Report(
        project=project.name,
        version=__version__,
        target=project.languages.target,
        domain=project.languages.domain,
        recommendation=decision.sentence,
        decision=decision,
        result=best.name if best else "G",
        shipped=subject.name,
        method=best.candidate.method if best else "",
        parameters=best.candidate.parameters if best else {},
        verdicts=_priced(session, found),
        points=(*(one.point for one in raced), *(p for result in results for p in result.points)),
        wanted=project.gates.merge.target_gain,
        scores=(*found.headroom.scores, *(score for one in results for score in one.scores)),
        choosing=(*found.headroom.choosing, *(s for one in raced for s in one.scores)),
        acquisitions=tuple(row for one in (*raced, *results) for row in one.acquisitions),
        glossary=found.glossary.scores if found.glossary else (),
        tuning=_tuning(tuned),
        lessons=found.curve.lessons if found.curve else (),
        terms=judged.terms if judged else (),
        general=tuple(change for one in (*raced, *results) for change in one.changes),
        concepts={str(split): count for split, count in planned.concepts.items()},
        items=sum(planned.items.values()),
        controls=planned.controls,
        refused=planned.refused,
        power=planned.power,
        samples=results[-1].samples if results else (),
        parents=_parents(session),
        sources=_sources(session, tuned=tuned is not None),
        seed=project.seed,
        gates=found.declared.digest,
        data={
            "testset": session.testset.digest,
            "model": manifest.digest,
            **{Path(file).name: file_digest(Path(file))[:32] for file in project.terms.files},
        },
        engines={name: number for name in ENGINES if (number := _installed(name))},
        warnings=(*planned.warnings, *late(found.declared)),
        run=_run(session, planned),
    )


def _priced(session: Experiment, found: AdoptionState) -> tuple[Verdict, ...]:
    """Return the verdicts with what their stage took and what the next one is expected to."""
    foreseen = {estimate.stage: estimate.cost for estimate in found.planned.estimates}
    currency = session.project.prices.currency

    def took(stage: str) -> Cost:
        return sum_costs((session.run.cost(step) for step in STEPS.get(stage, (stage,))), currency)

    def takes(stage: str) -> Cost | None:
        steps = [foreseen[step] for step in STEPS.get(stage, (stage,)) if step in foreseen]
        return sum_costs(steps, currency) if steps else None

    return tuple(
        msgspec.structs.replace(
            verdict,
            cost=took(verdict.stage),
            next_stage=NEXT[verdict.stage],
            next_cost=takes(NEXT[verdict.stage]),
        )
        for verdict in found.verdicts()
    )


def _tuning(tuned: TuningResult | None) -> TuningSummary | None:
    if tuned is None:
        return None
    edge = max(1, len(tuned.losses) // 10)
    return TuningSummary(
        terms=len(tuned.concepts),
        steps=tuned.steps,
        loss_first=sum(tuned.losses[:edge]) / edge,
        loss_last=sum(tuned.losses[-edge:]) / edge,
        recognition=(*tuned.taught, *tuned.others),
    )


def _parents(session: Experiment) -> tuple[Parent, ...]:
    models = session.project.models
    digests = {
        "base": session.base.digest,
        **{label: one.digest for label, one in session.constituents.items()},
    }
    return tuple(
        Parent(
            role, Path(getattr(models, label)).name, digests[label], models.licences.get(label, "")
        )
        for label, role in ROLES.items()
    )


def _sources(session: Experiment, *, tuned: bool) -> tuple[DataSource, ...]:
    """Return what terms and texts came from, with their rights, counted by use."""
    project, concepts = session.project, session.testset.concepts
    texts = [document for _, group in session.texts["confirm"] for document in group]
    taught = taught_concepts(session, project.tune) if project.tune and tuned else []
    replayed = session.replay if tuned else []
    return (
        *_counted("test", (_rights(one) for group in concepts.values() for one in group)),
        *_counted("general", ((text.source, "", text.licence) for text in texts)),
        *_counted("train", map(_rights, taught)),
        *_counted("replay", ((one.source, "", one.licence) for one in replayed)),
    )


def _rights(concept: Concept) -> tuple[str, str, str]:
    """Return a concept's source without its addresses, its version and its licence."""
    source = " ".join(word for word in concept.source.split() if ":" not in word)
    return source, concept.source_version, concept.licence


def _counted(use: Use, rights: Iterable[tuple[str, str, str]]) -> list[DataSource]:
    return [
        DataSource(name, use, number, licence, count)
        for (name, number, licence), count in sorted(Counter(rights).items())
    ]


def _run(session: Experiment, planned: AdoptionPlan) -> RunRecord:
    foreseen = {estimate.stage: estimate.cost.seconds for estimate in planned.estimates}
    stages = tuple(
        StageCost(stage, session.run.cost(stage), foreseen.get(stage)) for stage in _stages(session)
    )
    return RunRecord(
        written=datetime.now(UTC).isoformat(timespec="seconds"),
        machine=f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python "
        + platform.python_version(),
        command="lexgraft " + " ".join(sys.argv[1:]),
        stages=stages,
    )


def _stages(session: Experiment) -> Sequence[str]:
    order = ("plan", "headroom", "merge", "measure", "glossary", "tune", "curve", "sealed")
    return [stage for stage in order if session.run.cost(stage) != Cost(0.0)]


def _installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
