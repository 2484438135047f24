"""Invented concepts of any pair of languages, in the scripts these are written in."""

from invented import word

from lexgraft.records import Concept, Term, digest


def _in_cp932(sign: str) -> bool:
    return bool(sign.encode("cp932", "ignore"))


_SCRIPTS = {
    "ar": "ابتثجحخدذرزسشصضطظعغفقكلمنهوي",
    "he": "אבגדהוזחטיכלמנסעפצקרשת",
    "hi": "कखगघचछजझटठडढणतथदधनपफबभमयरलवशषसह",
    "ja": "".join(sign for sign in map(chr, range(0x4E00, 0x9FA0, 7)) if _in_cp932(sign)),
    "ka": "აბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰ",
    "ko": "".join(chr(0xAC00 + 61 * number) for number in range(150)),
    "ru": "абвгдежзиклмнопрстуфхя",
    "th": "กขคงจฉชซญดตถทธนบปผพมยรลวสหอ",
    "zh": "".join(chr(0x4E00 + 41 * number) for number in range(450)),
}
_DENSE = {"ja", "ko", "zh"}


def name(language: str, key: str, length: int | None = None) -> str:
    """Return a made-up word of a language for a key."""
    if language not in _SCRIPTS:
        return word(f"{language} {key}", length or 4)
    letters, text = _SCRIPTS[language], ""
    value = int(digest(language, key), 16)
    for _ in range(length or (3 if language in _DENSE else 7)):
        value, letter = divmod(value, len(letters))
        text += letters[letter]
    return text


def translated(source: str, target: str, number: int) -> Concept:
    """Return a concept with a name in either language and a definition in the first."""
    meaning = " ".join(name(source, f"{number} means {at}", 3) for at in range(6))
    return Concept(
        id=f"C{number:04d}",
        terms=(Term(name(source, f"{number}"), source), Term(name(target, f"{number}"), target)),
        definitions={source: meaning},
        field="invented",
        source="invented",
        licence="CC0-1.0",
    )
