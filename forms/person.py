"""Who the person is. Only the date of birth and the sex are read by criteria."""

from forms.fields import ChoiceField, PartialDateField, TextField
from forms.identifiers import IdentifierForm
from forms.parts import Rows, Section

SEX = {"female": "Female", "male": "Male", "other": "Other", "unknown": "Not stated"}


class PersonForm(Section):
    """Who the person is."""

    key = "person"
    title = "Person"
    why = "So that nobody mistakes one person for another. Ages are counted from the date of birth."
    asked = ("family_name", "given_name", "birth_date", "sex", "identifiers")
    recorded = False

    family_name = TextField("Family name")
    given_name = TextField("Given name")
    birth_date = PartialDateField("Date of birth", "Day first, for example 17/05/1988 or 17 May 1988")
    sex = ChoiceField("Sex", SEX)
    identifiers = Rows(
        IdentifierForm,
        "Numbers",
        "By which the person is known: two are better than one. Each is checked by the rule of its kind; neither "
        "sex nor date of birth is read out of it.",
    )
