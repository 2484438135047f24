"""The ledger of releases: JSON lines, each with the digest of the one before; only added to."""

import fcntl
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
from msgspec import Struct, structs

from lexgraft.errors import LexgraftError
from lexgraft.files.ownership import make_durable
from lexgraft.records import Outcome, Score, digest

FIRST = "0" * 32  # stands where there is no line before
_BEGINNING = b'{"number":%d,"before":"%s","digest":"'


class LedgerConcept(Struct, frozen=True, forbid_unknown_fields=True):
    """What is shown of a concept, and what it is counted by."""

    id: str
    terms: dict[str, str]  # language → preferred term
    field: str = ""
    family: str = ""  # relatives are counted as fewer; empty: it stands alone


class ItemSet(Struct, frozen=True, forbid_unknown_fields=True, tag="items"):
    """Items that models were asked, once for all releases that were asked the same."""

    digest: str
    groups: tuple[str, ...]  # directions, and those of everyday words
    concepts: tuple[LedgerConcept, ...]
    items: tuple[tuple[str, int, int], ...]  # digest of the content, place of concept and group


class ModelAnswers(Struct, frozen=True, forbid_unknown_fields=True):
    """One model's answers to the items of a set, in their order."""

    name: str
    digest: str  # of its weights
    right: str  # a sign per item: `1` right, `0` wrong, `-` not asked


class Release(Struct, frozen=True, forbid_unknown_fields=True, tag="release"):
    """A run that was finished: its models, verdicts, scores and costs."""

    project: str
    name: str  # of the run's folder
    written: str  # ISO 8601
    findings: str  # digest of its report
    model: str  # the one that was released
    items: str  # digest of the set that its models were asked
    models: tuple[ModelAnswers, ...]
    verdicts: dict[str, Outcome] = {}  # stage → outcome
    ability: tuple[Score, ...] = ()  # of the released model
    number_format: str = ""
    prompt: str = ""  # within what the models were asked; "": not known
    cpu_seconds: float = 0.0
    seconds: float = 0.0

    @property
    def identity(self) -> str:
        """Return what stays when a report is written again, with another date and more costs."""
        models = [(model.name, model.digest) for model in self.models]
        return digest(self.project, self.findings, self.model, self.items, models)

    @property
    def answers(self) -> str:
        """Return what a look at it goes by: the weights, what they were asked, and what was right.

        A candidate keeps it when it becomes a release, and its report has changed since.
        """
        return digest(self.items, *(m for m in self.models if m.name == self.model))


class Look(Struct, frozen=True, forbid_unknown_fields=True, tag="look"):
    """A candidate that was judged by the gate, whatever came of it: it spent some of the error."""

    project: str
    name: str  # of the run's folder
    answers: str  # of the candidate, as `Release.answers`
    before: str  # of the release that it was held against


Entry = ItemSet | Release | Look


class GateComparison(NamedTuple):
    """What is judged once, however often it is looked at."""

    project: str
    answers: str
    before: str  # answers of the release before


class LedgerLine(Struct, frozen=True, forbid_unknown_fields=True):
    """One line: its number from 0 on, the digest of the line before, and its own."""

    number: int
    before: str
    digest: str  # of number, before and entry
    entry: Entry


_decode = msgspec.json.Decoder(LedgerLine).decode


class Ledger(Struct, frozen=True):
    """What a ledger holds; `head` is the digest of its last line, to be noted elsewhere."""

    item_sets: dict[str, ItemSet] = {}
    releases: tuple[Release, ...] = ()
    comparisons: tuple[GateComparison, ...] = ()  # of releases and candidates, as they came
    head: str = FIRST
    lines: int = 0

    def plus(self, entry: Entry) -> "Ledger":
        """Return the ledger with one more entry, as it is read again (0 of seconds is 0.0)."""
        entry = msgspec.json.decode(msgspec.json.encode(entry), type=Entry)
        item_sets, releases, compared = self.item_sets, self.releases, self.comparisons
        if isinstance(entry, ItemSet):
            item_sets = {**item_sets, entry.digest: entry}
        else:
            comparison = self.comparison_of(entry)
            if comparison and comparison not in compared:
                compared = (*compared, comparison)
        if isinstance(entry, Release):
            releases = (*releases, entry)
        head = _digest(self.lines, self.head, entry)
        return Ledger(item_sets, releases, compared, head, self.lines + 1)

    def with_new(self, entries: Sequence[Entry]) -> "Ledger":
        """Return the ledger with those of these entries that are not in it."""
        ledger = self
        for entry in entries:
            ledger = ledger if ledger.holds(entry) else ledger.plus(entry)
        return ledger

    def beside(self, items: ItemSet) -> "Ledger":
        """Return the ledger, its lines as they are, with items that are not recorded there."""
        return structs.replace(self, item_sets={**self.item_sets, items.digest: items})

    def holds(self, entry: Entry) -> bool:
        """Return whether an entry is there already, whenever its page was last written."""
        if isinstance(entry, ItemSet):
            return entry.digest in self.item_sets
        if isinstance(entry, Look):
            return self.comparison_of(entry) in self.comparisons
        return any(release.identity == entry.identity for release in self.releases)

    def earlier(self, release: Release) -> tuple[Release, ...]:
        """Return the releases of its project before this one, which may itself be recorded."""
        of_project = [earlier for earlier in self.releases if earlier.project == release.project]
        identities = [earlier.identity for earlier in of_project]
        recorded = release.identity in identities
        return tuple(of_project[: identities.index(release.identity)] if recorded else of_project)

    def comparison_of(self, entry: Release | Look) -> GateComparison | None:
        """Return which comparison this is; None: a project's first release, which is in none."""
        if isinstance(entry, Look):
            return GateComparison(entry.project, entry.answers, entry.before)
        earlier = self.earlier(entry)
        return (
            GateComparison(entry.project, entry.answers, earlier[-1].answers) if earlier else None
        )

    def number_of(self, comparison: GateComparison) -> int:
        """Return its place among those of its project, from 1 on, recorded or the next one."""
        of_project = [
            recorded for recorded in self.comparisons if recorded.project == comparison.project
        ]
        is_recorded = comparison in of_project
        return 1 + (of_project.index(comparison) if is_recorded else len(of_project))


