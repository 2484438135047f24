"""Spreadsheets as people keep them: each trap of the field notes with an invented small file."""

from collections.abc import Sequence
from pathlib import Path
from time import process_time

import pytest
from terms.readers.samples import open_document

from lexgraft.errors import LexgraftError
from lexgraft.records import Concept, Term
from lexgraft.terms.readers import ImportOptions, TermImport, read_concepts
from lexgraft.terms.readers.column_headers import meanings_of
from lexgraft.terms.readers.import_log import ImportLog
from lexgraft.terms.readers.table_account import UnclearTableError

Rows = Sequence[Sequence[object]]


def write(folder: Path, text: str, encoding: str = "utf-8", name: str = "terms.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def workbook(folder: Path, merged: Sequence[str] = (), **sheets: Rows) -> Path:
    from openpyxl import Workbook

    book = Workbook()
    assert book.active is not None
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
        for area in merged:
            sheet.merge_cells(area)
    path = folder / "terms.xlsx"
    book.save(path)
    return path


def read(path: Path, **options: object) -> tuple[list[Concept], ImportLog]:
    reading = TermImport([path], ImportOptions(**options))  # type: ignore[arg-type]
    concepts = list(reading)
    return concepts, reading.readings[0].tally


def asked(path: Path, **options: object) -> str:
    """Return what is asked about a table, of which nothing may be taken."""
    with pytest.raises(UnclearTableError) as caught:
        read(path, **options)
    return str(caught.value)


def pairs(concepts: Sequence[Concept], *languages: str) -> list[tuple[tuple[str, ...], ...]]:
    return [tuple(one.names(language) for language in languages) for one in concepts]


# --- 1: ids ---


def test_two_sheets_that_count_from_1_keep_all_their_concepts(tmp_path: Path):
    path = workbook(
        tmp_path,
        A=[["No.", "en", "ja"], [1, "valve", "弁"], [2, "pump", "ポンプ"]],
        B=[["No.", "en", "ja"], [1, "gear", "歯車"], [2, "shaft", "軸"]],
    )
    concepts, tally = read(path)
    assert [one.id for one in concepts] == ["1", "2", "B:1", "B:2"]
    assert any("led by `B:`" in warning for warning in tally.warnings)
    assert [(table.sheet, table.kept) for table in tally.tables] == [("A", 2), ("B", 2)]


def test_one_id_on_two_rows_does_not_fuse_two_concepts(tmp_path: Path):
    concepts, tally = read(write(tmp_path, "id,en,ja\n1,valve,弁\n1,pump,ポンプ\n1,valve,バルブ\n"))
    assert pairs(concepts, "en", "ja") == [(("valve",), ("弁", "バルブ"))]
    (row,) = tally.refused
    assert (row.line, row.id, row.text) == (3, "1", "pump")
    assert "stands for `valve` (line 2) already" in row.reason


def test_units_on_one_line_have_ids_of_their_own(tmp_path: Path):
    unit = "<tu><tuv xml:lang='en'><seg>{}</seg></tuv><tuv xml:lang='ja'><seg>{}</seg></tuv></tu>"
    units = unit.format("valve", "弁") + unit.format("pump", "ポンプ")
    text = f"<tmx version='1.4'><header/><body>{units}</body></tmx>"
    concepts, _ = read(write(tmp_path, text, name="min.tmx"))
    assert [one.id for one in concepts] == ["min:1", "min:1.2"]


def test_entries_on_one_line_have_ids_of_their_own(tmp_path: Path):
    entry = "<termEntry><langSet xml:lang='en'><tig><term>{}</term></tig></langSet></termEntry>"
    body = entry.format("valve") + entry.format("pump")
    text = f"<martif><text><body>{body}</body></text></martif>"
    concepts, _ = read(write(tmp_path, text, name="min.tbx"))
    assert [one.id for one in concepts] == ["min:1", "min:1.2"]


def test_ids_of_a_file_stay_where_a_row_is_put_between(tmp_path: Path):
    before, _ = read(write(tmp_path, "id,en,ja\nA,valve,弁\nB,pump,ポンプ\n"))
    after, _ = read(write(tmp_path, "id,en,ja\nA,valve,弁\nN,gear,歯車\nB,pump,ポンプ\n"))
    assert [one for one in after if one.id != "N"] == before


# --- 2: headers ---


@pytest.mark.parametrize(
    ("header", "meanings"),
    [
        ("en_term,ja_term,en_def,ja_note", "term en,term ja,definition en,ignore"),
        ("日本語,英語,日本語（定義）,日本語（読み）", "term ja,term en,definition ja,reading"),
        ("用語,英語,NG訳（英語）,分類", "term ja,term en,forbidden en,field"),
        ("日本語,英語,定義・説明,承認状況", "term ja,term en,definition ja,status"),
        ("Terme français,Terme anglais,Domaine,Définition", "term fr,term en,field,definition fr"),
        ("한국어,영어,정의,분야", "term ko,term en,definition ko,field"),
        ("JP,EN,KR,CN", "term ja,term en,term ko,term zh-Hans"),
        ("Deutsche Benennung,Englisch,Fachgebiet,Anmerkung", "term de,term en,field,ignore"),
        ("Término (español),inglés,Definición,Ámbito", "term es,term en,definition es,field"),
        ("中文术语,英文,定义,备注", "term zh,term en,definition zh,ignore"),
        ("en-US,pt_BR,Português (Portugal),zh-TW", "term en-US,term pt-BR,term pt-PT,term zh-Hant"),
        ("en,ja,synonym 1,synonym 2", "term en,term ja,synonyms en,synonyms en"),
    ],
)
def test_headers_are_understood_in_seven_languages(tmp_path: Path, header: str, meanings: str):
    cells = {"term ja": "弁", "term ko": "밸브", "term zh": "阀", "term zh-Hans": "阀"}
    cells |= {"term zh-Hant": "閥", "status": "承認", "reading": "べん", "definition ja": "管の弁"}
    cells |= {"definition fr": "une vanne", "definition es": "una válvula"}
    cells |= {"definition ko": "막는다", "definition zh": "阀"}
    row = ",".join(cells.get(meaning, "x") for meaning in meanings.split(","))
    extra = {"columns": {"用語": "term ja"}} if header.startswith("用語") else {}
    _, tally = read(write(tmp_path, f"{header}\n{row}\n"), **extra)
    assert [column.meaning for column in tally.tables[0].columns] == meanings.split(",")
    assert all(column.reason for column in tally.tables[0].columns)


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("en,ja,MT\nvalve,弁,バルブ\n", "machine translation, or Maltese"),
        ("ja,IT用語\n弁,valve\n", "ends like `term`"),
        ("term,IT\nvalve,valvola\n", "an abbreviation of something else"),
        ("en,PT_ru\nvalve,клапан\n", "two codes"),
        ("term,language\nvalve,xyzzy\n", "unknown language"),
        ("English,Japanese\n弁,valve\n歯車,gear\n軸,shaft\n", "not written in"),
        ("en,en_xyz\nvalve,\nx,word\n", ""),
        ("ja,en_xyz\n弁,valve\n", "not what it holds"),
        ("English,日本語,英語\nvalve,弁,pump\n", "both hold `term en`"),
        ("term,definition\nvalve,a device\n", "names no language"),
        ("en,ja,Freigabe\nvalve,弁,Hmpf\npump,ポンプ,Tja\n", "no known status"),
        ("en,ja,種別\nvalve,弁,承認\npump,ポンプ,廃止\n", "looks like statuses"),
    ],
)
def test_what_is_not_safe_is_asked(tmp_path: Path, text: str, question: str):
    path = write(tmp_path, text)
    if not question:
        read(path)
        return
    if question == "unknown language":
        with pytest.raises(LexgraftError, match="no concepts"):
            read(path)
        return
    message = asked(path)
    assert question in message
    assert "lexgraft terms import" in message


