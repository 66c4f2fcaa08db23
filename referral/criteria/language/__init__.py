"""The language in which criteria are written: one small vocabulary, the same words in YAML and in prose.

A test is a tree. Its leaves ask one thing of a case; ``all``, ``any``, ``not`` and ``at_least`` join them.
"""

from referral.criteria.language import (
    edss,
    fitness,
    logic,
    mri,
    mri_rate,
    pairs,
    person,
    relapses,
    treatments,
)
from referral.criteria.language.base import Mistake, Test, read_test, vocabulary

__all__ = [
    "Mistake",
    "Test",
    "edss",
    "fitness",
    "logic",
    "mri",
    "mri_rate",
    "pairs",
    "person",
    "read_test",
    "relapses",
    "treatments",
    "vocabulary",
]