def read_ledger(path: Path) -> Ledger:
    """Return a ledger; a last line that a kill has cut was never written.

    Raises:
        LexgraftError: the file is missing or no ledger, or a line was changed, taken out or moved.
    """
    if not path.is_file():
        raise LexgraftError(
            "no such ledger", where=str(path), cure="make one: lexgraft history RUN --ledger FILE"
        )
    return _ledger(path.read_bytes(), path)


def add_to_ledger(
    path: Path, choose: Callable[[Ledger], Sequence[Entry]]
) -> tuple[Ledger, tuple[Entry, ...]]:
    """Add entries that are not there yet; return the ledger and what was added.

    Args:
        path: the file; a new one is made.
        choose: what is to be added, by what is there, which nobody else adds to meanwhile.

    Raises:
        LexgraftError: the file is something else, or a line was changed; nothing is written then,
            nor where `choose` raises.
    """
    if path.is_symlink() or (path.exists() and not path.is_file()):
        raise LexgraftError("not a file of its own", where=str(path), cure="name another")
    if not path.exists():
        choose(Ledger())  # what is refused leaves no file
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(path, flags, 0o666), "r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        data = file.read()
        ledger, lines, added = _ledger(data, path), b"", list[Entry]()
        for entry in choose(ledger):
            if ledger.holds(entry):
                continue
            grown = ledger.plus(entry)
            line = LedgerLine(ledger.lines, ledger.head, grown.head, entry)
            lines += msgspec.json.encode(line) + b"\n"
            ledger = grown
            added.append(entry)
        if lines:
            cut = len(_whole_lines(data)[1])
            file.seek(len(data) - cut)
            file.truncate()
            file.write(b"\n" * (data[-1:] not in (b"", b"\n") and not cut) + lines)
            file.flush()
            os.fsync(file.fileno())
            make_durable(path.parent)
    return ledger, tuple(added)


def _ledger(data: bytes, path: Path) -> Ledger:
    ledger = Ledger()
    texts, cut = _whole_lines(data)
    for number, line in enumerate(_lines(texts, path)):
        if (line.number, line.before) != (number, ledger.head):
            raise _broken("a line before it was taken out, added or moved", path, number)
        ledger = ledger.plus(line.entry)
        if ledger.head != line.digest:
            raise _broken("it was changed", path, number)
        if isinstance(line.entry, Release) and line.entry.items not in ledger.item_sets:
            raise _broken("its items are not in the ledger", path, number)
    beginning = _BEGINNING % (ledger.lines, ledger.head.encode())
    if not cut.startswith(beginning[: len(cut)]):
        raise _broken("it is no line of a ledger", path, ledger.lines)
    return ledger


def _whole_lines(data: bytes) -> tuple[list[bytes], bytes]:
    """Return the lines, and the beginning of one that a kill has cut.

    A last line that is whole but for its line break was written: an editor has taken that off.
    """
    *texts, cut = data.split(b"\n")
    try:
        msgspec.json.decode(cut)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return texts, cut
    return [*texts, cut], b""


def _lines(texts: Sequence[bytes], path: Path) -> Iterator[LedgerLine]:
    """Yield the lines, decoded."""
    for number, text in enumerate(texts):
        try:
            yield _decode(text)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise _broken("it is no line of a ledger", path, number) from error


def _broken(why: str, path: Path, number: int) -> LexgraftError:
    return LexgraftError(
        f"the ledger is not as it was written: {why}",
        where=f"{path}:{number + 1}",
        cure="take the file from where it is kept (its history says when it was whole)",
    )


def _digest(number: int, before: str, entry: Entry) -> str:
    return digest(number, before, entry)
