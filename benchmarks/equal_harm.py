"""The guided merge against fixed methods at equal harm, judged on `confirm` against its ablations.

    python -P benchmarks/equal_harm.py --budget 0.01

Takes the models and terms of examples/medical-ja (`make demo` fetches them), asked by definitions
into Japanese and by translation back, which more concepts can be. Every candidate is walked back
to the budget on `choose`; each is then asked the `confirm` concepts and texts at the share that was
found. Intervals of guided minus fixed hold for all fixed methods together (Bonferroni), so also for
the best of them whichever it is. Ablations of the first guided candidate: the base and a random
delta in the donor's place, and what is learnt from a glossary whose pairs are shuffled.
"""

import argparse
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from time import perf_counter, process_time
from typing import Any, TypeVar

from msgspec import structs
from msgspec.structs import replace

from lexgraft.adoption.experiment import Experiment, start_experiment
from lexgraft.adoption.gains import gain
from lexgraft.adoption.learnt_inputs import learn_inputs
from lexgraft.adoption.material import Material
from lexgraft.adoption.metrics import ComparisonContext, SplitResults, changes, objective
from lexgraft.adoption.models_under_test import EvaluatedModel, ModelsUnderTest
from lexgraft.adoption.report.report_record import AbilityChange
from lexgraft.adoption.split_results import comparison_context, split_results
from lexgraft.adoption.stages.headroom import parents_results
from lexgraft.adoption.stages.learn import Learn
from lexgraft.adoption.stages.merge_race import MergeRace, RaceResult
from lexgraft.adoption.stages.stage import Results
from lexgraft.evaluation.grade import known, select
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
from lexgraft.stats.intervals import Interval

T = TypeVar("T")
ROOT = Path(__file__).parents[1]
INTO, BACK = "en->ja", "ja->en"
FIXED = (
    Candidate("linear"),
    Candidate("task_arithmetic", {"weight": {"language": 1.0, "domain": 0.35}}),
    Candidate("ties"),
    Candidate("dare_ties"),
    Candidate("layer_swap"),
)
GUIDED = (
    Candidate("guided_inputs"),
    Candidate("guided_inputs", {"alpha": 1.0, "beta": 1.0, "gamma": 1.0}),  # RegMean
)


def main() -> None:
    """Learn, race and judge; figures go to the terminal and to equal-harm.json of the run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--budget", type=float, default=0.01, help="largest loss on choose")
    parser.add_argument("--choose", type=int, default=100, help="concepts")
    parser.add_argument("--confirm", type=int, default=230, help="concepts")
    parser.add_argument("--unseen", action="store_true", help="learn from everyday text alone")
    parser.add_argument("-o", "--output", type=Path, default=ROOT / "runs" / "equal-harm")
    arguments = parser.parse_args()
    project = _project(arguments)
    with hold(Path(project.output), inputs_of(project)) as run:
        experiment = start_experiment(project, run, silent)
        figures = json.dumps(_measured(experiment), indent=1)
        write_bytes(run.path / "equal-harm.json", figures.encode())


def _project(arguments: argparse.Namespace) -> Project:
    """Return the example's project with more concepts, two forms and these candidates."""
    example = read_project(ROOT / "examples" / "medical-ja" / "project.yaml")
    forms = (Form("definition-to-term", "en", "ja"), Form("term-to-term", "ja", "en"))
    assert example.tune is not None
    shipped = () if arguments.unseen else tuple(str(shipped_file(code)) for code in ("ja", "en"))
    return replace(
        example,
        name="equal harm",
        terms=replace(example.terms, max_definition_words=60),
        testset=replace(
            example.testset,
            forms=forms,
            choose=arguments.choose,
            confirm=arguments.confirm,
            sealed=0,
            generated=1,
        ),
        general=replace(example.general, items=60),
        merge=MergeSettings(FIXED + GUIDED, loss_budget=arguments.budget),
        tune=TuneSettings(replay_texts=(*example.tune.replay_texts, *shipped)),
        output=str(arguments.output),
    )


def _measured(experiment: Experiment) -> dict[str, Any]:
    """Return all figures, printed on the way."""
    models, material = experiment.models, experiment.material
    learnt, spent = _timed(lambda: Learn().run(experiment, Results()))
    _say(f"learnt from {learnt.tokens} tokens, {learnt.concepts} concepts: {spent}")
    race, of_race = _timed(lambda: MergeRace().run(experiment, Results()))
    _say(f"raced: {of_race}")
    for result in (*race.unwalked, *race.raced):
        gained, kept = result.front.acquisition, result.front.retention
        _say(
            f"choose {result.name:60} {100 * gained.value:+6.1f} [{100 * gained.low:+.1f}, "
            f"{100 * gained.high:+.1f}]  ability {100 * kept.value:+.2f} {kept.group}"
        )
    asked = {one.name: _asked(models, material, one.candidate, one.name) for one in race.raced}
    guided = [one for one in race.raced if one.candidate.method == "guided_inputs"]
    first = max(guided, key=lambda one: one.objective)
    controls = {
        name: split_results(models, material, subject, "confirm")
        for name, subject in models.ablations(first.candidate).items()
    }
    controls["shuffled pairs"] = _of_shuffled_pairs(experiment, first.candidate)
    return _compared(experiment, race, asked, controls, first.name)


