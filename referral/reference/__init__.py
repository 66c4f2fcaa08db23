"""Drugs and codes as data, each row with its source; one loader."""

import csv
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Drug:
    """One row of ``drugs.csv``: a drug by one route.

    ``efficacy`` is *high*, *moderate*, *none* (no disease-modifying drug of MS) or *unclassified*; what it rests
    on stands in ``efficacy_note``. Sources: ABN 2015; doi:10.1186/s13023-023-02789-0.
    """

    key: str
    inn: str
    brands: tuple[str, ...]
    mechanism_class: str
    atc: str
    efficacy: str
    efficacy_note: str

    @property
    def substance(self) -> str:
        """The substance without its route: one substance by two routes counts once."""
        return _substance(self.inn)


@cache
def _substance(name: str) -> str:
    return re.sub(r"\s*\([^)]*\)", "", name).strip().casefold()


@cache
def drugs() -> tuple[Drug, ...]:
    """Give every drug of the table, in its order."""
    with (HERE / "drugs.csv").open(encoding="utf-8", newline="") as table:
        return tuple(
            Drug(
                key=row["key"],
                inn=row["inn"],
                brands=tuple(brand.strip() for brand in row["brands"].split(";") if brand.strip()),
                mechanism_class=row["mechanism_class"],
                atc=row["atc_who"],
                efficacy=row["efficacy_suggested"],
                efficacy_note=row["efficacy_note"],
            )
            for row in csv.DictReader(table)
        )


@cache
def _by_name() -> dict[str, tuple[Drug, ...]]:
    names: dict[str, tuple[Drug, ...]] = {}
    for drug in drugs():
        for name in dict.fromkeys((drug.key.casefold(), drug.inn.casefold(), drug.substance)):
            names[name] = (*names.get(name, ()), drug)
    return names


@cache
def drugs_named(name: str) -> tuple[Drug, ...]:
    """Give the drugs that a record's text may mean: by key or INN. Several where the route is left open.

    Empty where the table does not have it: such a drug may be of any class.
    """
    return _by_name().get(name.strip().casefold(), ())


def find_drug(text: str) -> Drug | None:
    """Give the one drug of this key or INN, or ``None``."""
    found = drugs_named(text)
    return found[0] if len(found) == 1 else None