def test_forbidden_terms_without_a_language_are_of_the_script_they_are_in_or_asked(tmp_path: Path):
    concepts, _ = read(write(tmp_path, "en,ja,禁止語\nvalve,弁,バルブ\npump,ポンプ,\n"))
    assert concepts[0].terms[-1] == Term("バルブ", "ja", status="forbidden")
    message = asked(write(tmp_path, "en,de,forbidden terms\nvalve,Ventil,Hahn\n"))
    assert "--column 'forbidden terms=forbidden de'" in message


def test_a_word_that_comes_again_is_another_meaning_and_said(tmp_path: Path):
    concepts, tally = read(write(tmp_path, "en,ja\nnail,爪\nnail,釘\n"))
    assert len(concepts) == 2
    assert any("another meaning" in warning for warning in tally.warnings)


def test_the_ready_line_of_a_question_answers_it(tmp_path: Path):
    import shlex

    from lexgraft.cli import main

    text = "MT,日本語,判定\nvalve,弁,Hmpf\npump,ポンプ,Hmpf\n"
    path = write(tmp_path, text)
    line = next(
        one for one in asked(path).splitlines() if one.strip().startswith("lexgraft terms import")
    )
    words = shlex.split(line)[1:-1]
    assert main([*words, str(tmp_path / "out.jsonl")]) == 0


