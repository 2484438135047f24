"""Tables of companies, by kind of fault: what was once read wrong with exit status 0."""

from pathlib import Path

import pytest

from lexgraft.errors import LexgraftError
from lexgraft.records import Concept
from lexgraft.terms.readers import ImportOptions, TermImport
from lexgraft.terms.readers.table_account import UnclearTableError
from lexgraft.terms.readers.text_tables import separator_of


def read(tmp_path: Path, text: str, encoding: str = "utf-8", **options: object) -> list[Concept]:
    path = tmp_path / "terms.csv"
    path.write_bytes(text.encode(encoding))
    return list(TermImport([path], ImportOptions(**options)))  # type: ignore[arg-type]


def asked(tmp_path: Path, text: str) -> str:
    with pytest.raises(UnclearTableError) as caught:
        read(tmp_path, text)
    return str(caught.value)


def statuses(concepts: list[Concept]) -> dict[str, str]:
    return {term.text: term.status for one in concepts for term in one.terms}


def test_polish_in_latin_2_is_not_read_as_the_code_page_of_windows(tmp_path: Path):
    text = "Termin polski;Termin angielski\nśruba;screw\nłożysko;bearing\nkoło zębate;gear\n"
    for encoding in ("iso8859_2", "cp1250"):
        concepts = read(tmp_path, text, encoding)
        assert [one.names("pl") for one in concepts] == [("śruba",), ("łożysko",), ("koło zębate",)]


@pytest.mark.parametrize(
    ("header", "word"),
    [
        ("Tradução em português,Tradução em inglês,Situação", "proibido"),
        ("Italiano,Inglese,Stato", "vietato"),
        ("Termin polski,Termin angielski,Status", "zabroniony"),
        ("Термин (русский),Английский,Статус", "запрещено"),
    ],
)
def test_four_more_languages_name_what_is_forbidden(tmp_path: Path, header: str, word: str):
    term = "клапан" if word == "запрещено" else "valvola"
    text = f"{header}\n{term},tap,{word}\n{term},valve,\n"
    assert statuses(read(tmp_path, text))["tap"] == "forbidden"


@pytest.mark.parametrize(
    ("header", "good", "bad"),
    [("ID,Language,Term,Usage", "preferred", "deprecated"), ("id,言語,用語,区分", "推奨", "禁止")],
)
def test_a_word_for_something_else_over_statuses_is_a_status(
    tmp_path: Path, header: str, good: str, bad: str
):
    rows = f"1,de,Lastkraftwagen,{good}\n1,de,Laster,{bad}\n"
    assert statuses(read(tmp_path, f"{header}\n{rows}"))["Laster"] == "forbidden"


def test_a_kind_of_term_is_a_field_and_no_status(tmp_path: Path):
    (one,) = read(tmp_path, "日本語,英語,区分\n弁,valve,機械\n")
    assert one.field == "機械"


def test_a_forbidden_row_joins_its_term_whichever_stands_first(tmp_path: Path):
    rows = ["Maul,jaw,verboten\n", "Maul,spanner,freigegeben\n"]
    for order in (rows, rows[::-1]):
        (one,) = read(tmp_path, "DE,EN,Status\n" + "".join(order))
        assert statuses([one]) == {"Maul": "preferred", "spanner": "preferred", "jaw": "forbidden"}


def test_an_unknown_column_beside_one_language_is_asked_about(tmp_path: Path):
    question = asked(tmp_path, "Deutsch,Anglo\nVentil,valve\nRad,gear\nLager,bearing\n")
    assert "terms of one language only" in question
    assert "'Anglo=term en'" in question


def test_rows_of_a_term_each_that_nothing_joins_are_asked_about(tmp_path: Path):
    text = "Unit,Language,Term\n1,en,valve\n1,de,Ventil\n2,en,gear\n2,de,Rad\n"
    assert "--column Unit=id" in asked(tmp_path, text)
    assert len(read(tmp_path, text, columns={"Unit": "id"})) == 2


def test_no_language_is_proposed_that_only_the_user_knows(tmp_path: Path):
    for text in ("valve,Ventil\ngear,Rad\n", "source,target\nvalve,Ventil\n"):
        question = asked(tmp_path, text)
        assert "=term LANGUAGE" in question
        assert "=term en" not in question
    assert "'Target=term ja'" in asked(tmp_path, "Source,Target\ngear,歯車\n")


