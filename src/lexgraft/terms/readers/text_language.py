"""Which of some languages texts are in: by their script, letters or small words, or not known."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.resources import files

from msgspec import Struct

from lexgraft.terms.text.language_data import script_of_letter, scripts_of_language

_OF_ONE_LANGUAGE = {
    "Jpan": "ja",
    "Kore": "ko",
    "Grek": "el",
    "Thai": "th",
    "Geor": "ka",
    "Armn": "hy",
    "Hebr": "he",
}
_LEAST_HITS, _LEAST_SHARE, _LEAD = 3, 0.12, 1.6  # small words that tell a language from others
_SHARE_OF_FEW = 0.2  # of the words of a short text, where no other language has one
_ODD_CELLS, _ODD_SHARE = 2, 0.2  # cells with a letter that a language has not
_ALIKE = {"sr-Latn": "hr", "bs": "hr", "nn": "nb", "no": "nb"}  # hardly told apart by small words
_WORD = re.compile(r"[^\W\d_]+")


class LanguageEvidence(Struct, frozen=True):
    """Which language some texts are in, and by what; or which other one they seem to be in."""

    tag: str = ""
    how: str = ""
    other: str = ""  # a language that was none of the choice


def language_told(cells: Sequence[str], languages: Sequence[str]) -> LanguageEvidence:
    """Return which of some languages all texts are in, as far as they tell it themselves.

    A script of one language, letters that others lack and words like `the` or `der` tell it; Latin
    letters alone tell nothing.
    """
    groups = [languages_fitting(cell, languages) for cell in cells]
    common = [tag for tag in languages if all(tag in group for group in groups)]
    certain = [tag for cell in cells if (tag := _certain_language(cell))]
    if not common or len({*certain}) > 1:
        return LanguageEvidence(other=most_likely(cells))
    by_script = [tag for tag in common if tag.partition("-")[0] in certain]
    if by_script and (2 * len(certain) >= len(cells) or len(common) == 1):
        return (
            LanguageEvidence(by_script[0], "by its script")
            if len(by_script) == 1
            else LanguageEvidence()
        )
    by_words = _by_words(cells, common)
    is_alone = len(common) == 1 and _main_script(cells) != "Latn"
    if is_alone and not by_words.other and not has_odd_letters(cells, common[0]):
        return LanguageEvidence(common[0], "by its script")
    return by_words


def languages_fitting(cell: str, languages: Sequence[str]) -> tuple[str, ...]:
    """Return the languages that a text can be in by its script."""
    if certain := _certain_language(cell):
        return tuple(tag for tag in languages if tag.partition("-")[0] == certain)
    script = _main_script([cell])
    fitting = tuple(tag for tag in languages if not script or script in _scripts(tag))
    in_han = tuple(tag for tag in fitting if script == "Hani" and tag.partition("-")[0] != "ko")
    return in_han or fitting  # beside Chinese, what is in its characters alone is not Korean


def is_in_another_script(text: str, tag: str) -> bool:
    """Tell a text in letters that a language is not written with; Latin ones stand in any."""
    script = _main_script([text])
    if not script or script == "Latn":
        return False
    certain = _certain_language(text)
    fits = certain == tag.partition("-")[0] if certain else script in _scripts(tag)
    return not fits and len(text) > 1  # `β`, `Ω` are signs


def most_likely(cells: Sequence[str]) -> str:
    """Return the language that texts seem to be in, of all whose small words are known."""
    if certain := Counter(tag for cell in cells if (tag := _certain_language(cell))):
        return certain.most_common(1)[0][0]
    hits, words = _hits(cells)
    ranked = hits.most_common(2)
    if not ranked:
        return ""
    (best, highest), (_, second_highest) = ranked[0], [*ranked, ("", 0)][1]
    enough = highest >= max(_LEAST_HITS, _LEAST_SHARE * words) or highest >= _SHARE_OF_FEW * words
    return best if enough and highest > second_highest and not has_odd_letters(cells, best) else ""


def has_odd_letters(cells: Sequence[str], tag: str) -> bool:
    """Tell texts of which several have letters that a language is not written with."""
    alphabet = alphabets().get(tag.partition("-")[0])
    if alphabet is None:
        return False
    scripts = {script_of_letter(letter) for letter in alphabet}
    odd = sum(
        any(script_of_letter(letter) in scripts for letter in _marked_letters(cell) - alphabet)
        for cell in cells
    )
    return odd >= min(_ODD_CELLS, len(cells)) and odd > _ODD_SHARE * len(cells)


def language_by_letters(cells: Sequence[str]) -> str:
    """Return the only language that has all of a column's letters beyond a to z, or nothing."""
    letters = {letter for cell in cells for letter in _marked_letters(cell)}
    tags = [tag for tag, alphabet in alphabets().items() if letters and letters <= alphabet]
    return tags[0] if len(tags) == 1 else ""


