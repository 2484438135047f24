"""The verb `doctor`: what is there on this machine, and what each missing piece would bring."""

import argparse

from lexgraft.cli.output import print_json, print_table
from lexgraft.cli.verb_parser import VerbParser, json_argument, verb


def _doctor(parser: VerbParser) -> None:
    json_argument(parser)


@verb(_doctor)
def doctor(arguments: argparse.Namespace) -> int:
    """Say what is there on this machine: devices, compiled loops, extras, caches, memory, disk.

    Example:
      lexgraft doctor
    """
    from lexgraft.cli.machine_report import machine_report

    record = machine_report()
    if arguments.json:
        return print_json(record)
    for title, rows in record.tables():
        print_table(title, rows)
    return 0
