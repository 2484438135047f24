"""Texts that are no tables though every text could be one: catalogues of messages, JSON."""

import re

from lexgraft.errors import LexgraftError

_KINDS = {
    "a PO catalogue of messages": re.compile(r'^msgid "', re.MULTILINE),
    "a JSON list": re.compile(r"\A\s*\[\s*[{\[]"),
    "a list of strings for Apple's systems": re.compile(r'\A\s*(?:/\*.*?\*/\s*)*"[^"\n]*" = "'),
}
_START = 1 << 16  # characters looked at


def refuse_other_texts(text: str, where: str) -> None:
    """Refuse a text that is of another kind.

    Raises:
        LexgraftError: it is one, with what it is.
    """
    for kind, pattern in _KINDS.items():
        if pattern.search(text[:_START]):
            raise LexgraftError(
                f"{kind}, which is no term base", where=where, cure="save it as CSV, TBX or TMX"
            )
