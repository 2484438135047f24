"""Texts that were read in a wrong encoding once: they pass through any check but this one."""

import re

from lexgraft.terms.text.language_data import script_of_letter

_ONCE_READ_AS = ("cp1252", "latin-1", "cp1251", "cp1250", "mac_roman")
_SUSPECT = re.compile("[\u0080-\u052f][^\x00-\x7f]")  # two beyond ASCII, the first no CJK
_FIRST_BYTES, _NEXT_BYTES = range(0xE3, 0xEA), range(0x80, 0xC0)  # of CJK in UTF-8
_SUSPECT_CJK = re.compile(
    "["
    + "".join(
        bytes((first, second)).decode("cp932", "ignore")
        for first in _FIRST_BYTES
        for second in _NEXT_BYTES
    )
    + "]"
)
"""What a CJK character in UTF-8 begins with when it is read as CP932: rare characters."""
_LOST = "ï¿½"  # what stands for a letter that was lost, read as something else
_LEAST = 2  # CJK characters


def mojibake_of(text: str) -> str:
    """Return what a text was before UTF-8 was read as something else, or nothing.

    Example:
        >>> mojibake_of("GerÃ¤t"), mojibake_of("Gerät")
        ('Gerät', '')
    """
    if text.isascii():
        return ""
    if _LOST in text:
        return "\ufffd"
    if _SUSPECT_CJK.search(text):
        return _once_cp932(text)
    for encoding in _ONCE_READ_AS if _SUSPECT.search(text) else ():
        try:
            before = text.encode(encoding).decode("utf-8")
        except UnicodeError:
            continue
        if not before.isascii() and _reads_well(before):
            return before
    return ""


def _once_cp932(text: str) -> str:
    """Return CJK text that was read as CP932, though the reading may have lost some of it."""
    before = text.encode("cp932", "replace").decode("utf-8", "replace")
    whole = sum("\u3041" <= letter <= "\u9fff" for letter in before)
    return before if whole >= _LEAST and whole >= 2 * before.count("\ufffd") else ""


def _reads_well(text: str) -> bool:
    scripts = {script_of_letter(letter) for letter in text if letter.isalpha()}
    return bool(scripts - {""}) and all(letter.isprintable() for letter in text)
