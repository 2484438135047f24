"""Fetches dictionaries as packages and writes term bases of engineering under `.cache/`.

    python examples/manufacturing/prepare.py

German-English (Ding: machines, electrical engineering, metals, textiles, vehicles), English with
definitions (GCIDE), and both together where the English name has a definition (GCIDE, WordNet).
Nothing that is fetched is run; `.cache/manufacturing/SOURCES.md` says what each file was made of,
and its licence.
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from lexgraft.records import Concept

sys.path.append(str(Path(__file__).resolve().parents[1]))

import freedict
import gcide
import wordnet
from dictionaries import CACHE, DING, GCIDE, WORDNET, unpack
from sources import write_base, write_sources

OUTPUT = CACHE / "manufacturing"
FIELDS = {
    "mach.": "mechanical engineering",
    "techn.": "engineering",
    "electr.": "electrical engineering",
    "textil.": "textiles",
    "auto.": "vehicles",
}
MARKS = {
    "Mach.": "mechanical engineering",
    "Mech.": "mechanical engineering",
    "Metal.": "metallurgy",
    "Metallurgy": "metallurgy",
    "Founding": "metallurgy",
    "Founding.": "metallurgy",
    "Steam Engine": "mechanical engineering",
    "Engin.": "mechanical engineering",
    "Civil Engin.": "mechanical engineering",
    "Elec.": "electrical engineering",
    "Mining": "mining",
    "Weaving": "textiles",
    "Spinning": "textiles",
    "Manuf.": "manufacturing",
    "Glass Making": "manufacturing",
    "Paper Making": "manufacturing",
    "Leather Manuf.": "manufacturing",
    "Carp.": "carpentry",
    "Print.": "printing",
    "Bookbinding": "printing",
}


def main() -> None:
    """Fetch, convert, write, and print what came out."""
    german = freedict.field_concepts(unpack(DING, OUTPUT), FIELDS, DING.version)
    write_base(OUTPUT / "terms-de.jsonl", german)
    english = gcide.field_concepts(unpack(GCIDE, OUTPUT), MARKS, GCIDE.version)
    write_base(OUTPUT / "terms-en.jsonl", english)
    named = wordnet.single_meanings(unpack(WORDNET, OUTPUT))
    write_base(OUTPUT / "terms-defined.jsonl", defined(german, english, named))
    write_sources(OUTPUT, "examples/manufacturing/prepare.py", [DING, GCIDE, WORDNET])


def defined(
    german: Sequence[Concept], english: Sequence[Concept], named: Mapping[str, str]
) -> list[Concept]:
    """Return the German concepts whose English name has a definition: GCIDE's, else WordNet's.

    One of each English name: the first by id.
    """
    by_name = {one.names("en")[0].casefold(): one for one in english}
    first: dict[str, Concept] = {}
    for one in german:
        name = one.names("en")[0].casefold()
        known = by_name.get(name)
        first.setdefault(
            name,
            msgspec.structs.replace(
                one,
                definitions=known.definitions,
                source=f"{one.source} + {known.source}",
                source_version=f"{one.source_version} + {known.source_version}",
                licence=f"{one.licence} + {known.licence}",
            )
            if known
            else one,
        )
    found = wordnet.defined(first.values(), named, WORDNET.version)
    return sorted((one for one in found if one.definitions), key=lambda one: one.id)


if __name__ == "__main__":
    main()
