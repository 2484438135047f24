"""Texts that were read in a wrong encoding once: they pass through any check but this one."""

from lexgraft.terms.text.language_data import script_of_letter

_ONCE_READ_AS = ("cp1252", "latin-1", "cp932", "cp1251", "cp1250", "mac_roman")
_TELLTALE = frozenset("縺繧繝")  # hiragana and katakana in UTF-8 begin so when read as CP932
_SHORTEST = 2  # characters beyond ASCII in which a decoding can be no accident


def mojibake_of(text: str) -> str:
    """Return what a text was before UTF-8 was read as something else, or nothing.

    Example:
        >>> mojibake_of("GerÃ¤t"), mojibake_of("Gerät")
        ('Gerät', '')
    """
    if text.isascii() or sum(not letter.isascii() for letter in text) < _SHORTEST:
        return ""
    for encoding in _ONCE_READ_AS:
        try:
            before = text.encode(encoding).decode("utf-8")
        except UnicodeError:
            continue
        if not before.isascii() and len(before) < len(text) and _reads_well(before):
            return before
    if sum(letter in _TELLTALE for letter in text) >= _SHORTEST:
        return text.encode("cp932", "replace").decode("utf-8", "replace")
    return ""


def _reads_well(text: str) -> bool:
    scripts = {script_of_letter(letter) for letter in text if letter.isalpha()}
    return bool(scripts - {""}) and all(letter.isprintable() for letter in text)
