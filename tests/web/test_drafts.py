"""Writing a referral, section by section."""

from collections.abc import Callable
from uuid import UUID

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from forms import SECTIONS
from forms.parts import Rows
from referral import clock
from referral.auth import LONGEST_PAUSE
from referral.models import Referral, User, UserSession
from referral.workflow import State
from tests.browser import PASSWORD, Browser, Page
from tests.web.writing import at, ids, save

SignIn = Callable[[str], Browser]
SCRIPT = "<script>alert(1)</script>"
WRONG = {
    "person": {
        "birth_date": "31/02/1990", "sex": "forged",
        "identifiers-0-type": "NHS number", "identifiers-0-value": "943 476 5871",
    },
    "diagnosis": {"symptom_onset": "2016", "diagnosed_on": "2010", "phenotype": "eligible"},
    "relapses": {
        "complete_since": "2031",
        "events-0-edss_peak": "3.3", "events-1-onset": "٤", "events-2-severity": "mild",
    },
    "mri": {"mri-0-date": "2026", "mri-0-new_t2": "a few", "mri-0-gd_max_diameter_mm": "3,5"},
    "edss": {"edss-0-date": "2026", "edss-0-score": "0.5", "edss-1-score": "NaN"},
    "treatments": {
        "courses-0-drug": "natalizumap",
        "courses-1-drug": "Tysabri", "courses-1-start": "2022", "courses-1-stop": "2021",
    },
    "mimics": {"aqp4_igg": "forged"},
    "walking": {"ambulation-distance_m": "1_0", "performance-ecog-value": "seven"},
    "organs": {"lvef_pct-value": "62 %", "creatinine_umol_l-date": "soon"},
    "infection": {"hiv": "forged"},
    "comorbidity": {"malignancy": "forged", "hct_ci-valve": "forged"},
    "fertility": {"pregnant": "forged"},
    "mind": {"severe_depression": "forged"},
    "goals": {"beside-discussed": "a" * 5000},
    "judgements": {"highly_active_ms-value": "perhaps", "on": "2031", "cirrhosis-why": "ultrasound"},
    "request": {"programme_id": "not a programme", "question": "a" * 5000},
}  # fmt: skip


@pytest.fixture
def neurologist(sign_in: SignIn) -> Browser:
    return sign_in("neurologist")


@pytest.fixture
def draft(neurologist: Browser, session: Session) -> Referral:
    """A draft that the neurologist has just opened."""
    page = neurologist.send("/referrals")
    assert page.path.endswith("/edit/person")
    return session.scalars(select(Referral)).one()


def problem_links(page: Page) -> list[str]:
    return [link.get("href") or "" for link in page.all(".//*[@id='problems']//a")]


@pytest.mark.parametrize("section", [section.key for section in SECTIONS])
def test_every_section_opens_empty_and_says_why_it_is_asked(
    neurologist: Browser, draft: Referral, section: str
) -> None:
    page = neurologist.visit(at(draft, section))

    kind = next(kind for kind in SECTIONS if kind.key == section)
    assert kind.why in page.text
    assert "Nothing saved yet" in page.text
    assert not problem_links(page)


@pytest.mark.parametrize("section", WRONG)
def test_a_draft_saves_whatever_is_wrong_and_says_where(
    neurologist: Browser, draft: Referral, session: Session, section: str
) -> None:
    page = neurologist.send(
        at(draft, section),
        neurologist.visit(at(draft, section)).fields(at(draft, section)) | WRONG[section] | {"save": "yes"},
    )

    stored = session.get_one(Referral, draft.id).typed[section]
    assert stored == {name: [text] for name, text in WRONG[section].items()}
    links = problem_links(page)
    assert links
    assert {link.removeprefix("#") for link in links} <= ids(page)
    for link in links:
        described = page.all(f".//*[@id='{link[1:]}']")[0].get("aria-describedby")
        assert described is None or {*described.split()} <= ids(page)
        assert f"{link[1:]}-error" in ids(page)
    shown = page.fields(at(draft, section))
    typed = {name: text for name, text in WRONG[section].items() if "forged" not in text}
    for name in typed.keys() - {
        "phenotype",
        "programme_id",
        "highly_active_ms-value",
    }:  # no such answer to show
        assert shown[name] == typed[name]


