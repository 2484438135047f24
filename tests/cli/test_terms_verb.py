"""`lexgraft terms`: from a company's spreadsheet to a checked term base and out again."""

import json
from pathlib import Path

import pytest

from lexgraft.cli import main
from lexgraft.terms.readers import read_concepts

TABLE = """用語集 第3版,,,,
No.,英語,日本語,状態,備考
1,user;end user,ユーザー,承認,x
1,user,利用者,禁止,
2,hex bolt,六角ボルト,承認,
3,torque,トルク,未承認,
4,NA,該当なし,承認,
5,bad,"\u202e悪",承認,
"""


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "用語集.csv"
    path.write_bytes(TABLE.replace("\u202e", "").encode("cp932"))
    return path


def imported(path: Path, *more: str) -> Path:
    output = path.parent / "terms.jsonl"
    assert main(["terms", "import", str(path), "-o", str(output), *more]) == 0
    return output


def test_an_import_says_what_it_took_a_file_for_and_accounts_for_every_row(
    table: Path, capsys: pytest.CaptureFixture[str]
):
    output = imported(table, "--separator", ";", "--licence", "CC0-1.0")
    said = capsys.readouterr().out
    assert "table (text with cells between commas: a table)" in said
    assert "header in line 2, 1 lines above it not read; cp932: no UTF-8 (byte 0)" in said
    assert "6 rows: 6 kept, 0 left out, 0 refused; 1 forbidden and 2 pending terms" in said
    assert "the column `備考` was not read" in said
    assert "to say otherwise: lexgraft terms import" in said
    assert "--column '英語=term en'" in said

    user, bolt, torque, missing, _ = read_concepts([output])
    assert torque.names("ja") == torque.names("en") == ()
    assert user.names("en") == ("user", "end user")
    assert user.names("ja") == ("ユーザー",)
    assert [term.text for term in user.terms if term.status == "forbidden"] == ["利用者"]
    assert bolt.id == "2"
    assert missing.names("en") == ("NA",)
    record = json.loads((output.parent / "terms.jsonl.import.json").read_text(encoding="utf-8"))
    tally = record["files"][0]["tally"]
    assert (tally["read"], tally["kept"], tally["pending"]) == (6, 6, 2)
    assert record["licences"] == [{"licence": "CC0-1.0", "kind": "free", "concepts": 5}]


def test_a_hidden_character_is_refused_by_name_and_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    path = tmp_path / "terms.csv"
    path.write_text(TABLE, encoding="utf-8")
    output = imported(path)
    assert "U+202E RIGHT-TO-LEFT OVERRIDE in a term (line 8)" in capsys.readouterr().out
    assert "\u202e" not in output.read_text(encoding="utf-8")


def test_columns_are_named_on_the_command_line(tmp_path: Path):
    path = tmp_path / "terms.csv"
    path.write_text("原語,訳,メモ\nfever,発熱,x\n", encoding="utf-8")
    output = imported(path, "--column", "原語=term en", "--column", "訳=term ja")
    assert read_concepts([output])[0].names("ja") == ("発熱",)


def test_the_same_file_gives_the_same_bytes(table: Path):
    first = imported(table).read_bytes()
    assert imported(table).read_bytes() == first


def test_lint_ends_with_status_1_on_errors_only(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path = tmp_path / "terms.csv"
    path.write_text("id,en,ja\n1,nail,爪\n2,nail,釘\n", encoding="utf-8")
    assert main(["terms", "lint", str(path)]) == 0
    assert "0 errors, 1 warnings" in capsys.readouterr().out
    path.write_text("id,en,ja\n1,nail,爪\n2,nail,爪\n", encoding="utf-8")
    assert main(["terms", "lint", str(path), "--json"]) == 1
    (finding,) = json.loads(capsys.readouterr().out)
    assert (finding["grade"], finding["problem"]) == ("error", "duplicate")


def test_an_export_says_what_is_not_in_it(table: Path, capsys: pytest.CaptureFixture[str]):
    output = table.parent / "glossary.csv"
    pair = ["--from", "en", "--to", "ja"]
    assert main(["terms", "export", str(table), "--format", "deepl", *pair, "-o", str(output)]) == 0
    assert "5 entries, 1 not exported" in capsys.readouterr().out
    assert output.read_text(encoding="utf-8").startswith("user;end user,ユーザー")
    notice = (table.parent / "glossary.csv.licences.md").read_text(encoding="utf-8")
    assert "no licence stated" in notice


@pytest.mark.parametrize("form", ["csv", "tbx", "skos"])
def test_an_export_of_all_languages_says_of_nothing_that_it_is_not_there(
    form: str, table: Path, capsys: pytest.CaptureFixture[str]
):
    output = str(table.parent / "out")
    assert main(["terms", "export", str(table), "--format", form, "-o", output]) == 0
    said = capsys.readouterr().out
    assert "not exported:" not in said
    assert ", 0 not exported" in said


def test_a_join_lists_links_and_what_is_ambiguous(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    one, other, output = (tmp_path / name for name in ("one.csv", "other.csv", "joined.jsonl"))
    one.write_text("id,en\nA1,nail\nA2,hex bolt\n", encoding="utf-8")
    other.write_text("id,en,ja\nB1,nail,爪\nB2,nail,釘\nB3,hex bolt,六角ボルト\n", encoding="utf-8")
    assert main(["terms", "join", str(one), str(other), "-o", str(output)]) == 0
    printed = capsys.readouterr().out
    assert "1 concepts of one.csv without a link, left out" in printed
    assert "2 concepts of other.csv without a link, left out" in printed
    assert [one.names("ja") for one in read_concepts([output])] == [("六角ボルト",)]
    record = json.loads((tmp_path / "joined.jsonl.links.json").read_text(encoding="utf-8"))
    assert [one["other"] for one in record["ambiguous"]] == ["B1", "B2"]
    assert record["links"][0]["confidence"] == 0.8


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["import", "none.csv", "-o", "x"], "no such term base"),
        (["import", "none.csv", "-o", "x", "--column", "訳"], "no `=`"),
        (["lint", "none.csv"], "no such term base"),
    ],
)
def test_a_mistake_is_one_message_and_status_2(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
):
    assert main(["terms", *arguments]) == 2
    assert message in capsys.readouterr().err


