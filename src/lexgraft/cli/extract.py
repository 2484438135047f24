"""The verb `extract`: the difference of two models as an adapter."""

import argparse
from pathlib import Path

from lexgraft.cli.output import print_json, print_line, print_table
from lexgraft.cli.progress import ProgressBars
from lexgraft.cli.projects import download_argument
from lexgraft.cli.verb_parser import VerbParser, from_one, json_argument, verb

SHOWN = 10  # names of what is not in the adapter


def _extract(parser: VerbParser) -> None:
    parser.add_argument("base", help="the base: a folder, a Hub id or a URL")
    parser.add_argument("model", help="a model that descends from it, named likewise")
    parser.add_argument("-o", "--output", type=Path, required=True, help="the adapter's folder")
    parser.add_argument("--rank", type=from_one, default=16, help="of the adapter (default: 16)")
    download_argument(parser)
    json_argument(parser)


@verb(_extract)
def extract(arguments: argparse.Namespace) -> int:
    """Write the difference of two models as a LoRA adapter, and say how much of it that holds.

    Example:
      lexgraft extract base/ finetuned/ -o adapter/ --rank 16
    """
    from lexgraft.files.hub import named_model
    from lexgraft.files.ownership import check_outputs
    from lexgraft.files.stand_ins import place_of
    from lexgraft.files.store_url import is_url
    from lexgraft.weights.checkpoint.full_precision import open_full_precision
    from lexgraft.weights.checkpoint.input_model import open_input_model
    from lexgraft.weights.merge.extract_adapter import extract, share_rows

    base, model = (
        place_of(text) if is_url(text) else named_model(text, Path(), download=arguments.download)
        for text in (arguments.base, arguments.model)
    )
    check_outputs([arguments.output], [base, model], folders=True)
    with ProgressBars() as bars:
        input_model = open_input_model(model, open_full_precision(base), "model")
        record = extract(input_model, arguments.rank, arguments.output, bars)
    if arguments.json:
        return print_json(record)
    print_table("Explained share", share_rows(record))
    for name in record.left_out[:SHOWN]:
        print_line(f"not in the adapter: {name}")
    if len(record.left_out) > SHOWN:
        print_line(f"not in the adapter: {len(record.left_out) - SHOWN} more")
    print_line(
        f"{record.explained:.1%} of the linear layers' delta, {record.covered:.1%} of all of it"
    )
    print_line(f"written: {arguments.output}")
    return 0