def test_a_script_in_every_text_field_stays_text(
    neurologist: Browser, draft: Referral, session: Session
) -> None:
    for section in SECTIONS:
        page = section()
        for rows in (field for field in page if isinstance(field, Rows)):
            rows.offer_blank()
        typed = {fact.name: f"{SCRIPT} {fact.name}" for fact in page.facts()}
        fields = neurologist.visit(at(draft, section.key)).fields(at(draft, section.key))

        answer = neurologist.send(at(draft, section.key), fields | typed | {"save": "yes"})

        assert SCRIPT not in answer.html
        kept = session.get_one(Referral, draft.id).typed[section.key]
        assert {name: given for name, (given,) in kept.items()} == typed


def test_a_huge_paste_is_kept_in_part_and_said(neurologist: Browser, draft: Referral) -> None:
    page = save(neurologist, draft, "goals", beside__discussed="ä" * 250_000, beside__own="short")

    assert "20,000 characters or more were given; only the first 20,000 are kept" in page.text
    assert page.fields(at(draft, "goals"))["beside-own"] == "short"


def test_names_that_the_form_does_not_have_change_nothing(
    neurologist: Browser, draft: Referral, session: Session, people: dict[str, User]
) -> None:
    save(
        neurologist, draft, "diagnosis", phenotype="RRMS", state="decided", role="chair", draft_version="99",
        organisation_id=str(people["other_neurologist"].organisation_id), verdict="met", programme_id="x",
    )  # fmt: skip

    stored = session.get_one(Referral, draft.id)
    assert stored.typed == {"diagnosis": {"phenotype": ["RRMS"]}}
    assert (stored.state, stored.organisation_id, stored.programme_id) == (
        State.DRAFT,
        people["neurologist"].organisation_id,
        None,
    )


def test_saving_and_going_on_leads_to_the_next_section(neurologist: Browser, draft: Referral) -> None:
    page = save(neurologist, draft, "person", "continue", family_name="Kowalczyk")

    assert page.path == at(draft, "diagnosis")
    assert "Kowalczyk" in page.text
    assert "Kowalczyk" not in page.title


def test_going_on_waits_once_for_what_is_wrong(neurologist: Browser, draft: Referral) -> None:
    assert save(neurologist, draft, "person", "continue", birth_date="soon").path == at(draft, "person")
    assert save(neurologist, draft, "person", "continue", birth_date="soon").path == at(draft, "diagnosis")


def test_going_to_another_section_saves_on_the_way(
    neurologist: Browser, draft: Referral, session: Session
) -> None:
    fields = neurologist.visit(at(draft, "person")).fields(at(draft, "person"))

    page = neurologist.send(at(draft, "person"), fields | {"family_name": "Kowalczyk", "go": "mri"})

    assert page.path == at(draft, "mri")
    assert session.get_one(Referral, draft.id).family_name == "Kowalczyk"


def test_the_facts_speak_beside_the_form_as_they_are_saved(neurologist: Browser, draft: Referral) -> None:
    before = neurologist.visit(at(draft, "diagnosis")).all(".//*[@id='now']")[0]
    after = save(neurologist, draft, "diagnosis", phenotype="NMOSD").all(".//*[@id='now']")[0]

    assert "Cannot say" in " ".join(before.itertext())
    assert "Not met" in " ".join(after.itertext())
    assert "The multidisciplinary team decides" in " ".join(after.itertext())


# Rows, without a script


