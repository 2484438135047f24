"""Judge models without a donor in them by the merge's gate of a finished adoption: none may pass.

    python benchmarks/without_donor.py examples/medical-ja/project.yaml

Each stands in the winner's place on the same answers: the winner's recipe with the base in the
donor's place ("half of G"), with a random donor, and G. The base and D are no results of that
recipe, so its controls are not theirs: they stand below for comparison. Nothing is asked anew but
what a model has not answered yet. One row per model: what its gate says of the terms.
"""

import argparse
from pathlib import Path

from lexgraft.adoption.gains import gain_criteria
from lexgraft.adoption.material import Material
from lexgraft.adoption.metrics import SplitResults
from lexgraft.adoption.models_under_test import EvaluatedModel, ModelsUnderTest
from lexgraft.adoption.split_results import comparison_context
from lexgraft.adoption.stages.measure import asked_controls, into_target
from lexgraft.adoption.stages.merge_race import RaceResult, winner
from lexgraft.files.run_folder import RunFolder
from lexgraft.project import load_project
from lexgraft.records import silent
from lexgraft.stats.gates import combine


def main() -> int:
    """Print the table; 1 if anything without a donor passes."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("project", type=Path)
    project = load_project(parser.parse_args().project)
    folder = Path(project.output)
    race = RunFolder(folder).last("merge", RaceResult)
    if race is None:
        raise SystemExit(f"{folder}: no adoption has chosen a merge here")
    models, material = (
        ModelsUnderTest(project, folder, silent),
        Material(project, folder, silent),
    )
    candidate = race.best().candidate
    ablations = models.ablations(candidate)
    judged: dict[str, EvaluatedModel] = {
        f"{race.winner} (the winner)": winner(models, race),
        **ablations,
        **models.parents,
    }
    answers = asked_controls(models, judged, into_target(material))
    controls = {name: answers[name] for name in ablations}
    context = comparison_context(material, "confirm")
    recipient = SplitResults("G", list(answers["G"]), [], [])
    passed: list[str] = []
    for name, graded in answers.items():
        result = SplitResults(name, list(graded), [], [])
        found = gain_criteria(result, recipient, controls, context, project.gates.merge)
        outcome = combine(found)
        if outcome == "pass" and name in {*ablations, "G"}:
            passed.append(name)
        told = "; ".join(
            f"{c.name} {100 * c.value:+.1f} [{100 * c.low:+.1f}, {100 * c.high:+.1f}] {c.outcome}"
            for c in found
        )
        shown = f"{name}, for comparison" if name in ("base", "D") else f"{name}: {outcome}"
        print(f"{shown} (n = {found[0].n}): {told}")
    return bool(passed)


if __name__ == "__main__":
    raise SystemExit(main())
