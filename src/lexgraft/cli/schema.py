"""The verb `schema`: the project file for editors."""

import argparse
import json

from lexgraft.cli.verb_parser import nothing, verb
from lexgraft.project import schema


@verb(nothing)
def schema_(_arguments: argparse.Namespace) -> int:
    """Print the JSON Schema of the project file, for editors.

    Example:
      lexgraft schema
    """
    print(json.dumps(schema(), indent=2, ensure_ascii=False))
    return 0
