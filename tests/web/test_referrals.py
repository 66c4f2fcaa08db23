"""The pages of a case, as each role opens them."""

from collections.abc import Callable
from datetime import timedelta
from itertools import product
from uuid import uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from referral import clock
from referral.auth import RECEIVERS, REFERRERS
from referral.models import AuditEntry, Decision, Outcome, Referral, ReferralVersion, User
from referral.workflow import MOVES, Role, State, find_move
from tests.at_hand import INSIDE, NOT_MET, REASON, deeds, make_draft, page_of, retype, sign, stands
from tests.browser import Browser

People = dict[str, User]
SignIn = Callable[[str], Browser]
PLAIN = sorted(move.deed for move in MOVES if move.plain)


# The case page


def test_everybody_inside_reads_the_case_and_is_named_for_it(
    sign_in: SignIn, sent: Referral, session: Session, people: People
) -> None:
    for who in INSIDE:
        page = sign_in(who).visit(page_of(sent))
        assert "Tadeusz Whinfell" in page.text
        entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1)).one()
        assert (entry.deed, entry.referral_id, entry.actor_id) == ("case_read", sent.id, people[who].id)
    assert people["coordinator"].name in page.text  # who has read it is shown to whoever may see it


def test_a_sent_case_shows_what_was_signed_whatever_became_of_the_draft(
    sign_in: SignIn, sent: Referral, session: Session
) -> None:
    retype(sent, "person", family_name="Nobody")
    retype(sent, "edss", edss__0__score="9.0")

    page = sign_in("coordinator").visit(page_of(sent))

    assert "Tadeusz Whinfell" in page.text
    assert "Nobody" not in page.text


def test_a_long_history_comes_in_pages_and_readings_are_counted(
    sign_in: SignIn, sent: Referral, session: Session, people: People
) -> None:
    def entry(deed: str, minutes: int) -> AuditEntry:
        at, who = clock.now() - timedelta(days=9, minutes=minutes), people["coordinator"].id
        return AuditEntry(at=at, actor_id=who, deed=deed, referral_id=sent.id, detail={})

    turns = [entry(("assigned", "message_written")[number % 2], number) for number in range(120)]
    session.add_all([*turns, *(entry("case_read", number) for number in range(300))])
    browser = sign_in("neurologist")

    first, second = browser.visit(page_of(sent)), browser.visit(page_of(sent, "?history=2"))

    lines = [
        page.all(".//section[@aria-labelledby='trail-heading']/div//tbody/tr") for page in (first, second)
    ]
    assert len(lines[0]) == 100
    assert len(lines[1]) > 20  # and what was done before
    assert "300 times" in first.text
    (onward,) = first.all(".//nav[@aria-label='Pages of the history']//a")
    assert onward.get("href") == page_of(sent, "?history=2#trail-heading")
    assert second.all(".//a[@rel='prev']")[0].get("href") == page_of(sent, "#trail-heading")


@pytest.mark.parametrize("who", INSIDE)
def test_a_case_page_has_at_most_one_main_button(
    sign_in: SignIn, sent: Referral, session: Session, who: str
) -> None:
    browser = sign_in(who)
    for state in (State.SUBMITTED, State.IN_REVIEW, State.READY):
        session.get_one(Referral, sent.id).state = state
        page = browser.visit(page_of(sent))
        (actions,) = page.all(".//div[@class='pons-actions case-actions']")
        buttons = [each for each in actions.iter() if each.tag in ("a", "button")]
        looks = [(each.get("class") or "").split() for each in buttons]
        main = [look for look in looks if "nhsuk-button--secondary" not in look]
        assert len(main) == 1, state


def test_no_title_address_or_message_names_a_person(sign_in: SignIn, draft: Referral) -> None:
    browser = sign_in("neurologist")
    pages = [browser.visit(page_of(draft)), browser.visit(page_of(draft, "/submission"))]
    pages += [sign(browser, draft, declared="yes"), browser.visit("/referrals")]
    pages.append(browser.visit(page_of(draft, "/moves/withdraw")))
    pages.append(browser.send(page_of(draft, "/moves/withdraw"), {"reason": REASON}))

    for page in pages:
        said = " ".join("".join(message.itertext()) for message in page.all(".//div[@role='status']"))
        assert "Whinfell" not in page.title + page.path + said
    assert draft.number in said


def test_what_is_open_and_matters_is_linked_to_its_section(
    sign_in: SignIn, session: Session, people: People
) -> None:
    draft = make_draft(session, people, "fennimore_priyanka")

    page = sign_in("delegate").visit(page_of(draft))

    (panel,) = (each for each in page.all(".//section") if each.get("aria-labelledby") == "open-heading")
    links = {link.get("href") for link in panel.iter("a")}
    assert links == {page_of(draft, "/edit/organs"), page_of(draft, "/edit/judgements")}
    assert "Diffusing capacity 50 % or more. AUSTIN 2016" in " ".join("".join(panel.itertext()).split())


