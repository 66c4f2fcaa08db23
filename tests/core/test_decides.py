"""The facts that would settle it: whatever they turn out to be, the verdict is settled; and none of them is spare."""

import itertools
import random
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from referral.assessment import assess
from referral.criteria import library
from referral.criteria.case import Case
from referral.criteria.decides import rank
from referral.criteria.edition import Edition
from referral.criteria.evaluate import Verdict, evaluate
from referral.criteria.load import read_edition
from referral.criteria.unknowns import fillings
from referral.facts import SCORES, CaseRecord, RecordError, read_record
from referral.reference.files import read_yaml
from tests.core.records import AS_OF, CASES, courses, make_record, relapses
from tests.core.test_library import edition

LIMITS = tuple(map(Decimal, (0, 2, 3, 10, 15, 18, 20, 45, 50, 55, 60, 65, 100, 500)))


def verdict(edition: Edition, record: CaseRecord, as_of: date) -> Verdict:
    return evaluate(edition, Case.on(record, as_of)).verdict


def turned_out(record: CaseRecord, path: str, as_of: date, chance: random.Random) -> CaseRecord | None:
    """Let a fact turn out to be anything; ``None`` if it cannot be so. Dates and numbers are drawn afresh."""
    plain = record.to_json()
    section, _, name = path.partition(".")
    if section == "diagnosis" and name.endswith(("_on", "_onset")):
        day = as_of - timedelta(days=chance.randrange(12_000))
        plain.setdefault("diagnosis", {})[name] = day.isoformat()
    elif path == "patient.birth_date":
        plain.setdefault("patient", {})["birth_date"] = (
            as_of - timedelta(days=chance.randrange(36_000))
        ).isoformat()
    elif section == "organ_function":
        plain.setdefault(section, {})[name] = {"value": chance.randrange(0, 120), "date": as_of.isoformat()}
    elif path == "edss":
        score = chance.choice(SCORES)
        plain.setdefault("edss", []).append(
            {"date": as_of.isoformat(), "score": score, "during_relapse": chance.random() < 0.5}
        )
    else:
        ways = fillings(path, Case.on(record, as_of), LIMITS)
        return chance.choice(ways)(record)
    try:
        return read_record(plain, as_of)
    except RecordError:
        return None


@pytest.mark.parametrize("path", sorted(CASES.glob("*.yaml")), ids=lambda path: path.stem)
def test_filling_a_deciding_set_always_settles(path: Path) -> None:
    given = read_yaml(path.read_text(encoding="utf-8"))
    as_of = date.fromisoformat(given["as_of"])
    record = read_record(given["record"], as_of)
    chance = random.Random(path.stem)  # noqa: S311 - the same draws every time
    for answered in assess(record, library().values(), as_of).answers:
        for chosen in answered.decides:
            for _ in range(40):
                filled: CaseRecord | None = record
                for name in chosen:
                    filled = turned_out(filled, name, as_of, chance) if filled else None
                if filled:
                    settled = verdict(answered.result.edition, filled, as_of)
                    assert settled is not Verdict.CANNOT_SAY, (
                        answered.result.edition.id,
                        chosen,
                        filled.to_json(),
                    )


@pytest.mark.parametrize("path", sorted(CASES.glob("*.yaml")), ids=lambda path: path.stem)
def test_no_fact_of_a_deciding_set_is_spare(path: Path) -> None:
    given = read_yaml(path.read_text(encoding="utf-8"))
    as_of = date.fromisoformat(given["as_of"])
    record = read_record(given["record"], as_of)
    for answered in assess(record, library().values(), as_of).answers:
        if answered.result.verdict is not Verdict.CANNOT_SAY:
            continue
        for chosen in answered.decides:
            for spare in chosen:
                kept = [name for name in chosen if name != spare]
                ways = [fillings(name, Case.on(record, as_of), LIMITS) for name in kept]
                worlds = itertools.islice(itertools.product(*ways), 4000)
                assert any(
                    verdict(answered.result.edition, fill_all(record, world), as_of) is Verdict.CANNOT_SAY
                    for world in worlds
                ), (answered.result.edition.id, chosen, spare)


def fill_all(record: CaseRecord, ways: tuple[Any, ...]) -> CaseRecord:
    for fill in ways:
        record = fill(record)
    return record


def decides(edition: str, **facts: Any) -> tuple[tuple[str, ...], ...]:
    (answered,) = assess(make_record(**facts), [library()[edition]], AS_OF).answers
    return answered.decides


