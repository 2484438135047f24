"""One small file per format, all invented, after the published layouts; each says `fever`."""

import io
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

HEADER = (
    "id\teffectiveTime\tactive\tmoduleId\tconceptId\tlanguageCode\ttypeId\tterm\tcaseSignificanceId"
)
FULL, SYNONYM = "900000000000003001", "900000000000013009"
PREFERRED, ACCEPTABLE = "900000000000548007", "900000000000549004"
AMERICAN, BRITISH = "900000000000509007", "900000000000508004"


def description(
    number: int, concept: int, term: str, kind: str = SYNONYM, language: str = "en", active: int = 1
) -> str:
    return f"{number}\t20250101\t{active}\t1\t{concept}\t{language}\t{kind}\t{term}\t1"


def member(number: int, refset: str = AMERICAN, acceptability: str = PREFERRED) -> str:
    return f"u{number}{refset}\t20250101\t1\t1\t{refset}\t{number}\t{acceptability}"


def conso(cui: str, term: str, language: str = "ENG", **changes: str) -> str:
    cells = {
        "CUI": cui,
        "LAT": language,
        "TS": "P",
        "LUI": "L1",
        "STT": "PF",
        "SUI": "S1",
        "ISPREF": "Y",
        "AUI": "A1",
        "SAUI": "",
        "SCUI": "",
        "SDUI": "",
        "SAB": "XX",
        "TTY": "PT",
        "CODE": "NOCODE",
        "STR": term,
        "SRL": "0",
        "SUPPRESS": "N",
        "CVF": "",
    }
    return "|".join((cells | changes).values()) + "|"


