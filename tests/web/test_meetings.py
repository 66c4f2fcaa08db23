"""Meetings as people hold them: called, filled, declared on, opened, gone through, closed."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from referral import clock
from referral.actions import agenda
from referral.actions.decisions import sign_decision
from referral.actions.moves import move
from referral.actions.referrals import get_referral
from referral.auth import RECEIVERS
from referral.models import Interest, Meeting, Opinion, Referral, Tie, User
from referral.workflow import Role, State
from tests.at_hand import INSIDE, deeds, page_of
from tests.browser import Browser, Page
from tests.deciding import signature, write
from tests.gathering import MEMBERS, call, give, make_ready, put_on, seat_second_member

SignIn = Callable[[str], Browser]
People = dict[str, User]
SECRET = "What only I think of it"


@pytest.fixture
def ready(session: Session, people: People) -> Referral:
    seat_second_member(session, people)
    return make_ready(session, people)


@pytest.fixture
def meeting(session: Session, people: People, ready: Referral) -> Meeting:
    return call(session, people)


def at(meeting: Meeting, rest: str = "") -> str:
    return f"/meetings/{meeting.id}{rest}"


def stands(case: Referral) -> State:
    return case.state


# Calling


def test_a_coordinator_calls_a_meeting_and_sees_it_in_the_list(
    session: Session, people: People, sign_in: SignIn, ready: Referral
) -> None:
    browser = sign_in(Role.COORDINATOR)
    assert "No meeting is called" in browser.visit("/meetings").text
    form = browser.visit("/meetings/new").fields("/meetings/new")
    day = f"{clock.local(clock.now()) + timedelta(days=7):%d/%m/%Y}"
    typed = {"day": day, "time": "14:30", "place": "Room 4", f"asks-{people['chair'].id}": "neurology"}

    refused = browser.send("/meetings/new", form | typed | {"day": "soon", "time": "2pm"}, status=422)
    assert "such as 3 December 2026" in refused.text
    assert "Give the time" in refused.text
    assert refused.fields("/meetings/new")["place"] == "Room 4"
    page = browser.send("/meetings/new", form | typed)

    assert "14:30" in page.text
    assert "Quorum not met" in page.text
    assert "haematology 0 of 1" in page.text
    assert "Room 4" in browser.visit("/meetings").text
    found = session.scalars(select(Meeting)).one()
    assert f"{clock.local(found.starts_at):%H:%M}" == "14:30"


def test_a_meeting_is_changed_by_one_of_two(
    session: Session, people: People, sign_in: SignIn, meeting: Meeting
) -> None:
    one, two = sign_in(Role.COORDINATOR), sign_in(Role.CHAIR)
    address = at(meeting, "/change")
    form, other = one.visit(address).fields(address), two.visit(address).fields(address)

    one.send(address, form | {"place": "Room 5"})
    page = two.send(address, other | {"place": "Room 6"}, status=409)

    assert "Somebody else" in page.text
    assert page.fields(address)["place"] == "Room 6"
    session.refresh(meeting)
    assert meeting.place == "Room 5"


@pytest.mark.parametrize("who", ["other_coordinator", "other_chair", "other_committee_member"])
def test_a_meeting_of_another_programme_is_not_found(sign_in: SignIn, meeting: Meeting, who: str) -> None:
    browser = sign_in(who)
    for rest in ("", "/room"):
        browser.visit(at(meeting, rest), status=404)
    if who != "other_committee_member":
        for rest in ("/cancellation", "/opening", "/closing", "/order", "/attendance"):
            browser.send(at(meeting, rest), {"way": "sort"}, status=404)


def test_a_member_reads_a_meeting_and_changes_nothing(sign_in: SignIn, meeting: Meeting) -> None:
    browser = sign_in(Role.COMMITTEE_MEMBER)
    page = browser.visit(at(meeting))

    assert "Change the meeting" not in page.text
    browser.send(at(meeting, "/cancellation"), status=403)


# The agenda


def test_cases_are_put_on_the_agenda_after_a_look_at_how_many_and_which(
    session: Session, people: People, sign_in: SignIn, meeting: Meeting, ready: Referral
) -> None:
    other = make_ready(session, people)
    browser, address = sign_in(Role.COORDINATOR), at(meeting, "/cases")
    assert "at least one case" in browser.send(address, {}, status=422).text
    chosen = [str(ready.id), str(other.id)]

    preview = browser.send(address, {"case": chosen})

    assert "2 cases are put on the agenda" in preview.text
    assert ready.number in preview.text
    assert stands(ready) is State.READY
    page = browser.send(address, preview.fields(address))
    assert "Put on the agenda: 2" in page.text
    assert "by the day until which every verdict stays as it is" in page.text
    session.refresh(ready)
    assert stands(ready) is State.LISTED


def test_who_lists_a_case_that_is_listed_already_is_told_and_lists_nothing(
    session: Session, people: People, sign_in: SignIn, meeting: Meeting, ready: Referral
) -> None:
    other = make_ready(session, people)
    browser, address = sign_in(Role.CHAIR), at(meeting, "/cases")
    put_on(session, meeting, ready, actor=people["coordinator"])

    page = browser.send(address, {"case": [str(ready.id), str(other.id)], "confirmed": "yes"}, status=409)

    assert f"{ready.number} is listed" in page.text
    session.refresh(other)
    assert stands(other) is State.READY


def test_a_case_is_listed_from_its_own_page_and_taken_off(
    session: Session, sign_in: SignIn, meeting: Meeting, ready: Referral
) -> None:
    browser = sign_in(Role.COORDINATOR)
    address = page_of(ready, "/agenda")
    assert "Put on an agenda" in browser.visit(page_of(ready)).text
    browser.send(address, {"meeting": "nonsense"}, status=422)
    browser.send(address, browser.visit(address).fields(address))
    session.refresh(ready)
    assert stands(ready) is State.LISTED
    assert "On the agenda of the" in browser.visit(page_of(ready)).text

    browser.visit(page_of(ready, "/agenda/removal"))
    browser.send(page_of(ready, "/agenda/removal"))

    session.refresh(ready)
    assert stands(ready) is State.READY
    assert "taken off, ready again" in browser.visit(at(meeting)).text


def test_the_chair_lists_an_unready_case_with_a_reason(
    session: Session, people: People, sign_in: SignIn, meeting: Meeting
) -> None:
    unready = make_ready(session, people, deeds=())
    address = page_of(unready, "/agenda/unready")
    sign_in(Role.COORDINATOR).visit(address, status=409)
    browser = sign_in(Role.CHAIR)
    form = browser.visit(address).fields(address)
    assert "Give a reason" in browser.send(address, form, status=422).text

    page = browser.send(address, form | {"reason": "The scan comes on the day."})

    assert "Listed though not ready: The scan comes on the day." in page.text
    session.refresh(unready)
    assert stands(unready) is State.LISTED
    assert "The scan comes" not in sign_in(Role.NEUROLOGIST).visit(page_of(unready)).text


def test_a_case_is_moved_down_and_the_page_says_that_the_order_is_by_hand(
    session: Session, people: People, sign_in: SignIn, meeting: Meeting, ready: Referral
) -> None:
    put_on(session, meeting, ready, make_ready(session, people), actor=people["chair"])
    first = agenda.standing(meeting)[0]
    browser = sign_in(Role.COORDINATOR)

    page = browser.send(at(meeting, "/order"), {"item": str(first.id), "way": "down"})

    assert "an order set by hand" in page.text
    assert "an order set by hand" not in browser.send(at(meeting, "/order"), {"way": "sort"}).text
    browser.send(at(meeting, "/order"), {"item": "99999", "way": "up"}, status=404)
    browser.send(at(meeting, "/order"), {"item": "x", "way": "up"}, status=404)


def test_a_late_addition_says_so(session: Session, people: People, sign_in: SignIn, ready: Referral) -> None:
    soon = call(session, people, clock.now() + timedelta(hours=3))
    put_on(session, soon, ready, actor=people["chair"])

    assert "Late: added" in sign_in(Role.COMMITTEE_MEMBER).visit(at(soon)).text


def test_a_meeting_is_called_off_after_a_look_at_its_cases(
    session: Session, people: People, sign_in: SignIn, meeting: Meeting, ready: Referral
) -> None:
    put_on(session, meeting, ready, actor=people["chair"])
    browser, address = sign_in(Role.COORDINATOR), at(meeting, "/cancellation")
    assert ready.number in browser.visit(address).text

    page = browser.send(address)

    assert "Ready again: 1" in page.text
    session.refresh(ready)
    assert stands(ready) is State.READY
    assert "cancelled" in browser.send(address, status=409).text


# Interests


def test_a_member_declares_a_tie_and_stands_aside_everywhere(
    session: Session, people: People, sign_in: SignIn, meeting: Meeting, ready: Referral
) -> None:
    put_on(session, meeting, ready, actor=people["chair"])
    browser, address = sign_in(Role.COMMITTEE_MEMBER), page_of(ready, "/interest")
    assert "or that nothing does" in browser.send(address, {}, status=422).text
    assert "what the conflict is" in browser.send(address, {"tie": "conflict"}, status=422).text

    browser.send(address, {"tie": "own_patient", "words": ""})

    chair = sign_in(Role.CHAIR)
    for page in (page_of(ready), at(meeting), at(meeting, "/room"), at(meeting, f"/room/{ready.id}")):
        text = chair.visit(page).text
        assert "Committee Member stands aside (own patient)" in text, page
        assert "Second Member" in text.partition("ot declared yet:")[2], page
    assert "haematology 0 of 1" in chair.visit(at(meeting)).text.partition("Agenda")[2]
    browser.visit(page_of(ready, "/opinion"), status=403)
    browser.send(page_of(ready, "/opinion"), {"overall": "against", "version": "1"}, status=403)
    assert session.scalars(select(Opinion)).all() == []
    assert session.scalars(select(Interest)).one().tie is Tie.OWN_PATIENT


def test_a_coordinator_finds_no_declaration_to_make(sign_in: SignIn, ready: Referral) -> None:
    sign_in(Role.COORDINATOR).send(page_of(ready, "/interest"), {"tie": "none"}, status=409)


# Opinions


def test_an_opinion_is_given_criterion_by_criterion_and_changed(
    session: Session, people: People, sign_in: SignIn, ready: Referral
) -> None:
    browser, address = sign_in(Role.COMMITTEE_MEMBER), page_of(ready, "/opinion")
    form = browser.visit(address).fields(address)
    says = next(name for name in form if name.startswith("says-"))
    why = says.replace("says-", "why-", 1)

    lacking = browser.send(address, form | {says: "disagree"}, status=422)
    assert "Say why you disagree" in lacking.text
    assert "as a whole" in lacking.text
    said = {says: "disagree", why: "The scan shows otherwise.", "overall": "in_favour", "text": SECRET}
    page = browser.send(address, form | said)

    assert "It is sealed" in page.text
    assert "agrees with 0 of 1" in page.text
    again = browser.visit(address).fields(address)
    assert (again[says], again[why], again["text"]) == ("disagree", "The scan shows otherwise.", SECRET)
    browser.send(address, again | {"overall": "undecided"})
    (kept,) = session.scalars(select(Opinion))
    assert kept.overall.value == "undecided"
    assert sum(len(criteria) for criteria in kept.criteria.values()) == 1


def test_an_opinion_on_an_old_version_is_not_taken_and_its_text_is_kept(
    sign_in: SignIn, ready: Referral
) -> None:
    page = sign_in(Role.CHAIR).send(
        page_of(ready, "/opinion"), {"overall": "against", "text": SECRET, "version": "0"}, status=409
    )

    assert "has come since" in page.text
    assert page.fields(page_of(ready, "/opinion"))["text"] == SECRET


def read_everything(browser: Browser, meeting: Meeting, case: Referral) -> list[Page]:
    """Every page on which an opinion might stand; what is not for this person is not found."""
    rests = ("", "/opinion", "/interest", "/agenda/removal", "/submission", "/moves/withdraw")
    pages = [page_of(case, rest) for rest in rests]
    pages += [at(meeting, rest) for rest in ("", "/room", f"/room/{case.id}", "/cases", "/change")]
    return [browser.open(address) for address in (*pages, "/inbox", "/referrals", "/meetings", "/")]


@pytest.mark.parametrize("who", [*Role, "second_member", "other_chair", "other_neurologist"])
def test_nobody_reads_a_sealed_opinion_on_any_page(
    session: Session, people: People, sign_in: SignIn, meeting: Meeting, ready: Referral, who: str
) -> None:
    put_on(session, meeting, ready, actor=people["chair"])
    for giver in MEMBERS[:2]:
        give(session, ready, people[giver], f"{SECRET}, says {giver}")

    found = [page.html.count(SECRET) for page in read_everything(sign_in(who), meeting, ready)]

    own = 1 if who in MEMBERS[:2] else 0
    assert max(found) == own
    assert own == 0 or all(
        f"{SECRET}, says {who}" in page.html or SECRET not in page.html
        for page in read_everything(sign_in(who), meeting, ready)
    )


def test_open_opinions_are_read_by_the_programme_and_never_by_the_clinic(
    session: Session, people: People, sign_in: SignIn, meeting: Meeting, ready: Referral
) -> None:
    put_on(session, meeting, ready, actor=people["chair"])
    for giver in MEMBERS:
        give(session, ready, people[giver], f"{SECRET}, says {giver}")

    for who in INSIDE:
        page, inside = sign_in(who).visit(page_of(ready)), people[who].role in RECEIVERS
        assert page.html.count(SECRET) == (3 if inside else 0)
        assert ("Opinion given" in page.text) is inside


# The room


def test_the_room_goes_from_case_to_case_and_the_meeting_closes_when_all_is_done(
    session: Session, people: People, sign_in: SignIn, ready: Referral
) -> None:
    other, today = make_ready(session, people), call(session, people, clock.now())
    put_on(session, today, ready, other, actor=people["chair"])
    give(session, ready, people["committee_member"], SECRET)
    chair = sign_in(Role.CHAIR)
    room = chair.visit(at(today, "/room"))
    assert "Left to do: 2. Done: 0." in room.text
    assert SECRET not in chair.visit(at(today, f"/room/{ready.id}")).html

    chair.send(at(today, "/opening"))
    assert SECRET in chair.visit(at(today, f"/room/{ready.id}")).html
    came = {f"came-{each.user_id}": "yes" for each in today.members}
    assert "Quorum met" in chair.send(at(today, "/attendance"), came).text
    first, second = (item.referral_id for item in agenda.standing(today))
    page = chair.visit(at(today, f"/room/{first}"))
    assert [a.get("href") for a in page.all(".//a[@rel='next']")] == [at(today, f"/room/{second}")]
    assert page.all(".//a[@rel='prev']") == []
    assert "Each case is decided or taken off" in chair.send(at(today, "/closing"), status=409).text

    agenda.take_off(session, session.get_one(Referral, first), actor=people["chair"])
    move(session, session.get_one(Referral, second), "decline", actor=people["chair"])
    text = chair.visit(at(today, "/room")).text
    assert "Left to do: 0. Done: 1." in text
    assert "has left the agenda" in chair.visit(at(today, f"/room/{second}")).text
    assert "The meeting is closed" in chair.send(at(today, "/closing")).text
    chair.visit(at(today, f"/room/{today.id}"), status=404)


def test_without_its_quorum_nothing_is_signed_until_the_chair_goes_on(
    session: Session, people: People, sign_in: SignIn, ready: Referral
) -> None:
    today = call(session, people, clock.now())
    put_on(session, today, ready, actor=people["coordinator"])
    chair, room, address = sign_in(Role.CHAIR), at(today, "/room"), at(today, "/quorum")
    came = {
        f"came-{each.user_id}": "yes" if each.user_id == people["chair"].id else "no"
        for each in today.members
    }
    page = chair.send(at(today, "/attendance"), came)
    assert "Missing: haematology 0 of 1: Committee Member did not come" in page.text
    write(session, people, ready)
    session.commit()
    unsigned = chair.visit(page_of(ready, "/decision"))
    assert "The quorum is not met" in unsigned.text
    assert unsigned.all(".//input[@name='initials']") == []
    assert "The chair may go on without it" in sign_in(Role.COORDINATOR).visit(room).text

    sign_in(Role.COORDINATOR).send(address, {"reason": "We are few."}, status=403)
    refused = chair.send(address, {"reason": " "}, status=422)
    assert "Give a reason" in refused.text
    page = chair.send(address, refused.fields(address) | {"reason": "Agreed by telephone."})

    assert "Goes on without the quorum (haematology 0): Agreed by telephone." in page.text
    assert page.all(".//textarea[@name='reason']") == []
    for seen in (at(today), at(today, f"/room/{ready.id}")):
        assert "The chair goes on without it" in chair.visit(seen).text
    assert chair.visit(page_of(ready, "/decision")).all(".//input[@name='initials']")
    held = get_referral(session, ready.id, people["chair"], to_change=True)
    sign_decision(session, held, signature(session, held), actor=people["chair"])
    session.commit()
    told = sign_in(Role.NEUROLOGIST).visit(page_of(ready)).text
    assert "Decided without the quorum haematology 0 of 1; Chair, chair, went on without it" in told
    assert "by telephone" not in told
    assert "did not come" not in told


def test_a_meeting_to_come_is_neither_opened_nor_attended(sign_in: SignIn, meeting: Meeting) -> None:
    chair = sign_in(Role.CHAIR)
    for rest in ("/opening", "/attendance", "/closing"):
        chair.send(at(meeting, rest), status=409)


def test_who_is_shown_the_names_of_cases_to_choose_from_is_written_down(
    session: Session, sign_in: SignIn, ready: Referral, meeting: Meeting
) -> None:
    browser, name = sign_in(Role.COORDINATOR), ready.family_name or ""
    before = len(deeds(session))

    assert name in browser.visit(at(meeting, "/cases")).text
    put_on_page = browser.send(at(meeting, "/cases"), {"case": str(ready.id)})
    assert name in put_on_page.text
    browser.send(at(meeting, "/cases"), {"case": str(ready.id), "confirmed": "yes"})
    assert name in browser.visit(at(meeting, "/cancellation")).text

    assert deeds(session)[before:] == [
        "meeting_read",
        "meeting_read",
        "listed",
        "meeting_read",
        "meeting_read",
    ]


def test_a_page_opened_earlier_takes_back_nobodys_attendance(
    session: Session, people: People, sign_in: SignIn
) -> None:
    today = call(session, people, clock.now())
    session.commit()
    address = at(today, "/attendance")
    earlier = sign_in(Role.CHAIR).visit(at(today, "/room")).fields(address)
    del earlier["csrf_token"]
    first, second = (f"came-{people[who].id}" for who in ("chair", "committee_member"))
    sign_in(Role.COORDINATOR).send(address, earlier | {first: "yes"})
    sign_in(Role.CHAIR).send(address, earlier | {second: "no"})

    session.expire_all()
    attended = {each.user_id: each.attended for each in today.members}
    assert attended[people["chair"].id] is True
    assert attended[people["committee_member"].id] is False
