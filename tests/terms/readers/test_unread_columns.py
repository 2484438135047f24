"""A column that may say which terms are forbidden is understood or asked about, in any language."""

from pathlib import Path

import pytest

from lexgraft.records import Concept
from lexgraft.terms.readers import ImportOptions, TermImport
from lexgraft.terms.readers.column_headers import meanings_of
from lexgraft.terms.readers.table_account import UnclearTableError


def read(folder: Path, text: str, **options: object) -> list[Concept]:
    path = folder / "terms.csv"
    path.write_text(text, encoding="utf-8")
    return list(TermImport([path], ImportOptions(**options)))  # type: ignore[arg-type]


def asked(folder: Path, text: str, **options: object) -> list[str]:
    with pytest.raises(UnclearTableError) as caught:
        read(folder, text, **options)
    return [
        answer
        for question in caught.value.questions
        for answer in (question.answer, *question.others)
    ]


def statuses(concepts: list[Concept], language: str) -> dict[str, str]:
    terms = (term for one in concepts for term in one.terms if term.language == language)
    return {term.text: term.status for term in terms}


@pytest.mark.parametrize(
    ("header", "good", "bad", "waiting"),
    [
        ("Čeština;Angličtina;Stav", "schváleno", "zakázáno", "návrh"),
        ("Slovenčina;Angličtina;Stav", "schválené", "zakázané", "návrh"),
        ("Svenska;Engelska;Status", "godkänd", "förbjuden", "förslag"),
        ("Dansk;Engelsk;Status", "godkendt", "forbudt", "forslag"),
        ("Norsk bokmål;Engelsk;Status", "godkjent", "forbudt", "utkast"),
        ("Suomi;Englanti;Tila", "hyväksytty", "kielletty", "luonnos"),
        ("Magyar;Angol;Állapot", "jóváhagyott", "tiltott", "javaslat"),
        ("Ελληνικά;Αγγλικά;ΚΑΤΑΣΤΑΣΗ", "εγκεκριμένο", "ΑΠΑΓΟΡΕΥΜΕΝΟ", "πρόχειρο"),
        ("Türkçe;İNGİLİZCE;Durum", "ONAYLANDI", "yasak", "taslak"),
        ("Українська;Англійська;Стан", "затверджено", "заборонено", "чернетка"),
        ("Български;Английски;Състояние", "одобрен", "забранен", "чернова"),
        ("Hrvatski;Engleski jezik;Stanje", "odobreno", "zabranjeno", "prijedlog"),
        ("Српски;Енглески;Статус", "одобрено", "забрањено", "предлог"),
        ("Slovenščina;Angleščina;Stanje", "odobreno", "prepovedano", "predlog"),
        ("Română;Engleză;Stare", "aprobat", "interzis", "propunere"),
        ("Lietuvių;Anglų;Būsena", "patvirtinta", "nevartotinas", "juodraštis"),
        ("Latviešu;Angļu;Stāvoklis", "apstiprināts", "aizliegts", "melnraksts"),
        ("Eesti;Inglise keel;Olek", "kinnitatud", "keelatud", "ettepanek"),
        ("Tiếng Việt;Tiếng Anh;Trạng thái", "đã duyệt", "cấm dùng", "chờ duyệt"),
        ("ภาษาไทย;ภาษาอังกฤษ;สถานะ", "อนุมัติ", "ห้ามใช้", "ร่าง"),
        ("Bahasa Indonesia;Bahasa Inggris;Status", "disetujui", "dilarang", "usulan"),
        ("العربية;الإنجليزية;الحالة", "معتمد", "محظور", "مسودة"),
        ("עברית;אנגלית;סטטוס", "מאושר", "אסור", "טיוטה"),
        ("فارسی;انگلیسی;وضعیت", "تایید شده", "ممنوع", "پیشنهاد"),
        ("हिन्दी;अंग्रेज़ी;स्थिति", "स्वीकृत", "निषिद्ध", "प्रस्तावित"),
    ],
)
def test_headers_and_statuses_of_many_languages_are_words_of_their_own(
    tmp_path: Path, header: str, good: str, bad: str, waiting: str
):
    native = {"Ελ": "αβ", "Ук": "аб", "Бъ": "аб", "Ср": "аб", "ภา": "กข", "ال": "با", "עב": "אב"}
    native |= {"فا": "با", "हि": "कख"}
    letters = native.get(header[:2], "ab")
    first = [letters, letters, letters * 3]  # the same term is approved and forbidden in English
    rows = [f"{first[n]};term{n};{word}" for n, word in enumerate((good, bad, waiting))]
    concepts = read(tmp_path, "\n".join([header, *rows, ""]))
    found = statuses(concepts, "en")
    assert found == {"term0": "preferred", "term1": "forbidden", "term2": "pending"}


