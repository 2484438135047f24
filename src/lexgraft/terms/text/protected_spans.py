"""What in a text is no language: placeholders, addresses, code and markup, as files have them."""

import html
import re

HIDDEN = "\ufffc"
"""Stands for every character of such a place: no letter, and in no term."""
_SIGNS = "{<%$&@`_\\"
_LONG_HINTS = {"~~~": "~", "()": "(", "://": ":", "www.": "w"}  # one sign is looked for faster
_NAME = r"[A-Za-z_][\w.\-]*"
FORMS = {
    "fenced code": r"^(?P<fence>`{3,9}|~{3,9})[^\n]*\n.*?(?:^(?P=fence)[`~]*[ \t]*$|\Z)",
    "Markdown code": r"(?<!`)`[^`\n]{1,500}`(?!`)|(?<!`)``(?!`)[^\n]{1,500}?(?<!`)``(?!`)",
    "HTML comment": r"<!--.*?(?:-->|\Z)",
    "code in HTML": r"<(?P<code>code|pre|script|style|kbd|samp|var)\b[^<>]{0,500}>.{0,1000}?"
    r"</(?P=code)>",
    "markup": r"</?[A-Za-z][\w:.\-]*(?:\s+[\w:.@\-]+\s*=\s*(?:\"[^\"<>]*\"|'[^'<>]*'|[^\s\"'<>=`]+)"
    r"|\s+(?:disabled|checked|required|hidden|selected|readonly|multiple|controls))*\s*/?>",
    "entity": r"&(?:[A-Za-z][A-Za-z0-9]{1,31}|#\d{1,7}|#[xX][0-9A-Fa-f]{1,6});",
    "address": r"(?:\b[A-Za-z][A-Za-z0-9+.\-]{1,20}://|\bwww\.)[^\s<>\"'`「」『』（）、。，]+",
    "mail": r"\b[\w.+\-]{1,64}@[A-Za-z0-9\-]+(?:\.[A-Za-z0-9\-]+)+",
    "Mustache": r"\{\{[^{}\n]{1,80}\}\}",
    "shell, Ruby": r"[$%#]\{[^{}\n]{1,80}\}",
    "ICU head": r"\{\s*[\w.\-]+\s*,\s*(?:plural|selectordinal|select|number|date|time"
    r"|ordinal|duration)\s*(?:,[^{}\n]{0,80})?",
    "ICU case": r"(?:(?<=\})|(?<=\s))(?:zero|one|two|few|many|other|=\d+)\s*(?=\{)",
    "braces": r"\{\s*(?:\$\s*)?[\w.\-\[\]]{0,60}(?:![rsa])?(?::[^{}\s]{0,20})?\s*\}",
    "Python": r"%\([\w.\- ]{1,60}\)[\-+0#]*\d*(?:\.\d+)?[diouxXeEfFgGcrsa]",
    "printf": r"(?<![\d％%])%(?:\d+\$)?[\-+0#']*(?:\d+|\*)?(?:\.(?:\d+|\*))?(?:hh?|ll?|[Lqjzt])?"
    r"[diouxXeEfFgGaAcCsSpn@](?![A-Za-z])",
    "Qt": r"%L?\d{1,2}(?!\d)(?=\W|$)",
    "Windows": r"%[A-Za-z][A-Za-z_]{1,40}%",
    "variable": rf"\${_NAME}",
    "path": r"(?<![\w])[A-Za-z]:\\[^\s\"<>|?*]+|(?<![\w\\])\\\\[\w.\-]+\\[^\s\"<>|?*]+",
    "name in code": r"(?<![\w])[A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)+(?:\(\))?"
    r"|(?<![\w])[A-Za-z][\w.]*\(\)",
}
"""What is passed over, by the name under which docs/glossary.md has it."""
_FORMATTING = re.compile(
    r"</?(?:a|abbr|b|big|bdi|bdo|cite|dfn|em|font|g|i|ins|mark|small|span|strong|u)\b",
    re.IGNORECASE,
)
_WITHIN_WORDS = "'\u2018\u2019-\u2010\u2011\u00ad\u200b\u200c\u200d"
_NO_SIGN = "\u200b"  # folding drops it: words on both sides of such a tag belong together
_PROTECTED = re.compile(
    "|".join(f"(?:{pattern})" for pattern in FORMS.values()), re.DOTALL | re.MULTILINE
)


def without_protected(text: str) -> str:
    """Return a text of the same length in which what is no language is hidden.

    >>> without_protected("Open {valve} at https://example.org/valve.").count(HIDDEN)
    33
    """
    if not _may_hold_any(text):
        return text
    return _PROTECTED.sub(_hidden, text)


def _hidden(match: re.Match[str]) -> str:
    """Return what stands for a place that is hidden, as long as it is.

    Of tags that only say how it looks that is nothing; of a space, a dash or an apostrophe itself.
    """
    written = match[0]
    if written[0] == "<" and _FORMATTING.match(written):
        return _NO_SIGN * len(written)
    sign = html.unescape(written) if written[0] == "&" else ""
    if len(sign) == 1 and (sign.isspace() or sign in _WITHIN_WORDS):
        return sign + _NO_SIGN * (len(written) - 1)
    return HIDDEN * len(written)


def _may_hold_any(text: str) -> bool:
    """Tell, fast, that a text may hold such a place."""
    return any(sign in text for sign in _SIGNS) or any(
        sign in text and hint in text for hint, sign in _LONG_HINTS.items()
    )
