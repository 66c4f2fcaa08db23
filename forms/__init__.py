"""What people type, one file a page. Nothing here sees the database."""

from forms.case import SECTIONS, ReadCase, read_case, typed_from
from forms.parts import Problem, Section

__all__ = ["SECTIONS", "Problem", "ReadCase", "Section", "read_case", "typed_from"]
