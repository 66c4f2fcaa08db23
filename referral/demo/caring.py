"""What came after an acceptance: an invented work-up, and an invented transplant with its first visits."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy.orm import Session

from referral.actions import care as actions
from referral.demo.cast import Course
from referral.models import Referral, User
from referral.workflow import State

HERE = Path(__file__).parent
MORNING = time(9, tzinfo=UTC)

People = Mapping[str, User]


@cache
def _told() -> dict[str, Any]:
    told: dict[str, Any] = yaml.safe_load((HERE / "care.yaml").read_text(encoding="utf-8"))
    return told


def told_earlier(courses: Iterable[Course], today: date) -> list[Course]:
    """Move those who have a transplant behind them so far back that there was time for it; they come first."""
    back = _told()["told_days_ago"]
    moved = [course.at(today - timedelta(days=back.get(course.name, 0))) for course in courses]
    return sorted(moved, key=lambda course: course.name not in back)


def care(session: Session, people: People, cases: Mapping[str, Referral], today: date) -> None:
    """Begin and plan the work-ups, and record the transplants and their visits."""
    for told in _told()["workups"]:
        if cases[told["case"]].state is State.DECIDED:
            _work_up(session, people, cases[told["case"]], told, today)
    for told in _told()["transplants"]:
        if cases[told["case"]].state is State.WORKUP:
            _transplant(session, people, cases[told["case"]], told, today)


def _work_up(session: Session, people: People, case: Referral, told: Mapping[str, Any], today: date) -> None:
    actor, at = people[told["by"]], _moment(today, told["begun_days_ago"])
    actions.begin_workup(session, case, actor=actor, at=at)
    steps = actions.steps_of(session, case)
    lines = [
        actions.step_json(step) | _line(told["steps"][step.item], people, today)
        for step in steps
        if step.item in told["steps"]
    ]
    lines += [{"words": own["words"]} | _line(own, people, today) for own in told.get("own", ())]
    seen, later = actions.mark_of(steps), at + timedelta(hours=1)
    actions.plan_workup(session, case, lines, actor=actor, seen=seen, at=later)


def _line(told: Mapping[str, Any], people: People, today: date) -> dict[str, Any]:
    line = {"owner": str(people[told["owner"]].id)}
    if "due_in_days" in told:
        line["due"] = (today + timedelta(days=told["due_in_days"])).isoformat()
    if "done_days_ago" in told:
        line["done"] = (today - timedelta(days=told["done_days_ago"])).isoformat()
    return line | ({"note": told["note"]} if "note" in told else {})


def _transplant(
    session: Session, people: People, case: Referral, told: Mapping[str, Any], today: date
) -> None:
    at = _moment(today, told["days_ago"] - 1)
    day_0 = today - timedelta(days=told["days_ago"])
    actor = people[told["by"]]
    actions.record_transplant(session, case, given_on=day_0, note=told["note"], actor=actor, at=at)
    for visit, seen in told["visits"].items():
        facts = dict(seen["facts"])
        mri = today - timedelta(days=facts.pop("mri_days_ago"))
        day = today - timedelta(days=seen["days_ago"])
        facts |= {"seen_on": day.isoformat(), "mri_on": mri.isoformat()}
        moment = _moment(today, seen["days_ago"])
        actions.record_follow_up(session, case, visit, facts, actor=people[seen["by"]], at=moment)


def _moment(today: date, days_ago: int) -> datetime:
    return datetime.combine(today - timedelta(days=days_ago), MORNING)
