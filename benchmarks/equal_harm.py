"""The guided merge against fixed methods at equal harm, judged on `confirm` against its ablations.

    python -P benchmarks/equal_harm.py --budget 0.01 [--project examples/manufacturing/project.yaml]

Takes the models and terms of an example: medical-ja (`make demo` fetches them) or another
(`python examples/constituents.py NAME` trains them, `--seed` another pair: `--language` and
`--domain` name those). Asked by definitions into the target and by translation back, which more
concepts can be. Every candidate is walked back
to the budget on `choose`; the guided one and the best fixed ones on `choose` are then asked the
`confirm` items into the target that need their term, and the texts, at the share that was found.
`--unraced` judges the first `--fixed` methods without asking them on `choose`: half the time.
Intervals of guided minus fixed hold for all fixed methods judged together (Bonferroni), so also
for the best of them whichever it is. Ablations of the guided candidate: the base and a random
delta in the donor's place, and what is learnt from a glossary whose pairs are shuffled. That the
parents are specialists is said beside it: what D knows more than the base, and what the base has
lost of texts against G.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from functools import partial
from itertools import chain
from pathlib import Path
from shutil import copytree
from tempfile import TemporaryDirectory
from typing import Any

from msgspec import structs
from msgspec.structs import replace

sys.path.append(str(Path(__file__).parent))

from told_figures import numbers, say, timed

from lexgraft.adoption.experiment import Experiment, start_experiment
from lexgraft.adoption.gains import gain
from lexgraft.adoption.learnt_inputs import learn_inputs
from lexgraft.adoption.material import Material
from lexgraft.adoption.metrics import SplitResults, changes
from lexgraft.adoption.models_under_test import EvaluatedModel, ModelsUnderTest
from lexgraft.adoption.split_results import comparison_context
from lexgraft.adoption.stages.learn import Learn
from lexgraft.adoption.stages.measure import into_target
from lexgraft.adoption.stages.merge_race import MergeRace, name_of, within_budget
from lexgraft.adoption.stages.stage import Results
from lexgraft.evaluation.grade import grade, known, select
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
from lexgraft.records import Concept, silent, write_bytes

ROOT = Path(__file__).parents[1]
FIXED = (
    Candidate("linear"),
    Candidate("layer_swap"),
    Candidate("task_arithmetic", {"weight": {"language": 1.0, "domain": 0.35}}),
)
GUIDED = (Candidate("guided_inputs"),)


def main() -> None:
    """Learn, race and judge; figures go to the terminal and to equal-harm.json of the run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--project", type=Path, default=ROOT / "examples" / "medical-ja" / "project.yaml"
    )
    parser.add_argument("--language", type=Path, help="another recipient than the project's")
    parser.add_argument("--domain", type=Path, help="another donor than the project's")
    parser.add_argument("--count", action="store_true", help="only how many concepts are judged")
    parser.add_argument("--budget", type=float, default=0.01, help="largest loss on choose")
    parser.add_argument("--choose", type=int, default=100, help="concepts")
    parser.add_argument("--confirm", type=int, default=230, help="concepts")
    parser.add_argument("--fixed", type=int, default=9, help="the best on choose that are judged")
    parser.add_argument("--unseen", action="store_true", help="learn from everyday text alone")
    parser.add_argument(
        "--unraced",
        action="store_true",
        help="judge the first fixed methods, none of them chosen by what it knows on choose",
    )
    parser.add_argument("--threads", type=int, help="other than the project's")
    parser.add_argument("-o", "--output", type=Path, default=ROOT / "runs" / "equal-harm")
    arguments = parser.parse_args()
    project = _project(arguments)
    if arguments.count:
        with TemporaryDirectory() as folder:
            items = into_target(Material(project, Path(folder), silent))
        asked = [item for item in items if item.needs_term]
        say(f"{len({item.concept for item in asked})} confirm concepts need their term")
        return
    with hold(Path(project.output), inputs_of(project)) as run:
        experiment = start_experiment(project, run, silent)
        _measure(experiment, arguments)


