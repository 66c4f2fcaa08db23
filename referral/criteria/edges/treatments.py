"""The limits of how many drugs, for how long, and how long ago."""

from collections.abc import Iterator

from referral.criteria.days import add_months
from referral.criteria.edges.base import AS_OF, Edge, Facts, days_around, edges, numbers_around
from referral.criteria.edges.entries import a_drug, courses
from referral.criteria.language import treatments
from referral.criteria.language.base import DrugClass
from referral.reference import drugs


def _different(drug_class: DrugClass, count: int) -> list[str]:
    """Give drugs of the class, each another substance."""
    substances = {drug.substance: drug.key for drug in drugs() if drug.key in drug_class.keys}
    return list(substances.values())[:count]


def _drug_edges(leaf: treatments.FailedTreatments | treatments.TreatedWith) -> Iterator[Edge]:
    def given(names: list[str], start: str) -> Facts:
        return courses(
            *(
                {"drug": name, "start": start, "stop": AS_OF.isoformat(), "outcome": "failed_efficacy"}
                for name in names
            )
        )

    yield from numbers_around(
        f"drugs at least {leaf.at_least}", leaf.at_least, 1,
        lambda count: given(_different(leaf.drug_class, int(count)), "2015-01-01"),
    )  # fmt: skip
    if leaf.exposure:
        yield from days_around(
            f"exposure of {leaf.exposure} months", add_months(AS_OF, -leaf.exposure),
            lambda day: given(_different(leaf.drug_class, leaf.at_least), day),
        )  # fmt: skip


edges.register(treatments.FailedTreatments, _drug_edges)
edges.register(treatments.TreatedWith, _drug_edges)


@edges.register
def _free(leaf: treatments.TreatmentFreeMonths) -> Iterator[Edge]:
    name = a_drug(leaf.drug_class)
    yield from days_around(
        f"{leaf.months} months since the last dose", add_months(AS_OF, -leaf.months),
        lambda day: courses({"drug": name, "start": "2015-01-01", "stop": day, "last_dose": day}),
    )  # fmt: skip
