"""Finding cases among many, whose they are, the two clocks, and who has one open."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from referral import clock
from referral.actions import inbox, messages, moves, presence, questions, referrals
from referral.actions.inbox import Wanted
from referral.actions.stays import clocks_of
from referral.errors import ConflictError, MoveRefusedError, NotFoundError
from referral.facts import read_record
from referral.models import Mail, Message, Referral, Stay, User
from referral.workflow import State
from tests.at_hand import COMPLETE, NOT_MET, deeds, make_draft, read, send, stands

People = dict[str, User]
DAY = timedelta(days=1)


@pytest.fixture
def sent(session: Session, people: People) -> Referral:
    return put(session, people, COMPLETE)


def put(session: Session, people: People, name: str, referrer: str = "neurologist") -> Referral:
    draft = make_draft(session, people, name, referrer=referrer)
    send(session, draft, people[referrer], reason="Please look.")
    return draft


def colleague(session: Session, people: People, name: str = "Second Coordinator") -> User:
    one = people["coordinator"]
    found = User(
        email=f"{name.replace(' ', '.').lower()}@example.org",
        name=name,
        role=one.role,
        organisation=one.organisation,
        password_hash=one.password_hash,
    )
    session.add(found)
    session.flush()
    return found


def numbers(session: Session, people: People, **wanted: object) -> set[str]:
    found = inbox.list_inbox(session, people["coordinator"], Wanted(**wanted))  # type: ignore[arg-type]  # of several kinds
    return {line.number for line in found.lines}


# Finding


def test_each_filter_finds_what_it_says_and_nothing_else(session: Session, people: People) -> None:
    old, new = put(session, people, COMPLETE), put(session, people, NOT_MET, "other_neurologist")
    old.waiting_since = clock.now() - 20 * DAY
    second = colleague(session, people)
    old.owner_id, new.owner_id = people["coordinator"].id, second.id
    old.next_change_on = (clock.today() + 10 * DAY).isoformat()
    new.next_change_on = None
    session.flush()
    verdict = "austin-2016"

    assert numbers(session, people) == {old.number, new.number}
    assert numbers(session, people, clinic=new.organisation_id) == {new.number}
    assert numbers(session, people, owner=second.id) == {new.number}
    assert numbers(session, people, owner="nobody") == set()
    assert numbers(session, people, older_than_days=14) == {old.number}
    assert numbers(session, people, older_than_days=21) == set()
    assert numbers(session, people, edition=verdict, verdict="not_met") == {new.number}
    assert numbers(session, people, edition=verdict, verdict="cannot_say") == set()
    assert numbers(session, people, closes_within_months=1) == {old.number}
    assert numbers(session, people, states=(State.READY,)) == set()


def test_signing_tells_the_inbox_when_a_verdict_first_changes(session: Session, sent: Referral) -> None:
    (version,) = sent.versions
    protocols = version.snapshot["assessment"]["protocols"]

    assert sent.next_change_on == min(each["from"] for one in protocols for each in one["changes"])


def test_what_lost_its_owner_stands_on_top_until_a_coordinator_takes_it(
    session: Session, people: People
) -> None:
    longest, lost = put(session, people, COMPLETE), put(session, people, NOT_MET)
    longest.waiting_since = clock.now() - 90 * DAY
    gone = colleague(session, people)
    lost.owner_id = gone.id
    gone.active = False
    session.flush()

    found = inbox.list_inbox(session, people["coordinator"]).lines
    assert [line.number for line in found] == [lost.number, longest.number]
    assert numbers(session, people, owner="nobody") == {lost.number}
    inbox.assign(session, lost, people["coordinator"].id, seen=gone.id, actor=people["coordinator"])

    found = inbox.list_inbox(session, people["coordinator"]).lines
    assert [line.number for line in found] == [longest.number, lost.number]


@pytest.mark.parametrize("newest_first", [False, True])
@pytest.mark.parametrize(
    "wanted",
    [
        Wanted(),
        Wanted(states=frozenset(State) - {State.DRAFT}),
        Wanted(edition="austin-2016", verdict="met"),
        Wanted(owner="nobody"),
    ],
    ids=["waiting", "all", "by verdict", "nobody's"],
)
def test_each_page_goes_on_where_the_one_before_ended(
    session: Session, people: People, monkeypatch: pytest.MonkeyPatch, wanted: Wanted, newest_first: bool
) -> None:
    monkeypatch.setattr(referrals, "PAGE", 2)
    cases = [put(session, people, COMPLETE) for _ in range(7)]
    for days, case in enumerate(cases):
        case.waiting_since = clock.now() - days * DAY
    for case in cases[2:]:
        case.owner_id = people["coordinator"].id
    for case in cases[:2]:
        case.owner_id = None
    session.flush()
    longest_first = [case.number for case in reversed(cases)]
    order = [*longest_first[5:], *longest_first[:5]]
    if newest_first:
        order = [*longest_first[:4:-1], *longest_first[4::-1]]
    if wanted.owner == "nobody":
        order = order[:2]

    wanted = replace(wanted, newest_first=newest_first)
    pages = [inbox.list_inbox(session, people["coordinator"], wanted, page) for page in range(1, 6)]
    listed = [line.number for found in pages[: (len(order) + 1) // 2] for line in found.lines]
    assert listed == order
    assert {found.total for found in pages} == {len(order)}
    assert pages[-1].lines == pages[(len(order) + 1) // 2 - 1].lines, "beyond the last is the last"


# Whose it is


def test_a_case_becomes_somebody_elses_once_and_they_are_told(
    session: Session, people: People, sent: Referral
) -> None:
    one, second = people["coordinator"], colleague(session, people)

    assert inbox.assign(session, sent, second.id, seen=one.id, actor=one)
    assert not inbox.assign(session, sent, second.id, seen=one.id, actor=one)

    assert sent.owner_id == second.id
    assert deeds(session, sent).count("assigned") == 1
    told = session.scalars(select(Mail).where(Mail.to_user_id == second.id)).all()
    assert [mail.subject for mail in told] == [f"A case is yours now: referral {sent.number}"]


def test_of_two_who_take_a_case_at_once_the_second_is_told_whose_it_is(
    session: Session, people: People, sent: Referral
) -> None:
    second, third = colleague(session, people), colleague(session, people, "Third Coordinator")
    seen = sent.owner_id
    inbox.assign(session, sent, second.id, seen=seen, actor=second)

    with pytest.raises(ConflictError, match="belongs to Second Coordinator by now"):
        inbox.assign(session, sent, third.id, seen=seen, actor=third)
    assert sent.owner_id == second.id


@pytest.mark.parametrize("who", ["other_coordinator", "committee_member", "neurologist"])
def test_a_case_goes_to_a_coordinator_of_its_own_programme_only(
    session: Session, people: People, sent: Referral, who: str
) -> None:
    with pytest.raises(NotFoundError):
        inbox.assign(session, sent, people[who].id, seen=sent.owner_id, actor=people["coordinator"])


def test_only_a_coordinator_assigns(session: Session, people: People, sent: Referral) -> None:
    for who in ("chair", "committee_member", "neurologist"):
        with pytest.raises(MoveRefusedError):
            inbox.assign(session, sent, people["coordinator"].id, seen=None, actor=people[who])


# Kept views


def test_a_view_is_kept_under_its_name_and_is_nobody_elses(session: Session, people: People) -> None:
    mine = people["coordinator"]
    inbox.save_view(session, mine, " Ready  ones ", {"state": "ready"})
    view = inbox.save_view(session, mine, "Ready ones", {"state": "ready", "age": "14"})

    assert [(each.name, each.filters) for each in inbox.views_of(session, mine)] == [
        ("Ready ones", {"state": "ready", "age": "14"})
    ]
    inbox.remove_view(session, people["chair"], view.id)
    assert inbox.views_of(session, mine)
    inbox.remove_view(session, mine, view.id)
    assert not inbox.views_of(session, mine)
    for name in ("", " ", "x" * 61):
        with pytest.raises(inbox.NotSavedError):
            inbox.save_view(session, mine, name, {})


# The two clocks


def test_the_clocks_count_all_and_ours_and_show_the_pause(session: Session, people: People) -> None:
    began = clock.now() - 30 * DAY
    case = make_draft(session, people, COMPLETE)
    send(session, case, people["neurologist"])
    session.scalars(select(Stay)).one().began_at = began
    one = people["coordinator"]
    questions.ask(session, case, [], "Why?", actor=one, at=began + 4 * DAY)
    moves.move(session, case, "stop_waiting", actor=one, reason="Found.", at=began + 10 * DAY)

    found = clocks_of(session, [case.id], began + 30 * DAY)[case.id]

    assert found.total == 30 * DAY
    assert found.ours == 24 * DAY
    assert [(pause.state, pause.days) for pause in found.pauses] == [(State.AWAITING_REPLY, 6)]


def test_neither_a_message_nor_a_new_owner_resets_a_clock(
    session: Session, people: People, sent: Referral
) -> None:
    now = clock.now() + 5 * DAY
    before = clocks_of(session, [sent.id], now)
    waiting = sent.waiting_since

    say(session, sent, people["neurologist"])
    say(session, sent, people["coordinator"], "programme")
    inbox.assign(
        session, sent, colleague(session, people).id, seen=sent.owner_id, actor=people["coordinator"]
    )

    assert clocks_of(session, [sent.id], now) == before
    assert sent.waiting_since == waiting
    assert stands(sent) is State.SUBMITTED


def test_the_clocks_stand_still_when_a_case_is_over(session: Session, people: People, sent: Referral) -> None:
    now = clock.now()
    moves.move(session, sent, "withdraw", actor=people["neurologist"], reason="Moved away.", at=now + 2 * DAY)

    found = clocks_of(session, [sent.id], now + 50 * DAY)[sent.id]
    assert found.total == found.ours < 3 * DAY


# Conversation


def say(
    session: Session,
    referral: Referral,
    actor: User,
    audience: str = "both",
    text: str = "Please see the letter.",
    fact: str = "",
) -> Message:
    record = read(session, referral).record
    return messages.write(session, referral, record, text, audience, fact, actor=actor)


def test_each_side_reads_what_is_for_it_and_nothing_else(
    session: Session, people: People, sent: Referral
) -> None:
    neurologist, coordinator = people["neurologist"], people["coordinator"]
    both, ours, theirs = (
        say(session, sent, neurologist),
        say(session, sent, coordinator, "programme"),
        say(session, sent, neurologist, "clinic"),
    )

    for who in ("coordinator", "committee_member", "chair"):
        assert messages.messages_of(session, sent, people[who]) == [both, ours]
    for who in ("neurologist", "delegate"):
        assert messages.messages_of(session, sent, people[who]) == [both, theirs]


@pytest.mark.parametrize(
    ("who", "audience"),
    [("neurologist", "programme"), ("coordinator", "clinic"), ("chair", ""), ("chair", "all")],
)
def test_nobody_writes_for_the_other_side_alone(
    session: Session, people: People, sent: Referral, who: str, audience: str
) -> None:
    with pytest.raises(messages.NotWrittenError, match="who shall see"):
        say(session, sent, people[who], audience)


@pytest.mark.parametrize(("text", "fact"), [(" ", ""), ("x" * 4001, ""), ("Yes.", "mri[99].date")])
def test_a_message_says_something_and_points_at_a_fact_that_is_there(
    session: Session, people: People, sent: Referral, text: str, fact: str
) -> None:
    with pytest.raises(messages.NotWrittenError):
        say(session, sent, people["chair"], text=text, fact=fact)


def test_every_fact_of_a_record_can_be_pointed_at_in_words(session: Session, sent: Referral) -> None:
    (version,) = sent.versions
    record = read_record(version.snapshot["record"], clock.today())

    facts = messages.facts_of(record)

    assert "diagnosis.symptom_onset" in facts
    assert any(path.startswith("mri[0].") for path in facts)
    assert all(words and words[0] == words[0].upper() for words in facts.values())


def test_the_other_side_is_told_and_nobody_of_their_own_words(
    session: Session, people: People, sent: Referral
) -> None:
    say(session, sent, people["coordinator"])

    told = session.scalars(select(Mail.to_user_id).where(Mail.subject.contains("message"))).all()
    assert set(told) == {people["neurologist"].id, people["delegate"].id}
    say(session, sent, people["coordinator"], "programme")
    assert len(session.scalars(select(Mail).where(Mail.subject.contains("message"))).all()) == 2
    say(session, sent, people["chair"], "programme")
    told = session.scalars(select(Mail.to_user_id).where(Mail.subject.contains("message"))).all()
    assert people["coordinator"].id in told


def test_nothing_is_written_on_a_case_that_is_over(session: Session, people: People, sent: Referral) -> None:
    moves.move(session, sent, "withdraw", actor=people["neurologist"], reason="Moved away.")

    with pytest.raises(MoveRefusedError):
        say(session, sent, people["coordinator"])


# Who has it open


def test_a_colleague_is_named_for_two_minutes_and_the_other_side_never(
    session: Session, people: People, sent: Referral
) -> None:
    now, one = clock.now(), people["coordinator"]
    presence.look(session, sent, one, now)
    presence.look(session, sent, people["chair"], now - timedelta(seconds=90))
    presence.look(session, sent, people["neurologist"], now)

    assert presence.who_else(session, sent, one, now) == [people["chair"].name]
    assert presence.who_else(session, sent, one, now + timedelta(minutes=1)) == []
    presence.look(session, sent, people["chair"], now)
    assert presence.who_else(session, sent, one, now + timedelta(minutes=1)) == [people["chair"].name]
    assert presence.who_else(session, sent, people["delegate"], now) == [people["neurologist"].name]
