"""Names of what `lexgraft terms export` writes into TBX beyond the standard's data categories."""

WRITTEN_BY = "written by lexgraft"  # in the header
SAME_AS = "x-lexgraft-same-as"
TYPE = "x-lexgraft-type"
ORIGIN = "x-lexgraft-origin"
ORIGIN_VERSION = "x-lexgraft-origin-version"
LICENCE = "x-lexgraft-licence"
RARITY = "x-lexgraft-rarity"
