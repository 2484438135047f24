"""One function per verb: read arguments, call, print; a file for each verb."""

import atexit
import errno
import gc
import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

from lexgraft.cli import (
    adopt,
    compare,
    diagnose,
    doctor,
    evaluate,
    extract,
    gate,
    glossary,
    history,
    init,
    key,
    merge,
    plan,
    report,
    schema,
    serve,
    terms,
    testset,
    tune,
    upkeep,
    verify,
    view,
    vocabulary,
)
from lexgraft.cli.output import bear_any_encoding, print_mistake, print_text
from lexgraft.cli.progress import ProgressBars
from lexgraft.cli.verb_parser import called
from lexgraft.errors import LexgraftError

__all__ = [
    "ProgressBars",
    "adopt",
    "compare",
    "diagnose",
    "doctor",
    "evaluate",
    "extract",
    "gate",
    "glossary",
    "history",
    "init",
    "key",
    "main",
    "merge",
    "plan",
    "report",
    "schema",
    "serve",
    "terms",
    "testset",
    "tune",
    "upkeep",
    "verify",
    "view",
    "vocabulary",
]

INTERRUPTED = 130
MISTAKE = 2
DEBUG = "LEXGRAFT_DEBUG"

atexit.register(gc.freeze)  # else what torch has made is looked through as the process ends: 1 s


def main(argv: Sequence[str] | None = None) -> int:
    """Return the exit status: 0 done, 2 a mistake the user can mend, 130 interrupted.

    With LEXGRAFT_DEBUG=1 in the environment a mistake shows where in the code it was met.
    """
    # threads that wait by spinning take the processor from those that work; read when torch loads
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    bear_any_encoding()
    try:
        run, arguments = called(argv)
        return run(arguments)
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except LexgraftError as error:
        return _mistake(error)
    except OSError as error:
        return _mistake(_explained(error))
    except (MemoryError, RecursionError, UnicodeError) as error:
        return _mistake(_beyond(error))
    except KeyboardInterrupt:
        print_text("\nlexgraft: interrupted; the same command carries on from here", errors=True)
        return INTERRUPTED


def _mistake(error: LexgraftError) -> int:
    if os.environ.get(DEBUG, "") not in {"", "0"}:
        print_text(traceback.format_exc(), errors=True)
    print_mistake(error)
    return MISTAKE


def _explained(error: OSError) -> LexgraftError:
    """Return what the system refused as a message with a cure."""
    cures = {
        FileNotFoundError: "check the path",
        PermissionError: "check whose file it is and what may be done with it",
        IsADirectoryError: "name a file, not a folder",
        NotADirectoryError: "name a folder, not a file",
        ConnectionError: "check the address, and that the server runs",
        TimeoutError: "try again, or check that the server runs",
    }
    by_number = {
        errno.ENAMETOOLONG: "take a shorter name",
        errno.ELOOP: "take the circle of links away",
        errno.EROFS: "choose a place that may be written to",
        errno.EMFILE: "raise the limit of open files (ulimit -n)",
    }
    cure = next((text for kind, text in cures.items() if isinstance(error, kind)), "")
    named = error.filename if isinstance(error.filename, str | bytes) else None
    return LexgraftError(
        error.strerror or str(error) or type(error).__name__,
        where=os.fsdecode(named) if named else _met_at(error),
        cure=cure
        or by_number.get(error.errno or 0, "")
        or f"free the disk or mend the device; {DEBUG}=1 shows where it was met",
    )


def _beyond(error: MemoryError | RecursionError | UnicodeError) -> LexgraftError:
    """Return what is too large, too deep or no text as a message with a cure."""
    what, cure = f"not text as expected here: {error}", "save it as UTF-8"
    if isinstance(error, MemoryError):
        what, cure = "out of memory", "free memory, or give a smaller input"
    if isinstance(error, RecursionError):
        what, cure = "nested too deeply", "give a flatter file"
    return LexgraftError(what, where=_met_at(error), cure=f"{cure}; {DEBUG}=1 shows where")


def _met_at(error: BaseException) -> str:
    """Return the file that was at hand: reading from an open file does not say its name."""
    for frame, _ in reversed([*traceback.walk_tb(error.__traceback__)]):
        for name in ("path", "file", "folder", "self"):
            if isinstance(value := frame.f_locals.get(name), Path):
                return str(value)
    return ""