TBX_2 = """<?xml version='1.0'?>
<!DOCTYPE martif SYSTEM "TBXcoreStructV02.dtd">
<martif type="TBX" xml:lang="en"><martifHeader><fileDesc><titleStmt><title>House terms</title>
</titleStmt></fileDesc></martifHeader><text><body>
<termEntry id="c1"><descrip type="subjectField">medicine</descrip>
<langSet xml:lang="en-US"><descripGrp><descrip type="definition">A raised temperature.</descrip>
</descripGrp><tig><term>fever</term><termNote type="partOfSpeech">noun</termNote>
<termNote type="administrativeStatus">preferredTerm-admn-sts</termNote></tig></langSet>
<langSet xml:lang="ja"><ntig><termGrp><term>発熱</term><termNote type="partOfSpeech">noun</termNote>
</termGrp></ntig><ntig><termGrp><term>熱病</term>
<termNote type="administrativeStatus">deprecatedTerm-admn-sts</termNote></termGrp></ntig></langSet>
</termEntry></body></text></martif>
"""
TBX_3_DCA = """<?xml version='1.0'?>
<tbx type="TBX-Basic" style="dca" xml:lang="en" xmlns="urn:iso:std:iso:30042:ed-2">
<tbxHeader><fileDesc><titleStmt><title>House terms</title></titleStmt><sourceDesc><p>x</p>
</sourceDesc></fileDesc></tbxHeader><text><body><conceptEntry id="c1">
<descrip type="subjectField">medicine</descrip><langSec xml:lang="en"><descripGrp>
<descrip type="definition">A raised temperature.</descrip></descripGrp><termSec>
<term>fever</term><termNote type="partOfSpeech">noun</termNote>
<termNote type="administrativeStatus">preferredTerm-admn-sts</termNote></termSec></langSec>
<langSec xml:lang="ja"><termSec><term>発熱</term><termNote type="partOfSpeech">noun</termNote>
</termSec><termSec><term>熱病</term>
<termNote type="administrativeStatus">deprecatedTerm-admn-sts</termNote></termSec></langSec>
</conceptEntry></body></text></tbx>
"""
TBX_3_DCT = """<?xml version='1.0'?>
<tbx type="TBX-Basic" style="dct" xml:lang="en" xmlns="urn:iso:std:iso:30042:ed-2"
 xmlns:min="http://www.tbxinfo.net/ns/min" xmlns:basic="http://www.tbxinfo.net/ns/basic">
<tbxHeader><fileDesc><titleStmt><title>House terms</title></titleStmt></fileDesc></tbxHeader>
<text><body><conceptEntry id="c1"><min:subjectField>medicine</min:subjectField>
<langSec xml:lang="en"><descripGrp><basic:definition>A raised temperature.</basic:definition>
</descripGrp><termSec><term>fever</term><min:partOfSpeech>noun</min:partOfSpeech>
<min:administrativeStatus>preferredTerm-admn-sts</min:administrativeStatus></termSec></langSec>
<langSec xml:lang="ja"><termSec><term>発熱</term><min:partOfSpeech>noun</min:partOfSpeech></termSec>
<termSec><term>熱病</term><min:administrativeStatus>deprecatedTerm-admn-sts
</min:administrativeStatus></termSec></langSec></conceptEntry></body></text></tbx>
"""
IATE = """<?xml version="1.0"?>
<martif type="TBX" xml:lang="en"><martifHeader/><text><body><termEntry id="IATE-1">
<descripGrp><descrip type="subjectField">2841</descrip></descripGrp>
<langSet xml:lang="en"><tig><term>fever</term><termNote type="termType">fullForm</termNote>
<descrip type="reliabilityCode">3</descrip></tig><tig><term>febris</term>
<descrip type="reliabilityCode">1</descrip></tig></langSet></termEntry></body></text></martif>
"""
UTX = (
    "#UTX 1.11; en/ja; 2013-05-20T10:00:00+09:00; copyright: House (2013); license: CC-BY 4.0;\r\n"
    "#src\ttgt\tsrc:pos\tterm status\tconcept ID\r\n"
    "fever\t発熱\tnoun\tapproved\t1\r\nfever\t熱病\tnoun\tforbidden\t1\r\n"
)
TMX = """<?xml version="1.0"?><tmx version="1.4"><header srclang="en" datatype="plaintext"/>
<body><tu tuid="1"><prop type="x-domain">medicine</prop><tuv xml:lang="EN-US">
<seg><bpt i="1">&lt;b&gt;</bpt>fever<ept i="1">&lt;/b&gt;</ept></seg></tuv>
<tuv xml:lang="ja-JP"><seg>発熱</seg></tuv></tu></body></tmx>
"""
MULTITERM = """<?xml version="1.0"?><mtf><conceptGrp><concept>1</concept>
<descripGrp><descrip type="Subject">medicine</descrip></descripGrp>
<languageGrp><language type="English" lang="EN"/><descripGrp>
<descrip type="Definition">A raised temperature.</descrip></descripGrp>
<termGrp><term>fever</term><descripGrp><descrip type="Status">freigegeben</descrip></descripGrp>
</termGrp></languageGrp><languageGrp><language type="Japanese" lang="JA"/>
<termGrp><term>発熱</term></termGrp><termGrp><term>熱病</term><descripGrp>
<descrip type="Status">forbidden</descrip></descripGrp></termGrp></languageGrp></conceptGrp></mtf>
"""
XLIFF = """<xliff xmlns="urn:oasis:names:tc:xliff:document:2.0" version="2.1" srcLang="en"
 trgLang="ja"
 xmlns:gls="urn:oasis:names:tc:xliff:glossary:2.0"><file id="f1"><unit id="1"><gls:glossary>
<gls:glossEntry><gls:term>fever</gls:term><gls:translation>発熱</gls:translation>
<gls:definition>A raised temperature.</gls:definition></gls:glossEntry></gls:glossary>
<segment><source>A fever.</source></segment></unit></file></xliff>
"""
MESH = """<?xml version="1.0"?><!DOCTYPE DescriptorRecordSet SYSTEM "desc2025.dtd">
<DescriptorRecordSet LanguageCode="eng"><DescriptorRecord><DescriptorUI>D1</DescriptorUI>
<DescriptorName><String>Fever</String></DescriptorName><TreeNumberList>
<TreeNumber>C23.888.119</TreeNumber></TreeNumberList><ConceptList>
<Concept PreferredConceptYN="Y"><ConceptUI>M1</ConceptUI>
<ScopeNote>A raised temperature.</ScopeNote><TermList>
<Term ConceptPreferredTermYN="N"><String>Pyrexia</String></Term>
<Term ConceptPreferredTermYN="Y"><String>fever</String></Term>
<Term IsPermutedTermYN="Y" ConceptPreferredTermYN="N"><String>Temperature, Raised</String></Term>
</TermList></Concept><Concept PreferredConceptYN="N"><ConceptUI>M2</ConceptUI><TermList>
<Term ConceptPreferredTermYN="Y"><String>Low Fever</String></Term></TermList></Concept>
</ConceptList></DescriptorRecord></DescriptorRecordSet>
"""
CLAML = """<?xml version="1.0"?><ClaML version="2.0.0"><Title name="ICD-X" version="2025">x</Title>
<Class code="I" kind="chapter"><Rubric kind="preferred"><Label xml:lang="en">Signs</Label></Rubric>
</Class><Class code="R50" kind="category"><SuperClass code="I"/>
<Rubric kind="preferred"><Label xml:lang="en">Other</Label></Rubric>
<Rubric kind="preferredLong"><Label xml:lang="en">fever</Label></Rubric>
<Rubric kind="inclusion"><Label xml:lang="en"><Fragment type="list">fever</Fragment>
<Fragment type="item">of the night</Fragment><Reference>(R51)</Reference></Label></Rubric>
<Rubric kind="exclusion"><Label xml:lang="en">chill</Label></Rubric></Class>
<ModifierClass modifier="M" code=".1"><Rubric kind="preferred"><Label>late</Label></Rubric>
</ModifierClass></ClaML>
"""
MEDIS = (
    '0,20050001,"発熱",ハツネツ,1,A1B2,R509,,,\r\n'
    '1,20050002,"熱発",ネツパツ,1,A1B3,R509,,,20050001\r\n'
)
LAW = (
    "見出し語,読み,訳語,使い分け基準,注釈\r\n発熱,はつねつ,①fever ②pyrexia,①日常の文 ②医学の文,\r\n"
    ",,heat【物の場合】,,\r\n"
)
BABELON = (
    "source_language\tsource_value\tsubject_id\tpredicate_id\ttranslation_language\t"
    "translation_value\ttranslation_status\ttranslation_precision\n"
    "en\tx\tC1\trdfs:label\ten\tfever\tOFFICIAL\tEXACT\n"
    'en\tx\tC1\trdfs:label\tja\t"発"熱\tOFFICIAL\t\n'
    "en\tx\tC1\toboInOwl:hasExactSynonym\tja\t熱\tCANDIDATE\tEXACT\n"
    "en\tx\tC1\toboInOwl:hasExactSynonym\tja\t体温\tOFFICIAL\tBROAD\n"
)
OBO = """format-version: 1.2
ontology: demo

[Term]
id: C1
name: fever
xref: UMLS:C0000001 "x"

[Term]
id: C2
name: old
is_obsolete: true
"""
JMDICT = """<!DOCTYPE JMdict [<!ENTITY n "noun"><!ENTITY med "medicine">]>
<JMdict><entry><ent_seq>1</ent_seq><k_ele><keb>発熱</keb></k_ele><r_ele><reb>はつねつ</reb></r_ele>
<sense><pos>&n;</pos><field>&med;</field><gloss>fever</gloss></sense></entry></JMdict>
"""
TURTLE = """@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix dct: <http://purl.org/dc/terms/> .
@prefix x: <http://example.org/> .
x:all a skos:ConceptScheme ; dct:title "Demo" ; dct:license <http://example.org/by> .
x:1 a skos:Concept ; skos:prefLabel "fever"@en, "発熱"@ja ; skos:altLabel "pyrexia"@en ;
  skos:hiddenLabel "feaver"@en ; skos:definition "A raised temperature."@en ; skos:broader x:2 .
"""
RDF_XML = """<?xml version="1.0"?>
<!DOCTYPE rdf:RDF [<!ENTITY rdfs "http://www.w3.org/2000/01/rdf-schema#">]>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
 xmlns:rdfs="http://www.w3.org/2000/01/rdf-schema#" xmlns:owl="http://www.w3.org/2002/07/owl#">
<owl:Class rdf:about="http://purl.obolibrary.org/obo/HP_0001945">
<rdfs:label xml:lang="en">fever</rdfs:label><rdfs:label xml:lang="ja">発熱</rdfs:label></owl:Class>
<owl:Class rdf:about="http://purl.obolibrary.org/obo/HP_0000002">
<rdfs:label>old</rdfs:label>
<owl:deprecated rdf:datatype="http://www.w3.org/2001/XMLSchema#boolean">true</owl:deprecated>
</owl:Class></rdf:RDF>
"""
TRIPLES = (
    "<http://example.org/1> <http://www.w3.org/2004/02/skos/core#prefLabel> "
    '"fever"@en .\n<http://example.org/1> <http://www.w3.org/2004/02/skos/core#prefLabel> '
    '"\\u767A\\u71B1"@ja .\n'
)
RF2 = "\r\n".join(
    [
        HEADER,
        description(11, 1, "Fever (finding)", FULL),
        description(12, 2, "chill"),
        description(13, 1, "fever"),
        description(14, 1, "gone", active=0),
        description(15, 1, "発熱", language="ja"),
        "",
    ]
)
RRF = "\n".join([conso("C0000001", "fever"), conso("C0000001", "old", SUPPRESS="O"), ""])


