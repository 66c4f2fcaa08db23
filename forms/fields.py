"""The kinds of field. Each keeps what was typed, and reads it into a value of the case record.

Every pattern names ASCII digits and is matched whole before anything is converted: Python's own number
readers take ``1_0``, ``٤`` and ``1e0``. A blank is *not known*, never a no and never zero.
"""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar

from wtforms import Field

from forms import dates
from forms.texts import LONGEST_KEPT, LONGEST_KEPT_SHORT, one_line, quoted, visible, what_is_wrong
from referral.facts import PartialDate, is_edss, say_date

NOT_KNOWN = "Not known"
YES, NO = "yes", "no"


class Fact(Field):  # type: ignore[misc]  # WTForms ships no types
    """One fact as typed. ``fact`` is what it says, as the case record writes it; ``None`` is not known."""

    kind: ClassVar[str] = "input"
    width: ClassVar[str] = ""
    inputmode: ClassVar[str] = "text"
    longest: ClassVar[int] = LONGEST_KEPT_SHORT
    recorded = True
    errors: Sequence[str] = ()

    def __init__(self, label: str, hint: str = "", *, recorded: bool = True, **kwargs: Any) -> None:
        """Take the label, a hint, and whether the fact has its own place in the record."""
        super().__init__(label, description=hint, **kwargs)
        self.recorded = recorded
        self.doubts: list[str] = []

    def process_formdata(self, given: Sequence[str]) -> None:
        """Read what was typed. What cannot be read leaves no value and says so."""
        self.data = None
        text = given[0] if given else ""
        if len(text) >= self.longest:
            raise ValueError(
                f"{self.longest:,} characters or more were given; only the first {self.longest:,} are kept. "
                f"Please shorten it."
            )
        text = self.shape(text)
        if text:
            self.data = self.read(text)

    def shape(self, text: str) -> str:
        """Give the text without needless blanks."""
        return one_line(text)

    def read(self, text: str) -> Any:
        """Give the value of the case record that this text says. Raises ``ValueError`` with what to tell."""
        raise NotImplementedError

    def write(self, fact: Any) -> list[str]:
        """Give what a person would have typed for this fact."""
        return [str(fact)]

    @property
    def typed(self) -> str:
        """What stands in the field, as typed."""
        return self.raw_data[0] if self.raw_data else ""

    @property
    def shown(self) -> str:
        """What was typed or chosen, in the words of the page; blank where nothing was."""
        return self.typed.strip()

    @property
    def touched(self) -> bool:
        """Whether anything was typed or chosen."""
        return any(text.strip() for text in self.raw_data or ())

    @property
    def fact(self) -> Any:
        """What the record gets: ``None`` where nothing was given or what was given is wrong."""
        return None if self.errors else self.data

    def fault(self, message: str) -> None:
        """Note what is wrong, once."""
        if message not in self.errors:
            self.errors = [*self.errors, message]

    def doubt(self, message: str) -> None:
        """Note what is worth a second look, once."""
        if message not in self.doubts:
            self.doubts.append(message)

    @property
    def read_as(self) -> str:
        """How it was understood, where that needs saying."""
        return ""


def _refuse(text: str, why: str) -> ValueError:
    return ValueError(f"{quoted(text)} was given. {why}")


class PartialDateField(Fact):
    """A day, a month or a year, day first."""

    width = "10"

    def read(self, text: str) -> str:
        """Give the date as the record writes it."""
        try:
            return dates.read_date(text)
        except ValueError as wrong:
            raise _refuse(text, str(wrong)) from None

    def write(self, fact: Any) -> list[str]:
        """Give the date in words: nobody can take the day for the month."""
        return [PartialDate.parse(fact).words]

    @property
    def read_as(self) -> str:
        """The date in words, where one was read: how "5/6/2016" was understood."""
        return say_date(self.fact) if self.fact else ""


class CountField(Fact):
    """A number of things: exact, at least, or a range."""

    width = "10"
    allowed = "a whole number, “at least 3” or “3 to 5”"
    _NUMBER = r"([0-9]{1,5})"
    _EXACT = re.compile(_NUMBER)
    _AT_LEAST = re.compile(rf"(?:at least|>=|≥) ?{_NUMBER}|{_NUMBER} ?(?:\+|or more)", re.IGNORECASE)
    _RANGE = re.compile(rf"{_NUMBER} ?(?:to|-|–) ?{_NUMBER}", re.IGNORECASE)

    def read(self, text: str) -> Any:
        """Give the count as the record writes it."""
        if exact := self._EXACT.fullmatch(text):
            return int(exact[1])
        if least := self._AT_LEAST.fullmatch(text):
            return {"min": int(least[1] or least[2])}
        if ends := self._RANGE.fullmatch(text):
            low, high = int(ends[1]), int(ends[2])
            if low > high:
                self.doubts.append(f"{quoted(text)} was given and is read as {high} to {low}.")
            return {"min": min(low, high), "max": max(low, high)}
        raise _refuse(text, f"Allowed: {self.allowed}.")

    def write(self, fact: Any) -> list[str]:
        """Give the count in words."""
        if not isinstance(fact, Mapping):
            return [str(fact)]
        return [f"{fact['min']} to {fact['max']}" if "max" in fact else f"at least {fact['min']}"]


