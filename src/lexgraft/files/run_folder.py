"""What each stage read and wrote; what need not run again; one run in a folder at a time."""

import fcntl
import json
import os
import socket
from collections.abc import Collection, Generator, Iterable, Sequence
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import Literal, TypeVar

import msgspec
from msgspec import Struct

from lexgraft.errors import LexgraftError
from lexgraft.files.checked_files import RECORD
from lexgraft.files.model_files import ADAPTER, CONFIG, INDEX, SINGLE
from lexgraft.files.ownership import MARKER, check_outputs, clash, real_path
from lexgraft.records import write_bytes

T = TypeVar("T", bound=Struct)

Work = Literal["adopt", "tune", "evaluate"]
HELD = ".in-use"
"""Lies in a run's folder from its first moment: such a folder is ours."""
_FOLDERS = ("stages", "testset", "answers", "learnt", "merged", "tuned", "model", "report")
_FILES = (
    "lock.json",
    "gates.jsonl",
    "costs.jsonl",
    "looks.jsonl",
    RECORD,
    "items.jsonl",
    "assignment.json",
    "compute.json",
    "seats.json",
    "prompt.json",
    "report.html",
    "report.json",
    "viewer.json",
    "terms.csv",
    "words.csv",
)

_BEGUN = frozenset(
    {HELD, "compute.json", "seats.json", "prompt.json", "costs.jsonl"}
)  # before anything is asked
_OF_A_MODEL = ("config.json", SINGLE, INDEX, ADAPTER, CONFIG)


class Thresholds(Struct, frozen=True, forbid_unknown_fields=True):
    """Which thresholds stood when a stage ran: their digest, since when, what was seen by then."""

    digest: str
    declared: str  # ISO 8601
    seen: tuple[str, ...] = ()


class StageEntry(Struct, frozen=True):
    """A finished stage: the digest of all it read, of what it wrote, and its thresholds."""

    key: str
    output: str
    thresholds: Thresholds | None = None