@pytest.mark.parametrize("column", ["forbidden", "禁止", "verboten", "interdit", "禁用", "금지어"])
@pytest.mark.parametrize(("yes", "no"), [("yes", "no"), ("True", "False"), ("○", ""), ("1", "0")])
def test_a_column_of_forbidden_terms_may_say_yes_or_no(
    tmp_path: Path, column: str, yes: str, no: str
):
    text = f"en,ja,{column}\nvalve,弁,{no}\nbulb,電球,{yes}\n"
    concepts, tally = read(write(tmp_path, text), columns={column: "forbidden ja"})
    assert pairs(concepts, "en", "ja") == [(("valve",), ("弁",)), (("bulb",), ())]
    assert tally.forbidden == 1
    assert not any(term.text in {yes, no} for one in concepts for term in one.terms)


def test_a_column_of_approvals_may_say_yes_or_no(tmp_path: Path):
    concepts, tally = read(write(tmp_path, "en,ja,approved\nvalve,弁,yes\npump,ポンプ,no\n"))
    assert pairs(concepts, "ja") == [(("弁",),), ((),)]
    assert tally.pending == 2


def test_a_misspelt_meaning_stops_before_any_sheet_is_lost(tmp_path: Path):
    path = workbook(tmp_path, A=[["en", "ja"], ["valve", "弁"]], B=[["x", "y"], ["a", "b"]])
    with pytest.raises(LexgraftError, match="did you mean `term`"):
        read(path, columns={"x": "trem en"})
    with pytest.raises(LexgraftError, match="no table has a column `z`"):
        read(path, columns={"z": "term en"})


# --- 3: no header ---


def test_pairs_without_a_header_are_asked_about_and_read_whole(tmp_path: Path):
    path = write(tmp_path, "valve\tVentil\npump\tPumpe\n# a comment\n", name="glossary.txt")
    assert "--no-header" in asked(path)
    said = {"1": "term en", "2": "term de"}
    concepts, tally = read(path, no_header=True, columns=said)
    assert pairs(concepts, "en", "de") == [(("valve",), ("Ventil",)), (("pump",), ("Pumpe",))]
    assert tally.left_out["a comment"].count == 1


def test_a_deepl_download_names_its_languages_in_every_row(tmp_path: Path):
    concepts, _ = read(write(tmp_path, '"valve","Ventil","EN","DE"\n"pump","Pumpe","EN","DE"\n'))
    assert pairs(concepts, "en", "de") == [(("valve",), ("Ventil",)), (("pump",), ("Pumpe",))]


def test_a_pair_of_language_names_among_data_is_no_header(tmp_path: Path):
    path = write(tmp_path, "弁,valve\n日本語,Japanese\n英語,English\n歯車,gear\n")
    assert "rows stand above it" in asked(path) or "no row looks like a header" in asked(path)


def test_a_lokalise_like_and_a_weblate_like_file_are_read(tmp_path: Path):
    text = (
        "term;description;casesensitive;translatable;forbidden;tags;de;de_description\n"
        "valve;A part;no;yes;no;;Ventil;Ein Teil\ngadget;;no;yes;yes;;Ding;\n"
    )
    concepts, _ = read(
        write(tmp_path, text), columns={"term": "term en", "forbidden": "forbidden de"}
    )
    assert pairs(concepts, "en", "de") == [(("valve",), ("Ventil",)), (("gadget",), ())]
    assert concepts[0].definitions == {"en": "A part", "de": "Ein Teil"}
    weblate = 'location,source,target,ID,fuzzy,context,translator_comments\n,valve,弁,"",False,,\n'
    said = {"source": "term en", "target": "term ja"}
    assert "names no language" in asked(write(tmp_path, weblate))
    assert pairs(read(write(tmp_path, weblate), columns=said)[0], "ja") == [(("弁",),)]


# --- 4: encodings ---

