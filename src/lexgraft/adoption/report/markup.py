"""HTML that is escaped unless it was built here; texts in both languages side by side."""

import re
from html import escape
from typing import Final

from lexgraft.adoption.report.report_words import LANGUAGES, WORDS, say

UNFIT: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff"  # not allowed in HTML
    "\u202a-\u202e\u2066-\u2069]"  # turn the direction of what follows
)
"""What a page must not hold."""
_CODE: Final = re.compile("`([^`<>]+)`")
_EMPTY: Final = ("input", "wbr")


class Html(str):
    """Markup: inserted as it is, unlike any other text."""

    __slots__ = ()


def fit(text: str) -> Html:
    """Return text as markup: escaped, with what could break the page replaced by U+FFFD."""
    return text if isinstance(text, Html) else Html(escape(UNFIT.sub("\ufffd", text)))


def element(name: str, *children: str, **attributes: str | float | None) -> Html:
    """Return an element; `class_` and `text_anchor` become `class` and `text-anchor`."""
    pairs = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{fit(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _EMPTY:
        return Html(f"<{name}{pairs}>")
    return Html(f"<{name}{pairs}>{join(*children)}</{name}>")


def join(*texts: str) -> Html:
    """Return the parts one after another."""
    return Html("".join(fit(text) for text in texts))


def both(texts: dict[str, str], name: str = "span", **attributes: str | float | None) -> Html:
    """Return a text in every language; the page shows the one of `<html lang>`."""
    versions = [texts.get(language) or texts.get("en", "") for language in LANGUAGES]
    shown = [_with_code(text) if name == "span" else fit(text) for text in versions]
    if len(set(versions)) == 1 and not attributes and name == "span":
        return shown[0]
    return join(
        *(
            element(name, text, **{"class_": "t", **attributes}, lang=language)
            for language, text in zip(LANGUAGES, shown, strict=True)
        )
    )


def _with_code(text: str) -> Html:
    """Return text as markup, what stands between backticks in it as code."""
    return Html(_CODE.sub(r"<code>\1</code>", fit(text)))


def word(key: str, **values: object) -> Html:
    """Return one of the report's own texts in every language, explained to whoever points at it."""
    texts = {language: say(key, language, **values) for language in LANGUAGES}
    if key not in WORDS.explained:
        return both(texts)
    meaning = WORDS.explained[key]
    return join(
        *(
            element(
                "span",
                element("abbr", text, title=getattr(meaning, language)),
                class_="t",
                lang=language,
            )
            for language, text in texts.items()
        )
    )


def word_with(key: str, **content: Html) -> Html:
    """Return one of the report's own texts in every language, with markup in its places."""
    blanks = {name: f"{{{name}}}" for name in content}
    texts = {language: fit(say(key, language, **blanks)) for language in LANGUAGES}
    return both({language: Html(text.format(**content)) for language, text in texts.items()})


def spoken(key: str) -> Html:
    """Return one of the report's own texts in all languages at once, for an attribute."""
    return fit(" / ".join(say(key, language) for language in LANGUAGES))


def foreign(text: str, language: str | None = None) -> Html:
    """Return a text that came from a file, kept from reordering what stands around it."""
    return element("bdi", text, lang=language)


def label(model: str) -> Html:
    """Return a model's display name, which may be broken after `:` and `_`."""
    return element("bdi", Html(re.sub("([:_])", r"\1<wbr>", fit(model))))


def unbroken(*texts: str) -> Html:
    """Return texts side by side, each kept on one line."""
    return join(
        *(
            join(" " if number else "", element("span", text, class_="line"))
            for number, text in enumerate(text for text in texts if text)
        )
    )
