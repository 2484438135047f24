"""What stages hand on: Concept, Term, Item, Answer, Score, Verdict; JSON lines in and out."""

import fcntl
import os
import secrets
from codecs import BOM_UTF8
from collections.abc import Callable, Iterable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Literal, TypeVar

import msgspec
from msgspec import Struct

from lexgraft.errors import LexgraftError

PartOfSpeech = Literal["noun", "adjective", "other", "unknown"]
Split = Literal["choose", "confirm", "sealed"]
TermStatus = Literal["preferred", "admitted", "forbidden", "pending"]
Outcome = Literal["pass", "fail", "undecided"]
Fate = Literal["acquired", "kept", "lost", "never"]
Kind = Literal[
    "definition-to-term",
    "term-to-definition",
    "term-to-term",
    "term-to-field",
    "term-to-broader",
    "lexical-decision",
    "cloze",
]

SolvableBy = Literal["term", "pieces", "sound", "unknown"]
"""What is enough to answer an item: only its term, pieces of words, a loanword's sound."""

Progress = Callable[[str, int, int], None]
"""Progress callback: (what is being done, units done, units in all)."""


def silent(_what: str, _done: int, _total: int) -> None:
    """Ignore progress."""


class Term(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """One written form of a concept in one language (BCP 47); a language's first is preferred."""

    text: str
    language: str
    part_of_speech: PartOfSpeech = "unknown"
    status: TermStatus = "preferred"  # pending: proposed, not decided; used nowhere
    note: str = ""  # when it is used, as the source says

    @property
    def is_usable(self) -> bool:
        """Whether it may be used: neither forbidden nor pending."""
        return self.status in {"preferred", "admitted"}


class Concept(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """One meaning with its terms per language: the unit that is split, resampled and counted."""

    id: str
    terms: tuple[Term, ...]
    definitions: dict[str, str] = {}  # language → text
    field: str = ""  # e.g. "medicine"
    type: str = ""  # the nearest kind, e.g. the id of the first broader concept
    broader: tuple[str, ...] = ()  # ids of broader concepts
    same_as: tuple[str, ...] = ()  # ids of the same meaning in other sources
    rarity: dict[str, float] = {}  # language → Zipf frequency (log10 per billion words)
    source: str = ""
    source_version: str = ""
    licence: str = ""
    sentences: dict[str, str] = {}  # language → a sentence that uses a term

    def names(self, language: str) -> tuple[str, ...]:
        """Return the usable terms of one language, the preferred one first."""
        return tuple(t.text for t in self.terms if t.language == language and t.is_usable)


class Item(Struct, frozen=True, forbid_unknown_fields=True):
    """One multiple-choice question about one concept, in one form; scored by option text."""

    id: str  # content digest, see `digest`
    concept: str
    kind: Kind
    question_language: str
    answer_language: str
    draw: int  # 0, 1, …: other wording, distractors and order
    context: str  # what stands before an option
    neutral: str  # the same place without the question (for PMI)
    options: tuple[str, ...]  # appended to context or neutral as they are
    gold: int  # index of the right option
    solvable_by: SolvableBy = "unknown"  # see `terms/testset/item_evidence.py`; not in the id

    @property
    def needs_term(self) -> bool:
        """Whether nothing less than knowing the term answers it, as far as that was looked at."""
        return self.solvable_by == "term"

    @property
    def pair(self) -> str:
        """The direction, e.g. `en->ja`."""
        return f"{self.question_language}->{self.answer_language}"


class Answer(Struct, frozen=True, forbid_unknown_fields=True):
    """What one model gave for one item: natural-log likelihood sums per option."""

    item: str
    logliks: tuple[float, ...]  # log P(option | context)
    neutral: tuple[float, ...]  # log P(option | neutral)
    tokens: tuple[int, ...]  # tokens per option
    characters: tuple[int, ...] = ()  # per option, without spaces around it
    bytes: tuple[int, ...] = ()  # the same in UTF-8
    crossed: tuple[bool, ...] = ()  # options a token of which would have crossed the seam


class Generation(Struct, frozen=True, forbid_unknown_fields=True):
    """A free answer: the prompt's id (content digest) and the text that followed."""

    prompt: str
    text: str


class Document(Struct, frozen=True, forbid_unknown_fields=True):
    """A piece of general running text, the unit that bits per byte are paired by."""

    id: str
    language: str
    register: str
    text: str
    source: str = ""
    licence: str = ""


class TextScore(Struct, frozen=True, forbid_unknown_fields=True):
    """Negative log-likelihood of one document, in bits, with its UTF-8 length in bytes."""

    document: str
    bits: float
    bytes: int


class Score(Struct, frozen=True, forbid_unknown_fields=True):
    """A number with all that makes it honest: n, interval (95 % unless said), what it counts."""

    name: str  # e.g. "recognition", "transfer - placebo", "bits per byte"
    model: str  # display name: base, G, D, placebo, merge:ties, …
    group: str  # direction "en->ja", or "ja/manual" for texts
    value: float
    low: float
    high: float
    n: int  # concepts or documents
    chance: float | None = None


class Criterion(Struct, frozen=True, forbid_unknown_fields=True):
    """One requirement of a gate with what was measured against it."""

    name: str
    group: str
    value: float
    low: float
    high: float
    threshold: float  # pass when low ≥ threshold; fail when high < threshold
    outcome: Outcome
    n: int


class DecisionChance(Struct, frozen=True, forbid_unknown_fields=True):
    """With which numbers a gate decides with this chance, if the truth is as estimated."""

    chance: float
    numbers: dict[str, int] | None  # what is counted → how many in all; None: see `Verdict.open`
    predicted: float | None = None  # the same where the truth may be all that the estimates allow


class Cost(Struct, frozen=True, forbid_unknown_fields=True):
    """What a stage took or is expected to take."""

    seconds: float
    peak_bytes: int = 0
    money: float = 0.0
    currency: str = ""


SAME_LOGITS = 1e-3  # nats between two ways of computing one model in float32


class AnswerParity(Struct, frozen=True, forbid_unknown_fields=True):
    """How far a folder that was written answers, loaded again, as the live model did."""

    prompts: int = 0
    logits: float = 0.0  # largest difference, to two digits
    same_tokens: int = 0  # prompts that both cut alike
    same_answers: int = 0  # prompts with the same likeliest continuation
    answers: int = 0  # prompts that were continued
    same_chat: bool | None = None  # whether chat templates write alike; None: there are none
    left_out: str = ""  # why nothing was compared

    @property
    def agrees(self) -> bool:
        """Whether it was compared and is the same model."""
        alike = self.same_tokens == self.prompts and self.same_answers == self.answers
        same = alike and self.logits <= SAME_LOGITS and self.same_chat is not False
        return bool(self.prompts) and same

    def __str__(self) -> str:
        """Return it as a sentence without an end."""
        if self.left_out:
            return f"not compared with the live model: {self.left_out}"
        chat = {None: "", True: ", the same chat", False: ", another chat"}[self.same_chat]
        return (
            f"logits within {self.logits:.2g} of the live model's on {self.prompts} prompts, "
            f"{self.same_tokens} cut alike, {self.same_answers} of {self.answers} answers the "
            f"same{chat}"
        )


class Verdict(Struct, frozen=True, forbid_unknown_fields=True):
    """The outcome of one gate: pass, fail or undecided, and what the next step would cost."""

    stage: str
    outcome: Outcome
    summary: dict[str, str]  # language (en, ja) → one sentence
    criteria: tuple[Criterion, ...] = ()
    expected: Literal["pass", "fail", ""] = ""  # how an undecided gate would decide
    chances: tuple[DecisionChance, ...] = ()  # of an undecided gate: 50, 80 and 95 %
    open: Literal["threshold", "limit", ""] = ""  # why no number decides
    cost: Cost = Cost(0.0)
    next_stage: str = ""
    next_cost: Cost | None = None


class TermOutcome(Struct, frozen=True, forbid_unknown_fields=True):
    """What became of one concept in one direction: a row of `terms.csv`."""

    concept: str
    term: str
    target: str
    direction: str
    fate: Fate
    known_base: bool
    known_language: bool
    known_domain: bool
    known_result: bool
    margin_language: float  # PMI of the right option minus the best wrong one, mean of draws
    margin_result: float


class Grid(Struct, frozen=True, forbid_unknown_fields=True):
    """Numbers in rows and columns, to be drawn as a heat map."""

    title: str
    note: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    values: tuple[tuple[float | None, ...], ...]  # None: nothing there
    middle: float | None = None  # the value that is neither; None: the scale starts at its least


T = TypeVar("T")
_ASIDE = ".lexgraft-"  # begins the name of a file that is being written


def digest(*parts: object) -> str:
    """Return 16 bytes of SHA-256 in hex over the canonical JSON of the parts (order matters)."""
    return sha256(msgspec.json.encode(parts, order="sorted")).hexdigest()[:32]


def write_lines(path: Path, rows: Iterable[Struct]) -> None:
    """Write records as JSON lines, one by one, whole or not at all (see `write_bytes`)."""
    encode = msgspec.json.Encoder().encode
    _write(path, (encode(row) + b"\n" for row in rows))


def write_bytes(path: Path, data: bytes) -> None:
    """Replace a file's content, whole or not at all, durable when it returns."""
    _write(path, (data,))


_written_here: set[tuple[int, int]] = set()  # device and inode


def is_written_here(path: Path) -> bool:
    """Return whether this very process has written a file that is there."""
    try:
        status = path.lstat()
    except OSError:
        return False
    return (status.st_dev, status.st_ino) in _written_here


def _write(path: Path, pieces: Iterable[bytes]) -> None:
    """Write a file aside, sync it and give it its name; leave nothing behind when that fails."""
    if path.is_dir():
        raise LexgraftError("a folder has this name", where=str(path), cure="choose another")
    new = [folder for folder in path.parents if not folder.exists()]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LexgraftError(
            f"cannot be made: {error.strerror}", where=str(path.parent), cure="choose another"
        ) from error
    known = f"{_ASIDE}{sha256(os.fsencode(path.name)).hexdigest()[:16]}-"
    sweep(path.parent, known)
    aside = path.with_name(f"{known}{secrets.token_hex(8)}.part")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    handle = os.open(aside, flags, 0o666)
    try:
        with os.fdopen(handle, "wb") as file:
            with suppress(OSError):  # not every network's file system has locks
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            file.writelines(pieces)
            file.flush()
            os.fsync(handle)
            status = os.fstat(handle)
            aside.replace(path)
            _written_here.add((status.st_dev, status.st_ino))
    except BaseException:
        aside.unlink(missing_ok=True)
        with suppress(OSError):  # folders that somebody else uses by now
            for folder in new:
                folder.rmdir()
        raise


def sweep(folder: Path, known: str = _ASIDE) -> None:
    """Remove what killed writers have left in a folder: nobody holds it any more.

    `known` begins the names of what those of one file have left.
    """
    for path in sorted(folder.iterdir()):
        if not (path.name.startswith(known) and path.name.endswith(".part")):
            continue
        with suppress(OSError):  # it is being written, or gone
            handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.unlink()
            finally:
                os.close(handle)


def read_lines(path: Path, kind: type[T]) -> list[T]:
    """Return the records of a JSON-lines file; blank lines and a byte order mark are passed over.

    Raises:
        LexgraftError: the file is missing or a line is not such a record (named by number).
    """
    if not path.is_file():
        raise LexgraftError("no such file", where=str(path), cure="check the path")
    decode = msgspec.json.Decoder(kind).decode
    rows: list[T] = []
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            text = line.removeprefix(BOM_UTF8) if number == 1 else line
            try:
                rows += [decode(text)] if text.strip() else []
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                fields = ", ".join(getattr(kind, "__struct_fields__", ()))
                raise LexgraftError(
                    f"not a {kind.__name__} record: {error}",
                    where=f"{path}:{number}",
                    cure=f"write one JSON object a line, with the fields {fields}",
                ) from error
    return rows
