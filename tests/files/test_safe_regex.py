import pytest

from lexgraft.errors import LexgraftError
from lexgraft.files.safe_regex import check_pattern

KNOWN = {
    "GPT-2": r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
    "Llama 3": r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    "o200k": r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+",
    "DeepSeek": r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|"
    r"[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+",
    "spaces": "[\\u00AD\\u200B]",
}


@pytest.mark.parametrize("name", KNOWN)
def test_patterns_of_known_tokenizers_pass(name: str):
    check_pattern(KNOWN[name], "test")


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("(a+)+$", "repeats a group"),
        ("(?:a*)*b", "repeats a group"),
        ("((a+))*", "repeats a group"),
        ("(a|aa)+$", "repeats a group"),
        ("(a|b){2,}", "repeats a group"),
        (r"([\p{L}]+\s*){5,}x", "repeats a group"),
        ("(aa?)+$", "repeats a group"),
        (r"(\d{1,3})+x", "repeats a group"),
        ("(a?){30}a{30}", "repeats a group"),
        ("a?" * 17, "optional parts in a row"),
        ("(a?a?a?)" * 6, "optional parts in a row"),
        (r"(a)\1", "refers back"),
        (r"(?<n>a)\k<n>", "refers back"),
        ("a{5000}", "more than 1,000"),
        ("(a{99999999999}){9}", "more than 1,000"),
        (r"\s*\s*\s*\s*\s*\s*\s*\s*x", "in a row"),
        ("a" * 5000, "characters long"),
    ],
)
def test_patterns_that_may_take_forever_are_refused(pattern: str, why: str):
    with pytest.raises(LexgraftError, match=why):
        check_pattern(pattern, "test")
