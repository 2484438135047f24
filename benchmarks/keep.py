"""Tuning held to where it started: ways to hold it and what is learned, at the same taught gain.

    python -P benchmarks/keep.py --terms 100

Takes the models and terms of examples/medical-ja (`make demo` fetches them), merged by
`guided_inputs`, and teaches the merge `choose` terms in each of several ways. The first way is
merged whole; of every other the delta is taken by the smallest scale that serves held-out wordings
of the taught terms as well (mean loss). Then all are asked, in the test's wordings, into Japanese:
the taught terms, and `confirm` terms never taught (siblings of the taught and far ones); and read
the texts of general ability. Items that need their term count. Differences are to the merge before
it was tuned, 95 % by concept or by document.
"""

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from msgspec.structs import replace

sys.path.append(str(Path(__file__).parent))

from told_figures import numbers, say, timed

from lexgraft.adoption.experiment import Experiment, start_experiment
from lexgraft.adoption.gains import gain
from lexgraft.adoption.metrics import SplitResults, changes
from lexgraft.adoption.models_under_test import EvaluatedModel
from lexgraft.adoption.settled_tuning import held_out, scaled
from lexgraft.adoption.split_results import comparison_context
from lexgraft.adoption.stages.learn import Learn
from lexgraft.adoption.stages.stage import Results
from lexgraft.adoption.stages.tuning import merged_folder, siblings_and_far
from lexgraft.adoption.training_data import taught_concepts, teach
from lexgraft.errors import LexgraftError
from lexgraft.evaluation.grade import GradedItem, grade, known
from lexgraft.files.run_folder import hold
from lexgraft.files.shipped_texts import shipped_file
from lexgraft.project import (
    Candidate,
    Form,
    MergeSettings,
    Project,
    TuneSettings,
    inputs_of,
    read_project,
)
from lexgraft.records import Item, silent, write_bytes
from lexgraft.weights.checkpoint.checkpoint_index import open_checkpoint

ROOT = Path(__file__).parents[1]
INTO = "en->ja"
TRIES = 4  # scales that are tried for the same gain
LARGEST = 1.5  # of them
WAYS: Mapping[str, dict[str, Any]] = {
    "replay": {"keep": "replay"},
    "kl": {"keep": "kl"},
    "distilled": {"keep": "kl", "targets": "distilled"},
    "kl, weight 5": {"keep": "kl", "keep_weight": 5.0},
    "none": {"replay": 0.0},
    "both": {"keep": "both"},
}


def main() -> None:
    """Teach in every way and judge; figures go to the terminal and to keep.json of the run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--terms", type=int, default=100, help="taught, all of `choose`")
    parser.add_argument("--confirm", type=int, default=120, help="concepts never taught")
    parser.add_argument("--documents", type=int, default=48, help="to judge by")
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    parser.add_argument("-o", "--output", type=Path, default=ROOT / "runs" / "keep")
    arguments = parser.parse_args()
    project = _project(arguments)
    with hold(Path(project.output), inputs_of(project)) as run:
        comparison = _Comparison(start_experiment(project, run, silent))
        for way in arguments.ways:
            try:
                comparison.teach(way)
            except LexgraftError as error:  # a teacher that does not use its entries
                comparison.table[way] = {"refused": error.what}
                say(f"{way}: {error}")
            figures = json.dumps(comparison.table, indent=1)
            write_bytes(run.path / "keep.json", figures.encode())


def _project(arguments: argparse.Namespace) -> Project:
    """Return the example's project with as many terms to teach, and texts of every register."""
    example = read_project(ROOT / "examples" / "medical-ja" / "project.yaml")
    forms = (Form("definition-to-term", "en", "ja"), Form("term-to-term", "ja", "en"))
    assert example.tune is not None
    shipped = tuple(str(shipped_file(code)) for code in ("ja", "en"))
    texts = tuple(replace(one, documents=arguments.documents) for one in example.general.texts)
    return replace(
        example,
        name="keep",
        terms=replace(example.terms, max_definition_words=60),
        testset=replace(
            example.testset,
            forms=forms,
            choose=arguments.terms,
            confirm=arguments.confirm,
            sealed=0,
            generated=1,
        ),
        general=replace(example.general, texts=texts, concepts=(), forms=()),
        merge=MergeSettings((Candidate("guided_inputs"),)),
        tune=TuneSettings(
            terms=arguments.terms,
            steps=arguments.steps,
            patience=arguments.steps,
            learning_rate=5e-4,
            own_answers=0,
            forms=(*forms, Form("term-to-term", "en", "ja")),
            replay_texts=(*example.tune.replay_texts, *shipped),
        ),
        output=str(arguments.output),
    )


