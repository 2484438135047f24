"""Fetches dictionaries as packages and writes term bases of engineering under `.cache/`.

    python examples/manufacturing/prepare.py

German-English (Ding: machines, electrical engineering, metals, textiles, vehicles) and English with
definitions (GCIDE). Nothing that is fetched is run; `.cache/manufacturing/SOURCES.md` says what
each file was made of, and its licence.
"""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))

import freedict
import gcide
from dictionaries import CACHE, DING, GCIDE, unpack
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
    write_sources(OUTPUT, "examples/manufacturing/prepare.py", [DING, GCIDE])


if __name__ == "__main__":
    main()
