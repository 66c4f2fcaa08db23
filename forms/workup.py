"""The work-up before a transplant: what is done, booked, missing or not needed."""

from collections.abc import Collection, Iterator
from datetime import date
from typing import Any, NamedTuple

from forms.fields import ChoiceField, PartialDateField, TextField
from forms.parts import Beside, Group, Part, Section
from referral.facts import PartialDate, say_date
from referral.reference.workup import STATUSES, UNCHECKED, WorkupItem, workup, workup_source


class WorkupItemForm(Part):
    """One item: where it stands, since when or for when, and what there is to say."""

    needed = ("status",)
    noun = "item"

    status = ChoiceField("Status", STATUSES)
    on = PartialDateField("Date")
    note = TextField("Note")

    def doubt_days(self, as_of: date) -> None:
        """Point out a day that does not fit the status: a booking that has passed, something done in future."""
        if self.on.fact is None or self.status.fact not in ("booked", "done"):
            return
        day = PartialDate.parse(self.on.fact)
        if self.status.fact == "booked" and day.last < as_of:
            self.on.doubt(f"Booked for {say_date(day.text)}, which has passed. Was it done?")
        if self.status.fact == "done" and day.first > as_of:
            self.on.doubt(f"Done on {say_date(day.text)}, which is still to come. Is it booked?")


class ItemField(Group):
    """One item of the list, with what the reference says of it."""

    def __init__(self, item: WorkupItem, **kwargs: Any) -> None:
        """Take the item."""
        super().__init__(WorkupItemForm, item.words, **kwargs)
        self.item = item


class Shown(NamedTuple):
    """Some items under one heading, as the page lists them."""

    heading: str
    fields: list[ItemField]


class _WorkupBeside(Part):
    """Every item there is, by its id."""


WorkupBesideForm = type(
    "WorkupBesideForm",
    (_WorkupBeside,),
    {"__doc__": _WorkupBeside.__doc__, **{item.id: ItemField(item) for item in workup().values()}},
)


class WorkupForm(Section):
    """What has been done before a transplant, and what is still to do."""

    key = "workup"
    title = "Work-up"
    why = (
        "The coordinator sees what is there already, so that nothing is done twice. "
        "Nothing here changes what is said of any edition."
    )
    recorded = False

    beside = Beside(WorkupBesideForm)

    unchecked = UNCHECKED
    source = workup_source()
    programme: str = ""
    asked_for: Collection[str] = ()

    def offer(self, asked_for: Collection[str], programme: str) -> None:
        """Take the ids of the items that the addressed programme asks for, and its name."""
        self.asked_for, self.programme = asked_for, programme

    def shown(self) -> list[Shown]:
        """Give what the page lists: what the programme asks for first, then the rest group by group.

        An item that nobody has checked is listed only where it is asked for, or has been typed into.
        """
        groups: dict[str, list[ItemField]] = {}
        for field in self.items():
            asked = field.item.id in self.asked_for
            if asked or field.item.verified or field.form.touched:
                groups.setdefault("" if asked else field.item.group, []).append(field)
        first = groups.pop("", [])
        listed = [Shown(heading, fields) for heading, fields in groups.items()]
        return [Shown(f"Asked for by {self.programme}", first), *listed] if first else listed

    def items(self) -> Iterator[ItemField]:
        """Give every item, in the order of the reference."""
        yield from self.beside.form

    def doubt_days(self, as_of: date) -> None:
        """Point out days that do not fit."""
        for field in self.items():
            field.form.doubt_days(as_of)

    @property
    def state(self) -> str:
        """*empty*, *part*, *filled* or *problem*: filled once every item that comes first has a status."""
        if self.problems():
            return "problem"
        if not self.touched:
            return "empty"
        return "filled" if all(field.form.touched for field in self.shown()[0].fields) else "part"
