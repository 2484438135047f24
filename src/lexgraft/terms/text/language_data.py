"""What CLDR knows of languages, through Babel: codes, likely scripts and regions, names."""

import unicodedata
from collections.abc import Iterator
from functools import cache

from babel import Locale
from babel.core import get_global
from babel.localedata import locale_identifiers

from lexgraft.terms.text.language_name_words import (
    ENDINGS,
    FURTHER_NAMES,
    INFLECTED,
    LANGUAGE_IN_THAI,
    LANGUAGE_WORDS,
    NAMED_ALSO_IN,
    NAMED_IN,
    SHORTEST,
)

_MODIFIERS = {
    "uk": "GB",
    "usa": "US",
    "u.s.": "US",
    "u.k.": "GB",
    "米国": "US",
    "simplified": "Hans",
    "traditional": "Hant",
    **dict.fromkeys(("简", "簡", "简体字", "簡體", "簡体"), "Hans"),
    **dict.fromkeys(("繁", "繁体"), "Hant"),
}
_CAPITALS = str.maketrans("ıάέήίόύώϊϋΐΰ", "iαεηιουωιυιυ", "\u0307\u093c")
_SINGLE = {
    **dict.fromkeys("和日일", "ja"),
    **dict.fromkeys("英영", "en"),
    **dict.fromkeys("韓한", "ko"),
    "独": "de",
    "仏": "fr",
    "露": "ru",
    "中": "zh",
    "伊": "it",
    "西": "es",
}


@cache
def likely(tag: str) -> tuple[str, str, str]:
    """Return the likely language, script and region of a tag in CLDR's form, or what is known."""
    subtags = tag.replace("-", "_").split("_")
    for cut in range(len(subtags), 0, -1):
        if full := get_global("likely_subtags").get("_".join(subtags[:cut])):
            language, script, region = f"{full}__".split("_")[:3]
            return language, script, region
    return subtags[0], "", ""


@cache
def region_language(region: str) -> str:
    """Return the language of most people in a region: `JP` → `ja`."""
    return likely(f"und_{region.upper()}")[0] if is_region(region) else ""


def is_language(code: str) -> bool:
    """Tell whether a code of two or three letters is a language's."""
    return code in _codes()


def is_script(code: str) -> bool:
    """Tell whether a code of four letters is a script's."""
    return code.title() in {*Locale("en").scripts, "Hrkt"}


def is_variant(code: str) -> bool:
    """Tell whether a code of five letters or more, or with a digit first, is a variant's."""
    return code.upper() in Locale("en").variants


def is_region(code: str) -> bool:
    """Tell whether a code of two letters or three digits is a region's."""
    return code.upper() in Locale("en").territories


@cache
def is_spoken_in(language: str, region: str) -> bool:
    """Tell whether CLDR has a locale of a language in a region: `pt-BR`, but no `pt-RU`."""
    return any(
        name.split("_")[0] == language and name.endswith(f"_{region}")
        for name in locale_identifiers()
    )


@cache
def preferred_code(code: str) -> str:
    """Return the code that a language has today, the shorter of two: `jpn` → `ja`, `iw` → `he`."""
    today = str(get_global("language_aliases").get(code, code)).split("_")[0]
    shorter = _THREE.get(today, today)
    return shorter if code in _DEPRECATED or len(shorter) < len(code) else code


@cache
def commonly_named(name: str) -> str:
    """Return the tag of a language by its name in a language of headers, or nothing; fast."""
    return _names().get(folded(name), "")


@cache
def named(name: str) -> str:
    """Return the tag of a language by one of its names (folded), or nothing."""
    return _named(name) or next((tag for rest in _bare(name) if (tag := _named(rest))), "")


def _named(name: str) -> str:
    return (
        _names().get(name)
        or _endings().get(_plain(name))
        or _own_names(_script(name)).get(name, "")
    )


def _bare(name: str) -> Iterator[str]:
    """Yield a name without a word for `language`, or for `in`, around it: `bahasa inggris`."""
    first, _, behind = name.partition(" ")
    before, _, last = name.rpartition(" ")
    if behind and first in LANGUAGE_WORDS:
        yield behind
    if before and last in LANGUAGE_WORDS:
        yield before
    if name.startswith(LANGUAGE_IN_THAI):
        yield name.removeprefix(LANGUAGE_IN_THAI)


@cache
def single_character(name: str) -> str:
    """Return the tag of a language by the one character that headers abbreviate it to."""
    return _SINGLE.get(name, "")


@cache
def modifier(name: str) -> str:
    """Return the script or region that a name in brackets stands for: `US`, `Brasil`, `简体`."""
    return _modifiers().get(folded(name), "")


def folded(text: str) -> str:
    """Return a text as names are compared: NFKC, no case, one space.

    Also without what capitals lose or lack: the accents of Greek, the dots of Turkish and Hindi.
    """
    return " ".join(unicodedata.normalize("NFKC", text).casefold().translate(_CAPITALS).split())


_DEPRECATED = frozenset({"iw", "in", "ji", "jw", "mo"})
_THREE = {
    "jpn": "ja",
    "zho": "zh",
    "chi": "zh",
    "fre": "fr",
    "ger": "de",
    "cze": "cs",
    "dut": "nl",
    "gre": "el",
    "slo": "sk",
    "rum": "ro",
    "baq": "eu",
    "per": "fa",
    "may": "ms",
    "ice": "is",
}


