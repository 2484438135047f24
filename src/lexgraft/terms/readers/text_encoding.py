"""Which encoding a text file is in: a mark or strict UTF-8 is sure, all else is weighed, or asked.

An encoding without a mark decodes nearly anything. What tells them apart is whether the scripts
that come out can follow each other, whether the characters are common ones, and whether headers
become words.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from itertools import pairwise

from msgspec import Struct

from lexgraft.errors import LexgraftError
from lexgraft.terms.text.language_data import likely, script_of_letter
from lexgraft.terms.text.language_tags import tag_of_code

UNMARKED = (
    "cp932",
    "euc_jp",
    "gb18030",
    "big5hkscs",
    "cp949",
    "cp1252",
    "cp1250",
    "iso8859_2",
    "cp1251",
    "cp1253",
    "cp1254",
    "cp1257",
    "koi8_r",
    "cp866",
    "cp1255",
    "cp1256",
    "cp874",
    "cp850",
    "mac_roman",
)
"""Encodings without a mark, in the order in which a draw is shown."""

_MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_SAMPLE = 1 << 18  # bytes that are weighed
_LEAD = 0.12  # of the best over the next that says something else
_HEADER_LINES = 12
_WRITTEN_IN = {
    "Jpan": frozenset({"Jpan", "Hani"}),
    "Hans": frozenset({"Hani"}),
    "Hant": frozenset({"Hani"}),
}
_HOMES = {"cp932": "ja", "euc_jp": "ja", "gb18030": "zh", "big5hkscs": "zh", "cp949": "ko"}
_CASED = frozenset({"Latn", "Cyrl", "Grek"})
_CYRILLIC = frozenset({"cp1251", "koi8_r", "cp866"})
_COMMON_CYRILLIC = frozenset("оеаинтсрвлі")
_USUAL_SIGNS = frozenset("°±×²³§–—’‘“”„…•€®™©«»½")
_WORD = re.compile(r"[^\W\d_]+")
_CELL = re.compile(r"[,;\t\r\n\"]+")
_LEVEL_ONE = {  # lead bytes of each standard's common characters
    "cp932": ((0x81, 0x84), (0x87, 0x97), (0xFA, 0xFC)),
    "euc_jp": ((0xA1, 0xA8), (0xB0, 0xCF)),
    "gb18030": ((0xA1, 0xA9), (0xB0, 0xD7)),
    "big5hkscs": ((0xA1, 0xC6),),
    "cp949": ((0xA1, 0xC8),),
}
_LETTERS = {  # beyond ASCII, of languages with Latin letters
    "de": "äöüß",
    "fr": "àâæçéèêëîïôœùûüÿ",
    "es": "áéíñóúü¿¡ºª",
    "it": "àèéìòù",
    "pt": "áâãàçéêíóôõú",
    "cs": "áčďéěíňóřšťúůýž",
    "sk": "áäčďéíĺľňóôŕšťúýž",
    "pl": "ąćęłńóśźż",
    "hu": "áéíóöőúüű",
    "ro": "ăâîșşțţ",
    "hr": "čćđšž",
    "sl": "čšž",
    "tr": "çğıiöşüâ",
    "sv": "åäöé",
    "da": "æøåé",
    "nb": "æøåé",
    "fi": "äöå",
    "lt": "ąčęėįšųūž",
    "lv": "āčēģīķļņšūž",
    "et": "äöõüšž",
}


class DecodedText(Struct, frozen=True):
    """A file's text, the encoding it was read in, and why that one."""

    text: str
    encoding: str
    reason: str
    rivals: tuple[str, ...] = ()  # as good, but with another text: nobody can tell


def decode(
    data: bytes,
    where: str,
    encoding: str = "",
    header_languages: Callable[[Sequence[str]], Sequence[str]] = lambda _cells: (),
) -> DecodedText:
    """Return a file's text in the encoding that is named, or that is found.

    `header_languages` returns, of cells, the languages named by those that are words of a header.

    Raises:
        LexgraftError: an encoding that is named but not known or not the file's, with the line and
            byte; a file that is in no known encoding.
    """
    if encoding:
        return DecodedText(_as_named(data, where, encoding), encoding, "as you say")
    for mark, name in _MARKS:
        if data.startswith(mark):
            return DecodedText(_as_named(data, where, name), name, "its mark says so")
    if wide := _unmarked_utf_16(data):
        return DecodedText(_as_named(data, where, wide), wide, "every other byte is zero")
    if b"\x1b$" in data[:_SAMPLE]:
        text = _as_named(data, where, "iso2022_jp_2")
        return DecodedText(text, "iso2022_jp_2", "its escape sequences say so")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        return _weighed(data, where, error, header_languages)
    return DecodedText(text, "utf-8", "all of it is valid" if not text.isascii() else "ASCII alone")