@pytest.mark.parametrize("text", ["en,ja,DNT\nvalve,弁,TRUE\n", "en,ja,Article no.\nvalve,弁,47\n"])
def test_a_column_of_flags_or_numbers_is_first_proposed_to_be_passed_over(
    tmp_path: Path, text: str
):
    assert "=ignore -o" in asked(tmp_path, text).replace("'", "")


def test_a_forbidden_column_without_any_language_is_asked_about(tmp_path: Path):
    assert "'NG訳=forbidden ja'" in asked(tmp_path, "NG訳,用語,読み\nギヤ,ギア,ぎあ\n")


def test_a_role_behind_a_code_is_no_variant_of_the_language(tmp_path: Path):
    text = "EN,EN_usage,EN_status,DE,DE_status\ntap,x,rejected,Hahn,approved\n"
    assert statuses(read(tmp_path, text)) == {"tap": "forbidden", "Hahn": "preferred"}
    (one,) = read(tmp_path, "lang:en,lang:de_DE\nvalve,Ventil\n")
    assert one.names("de") == ("Ventil",)


def test_a_row_that_names_its_languages_is_no_header(tmp_path: Path):
    text = "From,To,A,B\nvalve,Ventil,en,de\ngear,engrenage,en,fr\n"
    assert "--header-rows 2" not in asked(tmp_path, text)


def test_a_tab_that_strayed_into_a_cell_separates_nothing():
    commas = "en,de,x\nvalve,Ventil\t,ok\ngear,Rad,\nnut,Mutter,\n"
    tabs = "en\tde\nvalve, stop\tVentil\n"
    assert (separator_of(commas), separator_of(tabs)) == (",", "\t")
    assert separator_of("# a comment, one\nvalve, x\tVentil\ngear\tRad\n") == "\t"


def test_brackets_that_stay_in_a_term_and_very_long_terms_are_counted(tmp_path: Path):
    path = tmp_path / "terms.csv"
    path.write_text(f"en,de\nrun (v),laufen\nvalve,{'lang ' * 60}\nrun,los\n", encoding="utf-8")
    reading = TermImport([path], ImportOptions())
    list(reading)
    warnings = " ".join(reading.readings[0].tally.warnings)
    assert "stay part of it" in warnings
    assert "more than 200 characters" in warnings


@pytest.mark.parametrize(
    "text", ['msgid "valve"\nmsgstr "Ventil"\n', '[{"en": "valve"}]\n', '"valve" = "Ventil";\n']
)
def test_catalogues_of_messages_are_no_tables(tmp_path: Path, text: str):
    with pytest.raises(LexgraftError, match="no term base"):
        read(tmp_path, text)


def test_a_title_above_the_header_again_is_no_term(tmp_path: Path):
    text = "Ventile,\nDeutsch,English\nVentil,valve\nLager,\nDeutsch,English\nKugellager,bearing\n"
    assert [one.names("de") for one in read(tmp_path, text)] == [("Ventil",), ("Kugellager",)]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("영어,한국어,정의\nvalve,밸브,흐름을 막는다\ngear,기어,돈다\n", "ko"),
        ("en,ru,definition\nvalve,клапан,регулирует поток\n", "ru"),
        ("en,el,definition\nvalve,βαλβίδα,stops the flow\n", "en"),
        (
            "en,fr,définition\nvalve,vanne,organe qui règle le débit\ngear,roue,une pièce dentée\n",
            "fr",
        ),
        ("de,en,definition\nVentil,valve,a part of the pump that stops the flow\n", "en"),
        ("nl,pl,definitie\nklep,zawór,onderdeel van een pomp dat het water tegenhoudt\n", "nl"),
    ],
)
def test_a_definition_is_of_the_language_it_is_written_in(tmp_path: Path, text: str, language: str):
    for concept in read(tmp_path, text):
        assert set(concept.definitions) == {language}


def test_a_definition_of_which_nobody_can_tell_the_language_is_asked_about(tmp_path: Path):
    text = "en,fr,definition\nvalve,vanne,obturation\ngear,roue,rotation\n"
    message = asked(tmp_path, text)
    assert "--column 'definition=definition en' or --column 'definition=definition fr'" in message
    (concept, _) = read(tmp_path, text, columns={"definition": "definition fr"})
    assert concept.definitions == {"fr": "obturation"}


