"""How much a text makes sense in an encoding: its scripts, letters, signs, and its headers."""

import re
from collections import Counter
from collections.abc import Sequence
from itertools import combinations, pairwise

from lexgraft.terms.readers.text_language import alphabets
from lexgraft.terms.text.language_data import likely, script_of_letter, scripts_of_language
from lexgraft.terms.text.language_tags import tag_of_code

_WRITTEN_IN = {
    "Jpan": frozenset({"Jpan", "Hani"}),
    "Hans": frozenset({"Hani"}),
    "Hant": frozenset({"Hani"}),
}
_HOMES = {"cp932": "ja", "euc_jp": "ja", "gb18030": "zh", "big5hkscs": "zh", "cp949": "ko"}
_CASED = frozenset({"Latn", "Cyrl", "Grek"})
_CYRILLIC = frozenset({"cp1251", "koi8_r", "koi8_u", "cp866", "iso8859_5", "mac_cyrillic"})
_UNALPHABETIC = frozenset({"Jpan", "Hani", "Kore", "Thai", ""})
_OLD = ("cp7", "cp85", "cp86", "mac_")  # and how much less they are to be expected
_RARE_TODAY = 0.04
_NOT_STATED, _SECOND_LANGUAGE, _TRIED = 0.9, 0.15, 12  # letters of languages that no header names
_SIGNS = "¢-¨¬¯±´¶¸¹¼-¾ˆˇ˘-˝†‡‰€∂-∞∫≈≠≤≥◊─-▟"
_SIGN_IN_WORD = re.compile(
    rf"""[^\W\d_][{_SIGNS}]|(?<![^\s;,|"(])(?:[{_SIGNS}](?=[^\W\d_])|’(?=[α-ω]))"""
)
_NEVER_ALONE = frozenset("œŒŸŠšŽž")  # letters where a sister encoding has signs
_COMMON_CYRILLIC = frozenset("оеаинтсрвлі")
_USUAL_SIGNS = frozenset("°±×²³§–—’‘“”„…•€®™©«»½")
_WORD = re.compile(r"[^\W\d_]+")
_LEVEL_ONE = {  # lead bytes of each standard's common characters
    "cp932": ((0x81, 0x84), (0x87, 0x97), (0xFA, 0xFC)),
    "euc_jp": ((0xA1, 0xA8), (0xB0, 0xCF)),
    "gb18030": ((0xA1, 0xA9), (0xB0, 0xD7)),
    "big5hkscs": ((0xA1, 0xC6),),
    "cp949": ((0xA1, 0xC8),),
}


def plausibility(text: str, encoding: str, languages: Sequence[str], headers: int) -> float:
    """Return from 0 to about 1.5 how much a decoding makes sense.

    Args:
        text: the decoded text, or some words of it.
        encoding: what it was decoded from.
        languages: those that its header names, read so.
        headers: how many cells beyond ASCII are words of headers, read so.
    """
    words = [word for word in _WORD.findall(text) if not word.isascii()]
    if not words:
        return 0.4
    odd = len(_SIGN_IN_WORD.findall(text))
    sound = sum(map(_is_one_writing, words)) / (len(words) + odd)
    common = (
        _common_share(words, encoding)
        if encoding in _LEVEL_ONE
        else _letter_share(words, languages)
        * _share_of_letters(text)
        * (likeness_of_cyrillic(words) if encoding in _CYRILLIC else 1.0)
    )
    return (
        sound * common * _fit_of_scripts(words, languages)
        + 0.3 * min(headers, 2) / 2
        + _home(encoding, text, languages)
        - (_RARE_TODAY if encoding.startswith(_OLD) else 0.0)
    )


def _fit_of_scripts(words: Sequence[str], languages: Sequence[str]) -> float:
    """Return 1 where words are in the scripts of the languages that headers name, else .7.

    A single language with Latin letters says nothing: the other's header may not be known.
    """
    named = [scripts for language in languages if (scripts := _scripts_of(language))]
    expected = frozenset[str]().union(*named)
    if expected <= {"Latn"} and len(named) < 2:
        return 1.0
    fitting = sum(
        bool(
            {script_of_letter(letter) for letter in word if not letter.isascii()} & {*expected, ""}
        )
        for word in words
    )
    return 0.7 + 0.3 * fitting / len(words)