class WholeField(Fact):
    """A whole number. Its bounds are those of the case record."""

    width = "4"
    inputmode = "numeric"
    allowed = "a whole number in figures, such as 0 or 12"

    def read(self, text: str) -> int:
        """Give the number."""
        if not re.fullmatch(r"[0-9]{1,7}", text):
            raise _refuse(text, f"Allowed: {self.allowed}.")
        return int(text)


class DecimalField(Fact):
    """A number that may have decimals, with a point. A comma is never guessed at."""

    width = "5"
    inputmode = "decimal"
    allowed = "a number in figures, with a point before decimals, such as 62 or 1.5; no unit"

    def read(self, text: str) -> Decimal:
        """Give the exact number."""
        if re.fullmatch(r"[0-9]+,[0-9]+", text):
            point = text.replace(",", ".")
            raise _refuse(
                text, f"Write decimals with a point, not a comma: {quoted(point)}, if that is meant."
            )
        if not re.fullmatch(r"[0-9]{1,7}(\.[0-9]{1,6})?", text):
            raise _refuse(text, f"Allowed: {self.allowed}.")
        return Decimal(text)


class EdssField(DecimalField):
    """An EDSS: one of twenty scores."""

    width = "3"
    allowed = "an EDSS of 0, 1.0, 1.5, 2.0 and so on by halves up to 9.5, or 10"

    def read(self, text: str) -> Decimal:
        """Give the score."""
        score = super().read(text)
        if not re.fullmatch(r"[1-9]?[0-9](\.[0-9])?", text) or not is_edss(score):
            raise _refuse(text, f"Allowed: {self.allowed}.")
        return score

    def write(self, fact: Any) -> list[str]:
        """Give the score as it is written."""
        return [edss_in_words(Decimal(str(fact)))]


def edss_in_words(score: Decimal) -> str:
    """Write a score: 3 is 3.0, while 0 and 10 stand bare."""
    return str(int(score)) if score in (0, 10) else f"{score:.1f}"


class TextField(Fact):
    """Words in one line."""

    width = "20"

    def __init__(self, label: str, hint: str = "", *, most: int = 200, **kwargs: Any) -> None:
        """Take the length that may be recorded."""
        super().__init__(label, hint, **kwargs)
        self.most = most

    def shape(self, text: str) -> str:
        """Give the words without needless blanks; count what nobody could have seen."""
        return one_line(self._seen(text))

    def _seen(self, text: str) -> str:
        text, unseen = visible(text)
        if unseen:
            self.doubts.append(f"{unseen} characters that cannot be seen were left out.")
        return text

    def read(self, text: str) -> str:
        """Give the words, if they may be recorded."""
        if wrong := what_is_wrong(text, self.most):
            raise ValueError(wrong)
        return text


class LongTextField(TextField):
    """Words in several lines."""

    kind = "textarea"
    longest = LONGEST_KEPT

    def __init__(self, label: str, hint: str = "", *, rows: int = 4, **kwargs: Any) -> None:
        """Take how many lines are in sight."""
        super().__init__(label, hint, **kwargs)
        self.rows = rows

    def shape(self, text: str) -> str:
        """Give the words with their line ends."""
        return self._seen(text).strip()


class ChoiceField(Fact):
    """One of several answers, *not known* first and chosen as long as nobody has touched it."""

    kind = "select"
    blank: ClassVar[str] = NOT_KNOWN

    def __init__(self, label: str, choices: Mapping[str, str], hint: str = "", **kwargs: Any) -> None:
        """Take the answers: what the record says, and how it is shown."""
        super().__init__(label, hint, **kwargs)
        self.choices: Mapping[str, str] = choices

    def read(self, text: str) -> Any:
        """Give the answer."""
        if text not in self.choices:
            shown = ", ".join((*self.choices.values(), self.blank))
            raise _refuse(text, f"Allowed: {shown}.")
        return text

    @property
    def shown(self) -> str:
        """The chosen answers, as they stand on the page."""
        return ", ".join(self.choices.get(text, text) for text in self.raw_data or ())


class RadiosField(ChoiceField):
    """One of a few answers, all in sight."""

    kind = "radios"


class FlagField(RadiosField):
    """Yes, no or not known."""

    def __init__(self, label: str, hint: str = "", **kwargs: Any) -> None:
        """Take the question."""
        super().__init__(label, {YES: "Yes", NO: "No"}, hint, **kwargs)

    def read(self, text: str) -> bool:
        """Give the answer as true or false."""
        return bool(super().read(text) == YES)

    def write(self, fact: Any) -> list[str]:
        """Give the answer in a word."""
        return [YES if fact else NO]


class TickField(ChoiceField):
    """A box to tick. Only for what is not asked of everyone: unticked is no fact."""

    kind = "tick"

    def __init__(self, label: str, hint: str = "", **kwargs: Any) -> None:
        """Take what a tick says."""
        super().__init__(label, {YES: "ticked"}, hint, **kwargs)

    def read(self, text: str) -> bool:
        """Give true: an empty box gives no value."""
        super().read(text)
        return True

    def write(self, fact: Any) -> list[str]:
        """Tick it, or not."""
        return [YES] if fact else []


class TicksField(ChoiceField):
    """Any of several answers."""

    kind = "ticks"

    def process_formdata(self, given: Sequence[str]) -> None:
        """Read every ticked answer once."""
        ticked = dict.fromkeys(self.read(one_line(text)) for text in given if one_line(text))
        self.data = list(ticked) or None

    def write(self, fact: Any) -> list[str]:
        """Tick each."""
        return list(fact)