ENCODED = {
    "cp932": "英語,日本語\nvalve,弁\npump,ポンプ\n",
    "euc_jp": "英語,日本語\nvalve,弁\npump,ポンプ\n",
    "iso2022_jp": "英語,日本語\nvalve,弁\npump,ポンプ\n",
    "gb18030": "英文,中文\nvalve,阀门\npump,水泵\ngear,齿轮\n",
    "big5": "英文,中文\nvalve,閥門\npump,水泵\ngear,齒輪\n",
    "cp949": "영어,한국어\nvalve,밸브\npump,펌프\n",
    "cp1252": "Englisch;Deutsch\ndevice;Gerät\nkey;Schlüssel\n",
    "cp1250": "English,Čeština\nbearing,ložisko\nroller,váleček\n",
    "cp1251": "English,Русский\nvalve,клапан\n",
    "utf-16": "en,ja\nvalve,弁\n",
    "utf-16-le": "en,ja\nvalve,弁\n",
    "utf-8-sig": "en,ja\nvalve,弁\n",
}


@pytest.mark.parametrize("encoding", ENCODED)
def test_the_encoding_is_found_and_said(tmp_path: Path, encoding: str):
    text = ENCODED[encoding]
    concepts, tally = read(write(tmp_path, text, encoding))
    written = [row.replace(";", ",").split(",") for row in text.splitlines()[1:]]
    assert [[term.text for term in one.terms] for one in concepts] == written
    (table,) = tally.tables
    assert table.encoding_reason
    assert f"--encoding {table.encoding}" in table.command


def test_an_encoding_that_nobody_can_tell_is_asked_about_and_overruled(tmp_path: Path):
    path = write(tmp_path, "xx,yy\n\xe8\xec\xf2,b\n", "latin-1")
    columns = {"1": "term cs", "2": "term en"}
    message = asked(path, no_header=True, columns=columns)
    assert "--encoding" in message
    concepts, _ = read(path, no_header=True, columns=columns, encoding="cp1250")
    assert concepts[1].names("cs") == ("čěň",)


def test_an_encoding_that_is_wrong_is_refused_with_line_and_byte(tmp_path: Path):
    path = write(tmp_path, "en,de\nvalve,Ventil\ndevice,Gerät\n", "cp1252")
    with pytest.raises(LexgraftError, match=r"terms\.csv:3: no utf-8 text: byte 29 is 0xE4"):
        read(path, encoding="utf-8")


@pytest.mark.parametrize(("text", "encoding"), [("Gerät", "cp1252"), ("弁を開ける", "cp932")])
def test_text_that_was_read_wrongly_once_is_refused(tmp_path: Path, text: str, encoding: str):
    broken = text.encode().decode(encoding, errors="replace").replace("\ufffd", "")
    concepts, tally = read(
        write(tmp_path, f"en,de\nx,Ventil\ny,{broken}\n"), columns={"de": "term de"}
    )
    assert pairs(concepts, "de") == [(("Ventil",),), ((),)]
    assert tally.text_refusals == 1
    assert "read as something else" in tally.refused_texts[0].reason


# --- 7: merged cells, several header rows, tables side by side ------------------------------------


def test_a_header_of_two_rows_with_merged_languages(tmp_path: Path):
    rows = [
        ["用語集 第3版"],
        ["番号", "日本語", None, "英語", None],
        [None, "用語", "定義", "用語", "定義"],
        [1, "弁", "流れを止める部品", "valve", "a part that stops a flow"],
    ]
    path = workbook(tmp_path, ["A2:A3", "B2:C2", "D2:E2"], 用語=rows)
    (concept,), tally = read(path)
    assert (concept.id, concept.names("ja"), concept.names("en")) == ("1", ("弁",), ("valve",))
    assert concept.definitions == {"ja": "流れを止める部品", "en": "a part that stops a flow"}
    assert (tally.tables[0].header_rows, tally.tables[0].title_rows) == ((2, 3), (1,))


def test_vertically_merged_cells_stand_in_all_their_rows(tmp_path: Path):
    rows = [
        ["en", "ja", "分野"],
        ["valve", "弁", "流体"],
        [None, "バルブ", None],
        ["gear", "歯車", None],
    ]
    concepts, _ = read(workbook(tmp_path, ["A2:A3", "C2:C4"], A=rows))
    assert pairs(concepts, "en", "ja") == [(("valve",), ("弁", "バルブ")), (("gear",), ("歯車",))]
    assert [one.field for one in concepts] == ["流体", "流体"]