class _Read(NamedTuple):
    """What a model knows of the taught terms and of others, with the texts that it read."""

    taught: list[GradedItem]
    others: list[GradedItem]
    results: SplitResults


class _Comparison:
    """The merge before it was tuned, and after each way of tuning it."""

    def __init__(self, experiment: Experiment) -> None:
        self._experiment = experiment
        models, material = experiment.models, experiment.material
        say(f"learnt: {timed(lambda: Learn().run(experiment, Results()))[1]}")
        plan = models.merge_plan(Candidate("guided_inputs"))
        self._onto = EvaluatedModel("merge", open_checkpoint(merged_folder(models, plan)))
        self._settings = experiment.project.tune or TuneSettings()
        taught = taught_concepts(material, self._settings)
        confirm = material.testset.concepts["confirm"]
        self._siblings, self._far = siblings_and_far(confirm, taught)
        self._level: float | None = None
        self._before = self._ask(self._onto)
        before = held_out(models, material, self._onto, self._settings)
        shares = {name: _known(items) for name, items in self._groups(self._before).items()}
        self.table: dict[str, Any] = {"merge": {"held-out loss": before, "known": shares}}
        say(f"merge: {json.dumps(self.table['merge'])}")

    def teach(self, way: str) -> None:
        """Teach in one way, take as much of it as the first way has brought, and judge it."""
        models, material = self._experiment.models, self._experiment.material
        settings = replace(self._settings, **WAYS[way])
        if not settings.replay:
            settings = replace(settings, steps=max(1, round(settings.steps * 0.75)))
        folder = self._experiment.folder / "tuned"
        trained, spent = timed(lambda: teach(models, material, self._onto, settings, folder))

        def loss_at(scale: float) -> float:
            subject = scaled(models, self._onto, trained.folder, scale)
            return held_out(models, material, subject, self._settings)

        scale = 1.0 if self._level is None else _smallest(loss_at, self._level)
        loss = loss_at(scale)
        self._level = self._level or loss
        after = self._ask(replace_name(scaled(models, self._onto, trained.folder, scale), way))
        self.table[way] = self._row(after) | {
            "steps": len(trained.losses),
            "scale": scale,
            "held-out loss": round(loss, 4),
            "distilled": None if trained.distilled is None else repr(trained.distilled),
            "training": spent,
        }
        say(f"{way}: {json.dumps(self.table[way])}")

    def _row(self, after: _Read) -> dict[str, Any]:
        """Return what a tuned merge knows, and what changed against the merge before it."""
        context = comparison_context(self._experiment.material, "confirm")
        context = context._replace(judged={})  # only items that need their term were asked
        row: dict[str, Any] = {}
        before = self._groups(self._before)
        for name, items in self._groups(after).items():
            gained = numbers(gain(before[name], items, INTO, context)) if items else []
            row[name] = {"known": _known(items), "P over merge": gained}
        losses = changes(after.results, self._before.results, context, None)
        return row | {f"{one.name} {one.group}": numbers(one) for one in losses}

    def _groups(self, read: _Read) -> dict[str, list[GradedItem]]:
        siblings = [item for item in read.others if item.concept in self._siblings]
        far = [item for item in read.others if item.concept in self._far]
        return {"taught": read.taught, "siblings": siblings, "far": far}

    def _ask(self, subject: EvaluatedModel) -> _Read:
        """Return a model's answers to the items into Japanese that need their term."""
        models, material = self._experiment.models, self._experiment.material
        graded: list[list[GradedItem]] = []
        for use in ("choose", "confirm"):
            items = [item for item in material.testset.items[use] if _counts(item)]
            graded.append(grade(items, models.answers(subject, f"{use} terms needed", items)))
        read = models.bits(subject, "confirm", material.texts["confirm"])
        taught, others = graded
        return _Read(taught, others, SplitResults(subject.name, others, [], read))


def _counts(item: Item) -> bool:
    return item.pair == INTO and item.needs_term


def replace_name(subject: EvaluatedModel, name: str) -> EvaluatedModel:
    """Return a model under the name of a way."""
    return EvaluatedModel(name, subject.onto, subject.plan)


def _smallest(loss_at: Callable[[float], float], level: float) -> float:
    """Return the smallest scale found at which the loss is no more than a level."""
    low, high = 0.0, LARGEST
    for number in range(TRIES):
        middle = 1.0 if number == 0 else (low + high) / 2
        low, high = (low, middle) if loss_at(middle) <= level else (middle, high)
    return round(high, 4)


def _known(items: Sequence[GradedItem]) -> list[float]:
    of_concepts = known(items)
    return [round(100 * sum(of_concepts.values()) / max(1, len(of_concepts)), 1), len(of_concepts)]


if __name__ == "__main__":
    main()