@pytest.mark.parametrize(
    ("header", "yes", "no"),
    [
        ("Svenska;Engelska;Förbjudet", "ja", "nej"),
        ("Dansk;Engelsk;Forbudt", "x", ""),
        ("Suomi;Englanti;Kielletty", "kyllä", "ei"),
        ("Magyar;Angol;Tiltott", "igen", "nem"),
        ("Türkçe;İngilizce;Yasak", "evet", "hayır"),
        ("Čeština;Angličtina;Zakázáno", "ano", "ne"),
        ("日本語;英語;禁止", "○", "x"),
        ("한국어;영어;금지어", "O", "X"),
    ],
)
def test_flags_of_many_languages_forbid(tmp_path: Path, header: str, yes: str, no: str):
    term = {"日": "弁", "한": "밸브"}.get(header[0], "aba")
    text = f"{header}\n{term};valve;{no}\n{term};tap;{yes}\n{term * 3};pump;{no}\n"
    found = statuses(read(tmp_path, text), "en")
    assert found == {"valve": "preferred", "tap": "forbidden", "pump": "preferred"}


@pytest.mark.parametrize(
    ("cells", "answer"),
    [
        (["nobl", "krek", "nobl", "nobl"], "Zyx=status"),
        (["nobl", "krek", "wim", "dap", "ulu", "nobl", "krek", "wim", "dap", "ulu"], "Zyx=field"),
        (["", "x", "", ""], "Zyx=forbidden"),
        (["1", "1", "0", "1"], "Zyx=approved"),
        (["", "", "nobl", ""], "Zyx=status"),
        (["", "", "forbidden", "a longer remark, that nobody counts"], "Zyx=status"),
        (["2", "2", "3", "2"], "Zyx=status"),
    ],
)
def test_an_unread_column_of_few_values_is_asked_about_in_no_language(
    tmp_path: Path, cells: list[str], answer: str
):
    rows = [f"term{n};Wort{n};{cell}" for n, cell in enumerate(cells)]
    text = "\n".join(["en;de;Zyx", *rows, ""])
    answers = asked(tmp_path, text)
    assert answers[0] == answer
    assert answers[-1] == "Zyx=ignore"
    assert len(read(tmp_path, text, columns={"Zyx": "ignore"})) == len(cells)


@pytest.mark.parametrize(
    "cells",
    [
        ["2024-01-02", "2024-01-02", "2024-03-02", "2024-03-02"],
        ["a remark", "another one", "a third", "more of them"],
        ["112", "112", "113", "113"],
        ["a@b.org", "a@b.org", "a@b.org", "a@b.org"],
        ["-", "", "-", ""],
    ],
)
def test_an_unread_column_of_anything_else_is_named_and_left_out(tmp_path: Path, cells: list[str]):
    rows = [f"term{n};Wort{n};{cell}" for n, cell in enumerate(cells)]
    assert len(read(tmp_path, "\n".join(["en;de;Zyx", *rows, ""]))) == len(cells)


@pytest.mark.parametrize(
    ("header", "answers"),
    [
        ("Comment", ["Comment=status", "Comment=ignore"]),
        ("Usage", ["Usage=status", "Usage=note"]),
        ("Kategorie", ["Kategorie=status", "Kategorie=field"]),
        ("", ["3=status", "3=field", "3=ignore"]),
    ],
)
def test_a_word_that_forbids_is_asked_about_under_any_header(
    tmp_path: Path, header: str, answers: list[str]
):
    text = f"en;de;{header}\nvalve;Ventil;pumps\ntap;Hahn;do not use\ngear;Rad;steel\n"
    assert asked(tmp_path, text) == answers