def _by_words(cells: Sequence[str], languages: Sequence[str]) -> LanguageEvidence:
    """Return which of some languages texts are in by words like `the`, against all others."""
    hits, words = _hits(cells)
    ranked = sorted(
        ((0 if has_odd_letters(cells, tag) else hits[_words_like(tag)], tag)) for tag in languages
    )[::-1]
    (highest, best), (second_highest, _) = ranked[0], [*ranked, (0, "")][1]
    enough = highest >= max(_LEAST_HITS, _LEAST_SHARE * words) and highest >= _LEAD * second_highest
    is_few = not second_highest and highest >= _SHARE_OF_FEW * words > 0
    plain = {*map(_words_like, languages)}
    strangers = [(count, tag) for tag, count in hits.items() if tag not in plain]
    stranger_hits, stranger = max(strangers, default=(0, ""))
    is_other = stranger_hits >= _SHARE_OF_FEW * words or stranger_hits >= _LEAST_HITS
    if is_other and stranger_hits >= _LEAD * highest and stranger_hits > 1:
        return LanguageEvidence(other=stranger)
    if not (enough or is_few) or (is_few and not enough and stranger_hits > highest):
        return LanguageEvidence()
    mixed = [seeming for cell in cells if (seeming := reads_like(cell, best))]
    return (
        LanguageEvidence(other=Counter(mixed).most_common(1)[0][0])
        if len(mixed) > _ODD_SHARE * len(cells)
        else LanguageEvidence(best, "by its small words")
    )


def reads_like(cell: str, tag: str) -> str:
    """Return another language of whose small words a text has several, and none of a language's."""
    hits, words = _hits([cell])
    (best, highest), (_, second_highest) = [*hits.most_common(2), ("", 0), ("", 0)][:2]
    is_other = (
        not hits[_words_like(tag)]
        and highest > second_highest
        and highest >= max(2, _SHARE_OF_FEW * words)
    )
    return best if is_other else ""


def seems_foreign(cells: Sequence[str], languages: Sequence[str]) -> str:
    """Return a language of whose small words texts have several, and none of some languages'.

    Which one is no more than likely: `de` and `la` are words of four.
    """
    hits, words = _hits(cells)
    best, highest = max(hits.items(), key=lambda pair: pair[1], default=("", 0))
    own = max((hits[_words_like(tag)] for tag in languages), default=0)
    return best if not own and highest >= max(2, _SHARE_OF_FEW * words) else ""


def _hits(cells: Sequence[str]) -> tuple[Counter[str], int]:
    """Return how many small words of each language texts have, and how many words in all."""
    words = Counter(word for cell in cells for word in _WORD.findall(cell.casefold()))
    hits = {
        language: sum(words[word] for word in small) for language, small in _small_words().items()
    }
    return Counter({tag: count for tag, count in hits.items() if count}), words.total()


def _words_like(tag: str) -> str:
    """Return the language whose small words are a tag's."""
    return _ALIKE.get(tag, tag.partition("-")[0])


def _certain_language(cell: str) -> str:
    """Return the language that a text's letters leave no choice about, or nothing.

    Kana are Japanese alone; a character that no Japanese standard has is Chinese.
    """
    letters = {letter for letter in cell if letter.isalpha()}
    if any(script_of_letter(letter) == "Jpan" for letter in letters):
        return "ja"
    script = _main_script([cell])
    if script != "Hani":
        return _OF_ONE_LANGUAGE.get(script, "")
    kinds = {_home(letter) for letter in letters} - {""}
    return kinds.pop() if len(kinds) == 1 else ""


@cache
def _home(letter: str) -> str:
    """Return whether a character is one of Chinese or of Japanese standards only: 阀, 駆."""
    is_in = {name: letter.encode(name, errors="ignore") != b"" for name in _STANDARDS}
    chinese, japanese = is_in["gb2312"] or is_in["big5"], is_in["euc_jp"]
    if script_of_letter(letter) != "Hani" or chinese == japanese:
        return ""
    return "zh" if chinese else "ja"


_STANDARDS = ("gb2312", "big5", "euc_jp")


def _main_script(cells: Iterable[str]) -> str:
    """Return the script of most letters; kana among characters are both."""
    scripts = Counter(script_of_letter(letter) for cell in cells for letter in cell)
    del scripts[""]
    return max(scripts, key=scripts.__getitem__, default="")


@cache
def _scripts(tag: str) -> frozenset[str]:
    return scripts_of_language(tag)


def _marked_letters(text: str) -> set[str]:
    return {letter for letter in text.lower() if letter.isalpha() and not letter.isascii()}


@cache
def _small_words() -> dict[str, frozenset[str]]:
    return {tag: frozenset(words) for tag, words in _data("small_words.json").items()}


@cache
def alphabets() -> dict[str, frozenset[str]]:
    """Return the letters beyond a to z that languages are written with."""
    return {tag: frozenset(letters) for tag, letters in _data("alphabets.json").items()}


def _data(name: str) -> dict[str, Sequence[str]]:
    text = files("lexgraft.terms.readers").joinpath(name).read_text(encoding="utf-8")
    data: dict[str, Sequence[str]] = json.loads(text)
    return data
