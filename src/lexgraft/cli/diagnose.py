"""The verb `diagnose`: how models' deltas agree, before a merge."""

import argparse
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from lexgraft.cli.compute_options import compute_arguments
from lexgraft.cli.merge import planned_merge, source_arguments
from lexgraft.cli.output import print_json, print_line, print_table
from lexgraft.cli.progress import ProgressBars
from lexgraft.cli.projects import open_project
from lexgraft.cli.verb_parser import VerbParser, refuse, verb
from lexgraft.errors import LexgraftError

if TYPE_CHECKING:
    from lexgraft.weights.merge.merge_plan import MergePlan


def _diagnose(parser: VerbParser) -> None:
    source_arguments(parser)
    parser.add_argument(
        "--probe",
        action="store_true",
        help="rank a project's candidates by what a few dozen sentences make of them",
    )
    compute_arguments(parser.with_option("--probe"))
    parser.without_option("--probe").add_argument(
        "--html", type=Path, metavar="FILE", help="also draw heat maps into a page"
    )


@verb(_diagnose)
def diagnose(arguments: argparse.Namespace) -> int:
    """Say from the files, before merging, how the models' deltas agree and what would be left.

    Examples:
      lexgraft diagnose recipe.yaml
      lexgraft diagnose project.yaml --method ties --html heat.html
      lexgraft diagnose project.yaml --probe

    It explains and warns; it does not decide. --probe loads the models, reads and scores no
    question, and says how well such a ranking agrees with the race where that has been run.
    """
    if arguments.probe:
        return _probe(arguments)
    from lexgraft.adoption.report.heat import heat_page
    from lexgraft.files.ownership import writing
    from lexgraft.records import write_bytes
    from lexgraft.weights.merge.delta_statistics import diagnose
    from lexgraft.weights.merge.diagnosis_figures import grids, layer_rows, model_rows, pair_rows

    plan = _plan(arguments)
    inputs = [arguments.recipe, *plan.folders]
    page = writing("diagnose", [arguments.html], inputs) if arguments.html else nullcontext()
    with page, ProgressBars() as bars:
        diagnosis = diagnose(plan, bars)
        if arguments.html is not None:
            title = f"{diagnosis.method}: {', '.join(diagnosis.labels)}"
            text = heat_page(title, diagnosis.warnings, grids(diagnosis))
            write_bytes(arguments.html, text.encode())
    if arguments.json:
        return print_json(diagnosis)
    print_table("Models", model_rows(diagnosis))
    print_table("Pairs", pair_rows(diagnosis))
    print_table("Layers", layer_rows(diagnosis))
    for warning in diagnosis.warnings:
        print_line(f"warning: {warning}")
    if arguments.html is not None:
        print_line(f"heat maps: {arguments.html}")
    return 0


def _probe(arguments: argparse.Namespace) -> int:
    """Print a project's candidates ranked by their activations."""
    from lexgraft.adoption.activation_probe import probe
    from lexgraft.weights.merge.recipe import is_recipe

    if is_recipe(arguments.recipe):
        refuse("--probe", "on a recipe", "give a project: it has candidates, terms and texts")
    if arguments.method is not None:
        refuse("--method", "beside --probe", "all candidates are ranked")
    if arguments.seed is not None:
        refuse("--seed", "beside --probe", "write `seed:` in the project file")
    project = open_project(arguments.recipe, arguments)
    with ProgressBars() as bars:
        ranking = probe(project, bars)
    if arguments.json:
        return print_json(ranking)
    rows = [["candidate", "towards D (terms)", "away from G (general)", "per harm"]]
    rows += [
        [one.name, f"{one.towards:.3f}", f"{one.away:.3f}", f"{one.per_harm:.2f}"]
        for one in ranking.candidates
    ]
    print_table(f"Candidates by {ranking.sentences} sentences, best first", rows)
    for score in ranking.agreement:
        print_line(
            f"rank correlation, {score.name}: {score.value:+.2f} [{score.low:+.2f}, "
            f"{score.high:+.2f}], n = {score.n}"
        )
    if not ranking.agreement:
        print_line("no race has been run here: whether this ranking holds is not known")
    return 0


def _plan(arguments: argparse.Namespace) -> "MergePlan":
    """Return the plan of a recipe's result, or of a project's candidate."""
    planned = planned_merge(arguments)
    *earlier, last = planned.plans
    if earlier:
        raise LexgraftError(
            "a recipe of several documents",
            where=str(arguments.recipe),
            cure="give a file with one of them; its models must be there",
        )
    if planned.joins_vocabularies:
        raise LexgraftError(
            "models of different vocabularies",
            where=str(arguments.recipe),
            cure="bring them together first with `lexgraft vocabulary align`",
        )
    return last
