"""Where and how models are run, on the command line: beside `compute` in the project."""

import argparse
import re
from typing import Any, Protocol, get_args

from msgspec import structs

from lexgraft.cli.verb_parser import above_zero, from_one
from lexgraft.compute import DEVICE, AskedFormat
from lexgraft.project import Project

KEYS = ("device", "dtype", "threads", "gpus_per_model")
LIMITED = (*KEYS, "memory_gb")


class TakesOptions(Protocol):
    """A parser, or a group of options."""

    def add_argument(self, *names: str, **settings: Any) -> object:
        """Add an option."""
        ...


def compute_arguments(parser: TakesOptions, *, limited: bool = True) -> None:
    """Add the options; `limited` ones of a project are given what memory they may take."""
    add = parser.add_argument
    add("--device", type=device_name, metavar="auto|cpu|cuda[:N]|mps", help="auto: a GPU if any")
    add(
        "--dtype",
        choices=get_args(AskedFormat),
        help="mixed: products in bfloat16 (auto: the fastest that the device computes well)",
    )
    add("--threads", type=from_one, help="of the processor (2)")
    add("--gpus-per-model", type=from_one, metavar="N", help="spread a model's layers over N GPUs")
    if limited:
        add("--memory-gb", type=above_zero, metavar="N", help="what models may take (10)")


def options_of(arguments: argparse.Namespace, keys: tuple[str, ...] = KEYS) -> dict[str, Any]:
    """Return those of the options that the command line gives."""
    values = {key: getattr(arguments, key, None) for key in keys}
    return {key: value for key, value in values.items() if value is not None}


def run_options(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return those that the command line gives, as a model by itself is loaded with them."""
    values = options_of(arguments)
    return values | ({"gpus": values.pop("gpus_per_model")} if "gpus_per_model" in values else {})


def with_compute(project: Project, arguments: argparse.Namespace) -> Project:
    """Return the project with what the command line says of its `compute`."""
    changed = options_of(arguments, LIMITED)
    compute = structs.replace(project.compute, **changed)
    return structs.replace(project, compute=compute) if changed else project


def device_name(text: str) -> str:
    """Return a device's name, as a project may write it."""
    if not re.fullmatch(DEVICE, text):
        raise argparse.ArgumentTypeError(f"{text!a} is not auto, cpu, cuda, cuda:N or mps")
    return text
