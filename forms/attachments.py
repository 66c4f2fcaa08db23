"""What is said of a file when it is added, and later."""

from collections.abc import Mapping

from forms.fields import ChoiceField, PartialDateField, TextField, TicksField
from forms.parts import Section
from referral.reference.documents import document_kinds

LONGEST_LABEL = 100


class KindField(ChoiceField):
    """What kind of document it is."""

    blank = "Choose"


class ProvesField(TicksField):
    """The facts of the case that it proves; which there are is for the caller to say."""

    def read(self, text: str) -> str:
        """Give what was ticked: the caller refuses what the case does not have."""
        return text

    def offer(self, facts: Mapping[str, str]) -> None:
        """Take the facts that can be proved, words by key, and drop ticks for any other."""
        self.choices = facts
        self.data = [key for key in self.data or () if key in facts] or None


class UploadForm(Section):
    """What holds for all files of one upload."""

    key = "files"
    title = "Add files"

    kind = KindField("Kind of document", document_kinds())
    dated = PartialDateField(
        "Date on the document", "Such as 3 March 2026, March 2026 or 2026. Blank: not known."
    )


class DescriptionForm(Section):
    """What one file is."""

    key = "file"
    title = "File"

    kind = KindField("Kind of document", document_kinds())
    label = TextField("Label", "What people call it; no names of persons", most=LONGEST_LABEL)
    dated = PartialDateField(
        "Date on the document", "Such as 3 March 2026, March 2026 or 2026. Blank: not known."
    )
    proves = ProvesField("What it proves", {}, "Facts of this case that a reader can check against this file")
