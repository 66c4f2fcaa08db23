"""What is refused in a test and in an edition, in the very words: what is wrong, where, and what is allowed."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from referral.criteria import load
from referral.criteria.check import check_library
from referral.criteria.edition import EVIDENCE, GROUPS, KINDS, PURPOSES, STATUSES
from referral.criteria.language import Mistake, read_test
from referral.criteria.load import BadEdition, load_edition, read_edition, shared_vocabulary
from referral.facts import digest
from referral.reference import drugs
from referral.reference.files import read_file, read_yaml
from tests.core.test_library import AGE, edition, refusal

REFUSED = read_yaml(Path(__file__).with_name("mistakes.yaml").read_text(encoding="utf-8"))
WHERE = "made-up.yaml, criterion 'age': "


@pytest.mark.parametrize("mistake", REFUSED, ids=lambda mistake: mistake["given"][:60])
def test_a_mistake_in_a_test_is_named(mistake: dict[str, str]) -> None:
    with pytest.raises(Mistake) as refused:
        read_test(read_yaml(mistake["given"]), shared_vocabulary())
    assert str(refused.value) == mistake["said"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("id: age, ", "", "made-up.yaml, criterion None: id is missing; add it"),
        ("kind: required, ", "", f"{WHERE}kind is missing; add it"),
        ("statement: Aged 18 to 55., ", "", f"{WHERE}statement is missing; add it"),
        ("test: {age_years: {min: 18, max: 55}}, ", "", f"{WHERE}test is missing; add it"),
        ("source: doi:10.0000/x", "source: ''", f"{WHERE}source is missing; add it"),
        ("kind: required", "kind: wanted", f"{WHERE}kind is one of {', '.join(KINDS)}, not 'wanted'"),
        ("kind: required", "kind: required, mood: 1, sun: 2", f"{WHERE}there is no mood, sun; the names are id, kind,"
         " direction, route, statement, applies_if, test, window_months, exception, evidence, source, interpretation,"
         " reading"),
        ("kind: required", "kind: required, interpretation: poet", f"{WHERE}interpretation can only be analyst"),
        ("kind: required", "kind: required, interpretation: analyst",
         f"{WHERE}interpretation and reading go together; add the missing one"),
        ("kind: required", "kind: required, reading: So.",
         f"{WHERE}interpretation and reading go together; add the missing one"),
        ("kind: required", "kind: required, direction: against",
         f"{WHERE}direction belongs to a relative criterion, and to no other"),
        ("kind: required", "kind: [required]", f"{WHERE}kind is a text, not ['required']"),
        ("kind: required", "kind: relative", f"{WHERE}direction belongs to a relative criterion, and to no other"),
        ("kind: required", "kind: required, applies_if: {}",
         f"{WHERE}a test is one word with its settings, not {{}}"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_criterion_is_named(old: str, new: str, said: str) -> None:
    assert refusal(AGE.replace(old, new)) == said


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"extra": 1}, "made-up.yaml: there is no extra; the names are id, title, organisation, year, jurisdiction,"
         " purpose, status, citation, evidence, list_complete, superseded_by, other_editions, notes, criteria"),
        ({"purpose": "fun"}, f"made-up.yaml: purpose is one of {', '.join(PURPOSES)}, not 'fun'"),
        ({"status": "old"}, f"made-up.yaml: status is one of {', '.join(STATUSES)}, not 'old'"),
        ({"evidence": "A"}, f"made-up.yaml: evidence is one of {', '.join(EVIDENCE)}, not 'A'"),
        ({"list_complete": "mostly"}, "made-up.yaml: list_complete is true or false, not 'mostly'"),
        ({"title": ["T"]}, "made-up.yaml: title is a text, not ['T']"),
        ({"year": True}, "made-up.yaml: year is a whole number or null, not True"),
        ({"other_editions": "b"}, "made-up.yaml: other_editions is a list or null, not 'b'"),
        ({"citation": "A."}, "made-up.yaml: citation is names with values, not 'A.'"),
        ({"criteria": 1}, "made-up.yaml: criteria is a list, not 1"),
        ({"id": "other"}, "made-up.yaml: the id 'other' is not the file's name"),
        ({"citation": {}}, "made-up.yaml: the citation is empty; name the document"),
        ({"criteria": ["x"]}, "made-up.yaml, criterion None: names with values are expected"),
    ],
)  # fmt: skip
def test_a_mistake_in_an_edition_is_named(changes: dict[str, Any], said: str) -> None:
    assert refusal(**changes) == said


def test_an_id_is_used_once() -> None:
    other = AGE.replace("id: age", "id: again")
    assert refusal(AGE, AGE, other, other) == "made-up.yaml: again, age stands twice; an id is used once"


NEEDED = (
    "id", "title", "organisation", "year", "jurisdiction", "purpose", "status", "citation", "evidence",
    "list_complete", "notes", "criteria",
)  # fmt: skip


@pytest.mark.parametrize("name", NEEDED)
def test_what_an_edition_needs_is_asked_for(name: str) -> None:
    given = edition()
    del given[name]
    with pytest.raises(BadEdition) as refused:
        read_edition(given, "made-up.yaml")
    assert str(refused.value) == f"made-up.yaml: {name} is missing; add it"


def test_an_edition_that_is_no_edition_or_no_yaml_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadEdition, match=r"^x\.yaml: names with values are expected$"):
        read_edition([], "x.yaml")
    broken = tmp_path / "broken.yaml"
    broken.write_text("a: [", encoding="utf-8")
    with pytest.raises(BadEdition, match=r"^broken\.yaml: "):
        load_edition(broken)


@pytest.mark.parametrize(
    ("citation", "said", "url"),
    [
        ({"authors": "A. B.", "journal": "J", "year": 2020, "doi": "10.1/x", "url": "https://e.org"},
         "A. B. J. doi:10.1/x", "https://doi.org/10.1/x"),
        ({"authors": "A", "year": 2020, "pmid": 5, "url": "https://e.org"}, "A. 2020. PMID 5", "https://e.org"),
        ({"text": "Words.", "registry": "NCT1"}, "Words. NCT1", None),
        ({"authors": "Team X", "journal": "J"}, "Team X. J", None),
        ({"url": "https://e.org"}, "", "https://e.org"),
    ],
)  # fmt: skip
def test_a_citation_is_said_in_one_line(citation: dict[str, Any], said: str, url: str | None) -> None:
    read = read_edition(edition(citation=citation), "made-up.yaml")
    assert (read.citation, read.url) == (said, url)


RELATIVE = """
{id: weighed, kind: relative, direction: against, route: escalation, statement: S., exception: E., evidence: S,
 interpretation: analyst, reading: R., applies_if: {age_years: {min: 18}}, test: {judgement: aggressive_ms},
 source: doi:10.0000/x}