def test_dutch_headers_are_understood(tmp_path: Path):
    text = (
        "Engels;Nederlands;Definitie;Verboden term (NL);Vakgebied;Opmerking\n"
        "valve;klep;onderdeel van een pomp;afsluiter;hydrauliek;let op\n"
    )
    (concept,) = read(tmp_path, text)
    assert statuses([concept]) == {
        "valve": "preferred",
        "klep": "preferred",
        "afsluiter": "forbidden",
    }
    assert (concept.field, list(concept.definitions)) == ("hydrauliek", ["nl"])


def test_a_column_is_asked_about_once(tmp_path: Path):
    message = asked(tmp_path, "EN,PT_ru\nvalve,клапан\ngear,шестерня\n")
    assert message.count("the column `PT_ru`") == 1
    assert "--column 'PT_ru=term ru' or" in message


def test_a_column_that_is_named_and_not_there_is_said_beside_the_questions(tmp_path: Path):
    path = tmp_path / "terms.csv"
    path.write_text("nl,pl,MT\nklep,zawór,x\nas,oś,y\n", encoding="utf-8")
    with pytest.raises(UnclearTableError, match=r"no column is called `MTs`; did you mean `MT`"):
        list(TermImport([path], ImportOptions(columns={"MTs": "note"})))


CYRILLIC = "en,ru\nvalve,клапан\ngear,Шестерня\ngate,Заслонка\n"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (CYRILLIC, "koi8-r"),
        (CYRILLIC, "cp866"),
        (CYRILLIC, "cp1251"),
        (CYRILLIC, "iso8859_5"),
        ("en,he\nvalve,שסתום\ngear,גלגל שיניים\n", "cp1255"),
        ("en,ar\nvalve,صمام\ngear,ترس\nshaft,عمود\n", "cp1256"),
        ("en,th\nvalve,วาล์ว\ngear,เกียร์\n", "cp874"),
        ("en,el\nvalve,βαλβίδα\ngear,γρανάζι\n", "cp1253"),
        ("pt-BR;es\nválvula;válvula\nligação;conexión\n", "cp850"),
        ("Englisch;Deutsch\ndevice;Gerät\nkey;Schlüssel\n", "cp850"),
        ("Englisch;Deutsch\ndevice;Gerät\nkey;Schlüssel\n", "mac_roman"),
        ("en;vi\nvalve;van nước\n", "cp1258"),
    ],
)
def test_an_encoding_is_found_or_asked_about_and_never_read_as_another(
    tmp_path: Path, text: str, encoding: str
):
    from unicodedata import normalize

    try:
        data = text.encode(encoding)
    except UnicodeEncodeError:
        data = normalize("NFD", text).encode(encoding, errors="ignore")
        text = data.decode(encoding)
    path = tmp_path / "terms.csv"
    path.write_bytes(data)
    expected = [
        normalize("NFC", row).split(text[2] if text[2] in ",;" else ";")
        for row in text.splitlines()[1:]
    ]
    message = ""
    try:
        concepts = list(TermImport([path]))
    except LexgraftError as error:
        message, concepts = str(error), []
    texts = [[normalize("NFC", term.text) for term in one.terms] for one in concepts]
    assert "--encoding" in message or texts == expected


@pytest.mark.parametrize("encoding", ["koi8-r", "cp1251", "cp866"])
def test_cyrillic_in_lower_case_is_found(tmp_path: Path, encoding: str):
    concepts = read(tmp_path, "en,ru\nvalve,клапан\ngear,шестерня\npump,насос\n", encoding)
    assert concepts[0].names("ru") == ("клапан",)


def test_signs_of_a_latin_text_are_no_chinese(tmp_path: Path):
    concepts = read(tmp_path, "en;de\n45 °C;45 °C\nµm;µm\n", "cp1252")
    assert [one.names("de") for one in concepts] == [("45 °C",), ("µm",)]


@pytest.mark.parametrize(
    ("header", "meaning"),
    [
        ("Erklaerung (deutsch)", "definition de"),
        ("Definicion en espanol", "definition es"),
        ("Definicao (pt)", "definition pt"),
        ("Wyjasnienie (pl)", "definition pl"),
        ("Verbotene Benennung (de)", "forbidden de"),
    ],
)
def test_headers_are_understood_without_accents_and_umlauts(header: str, meaning: str):
    from lexgraft.terms.readers.column_headers import meanings_of

    assert meanings_of([header])[0].name == meaning