def test_a_header_below_many_titles_is_found(tmp_path: Path):
    titles = "".join(f"note {number},\n" for number in range(30))
    (concept,), tally = read(write(tmp_path, f"{titles}en,ja\nvalve,弁\n"))
    assert concept.names("ja") == ("弁",)
    assert tally.tables[0].header_rows == (31,)


def test_tables_side_by_side_are_both_read(tmp_path: Path):
    text = "en,ja,,en,ja\nvalve,弁,,gear,歯車\npump,ポンプ,,,\n"
    concepts, _ = read(write(tmp_path, text))
    assert pairs(concepts, "en", "ja") == [
        (("valve",), ("弁",)),
        (("gear",), ("歯車",)),
        (("pump",), ("ポンプ",)),
    ]
    assert len({one.id for one in concepts}) == 3


def test_a_header_that_comes_again_is_no_row(tmp_path: Path):
    concepts, tally = read(write(tmp_path, "en,ja\nvalve,弁\nen,ja\ngear,歯車\n"))
    assert len(concepts) == 2
    assert tally.left_out["the header again"].lines == [3]


# --- 8: languages ---


@pytest.mark.parametrize(
    "tag",
    ["hi", "fa", "ca", "ne", "hy", "sr", "cy", "sw", "tl", "yue", "haw", "ug", "az", "uz", "kk"],
)
def test_every_language_can_be_a_column(tmp_path: Path, tag: str):
    concepts, _ = read(write(tmp_path, "en,x\nvalve,y\n"), columns={"x": f"term {tag}"})
    assert concepts[0].names(tag) == ("y",)


def test_scripts_and_regions_stay_apart_where_terms_differ(tmp_path: Path):
    text = "en,zh-CN,zh-TW,pt-BR,pt-PT\nmemory,内存,記憶體,tela,ecrã\nvalve,阀,閥,válvula,válvula\n"
    memory, valve = read_concepts([write(tmp_path, text)])
    assert (memory.names("zh-Hans"), memory.names("zh-Hant")) == (("内存",), ("記憶體",))
    assert (memory.names("pt-BR"), memory.names("pt-PT")) == (("tela",), ("ecrã",))
    assert valve.names("pt") == ("válvula",)


def test_a_language_that_is_asked_for_is_served_by_lookup(tmp_path: Path):
    path = write(tmp_path, "en-US,de,zh-TW\nvalve,Ventil,閥\n")
    (concept,) = read_concepts([path], ImportOptions(called=("en", "de-AT", "zh-Hant-HK", "zh")))
    assert concept.names("en") == ("valve",)
    assert concept.names("de-AT") == ("Ventil",)
    assert concept.names("zh-Hant-HK") == ("閥",)
    assert concept.names("zh") == ()


# --- 11: statuses ---


@pytest.mark.parametrize(
    "status",
    ["standardizedTerm", "legalTerm-admn-sts", "regulatedTerm", "確定", "済", "Fix", "Released"],
)
def test_statuses_of_the_standards_and_of_companies_are_known(tmp_path: Path, status: str):
    (concept,), _ = read(write(tmp_path, f"en,ja,status\nvalve,弁,{status}\n"))
    assert concept.names("ja") == ("弁",)


def test_an_unknown_status_keeps_its_row_as_pending_and_can_be_said(tmp_path: Path):
    text = "en,ja,status\nvalve,弁,承認\npump,ポンプ,承認\ngear,歯車,Hmpf\n"
    concepts, tally = read(write(tmp_path, text))
    assert [term.status for term in concepts[2].terms] == ["pending", "pending"]
    assert (len(concepts), tally.pending, tally.kept) == (3, 2, 3)
    assert any("`Hmpf` is not known" in warning for warning in tally.warnings)
    concepts, _ = read(write(tmp_path, text), status={"Hmpf": "approved"})
    assert concepts[2].names("ja") == ("歯車",)


# --- 12: cells ---


