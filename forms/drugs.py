"""Drugs as people write them: by international or brand name, and what a misspelt name may have meant."""

import re
from difflib import get_close_matches
from functools import cache
from typing import NamedTuple

from forms.fields import Fact
from forms.texts import quoted
from referral.reference import Drug, drugs, drugs_named

MOST_NEAR = 3
NEAR_ENOUGH = 0.68
"""How alike two names must be, from 0 to 1: "Gelenia" and "Gilenya" are 0.71."""


class Near(NamedTuple):
    """A drug that may have been meant: the name to take, and how it is offered."""

    name: str
    said: str


class DrugField(Fact):
    """A drug of the list by its international or brand name, or another drug that is said to be one."""

    kind = "drug"
    width = "20"
    most = 100

    def read(self, text: str) -> str:
        """Give the drug's key; its substance where the route is left open; else the name as typed."""
        found = drugs_named(text) or _brands().get(text.casefold(), ())
        if len(found) == 1:
            return found[0].key
        if len({drug.substance for drug in found}) == 1:
            return found[0].substance
        if len(text) > self.most:
            raise ValueError(f"{quoted(text)} was given. Allowed: a name of at most {self.most} characters.")
        return text

    @property
    def listed(self) -> bool:
        """Whether the list has a drug of this name."""
        return self.data is None or bool(drugs_named(self.data))

    @property
    def near(self) -> list[Near]:
        """Which drugs of the list may have been meant by a name that it does not have."""
        return names_near(self.data) if self.data and not self.listed else []

    @property
    def read_as(self) -> str:
        """The drug, its class and its ATC code, once it is recognised."""
        found = drugs_named(self.fact or "")
        if not found:
            return ""
        name = found[0].inn if len(found) == 1 else found[0].substance
        known = (
            _agreed([drug.mechanism_class for drug in found]),
            _agreed([f"ATC {drug.atc}" for drug in found if _ATC.fullmatch(drug.atc)]),
        )
        return ", ".join(filter(None, (name, *known)))

    def write(self, fact: str) -> list[str]:
        """Give the international name."""
        found = drugs_named(fact)
        return [found[0].inn if len(found) == 1 else fact]


_ATC = re.compile(r"[A-Z][0-9]{2}[A-Z]{2}[0-9]{2}")


def _agreed(texts: list[str]) -> str:
    """Give what all of them say; nothing where they differ."""
    return texts[0] if len(set(texts)) == 1 else ""


def names_near(text: str) -> list[Near]:
    """Find the drugs whose name is most like this one, the likest first. Nothing is taken for anything."""
    substances = {drug.substance: drugs_named(drug.substance) for drug in drugs()}
    names = substances | _brands()
    found: dict[str, Near] = {}
    for name in get_close_matches(text.casefold(), names, MOST_NEAR, NEAR_ENOUGH):
        meant = names[name]
        taken = meant[0].inn if len(meant) == 1 else meant[0].substance
        brands = [brand for drug in meant for brand in _brand_names(drug)]
        likest = [brand for brand in brands if brand.casefold() == name]
        brand = next(iter(likest or (brands if len(meant) == 1 else [])), "")
        found.setdefault(meant[0].substance, Near(taken, f"{taken} ({brand})" if brand else taken))
    return list(found.values())


@cache
def _brands() -> dict[str, tuple[Drug, ...]]:
    """Give the drugs of each brand; names are folded to small letters."""
    found: dict[str, tuple[Drug, ...]] = {}
    for drug in drugs():
        for name in _brand_names(drug):
            found[name.casefold()] = (*found.get(name.casefold(), ()), drug)
    return found


def _brand_names(drug: Drug) -> list[str]:
    """Give the names by which a drug is sold: "Tysabri IV/SC" is Tysabri; "generics" names none."""
    brands = (name for brand in drug.brands for name in re.split(r"/(?=[A-Z][a-z])", brand))
    bare = (re.sub(r" (\(|and other).*| (IV/SC|IV|SC|ODT)$", "", brand) for brand in brands)
    return list(dict.fromkeys(name for name in bare if name[:1].isupper()))
