"""Every command that a message gives is tried: followed as it stands it ends in an import."""

import shlex
from pathlib import Path

import pytest
from terms.readers.samples import open_document

from lexgraft.cli import main
from lexgraft.terms.readers import ImportOptions, TermImport
from lexgraft.terms.readers.table_account import SOME_LANGUAGE

ROUNDS = 6
MEMOQ = (
    '"Entry_ID","Entry_Subject","Entry_Domain","Entry_ClientID","Entry_ProjectID","Entry_Created",'
    '"Entry_Creator","Entry_LastModified","Entry_Modifier","Entry_Note","English_Def","English",'
    '"Term_Info","Term_Example","German_Def","German","Term_Info","Term_Example"\n'
    '1,Hydraulics,,,,2024-01-02,me,2024-01-02,me,,"stops the flow of a pump","valve","valve|Case",'
    '"the valve is shut","ein Teil der Pumpe","Ventil","Ventil|Case","das Ventil ist zu"\n'
)
UNCLEAR = {
    "memoq": MEMOQ,
    "no header": "valve;Ventil\ngear;Rad\n",
    "no header, two scripts": "valve;弁\ngear;歯車\n",
    "a rare code": "en;de;MT\nvalve;Ventil;klep\n",
    "an abbreviation for a code": "en;de;lit\nvalve;Ventil;DIN\n",
    "a definition": "en;fr;definition\nvalve;vanne;obturation\n",
    "a definition in another language": "English;Definition\nlorry;ein Wagen für die Güter\n",
    "abbreviations": "English;Abkürzung\nFM radio;UKW\n",
    "forbidden of two": "en;de;forbidden\nvalve;Ventil;Hahn\n",
    "one language": "Deutsch;Anglo\nVentil;valve\nRad;gear\nLager;bearing\n",
    "rows without an id": "Unit;Language;Term\n1;en;valve\n1;de;Ventil\n2;en;gear\n2;de;Rad\n",
    "another script": "English;Japanese\n弁;valve\n歯車;gear\n軸;shaft\n",
    "letters": "English;Deutsch\nvalve;Ventil\nGehäuse;housing\nLöten;soldering\nSchlüssel;key\n",
    "the same twice": "en;ja;en\nvalve;弁;tap\n",
    "several lines": 'en;de\nvalve;"Ventil\nHahn"\n',
    "statuses": "en;de;Freigabe\nvalve;Ventil;Hmpf\ngear;Rad;Tja\n",
    "statuses under no word": "en;ja;種別\nvalve;弁;承認\npump;ポンプ;廃止\n",
    "crosses": "en;de;verboten\nvalve;Ventil;×\n",
    "sentences": f"en;de\n{'the part that stops the flow of it ' * 3};Ventil\n",
    "headings": "en;de\nParts;\nvalve;Ventil\nTools;\nsaw;Säge\n",
    "rows above the header": "valve;Ventil\ngear;Rad\nEnglish;German\nnut;Mutter\n",
    "words with signs": "en;de;it's $HOME `x`\nvalve;Ventil;\"a 'b'\"\n",
    "source and target": "source;target\nvalve;Ventil\n",
    "a status in no language": "en;de;Zyx\nvalve;Ventil;nobl\ntap;Hahn;krek\ngear;Rad;nobl\n",
    "a flag in no language": "en;de;Zyx\nvalve;Ventil;\ntap;Hahn;x\n",
    "remarks that forbid": "en;de;Comment\nvalve;Ventil;\ntap;Hahn;do not use\n",
    "synonyms of another language": "English;Synonyms\nvalve;Absperrhahn\nshaft;Welle\n",
    "garbled": "Türkçe;English\ndiþli;gear\nyataðý;bearing\nyatak;bed\n",
}


