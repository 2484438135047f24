"""JMdict: Japanese words with English glosses; every sense is a concept."""

import zlib
from collections.abc import Iterator
from pathlib import Path
from xml.parsers import expat

from msgspec import Struct

from lexgraft.errors import LexgraftError
from lexgraft.records import Concept, PartOfSpeech, Term
from lexgraft.terms.readers.file_start import FileStart, unpacked
from lexgraft.terms.readers.import_log import ImportLog
from lexgraft.terms.readers.import_options import ImportOptions
from lexgraft.terms.readers.reader_registry import ConceptAtLine, reader
from lexgraft.terms.readers.status_labels import ranked_terms
from lexgraft.terms.readers.xml_stream import refuse_harmful_entities

LICENCE = "EDRDG licence (CC BY-SA 4.0)"
_LISTS = frozenset({"pos", "field", "misc", "gloss", "stagk", "stagr"})
_TAGS = frozenset({"pos", "field", "misc"})  # their content is an entity
_POOR_FORMS = frozenset({"iK", "oK", "io", "ik", "ok", "sK", "sk", "rK", "rk"})  # irregular, dated
_PIECE = 1 << 20


class _Sense(Struct):
    """One sense while it is read; without a part of speech it has that of the sense before."""

    pos: list[str] = []
    field: list[str] = []
    misc: list[str] = []
    gloss: list[str] = []
    stagk: list[str] = []
    stagr: list[str] = []


class _Entry(Struct):
    """One entry while it is read: written forms with their notes, and senses."""

    number: str = ""
    kanji: list[tuple[str, list[str]]] = []
    kana: list[tuple[str, list[str]]] = []
    senses: list[_Sense] = []


class _Reader:
    """An XML event consumer.

    The tags of JMdict are entities (`&med;`), which a plain parser expands to long texts. A default
    handler makes expat hand them over unexpanded; in other texts they are put in their place.
    """

    def __init__(self, version: str, where: str, tally: ImportLog) -> None:
        self.version, self.where, self.tally = version, where, tally
        self.done: list[ConceptAtLine] = []
        self.entry, self.sense, self.english = _Entry(), _Sense(), True
        self.text: list[str] = []
        self.notes: list[str] = []
        self.entities: dict[str, str] = {}
        self.in_tag = False
        self.parser = parser = expat.ParserCreate()
        parser.StartElementHandler, parser.EndElementHandler = self.start, self.end
        parser.CharacterDataHandler = parser.DefaultHandler = self.text.append
        parser.CommentHandler = parser.StartCdataSectionHandler = _pass_over
        parser.ProcessingInstructionHandler = parser.EndCdataSectionHandler = _pass_over
        refuse_harmful_entities(parser, where, self.entities)
        parser.SkippedEntityHandler = self.refer

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Begin an element."""
        self.text.clear()
        self.in_tag = tag in _TAGS or tag.endswith("_inf")
        if tag == "entry":
            self.entry = _Entry()
        elif tag == "sense":
            self.sense = _Sense()
        elif tag in {"k_ele", "r_ele"}:
            self.notes = []
        elif tag == "gloss":
            self.english = attributes.get("xml:lang", "eng") == "eng"

    def refer(self, name: str, _is_parameter: int) -> None:
        """Take an entity: its name in a tag, its text elsewhere.

        Raises:
            LexgraftError: its text is not known.
        """
        if name not in self.entities and not self.in_tag:
            where = f"{self.where}:{self.parser.CurrentLineNumber}"
            raise LexgraftError(f"the entity `{name}` is not declared", where=where)
        self.text.append(f"&{name};" if self.in_tag else self.entities[name])

    def end(self, tag: str) -> None:
        """Take an element's text to its place."""
        text = "".join(self.text).strip()
        self.text.clear()
        if tag in _LISTS and text and (tag != "gloss" or self.english):
            values: list[str] = getattr(self.sense, tag)
            values.append(text.strip("&;") if tag in _TAGS else text)
        elif tag in {"keb", "reb"}:
            forms = self.entry.kanji if tag == "keb" else self.entry.kana
            forms.append((text, self.notes))
        elif tag in {"ke_inf", "re_inf"}:
            self.notes.append(text.strip("&;"))
        elif tag == "sense":
            self._keep_sense()
        elif tag == "ent_seq":
            self.entry.number = text
        elif tag == "entry":
            self._keep_entry()

    def _keep_entry(self) -> None:
        line, tally = self.parser.CurrentLineNumber, self.tally
        concepts = _concepts(self.entry, self.version)
        tally.read += len(self.entry.senses)
        tally.kept += len(concepts)
        if without := len(self.entry.senses) - len(concepts):
            tally.skip_row(line, "a sense without an English gloss", without)
        self.done += [(line, concept) for concept in concepts]

    def _keep_sense(self) -> None:
        if not self.sense.pos and self.entry.senses:
            self.sense.pos = self.entry.senses[-1].pos
        self.entry.senses.append(self.sense)


