"""The verb `verify`: a merged folder against its manifest."""

import argparse

from lexgraft.cli.output import print_json, print_line
from lexgraft.cli.progress import ProgressBars
from lexgraft.cli.verb_parser import VerbParser, json_argument, verb

DIFFERENT = 1  # exit status
SHOWN = 10  # names of each kind


def _verify(parser: VerbParser) -> None:
    parser.add_argument("folder", help="a merged folder, or its URL")
    json_argument(parser)


@verb(_verify)
def verify(arguments: argparse.Namespace) -> int:
    """Read a merged folder again and compare every tensor with its manifest.

    Example:
      lexgraft verify merged/

    Exit status 0 if all is as it was written, 1 if anything differs.
    """
    from lexgraft.files.stand_ins import place_of
    from lexgraft.weights.merge.manifest import verify

    with ProgressBars() as bars:
        check = verify(place_of(arguments.folder), bars)
    if arguments.json:
        print_json(check)
        return 0 if check.intact else DIFFERENT
    for what, names in (
        ("missing", check.missing),
        ("added", check.added),
        ("different", check.different),
    ):
        for name in names[:SHOWN]:
            print_line(f"{what:<10} {name}")
        if len(names) > SHOWN:
            print_line(f"{what:<10} and {len(names) - SHOWN} more")
    print_line(f"{check.tensors} tensors, {check.bytes:,} bytes, digest {check.digest}")
    print_line(
        "intact" if check.intact else "not what was written: move the folder away and merge again"
    )
    return 0 if check.intact else DIFFERENT
