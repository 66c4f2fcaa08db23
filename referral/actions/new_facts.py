"""New facts for a case that was put off: signed as its next version, they bring it back to review."""

from datetime import datetime

from sqlalchemy.orm import Session

from referral import clock
from referral.actions.decisions import find_current
from referral.actions.due import has_become_known
from referral.actions.mail import notify_programme
from referral.actions.moves import move
from referral.actions.questions import NotAnsweredError
from referral.actions.referrals import ReadDraft, assess_draft, make_snapshot, newest_version
from referral.actions.submission import Signature, sign_version
from referral.actions.versions import changes_between
from referral.models import Referral, ReferralVersion, User
from referral.workflow import State, check_move


def bring_facts(
    session: Session,
    referral: Referral,
    draft: ReadDraft,
    signature: Signature,
    *,
    actor: User,
    at: datetime,
) -> ReferralVersion:
    """Sign a deferred case anew with what was changed in it, as its next version; it is in review again.

    The trail says whether the fact that the deferral waited for is among what was brought.

    Raises:
        MoveRefusedError: the case is not deferred, or it is not theirs to sign.
        NotAnsweredError: no field and no file has changed; what time alone has changed comes back by itself.
        NotSentError: something stands in the way; nothing was changed.

    """
    check_move("bring_facts", actor.role, referral.state)
    _refuse_nothing_new(session, referral, draft, at)
    version = sign_version(session, referral, draft, signature, actor=actor, at=at, state=State.IN_REVIEW)
    session.flush()
    deferral = find_current(session, referral)
    waited_for = deferral is not None and has_become_known(session, deferral)
    move(
        session,
        referral,
        "bring_facts",
        actor=actor,
        at=at,
        version=version.version,
        snapshot=version.snapshot_sha256,
        because="its fact" if waited_for else "other facts",
    )
    occasion = f"new facts {referral.id} version {version.version}"
    notify_programme(session, referral, occasion, "A deferred case has new facts", at=at)
    return version


def _refuse_nothing_new(session: Session, referral: Referral, draft: ReadDraft, at: datetime) -> None:
    newest = newest_version(session, referral)
    if newest is None:
        return
    assessment = assess_draft(session, draft, clock.local(at).date())
    changes = changes_between(newest.snapshot, make_snapshot(session, referral, draft, assessment))
    if not (changes.sections or changes.files):
        raise NotAnsweredError("Nothing has been changed since the case was signed: change the facts first.")
