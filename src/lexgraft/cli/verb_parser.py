"""The verbs: a decorator registers one, the parser is made of all of them."""

import argparse
import math
import sys
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from lexgraft import __version__
from lexgraft.cli.output import print_text
from lexgraft.errors import LexgraftError, nearest

VERBS = (
    "init",
    "plan",
    "adopt",
    "terms",
    "testset",
    "merge",
    "diagnose",
    "verify",
    "extract",
    "vocabulary",
    "evaluate",
    "compare",
    "glossary",
    "serve",
    "key",
    "tune",
    "report",
    "view",
    "upkeep",
    "history",
    "gate",
    "schema",
    "doctor",
)
"""In the order of `lexgraft --help`."""

Run = Callable[[argparse.Namespace], int]
Declare = Callable[["VerbParser"], None]
_DIGITS = 12  # of a number, at most
_CENTURY = 36525  # days
_FUNCTION = "the verb's function"  # a key of the namespace that no argument's name can be


class _Verb(NamedTuple):
    """What a verb, or one job of a verb, does, and what declares its arguments."""

    run: Run
    declare: Declare


_PLAIN: dict[str, _Verb] = {}
_JOBS: dict[str, dict[str, _Verb]] = {}  # per verb of several jobs
_TEXTS: dict[str, str] = {}  # the help of a verb of several jobs


