"""Odd files, odd numbers, odd names: told in a line with exit status 2, never a traceback."""

import errno
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from lexgraft.cli import _explained, main
from lexgraft.errors import LexgraftError
from lexgraft.project import read_project

LONG = "x" * 300
Maker = Callable[[Path], list[str]]


def write(path: Path, data: bytes | str) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return str(path)


PROJECT = """
name: n
models: {base: b, language: g, domain: d}
languages: {target: ja, domain: en}
terms: {files: [t.csv]}
testset: {forms: [{kind: definition-to-term, question: en, answer: ja}]}
merge: {candidates: [{method: linear}]}
output: out
"""


def project(text: bytes | str) -> Maker:
    return lambda folder: ["plan", write(folder / "project.yaml", text)]


def terms(name: str, data: bytes | str) -> Maker:
    return lambda folder: [
        "terms",
        "import",
        write(folder / name, data),
        "-o",
        str(folder / "out.jsonl"),
    ]


def recipe(text: bytes | str) -> Maker:
    return lambda folder: ["merge", write(folder / "r.yaml", text), "-o", str(folder / "out")]


def damaged_zip(folder: Path) -> list[str]:
    with zipfile.ZipFile(folder / "t.xlsx", "w") as file:
        file.writestr("xl/workbook.xml", "<a" * 10)
    return ["terms", "import", str(folder / "t.xlsx"), "-o", str(folder / "out.jsonl")]


def model_with(name: str, data: bytes | str, *verb: str) -> Maker:
    def make(folder: Path) -> list[str]:
        model = folder / "model"
        write(model / "config.json", '{"model_type": "llama"}')
        header = b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'
        write(model / "model.safetensors", len(header).to_bytes(8, "little") + header + b"\0" * 4)
        write(model / name, data)
        return [
            word.replace("MODEL", str(model)).replace("OUT", str(folder / "out")) for word in verb
        ]

    return make


ODD: dict[str, Maker] = {
    "project in CP932": project("name: 弁\n".encode("cp932")),
    "project in UTF-16": project(PROJECT.encode("utf-16")),
    "project of NUL": project(b"\0" * 40),
    "project is a folder": lambda folder: ["plan", str(folder)],
    "project is a device": lambda _: ["plan", "/dev/null"],
    "an output named for ever": project(PROJECT.replace("output: out", f"output: {LONG}")),
    "terms that are a damaged workbook": terms("t.xlsx", b"PK\x03\x04" + b"\0" * 60),
    "a workbook of broken XML": damaged_zip,
    "XML without end": terms("t.tbx", "<martif>" + "<a>" * 100_000),
    "XML of a broken encoding": terms("t.tbx", b'<?xml version="1.0" encoding="x-no"?><martif/>'),
    "terms that are a device": lambda folder: [
        "terms", "import", "/dev/null", "-o", str(folder / "o")
    ],
    "an output named for ever, of terms": lambda folder: [
        "terms", "import", write(folder / "t.csv", "en,ja\nvalve,弁\n"), "-o", str(folder / LONG)
    ],
    "JSON lines of a lone surrogate": terms("t.jsonl", '{"id": "\\ud800", "terms": {}}\n'),
    "a recipe of 1,200 documents": recipe("merge_method: linear\nname: x\n---\n" * 1200),
    "a recipe nested without end": recipe("a: " + "[" * 5000),
    "a recipe of NaN": recipe(
        "merge_method: linear\nmodels: [{model: x, parameters: {weight: .nan}}]"
    ),
    "a recipe that is a list": recipe("- a\n- b\n"),
    "a manifest that is a list": model_with("manifest.json", "[1]", "verify", "MODEL"),
    "a manifest of NUL": model_with("manifest.json", b"\0\0", "verify", "MODEL"),
    "a configuration with a lone surrogate": model_with(
        "config.json", '{"model_type": "\\ud800"}', "extract", "MODEL", "MODEL", "-o", "OUT"
    ),
    "a configuration that is a list": model_with(
        "config.json", "[]", "extract", "MODEL", "MODEL", "-o", "OUT"
    ),
    "a tokenizer that is a list": model_with(
        "tokenizer.json", "[]", "vocabulary", "align", "MODEL", "MODEL", "-o", "OUT"
    ),
    "a port that is none": model_with(
        "x", "", "serve", "MODEL", "--port", "70000", "--no-keys"
    ),
    "a key for a billion days": lambda folder: [
        "key", "add", "me", "--keys", str(folder / "keys.jsonl"), "--days", "1e9"
    ],
    "a report of NUL": lambda folder: [
        "report", str(Path(write(folder / "run" / "report.json", b"\0\0")).parent)
    ],
    "a comparison of nothing": lambda folder: ["compare", str(folder), str(folder)],
    "a glossary that is a folder": lambda folder: ["glossary", "lint", str(folder)],
}  # fmt: skip


