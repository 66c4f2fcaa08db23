"""The page on which a case is written: it saves itself, and says what the facts say and which blank would settle it."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from referral import audit, clock
from referral.actions import drafts
from referral.models import AuditEntry, Referral, User
from tests.at_hand import make_draft, retype
from tests.browser import Browser, Page
from tests.web.writing import ITSELF, at, ids, save, save_itself

SignIn = Callable[[str], Browser]


@pytest.fixture
def neurologist(sign_in: SignIn) -> Browser:
    return sign_in("neurologist")


@pytest.fixture
def draft(session: Session, people: dict[str, User]) -> Referral:
    """An empty draft."""
    return drafts.open_draft(session, people["neurologist"])


@pytest.fixture
def case(session: Session, people: dict[str, User]) -> Referral:
    """A draft with a whole case in it."""
    return make_draft(session, people)


def targets(page: Page) -> list[str | None]:
    """The places that the parts of an answer are laid over."""
    return [part.get("hx-target") for part in page.all(".//hx-partial")]


def test_a_page_that_saves_itself_gets_what_changes_around_the_form_and_its_new_mark(
    neurologist: Browser, draft: Referral, session: Session
) -> None:
    whole = neurologist.visit(at(draft, "diagnosis"))
    fields = whole.fields(at(draft, "diagnosis"))

    first = save_itself(neurologist, draft, "diagnosis", fields | {"phenotype": "RRMS"})
    assert not first.all(".//input")
    assert {place.removeprefix("#") for place in targets(first) if place} <= ids(whole)
    mark = first.response.headers["Pons-Opened"]
    assert mark != fields["opened"]

    save_itself(neurologist, draft, "diagnosis", fields | {"phenotype": "SPMS", "opened": mark})
    assert session.get_one(Referral, draft.id).typed["diagnosis"] == {"phenotype": ["SPMS"]}


def test_a_page_that_saves_itself_too_late_gets_both_texts_and_overwrites_nothing(
    sign_in: SignIn, neurologist: Browser, draft: Referral, session: Session
) -> None:
    whole = neurologist.visit(at(draft, "diagnosis"))
    stale = whole.fields(at(draft, "diagnosis")) | {"phenotype": "RRMS"}
    save(sign_in("delegate"), draft, "diagnosis", phenotype="SPMS")

    answer = save_itself(neurologist, draft, "diagnosis", stale, status=409)

    assert session.get_one(Referral, draft.id).typed["diagnosis"] == {"phenotype": ["SPMS"]}
    assert {"#both", "#saved"} <= {*targets(answer)} <= {f"#{found}" for found in ids(whole)}
    assert "Secondary progressive MS (SPMS) Relapsing-remitting MS (RRMS)" in answer.text

    kept = stale | {"opened": answer.response.headers["Pons-Opened"], "save": "here"}
    neurologist.send(at(draft, "diagnosis"), kept)
    assert session.get_one(Referral, draft.id).typed["diagnosis"] == {"phenotype": ["RRMS"]}


def read_by(session: Session, draft: Referral) -> list[str]:
    """Who read the draft, an entry each."""
    trail = session.scalars(select(AuditEntry).where(AuditEntry.referral_id == draft.id))
    return [entry.actor.role for entry in trail if entry.deed == "case_read" and entry.actor]


def test_saving_is_not_history_and_a_sitting_is_one_reading(
    sign_in: SignIn, neurologist: Browser, draft: Referral, session: Session
) -> None:
    save(neurologist, draft, "person", family_name="Kowalczyk")
    fields = neurologist.visit(at(draft, "person")).fields(at(draft, "person"))
    save_itself(neurologist, draft, "person", fields | {"given_name": "Jan"})
    neurologist.visit(at(draft, "relapses"))
    sign_in("delegate").visit(at(draft, "relapses"))

    trail = session.scalars(select(AuditEntry.deed).where(AuditEntry.referral_id == draft.id)).all()
    assert trail == ["draft_opened", "case_read", "case_read"]
    assert read_by(session, draft) == ["neurologist", "delegate"]


def test_reading_again_after_a_quarter_of_an_hour_is_another_reading(
    neurologist: Browser, case: Referral, session: Session, people: dict[str, User]
) -> None:
    reader, at_last = people["neurologist"].id, clock.now() - audit.ONE_SITTING
    session.add(AuditEntry(at=at_last, actor_id=reader, deed="case_read", referral_id=case.id, detail={}))

    neurologist.visit(at(case, "mri"))
    neurologist.visit(at(case, "edss"))

    assert read_by(session, case) == ["neurologist", "neurologist"]


def test_the_page_says_who_saved_the_section_and_when(
    sign_in: SignIn, neurologist: Browser, draft: Referral
) -> None:
    save(sign_in("delegate"), draft, "diagnosis", phenotype="SPMS")

    theirs = neurologist.visit(at(draft, "diagnosis")).all(".//*[@role='status']")[0]
    assert re.fullmatch(
        r"Saved [0-2][0-9]:[0-5][0-9] by Delegate", " ".join("".join(theirs.itertext()).split())
    )

    mine = save(neurologist, draft, "diagnosis", phenotype="RRMS").all(".//*[@role='status']")[0]
    assert re.fullmatch(r"Saved [0-2][0-9]:[0-5][0-9]", " ".join("".join(mine.itertext()).split()))


def test_what_was_saved_yesterday_says_the_day(
    neurologist: Browser, draft: Referral, session: Session, people: dict[str, User]
) -> None:
    save(neurologist, draft, "diagnosis", phenotype="SPMS")
    stored = session.get_one(Referral, draft.id)
    stored.saves = {"diagnosis": stored.saves["diagnosis"] | {"at": "2026-01-03T12:00:00+00:00"}}

    assert "Saved 3 January 2026, 1" in neurologist.visit(at(draft, "diagnosis")).text


# The blank that would settle it


def settling(page: Page) -> list[str]:
    """Where the links lead that stand beside the verdicts."""
    return [link.get("href") or "" for link in page.all(".//*[@id='now']//a[@data-blank]")]


def test_each_blank_that_would_settle_an_edition_leads_to_its_own_field(
    neurologist: Browser, session: Session, people: dict[str, User]
) -> None:
    followed = set()
    for name in ("fallowfield_jun", "wrenmoor_clementine", "thistlewood_nkechi"):
        case = make_draft(session, people, name)
        for link in settling(neurologist.visit(at(case, "person"))):
            address, _, anchor = link.partition("#")
            page = neurologist.visit(address or at(case, "person"))
            assert anchor in ids(page), link
            (field,) = (each for each in page.tree.iter() if each.get("id") == anchor)
            assert field.tag in ("input", "select", "textarea", "button"), link
            followed.add(link)
    assert len(followed) > 3


def test_a_blank_of_this_section_is_a_link_within_the_page(neurologist: Browser, case: Referral) -> None:
    retype(case, "person", birth_date=None)

    page = neurologist.visit(at(case, "person"))

    assert "#birth_date" in settling(page)
    assert f"{at(case, 'person')}#birth_date" in settling(neurologist.visit(at(case, "mri")))


def test_the_picture_of_the_course_follows_what_is_saved(neurologist: Browser, draft: Referral) -> None:
    fields = neurologist.visit(at(draft, "edss")).fields(at(draft, "edss"))

    answer = save_itself(neurologist, draft, "edss", fields | {"edss-0-date": "2025", "edss-0-score": "4.5"})

    assert "4.5" in " ".join(answer.all(".//*[@hx-target='#course-picture']")[0].itertext())


def test_no_write_is_lost_when_sections_are_saved_at_once(
    sign_in: SignIn, draft: Referral, session: Session
) -> None:
    sections = ("person", "relapses", "mri", "edss")
    names = ("family_name", "events-0-onset", "mri-0-date", "edss-0-date")
    pages = [at(draft, section) for section in sections]
    browsers = [sign_in("neurologist") for _ in sections]
    forms = [each.visit(page).fields(page) for each, page in zip(browsers, pages, strict=True)]
    session.commit()  # the test itself writes nothing while they save

    def send(place: int) -> int:
        body = forms[place] | {names[place]: "2024"}
        answer = browsers[place].client.post(pages[place], data=body, headers=ITSELF)
        return answer.status_code

    with ThreadPoolExecutor(len(sections)) as pool:
        assert set(pool.map(send, range(len(sections)))) == {200}

    session.expire_all()
    stored = session.get_one(Referral, draft.id).typed
    assert [stored[section][name] for section, name in zip(sections, names, strict=True)] == [["2024"]] * 4


def test_a_picture_that_looks_the_same_is_not_sent_again(neurologist: Browser, case: Referral) -> None:
    def send(section: str, **typed: str) -> list[str | None]:
        page = neurologist.visit(at(case, section))
        (place,) = page.all(".//*[@id='course-picture']")
        marks = ITSELF | {"Pons-Picture": place.get("data-picture", "")}
        fields = page.fields(at(case, section)) | {
            name.replace("__", "-"): text for name, text in typed.items()
        }
        return targets(neurologist.open(at(case, section), method="POST", data=fields, headers=marks))

    assert "#course-picture" not in send("organs", lvef_pct__value="55")
    assert "#course-picture" in send("relapses", events__0__onset="2019")


def test_the_windows_that_somebody_chose_stay_in_the_next_section(
    neurologist: Browser, case: Referral
) -> None:
    page = neurologist.visit(f"{at(case, 'mri')}?windows=ebmt-2020")
    (form,) = page.all(".//form[@id='section-form']")

    sent = page.fields(form.get("action")) | {"go": "edss"}
    after = neurologist.send(form.get("action") or "", sent, content_type="multipart/form-data")

    assert after.path == at(case, "edss")
    (chosen,) = after.all(".//select[@id='windows']//option[@selected]")
    assert chosen.get("value") == "ebmt-2020"


def test_judgements_that_no_edition_beside_reads_are_asked_on_request(
    neurologist: Browser, draft: Referral
) -> None:
    first = neurologist.visit(at(draft, "judgements"))
    everything = save(neurologist, draft, "judgements", "go-all")

    assert len(first.all(".//fieldset")) < len(everything.all(".//fieldset"))
    assert "cirrhosis-value" in ids(everything) - ids(first)
