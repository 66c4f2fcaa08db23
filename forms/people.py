"""What an administrator types about organisations and people."""

import re
from collections.abc import Mapping
from typing import Any

from forms.fields import ChoiceField, TextField
from forms.parts import Section
from forms.texts import quoted

LONGEST_ADDRESS = 254


class EmailField(TextField):
    """An address for e-mail. Whether it exists only a message can tell."""

    def read(self, text: str) -> str:
        """Give the address in small letters."""
        if len(text) > LONGEST_ADDRESS or not re.fullmatch(r"[^\s@<>,;\"]+@[^\s@<>,;\"]+", text):
            raise ValueError(f"{quoted(text)} was given. Allowed: an e-mail address.")
        return text.lower()


class ListedField(ChoiceField):
    """One of a list that the caller gives."""

    blank = "Choose"

    def read(self, text: str) -> str:
        """Give what was chosen; the caller refuses what is not in its list."""
        return text

    def offer(self, choices: Mapping[str, str]) -> None:
        """Take the list; refuse anything else."""
        self.choices = choices
        if self.fact and self.fact not in choices:
            self.fault("This cannot be chosen. Allowed: one of the list.")


class PersonForm(Section):
    """A person who is invited."""

    key = "person"
    title = "Invite a person"

    name = TextField("Name", "As it stands in letters and packets, with title")
    email = EmailField("E-mail address", "It is the name with which the person signs in")
    organisation = ListedField("Organisation", {})
    role = ListedField("Role", {})
    works_for = ListedField("Works for", {}, "Only of a delegate: the neurologist")

    def read_person(self) -> dict[str, Any]:
        """Give what was typed; what is missing is among the problems of the page."""
        for name in ("name", "email", "organisation", "role"):
            if not self[name].touched:
                self[name].fault("This is missing.")
        return self.read("", {}) or {}


class RoleForm(Section):
    """The role of a person."""

    key = "role"
    title = "Role"

    role = ListedField("Role", {})
    works_for = ListedField("Works for", {}, "Only of a delegate: the neurologist")

    def read_role(self) -> dict[str, Any]:
        """Give what was chosen."""
        if not self.role.touched:
            self.role.fault("This is missing.")
        return self.read("", {}) or {}
