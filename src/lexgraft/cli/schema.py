"""The verb `schema`: the project file for editors, and the page of all its keys."""

import argparse
import json

from lexgraft.cli.output import print_content, print_text
from lexgraft.cli.verb_parser import VerbParser, verb


def _schema(parser: VerbParser) -> None:
    parser.add_argument(
        "--page", action="store_true", help="print the page of all keys, docs/project.md"
    )


@verb(_schema)
def schema(arguments: argparse.Namespace) -> int:
    """Print the JSON Schema of the project file, for editors, with every key described.

    Example:
      lexgraft schema
    """
    from lexgraft.cli.project_reference import described_schema, reference_page

    if arguments.page:
        print_content(reference_page().removesuffix("\n"))
    else:
        print_text(json.dumps(described_schema(), indent=2, ensure_ascii=False))
    return 0