def _asked(
    models: ModelsUnderTest, material: Material, candidate: Candidate, name: str
) -> SplitResults:
    subject = EvaluatedModel(name, models.base, models.merge_plan(candidate))
    return split_results(models, material, subject, "confirm")


def _of_shuffled_pairs(experiment: Experiment, candidate: Candidate) -> SplitResults:
    """Return what the same candidate makes of a glossary whose Japanese terms are dealt anew."""
    project, folder = experiment.project, experiment.folder / "shuffled"
    material = Material(project, folder, silent)
    testset = experiment.material.testset
    chosen = testset.concepts["choose"]
    dealt = tuple(map(_with_terms_of, chosen, (*chosen[1:], chosen[0])))
    material.__dict__["testset"] = structs.replace(
        testset, concepts={**testset.concepts, "choose": dealt}
    )
    models = ModelsUnderTest(project, folder, silent)
    learn_inputs(models, material)
    plan = models.merge_plan(candidate)
    subject = EvaluatedModel("shuffled pairs", models.base, plan)
    return split_results(experiment.models, experiment.material, subject, "confirm")


def _with_terms_of(concept: Concept, other: Concept) -> Concept:
    """Return a concept with the Japanese terms and definition of another."""
    terms = [term for term in concept.terms if term.language != "ja"]
    terms += [term for term in other.terms if term.language == "ja"]
    own = {code: text for code, text in concept.definitions.items() if code != "ja"}
    lent = {code: text for code, text in other.definitions.items() if code == "ja"}
    return structs.replace(concept, terms=tuple(terms), definitions={**own, **lent})


def _compared(
    experiment: Experiment,
    race: RaceResult,
    asked: Mapping[str, SplitResults],
    controls: Mapping[str, SplitResults],
    guided: str,
) -> dict[str, Any]:
    """Return every model against G, and the guided one against each fixed one and its ablations."""
    material = experiment.material
    context = comparison_context(material, "confirm")
    parents = parents_results(experiment.models, material, "confirm")
    fixed = [one.name for one in race.raced if one.candidate.method != "guided_inputs"]
    together = context._replace(alpha=context.alpha / len(fixed))
    table: dict[str, Any] = {"against G": {}, "guided": guided, "minus fixed": {}, "minus": {}}
    for name, results in {**parents, **asked, **controls}.items():
        table["against G"][name] = row = {
            pair: {
                "known": _share_known(results, pair),
                "gain": _numbers(gain(parents["G"].terms, results.terms, pair, context)),
            }
            for pair in (INTO, BACK)
        }
        row["ability"] = {
            f"{change.name} {change.group}": _numbers(change)
            for change in changes(results, parents["G"], context, None)
        }
        _say(f"confirm {name:60} {json.dumps(row)}")
    for name in fixed:
        table["minus fixed"][name] = _differences(asked[name], asked[guided], together)
    best = max(fixed, key=lambda name: objective(asked[name].terms, context))
    table["best fixed on confirm"] = best
    table["minus"] = {
        name: _differences(results, asked[guided], context)
        for name, results in {**controls, best: asked[best], "base": parents["base"]}.items()
    }
    for key in ("minus fixed", "minus"):
        for name, differences in table[key].items():
            _say(f"{guided} {key} {name:50} {json.dumps(differences)}")
    return table


def _differences(
    before: SplitResults, after: SplitResults, context: ComparisonContext
) -> dict[str, list[float]]:
    return {pair: _numbers(gain(before.terms, after.terms, pair, context)) for pair in (INTO, BACK)}


def _share_known(results: SplitResults, pair: str) -> float:
    of_concepts = known(select(results.terms, pair=pair))
    return round(100 * sum(of_concepts.values()) / len(of_concepts), 1)


def _numbers(found: Interval | AbilityChange) -> list[float]:
    """Return a value with its interval in hundredths, and n."""
    return [*(round(100 * x, 2) for x in (found.value, found.low, found.high)), found.n]


def _timed(work: Callable[[], T]) -> tuple[T, str]:
    wall, processor = perf_counter(), process_time()
    done = work()
    return done, f"{perf_counter() - wall:.0f} s, {process_time() - processor:.0f} CPU s"


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    main()
