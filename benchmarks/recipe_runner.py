"""Runs many recipes through one tool in one process, by the Python that has the tool.

    PYTHON recipe_runner.py here|there JOBS.json

JOBS is a list of [recipe, output]; beside every output lies OUTPUT.log. The tool is imported once,
and every recipe is merged in a child of its own: mergekit's loaders outlive a merge.
"""

import json
import os
import sys
import traceback
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

PEER_OPTIONS = ("-j", "1", "--quiet", "--random-seed", "0", "--no-write-model-card")


def main() -> None:
    """Print one line of JSON per recipe: its output and what its process returned."""
    merge = {"here": _lexgraft, "there": _mergekit}[sys.argv[1]]()
    for recipe, output in json.loads(Path(sys.argv[2]).read_text()):
        child = os.fork()
        if child == 0:
            log = os.open(f"{output}.log", os.O_CREAT | os.O_TRUNC | os.O_WRONLY)
            os.dup2(log, 1)
            os.dup2(log, 2)
            os._exit(_status(merge, recipe, output))
        print(json.dumps([output, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])]), flush=True)


def _lexgraft() -> Callable[[str, str], object]:
    import_module("torch")  # before the children, once for all
    command = import_module("lexgraft.cli").main
    return lambda recipe, output: command(["merge", recipe, "-o", output])


def _mergekit() -> Callable[[str, str], object]:
    command = import_module("mergekit.scripts.run_yaml").main

    def merge(recipe: str, output: str) -> None:
        adapters = ("--lora-merge-cache", f"{output}.lora")
        command([recipe, output, *PEER_OPTIONS, *adapters], standalone_mode=False)

    return merge


def _status(merge: Callable[[str, str], object], recipe: str, output: str) -> int:
    """Return the exit status of one merge."""
    try:
        status = merge(recipe, output)
    except Exception:  # noqa: BLE001  # whatever it is, the log has it
        traceback.print_exc()
        status = 1
    sys.stdout.flush()
    sys.stderr.flush()
    return int(bool(status))


if __name__ == "__main__":
    main()