@pytest.mark.parametrize("header", ["en_short", "de_Kunde", "nl-bronnen", "en-x-foo", "fr_client"])
def test_a_word_behind_a_code_is_no_variant_of_the_language(header: str):
    from lexgraft.terms.readers.column_headers import meanings_of

    assert meanings_of([header])[0].role != "term"


def test_variants_that_are_registered_are_of_the_language():
    from lexgraft.terms.readers.column_headers import meanings_of

    names = [column.name for column in meanings_of(["de-1996", "ca-valencia", "zh-Latn-pinyin"])]
    assert names == ["term de", "term ca", "term zh-Latn"]


def test_dates_and_numbers_in_place_of_terms_are_counted(tmp_path: Path):
    from datetime import date

    from openpyxl import Workbook

    book = Workbook()
    assert book.active is not None
    for row in (["en", "de"], [date(2024, 3, 1), "MAR1"], [0.5, "halb"], [True, "wahr"]):
        book.active.append(row)
    book.save(tmp_path / "t.xlsx")
    reading = TermImport([tmp_path / "t.xlsx"])
    texts = [one.terms[0].text for one in reading]
    assert texts == ["2024-03-01", "0.5", "TRUE"]
    counted = reading.readings[0].tally.warnings
    (odd,) = [one for reason, one in counted.items() if "without a letter" in reason]
    assert odd.lines == [2, 3]


def test_a_second_table_below_the_first_is_refused_by_its_line(tmp_path: Path):
    file = tmp_path / "two.csv"
    rows = ["Deutsch;Englisch", "Ventil;valve", "Deutsch;German", "", "Elektrik;"]
    rows += ["Deutsch;Französisch", "Strom;courant"]
    file.write_text("\n".join(rows), encoding="utf-8")
    with pytest.raises(LexgraftError, match=r"two\.csv:6: another table begins here"):
        list(TermImport([file]))


def test_a_forbidden_row_without_a_translation_forbids_its_only_term(tmp_path: Path):
    file = tmp_path / "t.csv"
    file.write_text("en,de,Status\nvalve,Ventil,approved\nwidget,,forbidden\n", encoding="utf-8")
    assert [one.terms[0].status for one in TermImport([file])] == ["preferred", "forbidden"]


def test_a_translation_that_is_left_out_does_not_forbid_its_source_term(tmp_path: Path):
    text = "Español;Inglés;Estado\nválvula;valve;aprobado\neje;ídem;rechazado\neje;axis;\n"
    assert statuses(read(tmp_path, text)) == {
        "válvula": "preferred",
        "valve": "preferred",
        "eje": "preferred",
        "axis": "preferred",
    }


@pytest.mark.parametrize(
    "cell", ["n/d", "b/d", "н/д", "нет данных", "暂无", "n.v.t.", "sin traducir"]
)
def test_placeholders_of_further_languages_are_no_terms(tmp_path: Path, cell: str):
    (concept, _) = read(tmp_path, f"Polski;Niemiecki\nśruba;{cell}\nzawór;Ventil\n")
    assert [term.text for term in concept.terms] == ["śruba"]


def test_a_rule_of_matching_is_no_link_and_variations_are_synonyms(tmp_path: Path):
    file = tmp_path / "t.csv"
    file.write_text(
        "Term (en-US),Exact Match (en-US),Variations (en-US),Term (de-DE)\n"
        "valve,false,valves,Ventil\n",
        encoding="utf-8",
    )
    (concept,) = TermImport([file])
    assert (concept.same_as, concept.names("en")) == ((), ("valve", "valves"))


@pytest.mark.parametrize(
    ("header", "tag"),
    [("svenska,engelska", "sv"), ("Tiếng Việt,Tiếng Anh", "vi"), ("العربية,الإنجليزية", "ar")],
)
def test_languages_are_known_by_their_names_in_further_languages(
    tmp_path: Path, header: str, tag: str
):
    file = tmp_path / "t.csv"
    text = {"sv": "ventil,valve", "vi": "van,valve", "ar": "صمام,valve"}[tag]
    file.write_text(f"{header}\n{text}\n", encoding="utf-8")
    (concept,) = TermImport([file])
    assert [term.language for term in concept.terms] == [tag, "en"]


def test_a_web_page_is_refused_by_name(tmp_path: Path):
    file = tmp_path / "t.html"
    file.write_text("<!DOCTYPE html>\n<table><tr><td>valve</table>", encoding="utf-8")
    with pytest.raises(LexgraftError, match="an HTML page, which is no term base"):
        list(TermImport([file]))
