"""The verbs: a decorator registers one, the parser is made of all of them."""

import argparse
from collections.abc import Callable
from pathlib import Path

from lexgraft import __version__

Verb = Callable[[argparse.Namespace], int]
_FUNCTION = "the verb's function"  # a key of the namespace that no argument's name can be
_VERBS: dict[str, tuple[Verb, Callable[[argparse.ArgumentParser], None]]] = {}


def verb(add: Callable[[argparse.ArgumentParser], None]) -> Callable[[Verb], Verb]:
    """Register a function as the verb of its name; `add` declares its arguments."""

    def register(function: Verb) -> Verb:
        _VERBS[function.__name__.rstrip("_")] = (function, add)
        return function

    return register


def parser() -> argparse.ArgumentParser:
    """Return the parser of all verbs that were registered, in that order."""
    whole = argparse.ArgumentParser(
        prog="lexgraft",
        description="Graft a technical vocabulary onto a language model, and prove that it took.",
        epilog="The main job:\n  lexgraft adopt project.yaml",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    whole.add_argument("--version", action="version", version=f"lexgraft {__version__}")
    verbs = whole.add_subparsers(metavar="VERB", required=True)
    for name, (function, add) in _VERBS.items():
        summary, _, examples = (function.__doc__ or "").partition("\n\n")
        sub = verbs.add_parser(
            name,
            help=summary.rstrip("."),
            description=summary,
            epilog=_dedent(examples),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        add(sub)
        sub.set_defaults(**{_FUNCTION: function})
    return whole


def called(arguments: argparse.Namespace) -> Verb:
    """Return the function of the verb that the arguments name."""
    return getattr(arguments, _FUNCTION)


def project_argument(parser: argparse.ArgumentParser) -> None:
    """Add the project file and `--json`."""
    parser.add_argument("project", type=Path, help="the project file (YAML)")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def output_argument(parser: argparse.ArgumentParser) -> None:
    """Add the project file, `--json` and the folder to write."""
    project_argument(parser)
    parser.add_argument("-o", "--output", type=Path, required=True, help="the folder to write")


def nothing(_parser: argparse.ArgumentParser) -> None:
    """Add no argument."""


def _dedent(text: str) -> str:
    return "\n".join(line.removeprefix("    ") for line in text.rstrip().splitlines())
