"""The names of what is measured: each once, for stages, reports and comparisons."""

RECOGNITION = "recognition"
"""Name of a Score: share of concepts known (right in every draw); `group` is a direction."""


GENERAL = "general items"
"""Name of a Score: share of everyday concepts known; `group` is a direction."""


BITS = "bits per byte"
"""Name of a Score: bits per UTF-8 byte of running text (less is better); `group` `ja/manual`."""


DRIFT = "drift, bits a token"
"""Name of a Score: KL divergence from another model's predictions; `group` names that model."""


EFFECT = "proper - random"
"""Name of a Score: what the right glossary entries add over random ones; `model` says to what."""


PARENTS = ("base", "G", "D")
"""Display names of the three models that go in."""


MODES = ("no terms", "proper terms", "random terms")
"""Values of `model` in the scores of the glossary stage."""


TAUGHT, SIBLINGS, FAR = "trained terms", "siblings of trained terms", "far terms"
"""Names of Scores after a tuning; siblings share their nearest broader concept with one taught."""


LESSON_GROUPS = (TAUGHT, SIBLINGS, FAR)

BEFORE, AFTER, GAIN = "before", "after", "after - before"
"""Values of `model` in the scores of a Lesson."""


TRANSFER = "transfer - placebo"

TARGET_GAIN = "target gain"

RETENTION = "retention"

EVERYDAY = "everyday words"


TERM_GENERATION = "term generation"
