"""The thresholds on record before anything is measured; changed ones say what was seen by then."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from lexgraft.files.checked_files import is_on_record, read_checked, write_checked
from lexgraft.files.run_folder import RunFolder, Thresholds
from lexgraft.project import Gates
from lexgraft.records import digest

FILE = "gates.jsonl"
BLIND = frozenset({"plan"})  # stages that ask no model


class Declaration(Struct, frozen=True, forbid_unknown_fields=True):
    """Thresholds as they stood when a run began."""

    digest: str
    declared: str  # ISO 8601
    seen: tuple[str, ...]  # stages whose results were there already
    gates: dict[str, Any]  # as they were called then: a record outlives a renamed key


def declare(run: RunFolder, gates: Gates) -> Declaration:
    """Return the declaration that a run is judged by, written before it asks a model.

    Thresholds that were declared in this folder before keep the record they had then, which also
    stands beside every stage that they judged: it outlives its own file. Whatever else is deleted,
    thresholds that are new while results lie here are late.
    """
    earlier = declarations(run.path)
    now = digest(gates)
    declaration = next((old for old in earlier if old.digest == now), None)
    if declaration is None:
        declaration = _recovered(run, gates, now) or _new(run, gates, now)
        write_checked(run.path / FILE, [*earlier, declaration])
    run.thresholds = Thresholds(declaration.digest, declaration.declared, declaration.seen)
    return declaration


def _recovered(run: RunFolder, gates: Gates, now: str) -> Declaration | None:
    """Return the declaration of these thresholds that finished stages hold."""
    judged = [thresholds for thresholds in run.judged_by() if thresholds.digest == now]
    if not judged:
        return None
    first = min(judged, key=lambda thresholds: thresholds.declared)
    return Declaration(now, first.declared, first.seen, msgspec.to_builtins(gates))


def _new(run: RunFolder, gates: Gates, now: str) -> Declaration:
    when = datetime.now(UTC).isoformat(timespec="seconds")
    return Declaration(now, when, run.seen(BLIND), msgspec.to_builtins(gates))


def declarations(folder: Path) -> list[Declaration]:
    """Return every set of thresholds that a run's folder has been judged by, the first first.

    Raises:
        LexgraftError: the file is not as it was written.
    """
    file = folder / FILE
    cure = "delete it: what the finished stages say of their thresholds counts"
    return read_checked(file, Declaration, cure) if is_on_record(file) else []


def late(declared: Declaration) -> tuple[dict[str, str], ...]:
    """Return the warning that thresholds were set with results in sight, if they were."""
    if not declared.seen:
        return ()
    stages = ", ".join(declared.seen)
    return (
        {
            "en": f"These thresholds were set after results had been seen ({stages}).",
            "ja": f"この基準は結果（{stages}）を見た後に設定されました。",
        },
    )
