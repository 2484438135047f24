"""The names of what is measured: each once, for stages, reports and comparisons.

They stand in reports and in scores on disk as the `name`, `model` or `group` of a Score: a changed
name would make scores of another version incomparable.
"""

# share of concepts known (right in every draw); `group` is a direction, e.g. `en->ja`
RECOGNITION = "recognition"
RECOGNITION_NEEDING_TERM = "recognition, items that need the term"  # pieces of words do not decide
RECOGNITION_ABOVE_CHANCE = "recognition, chance taken off"  # (share - chance) / (1 - chance)
RECOGNITION_BY_SUM = "recognition, by sum"  # by the plain log-likelihood instead of PMI
RECOGNITION_PER_CHARACTER = "recognition, per character"
WITHOUT_QUESTION = "without the question"  # from the options alone: what the format gives away
KNOWN = "known"  # the same share in a comparison of models
TASK = "task"  # share right in a task of lm-evaluation-harness; `group` names it

# a result against G, paired by concept
TARGET_GAIN = "target gain"
GLOSSARY_EFFECT = "glossary effect"
RETENTION = "retention"
TRANSFER = "transfer - placebo"
RETENTION_OF_RECIPIENT = "retention of G - placebo"
RETENTION_OF_DONOR = "retention of D - placebo"
EMERGENCE = "emergence - placebo"

# what the donor brings: a result minus the same recipe without it, in P(right option)
DONOR_GAIN = "donor gain"
WITHOUT_DONOR = "without the donor"  # the base in the donor's place
RANDOM_DONOR = "random donor"  # a delta as large, of the same ranks, that has learnt nothing
RECIPIENT_TUNED = "recipient tuned alone"  # the same examples taught to G
BEST_PARENT_GAIN = "gain over the best parent"
DONOR_LEAD = "donor's lead"  # of D over the base, its random control and shuffled terms
SHUFFLED_TERMS = "shuffled terms"
TAUGHT_GAIN = "taught gain"  # of taught terms minus that of terms never taught

# general ability
ACQUIRED = "acquired"  # known to a model and not to G
ABILITY = "general ability"  # registers and everyday words together; `group` is a language
ADVANCE_KEPT = "advance kept"  # share of G's lead over the base in general ability
GENERAL = "general items"  # share of everyday concepts known; `group` is a direction
BITS = "bits per byte"  # of running text, UTF-8; less is better; `group` e.g. `ja/manual`
DRIFT = "drift, bits a token"  # KL divergence from another model; `group` names that model
AGREEMENT = "same next token"  # share of positions whose likeliest token is the other model's
PROBES = "probes"  # share of small tasks passed; `group` e.g. `en/copying`
GRAMMAR = "grammar"  # share of minimal pairs judged right; `group` e.g. `en/reflexive`
CONSISTENCY = "consistency (RankC less chance)"  # of two languages; `group` joins two directions

# free answers
TERM_GENERATION = "term generation"  # share of terms named right; ", GRADE" follows for each grade
TERM_CHRF = f"{TERM_GENERATION}, chrF"
IN_LANGUAGE = "in the language asked for"
LOOPING = "runs into a loop"
WORDS_WRITTEN = {  # by way of writing: share of concepts whose term was written
    "named": "term named",
    "translated": "term translated",
    "completed": "term completed",
}
CONTROL_WRITTEN = "control"  # another concept's term in its place
WRITTEN_GAIN = "over G"
AGAINST_CONTROL = "P(term) against its control"  # in a sentence cut before the term
DEFINITION_GENERATION = "definition generation"  # share by which a frozen scorer picks the term
DEFINITION_CHRF = "definitions, chrF"
DEFINITIONS_JUDGED = (
    "definitions, judged",
    "bias of the judge",
    "definitions, judged less bias",
)

# the glossary stage
EFFECT = "proper - random"  # what the right entries add over random ones; `model` says to what
MODES = ("no terms", "proper terms", "random terms")  # values of `model`
PROPER = MODES[1]
ENTRY_TOKENS = "tokens an entry"  # that an entry takes in the prompt

# models that go in, by display name: the common ancestor, the recipient G and the donor D
PARENTS = ("base", "G", "D")
RECIPIENT, DONOR = PARENTS[1:]

# after a tuning; siblings share their nearest broader concept with a trained one
TAUGHT, SIBLINGS, FAR = "trained terms", "siblings of trained terms", "far terms"
LESSON_GROUPS = (TAUGHT, SIBLINGS, FAR)
BEFORE, AFTER, GAIN = "before", "after", "after - before"  # values of `model`