def test_a_row_is_added_by_the_server_and_nothing_typed_is_lost(
    neurologist: Browser, draft: Referral
) -> None:
    page = save(neurologist, draft, "relapses", "add-events", events__0__onset="31/02/2025")

    fields = page.fields(at(draft, "relapses"))
    assert (fields["events-0-onset"], fields["events-1-onset"]) == ("31/02/2025", "")


def test_a_row_is_removed_by_the_server_and_the_others_move_up(
    neurologist: Browser, draft: Referral, session: Session
) -> None:
    save(
        neurologist,
        draft,
        "relapses",
        events__0__onset="2023",
        events__1__onset="2024",
        events__2__onset="2025",
    )
    fields = neurologist.visit(at(draft, "relapses")).fields(at(draft, "relapses"))

    neurologist.send(at(draft, "relapses"), fields | {"remove-events": "1", "events-2-severity": "mild"})

    assert session.get_one(Referral, draft.id).typed["relapses"] == {
        "events-0-onset": ["2023"],
        "events-1-onset": ["2025"],
        "events-1-severity": ["mild"],
    }


# Two tabs


def test_text_from_another_tab_is_not_overwritten_and_both_are_shown(
    sign_in: SignIn, neurologist: Browser, draft: Referral, session: Session
) -> None:
    stale = neurologist.visit(at(draft, "diagnosis")).fields(at(draft, "diagnosis"))
    save(sign_in("delegate"), draft, "diagnosis", phenotype="SPMS", symptom_onset="2016")

    page = neurologist.send(at(draft, "diagnosis"), stale | {"phenotype": "RRMS", "save": "yes"}, status=409)

    assert session.get_one(Referral, draft.id).typed["diagnosis"]["phenotype"] == ["SPMS"]
    assert "while you had it open Nothing has been overwritten: Delegate saved it, " in page.text
    assert "Course Secondary progressive MS (SPMS) Relapsing-remitting MS (RRMS)" in page.text
    assert "First symptom 2016 blank" in page.text
    mine = page.fields(at(draft, "diagnosis"))
    assert (mine["phenotype"], mine["symptom_onset"]) == ("RRMS", "")

    neurologist.send(at(draft, "diagnosis"), mine | {"save": "yes"})
    assert session.get_one(Referral, draft.id).typed["diagnosis"] == {"phenotype": ["RRMS"]}


def test_another_section_saved_in_another_tab_is_no_conflict(
    neurologist: Browser, draft: Referral, session: Session
) -> None:
    stale = neurologist.visit(at(draft, "diagnosis")).fields(at(draft, "diagnosis"))
    save(neurologist, draft, "person", family_name="Kowalczyk")

    neurologist.send(at(draft, "diagnosis"), stale | {"phenotype": "RRMS", "save": "yes"})

    assert set(session.get_one(Referral, draft.id).typed) == {"person", "diagnosis"}


# A session that ran out


def end_session(session: Session) -> None:
    session.execute(update(UserSession).values(seen_at=clock.now() - 2 * LONGEST_PAUSE))
    session.commit()


def test_text_that_came_after_the_session_had_ended_is_in_the_form_and_not_yet_saved(
    neurologist: Browser, draft: Referral, session: Session, people: dict[str, User]
) -> None:
    fields = neurologist.visit(at(draft, "relapses")).fields(at(draft, "relapses"))
    typed = {
        "complete_since": "2020",
        "events-0-onset": "31/02/2025",
        "events-0-systems": ["visual", "sensory"],
    }
    end_session(session)
    door = neurologist.send(at(draft, "relapses"), fields | typed | {"save": "yes"}, status=401)

    page = neurologist.open(
        "/sign-in",
        method="POST",
        data=door.fields("/sign-in") | {"email": people["neurologist"].email, "password": PASSWORD},
    )

    page.check()
    assert "This is not saved yet" in page.text
    assert "relapses" not in session.get_one(Referral, draft.id).typed
    resumed = page.fields(at(draft, "relapses"))
    assert {name: resumed[name] for name in typed} == typed

    neurologist.send(at(draft, "relapses"), resumed | {"save": "yes"})
    assert session.get_one(Referral, draft.id).typed["relapses"]["events-0-onset"] == ["31/02/2025"]


