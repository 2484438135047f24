"""The verb `init`: from models and a glossary to a project file that passes the plan."""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lexgraft.cli.output import print_json, print_line
from lexgraft.cli.progress import ProgressBars
from lexgraft.cli.projects import download_argument
from lexgraft.cli.table_options import ASKED_AGAIN, table_arguments, table_settings, until_clear
from lexgraft.cli.verb_parser import VerbParser, json_argument, verb
from lexgraft.errors import LexgraftError
from lexgraft.files.hub import HUB_ID

if TYPE_CHECKING:
    from lexgraft.terms.readers import ImportOptions

QUESTIONS = {
    "base": "Base model (folder or Hub id): what both others descend from",
    "language_model": "Language model: the general model that should learn the words",
    "domain_model": "Domain model: the one that knows them",
    "terms": "Glossary or term base (several with commas)",
    "source_language": "Language in which the domain model knows the words",
    "target_language": "Language in which they should arrive",
}
MODELS = ("base", "language_model", "domain_model")


def _init(parser: VerbParser) -> None:
    parser.add_argument("--base", type=Path, help="what both others descend from")
    parser.add_argument("--language-model", default="", help="the model that should learn")
    parser.add_argument("--domain-model", default="", help="the model that knows the words")
    parser.add_argument(
        "--terms", type=Path, nargs="+", default=[], help="the glossary, in any known format"
    )
    table_arguments(parser)
    parser.add_argument(
        "--leave-out-refused", action="store_true", help="go on without rows that cannot be used"
    )
    parser.add_argument("--source-language", default="", help="in which the donor knows them")
    parser.add_argument("--target-language", default="", help="in which they should arrive")
    parser.add_argument(
        "-o", "--output", type=Path, default=Path("project.yaml"), help="the project file to write"
    )
    download_argument(parser)
    json_argument(parser)


@verb(_init)
def init(arguments: argparse.Namespace) -> int:
    """Write a project file for these models and this glossary that passes the plan.

    Example:
      lexgraft init --base B --language-model G --domain-model D --terms terms.xlsx -o project.yaml

    Numbers are those that the glossary has, thresholds those that these numbers serve; what it
    changed, and why, stands in the file. On a terminal it asks for what is missing.
    """
    from msgspec import to_builtins

    from lexgraft.adoption.first_project import ProjectRequest, first_project
    from lexgraft.adoption.project_text import project_text
    from lexgraft.files.ownership import writing
    from lexgraft.records import write_bytes

    output: Path = arguments.output
    if output.exists():
        raise LexgraftError(
            "there is a file already", where=str(output), cure="name another with -o"
        )
    _ask(arguments, (*MODELS, "terms"))
    tables, present = _understood(arguments)
    _ask(arguments, ("source_language", "target_language"), present)
    folder = output.parent
    request = ProjectRequest(
        name=f"{arguments.terms[0].stem} {arguments.source_language}-{arguments.target_language}",
        models={
            "base": _seen_from(folder, str(arguments.base)),
            "language": _seen_from(folder, arguments.language_model),
            "domain": _seen_from(folder, arguments.domain_model),
        },
        terms=tuple(_seen_from(folder, str(name)) for name in arguments.terms),
        source=arguments.source_language,
        target=arguments.target_language,
        output=f"runs/{output.stem}",
        tables={name: value for name, value in to_builtins(tables).items() if value},
        leave_out_refused=arguments.leave_out_refused,
    )
    parents = (arguments.base, arguments.language_model, arguments.domain_model)
    models = [folder for folder in map(Path, parents) if folder.is_dir()]  # others: Hub ids
    with writing("init", [output], [*arguments.terms, *models]):
        with ProgressBars() as bars:
            first = first_project(request, output, download=arguments.download, progress=bars)
        write_bytes(output, project_text(first).encode())
    if arguments.json:
        return print_json(first.settings)
    for note in first.notes:
        print_line(f"note: {note}")
    print_line(f"{first.asked} concepts can be asked for; project: {output}")
    print_line(f"next: lexgraft plan {output}")
    print_line(f"      lexgraft adopt {output}")
    return 0