def _project(arguments: argparse.Namespace) -> Project:
    """Return the example's project with more concepts, two forms and these candidates."""
    example = read_project(arguments.project)
    domain, target = example.languages.domain, example.languages.target
    forms = (
        Form("definition-to-term", domain, target),
        Form("term-to-term", target, domain),
    )
    assert example.tune is not None
    files = [shipped_file(code) for code in (target, domain)]
    shipped = () if arguments.unseen else tuple(str(file) for file in files if file)
    models = replace(
        example.models,
        language=str(arguments.language or example.models.language),
        domain=str(arguments.domain or example.models.domain),
    )
    compute = example.compute
    return replace(
        example,
        name="equal harm",
        models=models,
        compute=replace(compute, threads=arguments.threads or compute.threads),
        terms=replace(example.terms, max_definition_words=60),
        testset=replace(
            example.testset,
            forms=forms,
            choose=arguments.choose,
            confirm=arguments.confirm,
            sealed=0,
            generated=1,
        ),
        general=replace(example.general, concepts=(), forms=()),
        merge=MergeSettings(FIXED + GUIDED, loss_budget=arguments.budget),
        tune=TuneSettings(replay_texts=(*example.tune.replay_texts, *shipped)),
        output=str(arguments.output),
    )


def _measure(experiment: Experiment, arguments: argparse.Namespace) -> None:
    """Print all figures, and write them as they come."""
    models = experiment.models
    learnt, spent = timed(lambda: Learn().run(experiment, Results()))
    say(f"learnt from {learnt.tokens} tokens, {learnt.concepts} concepts: {spent}")
    found = (_walked if arguments.unraced else _raced)(experiment, arguments.fixed)
    first, guided = next(found)
    comparison = _Comparison(experiment, first)
    comparison.ask(models.parents["G"])
    judged = [models.parents["G"]]
    rivals = min(arguments.fixed, len(FIXED))
    for name, candidate in chain([(first, guided)], found):
        judged.append(EvaluatedModel(name, models.base, models.merge_plan(candidate)))
        comparison.ask(judged[-1], rivals=rivals if candidate is not guided else 1)
    for subject in models.ablations(guided).values():
        comparison.ask(subject)
    for parent in ("base", "D"):
        comparison.ask(models.parents[parent])
    for subject in (*judged, models.parents["base"]):
        comparison.read(subject)
    comparison.ask(_of_shuffled_pairs(experiment, guided))


def _raced(experiment: Experiment, fixed: int) -> Iterator[tuple[str, Candidate]]:
    """Yield the guided candidate, then the best fixed ones on `choose`, with their names."""
    race, spent = timed(lambda: MergeRace().run(experiment, Results()))
    say(f"raced: {spent}")
    for result in (*race.unwalked, *race.raced):
        gained, kept = result.front.acquisition, result.front.retention
        say(
            f"choose {result.name:60} {100 * gained.value:+6.1f} [{100 * gained.low:+.1f}, "
            f"{100 * gained.high:+.1f}]  ability {100 * kept.value:+.2f} {kept.group}"
        )
    guided = [one for one in race.raced if one.candidate.method == "guided_inputs"]
    first = max(guided, key=lambda one: one.objective)
    rivals = [one for one in race.raced if one.candidate.method != "guided_inputs"]
    rivals = sorted(rivals, key=lambda one: -one.objective)[:fixed]
    yield from ((one.name, one.candidate) for one in (first, *rivals))


def _walked(experiment: Experiment, fixed: int) -> Iterator[tuple[str, Candidate]]:
    """Yield the guided candidate, then the first fixed ones, walked back, with their names."""
    for candidate in (*GUIDED, *FIXED[:fixed]):
        walk = partial(within_budget, experiment.models, experiment.material, candidate)
        walked, spent = timed(walk)
        say(f"walked {candidate.method} to {walked.share}: {spent}")
        yield f"{name_of(candidate, FIXED + GUIDED)} × {walked.share:.3g}", walked


