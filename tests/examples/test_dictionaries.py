"""The readers beside the examples, on a few lines in the dictionaries' own form."""

import gzip
import importlib
import io
import tarfile
from hashlib import sha256
from pathlib import Path

import pytest

from lexgraft.errors import LexgraftError
from lexgraft.project import read_project
from lexgraft.records import Concept, Term
from lexgraft.terms.readers import read_concepts
from lexgraft.terms.testset import build_testset
from lexgraft.terms.text.spelling_keys import english_key

WORDNET = """00-database-info
   This file was made from a dictionary.
aberration
    n 1: a state or condition markedly different from the norm
    2: a disorder in one's mental state
chimera
    n 1: (biology) an organism with two different tissues (as by
         grafting) [syn: {chimera}, {chimaera}]
mumps
    n 1: an acute contagious viral disease; characterized by fever
         [syn: {mumps}, {epidemic parotitis}]
run
    n 1: a score in a game made by running
    v 1: move fast by using one's feet
"""
EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
DING = """Freispruch /fɾˈaɪʃpɾʊx/ <masc, n, sg>
 [jur.] acquittal <n>, verdict of not guilty <n> [Br.]
   Synonym: {Freisprechung}

Freisprüche /fɾˈaɪʃpɾʏçə/ <pl>
acquittals
Losspruch /lˈoːs/ <masc, n, sg>
 [jur.] acquittal <n>
Welle /vˈɛlə/ <fem, n, sg>
 [techn.] shaft <n>, (long) rod <n>
klagen /klˈɑːɡən/ <v>
 [jur.] to sue <v>
"""
GCIDE = """Bailee \\Bail`ee"\\ (b[=a]l`[=e]"), n. [OF. baill['e].] (Law)
   The person to whom goods are committed in trust. See
   {Bailor}.
   [1913 Webster]

Rack \\Rack\\, n. [Probably fr. D. rek.]
   1. An instrument for stretching.
      [1913 Webster]

   2. (Mach.) A bar with teeth on its face, to work with those of a
      wheel.

            Quoted deeper than a sense.      --Somebody.

Abactor \\Ab*ac"tor\\, n. (Law)
   One who steals and drives away cattle by herds. [Obs.]
Sue \\Sue\\, v. t. (Law)
   To seek justice or right by legal process.
"""


@pytest.fixture(autouse=True)
def _examples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(EXAMPLES)


def packed(path: Path, text: str) -> Path:
    path.write_bytes(gzip.compress(text.encode()))
    return path


def test_nouns_of_a_field_become_concepts_and_one_translation_one_concept(tmp_path: Path):
    found = importlib.import_module("freedict").field_concepts(
        packed(tmp_path / "d.dz", DING), {"jur.": "law"}, "1"
    )
    (concept,) = found
    assert concept.id == "ding:jur:Freispruch"
    assert concept.names("de") == ("Freispruch", "Losspruch", "Freisprechung")
    assert concept.names("en") == ("acquittal", "verdict of not guilty")
    assert concept.field == "law"


def test_the_first_sense_with_a_mark_gives_the_definition(tmp_path: Path):
    marks = {"Law": "law", "Mach.": "engineering"}
    found = importlib.import_module("gcide").field_concepts(
        packed(tmp_path / "g.dz", GCIDE), marks, "1"
    )
    assert {one.id: (one.field, one.definitions["en"]) for one in found} == {
        "GCIDE:Bailee": ("law", "The person to whom goods are committed in trust."),
        "GCIDE:Rack": (
            "engineering",
            "A bar with teeth on its face, to work with those of a wheel.",
        ),
    }


