"""Column headers of term tables, English and Japanese: what a column holds, in which language."""

import re
from collections.abc import Mapping, Sequence
from unicodedata import normalize

from msgspec import Struct

from lexgraft.errors import LexgraftError, nearest
from lexgraft.terms.text.language_tags import known_language
from lexgraft.terms.text.normalize import comparison_key

_ROLES = {
    "id": (
        "id",
        "concept id",
        "entry id",
        "term id",
        "code",
        "no.",
        "番号",
        "概念id",
        "コード",
        "項番",
        "用語id",
        "管理番号",
    ),
    "term": (
        "term",
        "terms",
        "用語",
        "見出し語",
        "見出し",
        "訳語",
        "語",
        "名称",
        "表記",
        "訳",
        "名",
        "translation",
        "preferred term",
        "推奨語",
        "標準語",
    ),
    "synonyms": (
        "synonyms",
        "synonym",
        "同義語",
        "類義語",
        "別名",
        "別称",
        "異表記",
        "略語",
        "略称",
        "abbreviation",
        "abbreviations",
        "acronym",
        "alternative terms",
        "variants",
    ),
    "forbidden": (
        "forbidden",
        "forbidden term",
        "forbidden terms",
        "deprecated terms",
        "禁止語",
        "使用禁止語",
        "禁止用語",
        "ng用語",
        "ngワード",
        "不採用語",
        "do not use",
    ),
    "definition": ("definition", "def", "description", "meaning", "定義", "説明", "意味", "語義"),
    "language": ("language", "lang", "locale", "language code", "言語", "言語コード"),
    "status": (
        "status",
        "term status",
        "approval",
        "usage status",
        "状態",
        "ステータス",
        "承認",
        "承認状態",
        "使用可否",
        "採否",
        "区分",
    ),
    "part_of_speech": ("part of speech", "pos", "word class", "品詞"),
    "field": (
        "field",
        "subject",
        "subject field",
        "domain",
        "category",
        "分野",
        "主題",
        "領域",
        "カテゴリ",
        "カテゴリー",
    ),
    "note": ("usage", "usage note", "condition", "使い分け", "使い分け基準", "使用条件", "用法"),
    "reading": (
        "reading",
        "kana",
        "yomi",
        "読み",
        "よみ",
        "読み方",
        "よみがな",
        "フリガナ",
        "ふりがな",
        "カナ",
        "かな",
    ),
    "licence": ("licence", "license", "ライセンス", "利用条件"),
}
_WITH_LANGUAGE = frozenset(
    {"term", "synonyms", "forbidden", "definition", "status", "part_of_speech", "note"}
)
_ROLE_OF = {name: role for role, names in _ROLES.items() for name in names}
READING = "ja-Hrkt"  # kana


class TableColumn(Struct, frozen=True):
    """What a column holds, and in which language ("" where it has none or the row says)."""

    header: str
    role: str  # a key of the table above, "" when passed over
    language: str = ""


def read_headers(
    headers: Sequence[str], where: str, meanings: Mapping[str, str] | None = None
) -> list[TableColumn]:
    """Return the columns' meanings: as given by header, else as the header says.

    `English`, `en-US`, `用語（日本語）`, `definition_en` and `英語の定義` are all understood;
    others (notes, dates, …) are passed over.

    Raises:
        LexgraftError: no column of terms, or one with terms of no known language; a meaning that is
            given but not known.
    """
    meanings = meanings or {}
    columns = [
        _given(header, meanings[header.strip()]) if header.strip() in meanings else _column(header)
        for header in headers
    ]
    used = [column for column in columns if column.role]
    roles = {column.role for column in used}
    if "term" not in roles:
        raise LexgraftError(
            f"no column of terms among the headers {', '.join(repr(h[:30]) for h in headers[:8])}",
            where=where,
            cure="name each column of terms by its language (`en`, `ja`, `English`, `日本語`, …), "
            "or say what it holds: `terms.columns` in a project, "
            "--column HEADER=MEANING of an import",
        )
    if len(set(used)) < len(used):
        raise LexgraftError("two columns have the same header", where=where, cure="rename one")
    if "language" not in roles and any(
        not column.language for column in used if column.role == "term"
    ):
        raise LexgraftError(
            "a column of terms names no language",
            where=where,
            cure="call it `en`, `ja`, …, add a column `language`, or say so: `terms.columns` in a "
            "project, --column 'HEADER=term ja' of an import",
        )
    return columns


def _given(header: str, meaning: str) -> TableColumn:
    """Return a column as the user says, e.g. `term ja`, `definition en`, `status`, `ignore`."""
    role, _, language = normalize("NFKC", meaning).strip().partition(" ")
    if role in {"ignore", ""}:
        return TableColumn(header, "")
    if role not in _ROLES:
        raise LexgraftError(
            f"unknown meaning `{meaning}` of the column `{header}`",
            where="terms.columns",
            cure=f"write one with a language, e.g. `term ja`; {nearest(role, [*_ROLES, 'ignore'])}",
        )
    tag = known_language(language)
    if language and not tag:
        raise LexgraftError(
            f"unknown language `{language}`", where="terms.columns", cure="e.g. `ja`"
        )
    return TableColumn(header, role, tag or _language_without_tag(role))


def _column(header: str) -> TableColumn:
    """Return one column: a language alone means terms of it."""
    text = comparison_key(header)
    role = "id" if header.strip() == "No" else _ROLE_OF.get(text, "")  # `no` is Norwegian
    if role:
        return TableColumn(header, role, _language_without_tag(role))
    if language := known_language(text):
        return TableColumn(header, "term", language)
    for role_name, language_name in _halves(text):
        role, language = _ROLE_OF.get(role_name, ""), known_language(language_name)
        if language and (role in _WITH_LANGUAGE or role == "reading"):
            return TableColumn(header, role, _language_without_tag(role) or language)
    return TableColumn(header, "")


def _language_without_tag(role: str) -> str:
    return READING if role == "reading" else ""


def _halves(text: str) -> list[tuple[str, str]]:
    """Return the ways to see a header as a role and a language, either first."""
    words = [word for word in re.split(r"[\s_():\[\]/.\-]+|の", text) if word]
    cuts = [(" ".join(words[:cut]), "-".join(words[cut:])) for cut in range(1, len(words))]
    cuts += [(" ".join(words[cut:]), "-".join(words[:cut])) for cut in range(1, len(words))]
    if not text.isascii():  # written without spaces: 英訳, 日本語名
        cuts += [(text[cut:], text[:cut]) for cut in range(1, len(text))]
        cuts += [(text[:cut], text[cut:]) for cut in range(1, len(text))]
    return cuts
