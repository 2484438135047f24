"""Texts that go wrong, and XML that says the same in every way that the standard allows."""

from collections.abc import Iterator
from itertools import cycle
from typing import Any, NamedTuple
from xml.sax.saxutils import escape, quoteattr

from hypothesis import strategies as st

XML = "{http://www.w3.org/XML/1998/namespace}"
ODD = (
    "e\u0301clair",  # letters and their accents apart
    "éclair",
    "שסתום כדורי",
    "صمام كروي",
    "می\u200cخواهم",  # the sign between is part of the word
    "วาล์วกันกลับ",
    "van một chiều",
    "güç ünitesi İ ı",
    "𠮷野家の𩸽",  # beyond 16 bits
    "ball\u200bvalve",
    "a\u00a0b",
    "]]>",
    "&amp;",
    "<b>弁</b>",
    "R&D",
    '"quoted"',
    "it's",
    "C:\\temp\\new",
    "{a} [b] (c) !d",
    "nut" * 2000,
    "弁" * 3000,
)
TEXT = st.one_of(
    st.text("abXZ09-弁歯車ポжшçß&<\"'", min_size=1, max_size=6),
    st.sampled_from(ODD),
)


class Disguise(NamedTuple):
    """How a document is written."""

    encoding: str  # "bom": UTF-8 behind a byte order mark
    newline: str
    prefix: str  # of the elements in the namespace of the root; "": none
    ways: tuple[str, ...]  # how the texts are written, one after the other

    def apply(self, root: Any) -> bytes:
        """Return the bytes of a tree of lxml."""
        ways = cycle(self.ways)
        entities: dict[str, str] = {}
        body = "".join(self._written(root, ways, entities, is_root=True))
        declared = "".join(f'<!ENTITY {name} "{value}">\n' for name, value in entities.items())
        tag = self._tag(root)
        name = {"bom": "utf-8"}.get(self.encoding, self.encoding)
        text = (
            f'<?xml version="1.0" encoding="{name}"?>\n<!-- <term>no term</term> -->\n'
            f"<!DOCTYPE {tag} [\n{declared}]>\n{body}\n"
        ).replace("\n", self.newline)
        codec = {"bom": "utf-8-sig"}.get(self.encoding, self.encoding)
        return text.encode(codec, "xmlcharrefreplace")

    def _tag(self, element: Any) -> str:
        namespace, _, name = str(element.tag).rpartition("}")
        return f"{self.prefix}:{name}" if namespace and self.prefix else name

    def _written(
        self, element: Any, ways: Iterator[str], entities: dict[str, str], *, is_root: bool = False
    ) -> Iterator[str]:
        tag = self._tag(element)
        yield f"<{tag}"
        namespace = str(element.tag).rpartition("}")[0].removeprefix("{")
        if is_root and namespace:
            yield f' xmlns{":" * bool(self.prefix)}{self.prefix}="{namespace}"'
        for name, value in element.attrib.items():
            plain = name.replace(XML, "xml:")
            quoted = quoteattr(value, {"\n": "&#10;"})
            yield ("\n " if len(self.ways) % 2 else " ") + f"{plain}={quoted}"
        yield ">"
        yield self.text(element.text or "", next(ways), entities)
        for child in element:
            yield from self._written(child, ways, entities)
            yield self.text(child.tail or "", "plain", entities)
        yield f"</{tag}>"

    def text(self, text: str, way: str, entities: dict[str, str]) -> str:
        if not text.strip():
            return escape(text)
        fits = self.encoding != "iso-8859-1" or all(ord(letter) < 256 for letter in text)
        if way == "cdata" and fits:
            return "<![CDATA[" + text.replace("]]>", "]]]]><![CDATA[>") + "]]>"
        between = {"comment": "<!-- not <term>this</term> -->", "instruction": "<?not this?>"}
        if way in between:
            return f"{escape(text[:1])}{between[way]}{escape(text[1:])}"
        if way == "reference":
            return "".join(f"&#x{ord(letter):X};" for letter in text)
        if way == "entity" and len(text) < 1000:
            name = f"e{len(entities)}"
            entities[name] = "".join(f"&#38;#{ord(letter)};" for letter in text)
            if len(entities[name]) < 4000:
                return f"&{name};"
            del entities[name]
        return escape(text)


WAYS = ("plain", "cdata", "comment", "instruction", "reference", "entity")
DISGUISES = st.builds(
    Disguise,
    st.sampled_from(["utf-8", "bom", "utf-16", "iso-8859-1"]),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(["", "tbx", "q"]),
    st.lists(st.sampled_from(WAYS), min_size=1, max_size=4).map(tuple),
)


def content(element: Any) -> str:
    """Return an element's text as lxml has it, on one line, comments and the like left out."""
    if element is None:
        return ""
    texts = element.xpath(".//text()")
    return " ".join("".join(texts).split())
