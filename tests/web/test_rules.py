"""What a programme settles for itself: who settles it, what is refused, and what holds where nothing is settled."""

from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from referral.actions.rules import Rules, change_rules, mark_of, rules_for
from referral.errors import ConflictError, ForbiddenError, NotFoundError
from referral.models import AuditEntry, ProgrammeRules, User
from tests.browser import Browser

SignIn = Callable[[str], Browser]
People = dict[str, User]
OURS = mark_of(Rules())


def test_where_nothing_is_settled_ours_hold(session: Session, people: People) -> None:
    rules = rules_for(session, people["chair"].organisation_id)

    assert rules == Rules()
    assert (rules.quorum, rules.remind_after_days, rules.escalate_after_days) == (
        {"neurology": 1, "haematology": 1},
        7,
        14,
    )
    assert (rules.shows_waiting, rules.keep_years, rules.washout) == (False, None, {})


def test_the_chair_settles_the_rules_and_it_is_written_down(
    session: Session, people: People, sign_in: SignIn
) -> None:
    browser = sign_in("chair")
    form = browser.visit("/rules").fields("/rules")

    page = browser.send(
        "/rules",
        form
        | {
            "quorum-neurology": "2",
            "quorum-haematology": "0",
            "remind_after_days": "5",
            "shows_waiting": "yes",
            "keep_years": "15",
            "washout-0-drug": "Tysabri",
            "washout-0-days": "60",
            "washout-2-drug": "fingolimod",
            "washout-2-days": "0",
        },
    )

    rules = rules_for(session, people["chair"].organisation_id)
    assert rules.quorum == {"neurology": 2}
    assert (rules.remind_after_days, rules.escalate_after_days) == (5, 14)
    assert (rules.shows_waiting, rules.keep_years) == (True, 15)
    assert sorted(rules.washout.values()) == [0, 60]
    assert {page.fields("/rules")[f"washout-{row}-days"] for row in (0, 1)} == {"60", "0"}
    (entry,) = session.scalars(select(AuditEntry).where(AuditEntry.deed == "rules_changed"))
    assert entry.actor_id == people["chair"].id
    assert entry.detail["changed"]["remind_after_days"] == {"was": 7, "is": 5}
    assert "escalate_after_days" not in entry.detail["changed"]


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("remind_after_days", "0"),
        ("remind_after_days", ""),
        ("escalate_after_days", "366"),
        ("keep_years", "a while"),
        ("quorum-neurology", "21"),
        ("washout-0-days", "-1"),
    ],
)
def test_a_figure_out_of_its_bounds_is_refused_and_kept_on_the_page(
    session: Session, people: People, sign_in: SignIn, field: str, typed: str
) -> None:
    browser = sign_in("chair")
    form = browser.visit("/rules").fields("/rules") | {"washout-0-drug": "fingolimod", "washout-0-days": "7"}

    page = browser.send("/rules", form | {field: typed}, status=422)

    assert page.fields("/rules")[field] == typed
    assert session.scalars(select(ProgrammeRules)).all() == []


def test_a_drug_that_the_list_lacks_or_that_stands_twice_is_refused(people: People, sign_in: SignIn) -> None:
    browser = sign_in("chair")
    form = browser.visit("/rules").fields("/rules")

    unknown = browser.send("/rules", form | {"washout-0-drug": "Nosuchdrug", "washout-0-days": "7"}, 422)
    twice = {"washout-0-drug": "fingolimod", "washout-0-days": "7"}
    twice |= {"washout-1-drug": "Gilenya", "washout-1-days": "9"}

    assert "a drug of the list" in unknown.text
    assert "twice" in browser.send("/rules", form | twice, 422).text


def test_others_of_the_programme_read_the_rules_and_cannot_settle_them(
    session: Session, people: People, sign_in: SignIn
) -> None:
    browser = sign_in("coordinator")

    page = browser.visit("/rules")

    assert "Save the rules" not in page.text
    browser.send("/rules", {"seen": OURS, "remind_after_days": "3", "escalate_after_days": "4"}, status=403)
    with pytest.raises(ForbiddenError):
        change_rules(session, people["coordinator"], Rules(remind_after_days=3), seen=OURS)
    assert session.scalars(select(ProgrammeRules)).all() == []


@pytest.mark.parametrize("who", ["neurologist", "auditor", "administrator"])
def test_who_belongs_to_no_programme_finds_no_rules(
    people: People, sign_in: SignIn, session: Session, who: str
) -> None:
    sign_in(who).visit("/rules", status=404)
    with pytest.raises(NotFoundError):
        change_rules(session, people[who], Rules(remind_after_days=3), seen=OURS)


def test_rules_that_changed_meanwhile_are_not_overwritten(
    session: Session, people: People, sign_in: SignIn
) -> None:
    browser = sign_in("chair")
    form = browser.visit("/rules").fields("/rules")
    change_rules(session, people["chair"], Rules(remind_after_days=3), seen=OURS)

    page = browser.send("/rules", form | {"remind_after_days": "9"}, status=409)

    assert page.fields("/rules")["remind_after_days"] == "9"
    assert rules_for(session, people["chair"].organisation_id).remind_after_days == 3
    with pytest.raises(ConflictError):
        change_rules(session, people["chair"], Rules(keep_years=3), seen=OURS)
    assert not change_rules(session, people["chair"], Rules(remind_after_days=3), seen="an old mark")


def test_the_rules_of_one_programme_are_not_those_of_another(session: Session, people: People) -> None:
    change_rules(session, people["chair"], Rules(escalate_after_days=30), seen=OURS)

    assert rules_for(session, people["other_chair"].organisation_id) == Rules()