def test_nothing_is_written_when_a_file_is_broken(tmp_path: Path):
    path = tmp_path / "terms.tbx"
    path.write_text("<martif><text><body><termEntry id='1'>", encoding="utf-8")
    assert main(["terms", "import", str(path), "-o", str(tmp_path / "out.jsonl")]) == 2
    assert sorted(one.name for one in tmp_path.iterdir()) == ["terms.tbx"]


REFUSED = "id,en,ja\n1,valve,弁\n1,pump,ポンプ\n2,gear,歯車,x\n"


@pytest.mark.parametrize(
    "job",
    [
        "terms lint {file}",
        "terms export {file} --format csv -o {out}",
        "terms join {file} {other} -o {out}",
        "glossary lint {file} --from en --to ja",
    ],
)
def test_jobs_stop_on_refused_rows_and_name_them_unless_told_to_go_on(
    job: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    file, other = tmp_path / "terms.csv", tmp_path / "other.csv"
    file.write_text(REFUSED, encoding="utf-8")
    other.write_text("id,en,ja\n7,valve,弁\n", encoding="utf-8")
    words = job.format(file=file, other=other, out=tmp_path / "out").split()
    assert main(words) == 2
    said = capsys.readouterr().err
    assert "line 3: the id stands for `valve` (line 2) already (id 1): 'pump'" in said
    assert "line 4: 4 cells under 3 headers" in said
    assert main([*words, "--leave-out-refused"]) == 0


def test_what_is_not_clear_is_asked_on_a_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    path, output = tmp_path / "terms.csv", tmp_path / "out.jsonl"
    path.write_text("MT,日本語\nvalve,弁\n", encoding="utf-8")
    words = ["terms", "import", str(path), "-o", str(output)]
    assert main(words) == 2
    assert not output.exists()
    answers = iter(["MT=term en"])
    monkeypatch.setattr("builtins.input", lambda: next(answers))
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    assert main(words) == 0
    assert "machine translation, or Maltese" in capsys.readouterr().out
    assert read_concepts([output])[0].names("en") == ("valve",)


@pytest.mark.parametrize("form", ["deepl", "google", "aws", "utx", "tbx", "csv"])
def test_our_own_exports_are_read_back(form: str, tmp_path: Path):
    path, exported, again = (tmp_path / name for name in ("t.csv", "exported", "again.jsonl"))
    path.write_text("id,en,ja\n1,valve,弁\n2,pump,ポンプ\n", encoding="utf-8")
    pair = [] if form in {"tbx", "csv"} else ["--from", "en", "--to", "ja"]
    words = ["terms", "export", str(path), "--format", form, *pair, "-o", str(exported)]
    assert main(words) == 0
    bare = ["--no-header", "--column", "1=term en", "--column", "2=term ja"]
    more = bare if form in {"deepl", "google"} else []
    assert main(["terms", "import", str(exported), "-o", str(again), *more]) == 0
    assert [one.names("ja") for one in read_concepts([again])] == [("弁",), ("ポンプ",)]


def test_the_account_of_a_table_stands_in_the_json(table: Path, capsys: pytest.CaptureFixture[str]):
    imported(table, "--json")
    (read,) = json.loads(capsys.readouterr().out)["files"]
    (account,) = read["tally"]["tables"]
    assert (account["encoding"], account["header_rows"], account["kept"]) == ("cp932", [2], 6)
    english = next(one for one in account["columns"] if one["header"] == "英語")
    assert english["meaning"] == "term en"
    assert english["examples"] == ["user;end user", "user"]
    assert english["reason"]


def test_lint_names_file_and_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path = tmp_path / "terms.csv"
    path.write_text("id,en,nl\n1,valve,klep\n2,gear,tandwiel\n3,valve,klep\n", encoding="utf-8")
    assert main(["terms", "lint", str(path)]) == 1
    assert "terms.csv:4" in capsys.readouterr().out
    assert main(["terms", "lint", str(path), "--json"]) == 1
    (finding,) = json.loads(capsys.readouterr().out)
    assert finding["place"] == f"{path}:4"


def test_lint_and_refusals_name_the_sheet(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    from openpyxl import Workbook

    book = Workbook()
    first, second = book.active, book.create_sheet("Zwei")
    assert first is not None
    for row in (["en", "nl"], ["valve", "klep"], ["pump", "pomp"]):
        first.append(row)
    for row in (["en", "nl"], ["gear", "wiel"], ["gear", "tandwiel"], ["bad\u202e", "slecht"]):
        second.append(row)
    path = tmp_path / "two.xlsx"
    book.save(path)
    main(["terms", "lint", str(path), "--leave-out-refused", "--json"])
    assert json.loads(capsys.readouterr().out)[0]["place"] == f"{path}:Zwei:3"
    assert main(["terms", "lint", str(path)]) == 2
    assert "sheet `Zwei`: U+202E" in capsys.readouterr().err


@pytest.mark.parametrize(
    "verb", ["terms lint", "terms export --format csv -o out", "glossary lint"]
)
def test_what_stops_on_refused_rows_says_how_to_go_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], verb: str
):
    path = tmp_path / "terms.csv"
    path.write_text("id,en,nl\n1,valve,klep\n1,pump,pomp\n2,a,b,c,d\n", encoding="utf-8")
    assert main([*verb.replace("out", str(tmp_path / "out")).split(), str(path)]) == 2
    said = capsys.readouterr().err
    assert "line 3:" in said
    assert "(id 1)" in said
    assert "line 4:" in said
    assert "--leave-out-refused" in said