class VerbParser(argparse.ArgumentParser):
    """An argument parser that refuses an option without effect, and names what it belongs to."""

    def __init__(self, **settings: Any) -> None:
        settings.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(**settings, allow_abbrev=False)
        self.conditions: list[OptionGroup] = []

    def with_option(self, *needed: str) -> "OptionGroup":
        """Return a group for options that have an effect only beside one of these."""
        return self._condition(f"only with {' or '.join(needed)}", needed, unless=False)

    def without_option(self, *barring: str) -> "OptionGroup":
        """Return a group for options that have no effect beside one of these."""
        return self._condition(f"not with {' or '.join(barring)}", barring, unless=True)

    def parse_known_args(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """Return the arguments and what is unknown.

        Raises:
            LexgraftError: an option has no effect beside the others.
        """
        arguments, unknown = super().parse_known_args(args, namespace or argparse.Namespace())
        for condition in self.conditions:
            condition.check(arguments, self.prog)
        return arguments, unknown

    def options(self) -> list[argparse.Action]:
        """Return what the parser takes, its help left out."""
        return [action for action in self._actions if action.dest not in {"help", "version"}]

    def subparsers(self) -> "dict[str, VerbParser]":
        """Return the parsers below this one by name."""
        choices = (action.choices for action in self._actions)
        return next((dict(group) for group in choices if isinstance(group, dict)), {})

    def _print_message(self, message: str, file: Any = None) -> None:
        """Print help and mistakes as everything else is printed."""
        if message:
            print_text(message.removesuffix("\n"), errors=file is not sys.stdout)

    def _condition(self, title: str, options: Sequence[str], *, unless: bool) -> "OptionGroup":
        group = OptionGroup(self, title, options, unless=unless)
        self.conditions.append(group)
        return group


class OptionGroup:
    """Options that have an effect only beside some others, or only without them."""

    def __init__(
        self, parser: VerbParser, title: str, deciding: Sequence[str], *, unless: bool
    ) -> None:
        self._parser, self._group = parser, parser.add_argument_group(title)
        self._deciding, self._unless = deciding, unless
        self._actions: list[argparse.Action] = []

    def add_argument(self, *names: str, **settings: Any) -> None:
        """Add an option as `ArgumentParser.add_argument` does."""
        self._actions.append(self._group.add_argument(*names, **settings))

    def check(self, arguments: argparse.Namespace, verb: str) -> None:
        """Refuse an option of this group that would be dropped.

        Raises:
            LexgraftError: one is given without what it belongs to, or beside what bars it.
        """
        deciding = [
            action
            for action in self._parser.options()
            if set(self._deciding) & {*action.option_strings, action.dest}
        ]
        present = [action for action in deciding if _is_given(action, arguments)]
        if bool(present) != self._unless:
            return
        names = " or ".join(self._deciding)
        for action in self._actions:
            if _is_given(action, arguments):
                name = action.option_strings[-1]
                relation = "beside" if self._unless else "without"
                cure = f"leave {name} or {names} out" if self._unless else f"give {names} too"
                raise LexgraftError(f"{verb}: {name} has no effect {relation} {names}", cure=cure)


def verb(declare: Declare, *, of: str = "") -> Callable[[Run], Run]:
    """Register a function as the verb of its name, or as a job of the verb `of`.

    `declare` adds its arguments; the docstring is its help.
    """

    def register(function: Run) -> Run:
        verbs = _JOBS[of] if of else _PLAIN
        verbs[function.__name__.rstrip("_")] = _Verb(function, declare)
        return function

    return register


def verb_of_jobs(name: str, text: str) -> None:
    """Register a verb whose jobs follow, each with its own options; `text` is its help."""
    _TEXTS[name], _JOBS[name] = text, {}


@cache
def parser() -> VerbParser:
    """Return the parser of all verbs that were registered, in the order of `VERBS`; made once."""
    root = VerbParser(
        prog="lexgraft",
        description="Graft a technical vocabulary onto a language model, and prove that it took.",
        epilog="The main job:\n  lexgraft adopt project.yaml",
    )
    root.add_argument("--version", action="version", version=f"lexgraft {__version__}")
    verbs = root.add_subparsers(metavar="VERB", required=True)
    for name in VERBS:
        if name in _PLAIN:
            _fill(verbs.add_parser(name, **_help(_PLAIN[name].run.__doc__)), _PLAIN[name])
            continue
        jobs = verbs.add_parser(name, **_help(_TEXTS[name])).add_subparsers(
            dest="job", metavar="JOB", required=True
        )
        for job_name, job in _JOBS[name].items():
            _fill(jobs.add_parser(job_name, **_help(job.run.__doc__)), job)
    return root


def called(argv: Sequence[str] | None) -> tuple[Run, argparse.Namespace]:
    """Return the function that a command line calls, and its arguments.

    Raises:
        LexgraftError: an option that its verb does not have, with the nearest that it has.
    """
    root = parser()
    arguments, unknown = root.parse_known_args(argv)
    if unknown:
        options = _options_of(root, argv)
        raise LexgraftError(
            f"unknown argument `{unknown[0]}`", cure=nearest(unknown[0].partition("=")[0], options)
        )
    return getattr(arguments, _FUNCTION), arguments


def refuse(option: str, why: str, cure: str) -> None:
    """Refuse an option that has no effect on what the other arguments name.

    Raises:
        LexgraftError: always.
    """
    raise LexgraftError(f"{option} has no effect {why}", cure=cure)


def json_argument(parser: VerbParser) -> None:
    """Add `--json`."""
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def project_argument(parser: VerbParser) -> None:
    """Add the project file and `--json`."""
    parser.add_argument("project", type=Path, help="the project file (YAML)")
    json_argument(parser)


def output_argument(parser: VerbParser) -> None:
    """Add the project file, `--json` and the folder to write."""
    project_argument(parser)
    parser.add_argument("-o", "--output", type=Path, required=True, help="the folder to write")


def from_one(text: str) -> int:
    """Return a whole number from 1 on."""
    return _number(text, 1)


def from_zero(text: str) -> int:
    """Return a whole number from 0 on."""
    return _number(text, 0)


def port_number(text: str) -> int:
    """Return a port to listen on; 0 lets the system choose one."""
    return _number(text, 0, 65535)


def day_count(text: str) -> int:
    """Return how many days from today, a century at most."""
    return _number(text, 1, _CENTURY)


def above_zero(text: str) -> float:
    """Return a finite number above 0."""
    return _amount(text, "above 0", lambda value: value > 0)


def not_negative(text: str) -> float:
    """Return a finite number from 0 on."""
    return _amount(text, "from 0 on", lambda value: value >= 0)


def share_argument(text: str) -> float:
    """Return a share above 0 and below 1."""
    return _amount(text, "above 0 and below 1", lambda value: 0 < value < 1)


def nothing(_parser: VerbParser) -> None:
    """Add no argument."""


def _number(text: str, lowest: int, highest: int | None = None) -> int:
    number = int(text) if text.isdecimal() and len(text) <= _DIGITS else None
    if number is None or number < lowest or (highest is not None and number > highest):
        range_ = f"from {lowest} on" if highest is None else f"from {lowest} to {highest}"
        raise argparse.ArgumentTypeError(f"{text!a} is not a number {range_}")
    return number


def _amount(text: str, range_: str, holds: Callable[[float], bool]) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and holds(value)):
        raise argparse.ArgumentTypeError(f"{text!a} is not a number {range_}")
    return value


def _help(text: str | None) -> dict[str, Any]:
    summary, _, examples = (text or "").partition("\n\n")
    lines = (line.removeprefix("    ") for line in examples.rstrip().splitlines())
    return {
        "help": summary.rstrip("."),
        "description": summary,
        "epilog": "\n".join(lines),
    }


def _fill(parser: VerbParser, entry: _Verb) -> None:
    entry.declare(parser)
    parser.set_defaults(**{_FUNCTION: entry.run})


def _options_of(root: VerbParser, argv: Sequence[str] | None) -> list[str]:
    """Return the options of the verb, and of its job, that a command line names."""
    reached = root
    for word in sys.argv[1:] if argv is None else argv:
        reached = reached.subparsers().get(word, reached)
    return [name for action in reached.options() for name in action.option_strings]


def _is_given(action: argparse.Action, arguments: argparse.Namespace) -> bool:
    """Return whether an argument differs from its default: only then it can be dropped."""
    value = getattr(arguments, action.dest, action.default)
    return value != action.default