class RunFolder:
    """The folder of one adoption: stage records, answers, and the lock file over them.

    `thresholds` are those that the run is judged by, once they are declared.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.thresholds: Thresholds | None = None
        self._entries = self._read()

    def _read(self) -> dict[str, StageEntry]:
        file = self.path / "lock.json"
        if not file.is_file():
            return {}
        try:
            return msgspec.json.decode(file.read_bytes(), type=dict[str, StageEntry])
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise LexgraftError(
                f"not a lock file: {error}",
                where=str(file),
                cure="move it away: all stages run again, with the answers that are stored",
            ) from error

    def _record_file(self, stage: str) -> Path:
        return self.path / "stages" / f"{stage}.json"

    def finished(self, stage: str, key: str, kind: type[T]) -> T | None:
        """Return the stage's record if it was made from exactly this key.

        Raises:
            LexgraftError: it is not what the stage wrote.
        """
        entry, file = self._entries.get(stage), self._record_file(stage)
        if entry is None or entry.key != key or not file.is_file():
            return None
        data = file.read_bytes()
        if _sha(data) != entry.output:
            raise LexgraftError(
                f"not what the stage {stage} wrote",
                where=str(file),
                cure="delete it: the stage runs again, with the answers that are stored",
            )
        try:
            return msgspec.json.decode(data, type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError):  # of a version whose records were others
            return None

    def last(self, stage: str, kind: type[T]) -> T | None:
        """Return what a stage found when it last ran, whatever it had read; None: it never did."""
        entry = self._entries.get(stage)
        return None if entry is None else self.finished(stage, entry.key, kind)

    def finish(self, stage: str, key: str, record: Struct) -> None:
        """Store a stage's record, then say in the lock file that it is finished.

        An earlier record of the stage is struck off first: a kill leaves none that seems changed.
        """
        if self._entries.pop(stage, None) is not None:
            self._write()
        data = msgspec.json.format(msgspec.json.encode(record, order="sorted"), indent=1)
        write_bytes(self._record_file(stage), data)
        self._entries[stage] = StageEntry(key, _sha(data), self.thresholds)
        self._write()

    def _write(self) -> None:
        entries = msgspec.json.format(msgspec.json.encode(self._entries, order="sorted"))
        write_bytes(self.path / "lock.json", entries)

    def seen(self, blind: Collection[str] = ()) -> tuple[str, ...]:
        """Return what results lie here: stages by name but `blind` ones, else `answers` if any.

        What is there counts, whether or not the lock file knows of it.
        """
        return results_in(self.path, blind, self._entries)

    def judged_by(self) -> list[Thresholds]:
        """Return the thresholds that stood when the stages ran that are finished."""
        return [entry.thresholds for entry in self._entries.values() if entry.thresholds]


def results_in(
    folder: Path, blind: Collection[str] = (), entries: Collection[str] = ()
) -> tuple[str, ...]:
    """Return what results lie in a run's folder: see `RunFolder.seen`.

    `entries` are stages that the lock file knows besides.
    """
    records = {file.stem for file in (folder / "stages").glob("*.json")}
    stages = tuple(sorted((records | set(entries)) - set(blind)))
    answered = any(file.is_file() for file in (folder / "answers").rglob("*"))
    return stages or (("answers",) if answered else ())


@contextmanager
def hold(folder: Path, inputs: Sequence[Path] = (), work: Work = "adopt") -> Generator[RunFolder]:
    """Hold the run's folder for this process alone; a second run is refused.

    Raises:
        LexgraftError: another run holds it (its host and process number are named); it is that of
            another kind of work; it is an input, or lies in one; an input or a file of the user's
            has a name that the run writes.
    """
    check_run(folder, inputs)
    new = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with _held(folder, work):
            yield RunFolder(folder)
    except LexgraftError:
        _take_back(folder, new)
        raise


@contextmanager
def _held(folder: Path, work: Work) -> Generator[None]:
    """Hold the lock of a folder, and say in it who does what there."""
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(folder / HELD, flags, 0o666), "r+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.seek(0)
            raise LexgraftError(
                f"another run is using this folder ({file.read().strip() or 'unknown'})",
                where=str(folder),
                cure="wait for it to end, or give this run another `output`",
            ) from error
        file.seek(0)
        _refuse_other_work(folder, file.read(), work)
        file.seek(0)
        file.truncate()
        held = {"host": socket.gethostname(), "pid": os.getpid(), "work": work}
        file.write(json.dumps(held))
        file.flush()
        yield


def _take_back(folder: Path, new: Sequence[Path]) -> None:
    """Remove the folders that a refused run has made and begun nothing in."""
    if folder not in new or {path.name for path in folder.iterdir()} - _BEGUN:
        return
    for name in sorted(_BEGUN):
        (folder / name).unlink(missing_ok=True)
    with suppress(OSError):  # somebody else uses one by now
        for path in new:
            path.rmdir()


def _refuse_other_work(folder: Path, held: str, work: Work) -> None:
    """Raise for a folder in which another kind of work was done, by what its holder wrote."""
    try:
        done = json.loads(held).get("work", "")
    except (ValueError, AttributeError):  # nobody was here, or a kill cut it
        done = ""
    done = done or ("adopt" if (folder / "stages").is_dir() else work)
    if done != work:
        raise LexgraftError(
            f"the folder of `lexgraft {done}`, and `{work}` would write into it",
            where=str(folder),
            cure="give another output",
        )


def check_run(folder: Path, inputs: Sequence[Path] = ()) -> None:
    """Raise for a folder that cannot be a run's: what `hold` refuses, before anything is made.

    Inputs may lie beside what the run writes; a folder without `.in-use` is not a run's yet.
    """
    inner = [folder / name for name in (*_FOLDERS, HELD, *_FILES)]
    check_outputs([folder], (), folders=True)
    _refuse_inputs([folder], [path for path in inputs if _holds(path, folder)])
    _refuse_inputs(inner, inputs)
    for path in inner:
        _refuse_kind(path)
    if not (folder / HELD).is_file():
        _refuse_foreign(folder)


def _refuse_kind(path: Path) -> None:
    """Raise for a link, a pipe, or a file where a run has a folder, or the reverse."""
    if path.is_symlink():
        raise LexgraftError(
            "a link: what it leads to would be written", where=str(path), cure="take it away"
        )
    is_folder = path.name in _FOLDERS
    if os.path.lexists(path) and not (path.is_dir() if is_folder else path.is_file()):
        kind = "a folder" if is_folder else "a plain file"
        raise LexgraftError(f"a run has {kind} of this name", where=str(path), cure="move it away")


def _holds(path: Path, folder: Path) -> bool:
    """Return whether a folder is an input, or lies in it."""
    return real_path(folder).is_relative_to(real_path(path)) or (
        clash(folder, path) and not (real_path(path).is_relative_to(real_path(folder)))
    )


def _refuse_inputs(paths: Iterable[Path], inputs: Sequence[Path]) -> None:
    """Raise for an input among what a run writes."""
    for path in paths:
        for input_path in inputs:
            if clash(path, input_path):
                raise LexgraftError(
                    f"the input {input_path} lies where the run writes {path.name}",
                    where=str(path),
                    cure="give the run another `output`: inputs are never overwritten",
                )


def _refuse_foreign(folder: Path) -> None:
    """Raise for a model's folder, and for a name that a run writes where no run was yet."""
    reserved = [folder / name for name in (HELD, *_FILES)]
    reserved += [
        folder / name / MARKER
        for name in ("stages", "testset")
        if (folder / name).is_dir() and not (folder / name / MARKER).is_file()
    ]
    for name in _OF_A_MODEL:
        if (folder / name).is_file():
            raise LexgraftError(
                f"a model's folder: it holds {name}",
                where=str(folder),
                cure="give the run an `output` of its own",
            )
    for path in reserved:
        existing = path.parent if path.name == MARKER else path
        if os.path.lexists(existing) and (existing.is_file() or any(existing.iterdir())):
            raise LexgraftError(
                "a run writes here, and this is not a run's",
                where=str(existing),
                cure="move it away, or give the run another `output`: nothing is overwritten; if "
                f"the {HELD} of a run was deleted, make an empty file of that name in the folder",
            )


def _sha(data: bytes) -> str:
    return sha256(data).hexdigest()