XLIFF = (
    '<xliff version="{0}" {1}><file id="f" source-language="nl" target-language="pl"><unit id="1">'
    "<segment><source>klep</source><target>zawór</target></segment></unit></file></xliff>"
)


@pytest.mark.parametrize(("version", "more"), [("1.2", ""), ("2.0", 'srcLang="nl" trgLang="pl"')])
def test_translated_segments_are_no_glossary_and_are_told_what_they_are_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], version: str, more: str
):
    path = tmp_path / "a.xlf"
    path.write_text(XLIFF.format(version, more), encoding="utf-8")
    assert main(["terms", "import", str(path), "-o", str(tmp_path / "o")]) == 2
    said = capsys.readouterr().err
    assert f"XLIFF {version} with translated segments and no glossary" in said
    assert "lexgraft glossary check TERMS a.xlf" in said


def test_a_language_of_texts_is_refused_where_there_are_only_tables(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    path = tmp_path / "terms.csv"
    path.write_text("en,nl\nvalve,klep\n", encoding="utf-8")
    call = ["terms", "import", str(path), "-o", str(tmp_path / "o"), "--language", "nl"]
    assert main(call) == 2
    assert "--language has no effect on tables" in capsys.readouterr().err


def test_a_join_names_what_one_base_asks_for_and_the_other_forbids(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    first, second = tmp_path / "a.csv", tmp_path / "b.csv"
    first.write_text("id,en,de\n1,spring,Feder\n", encoding="utf-8")
    second.write_text("id,en,de,forbidden de\n1,spring,Spiralfeder,Feder\n", encoding="utf-8")
    arguments = ["terms", "join", str(first), str(second), "-o", str(tmp_path / "o.jsonl")]
    assert main(arguments) == 0
    assert "contradictory: 1: Feder: required and forbidden in `de`" in capsys.readouterr().out


@pytest.mark.parametrize("place", ["unit", "variant"])
def test_a_status_in_tmx_is_that_of_the_translation(place: str, tmp_path: Path):
    status = '<prop type="x-status">forbidden</prop>'
    unit, variant = (status, "") if place == "unit" else ("", status)
    path = tmp_path / "t.tmx"
    path.write_text(
        f'<tmx version="1.4"><header srclang="en"/><body><tu>{unit}<tuv xml:lang="en"><seg>valve'
        f'</seg></tuv><tuv xml:lang="de">{variant}<seg>Hahn</seg></tuv></tu></body></tmx>',
        encoding="utf-8",
    )
    output = tmp_path / "o.jsonl"
    assert main(["terms", "import", str(path), "-o", str(output)]) == 0
    (line,) = output.read_text(encoding="utf-8").splitlines()
    terms = json.loads(line)["terms"]
    assert [(term["text"], term.get("status")) for term in terms] == [
        ("valve", None),
        ("Hahn", "forbidden"),
    ]
