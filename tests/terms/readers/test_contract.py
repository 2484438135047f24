"""All readers behind one door: what every format promises."""

import gzip
from pathlib import Path

import pytest
from terms.readers.samples import SAMPLES, write_sample

from lexgraft.terms import readers
from lexgraft.terms.readers import FORMATS, TermImport, read_concepts
from lexgraft.terms.readers.file_start import start_of

JAPANESE = dict.fromkeys(SAMPLES, "発熱") | {
    "babelon": '"発"熱',
    "csv cp932": "①髙﨑㈱",
    "concepts": "",
    "obo": "",
    "mesh": "",
    "claml": "",
    "iate": "",
    "rrf": "",
    "tsv": "",
}


@pytest.mark.parametrize("name", SAMPLES)
def test_a_form_is_recognised_by_what_it_says_not_by_its_name(tmp_path: Path, name: str):
    start = start_of(write_sample(name, tmp_path))
    claims = {
        form.name: why for form in FORMATS if not form.fallback and (why := form.recognise(start))
    }
    table = next(form for form in FORMATS if form.fallback)
    assert set(claims) == {SAMPLES[name][0]} - {"table"}
    assert claims or table.recognise(start)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_reader_gives_the_term_and_accounts_for_every_row(tmp_path: Path, name: str):
    taken = TermImport([write_sample(name, tmp_path)])
    concepts = list(taken)
    (reading,) = taken.readings
    tally = reading.tally

    language, term = ("ja", "発熱") if name == "medis" else ("en", "fever")
    fever = next(one for one in concepts if term in one.names(language))
    assert JAPANESE[name] in (*fever.names("ja"), "")
    assert bool(JAPANESE[name]) == bool(fever.names("ja"))
    assert reading.format == SAMPLES[name][0]
    assert reading.why
    assert tally.refusals == 0
    left = sum(passed.count for passed in tally.left_out.values())
    assert tally.read == tally.kept + left > 0
    assert reading.concepts == len(concepts) == len({one.id for one in concepts})
    assert name == "concepts" or all(one.source for one in concepts)


@pytest.mark.parametrize(
    "name", [name for name in SAMPLES if name not in {"workbook", "rf2", "rrf"}]
)
def test_a_packed_file_is_read_like_a_plain_one(tmp_path: Path, name: str):
    path = write_sample(name, tmp_path)
    plain = read_concepts([path])
    path.write_bytes(gzip.compress(path.read_bytes()))
    assert read_concepts([path]) == plain


@pytest.mark.parametrize("name", SAMPLES)
def test_line_ends_do_not_matter(tmp_path: Path, name: str):
    if name in {"workbook", "csv utf-16"}:
        return
    path = write_sample(name, tmp_path)
    plain = read_concepts([path])
    path.write_bytes(path.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
    assert read_concepts([path]) == plain


def test_a_reader_of_one_s_own_is_a_function_as_the_docs_show_it(tmp_path: Path):
    shown = [line[4:] for line in (readers.__doc__ or "").splitlines() if line[:4] in {"    ", ""}]
    file = tmp_path / "list.txt"
    file.write_text("#words\nheart=心臓\nliver\n", encoding="utf-8")
    plugin = tmp_path / "words_reader.py"
    plugin.write_text("\n".join(shown), encoding="utf-8")
    known = list(FORMATS)
    try:
        exec("\n".join(shown), {})
        taken = TermImport([file])
        (concept,) = taken
    finally:
        FORMATS[:] = known
    assert concept.names("ja") == ("心臓",)
    (reading,) = taken.readings
    assert (reading.format, reading.why) == ("words", "the first line is `#words`")
    tally = reading.tally
    assert (tally.read, tally.kept) == (2, 1)
    assert [(refusal.line, refusal.reason) for refusal in tally.refused] == [(3, "no `=`")]