def _scripts_of(language: str) -> frozenset[str]:
    script = likely(language)[1] if tag_of_code(language) else ""
    return _WRITTEN_IN.get(script, frozenset({script} - {""}))


def _home(encoding: str, text: str, languages: Sequence[str]) -> float:
    """Return a little more for an encoding made for a language of the headers, or for kana."""
    home = _HOMES.get(encoding, "")
    kana = home == "ja" and any("\u3041" <= character <= "\u30fa" for character in text)
    named = any(language.partition("-")[0] == home for language in languages)
    return 0.15 if home and (kana or named) else 0.0


def _share_of_letters(text: str) -> float:
    """Return the share of letters and of usual signs among characters beyond ASCII."""
    beyond = [character for character in text if not character.isascii()]
    usual = sum(character.isalpha() or character in _USUAL_SIGNS for character in beyond)
    return usual / len(beyond)


def likeness_of_cyrillic(words: Sequence[str]) -> float:
    """Return from .6 to 1 how much Cyrillic letters are the common ones, and small ones.

    The encodings of Russian have its letters in other orders, and KOI8 capitals for small ones.
    """
    letters = [letter for word in words for letter in word if script_of_letter(letter) == "Cyrl"]
    if not letters:
        return 1.0
    common = sum(letter.casefold() in _COMMON_CYRILLIC for letter in letters) / len(letters)
    small = sum(letter.islower() for letter in letters) / len(letters)
    return 0.6 + 0.25 * min(1.0, common / 0.6) + 0.15 * small


def _is_one_writing(word: str) -> bool:
    """Tell a word whose scripts can follow each other."""
    scripts = {script_of_letter(letter) for letter in set(word)} - {""}
    half_width = any("\uff66" <= letter <= "\uff9f" for letter in word)
    if half_width and (
        scripts != {"Jpan"} or any("\u3041" <= letter <= "\u30fa" for letter in word)
    ):
        return False
    if half_width or not scripts & _CASED:
        return not half_width and not {"Kore", "Hani"} <= scripts
    if any(first.islower() and second.isupper() for first, second in pairwise(word)):
        return False
    if word in _NEVER_ALONE:
        return False
    if len(scripts) == 1:
        return scripts != {"Latn"} or any(letter.isascii() for letter in word)
    mixed = scripts & {"Jpan", "Hani"} and "Latn" in scripts
    return bool(mixed) and not re.search(
        r"(?:[A-Z][a-z]+|[a-z]{3})[\u3400-\u9fff]$|[\u3400-\u9fff][a-z]", word
    )


def _common_share(words: Sequence[str], encoding: str) -> float:
    """Return the share of characters that are common in the standard behind an encoding."""
    characters = [character for word in words for character in word if not character.isascii()]
    codes = [character.encode(encoding) for character in characters]
    return sum(
        len(code) == 2 and any(low <= code[0] <= high for low, high in _LEVEL_ONE[encoding])
        for code in codes
    ) / len(codes)


def _letter_share(words: Sequence[str], languages: Sequence[str]) -> float:
    """Return the share of letters that the headers' languages have, else one language, or two.

    Letters of a language whose alphabet is not known say nothing.
    """
    tags = {tag for tag in languages if tag_of_code(tag)} - {"en"}
    unknown = {tag for tag in tags if tag.partition("-")[0] not in alphabets()}
    silent = frozenset[str]().union(*map(scripts_of_language, unknown)) | _UNALPHABETIC
    counts = Counter(
        letter.lower()[0]
        for word in words
        for letter in word.replace("İ", "ı")
        if not letter.isascii() and script_of_letter(letter) not in silent
    )
    if not counts:
        return 0.95 if not unknown else 0.85
    if stated := [alphabets()[tag.partition("-")[0]] for tag in tags - unknown]:
        return _covered(counts, frozenset[str]().union(*stated))
    single = {tag: _covered(counts, alphabet) for tag, alphabet in alphabets().items()}
    best = max(single.values())
    if best < 1.0:
        likeliest = sorted(single, key=lambda tag: -single[tag])[:_TRIED]
        both = max(
            _covered(counts, alphabets()[first] | alphabets()[second])
            for first, second in combinations(likeliest, 2)
        )
        best = max(best, both - _SECOND_LANGUAGE)
    return _NOT_STATED * best


def _covered(counts: Counter[str], alphabet: frozenset[str]) -> float:
    return sum(count for letter, count in counts.items() if letter in alphabet) / counts.total()