@pytest.mark.parametrize("cell", ["x", "tabu", "forbidden"])
def test_a_flag_below_the_rows_by_which_a_table_is_understood_is_asked_about(
    tmp_path: Path, cell: str
):
    rows = [f"term{n};Wort{n};{cell if n == 600 else ''}" for n in range(620)]
    text = "\n".join(["en;de;Zyx", *rows, ""])
    assert "Zyx=ignore" in asked(tmp_path, text)
    assert len(read(tmp_path, text, columns={"Zyx": "ignore"})) == len(rows)


def test_a_concept_is_an_id_where_its_cells_are_codes_or_join_rows(tmp_path: Path):
    wide = "concept;en;de\n17;valve;Ventil\n18;pump;Pumpe\n"
    long = "concept;language;term\nA;en;valve\nA;de;Ventil\nB;en;pump\nB;de;Pumpe\n"
    assert [one.id for one in read(tmp_path, wide)] == ["17", "18"]
    assert [one.id for one in read(tmp_path, long)] == ["A", "B"]


@pytest.mark.parametrize(
    ("header", "meaning"),
    [
        ("Anglický termín", "term en"),
        ("Термін англійською", "term en"),
        ("Немецкий термин", "term de"),
        ("Termin niemiecki", "term de"),
        ("Englannin kieli", "term en"),
        ("angolul", "term en"),
        ("på engelska", "term en"),
        ("αγγλικα", "term en"),
        ("Definícia (sk)", "definition sk"),
        ("Roman", "ignore"),
        ("Angle", "ignore"),
        ("Stand", "ignore"),
    ],
)
def test_languages_are_named_in_many_languages_and_words_are_none(header: str, meaning: str):
    assert meanings_of([header])[0].name == meaning


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("English;Synonyms\nvalve;Absperrhahn\nshaft;Welle\n", "Synonyms=synonyms de"),
        ("English;日本語;Synonyms\nvalve;弁;Absperrhahn\nshaft;軸;Welle\n", "Synonyms=synonyms de"),
        ("English;Synonyms\nvalve;vanne de la pompe\nshaft;arbre\n", "Synonyms=synonyms fr"),
        ("English;Swedish;Synonym\nvalve;ventil;kran\nshaft;axel;vev\n", "Synonym=synonyms en"),
        ("한국어;중국어;금지어\n밸브;阀门;valve\n펌프;泵;pump\n", "금지어=forbidden ko"),
    ],
)
def test_synonyms_that_may_be_in_another_language_are_asked_about(
    tmp_path: Path, text: str, answer: str
):
    assert asked(tmp_path, text)[0] == answer


@pytest.mark.parametrize(
    ("text", "language", "terms"),
    [
        ("English;Synonyms\nvalve;tap\nshaft;PTO\n", "en", {"tap", "PTO"}),
        (
            "English;日本語;Synonyms\nvalve;弁;stop valve\nshaft;軸;axle\n",
            "en",
            {"stop valve", "axle"},
        ),
        ("한국어;중국어;금지어\n밸브;阀门;凡尔\n펌프;泵;帮浦\n", "zh", {"凡尔", "帮浦"}),
        ("한국어;중국어;금지어\n밸브;阀门;발브\n펌프;泵;뽐뿌\n", "ko", {"발브", "뽐뿌"}),
    ],
)
def test_synonyms_are_of_the_language_that_their_cells_leave(
    tmp_path: Path, text: str, language: str, terms: set[str]
):
    found = statuses(read(tmp_path, text), language)
    assert {text for text, status in found.items() if status != "preferred"} == terms


@pytest.mark.parametrize(
    ("header", "meanings"),
    [
        ("Ελληνικός όρος,Αγγλικός όρος", ["term el", "term en"]),
        ("المصطلح العربي,المصطلح الإنجليزي", ["term ar", "term en"]),
        ("हिंदी शब्द,अंग्रेजी शब्द", ["term hi", "term en"]),
        ("Terme català,Terme anglès", ["term ca", "term en"]),
        ("한글,영문", ["term ko", "term en"]),
        ("Termen RO,Termen EN", ["term ro", "term en"]),
        ("TÜRKÇE,ALMANCA", ["term tr", "term de"]),
    ],
)
def test_adjectives_and_capitals_name_languages_too(header: str, meanings: list[str]):
    assert [column.name for column in meanings_of(header.split(","))] == meanings


