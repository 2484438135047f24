"""Column headers of term tables, English and Japanese: what a column holds, in which language."""

import re
from collections.abc import Sequence
from unicodedata import normalize

from msgspec import Struct

from lexgraft.errors import UserError

_ROLES = {
    "id": ("id", "concept id", "entry id", "code", "番号", "概念id", "コード"),
    "term": ("term", "用語", "見出し語", "見出し", "訳語", "語"),
    "synonyms": ("synonyms", "synonym", "同義語", "別名", "略語", "abbreviation"),
    "definition": ("definition", "def", "description", "定義", "説明", "意味"),
    "language": ("language", "lang", "locale", "言語"),
    "status": ("status", "term status", "状態", "ステータス"),
    "part_of_speech": ("part of speech", "pos", "品詞"),
    "field": ("field", "subject", "subject field", "domain", "分野", "主題"),
}
_LANGUAGES = {
    "de": ("german", "deutsch", "ドイツ語", "独語"),
    "en": ("english", "英語", "英"),
    "es": ("spanish", "español", "スペイン語"),
    "fr": ("french", "français", "フランス語", "仏語"),
    "it": ("italian", "italiano", "イタリア語"),
    "ja": ("japanese", "日本語", "和", "jpn"),
    "ko": ("korean", "한국어", "韓国語"),
    "pt": ("portuguese", "português", "ポルトガル語"),
    "vi": ("vietnamese", "ベトナム語"),
    "zh": ("chinese", "中文", "中国語"),
}
_ROLE_OF = {name: role for role, names in _ROLES.items() for name in names}
_LANGUAGE_OF = {name: tag for tag, names in _LANGUAGES.items() for name in (tag, *names)}
_TAG = re.compile(r"([a-z]{2,3})[-_][a-z0-9]{2,8}")


class Column(Struct, frozen=True):
    """What a column holds, and in which language ("" where it has none or the row says)."""

    header: str
    role: str  # a key of the table above, "" when passed over
    language: str = ""


def read_headers(headers: Sequence[str], where: str) -> list[Column]:
    """Return the columns' meanings.

    `English`, `en-US`, `用語（日本語）`, `definition_en` and `英語の定義` are all understood;
    others (notes, dates, …) are passed over.

    Raises:
        UserError: no column of terms, or one with terms of no known language.
    """
    columns = [_column(header) for header in headers]
    used = [column for column in columns if column.role]
    roles = {column.role for column in used}
    if "term" not in roles:
        raise UserError(
            f"no column of terms among the headers {', '.join(repr(h[:30]) for h in headers[:8])}",
            where=where,
            cure="name each column of terms by its language: `en`, `ja`, `English`, `日本語`, …",
        )
    if len(set(used)) < len(used):
        raise UserError("two columns have the same header", where=where, cure="rename one")
    if "language" not in roles and any(not one.language for one in used if one.role == "term"):
        raise UserError(
            "a column of terms names no language",
            where=where,
            cure="call it `en`, `ja`, …, or add a column `language`",
        )
    return columns


def _column(header: str) -> Column:
    """Return one column: a language alone means terms of it."""
    text = normalize("NFKC", header).casefold().strip()
    if language := _language(text):
        return Column(header, "term", language)
    if text in _ROLE_OF:
        return Column(header, _ROLE_OF[text])
    words = [word for word in re.split(r"[\s_():\[\]/.\-]+|の", text) if word]
    for cut in range(1, len(words)):
        for left, right in ((words[:cut], words[cut:]), (words[cut:], words[:cut])):
            role, language = _ROLE_OF.get(" ".join(left)), _language("-".join(right))
            if role in {"term", "synonyms", "definition"} and language:
                return Column(header, role, language)
    return Column(header, "")


def tag_of(text: str) -> str:
    """Return the language a cell names, as a tag; a tag of no known name is kept as it is."""
    folded = normalize("NFKC", text).casefold().strip()
    return _language(folded) or folded


def _language(text: str) -> str:
    """Return the language a text names: a tag, or a name with or without a region."""
    bare = re.sub(r"\s*\(.*\)$|-\w+$", "", text) if text not in _LANGUAGE_OF else text
    if match := _TAG.fullmatch(text):
        bare = match[1]
    return _LANGUAGE_OF.get(bare, "")