def _as_named(data: bytes, where: str, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except LookupError as error:
        raise LexgraftError(
            f"no encoding is called `{encoding}`",
            cure=f"write utf-8, utf-16, {', '.join(UNMARKED)} or another name that Python knows",
        ) from error
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise LexgraftError(
            f"no {encoding} text: byte {error.start} is 0x{data[error.start]:02X}",
            where=f"{where}:{line}",
            cure="name its encoding (--encoding, `terms.tables.encoding`), or save it as UTF-8",
        ) from error


def _unmarked_utf_16(data: bytes) -> str:
    """Return the byte order of text in which every other byte is zero, or nothing."""
    sample = data[:4096]
    if len(sample) < 4 or sample.count(0) * 4 < len(sample):
        return ""
    return "utf-16-le" if sample[1::2].count(0) > sample[::2].count(0) else "utf-16-be"


def _weighed(
    data: bytes,
    where: str,
    fault: UnicodeDecodeError,
    header_languages: Callable[[Sequence[str]], Sequence[str]],
) -> DecodedText:
    """Return the most plausible of the encodings without a mark, with those that are as good."""
    texts = {name: text for name in UNMARKED if (text := _decoded(data, name)) is not None}
    scores = {
        name: _plausibility(text[:_SAMPLE], name, header_languages) for name, text in texts.items()
    }
    ranked = sorted(scores, key=lambda name: (-scores[name], UNMARKED.index(name)))
    if not ranked or scores[ranked[0]] < 0.5:
        line = data.count(b"\n", 0, fault.start) + 1
        raise LexgraftError(
            f"neither UTF-8 (byte {fault.start} is 0x{data[fault.start]:02X}) nor a known encoding",
            where=f"{where}:{line}",
            cure="name its encoding (--encoding, `terms.tables.encoding`), or save it as UTF-8",
        )
    best = ranked[0]
    rivals = tuple(
        name
        for name in ranked[1:]
        if scores[name] > scores[best] - _LEAD and texts[name] != texts[best]
    )
    reason = f"no UTF-8 (byte {fault.start}); its characters and headers make sense so"
    return DecodedText(texts[best], best, reason, rivals)


def _decoded(data: bytes, encoding: str) -> str | None:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        return None
    odd = any(
        unicodedata.category(character) in {"Cn", "Co"} or "\x7f" <= character <= "\x9f"
        for character in set(text)
    )
    return None if odd else text


def _plausibility(
    text: str, encoding: str, header_languages: Callable[[Sequence[str]], Sequence[str]]
) -> float:
    """Return from 0 to about 1.5 how much a decoding makes sense."""
    lines = text.splitlines()[:_HEADER_LINES]
    cells = [cell.strip() for line in lines for cell in _CELL.split(line) if not cell.isascii()]
    words = [word for word in _WORD.findall(text) if not word.isascii()]
    if not words:
        return 0.4
    languages = header_languages([cell for line in lines for cell in _CELL.split(line)])
    sound = sum(map(_is_one_writing, words)) / len(words)
    known = header_languages([cell for cell in cells if cell]) if cells else ()
    common = (
        _common_share(words, encoding)
        if encoding in _LEVEL_ONE
        else _letter_share(words, languages)
        * _share_of_letters(text)
        * (_as_russian(words) if encoding in _CYRILLIC else 1.0)
    )
    headers = 0.3 * min(len(known), 2) / 2
    return (
        sound * common * _fit_of_scripts(words, languages)
        + headers
        + _home(encoding, text, languages)
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


def _as_russian(words: Sequence[str]) -> float:
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
    if len(scripts) == 1:
        return scripts != {"Latn"} or any(letter.isascii() for letter in word)
    mixed = scripts & {"Jpan", "Hani"} and "Latn" in scripts
    return bool(mixed) and not re.search(r"[A-Z][a-z]+[\u3400-\u9fff]$|[\u3400-\u9fff][a-z]", word)


def _common_share(words: Sequence[str], encoding: str) -> float:
    """Return the share of characters that are common in the standard behind an encoding."""
    characters = [character for word in words for character in word if not character.isascii()]
    codes = [character.encode(encoding) for character in characters]
    return sum(
        len(code) == 2 and any(low <= code[0] <= high for low, high in _LEVEL_ONE[encoding])
        for code in codes
    ) / len(codes)


def _letter_share(words: Sequence[str], languages: Sequence[str]) -> float:
    """Return the share of letters that the headers' languages have; .85 where none is known."""
    letters = [letter for word in words for letter in word.casefold() if not letter.isascii()]
    known = "".join(_LETTERS.get(language.partition("-")[0], "") for language in languages)
    latin = [letter for letter in letters if script_of_letter(letter) == "Latn"]
    if not latin:
        return 0.95
    if not known:
        return 0.85
    return sum(letter in known for letter in latin) / len(latin)
