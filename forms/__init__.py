"""What people type, one file a page. Nothing here sees the database."""

from forms.case import SECTIONS, ReadCase, read_case, typed_from
from forms.parts import Problem, Section, differences
from forms.places import Place, find_place

__all__ = [
    "SECTIONS",
    "Place",
    "Problem",
    "ReadCase",
    "Section",
    "differences",
    "find_place",
    "read_case",
    "typed_from",
]
