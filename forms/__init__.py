"""What people type, one file a page. Nothing here sees the database."""

from forms.case import SECTIONS, ReadCase, read_case, typed_from
from forms.parts import Problem, Section, differences

__all__ = ["SECTIONS", "Problem", "ReadCase", "Section", "differences", "read_case", "typed_from"]