WHOLE_BUT_DIAGNOSIS = {
    "patient": {"birth_date": "1990-01-01"},
    "edss": [{"date": "2026-10-01", "score": 4}],
    "mri": [{"date": "2026-10-01", "contrast": True, "gd_lesions": 0, "new_t2": 3}],
    "ambulation": {"distance_m": 500, "aid": "none", "date": "2026-10-01"},
    "judgements": {"ms_diagnosed_by_neurologist": {"value": True}},
} | courses(
    {"drug": "natalizumab", "start": "2023-01-01", "stop": "2026-01-01", "outcome": "failed_efficacy"}
)


def test_the_one_missing_date_is_named() -> None:
    diagnosis = {"phenotype": "RRMS", "criteria": "McDonald 2017"}
    assert decides("london-2016", diagnosis=diagnosis, **WHOLE_BUT_DIAGNOSIS) == (
        ("diagnosis.diagnosed_on",),
    )


def test_an_open_list_is_named_as_a_list() -> None:
    facts = courses(
        {"drug": "dmf", "start": "2023-01-01", "stop": "2025-01-01", "outcome": "failed_efficacy"}
    )
    found = decides(
        "ebmt-2020",
        diagnosis={"phenotype": "RRMS"},
        judgements={"severe_disability_within_12_months": {"value": False}},
        mri=[{"date": "2026-10-01", "contrast": True, "gd_lesions": 0, "new_t2": 0, "enlarging_t2": 0}],
        **facts,
        **relapses("2026-06-01", since="2026-05-01"),
    )
    assert found == (("relapses.complete_since",),)


def test_a_fall_back_anchor_is_offered_although_the_result_is_settled() -> None:
    facts = {
        "diagnosis": {"phenotype": "RRMS", "symptom_onset": "2020-01-01"},
        "judgements": {"highly_active_ms": {"value": True}},
    } | courses(
        {"drug": "natalizumab", "start": "2023-01-01", "stop": "2026-01-01", "outcome": "failed_efficacy"}
    )
    assert decides("ectrims-ebmt-2025", **facts) == (("diagnosis.diagnosed_on",),)


def test_the_set_that_settles_most_editions_comes_first() -> None:
    few, many = ("a",), ("b",)
    assert rank([(few, many), (many,)]) == ((many, few), (many,))


def test_nothing_is_offered_where_too_much_is_open() -> None:
    assert decides("austin-2016") == ()


# Made-up editions, so that each rule of the search is seen by itself

KEYS = ("aggressive_ms", "malignant_ms", "highly_active_ms", "active_inflammation", "marked_progression")


def judged(*criteria: str, **changes: Any) -> Edition:
    """Make an edition: each criterion is a kind, a route after a slash, and the judgements asked for by number."""
    texts = []
    for number, written in enumerate(criteria):
        head, _, asked = written.partition(": ")
        kind, _, route = head.partition("/")
        tests = ", ".join(f"{{judgement: {KEYS[int(key)]}}}" for key in asked.split())
        on = f", route: {route}" if route else ""
        on += ", direction: against" if kind == "relative" else ""
        texts.append(
            f"{{id: c{number}, kind: {kind}, statement: S., test: {{all: [{tests}]}}, source: doi:10.0000/x{on}}}"
        )
    return read_edition(edition(*texts, **changes), "made-up.yaml")


def offered(asked: Edition, answers: str = "", **facts: Any) -> list[str]:
    """Give the sets as the judgements' numbers; a path that is no judgement as it is."""
    values = {
        key: {"value": answer == "y"} for key, answer in zip(KEYS, answers, strict=False) if answer in "yn"
    }
    record = make_record(judgements=values, **({"diagnosis": {"phenotype": "RRMS"}} | facts))
    (answered,) = assess(record, [asked], AS_OF).answers
    numbers = {f"judgements.{key}": str(number) for number, key in enumerate(KEYS)}
    return [" ".join(sorted(numbers.get(path, path) for path in chosen)) for chosen in answered.decides]


