"""Sentences and paragraphs of one register → documents of a few hundred characters (pure)."""

import re
from collections.abc import Iterable, Sequence

from lexgraft.records import Document

SHORTEST, LONGEST = 300, 1500  # characters of a document
ENOUGH = 400  # characters at which a document ends
ENOUGH_SIGNS = 300  # the same where a character is a syllable or a word
_SIGNS = frozenset({"ja", "zh", "ko"})
_END = re.compile(r"[.!?。！？][\"”»」』)]?$")
_SCRIPTS = {
    "ja": re.compile("[ぁ-ゖァ-ヺ]"),
    "zh": re.compile("[一-鿿]"),
    "ko": re.compile("[가-힣]"),
    "ru": re.compile("[а-яё]", re.IGNORECASE),
}
_SHARE = 0.4  # of a text's characters that must be of a language's own script
_WORDS = {
    "en": "the of and to is in you that for with are be this can your not if will",
    "de": "der die das und ist nicht ein eine sie zu mit auf wird werden den für im wenn kann",
    "fr": "le la les des et est un une vous pour dans que pas sur votre avec ce peut être du",
    "es": "el la los las y es un una para que en no se con su por del puede está de",
    "pt": "o a os as e é um uma para que em não se com seu por do da pode está",
    "it": "il la i le e è un una per che di non con del della questo può sono essere si",
    "nl": "de het een en is van niet je voor met dat op te worden kan deze zijn wordt als",
    "pl": "i w na nie jest do z się że to dla przez od lub aby może są o po jeśli",
}
_COMMON = {language: frozenset(words.split()) for language, words in _WORDS.items()}


def is_written_in(text: str, language: str) -> bool:
    """Return whether a text is in a language, by its script or by its commonest words.

    Translations that were never made are English, and some are half made.
    """
    script = _SCRIPTS.get(language)
    if script is not None:
        return len(script.findall(text)) >= _SHARE * len(text)
    words = re.findall(r"[^\W\d_]+", text.lower())
    counts = {name: sum(word in common for word in words) for name, common in _COMMON.items()}
    best = max(counts.values())
    return best >= 2 and counts[language] == best and counts[language] >= len(words) / 8


def is_prose(text: str, shortest: int) -> bool:
    """Return whether a text is a whole sentence without markup, places to fill in or addresses."""
    if len(text) < shortest or not _END.search(text):
        return False
    return not re.search(r"[{}<>\[\]`*_|\\%#=]|https?:|www\.|\.\w+\(", text)


def alike(text: str) -> str:
    """Return what two texts have in common that differ by a product's name or a number alone."""
    return re.sub(r"\b[A-Z]\w*|[A-Za-z0-9]+(?=[^\x00-\x7f])|[\W\d]+", "", text).casefold()


def documents(
    passages: Iterable[tuple[str, Sequence[str]]],
    like: Document,
    most: int,
    enough: int = ENOUGH,
) -> list[Document]:
    """Return documents of whole passages, each of other places than all others.

    Args:
        passages: a place (a component, a page) and its texts; a place is never divided over two
            documents: what does not fit into one is left out.
        like: language, register, source and licence of all.
        most: documents; spread evenly over all that could be made.
        enough: characters at which a document ends.
    """
    glue = "" if like.language in {"ja", "zh"} else " "
    if like.language in _SIGNS:
        enough = ENOUGH_SIGNS
    made: list[str] = []
    pending: list[str] = []
    seen: set[str] = set()
    for _, texts in passages:
        for text in texts:
            if alike(text) not in seen and len(glue.join([*pending, text])) <= LONGEST:
                seen.add(alike(text))
                pending.append(text)
        if len(glue.join(pending)) >= enough:
            made.append(glue.join(pending))
            pending = []
    if len(glue.join(pending)) >= SHORTEST:
        made.append(glue.join(pending))
    step = max(1.0, len(made) / most)
    kept = [made[int(number * step)] for number in range(min(most, len(made)))]
    return [
        Document(
            f"{like.register}-{like.language}-{number:03}",
            like.language,
            like.register,
            text,
            like.source,
            like.licence,
        )
        for number, text in enumerate(kept)
    ]
