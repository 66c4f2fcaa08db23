"""Many cases at once, for lists: written straight into the tables, since nobody types a thousand."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import insert
from sqlalchemy.orm import Session

from referral import clock
from referral.actions.finding import as_kept, words_of
from referral.columns import ring_of
from referral.models import Referral, ReferralVersion, SearchWord, StandingVerdict, Stay, User
from referral.workflow import State

STATES = (State.SUBMITTED, State.IN_REVIEW, State.READY)


def insert_sent(
    session: Session,
    clinic: User,
    programme: User,
    count: int,
    *,
    snapshot: Mapping[str, Any],
    verdicts: Mapping[str, str],
    typed: Mapping[str, Any] | None = None,
) -> None:
    """Put in cases that were sent from a clinic to a programme, one a day back from today."""
    now = clock.now()
    ids = [uuid4() for _ in range(count)]
    moments = [now - timedelta(days=index % 400, seconds=index) for index in range(count)]
    session.execute(
        insert(Referral),
        [
            {
                "id": id_,
                "number": f"P-1999-{index + 1:05}",
                "organisation_id": clinic.organisation_id,
                "referrer_id": clinic.id,
                "programme_id": programme.organisation_id,
                "owner_id": programme.id,
                "state": STATES[index % len(STATES)],
                "typed": dict(typed or {}),
                "family_name": f"Invented{index + 1:05}",
                "given_name": "Person",
                "birth_date": "1990-01-01",
                "waiting_since": moment,
                "submitted_at": moment,
                "created_at": moment,
                "updated_at": moment,
            }
            for index, (id_, moment) in enumerate(zip(ids, moments, strict=True))
        ],
    )
    session.execute(
        insert(ReferralVersion),
        [
            {
                "id": uuid4(),
                "referral_id": id_,
                "version": 1,
                "snapshot": dict(snapshot),
                "snapshot_sha256": "0" * 64,
                "verdicts": dict(verdicts),
                "signed_by_id": clinic.id,
                "signed_at": moment,
            }
            for id_, moment in zip(ids, moments, strict=True)
        ],
    )
    session.execute(
        insert(StandingVerdict),
        [
            {"referral_id": id_, "edition": edition, "verdict": verdict}
            for id_ in ids
            for edition, verdict in verdicts.items()
        ],
    )
    session.execute(
        insert(SearchWord),
        [
            {"referral_id": id_, "word": word}
            for index, id_ in enumerate(ids)
            for word in as_kept(
                ring_of(session),
                words_of(f"P-1999-{index + 1:05}"),
                words_of(f"Invented{index + 1:05}", "Person"),
            )
        ],
    )
    session.execute(
        insert(Stay),
        [
            {"referral_id": id_, "state": STATES[index % len(STATES)], "began_at": moment}
            for index, (id_, moment) in enumerate(zip(ids, moments, strict=True))
        ],
    )
    session.flush()
