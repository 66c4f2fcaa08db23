"""What the invented committees have decided, at meetings that are over."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy.orm import Session

from forms.decision import Said
from referral import clock
from referral.actions import agenda, decisions, letters, meetings
from referral.actions.moves import move
from referral.actions.referrals import newest_version
from referral.models import Decision, LetterKind, Meeting, Referral, ReferralVersion, Specialty, User
from referral.workflow import State

HERE = Path(__file__).parent
AFTERNOON = time(14, tzinfo=UTC)
DAYS_BEFORE = 2
"""So long before a meeting it was called and its agenda written."""

People = Mapping[str, User]
Cases = Mapping[str, Referral]


def decide(session: Session, people: People, cases: Cases, today: date) -> None:
    """Hold the meetings that are over, and let the committees decide, sign and write."""
    told = yaml.safe_load((HERE / "decisions.yaml").read_text(encoding="utf-8"))
    for held in told["meetings"]:
        _hold(session, people, cases, held, datetime.combine(today, AFTERNOON))


def _hold(session: Session, people: People, cases: Cases, held: Mapping[str, Any], today: datetime) -> None:
    at = today - timedelta(days=held["held_days_ago"])
    meeting = _call(session, people, cases, held, at)
    keeper, drafter, signer = (people[held[who]] for who in ("called_by", "drafted_by", "signed_by"))
    agenda.open_meeting(session, meeting, [cases[name] for name in held["cases"]], actor=keeper, at=at)
    came = {people[name].id: True for name in held["members"]}
    meetings.take_attendance(session, meeting, keeper, came, at=at)
    for name, told in held["cases"].items():
        case, version = cases[name], newest_version(session, cases[name])
        if version is None:
            raise ValueError(f"{name} was never sent")
        said = _said(told, version, held, people, at)
        draft = decisions.draft_decision(session, case, said, actor=drafter, seen="", version=1, at=at)
        signed = decisions.sign_decision(
            session, case, _signature(draft, version), actor=signer, at=at + timedelta(minutes=20)
        )
        for kind in told.get("letters", ()):
            _write(session, case, signed, LetterKind(kind), keeper, at + timedelta(hours=2))
    agenda.close_meeting(session, meeting, actor=keeper, at=at + timedelta(hours=1))


def _call(session: Session, people: People, cases: Cases, held: Mapping[str, Any], at: datetime) -> Meeting:
    """Call the meeting, make its cases ready and list them."""
    before, keeper = at - timedelta(days=DAYS_BEFORE), people[held["called_by"]]
    members = {
        people[name].id: meetings.Asked(Specialty(asked["specialty"]), "")
        for name, asked in held["members"].items()
    }
    meeting = meetings.call(session, keeper, meetings.Call(at, held["place"], members), at=before)
    for name in held["cases"]:
        if cases[name].state is State.IN_REVIEW:
            move(session, cases[name], "make_ready", actor=keeper, at=before)
    agenda.put_on(session, meeting, [cases[name] for name in held["cases"]], actor=keeper, at=before)
    return meeting


def _said(
    told: Mapping[str, Any], version: ReferralVersion, held: Mapping[str, Any], people: People, at: datetime
) -> Said:
    reasons: dict[str, dict[str, dict[str, Any]]] = {}
    for each in decisions.asked_of(version.snapshot):
        reasons.setdefault(each.edition, {})[each.criterion] = {
            "result": each.result, "agrees": True, "holds": None, "code": None, "why": "", "ground": None,
        }  # fmt: skip
    for each in told.get("disagrees", ()):
        reasons[each["edition"]][each["criterion"]] |= {
            "agrees": False, **{name: each[name] for name in ("holds", "code", "why")}
        }  # fmt: skip
    for each in told.get("rests_on", ()):
        reasons[each["edition"]][each["criterion"]]["ground"] = each["ground"]
    day = clock.local(at).date()
    again = told.get("comes_back_in_days")
    return Said(
        outcome=told["outcome"],
        decided_on=day.isoformat(),
        text=told["text"],
        conditions=told.get("conditions", ""),
        comes_back_on=(day + timedelta(days=again)).isoformat() if again else None,
        comes_back_for=None,
        reasons=reasons,
        took_part=tuple(
            {"user": str(people[name].id), "name": people[name].name, "specialty": asked["specialty"]}
            for name, asked in held["members"].items()
        ),
    )


def _signature(draft: Decision, version: ReferralVersion) -> decisions.Signature:
    identity = version.snapshot["identity"]
    return decisions.Signature(
        decisions.mark_of(draft), decisions.initials_of(identity), identity["birth_date"][:4], confirmed=True
    )


def _write(
    session: Session, case: Referral, signed: Decision, kind: LetterKind, keeper: User, at: datetime
) -> None:
    """Write a letter from the template; time releases it."""
    body, _ = letters.compose(session, case, signed, kind)
    letters.hold_letter(session, case, kind, body, actor=keeper, seen=str(signed.id), at=at)