def test_a_huge_paste_that_came_late_is_cut_as_any_other_and_the_rest_is_kept(
    neurologist: Browser, draft: Referral, session: Session, people: dict[str, User]
) -> None:
    fields = neurologist.visit(at(draft, "goals")).fields(at(draft, "goals"))
    typed = {"beside-discussed": "a" * 500_000, "beside-own": "aims and risks"}
    end_session(session)
    door = neurologist.send(at(draft, "goals"), fields | typed, 401, content_type="multipart/form-data")

    page = neurologist.open(
        "/sign-in",
        method="POST",
        data=door.fields("/sign-in") | {"email": people["neurologist"].email, "password": PASSWORD},
    )

    assert "only the first 20,000 are kept" in page.text
    assert page.fields(at(draft, "goals"))["beside-own"] == "aims and risks"


def test_late_text_still_meets_what_was_saved_meanwhile(
    sign_in: SignIn, neurologist: Browser, draft: Referral, session: Session, people: dict[str, User]
) -> None:
    fields = neurologist.visit(at(draft, "diagnosis")).fields(at(draft, "diagnosis"))
    end_session(session)
    door = neurologist.send(at(draft, "diagnosis"), fields | {"phenotype": "RRMS"}, status=401)
    save(sign_in("delegate"), draft, "diagnosis", phenotype="SPMS")
    page = neurologist.open(
        "/sign-in",
        method="POST",
        data=door.fields("/sign-in") | {"email": people["neurologist"].email, "password": PASSWORD},
    )

    neurologist.send(at(draft, "diagnosis"), page.fields(at(draft, "diagnosis")), status=409)

    assert session.get_one(Referral, draft.id).typed["diagnosis"] == {"phenotype": ["SPMS"]}


# Who may


def test_a_delegate_may_write(sign_in: SignIn, draft: Referral, session: Session) -> None:
    save(sign_in("delegate"), draft, "diagnosis", phenotype="RRMS")

    assert session.get_one(Referral, draft.id).typed == {"diagnosis": {"phenotype": ["RRMS"]}}


@pytest.mark.parametrize(
    "who", ["other_neurologist", "other_delegate", "coordinator", "chair", "auditor", "administrator"]
)
def test_whom_a_draft_is_not_for_does_not_find_it(
    sign_in: SignIn, draft: Referral, session: Session, who: str
) -> None:
    stranger = sign_in(who)
    before = session.get_one(Referral, draft.id).typed

    seen = stranger.visit(at(draft, "person"), status=404)
    sent = stranger.send(at(draft, "person"), {"family_name": "X", "opened": "y"}, status=404)
    missing = stranger.visit(f"/referrals/{UUID(int=7)}/edit/person", status=404)

    assert session.get_one(Referral, draft.id).typed == before
    assert seen.text == sent.text == missing.text


def test_a_case_that_was_sent_is_no_longer_written(
    neurologist: Browser, draft: Referral, session: Session
) -> None:
    fields = neurologist.visit(at(draft, "person")).fields(at(draft, "person"))
    draft.state = State.WITHDRAWN
    session.commit()

    page = neurologist.send(at(draft, "person"), fields | {"family_name": "X"}, status=409)

    assert "withdrawn and can no longer be edited" in page.text
    assert session.get_one(Referral, draft.id).typed == {}


def test_a_section_that_does_not_exist_is_not_found(neurologist: Browser, draft: Referral) -> None:
    neurologist.visit(at(draft, "eligibility"), status=404)
    neurologist.send(at(draft, "eligibility"), {"x": "y"}, status=404)
