"""The verb `key`: who may ask the server."""

import argparse
from pathlib import Path

from lexgraft.cli.output import print_line
from lexgraft.cli.verb_parser import VerbParser, day_count, from_zero, verb


def _key(parser: VerbParser) -> None:
    parser.add_argument("file", type=Path, help="the file of keys (only hashes are kept)")
    parser.add_argument("name", help="whose key this is")
    parser.add_argument("--drop", action="store_true", help="take this key out of the file")
    new = parser.without_option("--drop")
    new.add_argument("--days", type=day_count, help="how long it is valid (always)")
    new.add_argument("--per-minute", type=from_zero, default=0, help="requests a minute (no limit)")


@verb(_key)
def key(arguments: argparse.Namespace) -> int:
    """Make a key for `serve`, shown once, or drop one.

    Examples:
      lexgraft key keys.jsonl alice --days 90
      lexgraft key keys.jsonl alice --drop
    """
    from lexgraft.serving.bearer_keys import add_key, drop_key

    if arguments.drop:
        drop_key(arguments.file, arguments.name)
    else:
        print_line(add_key(arguments.file, arguments.name, arguments.days, arguments.per_minute))
    return 0