@cache
def _codes() -> frozenset[str]:
    codes = {key.split("_")[0] for key in get_global("likely_subtags")} - {"und"}
    codes |= {str(key).split("_")[0] for key in Locale("en").languages}
    return frozenset(codes | {key for key in get_global("language_aliases") if "_" not in key})


@cache
def _names() -> dict[str, str]:
    """Return the names of languages in the languages of headers."""
    more = (*FURTHER_NAMES.items(), *INFLECTED.items())
    names = {folded(name): tag for tag, several in more for name in several}
    for locale in NAMED_IN:
        for key, text in Locale.parse(locale).languages.items():
            name = folded(text)
            names.setdefault(name, key.replace("_", "-"))
            if locale.startswith("zh") and name[-1:] in {"语", "語"}:  # 英语 → 英文
                names.setdefault(f"{name[:-1]}文", key.replace("_", "-"))
    return names


@cache
def _endings() -> dict[str, str]:
    """Return names without accents and with the endings of adjectives: `englische`, `française`."""
    names: dict[str, str] = {}
    for locale, endings in ENDINGS.items():
        languages = Locale.parse(locale).languages
        for key, name in languages.items() if "" in endings else ():
            names.setdefault(_plain(folded(name)), key.replace("_", "-"))
        for cut, others in endings.items():
            for key, name in languages.items():
                stem = folded(name).removesuffix(cut) if folded(name).endswith(cut) else ""
                for ending in others if stem else ():
                    names.setdefault(_plain(stem + ending), key.replace("_", "-"))
    return names


@cache
def _own_names(script: str) -> dict[str, str]:
    """Return the names that languages written in a script give themselves, and many each other."""
    names: dict[str, str] = {}
    known = {locale for locale in locale_identifiers() if "_" not in locale}
    for locale in sorted(known - {*NAMED_IN}):
        if likely(locale)[1] == script:
            name = Locale.parse(locale).languages.get(locale, "")
            names.setdefault(folded(name), locale)
    for locale in NAMED_ALSO_IN:
        if likely(locale)[1] == script:
            for key, name in Locale.parse(locale).languages.items():
                if key in known and len(name) >= SHORTEST:
                    names.setdefault(folded(name), key)
    return names


@cache
def _modifiers() -> dict[str, str]:
    names: dict[str, str] = {}
    for locale in NAMED_IN:
        data = Locale.parse(locale)
        for code, name in (*data.territories.items(), *data.scripts.items()):
            names.setdefault(folded(str(name)), str(code))
            if len(str(code)) in {2, 4}:
                names.setdefault(folded(str(code)), str(code))
    return names | _MODIFIERS


def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFD", text)
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


_SCRIPTS = {
    "LATIN": "Latn",
    "CYRILLIC": "Cyrl",
    "GREEK": "Grek",
    "ARABIC": "Arab",
    "HEBREW": "Hebr",
    "THAI": "Thai",
    "DEVANAGARI": "Deva",
    "BENGALI": "Beng",
    "GEORGIAN": "Geor",
    "ARMENIAN": "Armn",
    "KHMER": "Khmr",
    "MYANMAR": "Mymr",
    "LAO": "Laoo",
    "TIBETAN": "Tibt",
    "ETHIOPIC": "Ethi",
    "SINHALA": "Sinh",
    "TAMIL": "Taml",
    "TELUGU": "Telu",
    "KANNADA": "Knda",
    "MALAYALAM": "Mlym",
    "GUJARATI": "Gujr",
    "GURMUKHI": "Guru",
    "ORIYA": "Orya",
    "HIRAGANA": "Jpan",
    "KATAKANA": "Jpan",
    "KATAKANA-HIRAGANA": "Jpan",
    "CJK": "Hani",
    "IDEOGRAPHIC": "Hani",
    "HANGUL": "Kore",
}


_WRITINGS = {"Jpan": {"Jpan", "Hani"}, "Kore": {"Kore", "Hani"}, "Hans": {"Hani"}, "Hant": {"Hani"}}


@cache
def script_of_letter(letter: str) -> str:
    """Return the script of a letter: `Latn`, `Jpan` for kana, `Hani`, `Kore`, …; or nothing."""
    words = unicodedata.name(letter, "").removeprefix("HALFWIDTH ").removeprefix("FULLWIDTH ")
    return _SCRIPTS.get(words.partition(" ")[0], "") if letter.isalpha() or letter == "々" else ""


def _script(text: str) -> str:
    return next((code for letter in text if (code := script_of_letter(letter))), "")


def scripts_in(text: str) -> set[str]:
    """Return the scripts of a text's letters."""
    return {script_of_letter(letter) for letter in set(text)} - {""}


@cache
def is_in_script_of_its_own(tag: str) -> bool:
    """Tell a language that is not written in Latin letters, which its cells then show."""
    return likely(tag)[1] not in {"", "Latn"}


@cache
def scripts_of_language(tag: str) -> frozenset[str]:
    """Return the scripts a language is written in; Latin letters stand in any, unsaid."""
    script = next((part for part in tag.split("-")[1:] if len(part) == 4), "")
    script = script or likely(tag)[1]
    if script == "Hrkt":
        script = "Jpan"
    return frozenset(_WRITINGS.get(script, {script, "Latn"} if not script else {script}))
