from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexgraft.errors import LexgraftError
from lexgraft.files.safe_yaml import read_yaml
from lexgraft.project import Project, read_project, schema

VALID = """
name: x
models: {base: a, language: b, domain: c}
languages: {target: ja, domain: en}
terms: {files: [t.jsonl]}
testset:
  forms:
    - {kind: term-to-term, question: en, answer: ja}
merge:
  candidates:
    - method: ties
      parameters: {density: 2e-1, weight: {domain: 1}}
output: out
"""


def read(tmp_path: Path, text: str) -> Project:
    file = tmp_path / "project.yaml"
    file.write_text(text, encoding="utf-8")
    return read_project(file)


def test_paths_are_seen_from_the_folder_of_the_file(tmp_path: Path):
    project = read(tmp_path, VALID)
    assert project.models.base == str(tmp_path / "a")
    assert project.terms.files == (str(tmp_path / "t.jsonl"),)
    assert project.output == str(tmp_path / "out")


def test_general_ability_is_measured_on_shipped_texts_unless_the_project_says_otherwise(
    tmp_path: Path,
):
    unasked = read(tmp_path, VALID).general.texts
    assert [Path(text.file).name for text in unasked] == ["ja.jsonl", "en.jsonl"]
    assert all(Path(text.file).is_file() for text in unasked)
    assert read(tmp_path, VALID + "general: {texts: []}\n").general.texts == ()
    more = "general: {texts: [{file: shipped, documents: 9}, {file: own.jsonl}]}\n"
    asked = read(tmp_path, VALID + more).general.texts
    assert [text.documents for text in asked] == [9, 9, 24]
    assert asked[-1].file == str(tmp_path / "own.jsonl")


def test_a_number_such_as_2e_1_is_a_number(tmp_path: Path):
    assert read(tmp_path, VALID).merge.candidates[0].parameters["density"] == 0.2


@pytest.mark.parametrize(
    ("old", "new", "key", "cure"),
    [
        ("name: x", "nmae: x", "nmae", "`name`"),
        ("target: ja", "targt: ja", "languages.targt", "`target`"),
        ("question: en", "qestion: en", "testset.forms[0].qestion", "`question`"),
        ("- method: ties", "- methd: ties", "merge.candidates[0].methd", "`method`"),
    ],
)
def test_a_misspelt_key_is_named_with_its_path_and_the_nearest_name(
    tmp_path: Path, old: str, new: str, key: str, cure: str
):
    with pytest.raises(LexgraftError) as caught:
        read(tmp_path, VALID.replace(old, new))
    assert f"`{key}`" in caught.value.what
    assert cure in caught.value.cure


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: &x [1]\nb: *x\n", "alias"),
        ("a: 1\na: 2\n", "twice"),
        ("a: !!python/object/apply:os.system [true]\n", "tag"),
        ("1: x\n", "not text"),
        ("a: [1\n", "line"),
        ("[" * 20_000, "nested"),
        (f"a: [{'1,' * 60_000}]", "more than 50,000 values"),
    ],
)
def test_the_traps_of_yaml_are_refused_by_name(text: str, said: str):
    with pytest.raises(LexgraftError, match=said):
        read_yaml(text, "file")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 0.001),
        ("1e3", 1000.0),
        ("no", "no"),
        ("on", "on"),
        ("1:30", "1:30"),
        ("012", 12),
        ("true", True),
        ("~", None),
        ("2025-02-17", "2025-02-17"),
        (".5", 0.5),
        ("0x1F", "0x1F"),
    ],
)
def test_plain_scalars_mean_what_they_look_like(text: str, value: object):
    read = read_yaml(f"a: {text}", "file")
    assert read == {"a": value}
    assert isinstance(read, dict)
    assert type(read["a"]) is type(value)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_float_that_python_writes_is_read_back(number: float):
    assert read_yaml(f"a: {number!r}", "file") == {"a": number}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("target: ja", "target: Japanese!"),
        ("output: out", "output: out\nseed: many"),
        ("forms:\n    - {kind: term-to-term, question: en, answer: ja}", "forms: []"),
        ("name: x", "name: x\ngates: {alpha: 2}"),
        ("name: x", "name: x\ncompute: {threads: 0}"),
    ],
)
def test_values_out_of_bounds_are_refused(tmp_path: Path, old: str, new: str):
    with pytest.raises(LexgraftError):
        read(tmp_path, VALID.replace(old, new))


def test_a_missing_project_file_names_the_file(tmp_path: Path):
    with pytest.raises(LexgraftError, match=r"no such project file"):
        read_project(tmp_path / "none.yaml")
    with pytest.raises(LexgraftError, match=r"a file is wanted here"):
        read_project(tmp_path)


def test_the_schema_closes_every_record_to_unknown_keys():
    records = [part for part in schema()["$defs"].values() if part.get("type") == "object"]
    assert len(records) > 10
    assert all(part["additionalProperties"] is False for part in records)
