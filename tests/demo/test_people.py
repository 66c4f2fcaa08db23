"""The invented people: valid, coherent as courses of a disease, and each shows what it is there to show."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import cache
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum.gb import nhs

from forms import ReadCase, read_case, typed_from
from referral.assessment import assess
from referral.criteria import first_shown
from referral.demo import Course, read_people
from referral.facts import CaseRecord, EdssScore, MriStudy, PartialDate, doubts, read_record
from referral.facts import Course as Treatment
from referral.reference import drugs_named
from referral.workflow import State

TODAY = date(2026, 11, 22)
PEOPLE = read_people(TODAY)
RELAPSING_DAYS = 120  # how long after its onset a score may still be one "during a relapse"

# The year in which each drug came onto a market; before it nobody can have taken it outside a trial.
MARKETED = {
    "ifnb1b": 1995, "ifnb1a_im": 1997, "ifnb1a_sc": 1998, "glatiramer": 2000, "rituximab": 1998,
    "mitoxantrone": 2000, "natalizumab": 2006, "fingolimod": 2011, "alemtuzumab": 2013, "teriflunomide": 2013,
    "dmf": 2014, "cladribine_po": 2017, "ocrelizumab_iv": 2018, "siponimod": 2020, "satralizumab": 2021,
    "ozanimod": 2020, "ofatumumab": 2021, "ponesimod": 2021,
}  # fmt: skip

everybody = pytest.mark.parametrize("person", PEOPLE, ids=lambda person: person.name)


def record_of(person: Course) -> CaseRecord:
    return read_record(person.record, person.written_on)


@cache
def results_of(name: str, as_of: date = TODAY) -> dict[str, dict[str, str]]:
    """The results by edition and criterion, with the verdict under the empty name."""
    assessment = assess(record_of(person_named(name)), first_shown(), as_of).to_json()
    return {
        edition["protocol"]: {"": edition["verdict"]} | {c["id"]: c["result"] for c in edition["criteria"]}
        for edition in assessment["protocols"]
    }


def person_named(name: str) -> Course:
    (found,) = (person for person in PEOPLE if person.name == name)
    return found


# --------------------------------------------------------------------------------------- all of them


def test_there_are_enough_of_them_in_every_state_that_a_case_can_be_in() -> None:
    assert len(PEOPLE) >= 26
    states = Counter(person.state for person in PEOPLE)
    assert set(states) == {State.DRAFT, State.SUBMITTED, State.IN_REVIEW, State.READY, State.WITHDRAWN}
    assert min(states.values()) >= 2


def test_each_shows_something_of_its_own() -> None:
    assert max(Counter(person.shows for person in PEOPLE).values()) == 1
    assert {person.shows for person in PEOPLE} == set(FEATURES)


def test_they_come_from_three_clinics_and_go_to_two_programmes() -> None:
    assert {person.request.get("programme") for person in PEOPLE} == {None, "larkfield", "thornwick"}
    assert {person.referrer for person in PEOPLE} == {"farquhar", "wieliczko", "kvist", "tabrizchi"}


@everybody
def test_the_record_is_valid_and_leaves_no_doubt(person: Course) -> None:
    assert not list(doubts(record_of(person)))


@everybody
def test_typing_the_record_gives_the_record(person: Course) -> None:
    record = record_of(person)
    read = read_case(typed_from(record, person.who, {}), person.written_on)
    assert not read.problems
    assert read.record.to_json() == record.to_json()
    assert read.identity == {name: value for name, value in person.who.items() if value}


@settings(max_examples=40, deadline=None)
@given(st.dates(TODAY, date(2036, 12, 31)))
def test_everybody_stays_valid_whatever_the_day(today: date) -> None:
    for person in read_people(today):
        read_record(person.record, person.written_on)


@everybody
def test_no_number_could_belong_to_somebody(person: Course) -> None:
    """NHS numbers that begin with 999 are kept for tests; nothing else may look like one."""
    for identifier in person.identity["identifiers"]:
        digits = re.sub(r"\D", "", identifier["value"])
        if identifier["type"] == "NHS number":
            assert digits.startswith("999")
            assert nhs.is_valid(digits)
        else:
            assert len(digits) < 10
    words = " ".join(
        _texts([person.record, person.request, person.beside, person.reason or "", person.story])
    )
    assert not re.search(r"\d{3}[ -]?\d{3}[ -]?\d{4}", words)


@everybody
def test_no_word_names_a_day_that_moving_would_belie(person: Course) -> None:
    words = " ".join(
        _texts([person.request, person.reason or "", person.withdrawn_because or "", person.story])
    )
    named = (
        r"\b(January|February|March|April|June|July|August|September|October|November|December|(19|20)\d\d)\b"
    )
    assert not re.search(named, words)


def _texts(plain: Any) -> Iterator[str]:
    if isinstance(plain, str):
        yield plain
    elif isinstance(plain, dict):
        for value in plain.values():
            yield from _texts(value)
    elif isinstance(plain, list):
        for value in plain:
            yield from _texts(value)


@everybody
def test_a_sent_case_asks_a_question_of_a_programme(person: Course) -> None:
    if person.sent:
        assert person.request["question"]
        assert person.request["programme"]
    assert person.sent == (
        person.state not in (State.DRAFT, State.WITHDRAWN) or person.name == "pellworthy_hugo"
    )


# -------------------------------------------------------------------------------- the course of a disease


@everybody
def test_every_drug_is_known_and_existed(person: Course) -> None:
    for course in record_of(person).treatments.courses or ():
        assert drugs_named(course.drug), course.drug
        assert course.start
        assert course.start.first.year >= MARKETED[course.drug], course.drug


@everybody
def test_treatments_follow_one_another_and_the_first_is_the_first(person: Course) -> None:
    record = record_of(person)
    courses = sorted(record.treatments.courses or (), key=lambda course: _first(course.start))
    for earlier, later in pairwise(courses):
        assert earlier.stop, f"{earlier.drug} has no end, yet {later.drug} follows"
        assert earlier.stop.last <= _first(later.start)
    first_treated = record.diagnosis.first_treated_on
    if courses and record.treatments.complete and first_treated:
        assert courses[0].start == first_treated


@everybody
def test_a_drug_that_failed_saw_the_disease_active(person: Course) -> None:
    """A relapse, an active scan or a rise in EDSS lies within the course; an incomplete list may hide one."""
    record = record_of(person)
    for course in record.treatments.courses or ():
        if course.outcome == "failed_efficacy" and _is_told_whole(record, course):
            assert any(_activity_within(record, course)), course.drug


def _is_told_whole(record: CaseRecord, course: Treatment) -> bool:
    since = record.relapses.complete_since
    return bool(since and course.start and since.last <= course.start.first)


def _activity_within(record: CaseRecord, course: Treatment) -> Iterator[bool]:
    begins, ends = _first(course.start), course.stop.last if course.stop else date.max
    for relapse in record.relapses.events or ():
        yield begins <= relapse.onset.first <= ends
    for study in record.mri:
        yield _is_active(study) and begins <= study.date.first <= ends
    yield from (begins <= later.date.first <= ends for _, later in _rises(record))


def _is_active(study: MriStudy) -> bool:
    return any(count and count.least for count in (study.gd_lesions, study.new_t2, study.enlarging_t2))


def _rises(record: CaseRecord) -> Iterator[tuple[EdssScore, EdssScore]]:
    scores = sorted(record.edss, key=lambda score: score.date.first)
    return ((a, b) for a, b in pairwise(scores) if b.score > a.score)


@everybody
def test_relapses_begin_with_the_disease_and_peak_above_where_they_began(person: Course) -> None:
    record = record_of(person)
    events, onset = record.relapses.events or (), record.diagnosis.symptom_onset
    for relapse in events:
        assert onset is None or relapse.onset.first >= onset.first
        if relapse.edss_before is not None and relapse.edss_peak is not None:
            assert relapse.edss_before < relapse.edss_peak
        if relapse.edss_after is not None and relapse.edss_peak is not None:
            assert relapse.edss_after <= relapse.edss_peak
        if relapse.recovery == "incomplete" and None not in (relapse.edss_after, relapse.edss_before):
            assert relapse.edss_after > relapse.edss_before  # type: ignore[operator]  # neither is None
    told_from_the_start = record.relapses.complete_since == onset
    if events and onset and told_from_the_start and record.diagnosis.phenotype in ("RRMS", "NMOSD", "MOGAD"):
        assert events[0].onset == onset


@everybody
def test_each_scan_is_compared_with_the_one_before_it(person: Course) -> None:
    record = record_of(person)
    days = [study.date.first for study in record.mri]
    for study in record.mri:
        if study.compared_with:
            assert study.compared_with.last < study.date.first
            assert not [day for day in days if study.compared_with.last < day < study.date.first]
        else:
            assert study.new_t2 is None
            assert study.enlarging_t2 is None


@everybody
def test_scores_in_a_relapse_lie_in_a_relapse(person: Course) -> None:
    record = record_of(person)
    onsets = [relapse.onset.first for relapse in record.relapses.events or () if not relapse.pseudo]
    for score in record.edss:
        soon_after = any(
            timedelta(0) <= score.date.first - onset <= timedelta(RELAPSING_DAYS) for onset in onsets
        )
        assert not score.during_relapse or soon_after


@everybody
def test_the_last_visit_is_the_day_the_person_was_seen(person: Course) -> None:
    visits = [score.date.first for score in record_of(person).edss]
    assert not visits or max(visits) == person.seen_on


def _first(day: PartialDate | None) -> date:
    assert day is not None
    return day.first


# ---------------------------------------------------------------- what each of them is there to show


def _look_back_runs_out(name: str) -> bool:
    soon = TODAY + timedelta(days=31)
    before, after = results_of(name)["ebmt-2020"], results_of(name, soon)["ebmt-2020"]
    return before["activity"] == "met" and after["activity"] == "not_met"


def _limit_passes(name: str, edition: str, criterion: str) -> bool:
    soon = TODAY + timedelta(days=31)
    return (results_of(name)[edition][criterion], results_of(name, soon)[edition][criterion]) == (
        "met",
        "not_met",
    )


def _onsets(name: str) -> list[date]:
    events = record_of(person_named(name)).relapses.events or ()
    return [relapse.onset.first for relapse in events]


def _outcomes(name: str) -> set[str | None]:
    courses = record_of(person_named(name)).treatments.courses or ()
    return {course.outcome for course in courses}


FEATURES: dict[str, Callable[[str], bool]] = {
    "breakthrough_on_high_efficacy": lambda name: (
        results_of(name)["ectrims-ebmt-2025"]["dmt_failure"] == "met" and not person_named(name).reason
    ),
    "complete_work_up": lambda name: results_of(name)["austin-2016"][""] == "met",
    "too_mild_for_one_floor": lambda name: (
        results_of(name)["austin-2016"]["edss"] == "not_met" and results_of(name)["london-2016"]["edss"] == "met"
    ),
    "progressive_with_activity": lambda name: (
        results_of(name)["ectrims-ebmt-2025"][""] == "tested_met"
        and results_of(name)["ectrims-ebmt-2025"]["phenotype_progressive"] == "met"
    ),
    "progressive_without_activity": lambda name: (
        results_of(name)["austin-2016"]["progressive_inactive"] == "not_met"
        and results_of(name)["ectrims-ebmt-2025"][""] == "not_met"
    ),
    "young_primary_progressive_enhancing": lambda name: (
        record_of(person_named(name)).diagnosis.phenotype == "PPMS"
        and results_of(name)["london-2016"]["mri_activity"] == "met"
    ),
    "year_only_onset": lambda name: results_of(name)["ebmt-2020"]["disease_duration"] == "cannot_say",
    "no_recent_mri": lambda name: results_of(name)["london-2016"]["mri_activity"] == "cannot_say",
    "age_limit_next_month": lambda name: _limit_passes(name, "ebmt-2020", "age"),
    "duration_limit_next_month": lambda name: (
        _limit_passes(name, "ectrims-ebmt-2025", "disease_duration")
        and _limit_passes(name, "austin-2016", "treatment_duration")
    ),
    "look_back_running_out": _look_back_runs_out,
    "nmosd": lambda name: (
        record_of(person_named(name)).diagnosis.aqp4_igg == "positive"
        and all(edition[""] == "not_met" for edition in results_of(name).values())
    ),
    "mogad": lambda name: (
        record_of(person_named(name)).diagnosis.mog_igg == "positive"
        and all(edition[""] == "not_met" for edition in results_of(name).values())
    ),
    "treatment_naive_aggressive": lambda name: (
        results_of(name)["ectrims-ebmt-2025"]["first_line_untreated"] == "met"
        and results_of(name)["ectrims-ebmt-2025"][""] == "tested_met"
    ),
    "intolerance_without_failure": lambda name: (
        _outcomes(name) == {"intolerance", "safety"}
        and results_of(name)["ebmt-2020"]["dmt_failure"] == "not_met"
    ),
    "pseudo_relapse": lambda name: results_of(name)["ebmt-2020"]["activity"] == "not_met",
    "two_onsets_20_days_apart": lambda name: _onsets(name)[-1] - _onsets(name)[-2] == timedelta(days=20),
    "edss_during_relapse": lambda name: results_of(name)["ectrims-ebmt-2025"]["edss"] == "cannot_say",
    "wash_out_not_reached": lambda name: (
        [key for key, result in results_of(name)["austin-2016"].items() if key and result != "met"
         and result != "not_applicable"] == ["natalizumab_interval"]
    ),
    "stale_work_up": lambda name: results_of(name)["austin-2016"]["lvef"] == "cannot_say",
    "incomplete_relapse_list": lambda name: results_of(name)["ebmt-2020"]["activity"] == "cannot_say",
    "almost_empty": lambda name: all(edition[""] == "cannot_say" for edition in results_of(name).values()),
    "typed_mistakes": lambda name: len(_problems_of(name)) == 3,
    "declined_elsewhere": lambda name: "Declined" in person_named(name).request["question"],
    "late_onset": lambda name: _limit_passes(name, "austin-2016", "age"),
    "very_early_and_mild": lambda name: results_of(name)["ectrims-ebmt-2025"]["highly_active"] == "not_met",
    "long_standing_secondary_progressive": lambda name: (
        results_of(name)["london-2016"]["disease_duration"] == "not_met"
    ),
    "pregnancy_planned": lambda name: "pregnancy" in _outcomes(name),
    "hepatitis_b_past": lambda name: (
        record_of(person_named(name)).infection.hbv == "past"
        and results_of(name)["austin-2016"]["hbv"] == "not_met"
    ),
    "family_in_another_organisation": lambda name: (
        len({person.referrer for person in PEOPLE if person.who["family_name"] == "Fennimore"}) == 2
    ),
    "earlier_transplant": lambda name: record_of(person_named(name)).comorbidity.prior_hsct is True,
}  # fmt: skip


def _read(name: str) -> ReadCase:
    person = person_named(name)
    typed = typed_from(record_of(person), person.who, {})
    for section, fields in person.typed_instead.items():
        typed[section] |= {field: [text] for field, text in fields.items()}
    return read_case(typed, person.written_on)


def _problems_of(name: str) -> list[str]:
    return [problem.message for problem in _read(name).problems]


@everybody
def test_the_story_is_really_in_the_record(person: Course) -> None:
    assert FEATURES[person.shows](person.name), person.shows


def test_typed_mistakes_say_what_was_given() -> None:
    said = " ".join(_problems_of("wrenmoor_clementine"))
    assert all(given in said for given in ("3.3", "2025-02-30", "ofatumab"))


def test_a_course_that_cannot_be_read_is_not_taken_as_never_given() -> None:
    treatments = _read("wrenmoor_clementine").record.treatments
    assert person_named("wrenmoor_clementine").record["treatments"]["complete"]
    assert treatments.courses is None
    assert treatments.complete is None


def test_a_relapse_that_cannot_be_read_leaves_the_list_open() -> None:
    person = person_named("wrenmoor_clementine")
    typed = typed_from(record_of(person), person.who, {})
    typed["relapses"]["events-1-onset"] = ["2026-02-31"]
    relapses = read_case(typed, person.written_on).record.relapses
    assert relapses.events is not None
    assert len(relapses.events) == 1
    assert relapses.complete_since is None