def _pass_over(*_args: str) -> None:
    """Take no notice of comments and the like: what has no handler would be text."""


def _recognise(start: FileStart) -> str:
    if "JMdict" in {start.root.name, start.root.doctype}:
        return "the root element is <JMdict>"
    return ""


@reader("JMdict", _recognise, unique=True)
def stream_jmdict(path: Path, options: ImportOptions, tally: ImportLog) -> Iterator[ConceptAtLine]:
    """Yield one concept per sense of a JMdict file, in file order.

    Japanese written forms and English glosses are terms, the preferred form first (kana when the
    sense is usually written so); the field is JMdict's own tag (`med`, `anat`, …).

    Raises:
        LexgraftError: not well-formed XML; an entity that is refused.
    """
    consumer = _Reader(options.version, str(path), tally)
    parser = consumer.parser
    try:
        with unpacked(path, options.progress) as file:
            while piece := file.read(_PIECE):
                parser.Parse(piece, False)  # noqa: FBT003 (expat's own signature)
                yield from consumer.done
                consumer.done.clear()
            parser.Parse(b"", True)  # noqa: FBT003
            yield from consumer.done
    except (expat.ExpatError, OSError, EOFError, zlib.error) as error:
        raise LexgraftError(f"not a JMdict file: {error}", where=str(path)) from error


def read_jmdict(path: Path, version: str = "") -> list[Concept]:
    """Return one concept per sense of a JMdict file (XML, plain or gzip), in file order.

    Raises:
        LexgraftError: not well-formed XML.
    """
    tally = ImportLog(str(path))
    concepts = [
        concept for _, concept in stream_jmdict(path, ImportOptions(version=version), tally)
    ]
    tally.raise_refused()
    return concepts


def _concepts(entry: _Entry, version: str) -> list[Concept]:
    """Return the concepts of one entry: senses with an English gloss."""
    return [
        Concept(
            id=f"JMdict:{entry.number}-{number}",
            terms=ranked_terms(
                [
                    *_japanese(entry, sense),
                    *(_term(text, "en", at, "unknown") for at, text in enumerate(sense.gloss)),
                ]
            ),
            field=sense.field[0] if sense.field else "",
            source="JMdict",
            source_version=version,
            licence=LICENCE,
        )
        for number, sense in enumerate(entry.senses, 1)
        if sense.gloss
    ]


def _japanese(entry: _Entry, sense: _Sense) -> list[Term]:
    """Return the written forms of one sense, kana first where kana is usual."""
    kanji = [text for text, notes in entry.kanji if not _POOR_FORMS.intersection(notes)]
    kana = [text for text, notes in entry.kana if not _POOR_FORMS.intersection(notes)]
    kanji = [text for text in kanji if not sense.stagk or text in sense.stagk]
    kana = [text for text in kana if not sense.stagr or text in sense.stagr]
    forms = [*kana, *kanji] if "uk" in sense.misc else [*kanji, *kana]
    part_of_speech = _part_of_speech(sense.pos)
    return [_term(text, "ja", index, part_of_speech) for index, text in enumerate(forms)]


def _term(text: str, language: str, index: int, part_of_speech: PartOfSpeech) -> Term:
    return Term(text, language, part_of_speech, "admitted" if index else "preferred")


def _part_of_speech(tags: list[str]) -> PartOfSpeech:
    if not tags:
        return "unknown"
    if any(tag in {"n", "n-adv", "n-t", "vs"} for tag in tags):
        return "noun"
    return "adjective" if any(tag.startswith("adj") for tag in tags) else "other"
