"""The limits of every word of the language, each with the facts at it and beside it."""

from referral.criteria.edges import activity, person, treatments
from referral.criteria.edges.base import AS_OF, Edge, Facts, edges

__all__ = ["AS_OF", "Edge", "Facts", "activity", "edges", "person", "treatments"]
