"""The encoding that a file says it is in: labels as pages and XML have them, and what they mean."""

import codecs
import re

_XML = re.compile(rb"\s*<\?xml\b[^<>]{0,200}?\bencoding\s*=\s*[\"']([\w.:\-]{1,40})[\"']")
_META = re.compile(rb"<meta\b[^<>]{0,300}?\bcharset\s*=\s*[\"']?\s*([\w.:\-]{1,40})", re.IGNORECASE)
_START = 1 << 14  # bytes in which a page says it
_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_READ_BY_EXPAT = frozenset({"utf-8", "utf-16", "iso8859-1", "ascii"})
_LATIN = frozenset({"iso-8859-1", "latin1", "us-ascii", "ascii"})  # as it says, in XML
_MEANT = {  # WHATWG's Encoding Standard, §4.2: what programs write under these labels
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "sjis": "cp932",
    "x-sjis": "cp932",
    "windows-31j": "cp932",
    "ms_kanji": "cp932",
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
    "us-ascii": "cp1252",
    "ascii": "cp1252",
    "iso-8859-9": "cp1254",
    "gb2312": "gb18030",
    "gb_2312-80": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "big5": "big5hkscs",
    "euc-kr": "cp949",
    "ks_c_5601-1987": "cp949",
    "ksc5601": "cp949",
    "x-euc-jp": "euc_jp",
    "tis-620": "cp874",
    "windows-874": "cp874",
    "x-mac-roman": "mac_roman",
    "macintosh": "mac_roman",
}


def encoding_meant(label: str) -> str:
    """Return the encoding that a label means in files; the label itself where it is not known.

    >>> encoding_meant("Shift_JIS"), encoding_meant("EUC-JP")
    ('cp932', 'EUC-JP')
    """
    return _MEANT.get(label.lower(), label)


def declared_of_page(data: bytes) -> str:
    """Return the encoding that a page names in its start, or nothing."""
    label = _XML.match(data[:_START]) or _META.search(data[:_START])
    return encoding_meant(label[1].decode("ascii", "replace")) if label else ""


def declared_of_xml(data: bytes) -> str:
    """Return the encoding that an XML file names and expat does not read itself, or nothing."""
    label = None if data.startswith(_MARKS) else _XML.match(data[:_START])
    if not label:
        return ""
    named = label[1].decode("ascii")
    meant = encoding_meant(named)
    try:
        is_read = codecs.lookup(meant if named.lower() in _MEANT else named).name in _READ_BY_EXPAT
    except LookupError:
        return ""
    return "" if is_read or named.lower() in _LATIN else meant