def workbook() -> bytes:
    from openpyxl import Workbook

    book = Workbook()
    assert book.active is not None
    for row in (["用語集 v3"], ["No.", "英語", "日本語", "備考"], [1, "fever", "発熱", "x"]):
        book.active.append(row)
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


SAMPLES: dict[str, tuple[str, Callable[[], bytes]]] = {
    "concepts": ("concepts", lambda: b'{"id":"C1","terms":[{"text":"fever","language":"en"}]}\n'),
    "obo": ("OBO", OBO.encode),
    "jmdict": ("JMdict", JMDICT.encode),
    "tbx 2": ("TBX", TBX_2.encode),
    "tbx 3 dca": ("TBX", TBX_3_DCA.encode),
    "tbx 3 dct": ("TBX", TBX_3_DCT.encode),
    "iate": ("TBX", IATE.encode),
    "utx": ("UTX", UTX.encode),
    "tmx": ("TMX", TMX.encode),
    "multiterm": ("MultiTerm", MULTITERM.encode),
    "xliff": ("XLIFF glossary", XLIFF.encode),
    "mesh": ("MeSH", MESH.encode),
    "claml": ("ClaML", CLAML.encode),
    "medis": ("MEDIS", lambda: MEDIS.encode("cp932")),
    "law": ("law dictionary", lambda: LAW.encode("cp932")),
    "babelon": ("Babelon", BABELON.encode),
    "turtle": ("RDF", TURTLE.encode),
    "rdf/xml": ("RDF", RDF_XML.encode),
    "triples": ("RDF", TRIPLES.encode),
    "rf2": ("SNOMED CT RF2", RF2.encode),
    "rrf": ("UMLS RRF", RRF.encode),
    "csv": ("table", "id,en,ja\nC1,fever,発熱\n".encode),
    "csv cp932": ("table", lambda: "id,en,日本語\nC1,fever,①髙﨑㈱\n".encode("cp932")),
    "csv utf-16": ("table", lambda: "id;en;ja\nC1;fever;発熱\n".encode("utf-16")),
    "tsv": ("table", lambda: b"id\tterm\tlang\nC1\tfever\ten\n"),
    "workbook": ("workbook", workbook),
}
"""Name → the format it must be taken for, and what makes its bytes."""


def write_sample(name: str, folder: Path) -> Path:
    """Write one sample under a name that says nothing."""
    path = folder / "anything.dat"
    path.write_bytes(SAMPLES[name][1]())
    return path


def open_document(path: Path, rows: Sequence[Sequence[str]]) -> Path:
    """Write a workbook of one sheet as ODS."""
    names = "urn:oasis:names:tc:opendocument:xmlns"
    cell = "<table:table-cell office:value-type='string'><text:p>{}</text:p></table:table-cell>"
    lines = "".join(
        f"<table:table-row>{''.join(map(cell.format, row))}</table:table-row>" for row in rows
    )
    content = (
        f"<office:document-content xmlns:office='{names}:office:1.0'"
        f" xmlns:table='{names}:table:1.0' xmlns:text='{names}:text:1.0'>"
        "<office:body><office:spreadsheet><table:table"
        f" table:name='A'>{lines}</table:table></office:spreadsheet></office:body>"
        "</office:document-content>"
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
    return path
