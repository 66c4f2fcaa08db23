"""The next meeting of the invented committee, with what its members have said so far."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import yaml
from sqlalchemy.orm import Session

from referral.actions import agenda, interests, meetings, opinions
from referral.models import Overall, Referral, Specialty, Tie, User

HERE = Path(__file__).parent
NOON = time(12, tzinfo=UTC)


def gather(session: Session, people: Mapping[str, User], cases: Mapping[str, Referral], today: date) -> None:
    """Call the meeting as the coordinator did yesterday, and let the members declare and write."""
    told = yaml.safe_load((HERE / "meeting.yaml").read_text(encoding="utf-8"))
    at = datetime.combine(today - timedelta(days=1), NOON)
    coordinator = people[told["called_by"]]
    starts_at = datetime.combine(
        today + timedelta(days=told["in_days"]), time.fromisoformat(told["starts_at"])
    ).astimezone(UTC)
    members = {
        people[key].id: meetings.Asked(Specialty(asked["specialty"]), asked.get("covers_for", ""))
        for key, asked in told["members"].items()
    }
    call = meetings.Call(starts_at, told["place"], members)
    meeting = meetings.call(session, coordinator, call, at=at)
    agenda.put_on(session, meeting, [cases[name] for name in told["cases"]], actor=coordinator, at=at)
    for said in told["interests"]:
        tie, member = Tie(said["tie"]), people[said["member"]]
        interests.declare(session, cases[said["case"]], tie, said["words"], actor=member, at=at)
    for said in told["opinions"]:
        opinion = opinions.Said(Overall(said["overall"]), said["text"], {})
        member = people[said["member"]]
        opinions.give(session, cases[said["case"]], opinion, version=1, actor=member, at=at)