def test_cells_that_hold_no_text_of_their_own_are_left_out_and_said(tmp_path: Path):
    text = (
        "en,ja\nvalve,弁\nR&amp;D,<b>研究</b>開発\nx,#N/A\ny,TBD\nz,未定\nv,同上\n"
        "w,#REF!\nhole,弁（べん）\ncentral processing unit (CPU),中央処理装置（CPU）\n"
    )
    concepts, tally = read(write(tmp_path, text))
    assert pairs(concepts, "en", "ja")[1] == (("R&D",), ("研究開発",))
    assert [one.names("ja") for one in concepts[2:7]] == [()] * 5
    assert concepts[7].terms[1:] == (Term("弁", "ja"), Term("べん", "ja-Hrkt"))
    assert concepts[8].names("ja") == ("中央処理装置", "CPU")
    said = " ".join(tally.warnings)
    for word in ("error", "placeholder", "same as above", "markup", "a reading", "a synonym"):
        assert word in said
    taken, _ = read(write(tmp_path, text), cells={"ditto": "above", "brackets": "take"})
    assert taken[5].names("ja") == ()
    assert taken[7].names("ja") == ("弁（べん）",)


def test_a_cell_with_several_lines_is_asked_about(tmp_path: Path):
    path = write(tmp_path, 'en,ja\nvalve,"弁\nバルブ"\n')
    assert "--cells lines=terms" in asked(path)
    assert pairs(read(path, cells={"lines": "terms"})[0], "ja") == [(("弁", "バルブ"),)]
    assert pairs(read(path, cells={"lines": "one"})[0], "ja") == [(("弁 バルブ",),)]


def test_several_separators_stand_in_one_file(tmp_path: Path):
    path = write(tmp_path, "en,ja\nvalve/tap,弁／バルブ\n")
    concepts, _ = read(path, separators=("/", "／"))
    assert pairs(concepts, "en", "ja") == [(("valve", "tap"), ("弁", "バルブ"))]


def test_tab_separated_text_may_be_quoted(tmp_path: Path):
    concepts, _ = read(
        write(tmp_path, 'en\tja\n"valve"\t"弁"\n"a ""b"""\t"c"\n'), columns={"ja": "term ja"}
    )
    assert pairs(concepts, "en") == [(("valve",),), (('a "b"',),)]


def test_struck_cells_and_hidden_rows_are_said(tmp_path: Path):
    from openpyxl import load_workbook
    from openpyxl.styles import Font

    path = workbook(
        tmp_path, A=[["en", "ja"], ["valve", "弁"], ["pump", "ポンプ"], ["gear", "歯車"]]
    )
    book = load_workbook(path)
    sheet = book["A"]
    sheet["B3"].font = Font(strike=True)
    sheet.row_dimensions[4].hidden = True
    book.save(path)
    concepts, tally = read(path)
    assert pairs(concepts, "ja") == [(("弁",),), ((),), (("歯車",),)]
    assert "struck through, left out" in " ".join(tally.warnings)
    assert "a hidden row, taken" in " ".join(tally.warnings)
    concepts, _ = read(path, cells={"struck": "take", "hidden": "leave-out"})
    assert pairs(concepts, "ja") == [(("弁",),), (("ポンプ",),)]


# --- 15: other workbooks ---


def test_an_open_document_workbook_is_read(tmp_path: Path):
    path = open_document(tmp_path / "terms.ods", [["en", "ja"], ["valve", "弁"]])
    concepts, _ = read(path)
    assert pairs(concepts, "en", "ja") == [(("valve",), ("弁",))]


def test_a_workbook_with_a_password_is_refused_with_a_cure(tmp_path: Path):
    path = tmp_path / "terms.xlsx"
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))
    with pytest.raises(LexgraftError, match="without a password"):
        read(path)


def test_a_table_of_many_unclear_columns_is_asked_about_in_a_message_that_can_be_read(
    tmp_path: Path,
):
    headers = [f"MT {number} {'x' * 300}" for number in range(60)]
    file = tmp_path / "wide.csv"
    lines = [["English term", *headers], ["valve", *["Ventil"] * 60], ["pump", *["Pumpe"] * 60]]
    file.write_text("\n".join(",".join(cells) for cells in lines), encoding="utf-8")
    with pytest.raises(UnclearTableError) as found:
        read_concepts([file])
    assert len(str(found.value)) < 4000


def test_a_first_cell_as_long_as_a_page_is_no_header_and_costs_no_time():
    started = process_time()
    long, plain = meanings_of(["term " * 4_000 + "English", "English term"])
    assert long.reason == "longer than a header"
    assert (plain.role, plain.language) == ("term", "en")
    assert process_time() - started < 1