"""
UNTESTED = "{id: agreed, kind: required, statement: S., test: {untested: no number}, source: doi:10.0000/x}"


def test_an_edition_is_written_as_plain_data() -> None:
    more = {"superseded_by": "b", "other_editions": ["c"]}
    read = read_edition(edition(RELATIVE, UNTESTED, **more), "made-up.yaml")
    assert read.to_json() == {
        "id": "made-up", "title": "T", "organisation": "O", "year": 2026, "jurisdiction": "J", "purpose": "centre",
        "status": "current", "citation": "A. doi:10.0000/x", "url": "https://doi.org/10.0000/x", "evidence": "P",
        "list_complete": True, "notes": "N", "superseded_by": "b", "other_editions": ["c"], "sha256": read.sha256,
        "criteria": [
            {"id": "weighed", "kind": "relative", "route": "escalation", "direction": "against", "statement": "S.",
             "exception": "E.", "reading": "R.", "source": "doi:10.0000/x", "evidence": "S", "group": "activity",
             "tested": True, "asks": "a clinician's yes is asked for", "untested_because": None},
            {"id": "agreed", "kind": "required", "route": None, "direction": None, "statement": "S.",
             "exception": None, "reading": None, "source": "doi:10.0000/x", "evidence": None, "group": "setting",
             "tested": False, "asks": None, "untested_because": "no number"},
        ],
    }  # fmt: skip
    assert (read.routes, read.tested) == ((), 1)
    plain = read_edition(edition(), "made-up.yaml")
    assert (plain.superseded_by, plain.other_editions) == (None, ())


@pytest.mark.parametrize(
    ("test", "group"),
    [
        ("{all: [{judgement: aggressive_ms}, {edss: {max: 6}}]}", "disability"),
        ("{any: [{edss: {max: 6}}, {age_years: {min: 18}}]}", "disability"),
        ("{any: [{untested: x}, {age_years: {min: 18}}]}", "age_and_duration"),
        ("{any: [{judgement: meets_mcdonald}, {judgement: aggressive_ms}]}", "diagnosis"),
        ("{untested: x}", "setting"),
        ("{not: {failed_treatments: {class: any, at_least: 1}}}", "treatment"),
        ("{phenotype: {in: [RRMS]}}", "diagnosis"),
        ("{code: {path: patient.sex, in: [male]}}", "diagnosis"),
        ("{serology: {path: infection.hiv, in: [negative]}}", "fitness"),
        ("{flag: {path: comorbidity.pregnant, is: false}}", "fitness"),
        ("{measurement: {path: organ_function.bmi, max: 35}}", "fitness"),
        ("{hct_ci: {max: 3}}", "fitness"),
        ("{ambulation: {min_distance_m: 20}}", "disability"),
        ("{edss_rise: {min: 1}}", "disability"),
        ("{functional_system: {system: visual, min: 1}}", "disability"),
        ("{relapses: {at_least: 1}}", "activity"),
        ("{mri: {findings: [new_t2], at_least: 1}}", "activity"),
        ("{mri_t2_rate: {min_per_month: 1, interval_months: {min: 3}}}", "activity"),
        ("{relapse_and_mri: {gap_days: {min: 1}, relapse: {}, mri: {findings: [new_t2]}}}", "activity"),
        ("{treated_with: {class: any, at_least: 1}}", "treatment"),
        ("{treatment_free_months: {class: any, min: 1}}", "treatment"),
        ("{duration_years: {anchor: unstated, max: 10}}", "age_and_duration"),
    ],
)
def test_a_criterion_belongs_to_the_group_of_what_it_asks(test: str, group: str) -> None:
    text = f"{{id: a, kind: required, statement: S., test: {test}, source: doi:10.0000/x}}"
    assert read_edition(edition(text), "made-up.yaml").criteria[0].group == group


def faults(*criteria: str, **changes: Any) -> list[str]:
    """What the check of the library finds, but for worked cases, which a made-up edition does not have."""
    found = check_library({"made-up": read_edition(edition(*criteria, **changes), "made-up.yaml")})
    return [fault for fault in found if "worked cases" not in fault]


@pytest.mark.parametrize(
    ("criteria", "changes", "said"),
    [
        ([AGE], {}, []),
        ([AGE], {"superseded_by": "ghost"}, [
            "made-up.yaml: superseded_by names 'ghost', which is not in the library; add it or mend it",
        ]),
        ([AGE], {"status": "superseded", "notes": ""}, [
            "made-up.yaml: a superseded edition says what replaced it; add superseded_by, or say it in the notes",
        ]),
        ([AGE], {"status": "superseded", "notes": "By what."}, []),
        ([AGE], {"status": "superseded", "notes": "", "superseded_by": "made-up"}, []),
        ([AGE.replace("required", "preferred")], {}, [
            "made-up.yaml: no criterion decides; add one that is required or an exclusion",
        ]),
        ([AGE.replace("required", "exclusion, route: a")], {}, [
            "made-up.yaml: route 'a' asks for nothing; give it a required criterion or take it out",
        ]),
        ([AGE.replace("required", "required, route: a")], {}, []),
        ([AGE.replace("doi:10.0000/x", "' ab  '")], {}, [
            "made-up.yaml, criterion 'age': the source ' ab  ' names no document; give its address, DOI or name",
        ]),
        ([AGE.replace("doi:10.0000/x", "abcde")], {}, []),
        ([AGE.replace("min: 18, max: 55", "min: 56, max: 55")], {}, [
            "made-up.yaml, criterion 'age': nothing lies within 56 to 55; mend the bounds",
            "made-up.yaml, criterion 'age': nothing turns at 'age min 56: 56 years on 2026-06-15'; mend the test or"
            " take the limit out",
            "made-up.yaml, criterion 'age': nothing turns at 'age max 55: 56 years on 2026-06-15'; mend the test or"
            " take the limit out",
        ]),
        ([AGE.replace("source", "applies_if: {edss: {above: 6, below: 6}}, source")], {}, [
            "made-up.yaml, criterion 'age': nothing lies within more than 6 and less than 6; mend the bounds",
            "made-up.yaml, criterion 'age': nothing turns at 'EDSS above 6'; mend the test or take the limit out",
            "made-up.yaml, criterion 'age': nothing turns at 'EDSS below 6'; mend the test or take the limit out",
        ]),
    ],
)  # fmt: skip
def test_what_the_check_of_an_edition_finds(
    criteria: list[str], changes: dict[str, Any], said: list[str]
) -> None:
    assert faults(*criteria, **changes) == said


@pytest.mark.parametrize(
    ("bounds", "holds"),
    [
        ("min: 3, max: 3", True), ("min: 3, below: 3", False), ("above: 3, max: 3", False),
        ("above: 3, below: 3", False),
        ("above: 3, below: 4", True), ("min: 4, below: 3", False), ("min: 3", True), ("below: 3", True),
    ],
)  # fmt: skip
def test_bounds_within_which_nothing_lies_are_found(bounds: str, holds: bool) -> None:
    asked = AGE.replace("min: 18, max: 55", bounds)
    assert any("nothing lies within" in fault for fault in faults(asked)) is not holds


def test_a_route_that_asks_for_nothing_does_not_load(tmp_path: Path) -> None:
    file = tmp_path / "made-up.yaml"
    file.write_text(yaml.safe_dump(as_plain(edition(AGE.replace("required", "exclusion, route: a")))))
    with pytest.raises(BadEdition) as refused:
        load_edition(file)
    assert str(refused.value) == (
        f"{WHERE}route 'a' asks for nothing; give it a required criterion or take it out"
    )
    file.write_text(yaml.safe_dump(as_plain(edition(AGE.replace("required", "required, route: a")))))
    assert load_edition(file).routes == ("a",)
    file.write_text(yaml.safe_dump(as_plain(edition(AGE.replace("required", "preferred, route: a")))))
    assert load_edition(file).routes == ()


def test_an_edition_without_its_worked_cases_is_found() -> None:
    (fault,) = check_library({"made-up": read_edition(edition(), "made-up.yaml")})
    assert fault == (
        "made-up.yaml: its worked cases are missing or come out otherwise; read: flask protocols cases made-up"
    )


def test_a_vocabulary_has_only_known_groups() -> None:
    groups = {group for _, group in shared_vocabulary().judgements.values()}
    assert groups <= set(GROUPS)


def moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, **changes: Any) -> None:
    """Let the library be read from another folder, with a vocabulary of one edition and these changes."""
    plain = {
        "order": ["made-up"], "first_shown": ["made-up"], "every_edition": [], "drug_groups": {"one": ["dmf"]},
        "drug_group_words": {"one": ["first drug", "first drugs"]},
        "judgements": {"tired": {"group": "activity", "means": "Tired."}},
    } | changes  # fmt: skip
    (tmp_path / "vocabulary.yaml").write_text(yaml.safe_dump(plain), encoding="utf-8")
    (tmp_path / "protocols").mkdir()
    (tmp_path / "protocols" / "made-up.yaml").write_text(
        yaml.safe_dump(as_plain(edition())), encoding="utf-8"
    )
    monkeypatch.setattr(load, "HERE", tmp_path)


def as_plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: as_plain(inner) for name, inner in value.items()}
    return [as_plain(inner) for inner in value] if isinstance(value, list) else value


def test_the_vocabulary_and_the_library_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    moved(tmp_path, monkeypatch)
    shared = load.shared_vocabulary.__wrapped__()
    assert (shared.judgements, shared.drug_groups) == ({"tired": ("Tired.", "activity")}, {"one": ("dmf",)})
    assert shared.group_words == {"one": ("first drug", "first drugs")}
    assert list(load.library.__wrapped__()) == ["made-up"]


def test_a_judgement_of_no_group_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = {name: {"group": "mood", "means": "M."} for name in ("sad", "glad")}
    moved(tmp_path, monkeypatch, judgements=wrong | {"tired": {"group": "activity", "means": "Tired."}})
    with pytest.raises(BadEdition) as refused:
        load.shared_vocabulary.__wrapped__()
    assert str(refused.value) == f"vocabulary.yaml: glad, sad: the group is one of {', '.join(GROUPS)}"


def test_an_edition_that_stands_in_one_place_only_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved(tmp_path, monkeypatch, order=["other", "another"])
    with pytest.raises(BadEdition) as refused:
        load.library.__wrapped__()
    assert str(refused.value) == (
        "vocabulary.yaml, order: these stand in one place only: another, made-up, other"
    )


def test_the_library_stands_in_the_order_that_is_written_down() -> None:
    order = read_file(load.HERE / "vocabulary.yaml")["order"]
    assert list(load.library()) == order
    assert [found.id for found in load.first_shown()] == read_file(load.HERE / "vocabulary.yaml")[
        "first_shown"
    ]


def test_judgements_are_told_and_found_where_they_are_read() -> None:
    assert load.judgements()["aggressive_ms"] == "The disease is aggressive, judged from its whole pattern."
    one = read_edition(edition(RELATIVE, RELATIVE.replace("id: weighed", "id: b")), "made-up.yaml")
    two = read_edition(
        edition(AGE.replace("source", "applies_if: {judgement: malignant_ms}, source")), "made-up.yaml"
    )
    assert load.judgements_read([two, one]) == ("malignant_ms", "aggressive_ms")
    assert load.judgements_read([]) == ()
    assert load.judgements_read() == load.judgements_read(load.first_shown())


def test_a_digest_covers_the_definition_the_drug_groups_and_the_classes_of_drugs() -> None:
    given = edition()
    groups = {name: list(keys) for name, keys in shared_vocabulary().drug_groups.items()}
    covered = {
        "edition": given,
        "drug_groups": groups,
        "drugs": {drug.key: drug.efficacy for drug in drugs()},
    }
    assert read_edition(given, "made-up.yaml").sha256 == digest(covered)


def test_a_definition_that_is_written_otherwise_has_another_digest() -> None:
    whole, exact = (AGE.replace("max: 55", f"max: {text}") for text in ("55", "55.0"))
    same = read_edition(edition(), "made-up.yaml").sha256
    assert read_edition(edition(whole), "made-up.yaml").sha256 == same
    assert read_edition(edition(exact), "made-up.yaml").sha256 != same
    assert read_edition(edition(notes="Other."), "made-up.yaml").sha256 != same
