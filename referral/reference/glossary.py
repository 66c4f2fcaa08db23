"""The words of the pages with what they mean, as data: one place for page, links and tests."""

from dataclasses import dataclass
from functools import cache

from referral.reference import HERE
from referral.reference.files import read_file


@dataclass(frozen=True, slots=True)
class Term:
    """One word.

    ``source`` stands wherever the meaning is clinical; ``sections`` are the pages of the form that use it.
    """

    id: str
    name: str
    means: str
    source: str | None = None
    sections: tuple[str, ...] = ()


@cache
def glossary() -> tuple[tuple[str, tuple[Term, ...]], ...]:
    """Give the groups of the glossary in their order, each with its terms."""
    return tuple(
        (group["group"], tuple(_term(each) for each in group["terms"]))
        for group in read_file(HERE / "glossary.yaml")
    )


def _term(given: dict[str, str | list[str]]) -> Term:
    known = {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}
    return Term(**known)  # type: ignore[arg-type]  # the file is ours; a name that Term has not is refused here


@cache
def terms_of(section: str) -> tuple[Term, ...]:
    """Give the words that one page of the form uses."""
    return tuple(term for _, terms in glossary() for term in terms if section in term.sections)
