"""How far a run is, read from its folder while another process works in it."""

import fcntl
import os
import socket
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec import Struct

from lexgraft.adoption.report.progress_page import RunProgress, StageProgress, StageState
from lexgraft.errors import LexgraftError
from lexgraft.evaluation.cost_log import CostLog
from lexgraft.files.run_folder import HELD, RunFolder
from lexgraft.records import Cost

_PLAN = "plan"  # the first stage, which foresees what the others take


class _Holder(Struct):
    """Who works in a folder, as `.in-use` says."""

    host: str = ""
    pid: int = 0


class _Estimate(Struct):
    """What a plan foresees of one stage."""

    stage: str
    cost: Cost


class _Plan(Struct):
    """What a plan foresees."""

    estimates: tuple[_Estimate, ...]


def run_progress(folder: Path, costs: CostLog | None = None) -> RunProgress:
    """Return how far the run in a folder is; of stages only those that are planned or begun.

    Who looks again and again keeps `costs`, the folder's log: it reads only what was added.
    """
    costs, running = costs or CostLog(folder), is_held(folder)
    latest = costs.latest() if running else ""
    foreseen, records = _planned(folder)
    finished = set(records) - {latest}
    has_report = (folder / "report.html").is_file()
    waiting: StageState = "waiting" if running or not has_report else "left out"

    def progress(stage: str) -> StageProgress:
        spent = costs.spending(stage)
        state = "running" if stage == latest else "finished" if stage in finished else waiting
        return StageProgress(
            stage, state, round(spent.seconds, 1), spent.answers, foreseen.get(stage)
        )

    names = dict.fromkeys([_PLAN, *foreseen, *costs.stages()])
    return RunProgress(running, tuple(map(progress, names)), has_report)


def _planned(folder: Path) -> tuple[Mapping[str, float], Iterable[str]]:
    """Return planned stages with the seconds foreseen, and those that have a record."""
    with suppress(LexgraftError):  # a record is being replaced: the next look will see it
        run = RunFolder(folder)
        plan = run.last(_PLAN, _Plan)
        estimates = plan.estimates if plan else ()
        return {row.stage: row.cost.seconds for row in estimates}, run.seen()
    return {}, ()


def is_held(folder: Path) -> bool:
    """Return whether another process of this machine works in a run's folder.

    The lock is tried only while its last holder lives, so that no run which begins is hindered.
    """
    file = folder / HELD
    try:
        holder = msgspec.json.decode(file.read_bytes(), type=_Holder)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return False
    if holder.host != socket.gethostname() or holder.pid == os.getpid() or not _lives(holder.pid):
        return False
    with suppress(FileNotFoundError), file.open("rb") as opened:
        try:
            fcntl.flock(opened, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _lives(pid: int) -> bool:
    """Return whether there is a process of this number."""
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except (OSError, OverflowError):
        return False
    return True
