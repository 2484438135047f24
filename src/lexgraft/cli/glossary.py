"""The verb `glossary`."""

import argparse
import json
from pathlib import Path

from lexgraft.cli.registry import verb
from lexgraft.cli.show import lines
from lexgraft.errors import UserError
from lexgraft.project import read_project


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
    print(json.dumps(rows, ensure_ascii=False) if arguments.json else lines(rows))
    return 0


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"cannot read this text: {error}", cure="give a UTF-8 file") from error
