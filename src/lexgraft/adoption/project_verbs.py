"""What is done with a project as a whole: plan it, adopt it, tune by it."""

from dataclasses import dataclass
from pathlib import Path

from lexgraft.adoption.adopt import plan_project, run_project
from lexgraft.adoption.planning import AdoptionPlan
from lexgraft.adoption.report.report_record import Report
from lexgraft.adoption.standalone_tuning import tune_language_model
from lexgraft.project import Project, load_project
from lexgraft.records import Progress, Verdict, silent
from lexgraft.tuning.train import TrainingResult


@dataclass(frozen=True)
class Adoption:
    """The outcome of an adoption: what was found, what is recommended, and where it lies."""

    report: Report  # every figure, as in report.json
    model_dir: Path  # the recommended model, a Hugging Face folder with its card
    report_page: Path  # the report to read, HTML
    unchanged: bool  # nothing was run again: all stages were done before

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """The verdict of each stage that ran, in order: pass, fail or undecided, and why."""
        return self.report.verdicts

    @property
    def recommendation(self) -> dict[str, str]:
        """What to do, in a sentence per language (`en`, `ja`)."""
        return self.report.recommendation


def plan(project: Project | Path | str, *, progress: Progress = silent) -> AdoptionPlan:
    """Return what an adoption will ask, cost and be able to show, before any model is loaded.

    Nothing but the run's folder is written.

    Args:
        project: from `load_project`, or the project file.
        progress: told what is done, how much of it and of how much.

    Returns:
        Concepts and items per split, the smallest difference they can show, per stage the time
        and money foreseen, bytes to be written, and warnings; `.rows()` is a table of it.

    Raises:
        LexgraftError: anything that would stop a later stage and can be seen now.

    Example:
        plan = lexgraft.plan(lexgraft.load_project("project.yaml"))
        for row in plan.rows():
            print(*row)
    """
    return plan_project(_opened(project), progress)


def adopt(
    project: Project | Path | str,
    *,
    progress: Progress = silent,
    open_sealed: bool = False,
    underpowered: bool = False,
) -> Adoption:
    """Run every stage of a project in order until its thresholds are met; write model and report.

    A second call runs only what changed; a killed run carries on. Whatever the verdict is, the
    call returns: read it in what it returns.

    Args:
        project: from `load_project`, or the project file.
        progress: told what is done, how much of it and of how much.
        open_sealed: judge the recommended model on the sealed concepts too: once, it is recorded.
        underpowered: run gates that pass with a chance below one half though what they ask for
            were true; else they are refused, and with it the report says so.

    Returns:
        The adoption's outcome: `.verdicts`, `.recommendation`, `.report`, `.model_dir`,
        `.report_page` and whether all was `.unchanged`.

    Raises:
        LexgraftError: what stands in the way; before any model is loaded where it can be seen then.

    Example:
        result = lexgraft.adopt(lexgraft.load_project("project.yaml"))
        print(result.recommendation["en"], result.model_dir)
    """
    opened = _opened(project)
    report, unchanged = run_project(opened, progress, unseal=open_sealed, underpowered=underpowered)
    run = Path(opened.output)
    return Adoption(report, run / "model", run / "report.html", unchanged)


def tune(
    project: Project | Path | str, output: Path | str, *, progress: Progress = silent
) -> TrainingResult:
    """Fine-tune the project's language model on its `choose` terms, without an adoption around it.

    Started by `torchrun`, every process takes a part of each batch.

    Args:
        project: from `load_project`, or the project file, with a `tune` section: it says how many
            terms, what is trained, for how long.
        output: the folder to write; the adapter lies in `tuned/` there.
        progress: told what is done, how much of it and of how much.

    Returns:
        What was learned: the adapter's `.folder`, steps, and losses in nats per token.

    Raises:
        LexgraftError: the project has no `tune` section, or too few terms.

    Example:
        trained = lexgraft.tune(lexgraft.load_project("project.yaml"), "tuned/")
        print(trained.folder)
    """
    return tune_language_model(_opened(project), Path(output), progress)


def _opened(project: Project | Path | str) -> Project:
    """Return a project; of a file's name the project in it."""
    return project if isinstance(project, Project) else load_project(project)