@pytest.mark.parametrize(
    ("criteria", "answers", "expected"),
    [
        (["required: 0"], "", ["0"]),
        (["required: 0"], "y", []),
        (["required: 0"], "n", []),
        (["required: 0", "required: 1"], "", ["0 1"]),
        (["required: 0", "required: 1"], "y", ["1"]),
        (["required: 0 1"], "", ["0 1"]),
        (["required: 0 1 2"], "", ["0 1 2"]),
        (["required: 0 1 2 3"], "", []),
        (["required: 0", "required: 1", "required: 2"], "", ["0 1 2"]),
        (["required: 0", "required: 1", "required: 2", "required: 3"], "", []),
        (["required: 0", "exclusion: 1"], "", ["0 1"]),
        (["required: 0", "preferred: 1"], "", ["0"]),
        (["required: 0", "workup: 1"], "", ["0"]),
        (["required: 0", "required: 1", "preferred: 2"], "", ["0 1"]),
        (["required: 0", "required: 1", "preferred: 2", "relative: 3"], "", ["0 1"]),
        (["required: 0", "exclusion: 0", "required: 1", "preferred: 2"], "", ["0"]),
        (["required/a: 0", "required/b: 1", "required: 2"], "n", ["1 2"]),
        (["required/a: 0", "exclusion/a: 1", "required/b: 2"], "n", ["2"]),
        (["required/a: 0 1", "required/b: 2"], "", ["0 1 2"]),
        (["exclusion: 0 1"], "", ["0 1"]),
        (
            [
                "required/a: 0",
                "exclusion/a: 0",
                "required/b: 1",
                "exclusion/b: 1",
                "required: 2",
                "required: 3",
                "required: 4",
            ],
            "",
            ["0 1"],
        ),
        (["exclusion: 0 1"], "y", ["1"]),
        (["required: 0", "exclusion: 0"], "", ["0"]),
        (["required: 0", "exclusion: 0", "required: 1"], "", ["0"]),
        (
            ["required: 0", "exclusion: 0", "required: 1", "required: 2", "required: 3", "required: 4"],
            "",
            ["0"],
        ),
        (["required: 0 1", "exclusion: 0 1", "required: 2", "required: 3", "required: 4"], "", ["0 1"]),
        (["required: 0 1 2", "exclusion: 0 1 2", "required: 3", "required: 4"], "", ["0 1 2"]),
        (["required/a: 0", "required/b: 1"], "", ["0 1"]),
        (["required/a: 0", "required/b: 1"], "n", ["1"]),
        (["required/a: 0", "required/b: 1", "required: 2"], "", ["0 1 2"]),
        (["required/a: 0 1", "required/b: 0 2"], "", ["0 1 2"]),
        (["required/a: 0 1", "required/b: 0 2"], "yn", ["2"]),
        (["required: 0 1", "required: 1 2"], "", ["0 1 2"]),
        (["required: 0 1", "required: 1 2"], "y", ["1 2"]),
    ],
)
def test_the_smallest_sets_are_offered(criteria: list[str], answers: str, expected: list[str]) -> None:
    assert offered(judged(*criteria), answers) == expected


def drawn(chance: random.Random) -> list[str]:
    """Draw the criteria of an edition: of every kind, on two routes or on none, each of one to three judgements.

    Often one is asked for and excluded at once, so that it settles its route whatever it turns out to be.
    """
    kinds = ("required", "required", "required", "exclusion", "preferred")
    written = []
    for _ in range(chance.randrange(2, 6)):
        asked = " ".join(map(str, sorted(chance.sample(range(len(KEYS)), chance.choice((1, 1, 2, 3))))))
        kind, route = chance.choice(kinds), chance.choice(("", "", "/a", "/b"))
        written.append(f"{kind}{route}: {asked}")
        if chance.random() < 0.3:
            written.append(f"{'exclusion' if kind == 'required' else 'required'}{route}: {asked}")
    routes = {text.partition(":")[0].partition("/")[2] for text in written} - {""}
    return [*written, *(f"required/{route}: {chance.randrange(len(KEYS))}" for route in sorted(routes))]


def tried(asked: Edition, answers: str) -> list[str]:
    """Find the smallest sets by trying every set of up to three, and every way for it to turn out."""
    unknown = [place for place, answer in enumerate(answers) if answer == "?"]
    for size in range(1, 4):
        found = [
            " ".join(map(str, chosen))
            for chosen in itertools.combinations(unknown, size)
            if all(
                verdict(asked, answered(answers, dict(zip(chosen, ways, strict=True))), AS_OF)
                is not Verdict.CANNOT_SAY
                for ways in itertools.product("yn", repeat=size)
            )
        ]
        if found:
            return found
    return []


def answered(answers: str, more: dict[int, str]) -> CaseRecord:
    known = {place: more.get(place, answer) for place, answer in enumerate(answers)}
    values = {KEYS[place]: {"value": answer == "y"} for place, answer in known.items() if answer != "?"}
    return make_record(judgements=values, diagnosis={"phenotype": "RRMS"})


