"""Checks of free answers without a judge: is it in the language, does it loop (pure)."""

import unicodedata

_SCRIPTS = {
    "ja": ("CJK UNIFIED", "HIRAGANA", "KATAKANA", "HALFWIDTH KATAKANA"),
    "zh": ("CJK UNIFIED",),
    "ko": ("HANGUL", "CJK UNIFIED"),
    "el": ("GREEK",),
    "th": ("THAI",),
    "bn": ("BENGALI",),
    "pa": ("GURMUKHI",),
    "gu": ("GUJARATI",),
    "ta": ("TAMIL",),
    "te": ("TELUGU",),
    "kn": ("KANNADA",),
    "ml": ("MALAYALAM",),
    "si": ("SINHALA",),
    "hy": ("ARMENIAN",),
    "ka": ("GEORGIAN",),
    "km": ("KHMER",),
    "lo": ("LAO",),
    "my": ("MYANMAR",),
    "bo": ("TIBETAN",),
    "sr": ("CYRILLIC", "LATIN"),
    "uz": ("CYRILLIC", "LATIN"),
    **dict.fromkeys(("ru", "uk", "be", "bg", "mk", "kk", "ky", "mn", "tg", "tt"), ("CYRILLIC",)),
    **dict.fromkeys(("ar", "fa", "ur", "ps", "sd", "ug", "ckb"), ("ARABIC",)),
    **dict.fromkeys(("he", "yi"), ("HEBREW",)),
    **dict.fromkeys(("hi", "mr", "ne", "sa"), ("DEVANAGARI",)),
    **dict.fromkeys(("am", "ti"), ("ETHIOPIC",)),
}
_LATIN = ("LATIN", "FULLWIDTH LATIN")
ENOUGH = 0.5
LOOPS = 4
LONGEST = 40  # characters of a repeated piece


def in_language(text: str, language: str) -> bool:
    """Return whether at least half of the letters are of the language's script.

    Languages of one script are not told apart; a text without letters is in no language.

    >>> in_language("心筋梗塞です", "ja"), in_language("a heart attack", "ja")
    (True, False)
    """
    letters = [character for character in text if character.isalpha()]
    scripts = _SCRIPTS.get(language.partition("-")[0], _LATIN)
    in_script = sum(unicodedata.name(letter, "").startswith(scripts) for letter in letters)
    return bool(letters) and in_script >= ENOUGH * len(letters)


def repeats(text: str) -> bool:
    """Return whether a text ends in a loop: one piece four or more times in a row.

    >>> repeats("no no no no no"), repeats("no")
    (True, False)
    """
    end = text.rstrip()
    pieces = (end[-size:] for size in range(1, min(LONGEST, len(end)) + 1))
    return any(piece.strip() and end.endswith(piece * LOOPS) for piece in pieces)
