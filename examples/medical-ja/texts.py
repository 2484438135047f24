"""General running text: everyday sentences (Tatoeba) and program messages (Horizon), by part."""

from collections.abc import Iterable, Sequence

import msgspec

from lexgraft.records import Document, digest
from lexgraft.terms.readers.po import Message

SENTENCES = 12  # per document, some 600 bytes of Japanese
MESSAGES = 8
MEASURED, REPLAYED, TRAINED = range(15), range(15, 55), range(55, 355)  # per mille of sentences
HELD_OUT = 24  # documents of messages that are measured: the catalogues' last; the rest is trained

Row = tuple[str, str, str]
"""(id, Japanese, English) of one sentence pair; "-" stands for none."""


def sentence_rows(table: str) -> list[Row]:
    """Return the sentence table's rows (tab separated, no quoting), each Japanese text once."""
    rows: dict[str, Row] = {}
    for line in table.split("\n"):
        identifier, japanese, english, *_ = [*line.split("\t"), "-", "-"]
        if japanese != "-":
            rows.setdefault(japanese, (identifier, japanese, english))
    return list(rows.values())


def sentence_documents(
    rows: Iterable[Row], language: str, share: range, source: str, licence: str
) -> list[Document]:
    """Return documents of everyday sentences from one share of the pairs.

    A pair falls to a share by the digest of its English side (else the Japanese); as each Japanese
    text occurs once, neither a sentence nor its translation is both measured and trained on.
    """
    texts: dict[str, str] = {}
    for _, japanese, english in rows:
        text = japanese if language == "ja" else english
        key = digest("share", english if english != "-" else japanese)
        if text != "-" and int(key, 16) % 1000 in share:
            texts.setdefault(text, digest("order", text))
    ordered = sorted(texts, key=lambda text: texts[text])
    return _documents(ordered, SENTENCES, Document("", language, "everyday", "", source, licence))


def message_documents(
    messages: Sequence[Message], language: str, source: str, licence: str
) -> list[Document]:
    """Return documents of program messages, English or Japanese, in catalogue order."""
    pairs = [(english, japanese) for _, english, japanese in messages if _is_prose(japanese)]
    texts = dict.fromkeys(
        " ".join((japanese if language == "ja" else english).split()) for english, japanese in pairs
    )
    like = Document("", language, "manual", "", source, licence)
    return _documents(list(texts), MESSAGES, like)


def _is_prose(text: str) -> bool:
    """Tell a message of whole sentences without markup or places to fill in."""
    return "。" in text and len(text) >= 20 and not any(mark in text for mark in "%<>{}")


def _documents(texts: Sequence[str], size: int, like: Document) -> list[Document]:
    """Return whole groups of texts as documents like one; a last, smaller group is left out."""
    glue = "" if like.language == "ja" else " "
    groups = [glue.join(texts[at : at + size]) for at in range(0, len(texts) - size + 1, size)]
    return [
        msgspec.structs.replace(like, id=digest(like.language, like.register, text), text=text)
        for text in groups
    ]
