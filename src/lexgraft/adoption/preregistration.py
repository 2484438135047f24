"""The thresholds on record before anything is measured; changed ones say what was seen by then."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from lexgraft.files.run_folder import RunFolder
from lexgraft.project import Gates
from lexgraft.records import digest, read_lines, write_lines

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

    Thresholds that were declared in this folder before keep the record they had then.
    """
    file = run.path / FILE
    earlier = declarations(run.path)
    now = digest(gates)
    for declaration in earlier:
        if declaration.digest == now:
            return declaration
    asked_stages = tuple(stage for stage in run.stages() if stage not in BLIND)
    when = datetime.now(UTC).isoformat(timespec="seconds")
    new_declaration = Declaration(now, when, asked_stages, msgspec.to_builtins(gates))
    write_lines(file, [*earlier, new_declaration])
    return new_declaration


def declarations(folder: Path) -> list[Declaration]:
    """Return every set of thresholds that a run's folder has been judged by, the first first."""
    return read_lines(folder / FILE, Declaration) if (folder / FILE).is_file() else []


def late(declared: Declaration) -> tuple[dict[str, str], ...]:
    """Return the warning that thresholds were set with results in sight, if they were."""
    if not declared.seen:
        return ()
    stages = ", ".join(declared.seen)
    return (
        {
            "en": f"These thresholds were set after results had been seen ({stages}).",
            "ja": f"この基準は結果 ({stages}) を見た後に設定されました。",
        },
    )