@pytest.mark.parametrize(
    "addition",
    [
        "seed: " + "9" * 5000,
        "seed: -1",
        "gates: {merge: {target_gain: .nan}}",
        "gates: {merge: {target_gain: .inf}}",
        "gates: {alpha: 1.0e-300}",
        "compute: {threads: 1000000}",
        "compute: {memory_gb: .inf}",
        "business: {machine_hour: .nan}",
        "business: {machine_hour: 1.0e+308}",
        "business: {usage: {requests_month: [1, 1.0e+200]}}",
        "tune: {learning_rate: .nan}",
        "merge: {candidates: [{method: linear, parameters: {weight: {language: .nan}}}]}",
    ],
)
def test_a_number_out_of_range_is_refused_where_the_project_is_read(
    tmp_path: Path, addition: str
) -> None:
    kept = [line for line in PROJECT.splitlines() if line[:5] != addition[:5]]
    file = Path(write(tmp_path / "project.yaml", "\n".join([*kept, addition])))
    with pytest.raises(LexgraftError) as refusal:
        read_project(file)
    assert "project.yaml" in str(refusal.value)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.EISDIR, "Is a directory", 4), "name a file"),
        (OSError(errno.ENAMETOOLONG, "File name too long", "x"), "x: File name too long"),
        (OSError(errno.ENAMETOOLONG, "File name too long", "x"), "take a shorter name"),
        (OSError(errno.EROFS, "Read-only file system", b"y.html"), "y.html: Read-only"),
        (OSError(errno.EMFILE, "Too many open files", "z"), "ulimit"),
    ],
)
def test_what_the_system_refuses_has_the_cure_of_its_kind(error: OSError, said: str) -> None:
    message = str(_explained(error))
    assert said in message
    assert not message.startswith("4")  # the number of an open file is no name


@pytest.mark.parametrize("case", ODD)
def test_what_is_odd_is_told_in_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], case: str
) -> None:
    words = ODD[case](tmp_path)
    try:
        status = main(words)
    except SystemExit as error:  # the parser's own refusals
        status = error.code
    said = capsys.readouterr()
    assert status == 2, said
    assert "Traceback" not in said.err
    assert said.err.strip()


@pytest.mark.parametrize(
    "term", ["benzo[a]pyrene", "model[v1]", "[/kg]", "[bold]x[/bold]", "\x1b[31mred", "a\u202eb"]
)
def test_what_is_printed_of_a_file_is_text(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], term: str
) -> None:
    rows = [
        {"id": name, "terms": {"en": [{"text": term, "status": "preferred"}]}, "source": "s"}
        for name in ("a", "b")
    ]
    file = write(tmp_path / "t.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    assert main(["terms", "lint", file]) in (0, 1, 2)
    said = capsys.readouterr()
    shown = said.out + said.err
    assert "\x1b[31m" not in shown
    assert "\u202e" not in shown
    if term.isprintable() and said.out:
        assert term in shown.replace("\n", "")
