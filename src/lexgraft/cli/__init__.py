"""One function per verb: read arguments, call, print; a file for each family of verbs."""

import os
import sys
from collections.abc import Sequence

from lexgraft.cli import (
    adopt as adoption,
)
from lexgraft.cli import (
    compare as comparing,
)
from lexgraft.cli import (
    evaluate as evaluating,
)
from lexgraft.cli import (
    glossary,
    terms,
    testset,
    vocabulary,
)
from lexgraft.cli import (
    merge as merging,
)
from lexgraft.cli import (
    serve as serving,
)
from lexgraft.cli.progress import ProgressBars
from lexgraft.cli.verb_parser import called, parser
from lexgraft.errors import LexgraftError

__all__ = [
    "ProgressBars",
    "adoption",
    "comparing",
    "evaluating",
    "glossary",
    "main",
    "merging",
    "serving",
    "terms",
    "testset",
    "vocabulary",
]

INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Return the exit status: 0 done, 2 a mistake the user can mend, 130 interrupted."""
    # threads that wait by spinning take the processor from those that work; read when torch loads
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    arguments = parser().parse_args(argv)
    try:
        return called(arguments)(arguments)
    except LexgraftError as error:
        print(f"lexgraft: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nlexgraft: interrupted; the same command carries on from here", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()
        return 0