class _Comparison:
    """The guided merge against all others on `confirm`, told as each is asked."""

    def __init__(self, experiment: Experiment, guided: str) -> None:
        self._experiment, self._guided = experiment, guided
        languages = experiment.project.languages
        self._into = f"{languages.domain}->{languages.target}"
        self._asked: dict[str, SplitResults] = {}
        self.table: dict[str, Any] = {"guided": guided}

    def ask(self, subject: EvaluatedModel, *, rivals: int = 1) -> None:
        """Ask the items into the target that need their term; tell what is known.

        The intervals of `rivals` models hold together.
        """
        models, material = self._experiment.models, self._experiment.material
        items = [item for item in into_target(material) if item.needs_term]
        answers = models.answers(subject, "confirm terms in the target", items)
        self._asked[subject.name] = results = SplitResults(
            subject.name, grade(items, answers), [], []
        )
        row: dict[str, Any] = {"known": _share_known(results, self._into)}
        for before in ("G", "base"):
            if before in self._asked and before != subject.name:
                row[f"over {before}"] = self._ahead(before, subject.name)
        if self._guided in self._asked and subject.name != self._guided:
            row["guided ahead by"] = self._ahead(subject.name, self._guided, rivals)
        self._tell(subject.name, row)

    def _ahead(self, before: str, after: str, rivals: int = 1) -> list[float]:
        """Return what a model is ahead of another in P(right option)."""
        context = comparison_context(self._experiment.material, "confirm")
        level = context._replace(alpha=context.alpha / rivals)
        of_before, of_after = (self._asked[name].terms for name in (before, after))
        return numbers(gain(of_before, of_after, self._into, level))

    def read(self, subject: EvaluatedModel) -> None:
        """Read the texts; tell what changed of general ability against G (plus is better)."""
        models, material = self._experiment.models, self._experiment.material
        texts = models.bits(subject, "confirm", material.texts["confirm"])
        self._asked[subject.name] = results = self._asked[subject.name]._replace(texts=texts)
        context = comparison_context(material, "confirm")
        losses = changes(results, self._asked["G"], context, None)
        self._tell(subject.name, {f"{one.name} {one.group}": numbers(one) for one in losses})

    def _tell(self, name: str, row: dict[str, Any]) -> None:
        self.table[name] = self.table.get(name, {}) | row
        say(f"confirm {name}: {json.dumps(row)}")
        figures = json.dumps(self.table, indent=1)
        write_bytes(self._experiment.folder / "equal-harm.json", figures.encode())


def _of_shuffled_pairs(experiment: Experiment, candidate: Candidate) -> EvaluatedModel:
    """Return the same candidate, of a glossary whose terms in the target are dealt anew."""
    project, folder = experiment.project, experiment.folder / "shuffled"
    material = Material(project, folder, silent)
    testset = experiment.material.testset
    chosen = testset.concepts["choose"]
    target = project.languages.target
    dealt = tuple(map(partial(_with_terms_of, target), chosen, (*chosen[1:], chosen[0])))
    material.__dict__["testset"] = structs.replace(
        testset, concepts={**testset.concepts, "choose": dealt}
    )
    models = ModelsUnderTest(project, folder, silent)
    if not models.learnt_folder.exists():  # what is learnt of general text is the same
        copytree(experiment.models.learnt_folder, models.learnt_folder)
    learn_inputs(models, material)
    plan = models.merge_plan(candidate)
    return EvaluatedModel("shuffled pairs", models.base, plan)


def _with_terms_of(target: str, concept: Concept, other: Concept) -> Concept:
    """Return a concept with the terms and definition of another in one language."""
    terms = [term for term in concept.terms if term.language != target]
    terms += [term for term in other.terms if term.language == target]
    own = {code: text for code, text in concept.definitions.items() if code != target}
    lent = {code: text for code, text in other.definitions.items() if code == target}
    return structs.replace(concept, terms=tuple(terms), definitions={**own, **lent})


def _share_known(results: SplitResults, into: str) -> float:
    of_concepts = known(select(results.terms, pair=into))
    return round(100 * sum(of_concepts.values()) / len(of_concepts), 1)


if __name__ == "__main__":
    main()
