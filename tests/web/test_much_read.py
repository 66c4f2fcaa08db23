"""One person opens so many cases within an hour, and then no other, in whatever way; the auditors see who it was."""

from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from referral import audit, clock
from referral.actions.much_read import SAID, USUAL_CASES, due_much_read
from referral.audit import MOST_CASES
from referral.models import Referral, User
from tests.at_hand import deeds, page_of
from tests.browser import Browser
from tests.many import insert_sent

SignIn = Callable[[str], Browser]
People = dict[str, User]
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def others(session: Session, people: People, sent: Referral) -> Sequence[Referral]:
    """As many cases as one person opens within an hour, beside the one that was sent."""
    insert_sent(
        session,
        people["neurologist"],
        people["coordinator"],
        MOST_CASES,
        snapshot={},
        verdicts={"one": "met"},
    )
    session.commit()
    return session.scalars(select(Referral).where(Referral.id != sent.id).order_by(Referral.number)).all()


def read(session: Session, who: User, cases: Sequence[Referral], *, ago: timedelta = MINUTE) -> None:
    for case in cases:
        audit.record(session, who, "case_read", case, at=clock.now() - ago)
    session.commit()


@pytest.mark.parametrize(
    "what", ["", "/packet.pdf", "/packet-with-files.pdf", "/files", "/message", "/owner"]
)
def test_after_so_many_others_no_case_is_shown_in_whatever_way(
    sign_in: SignIn, session: Session, people: People, sent: Referral, printed: bytes, others: Sequence[Referral],
    what: str,
) -> None:  # fmt: skip
    browser = sign_in("coordinator")
    read(session, people["coordinator"], others)
    before = len(deeds(session))

    page = browser.visit(page_of(sent, what), status=429)

    assert f"You have opened {MOST_CASES} cases within an hour" in page.text
    assert "ask a colleague" in page.text
    assert sent.number not in page.text
    assert deeds(session)[before:] == ["too_much_refused"]
    assert sign_in("chair").visit(page_of(sent)).status == 200, "another person is not counted"


def test_everything_about_a_patient_is_not_handed_out_either(
    sign_in: SignIn, session: Session, people: People, sent: Referral, others: Sequence[Referral]
) -> None:
    browser = sign_in("coordinator")
    read(session, people["coordinator"], others)

    answer = browser.client.post(page_of(sent, "/retention/copy"), data={"csrf_token": browser.token()})

    assert answer.status_code == 429
    assert deeds(session)[-1] == "too_much_refused"


def test_the_last_case_below_the_bound_is_shown_and_those_of_the_hour_again(
    sign_in: SignIn, session: Session, people: People, sent: Referral, others: Sequence[Referral]
) -> None:
    browser = sign_in("coordinator")
    read(session, people["coordinator"], [*others[:-1], *others[:-1]])

    browser.visit(page_of(sent))
    browser.visit(page_of(sent))
    browser.visit(page_of(others[-1], "/owner"), status=429)
    browser.visit(page_of(others[0], "/owner"))


def test_as_the_hour_goes_by_other_cases_are_shown(
    sign_in: SignIn, session: Session, people: People, sent: Referral, others: Sequence[Referral]
) -> None:
    browser = sign_in("coordinator")
    read(session, people["coordinator"], others[:1], ago=HOUR)
    read(session, people["coordinator"], others[1:])

    browser.visit(page_of(sent))


def test_what_is_not_for_somebody_is_not_found_and_not_counted(
    sign_in: SignIn, session: Session, people: People, sent: Referral, others: Sequence[Referral]
) -> None:
    stranger = sign_in("other_coordinator")
    for case in others[: USUAL_CASES + 1]:
        stranger.visit(page_of(case), status=404)

    assert due_much_read(session, clock.now()) == 0


def test_the_auditor_sees_who_has_read_unusually_much_and_what(
    sign_in: SignIn, session: Session, people: People, others: Sequence[Referral]
) -> None:
    read(session, people["coordinator"], others[: USUAL_CASES + 1])
    due_much_read(session, clock.now())
    auditor: Browser = sign_in("auditor")

    (link,) = auditor.visit("/audit").all(".//a[.='Unusually much read']")
    page = auditor.visit(link.get("href", ""))

    assert f"{USUAL_CASES + 1} cases, 0 exports, 0 pages of lists" in page.text
    (link,) = page.all(f".//a[.='What {people['coordinator'].name} did']")
    assert "Read unusually much" in auditor.visit(link.get("href", "")).text
    assert SAID in deeds(session)