def _ask(
    arguments: argparse.Namespace, names: Sequence[str], known: Mapping[str, int] | None = None
) -> None:
    """Fill in what is missing: asked on a terminal, refused with the flags in a script.

    `known` are the languages of the terms, with how many concepts have a term in each.
    """
    missing = [name for name in names if not getattr(arguments, name)]
    choice = ", ".join(f"{tag} ({count})" for tag, count in (known or {}).items())
    if missing and not sys.stdin.isatty():
        flags = " ".join(f"--{name.replace('_', '-')} …" for name in missing)
        raise LexgraftError(
            f"not said: {', '.join(QUESTIONS[name].partition(':')[0] for name in missing)}",
            where="init",
            cure=f"give {flags}" + (f"; the terms are in {choice}" if choice else ""),
        )
    for name in missing:
        question = f"{QUESTIONS[name]}{f' [{choice}]' if choice else ''}: "
        for remaining in range(ASKED_AGAIN, -1, -1):
            answer = _answer(name, question)
            try:
                _check_answer(name, answer, arguments, known or {})
            except LexgraftError as error:
                if not remaining:
                    raise
                print_line(str(error))
            else:
                setattr(arguments, name, _listed(answer) if name == "terms" else answer)
                break


def _answer(name: str, question: str) -> str:
    try:
        answer = input(question).strip()
    except EOFError:  # the end of input is no answer
        answer = ""
    if not answer:
        raise LexgraftError(
            f"no answer to: {QUESTIONS[name]}", cure=f"give --{name.replace('_', '-')}"
        )
    return answer


def _check_answer(
    name: str, answer: str, arguments: argparse.Namespace, known: Mapping[str, int]
) -> None:
    """Raise for an answer that cannot be, so that it is asked for again.

    Raises:
        LexgraftError: no such model, file or language, with what there is.
    """
    from lexgraft.files.hub import named_model
    from lexgraft.terms.readers import recognise
    from lexgraft.terms.text.language_tags import known_language, languages_served

    if name == "terms":
        for path in _listed(answer):
            recognise(path)
    elif name in MODELS:
        may_come = arguments.download and HUB_ID.fullmatch(answer.partition("@")[0])
        if not may_come:
            named_model(answer, Path.cwd())
    elif not known_language(answer):
        raise LexgraftError(
            f"unknown language `{answer}`", cure="write its tag, e.g. `ja`, `pt-BR`"
        )
    elif known and not languages_served(known, [answer]):
        cure = f"the terms are in {', '.join(known)}"
        raise LexgraftError(f"no term is in `{answer}`", cure=cure)


def _listed(answer: str) -> list[Path]:
    return [Path(name.strip()) for name in answer.split(",") if name.strip()]


def _understood(arguments: argparse.Namespace) -> tuple[dict[str, object], dict[str, int]]:
    """Return how the tables are read, once what they do not say was asked; and their languages.

    Nothing is read where all is said and nobody can be asked.
    """
    tables = table_settings(arguments, None)
    if arguments.source_language and arguments.target_language and not sys.stdin.isatty():
        return tables, {}

    from msgspec import convert

    from lexgraft.adoption.first_project import languages_in
    from lexgraft.files.table_settings import TableSettings
    from lexgraft.terms.readers import TermImport
    from lexgraft.terms.readers.project_options import options_of

    def read(options: "ImportOptions") -> tuple["ImportOptions", dict[str, int]]:
        return options, languages_in(list(TermImport(arguments.terms, options)))

    languages = [tag for tag in (arguments.source_language, arguments.target_language) if tag]
    options, present = until_clear(
        read, options_of(convert(tables, TableSettings), languages), may_ask=not arguments.json
    )
    return {name: getattr(options, name) for name in tables}, present


def _seen_from(folder: Path, name: str) -> str:
    """Return a path as the project file in a folder names it; a Hub id as it is."""
    if not Path(name).exists() and HUB_ID.fullmatch(name.partition("@")[0]):
        return name
    return Path(os.path.relpath(name, folder)).as_posix()
