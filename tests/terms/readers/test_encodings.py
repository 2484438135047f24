"""Text without a mark of its encoding is read right, or asked about; garbled text never passes."""

from itertools import product
from pathlib import Path

import pytest

from lexgraft.terms.readers import ImportOptions, TermImport
from lexgraft.terms.readers.table_account import UnclearTableError
from lexgraft.terms.readers.text_tables import decoded_file

LANGUAGES = {  # headers by name and in English, some terms, encodings that can hold them
    "cs": (
        "Čeština;Angličtina",
        "Czech;English",
        "ložisko jeřáb čerpadlo šroub",
        "cp1250 iso8859_2 cp852",
    ),
    "pl": (
        "Polski;Angielski",
        "Polish;English",
        "łożysko żuraw śruba źródło",
        "cp1250 iso8859_2 cp852",
    ),
    "hu": (
        "Magyar;Angol",
        "Hungarian;English",
        "csapágy szűrő fűtőtest gőz",
        "cp1250 iso8859_2 cp852",
    ),
    "ro": ("Română;Engleză", "Romanian;English", "supapă pompă şurub ţeavă", "cp1250 iso8859_2"),
    "tr": (
        "Türkçe;İngilizce",
        "Turkish;English",
        "dişli soğutma ısı yatağı",
        "cp1254 iso8859_9 cp857",
    ),
    "lt": (
        "Lietuvių;Anglų",
        "Lithuanian;English",
        "vožtuvas įtvaras ašis slėgis",
        "cp1257 iso8859_13",
    ),
    "ru": (
        "Русский;Английский",
        "Russian;English",
        "клапан подшипник ось вал",
        "cp1251 koi8_r iso8859_5 cp866 mac_cyrillic",
    ),
    "uk": (
        "Українська;Англійська",
        "Ukrainian;English",
        "підшипник ґрунт вісь їжак",
        "cp1251 koi8_u",
    ),
    "el": (
        "Ελληνικά;Αγγλικά",
        "Greek;English",
        "βαλβίδα Άτρακτος άξονας έδρανο",
        "cp1253 iso8859_7 cp737",
    ),
    "de": (
        "Deutsch;Englisch",
        "German;English",
        "Gehäuse Schlüssel Öl Maß",
        "cp1252 iso8859_15 cp850 mac_roman",
    ),
    "fr": ("Français;Anglais", "French;English", "œillet clé manœuvre pièce", "cp1252 iso8859_15"),
    "is": ("Íslenska;Enska", "Icelandic;English", "þrýstingur búnaður dæla öxull", "cp1252"),
    "ar": ("العربية;الإنجليزية", "Arabic;English", "صمام مضخة محور ترس", "cp1256 iso8859_6"),
    "ko": ("한국어;영어", "Korean;English", "밸브 펌프 축 베어링", "cp949 euc_kr"),
    "ja": ("日本語;英語", "Japanese;English", "弁 ポンプ 軸受 取付け", "cp932 euc_jp"),
    "zh": ("中文;英文", "Chinese;English", "阀门 轴承 齿轮 轴", "gb18030 gbk"),
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_sister_encodings_are_told_apart_by_letters_or_asked_about(language: str, tmp_path: Path):
    by_name, in_english, terms, encodings = LANGUAGES[language]
    for header, encoding in product((by_name, in_english, "Aa;Bb"), encodings.split()):
        text = f"{header}\n" + "".join(f"{term};term\n" for term in terms.split())
        path = tmp_path / "t.csv"
        path.write_bytes(text.encode(encoding))
        read = decoded_file(path)
        readings = [path.read_bytes().decode(name) for name in (read.encoding, *read.rivals)]
        assert text in readings, (encoding, header, read.encoding)
        if header != "Aa;Bb":
            assert read.text == text, (encoding, header, read.encoding)


@pytest.mark.parametrize(
    ("header", "cells"),
    [
        ("Türkçe", ["diþli", "yataðý"]),
        ("Czech", ["jeøáb", "èerpadlo"]),
        ("Magyar", ["szûrõ", "fûtõtest"]),
        ("Polski", ["³o¿ysko", "¿uraw"]),
        ("Russian", ["êëàïàí", "íàñîñ"]),
        ("Русский", ["ЛМЮОЮМ", "МЮЯНЯ"]),
        ("中文", ["·§ÃÅ", "±Ã"]),
        ("日本語", ["ƒoƒ‹ƒu", "ƒ|ƒ“ƒv"]),
        ("한국어", ["¹ëºê", "ÆßÇÁ"]),
        ("Deutsch", ["Geh?use", "Schl?ssel"]),
        ("日本語", ["???", "??"]),
    ],
)
def test_what_was_read_wrong_before_it_was_saved_is_asked_about(
    tmp_path: Path, header: str, cells: list[str]
):
    path = tmp_path / "t.csv"
    text = f"{header};English\n" + "".join(f"{cell};term\n" for cell in cells)
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UnclearTableError, match="save it again from its source"):
        list(TermImport([path], ImportOptions()))


@pytest.mark.parametrize(
    ("header", "cells"),
    [
        ("Türkçe", ["dişli", "crème brûlée", "yatak"]),
        ("Polski", ["łożysko", "piñata", "śruba"]),
        ("Deutsch", ["Gehäuse", "Škoda-Getriebe", "µm", "45 °C"]),
        ("Русский", ["КЛАПАН", "НАСОС", "ВАЛ"]),
        ("日本語", ["弁", "??", "ポンプ"]),
    ],
)
def test_foreign_words_and_signs_among_others_are_nothing_wrong(
    tmp_path: Path, header: str, cells: list[str]
):
    path = tmp_path / "t.csv"
    text = f"{header};English\n" + "".join(f"{cell};term {n}\n" for n, cell in enumerate(cells))
    path.write_text(text, encoding="utf-8")
    assert len(list(TermImport([path], ImportOptions()))) == len(cells)
