"""Recognising codes of a file from elsewhere: only those that were compared with their source, and our own."""

from typing import Any

from referral.fhir.left import listed, text_at
from referral.reference.codes import concepts, local

COURSES = ("CIS", "RRMS", "SPMS", "PPMS", "PRMS")


def is_coded(concept: Any, name: str) -> bool:
    """Tell whether a concept has a code of ours, or a published one, for this name."""
    wanted = {(each["system"], each["code"]) for each in concepts()[name].codings}
    return any(
        (text_at(each, "system"), text_at(each, "code")) in wanted for each in listed(concept, "coding")
    )


def phenotype_of(concept: Any) -> str | None:
    """Give the course of MS that a concept names; empty for MS without its course; ``None`` for anything else."""
    for course in COURSES:
        if is_coded(concept, course):
            return course
    return "" if is_coded(concept, "multiple_sclerosis") else None


def ours(concept: Any, kind: str, name: str) -> bool:
    """Tell whether a concept has a code of one of our own lists."""
    return any(
        (text_at(each, "system"), text_at(each, "code")) == (local(kind), name)
        for each in listed(concept, "coding")
    )


def our_code(concept: Any, kind: str) -> str:
    """Give the code that a concept has in one of our own lists; empty where it has none."""
    return next(
        (
            text_at(each, "code")
            for each in listed(concept, "coding")
            if text_at(each, "system") == local(kind)
        ),
        "",
    )
