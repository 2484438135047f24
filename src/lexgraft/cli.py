"""One function per verb: read arguments, call, print."""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from lexgraft import __version__
from lexgraft.errors import UserError
from lexgraft.project import read_project, schema

if TYPE_CHECKING:
    from rich.progress import TaskID

Verb = Callable[[argparse.Namespace], int]
INTERRUPTED = 130
SAY_EVERY = 10  # seconds between lines where there is no terminal
_VERBS: dict[str, tuple[Verb, Callable[[argparse.ArgumentParser], None]]] = {}


def verb(add: Callable[[argparse.ArgumentParser], None]) -> Callable[[Verb], Verb]:
    """Register a function as the verb of its name; `add` declares its arguments."""

    def register(function: Verb) -> Verb:
        _VERBS[function.__name__.rstrip("_")] = (function, add)
        return function

    return register


def main(argv: Sequence[str] | None = None) -> int:
    """Return the exit status: 0 done, 2 a mistake the user can mend, 130 interrupted."""
    # threads that wait by spinning take the processor from those that work; read when torch loads
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    arguments = _parser().parse_args(argv)
    try:
        return arguments.run(arguments)
    except UserError as error:
        print(f"lexgraft: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nlexgraft: interrupted; the same command carries on from here", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="lexgraft",
        description="Graft a technical vocabulary onto a language model, and prove that it took.",
        epilog="The main job:\n  lexgraft adopt project.yaml",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"lexgraft {__version__}")
    verbs = parser.add_subparsers(metavar="VERB", required=True)
    for name, (function, add) in _VERBS.items():
        summary, _, examples = (function.__doc__ or "").partition("\n\n")
        sub = verbs.add_parser(
            name,
            help=summary.rstrip("."),
            description=summary,
            epilog=_dedent(examples),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        sub.set_defaults(run=function)
        add(sub)
    return parser


def _dedent(text: str) -> str:
    return "\n".join(line.removeprefix("    ") for line in text.rstrip().splitlines())


def _project(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("project", type=Path, help="the project file (YAML)")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def _output(parser: argparse.ArgumentParser) -> None:
    _project(parser)
    parser.add_argument("-o", "--output", type=Path, required=True, help="the folder to write")


@verb(_project)
def adopt(arguments: argparse.Namespace) -> int:
    """Run every stage of the project in order until its thresholds are met, then report.

    Example:
      lexgraft adopt examples/medical-ja/project.yaml

    A second call runs only what changed; a killed run carries on. Exit status 0 whatever the
    verdict is: read it in the table, in report.html or with --json.
    """
    from lexgraft.adopt import run_project
    from lexgraft.report.tables import summary_rows, verdict_rows

    project = read_project(arguments.project)
    with Bars() as bars:
        report, unchanged = run_project(project, bars)
    if arguments.json:
        return _print_json(report)
    _print_table("Verdicts", verdict_rows(report, "en"))
    _print_table("Terms", summary_rows(report, "en"))
    for warning in report.warnings:
        print(f"warning: {warning['en']}")
    print(report.recommendation["en"])
    if unchanged:
        print("all stages unchanged: nothing was run again")
    print(f"model:  {Path(project.output) / 'model'}")
    print(f"report: {Path(project.output) / 'report.html'}")
    return 0


@verb(_project)
def plan(arguments: argparse.Namespace) -> int:
    """Show what an adoption will do, cost and be able to show, before any model is loaded.

    Example:
      lexgraft plan examples/medical-ja/project.yaml
    """
    from lexgraft.adopt import plan_project

    with Bars() as bars:
        planned = plan_project(read_project(arguments.project), bars)
    if arguments.json:
        return _print_json(planned)
    _print_table("Plan", planned.rows())
    for warning in planned.warnings:
        print(f"warning: {warning['en']}")
    return 0


@verb(_output)
def testset(arguments: argparse.Namespace) -> int:
    """Build the test set of a project: concepts, items per split, and its audit.

    Example:
      lexgraft testset project.yaml -o testset/
    """
    from lexgraft.testset import build_testset, write_testset

    bundle = build_testset(read_project(arguments.project))
    write_testset(bundle, arguments.output)
    if arguments.json:
        return _print_json(bundle.audit)
    _print_table("Test set", bundle.rows())
    print(f"written: {arguments.output}")
    return 0


def _merge(parser: argparse.ArgumentParser) -> None:
    _output(parser)
    parser.add_argument("--method", help="one of the project's candidates (default: the first)")
    parser.add_argument("--dry-run", action="store_true", help="print the plan, write nothing")


@verb(_merge)
def merge(arguments: argparse.Namespace) -> int:
    """Merge the project's models with one candidate method into a Hugging Face folder.

    Example:
      lexgraft merge project.yaml --method ties -o merged/
      lexgraft merge project.yaml --method linear -o merged/ --dry-run
    """
    from lexgraft.adopt import merge_candidate

    project = read_project(arguments.project)
    with Bars() as bars:
        lines = merge_candidate(
            project,
            arguments.method,
            arguments.output,
            dry=arguments.dry_run,
            progress=bars,
        )
    print(json.dumps(lines) if arguments.json else "\n".join(lines))
    return 0


def _evaluate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", type=Path, help="a model folder or a LoRA adapter on the base")
    parser.add_argument("--project", type=Path, required=True, help="whose test set is asked")
    parser.add_argument("-o", "--output", type=Path, required=True, help="where answers are kept")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


@verb(_evaluate)
def evaluate(arguments: argparse.Namespace) -> int:
    """Measure one model on a project's confirm concepts and general texts, with intervals.

    Example:
      lexgraft evaluate constituents/language-ja --project project.yaml -o answers/
    """
    from lexgraft.adopt import evaluate_model
    from lexgraft.report.tables import score_rows

    with Bars() as bars:
        scores = evaluate_model(
            read_project(arguments.project), arguments.model, arguments.output, bars
        )
    if arguments.json:
        return _print_json(scores)
    _print_table(str(arguments.model), score_rows(scores))
    return 0


def _glossary(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=("match", "lint", "prompt"))
    parser.add_argument("project", type=Path, help="whose term base and languages are used")
    parser.add_argument("text", type=Path, nargs="?", help="the text for match and prompt")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


@verb(_glossary)
def glossary(arguments: argparse.Namespace) -> int:
    """Find terms in a text, check the term base, or show the glossary block for a prompt.

    Examples:
      lexgraft glossary lint project.yaml
      lexgraft glossary match project.yaml letter.txt
      lexgraft glossary prompt project.yaml letter.txt
    """
    from lexgraft.adopt import glossary_rows

    project = read_project(arguments.project)
    if arguments.action != "lint" and arguments.text is None:
        raise UserError(f"`glossary {arguments.action}` needs a text file", cure="name one")
    text = _read_text(arguments.text) if arguments.text else ""
    rows = glossary_rows(project, arguments.action, text)
    print(json.dumps(rows, ensure_ascii=False) if arguments.json else _lines(rows))
    return 0


@verb(_output)
def tune(arguments: argparse.Namespace) -> int:
    """Fine-tune the project's language model on its `choose` terms; write a LoRA adapter.

    Example:
      lexgraft tune project.yaml -o tuned/
    """
    from lexgraft.adopt import tune_language_model

    with Bars() as bars:
        summary = tune_language_model(read_project(arguments.project), arguments.output, bars)
    if arguments.json:
        return _print_json(summary)
    print(f"written: {arguments.output}")
    return 0


def _run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", type=Path, help="the folder of a finished adoption")


@verb(_run)
def report(arguments: argparse.Namespace) -> int:
    """Write report.html and terms.csv again from a run's report.json.

    Example:
      lexgraft report runs/medical-ja
    """
    from lexgraft.report import read_report, write_report

    write_report(read_report(arguments.run / "report.json"), arguments.run)
    print(f"report: {arguments.run / 'report.html'}")
    return 0


def _nothing(_parser: argparse.ArgumentParser) -> None:
    return None


@verb(_nothing)
def schema_(_arguments: argparse.Namespace) -> int:
    """Print the JSON Schema of the project file, for editors."""
    print(json.dumps(schema(), indent=2))
    return 0


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"cannot read this text: {error}", cure="give a UTF-8 file") from error


def _lines(rows: Sequence[object]) -> str:
    return "\n".join(
        row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows
    )


def _print_json(record: object) -> int:
    print(msgspec.json.format(msgspec.json.encode(record), indent=1).decode())
    return 0


def _print_table(title: str, rows: Sequence[Sequence[str]]) -> None:
    """Print rows as a table; the first is the header."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title, title_justify="left")
    for number, name in enumerate(rows[0]):
        table.add_column(name, justify="left" if number == 0 else "right")
    for row in rows[1:]:
        table.add_row(*row)
    Console().print(table)


class Bars:
    """Progress bars with time left on a terminal; a line every ten seconds elsewhere."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import Progress

        self._console = Console(stderr=True)
        self._progress = Progress(console=self._console, disable=not self._console.is_terminal)
        self._tasks: dict[str, TaskID] = {}
        self._said, self._last = "", 0.0

    def __enter__(self) -> "Bars":  # noqa: PYI034 (checked at run time in tests)
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def __call__(self, what: str, done: int, total: int) -> None:
        """Show that `done` of `total` units are finished; what follows a comma may change."""
        name = what.partition(",")[0]
        if not self._console.is_terminal:
            self._say(name, what, done, total)
            return
        if name not in self._tasks:
            for task in self._tasks.values():
                self._progress.remove_task(task)
            self._tasks = {name: self._progress.add_task(what, total=total)}
        self._progress.update(self._tasks[name], description=what, completed=done, total=total)

    def _say(self, name: str, what: str, done: int, total: int) -> None:
        now = time.monotonic()
        if name != self._said or done == total or now - self._last > SAY_EVERY:
            self._said, self._last = name, now
            self._console.print(f"{what}: {done}/{total}", highlight=False)
