"""The packages that running text is taken from, and how each keeps it (pure)."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from html.parser import HTMLParser
from typing import Any

from passages import is_prose, is_written_in

SHORTEST = {"ja": 18, "zh": 14, "ko": 20}  # characters of a sentence
SHORTEST_LETTERS = 45
SERVICES = "services"
_COMPONENT = re.compile(r"homeassistant/components/([^/]+)/translations/([\w-]+)\.json")


def shortest(language: str) -> int:
    """Return the characters of a passage that is worth taking."""
    return SHORTEST.get(language, SHORTEST_LETTERS)


class _Paragraphs(HTMLParser):
    """Collects the paragraphs of a page, those with code in them left out."""

    def __init__(self, unwanted: frozenset[str]) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._unwanted, self._current, self._spoilt = unwanted, None, False

    _current: list[str] | None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a paragraph, or mark the one that holds code."""
        del attrs
        if tag == "p":
            self._current, self._spoilt = [], False
        elif tag in self._unwanted:
            self._spoilt = True

    def handle_endtag(self, tag: str) -> None:
        """End a paragraph and keep it."""
        if tag == "p" and self._current is not None:
            if not self._spoilt:
                self.texts.append(" ".join("".join(self._current).split()))
            self._current = None

    def handle_data(self, data: str) -> None:
        """Add text to the paragraph."""
        if self._current is not None:
            self._current.append(data)


def paragraphs(page: str, unwanted: Sequence[str] = ()) -> list[str]:
    """Return the paragraphs of a page, those with an unwanted element left out."""
    parser = _Paragraphs(frozenset(unwanted))
    parser.feed(page)
    return parser.texts


def declaration_passages(page: str) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield every paragraph of the declaration."""
    for number, text in enumerate(paragraphs(page)):
        yield str(number), [text]


def tutorial_passages(
    pages: Mapping[str, Mapping[str, Any]], language: str
) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield the prose of every page, in the order of their addresses.

    Lists of an interface's functions are left out: guides alone are running text.
    """
    for name in sorted(pages):
        page = pages[name]
        if "/docs/api/" in page["href"]:
            continue
        texts = [
            text
            for text in paragraphs(page["html"], ("code", "img"))
            if is_prose(text, shortest(language)) and is_written_in(text, language)
        ]
        if texts:
            yield name, texts


def message_passages(
    catalogues: Mapping[str, bytes], tag: str, language: str, *, actions: bool
) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield the sentences of every component that are translated, in the components' order.

    Those that say what a service does, in the third person, or all others: what a user is asked,
    told and advised while a device is set up.
    """
    for path in sorted(catalogues):
        found = _COMPONENT.fullmatch(path)
        if not found or found[2] != tag:
            continue
        texts = [
            text
            for part, node in json.loads(catalogues[path]).items()
            if (part == SERVICES) == actions
            for text in _strings(node)
            if is_prose(text, shortest(language)) and is_written_in(text, language)
        ]
        if texts:
            yield found[1], list(dict.fromkeys(texts))


def _strings(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        for value in node.values():
            yield from _strings(value)
    elif isinstance(node, str):
        yield " ".join(node.split())