def test_a_first_row_that_alone_has_capitals_is_proposed_as_the_header(tmp_path: Path):
    text = "Қазақша атауы;Ағылшынша;Күйі\nклапан;valve;бар\nсорғы;pump;бар\n"
    assert asked(tmp_path, text)[:2] == ["1", "--no-header"]
    found = read(
        tmp_path, text, columns={"1": "term kk", "2": "term en", "3": "ignore"}, header_rows=(1,)
    )
    assert [one.names("kk") for one in found] == [("клапан",), ("сорғы",)]


@pytest.mark.parametrize(
    "remark",
    [
        "Don't use",
        "Bitte nicht mehr verwenden",
        "nicht verwenden: veraltet",
        "Vermeiden!",
        "NEPOUŽÍVAT!",
        "Älä käytä!",
        "ne pas utiliser",
        "À bannir",
        "no usar",
        "não usar",
        "da evitare",
        "nie stosować",
        "не употреблять",
        "Undvik",
        "请勿使用",
        "使用しないこと",
        "사용하지 말 것",
        "प्रयोग न करें",
    ],
)
def test_a_remark_that_forbids_is_asked_about(tmp_path: Path, remark: str):
    table = f"English,Deutsch,Remarks\nvalve,Ventil,\nbearing,Lager,{remark}\ngear,Rad,\n"
    assert "Remarks=status" in asked(tmp_path, f"{table}seal,Dichtung,ISO 4413\n")


@pytest.mark.parametrize(
    "remark", ["Smoking is prohibited near it", "see ISO 4413", "the obsolete one was of brass"]
)
def test_a_remark_that_speaks_of_other_things_is_none(tmp_path: Path, remark: str):
    table = f"English,Deutsch,Remarks\nvalve,Ventil,\nbearing,Lager,{remark}\ngear,Rad,\n"
    assert len(read(tmp_path, f"{table}seal,Dichtung,ISO 4413\n")) == 4


def test_what_forbids_is_no_definition(tmp_path: Path):
    table = "English,Türkçe,Açıklama\nvalve,vana,\nbearing,bilya,Kullanılmamalı\n"
    assert "Açıklama=status" in asked(tmp_path, f"{table}gear,dişli,diş\n")


@pytest.mark.parametrize(
    ("value", "first"), [("verboten seit 2020", "forbidden"), ("Stufe B", "pending")]
)
def test_a_status_that_is_not_known_is_never_taken_for_approved_at_first(
    tmp_path: Path, value: str, first: str
):
    table = f"English;Deutsch;Status\nvalve;Ventil;{value}\nbearing;Lager;{value}\n"
    assert asked(tmp_path, table)[0] == f"{value}={first}"


def test_a_header_that_prefers_is_not_one_that_forbids(tmp_path: Path):
    rows = "Hahn;valve;nein\nVentil;valve;ja\nZahnrad;gear;ja\nRad;gear;nein\n"
    answers = asked(tmp_path, f"Deutsch;Englisch;Bevorzugt\n{rows}")
    assert answers[0].startswith("Bevorzugt=approved")


@pytest.mark.parametrize(
    ("languages", "header"),
    [
        ("English,Français", "Ancien terme"),
        ("English,Français", "Terme à proscrire"),
        ("Polski,Angielski", "Niedozwolone"),
        ("Svenska,Engelska", "Använd ej"),
        ("Čeština,Angličtina", "Zakázaný výraz"),
        ("Deutsch,Englisch", "Deutsch alt"),
    ],
)
def test_old_and_forbidden_terms_are_no_synonyms(tmp_path: Path, languages: str, header: str):
    rows = "valve,ventil,kran\ngear,hjul,ratt\nseal,tätning,packning\n"
    answers = asked(tmp_path, f"{languages},{header}\n{rows}")
    assert not any("synonyms" in answer for answer in answers)