def test_blanks_that_change_no_verdict_are_not_asked_for(sign_in: SignIn, draft: Referral) -> None:
    page = sign_in("neurologist").visit(page_of(draft))

    assert "Nothing that is blank would change what is said of any set as a whole." in page.text


def test_the_clinic_finds_its_cases_drafts_first(
    sign_in: SignIn, session: Session, people: People, sent: Referral
) -> None:
    other = make_draft(session, people, "fallowfield_jun")
    foreign = make_draft(session, people, "larkspur_kwabena", referrer="other_neurologist")

    page = sign_in("delegate").visit("/referrals")

    names = [link.text for link in page.all(".//a[@class='list-name']")]
    assert names == ["Fallowfield, Jun", "Whinfell, Tadeusz"]
    assert other.number in page.text
    assert foreign.number not in page.text


def test_a_clinic_without_cases_is_told_so(sign_in: SignIn) -> None:
    page = sign_in("neurologist").visit("/referrals")

    assert "No referral yet" in page.text
    assert page.fields("/referrals")


# Moves


def test_every_button_is_a_row_of_the_table_and_every_row_a_button(
    sign_in: SignIn, sent: Referral, session: Session
) -> None:
    for who in INSIDE:
        browser = sign_in(who)
        role = Role(who)
        for state in (State.SUBMITTED, State.IN_REVIEW, State.READY, State.WITHDRAWN):
            sent.state = state
            page = browser.visit(page_of(sent))
            shown = {
                part.get("action") or part.get("href") for part in page.all(".//form") + page.all(".//a")
            }
            for deed in PLAIN:
                allowed = any(m.deed == deed and role in m.roles and state in m.sources for m in MOVES)
                assert (page_of(sent, f"/moves/{deed}") in shown) == allowed, (who, state, deed)


def acceptance(case: Referral, people: People) -> Decision:
    """A decision as the committee signs it."""
    return Decision(
        referral_id=case.id, version=1, outcome=Outcome.ACCEPTED, text="", decided_on="2026-11-20",
        editions={"an-edition": "0"}, snapshot_sha256="0", drafted_by_id=people["coordinator"].id,
        signed_by_id=people["chair"].id, signed_at=clock.now(),
    )  # fmt: skip


def test_every_role_state_and_deed_against_the_table(
    sign_in: SignIn, sent: Referral, session: Session, people: People
) -> None:
    """Sending is tried with an empty form, which a neurologist's draft answers with what is missing.

    An acceptance stands, so that a work-up may be begun where the table says so.
    """
    session.add(acceptance(sent, people))
    for role in Role:
        browser = sign_in(role)
        token = browser.token()
        for state, deed in product(State, ["submit", *PLAIN]):
            sent.state = state
            session.flush()
            before = len(deeds(session, sent))
            address = "/submission" if deed == "submit" else f"/moves/{deed}"
            answer = browser.open(
                page_of(sent, address), method="POST", data={"csrf_token": token, "reason": REASON}
            )
            assert answer.status == _expected(role, state, deed), (role, state, deed, answer.title)
            if answer.status != 303:
                assert stands(sent) is state
                assert [d for d in deeds(session, sent)[before:] if d != "case_read"] == []
            elif deed != "submit":
                assert deeds(session, sent)[before:] == [find_move(deed).past]


def _expected(role: Role, state: State, deed: str) -> int:
    visible = role in REFERRERS or (role in RECEIVERS and state is not State.DRAFT)
    if not visible:
        return 404
    if (
        deed == "submit"
        and role is Role.NEUROLOGIST
        and state in (State.SUBMITTED, State.IN_REVIEW, State.READY)
    ):
        return 303  # what the same person has sent already: the receipt
    if not any(m.deed == deed and role in m.roles and state in m.sources for m in MOVES):
        return 409
    return 409 if deed == "submit" else 303  # the empty form has not seen the case


def test_the_coordinator_takes_a_case_to_the_committee(
    sign_in: SignIn, sent: Referral, session: Session
) -> None:
    browser = sign_in("coordinator")

    for button, state in (("start_review", State.IN_REVIEW), ("make_ready", State.READY)):
        page = browser.visit(page_of(sent))
        page = browser.send(page_of(sent, f"/moves/{button}"), page.fields(page_of(sent, f"/moves/{button}")))
        assert stands(sent) is state
        assert f"is now {state.words}" in page.text
    assert "Made ready for the committee" in page.text


