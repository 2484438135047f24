"""The verb `glossary`."""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lexgraft.cli.verb_parser import verb
from lexgraft.errors import LexgraftError
from lexgraft.files.safe_text import read_text
from lexgraft.project import read_project

if TYPE_CHECKING:
    from lexgraft.terms.glossary.termbase import OpenGlossary

Rows = Sequence[dict[str, object]]
FAULTS = 1  # the exit status of lint and check when there is something to mend


def _glossary(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=("match", "lint", "prompt", "check"))
    parser.add_argument("file", type=Path, help="a term file, or a project (.yaml) with its own")
    parser.add_argument("text", type=Path, nargs="?", help="the text, or the answer to check")
    glossary_arguments(parser)
    parser.add_argument("--question", type=Path, help="check: the text whose terms are required")
    parser.add_argument("--edges", action="store_true", help="match: flag hits inside words (ja)")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def glossary_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `glossary` and `serve` ask about a glossary."""
    parser.add_argument("--source", default="", help="language of the text's terms, e.g. en")
    parser.add_argument("--target", default="", help="language of the required terms, e.g. ja")
    parser.add_argument("--lemmas", action="store_true", help="find inflected forms (simplemma)")
    parser.add_argument("--compiled", action="store_true", help="match faster, with numba")
    parser.add_argument("--entries", type=int, default=30, help="in a prompt, at most (30)")
    parser.add_argument("--tokens", type=int, default=1000, help="of a prompt's block (1000)")
    parser.add_argument("--definitions", action="store_true", help="put definitions in too")


@verb(_glossary)
def glossary(arguments: argparse.Namespace) -> int:
    """Find terms in a text, check the glossary, show its block for a prompt, check an answer.

    Examples:
      lexgraft glossary lint terms.csv
      lexgraft glossary match terms.csv letter.txt
      lexgraft glossary prompt project.yaml letter.txt
      lexgraft glossary check terms.csv answer.txt --question letter.txt

    Exit status 1 when lint or check finds something to mend.
    """
    if arguments.action != "lint" and arguments.text is None:
        raise LexgraftError(f"`glossary {arguments.action}` needs a text file", cure="name one")
    opened = open_named(arguments)
    text = read_text(arguments.text) if arguments.text else ""
    if arguments.action == "prompt":
        return _prompt(arguments, opened, text)
    if arguments.action == "match":
        return _show(arguments, _matches(opened, text, edges=arguments.edges))
    if arguments.action == "lint":
        rows: Rows = [
            {
                "entry": finding.number,
                "term": finding.source,
                "problem": finding.problem,
                "detail": finding.detail,
            }
            for finding in opened.findings
        ]
    else:
        rows = _faults(opened, text, arguments.question)
    _show(arguments, rows)
    return FAULTS if rows else 0


def open_named(arguments: argparse.Namespace) -> "OpenGlossary":
    """Return the glossary that the arguments name: of a term file, or of a project."""
    from lexgraft.terms.glossary.termbase import open_glossary

    files, source, target = [arguments.file], arguments.source, arguments.target
    if arguments.file.suffix in (".yaml", ".yml"):
        project = read_project(arguments.file)
        files = [Path(file) for file in project.terms.files]
        source, target = source or project.languages.domain, target or project.languages.target
    return open_glossary(
        files, source, target, lemmas=arguments.lemmas, compiled=arguments.compiled
    )


def _matches(opened: "OpenGlossary", text: str, *, edges: bool) -> Rows:
    """Return a row for every place; with `edges` whether words begin and end there."""
    from lexgraft.terms.glossary.word_boundaries import word_edges

    places = word_edges(text) if edges else frozenset[int]()
    return [
        {
            "start": one.start,
            "end": one.end,
            "text": one.text,
            "kind": one.kind,
            "term": one.entry.source,
            "use": one.entry.target,
            "id": one.entry.id,
            **({"edges": one.start in places and one.end in places} if edges else {}),
        }
        for one in opened.find(text)
    ]


def _faults(opened: "OpenGlossary", answer: str, question: Path | None) -> Rows:
    """Return a row for every required term that is missed and every forbidden one that is used."""
    from lexgraft.terms.glossary.verify_output import verify

    asked = opened.match(read_text(question)) if question else []
    missed = verify(answer, asked).missed
    barred = [one for one in opened.find(answer) if one.kind == "forbidden"]
    return [
        *({"problem": "missed", "term": one.source, "use": one.target} for one in missed),
        *(
            {
                "problem": "forbidden",
                "term": one.entry.source,
                "use": one.entry.target,
                "start": one.start,
                "end": one.end,
                "text": one.text,
            }
            for one in barred
        ),
    ]


def _prompt(arguments: argparse.Namespace, opened: "OpenGlossary", text: str) -> int:
    """Print the text with its block, and before it what there was no room for."""
    from lexgraft.terms.glossary.prompt_block import estimated_tokens
    from lexgraft.terms.glossary.termbase import block_for

    block = block_for(
        text,
        opened,
        limit=arguments.entries,
        room=arguments.tokens,
        size=estimated_tokens,
        definitions=arguments.definitions,
    )
    if arguments.json:
        said = {
            "prompt": block.text + text,
            "used": [one.source for one in block.used],
            "dropped": [one.source for one in block.dropped],
        }
        print(json.dumps(said, ensure_ascii=False))
        return 0
    for entry in block.dropped:
        print(f"# left out: {entry.source}")
    print(block.text + text)
    return 0


def _show(arguments: argparse.Namespace, rows: Rows) -> int:
    """Print rows as JSON or as lines of `key: value`."""
    if arguments.json:
        print(json.dumps(rows, ensure_ascii=False))
    for row in () if arguments.json else rows:
        print("  ".join(f"{key}: {value}" for key, value in row.items() if value != ""))
    return 0