def followed(words: list[str], capsys: pytest.CaptureFixture[str], output: Path) -> list[str]:
    """Follow the line of each refusal until there is none; return the words that did it."""
    for _ in range(ROUNDS):
        status = main([*words, "-o", str(output)])
        shown = capsys.readouterr()
        if status == 0:
            return words
        lines = [line.strip() for line in shown.err.splitlines()]
        ready = [line for line in lines if line.startswith("lexgraft terms import ")]
        assert ready, shown.err
        line = ready[0].replace(SOME_LANGUAGE, "de" if "=term en" in ready[0] else "en", 1)
        words = shlex.split(line.replace(SOME_LANGUAGE, "de"))[1:-2]
    raise AssertionError(f"the advice does not settle: {words}")


@pytest.mark.parametrize("kind", UNCLEAR)
@pytest.mark.parametrize("form", ["csv", "ods"])
def test_the_line_that_a_refusal_gives_ends_in_an_import(
    kind: str, form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    path = tmp_path / f"a 'file' of {kind}.{form}"
    if form == "csv":
        path.write_text(UNCLEAR[kind], encoding="utf-8")
    elif "several" in kind or kind == "memoq" or "$" in UNCLEAR[kind]:
        return  # cells of lines and signs are written by the CSV alone
    else:
        rows = [line.split(";") for line in UNCLEAR[kind].splitlines()]
        open_document(path, rows)
    output = tmp_path / "out.jsonl"
    words = followed(["terms", "import", str(path)], capsys, output)
    assert output.stat().st_size

    reading = TermImport([path], _options(words))
    concepts = output.read_bytes()
    assert list(reading)
    (table,) = reading.readings[0].tally.tables
    again = shlex.split(table.command)[1:-2]
    assert main([*again, "-o", str(tmp_path / "again.jsonl")]) == 0
    assert (tmp_path / "again.jsonl").read_bytes() == concepts


def test_a_line_with_a_word_to_replace_says_which_and_for_what(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    path = tmp_path / "pairs.csv"
    path.write_text("valve;Ventil\ngear;Rad\n", encoding="utf-8")
    assert main(["terms", "import", str(path), "-o", str(tmp_path / "out.jsonl")]) == 2
    shown = capsys.readouterr().err
    assert "replace each LANGUAGE by the language of the column (`1`, `2`): `de`, `pt-BR`" in shown
    (line,) = [line for line in shown.splitlines() if line.strip().startswith("lexgraft terms")]
    words = shlex.split(line.replace("1=term LANGUAGE", "1=term en").replace("LANGUAGE", "de"))
    assert main([*words[1:-1], str(tmp_path / "out.jsonl")]) == 0


@pytest.mark.parametrize(
    ("text", "languages"),
    [
        ("valve;клапан\ngear;шестерня\n", ""),
        ("Gehäuse;housing\nMaß;size\n", ""),
        ("Gehäuse;kåpa\nMaß;storlek\n", "de,sv"),
        ("Deutsch;Anglo\nVentil;valve\nRad;gear\nLager;bearing\n", "de,nl"),
    ],
)
def test_a_line_works_as_it_stands_where_cells_or_languages_asked_for_tell(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, languages: str
):
    path = tmp_path / "pairs.csv"
    path.write_text(text, encoding="utf-8")
    options = ["--languages", languages] if languages else []
    words = ["terms", "import", str(path), *options]
    assert main([*words, "-o", str(tmp_path / "out.jsonl")]) == 2
    shown = capsys.readouterr().err
    assert SOME_LANGUAGE not in shown
    (line,) = [line for line in shown.splitlines() if line.strip().startswith("lexgraft terms")]
    assert main([*shlex.split(line)[1:-1], str(tmp_path / "out.jsonl")]) == 0


def _options(words: list[str]) -> ImportOptions:
    from lexgraft.cli.table_options import table_arguments, table_settings
    from lexgraft.cli.verb_parser import VerbParser

    parser = VerbParser()
    parser.add_argument("words", nargs="*")
    table_arguments(parser)
    return ImportOptions(**table_settings(parser.parse_args(words), None))  # type: ignore[arg-type]