def test_a_debian_package_is_checked_and_read_in_place(tmp_path: Path):
    packages = importlib.import_module("debian_packages")
    inner = io.BytesIO()
    with tarfile.open(fileobj=inner, mode="w:xz") as tar:
        info = tarfile.TarInfo("./usr/share/words.txt")
        info.size = 5
        tar.addfile(info, io.BytesIO(b"shaft"))
    data = inner.getvalue()
    head = f"{'data.tar.xz':<16}{0:<12}{0:<6}{0:<6}{100644:<8}{len(data):<10}`\n".encode()
    deb = tmp_path / "dict-words_1.0_all.deb"
    deb.write_bytes(b"!<arch>\n" + head + data)
    digest = sha256(deb.read_bytes()).hexdigest()
    assert packages.fetch_deb("dict-words", "1.0", digest, tmp_path) == deb
    assert packages.read_deb_member(deb, "usr/share/words.txt") == b"shaft"
    with pytest.raises(LexgraftError, match="no file `usr/none`"):
        packages.read_deb_member(deb, "usr/none")
    with pytest.raises(LexgraftError, match="instead of 00"):
        packages.fetch_deb("dict-words", "1.0", "00", tmp_path)
    deb.write_bytes(b"<html>")
    with pytest.raises(LexgraftError, match="not a Debian package"):
        packages.read_deb_member(deb, "usr/share/words.txt")


def test_the_spreadsheet_becomes_a_test_set_without_its_forbidden_words():
    project = read_project(EXAMPLES / "spreadsheet-ja" / "project.yaml")
    concepts = read_concepts([Path(name) for name in project.terms.files])
    forbidden = {t.text for one in concepts for t in one.terms if t.status == "forbidden"}
    assert forbidden == {"ベアリング受け", "バグ", "ヒューズ箱"}
    assert concepts[1].names("ja") == ("歯車", "ギヤ", "ギア")
    bundle = build_testset(project)
    asked = {text.strip() for own in bundle.items.values() for one in own for text in one.options}
    assert len(bundle.concepts["confirm"]) == 27
    assert asked.isdisjoint(forbidden)


@pytest.mark.parametrize(
    "path",
    sorted(str(one.relative_to(EXAMPLES)) for one in EXAMPLES.glob("*/*.yaml")),
)
def test_every_project_file_of_the_examples_is_read(path: str):
    assert read_project(EXAMPLES / path).testset.forms


def test_the_miniature_releases_have_the_published_columns():
    root = EXAMPLES / "rf2-rrf"
    columns = {"sct2_Concept": 5, "sct2_Description": 9, "sct2_TextDefinition": 9, "der2_cRef": 7}
    for path in sorted(root.rglob("*.txt")):
        lines = path.read_bytes().decode().split("\r\n")[:-1]
        wanted = next(count for name, count in columns.items() if path.name.startswith(name))
        assert {line.count("\t") + 1 for line in lines} == {wanted}
        assert len(lines) > 20
    sizes = {"MRCONSO.RRF": 18, "MRDEF.RRF": 8, "MRSTY.RRF": 6}
    for name, count in sizes.items():
        rows = (root / "META" / name).read_text("utf-8").splitlines()
        assert {row.count("|") for row in rows} == {count}


def test_wordnet_defines_what_has_one_meaning_and_no_definition(tmp_path: Path):
    wordnet = importlib.import_module("wordnet")
    packed = tmp_path / "wn.dict.dz"
    packed.write_bytes(gzip.compress(WORDNET.encode()))
    meanings = wordnet.single_meanings(packed)
    assert meanings == {
        english_key("mumps"): "An acute contagious viral disease.",
        "chimera": "An organism with two different tissues.",
    }
    own = Concept("1", (Term("mump", "en"),), {"en": "Given."}, source="x")
    bare = Concept("2", (Term("Mumps", "en"),), source="ICD-10", source_version="5", licence="GPL")
    kept, given = wordnet.defined([own, bare], meanings, "3.0")
    assert kept == own
    assert given.definitions == {"en": "An acute contagious viral disease."}
    assert (given.source, given.licence) == ("ICD-10 + WordNet", "GPL + WordNet licence")