def test_a_case_is_withdrawn_with_a_reason_that_both_sides_read(
    sign_in: SignIn, sent: Referral, session: Session
) -> None:
    browser = sign_in("neurologist")
    address = page_of(sent, "/moves/withdraw")

    page = browser.send(address, browser.visit(address).fields(address) | {"reason": "  "}, 422)
    assert "Give a reason" in page.text
    assert stands(sent) is State.SUBMITTED

    browser.send(address, page.fields(address) | {"reason": "She <b>prefers</b> to wait."})
    assert stands(sent) is State.WITHDRAWN
    for who in ("delegate", "coordinator"):
        assert "She <b>prefers</b> to wait." in sign_in(who).visit(page_of(sent)).text


def test_a_move_that_does_not_exist_is_not_found(sign_in: SignIn, sent: Referral) -> None:
    browser = sign_in("coordinator")

    for deed in ("submit", "decide", "x"):
        browser.send(page_of(sent, f"/moves/{deed}"), status=404)
    browser.visit(page_of(sent, "/moves/start_review"), 404)


def test_a_form_without_its_token_changes_nothing(sign_in: SignIn, sent: Referral) -> None:
    browser = sign_in("coordinator")

    page = browser.open(page_of(sent, "/moves/start_review"), method="POST", follow_redirects=True)

    assert "Nothing was changed." in page.text
    assert stands(sent) is State.SUBMITTED


# What is not yours, what is forged


@pytest.mark.parametrize("who", ["other_neurologist", "other_coordinator", "auditor", "administrator"])
def test_what_is_not_yours_looks_exactly_like_what_does_not_exist(
    sign_in: SignIn, sent: Referral, printed: bytes, session: Session, who: str
) -> None:
    browser = sign_in(who)
    token = browser.token()
    before = (sent.state, len(deeds(session, sent)))
    addresses = [("", "GET"), ("/submission", "GET"), ("/submission", "POST"), ("/packet.pdf", "GET")]
    addresses += [("/moves/withdraw", "GET"), ("/edit/person", "GET")]
    addresses += [(f"/moves/{deed}", "POST") for deed in PLAIN]

    for rest, method in addresses:
        form = {"csrf_token": token, "reason": REASON} if method == "POST" else None
        foreign = browser.open(page_of(sent, rest), method=method, data=form)
        missing = browser.open(f"/referrals/{uuid4()}{rest}", method=method, data=form)
        assert foreign.status == missing.status == 404, (rest, method)
        assert len(foreign.html) == len(missing.html)
        assert foreign.text == missing.text
    assert (sent.state, len(deeds(session, sent))) == before
    assert deeds(session).count("not_found") == 2 * len(addresses)


def test_forged_fields_change_nothing_that_they_name(
    sign_in: SignIn, draft: Referral, session: Session, people: People
) -> None:
    forged = {
        "state": "ready",
        "programme_id": str(people["other_coordinator"].organisation_id),
        "organisation_id": str(people["other_neurologist"].organisation_id),
        "referrer_id": str(people["other_neurologist"].id),
        "signed_by_id": str(people["chair"].id),
        "role": "chair",
        "version": "7",
        "demonstration": "1",
        "waiting_since": "2000-01-01",
        "submitted_at": "2000-01-01",
    }
    sign(sign_in("neurologist"), draft, 200, **forged, declared="yes")
    sign_in("coordinator").send(page_of(draft, "/moves/start_review"), forged)

    assert stands(draft) is State.IN_REVIEW
    assert draft.programme_id == people["coordinator"].organisation_id
    assert draft.organisation_id == people["neurologist"].organisation_id
    assert draft.referrer_id == people["neurologist"].id
    assert not draft.demonstration
    assert draft.waiting_since
    assert clock.now() - draft.waiting_since < timedelta(minutes=5)
    version = session.scalars(select(ReferralVersion)).one()
    assert (version.version, version.signed_by_id) == (1, people["neurologist"].id)
    assert session.get_one(User, people["neurologist"].id).role is Role.NEUROLOGIST


def test_a_programme_that_is_a_clinic_cannot_be_addressed(
    sign_in: SignIn, draft: Referral, people: People
) -> None:
    retype(draft, "request", programme_id=str(people["other_neurologist"].organisation_id))

    page = sign_in("neurologist").visit(page_of(draft, "/submission"))

    assert "Choose the programme that it goes to." in page.text
    assert not page.all(f".//form[@action='{page_of(draft, '/submission')}']")


def test_a_reason_of_half_a_megabyte_is_refused_in_words(
    sign_in: SignIn, session: Session, people: People
) -> None:
    draft = make_draft(session, people, NOT_MET)

    page = sign(sign_in("neurologist"), draft, 422, declared="yes", reason="x" * 500_000)

    assert "Shorten the reason" in page.text
    assert stands(draft) is State.DRAFT
