"""The plan's own advice followed: the lines that its messages name, written into the settings."""

import re
from collections.abc import Mapping
from copy import copy
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from lexgraft.adoption.chosen_stages import chosen_stages
from lexgraft.adoption.experiment import Experiment, start_experiment
from lexgraft.adoption.gate_chances import WANTED, GateChance
from lexgraft.adoption.planning import chances_of, plan_adoption
from lexgraft.adoption.spreads import Spreads
from lexgraft.adoption.stages import STAGES
from lexgraft.errors import LexgraftError
from lexgraft.files.model_search import ModelSearch
from lexgraft.files.ownership import real_path
from lexgraft.files.run_folder import hold
from lexgraft.files.safe_yaml import read_yaml
from lexgraft.project import Project, inputs_of, project_from, with_models
from lexgraft.records import Progress, silent

ROUNDS = 16
LARGEST = 0.4  # an effect above which a stage is left out rather than planned for
OPTIONAL = ("glossary", "tune")  # stages that a project can do without
_LINE = re.compile(r"`([a-z_]+(?:\.[a-z_0-9]+)*): ([^`]+)`")


def settings_in(advice: str) -> dict[str, Any]:
    """Return the settings that an advice names, by their dotted keys.

    >>> settings_in("ask for `testset.choose: 35`, `testset.confirm: 105`, or `glossary: null`")
    {'testset.choose': 35, 'testset.confirm': 105, 'glossary': None}
    """
    written = (f"{key}: {text}" for key, text in _LINE.findall(advice))
    return {
        key: value for line in written for key, value in _mapping(read_yaml(line, "advice")).items()
    }


def _mapping(value: Any) -> dict[str, Any]:
    return value


def apply_settings(settings: dict[str, Any], lines: Mapping[str, Any]) -> None:
    """Write settings by their dotted keys into the plain values of a project."""
    for key, value in lines.items():
        *path, last = key.split(".")
        branch: Any = settings
        for key_part in path:
            branch = (
                branch[int(key_part)]
                if isinstance(branch, list)
                else branch.setdefault(key_part, {})
            )
        branch[last] = value


def following_advice(
    settings: dict[str, Any], file: Path, *, download: bool = False, progress: Progress = silent
) -> tuple[tuple[GateChance, ...], list[str]]:
    """Change settings until the plan accepts them and every gate has its chance.

    A stage that a project can do without is left out where only an effect would be shown that
    nobody should count on.

    Returns:
        The chances of the gates, and what was changed and why.

    Raises:
        LexgraftError: what the plan refuses without naming what to write.
    """
    notes: dict[str, None] = {}
    folder_of_project = real_path(file).parent
    with TemporaryDirectory() as folder:
        for number in range(ROUNDS):
            run = str(Path(folder) / str(number))
            project = project_from({**settings, "output": run}, file)
            try:
                gates = _served(
                    settings, with_models(project, ModelSearch(folder_of_project, download)), notes
                )
            except LexgraftError as error:
                lines = settings_in(error.cure)
                if not lines:
                    raise
                apply_settings(settings, lines)
                notes[f"{error.what}: {_told(lines)}"] = None
                continue
            if gates is not None:
                return gates, list(notes)
    raise LexgraftError(
        "the plan's advice does not settle",
        where=str(file),
        cure="add concepts, or write the project by hand: docs/project.md",
    )


def _served(
    settings: dict[str, Any], project: Project, notes: dict[str, None]
) -> tuple[GateChance, ...] | None:
    """Return the gates once all have their chance; None where numbers were raised: plan again.

    Raises:
        LexgraftError: what the plan refuses.
    """
    stages = chosen_stages(project, STAGES)
    with hold(Path(project.output), inputs_of(project)) as run:
        experiment = start_experiment(project, run, silent)
        gates = plan_adoption(experiment, stages).gates
        for _ in range(ROUNDS):
            weak = [gate for gate in gates if gate.chance < WANTED]
            if not weak:
                return gates
            lines = _lines_for(weak[0])
            apply_settings(settings, lines)
            notes[f"{weak[0].gate} gate, P(pass) {weak[0].chance:.2f}: {_told(lines)}"] = None
            if not all(key.startswith("gates.") for key in lines):
                return None
            experiment = _with_gates(experiment, settings)
            gates = chances_of(experiment, stages, Spreads(), {})
    return None


def _lines_for(gate: GateChance) -> dict[str, Any]:
    """Return what a gate's advice names, or that its stage is left out."""
    large = [value for key, value in gate.settings.items() if key.startswith("gates.assumed.")]
    if gate.gate in OPTIONAL and (not gate.settings or max(large, default=0.0) > LARGEST):
        return {gate.gate: None}
    if not gate.settings:
        raise LexgraftError(
            f"the {gate.gate} gate cannot pass with so few concepts",
            where="terms.files",
            cure="add concepts",
        )
    return dict(gate.settings)


def _with_gates(experiment: Experiment, settings: Mapping[str, Any]) -> Experiment:
    """Return the experiment with other thresholds; what was read and built stays."""
    project = project_from({**settings, "output": experiment.project.output}, Path("project"))
    changed = _replaced(experiment.project, project)
    material = copy(experiment.material)
    material.project = changed
    return replace(experiment, project=changed, material=material)


def _replaced(project: Project, source: Project) -> Project:
    """Return a project with the thresholds of another."""
    from msgspec.structs import replace as with_fields

    return with_fields(project, gates=source.gates)


def _told(lines: Mapping[str, Any]) -> str:
    return ", ".join(f"{key}: {'null' if value is None else value}" for key, value in lines.items())