@pytest.mark.parametrize("seed", range(8))
def test_the_sets_are_those_that_trying_everything_finds(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - for trying, not for secrets
    offers = 0
    for _ in range(40):
        criteria, answers = drawn(chance), "".join(chance.choice("????yn") for _ in KEYS)
        asked = judged(*criteria)
        found = offered(asked, answers)
        if verdict(asked, answered(answers, {}), AS_OF) is Verdict.CANNOT_SAY:
            assert sorted(found) == sorted(tried(asked, answers)), (criteria, answers)
            offers += bool(found)
    assert offers > 10


def test_no_phenotype_is_a_fact_like_others() -> None:
    assert offered(judged("required: 0"), "y", diagnosis={}) == ["diagnosis.phenotype"]
    assert offered(judged("required: 0"), "", diagnosis={}) == ["0 diagnosis.phenotype"]
    assert offered(judged("required: 0"), "n", diagnosis={}) == []


def test_the_sets_of_several_editions_are_ranked_by_how_many_they_settle() -> None:
    both, one = judged("required/a: 0", "required/b: 1"), judged("required: 1")
    record = make_record(diagnosis={"phenotype": "RRMS"}, judgements={"aggressive_ms": {"value": False}})
    first, second = assess(record, [both, one], AS_OF).answers
    assert first.decides == second.decides == (("judgements.malignant_ms",),)


def test_a_set_that_may_turn_out_in_too_many_ways_is_not_offered() -> None:
    few = "{edss: {max: 6}}, {mri: {findings: [gd_lesions], at_least: 1, within_months: 12}}"
    many = f"{few}, {{ambulation: {{min_distance_m: 20, aid_at_most: bilateral}}}}"
    text = "{{id: a, kind: required, statement: S., test: {{all: [{}]}}, source: doi:10.0000/x}}"
    asked = read_edition(edition(text.format(few)), "made-up.yaml")
    assert offered(asked) == ["edss mri"]
    asked = read_edition(edition(text.format(many)), "made-up.yaml")
    assert offered(asked) == []


@pytest.mark.parametrize(
    ("test", "diagnosis", "expected"),
    [
        ("{duration_years: {anchor: unstated, max: 10}}", {"symptom_onset": "2020"}, ["diagnosis.diagnosed_on"]),
        ("{duration_years: {anchor: unstated, min: 10}}", {"symptom_onset": "2020"}, ["diagnosis.diagnosed_on"]),
        ("{duration_years: {anchor: unstated, max: 10}}", {"symptom_onset": "2020", "diagnosed_on": "2021"}, []),
        ("{duration_years: {anchor: symptom_onset, max: 10}}", {"symptom_onset": "2020"}, []),
        ("{any: [{duration_years: {anchor: symptom_onset, max: 9}}, {duration_years: {anchor: diagnosed_on, max: 3}}]}",
         {"symptom_onset": "2020"}, []),
        ("{any: [{duration_years: {anchor: unstated, max: 10}}, {age_years: {min: 18}}]}", {}, []),
    ],
)  # fmt: skip
def test_a_date_that_another_stands_in_for_is_offered_and_no_other(
    test: str, diagnosis: dict[str, str], expected: list[str]
) -> None:
    text = f"{{id: a, kind: required, statement: S., test: {test}, source: doi:10.0000/x}}"
    asked = read_edition(edition(text), "made-up.yaml")
    facts: dict[str, Any] = {
        "diagnosis": {"phenotype": "RRMS"} | diagnosis,
        "patient": {"birth_date": "1990"},
    }
    assert offered(asked, **facts) == expected


@pytest.mark.parametrize("record", [
    {"relapses": {"complete_since": "1900-01-01", "events": []}},
    {"treatments": {"courses": [{"drug": "natalizumab", "start": "1903", "stop": "2020"}]}},
])  # fmt: skip
def test_what_was_long_ago_is_asked_about_too(record: dict[str, Any]) -> None:
    found = assess(make_record(**record), library().values(), AS_OF)
    assert any(answered.decides for answered in found.answers)
    assert assess(make_record(date(1998, 5, 5)), library().values(), date(1998, 5, 5)).answers


def test_a_value_without_its_day_is_settled_by_a_new_one() -> None:
    given = read_yaml((CASES / "18-everything-known.yaml").read_text(encoding="utf-8"))
    as_of = date.fromisoformat(given["as_of"])
    given["record"]["organ_function"]["lvef_pct"] = {"value": 62}
    (answered,) = assess(read_record(given["record"], as_of), [library()["austin-2016"]], as_of).answers
    assert answered.result.verdict is Verdict.CANNOT_SAY
    assert ("organ_function.lvef_pct",) in answered.decides


def test_the_date_that_a_fall_back_stood_for_is_not_said_to_settle_what_it_leaves_open() -> None:
    given = read_yaml((CASES / "01-good-candidate.yaml").read_text(encoding="utf-8"))
    as_of = date.fromisoformat(given["as_of"])
    del given["record"]["diagnosis"]["diagnosed_on"]
    given["record"].get("comorbidity", {}).pop("prior_hsct", None)
    (answered,) = assess(
        read_record(given["record"], as_of), [library()["anthem-trans-00031"]], as_of
    ).answers
    assert answered.result.verdict is Verdict.CANNOT_SAY
    assert answered.decides == (("comorbidity.prior_hsct",),)
