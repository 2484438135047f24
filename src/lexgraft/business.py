"""What only the user knows of cost and value: `business:` in the project; nothing is guessed."""

from typing import Annotated, Final, Literal, NamedTuple

from msgspec import Meta, Struct

Amount = Annotated[float, Meta(ge=0, le=1e12)]  # products of several stay finite
Figure = Amount | Annotated[tuple[Amount, ...], Meta(min_length=2, max_length=2)]
"""One number, or the least and the greatest that it may be."""
Portion = Annotated[float, Meta(ge=0, le=1)]
ShareFigure = Portion | Annotated[tuple[Portion, ...], Meta(min_length=2, max_length=2)]
Months = Annotated[float, Meta(gt=0, le=1200)]
Span = Months | Annotated[tuple[Months, ...], Meta(min_length=2, max_length=2)]

Currency = Annotated[
    str, Meta(pattern=r"^([^\d\x00-\x1f]{1,20}|[^\d]{0,8}1[^\d]?234([^\d]\d{1,3})?[^\d]{0,8})$")
]
"""A name (`EUR`), or how the sum 1234.5 is written (`1.234,50 €`, `¥1,234`)."""

Option = Literal["keep", "base", "donor", "merge", "merge_glossary", "glossary", "tune", "api"]
"""What can be done: keep G; use the base or D; merge; with the glossary; glossary alone; tune."""
OPTIONS: Final[tuple[Option, ...]] = (
    "keep",
    "donor",
    "base",
    "merge",
    "merge_glossary",
    "glossary",
    "tune",
    "api",
)


class People(Struct, frozen=True, forbid_unknown_fields=True):
    """Hours and rates of people."""

    engineer_hour: Figure | None = None  # price of an hour of whoever merges, tunes and serves
    terminologist_hour: Figure | None = None  # price of an hour of whoever reviews terms
    hours_a_day: Annotated[float, Meta(gt=0, le=24)] | None = None  # null: hours are shown
    review_minutes: Figure | None = None  # of a terminologist, per new or changed term
    release_hours: Figure | None = None  # of an engineer, each time weights are made again
    verification_hours: Figure | None = None  # of a terminologist, each such time


class Usage(Struct, frozen=True, forbid_unknown_fields=True):
    """How the model is used."""

    requests: Figure | None = None  # a month
    hit_rate: ShareFigure | None = None  # share of requests with a term of the term base
    terms_per_hit: Figure | None = None  # terms of the term base in such a request


class Changes(Struct, frozen=True, forbid_unknown_fields=True):
    """What changes as time passes."""

    new_terms: Figure | None = None  # new or changed terms a month
    lesson_months: Span | None = None  # between two tunings for new terms
    base_months: Span | None = None  # between two versions of the base model


class ApiPrices(Struct, frozen=True, forbid_unknown_fields=True):
    """A model behind an API, in place of one's own."""

    request: Figure | None = None  # price of a request
    wrong_terms: ShareFigure | None = None  # share of terms it gets wrong, as you measured it


class ExitRules(Struct, frozen=True, forbid_unknown_fields=True):
    """Lines at which the investment ends."""

    acquired: Portion | None = None  # least share of terms that must be gained on G
    written: Portion | None = None  # least share of terms that must be written rightly
    payback_months: Months | None = None  # longest time until what is saved has paid the set-up


class Business(Struct, frozen=True, forbid_unknown_fields=True):
    """What only you know of cost and value; all may be left out, and what is, is left open.

    Prices are in `currency`. Where two numbers are given, `[least, greatest]`, they are taken as
    the ends of what is possible.
    """

    currency: Currency | None = None  # a name (`EUR`), or 1234.5 as written: `1.234,50 €`, `¥1,234`
    horizon_months: Months | None = None  # over which costs are added up
    budget: Amount | None = None  # for all of it, over the horizon
    step_budget: Amount | None = None  # for the next step alone
    machine_hour: Amount | None = None  # price of an hour of the machine that merges and tunes
    serving_month: Figure | None = None  # price of a month of the machine that serves the model
    token_price: Figure | None = None  # price of a million tokens read by the served model
    wrong_term: Figure | None = None  # cost of one term gone wrong; not beside `right_term`
    right_term: Figure | None = None  # worth of one term got right; not beside `wrong_term`
    setup_hours: dict[Option, Figure] = {}  # of an engineer, once, to put an option in place
    people: People = People()
    usage: Usage = Usage()
    changes: Changes = Changes()
    api: ApiPrices = ApiPrices()
    exit: ExitRules = ExitRules()

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        if self.wrong_term is not None and self.right_term is not None:
            raise ValueError("`wrong_term` and `right_term` say the same thing twice: give one")

    @property
    def machine_price(self) -> "MachinePrice":
        """What an hour of the machine costs."""
        return MachinePrice(self.machine_hour, self.currency or "")


class MachinePrice(NamedTuple):
    """What an hour of a machine costs; None: no price was given, and none is shown."""

    per_hour: float | None = None
    currency: str = ""

    def of(self, seconds: float) -> tuple[float, str]:
        """Return the money for a time, and its currency; nothing without a price."""
        if self.per_hour is None:
            return 0.0, ""
        return seconds / 3600 * self.per_hour, self.currency
