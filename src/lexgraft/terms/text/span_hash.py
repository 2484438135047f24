"""How spans of text are hashed, and characters as numbers: what both term filters share."""

LONG = 55  # the last bit of a set of lengths: this length and above; bit 0: the beginning itself
TAGS = 3  # bits of a beginning's hash that say which of the bits above LONG it sets as well
BASE, MIX = 0x9E3779B97F4A7C15, 0xD6E8FEB86659FD93
SPACED, HANGUL, SPACE, OTHER = map(ord, "sh -")  # of `character_tables.spacings`
CODE_S, CODE_E, CODE_I = (ord(letter) + 1 for letter in "sei")  # none is nothing
FORM = 3  # characters; a word's plural has more
