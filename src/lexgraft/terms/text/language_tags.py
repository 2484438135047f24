"""Languages as files name them (tag, code, English, Japanese or own name) → BCP 47 tag."""

import re
from functools import cache
from unicodedata import normalize

_NAMES = {
    "ar": ("ara", "arabic", "アラビア語"),
    "bg": ("bul", "bulgarian"),
    "cs": ("cze", "ces", "czech", "チェコ語"),
    "da": ("dan", "danish", "デンマーク語"),
    "de": ("ger", "deu", "german", "deutsch", "ドイツ語", "独語"),
    "el": ("gre", "ell", "greek", "ギリシャ語"),
    "en": ("eng", "english", "英語", "英"),
    "es": ("spa", "spanish", "español", "スペイン語"),
    "et": ("est", "estonian"),
    "eu": ("baq", "eus", "basque"),
    "fi": ("fin", "finnish", "フィンランド語"),
    "fr": ("fre", "fra", "french", "français", "フランス語", "仏語"),
    "ga": ("gle", "irish"),
    "he": ("heb", "hebrew"),
    "hr": ("scr", "hrv", "croatian"),
    "hu": ("hun", "hungarian"),
    "id": ("ind", "indonesian", "インドネシア語"),
    "it": ("ita", "italian", "italiano", "イタリア語"),
    "ja": ("jpn", "japanese", "日本語", "和", "日"),
    "ko": ("kor", "korean", "한국어", "韓国語"),
    "la": ("lat", "latin", "ラテン語"),
    "lt": ("lit", "lithuanian"),
    "lv": ("lav", "latvian"),
    "mt": ("mlt", "maltese"),
    "nb": ("nob", "norwegian bokmål"),
    "nl": ("dut", "nld", "dutch", "オランダ語"),
    "no": ("nor", "norwegian", "ノルウェー語"),
    "pl": ("pol", "polish", "ポーランド語"),
    "pt": ("por", "portuguese", "português", "ポルトガル語"),
    "ro": ("rum", "ron", "romanian"),
    "ru": ("rus", "russian", "русский", "ロシア語"),
    "sk": ("slo", "slk", "slovak"),
    "sl": ("slv", "slovenian"),
    "sv": ("swe", "swedish", "スウェーデン語"),
    "th": ("tha", "thai", "タイ語"),
    "tr": ("tur", "turkish", "トルコ語"),
    "uk": ("ukr", "ukrainian"),
    "vi": ("vie", "vietnamese", "ベトナム語"),
    "zh": ("chi", "zho", "chinese", "中文", "中国語", "简体中文", "繁體中文"),
}
_TAG_OF = {name: tag for tag, names in _NAMES.items() for name in (tag, *names)}
_ANY_TAG = re.compile(r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*")
_TAG = re.compile(r"([a-z]{2,3})(?:-([a-z]{4}))?(?:-[a-z0-9]{1,8})*")


@cache
def language_tag(text: str) -> str:
    """Return the language a text names, as a tag; what is no known name is kept, in lower case.

    Regions are dropped (`en-US` → `en`), scripts kept (`ja-Hrkt`, `zh-Hant`): a question is asked
    in a language and a script, not in a country.
    """
    return known_language(text) or normalize("NFKC", text).casefold().strip()


def is_language_tag(text: str) -> bool:
    """Return whether a text has the form of a language tag (BCP 47), known or not."""
    return _ANY_TAG.fullmatch(text) is not None


@cache
def known_language(text: str) -> str:
    """Return the tag of a language by its tag or its name (`English (US)`), else nothing."""
    folded = normalize("NFKC", text).casefold().strip().replace("_", "-")
    if tag := _TAG_OF.get(re.sub(r"\s*\(.*\)$", "", folded)):
        return tag
    if not (match := _TAG.fullmatch(folded)) or match[1] not in _TAG_OF:
        return ""
    return _TAG_OF[match[1]] + (f"-{match[2].title()}" if match[2] else "")
