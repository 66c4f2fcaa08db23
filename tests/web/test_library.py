"""The pages of the library: the list, one edition, two side by side."""

from collections.abc import Callable

import pytest

from referral.criteria import Edition, library
from referral.criteria.boundaries import worked_cases
from referral.packet import words
from referral.web import library as pages
from referral.workflow import Role
from tests.browser import Browser, Page

SignIn = Callable[[str], Browser]


@pytest.fixture
def reader(sign_in: SignIn) -> Browser:
    return sign_in(Role.NEUROLOGIST)


@pytest.fixture
def auditor(sign_in: SignIn) -> Browser:
    return sign_in(Role.AUDITOR)


def listed(page: Page) -> list[str]:
    return [(box.get("value") or "") for box in page.all(".//input[@name='pick']")]


@pytest.mark.parametrize("path", ["/library", "/library/london-2016", "/library/compare"])
def test_a_stranger_is_sent_to_sign_in(browser: Browser, path: str) -> None:
    assert "Sign in" in browser.visit(path).title


@pytest.mark.parametrize("role", Role)
def test_every_role_finds_the_library(sign_in: SignIn, role: Role) -> None:
    browser = sign_in(role)

    links = {link.get("href") for link in browser.visit("/").all(".//nav//a")}
    assert {"/library", "/quick-check"} <= links
    assert len(listed(browser.visit("/library"))) == len(library())


def test_a_row_says_where_an_edition_stands_and_how_much_of_it_is_tested(reader: Browser) -> None:
    page = reader.visit("/library")

    (row,) = [
        row for row in page.all(".//tbody/tr") if row.find(".//input[@value='london-2016']") is not None
    ]
    said = " ".join(" ".join(row.itertext()).split())
    for part in (
        "London MS-AHSCT",
        "2016",
        "England",
        "A centre’s own protocol",
        "9 of 10",
        "not read whole",
    ):
        assert part in said


def test_a_superseded_edition_links_to_what_replaced_it(reader: Browser) -> None:
    old = library()["switzerland-2002"]

    for path in ("/library?status=superseded", "/library/switzerland-2002"):
        page = reader.visit(path)
        assert f"/library/{old.superseded_by}" in {link.get("href") for link in page.all(".//main//a")}
        assert "Superseded by" in page.text


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("jurisdiction=Scotland", {"shtg-2019"}),
        ("purpose=referral_trigger", {"nmdp-referral"}),
        ("jurisdiction=England&purpose=payer", {"nhs-england-b04", "nice-ta127-2024"}),
        ("status=superseded&jurisdiction=Switzerland", {"switzerland-2002"}),
    ],
)
def test_the_list_is_narrowed_down_and_the_form_keeps_the_choice(
    reader: Browser, query: str, wanted: set[str]
) -> None:
    page = reader.visit(f"/library?{query}")

    expected = {
        edition.id
        for edition in library().values()
        if all(
            value in (pages.places(edition) if name == "jurisdiction" else (getattr(edition, name),))
            for name, value in (part.split("=") for part in query.split("&"))
        )
    }
    assert set(listed(page)) == expected
    assert wanted & expected
    fields = page.fields("/library")
    assert (
        "&".join(f"{name}={fields[name]}" for name in (part.split("=")[0] for part in query.split("&")))
        == query
    )


def test_an_edition_for_several_places_is_found_under_each(reader: Browser) -> None:
    for place in ("Norway", "Denmark", "Sweden", "Netherlands"):
        assert "ram-ms" in listed(reader.visit(f"/library?jurisdiction={place}"))


def test_a_choice_that_finds_nothing_says_so(reader: Browser) -> None:
    page = reader.visit("/library?jurisdiction=Wales&status=terminated")

    assert listed(page) == []
    assert "None found" in page.text
    assert "Show all" in page.text


def test_a_choice_that_does_not_exist_narrows_nothing(reader: Browser) -> None:
    page = reader.visit("/library?purpose=%3Cscript%3E&status=' OR 1=1")

    assert len(listed(page)) == len(library())
    assert "<script>" not in page.html.partition("<main")[2]


@pytest.mark.parametrize("edition", library().values(), ids=lambda edition: edition.id)
def test_every_edition_says_all_of_itself(auditor: Browser, edition: Edition) -> None:
    page = auditor.visit(f"/library/{edition.id}")

    said = page.text
    assert edition.sha256 in said
    for text in (edition.title, edition.citation, edition.notes):
        assert " ".join(text.split()) in said
    for criterion in edition.criteria:
        texts = [criterion.statement, criterion.source, criterion.reading, criterion.exception]
        texts.append(
            criterion.test.asks() if criterion.tested else str(criterion.to_json()["untested_because"])
        )
        for text in filter(None, texts):
            assert " ".join(text.split()) in said, f"{criterion.id}: {text}"
    cases = page.all(".//table")[-1:] if pages.cases(edition.id) else []
    assert sum(len(table.findall("tbody/tr")) for table in cases) == len(list(worked_cases(edition)))


def test_criteria_stand_by_route_and_kind(reader: Browser) -> None:
    page = reader.visit("/library/ebmt-2020")

    headings = [" ".join("".join(heading.itertext()).split()) for heading in page.all(".//main//h3")]
    assert headings == [
        "Required on the route “highly active”",
        "Required on the route “aggressive”",
        "Required on the route “progressive”",
        "Ideal profile This never changes the verdict.",
    ]


@pytest.mark.parametrize("edition_id", ["nowhere", "LONDON-2016", "..%2f..", "%00"])
def test_an_unknown_edition_is_not_found(reader: Browser, edition_id: str) -> None:
    reader.visit(f"/library/{edition_id}", status=404)


def test_two_editions_stand_side_by_side_group_by_group(reader: Browser) -> None:
    page = reader.visit("/library/compare?a=ectrims-ebmt-2025&b=ebmt-2020")

    rows = {row.findtext("th"): row.findall("td") for row in page.all(".//tbody/tr")}
    both = [library()[name] for name in ("ectrims-ebmt-2025", "ebmt-2020")]
    groups = {criterion.group for edition in both for criterion in edition.criteria}
    assert set(rows) == {"The edition", *(words.GROUPS[group] for group in groups)}
    for side, edition in enumerate(both):
        for criterion in edition.criteria:
            cell = " ".join(" ".join(rows[words.GROUPS[criterion.group]][side].itertext()).split())
            assert criterion.statement in cell


def test_two_ticked_in_the_list_are_compared(reader: Browser) -> None:
    page = reader.visit("/library/compare?pick=astct-2019&pick=nmss-2020")

    assert page.fields("/library/compare") == {"a": "astct-2019", "b": "nmss-2020"}
    assert page.all(".//table")


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("", "Choose two editions."),
        ("?a=ebmt-2020", "Choose two editions."),
        ("?pick=ebmt-2020", "Choose two editions."),
        ("?a=ebmt-2020&b=nowhere", "The library has no such edition"),
        ("?a=ebmt-2020&b=ebmt-2020", "The same edition was chosen twice"),
        ("?pick=ebmt-2020&pick=mist&pick=most", "3 editions were ticked"),
    ],
)
def test_what_cannot_be_compared_says_why_and_offers_a_choice(reader: Browser, query: str, said: str) -> None:
    page = reader.visit(f"/library/compare{query}")

    assert said in page.text
    assert not page.all(".//table")
    assert set(page.fields("/library/compare")) == {"a", "b"}
