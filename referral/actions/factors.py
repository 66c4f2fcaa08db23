"""The second step of signing in: set up, used, taken away; and the codes on paper for the day a telephone is lost.

Each deed is in the trail, and its person gets a notice, so that nobody changes it unseen. What proves is used up in
one statement, so that of two at the same moment exactly one has used it.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from referral import audit, auth, database
from referral.actions.invitations import NotTakenError
from referral.actions.mail import notify
from referral.actions.people import get_person
from referral.auth import codes, keys
from referral.auth.passwords import is_password
from referral.errors import ConflictError, NotFoundError
from referral.models import FactorKind, Proof, RecoveryCode, SecondFactor, User

LONGEST_NAME = 60
MOST_FACTORS = 8
NOT_YOU = "If that was not you, tell your administrator."


# Reading


def factors_of(session: Session, person: User) -> list[SecondFactor]:
    """List what a person can take the second step with, the oldest first."""
    wanted = select(SecondFactor).where(
        SecondFactor.user_id == person.id, SecondFactor.confirmed_at.is_not(None)
    )
    return list(session.scalars(wanted.order_by(SecondFactor.made_at, SecondFactor.id)))


def has_factor(session: Session, person: User) -> bool:
    """Tell whether a person has set up a second step."""
    wanted = select(SecondFactor.id).where(
        SecondFactor.user_id == person.id, SecondFactor.confirmed_at.is_not(None)
    )
    return session.scalar(wanted.limit(1)) is not None


def codes_left(session: Session, person: User) -> int:
    """Count the recovery codes that a person has not used."""
    wanted = select(func.count()).where(RecoveryCode.user_id == person.id, RecoveryCode.used_at.is_(None))
    return session.scalar(wanted) or 0


def find_pending(session: Session, person: User) -> SecondFactor:
    """Find the app that a person is setting up.

    Raises:
        NotFoundError: there is none.

    """
    wanted = select(SecondFactor).where(
        SecondFactor.user_id == person.id, SecondFactor.confirmed_at.is_(None)
    )
    found = session.scalar(wanted)
    if found is None:
        raise NotFoundError("No app is being set up. Begin once more.")
    return found


def secret_of(factor: SecondFactor, house: codes.Keys) -> bytes:
    """Open the secret of an app.

    Raises:
        LostKeyError: it was sealed with another key of the house.

    """
    if factor.secret is None:
        raise TypeError("only an app has a secret")
    return codes.unseal(factor.secret, house)


# Setting up


def begin_app(
    session: Session, person: User, house: codes.Keys, *, at: datetime
) -> tuple[SecondFactor, bytes]:
    """Make the secret of a new app. It counts once its first code was right; another beginning replaces it."""
    _check_room(session, person)
    session.execute(
        delete(SecondFactor).where(SecondFactor.user_id == person.id, SecondFactor.confirmed_at.is_(None))
    )
    secret = codes.new_secret()
    factor = SecondFactor(
        user_id=person.id,
        kind=FactorKind.APP,
        name="Authenticator app",
        secret=codes.seal(secret, house),
        made_at=at,
    )
    session.add(factor)
    session.flush()
    return factor, secret


def confirm_app(
    session: Session, person: User, typed: str, house: codes.Keys, *, at: datetime
) -> SecondFactor:
    """Take an app into use with its first code.

    Raises:
        NotFoundError: none is being set up.
        NotTakenError: the code is not right.

    """
    factor = find_pending(session, person)
    step = codes.find_step(secret_of(factor, house), codes.plain(typed), at, None)
    if step is None:
        raise NotTakenError("code", "This code is not right. Type the one that the app shows now.")
    factor.confirmed_at, factor.last_step = at, step
    _tell_added(session, person, factor, at)
    return factor


def add_key(
    session: Session,
    person: User,
    name: str,
    *,
    site: keys.Site,
    challenge: str,
    answer: str,
    at: datetime,
) -> SecondFactor:
    """Take a security key into use.

    Raises:
        NotTakenError: it did not answer what it was asked, or it is in use already.

    """
    _check_room(session, person)
    try:
        new = keys.registered(site, challenge, answer)
    except keys.NotProvedError:
        raise NotTakenError("key", "The key could not be set up. Try once more.") from None
    known = select(SecondFactor.id).where(SecondFactor.credential_id == new.credential_id)
    if session.scalar(known) is not None:
        raise NotTakenError("key", "This key is in use already.")
    factor = SecondFactor(
        user_id=person.id,
        kind=FactorKind.KEY,
        name=" ".join(name.split())[:LONGEST_NAME] or "Security key",
        credential_id=new.credential_id,
        public_key=new.public_key,
        sign_count=new.sign_count,
        made_at=at,
        confirmed_at=at,
    )
    session.add(factor)
    session.flush()
    _tell_added(session, person, factor, at)
    return factor


def _check_room(session: Session, person: User) -> None:
    if len(factors_of(session, person)) >= MOST_FACTORS:
        raise NotTakenError("key", f"{MOST_FACTORS} are enough. Remove one first.")


def _tell_added(session: Session, person: User, factor: SecondFactor, at: datetime) -> None:
    session.flush()
    notify(
        session,
        person,
        f"factor {factor.id} added",
        f"A second step of signing in was added. {NOT_YOU}",
        at=at,
    )
    audit.record(session, person, "second_step_added", at=at, factor=str(factor.id), kind=factor.kind.value)


def make_recovery_codes(session: Session, person: User, *, at: datetime) -> list[str]:
    """Give ten recovery codes, shown this once; those before hold no longer."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == person.id))
    made = [codes.new_recovery_code() for _ in range(codes.RECOVERY_CODES)]
    session.add_all(
        RecoveryCode(user_id=person.id, code_hash=auth.hash_password(codes.plain(code)), made_at=at)
        for code in made
    )
    session.flush()
    notify(session, person, f"codes {at.isoformat()}", f"New recovery codes were made. {NOT_YOU}", at=at)
    audit.record(session, person, "recovery_codes_made", at=at, codes=len(made))
    return made


# Using


def prove_by_code(
    session: Session, person: User, typed: str, house: codes.Keys, *, at: datetime
) -> Proof | None:
    """Take the code of an app, or a recovery code, once; ``None`` where it is neither, or used.

    Raises:
        LostKeyError: the code may be right, but the secrets were sealed with another key of the house.

    """
    if codes.is_app_code(typed):
        return _use_app(session, person, codes.plain(typed), house, at)
    if codes.is_recovery_code(typed):
        return _use_recovery_code(session, person, codes.plain(typed), at)
    return None


def _use_app(session: Session, person: User, code: str, house: codes.Keys, at: datetime) -> Proof | None:
    for factor in factors_of(session, person):
        if factor.kind is not FactorKind.APP:
            continue
        step = codes.find_step(secret_of(factor, house), code, at, factor.last_step)
        if step is None:
            continue
        fresh = SecondFactor.last_step.is_(None) | (SecondFactor.last_step < step)
        used = update(SecondFactor).where(SecondFactor.id == factor.id, fresh)
        if session.execute(used.values(last_step=step, used_at=at).returning(SecondFactor.id)).all():
            return Proof.APP
    return None


def _use_recovery_code(session: Session, person: User, code: str, at: datetime) -> Proof | None:
    unused = select(RecoveryCode).where(RecoveryCode.user_id == person.id, RecoveryCode.used_at.is_(None))
    for kept in session.scalars(unused).all():
        if not is_password(kept.code_hash, code):
            continue
        used = update(RecoveryCode).where(RecoveryCode.id == kept.id, RecoveryCode.used_at.is_(None))
        if not session.execute(used.values(used_at=at).returning(RecoveryCode.id)).all():
            return None
        left = codes_left(session, person)
        notify(
            session, person, f"code {kept.id} used", f"A recovery code was used to sign in. {NOT_YOU}", at=at
        )
        audit.record(session, person, "recovery_code_used", at=at, left=left)
        return Proof.RECOVERY_CODE
    return None


def prove_by_key(
    session: Session, person: User, answer: str, *, site: keys.Site, challenge: str, at: datetime
) -> Proof | None:
    """Take what a security key has signed; ``None`` where it is none of this person's, or not for this challenge."""
    try:
        credential = keys.credential_of(answer)
        factor = next(
            (each for each in factors_of(session, person) if each.credential_id == credential), None
        )
        if factor is None or factor.public_key is None:
            return None
        factor.sign_count = keys.signed(
            site, challenge, answer, public_key=factor.public_key, sign_count=factor.sign_count
        )
    except keys.NotProvedError:
        return None
    factor.used_at = at
    session.flush()
    return Proof.KEY


def tell_failed(session: Session, person: User, *, at: datetime) -> None:
    """Write down that the second step failed after a right password; its person hears of it once a day."""
    notify(
        session,
        person,
        f"second step failed on {at.date()}",
        f"Your password was right, the second step was not. {NOT_YOU}",
        at=at,
    )
    audit.record(session, person, "second_step_failed", at=at)


# Taking away


def remove(session: Session, person: User, factor_id: UUID, *, required: bool, at: datetime) -> SecondFactor:
    """Take one of one's own second steps out of use.

    Raises:
        NotFoundError: it is not this person's.
        ConflictError: it is the last, and the house asks everybody for one.

    """
    wanted = select(SecondFactor).where(SecondFactor.user_id == person.id)
    mine = session.scalars(database.held(wanted, SecondFactor)).all()
    found = next((each for each in mine if each.id == factor_id and each.confirmed_at is not None), None)
    if found is None:
        raise NotFoundError("There is no such second step.")
    left = [each for each in mine if each.confirmed_at is not None and each is not found]
    if required and not left:
        raise ConflictError(
            "This house asks everybody for a second step: set up another before you remove this one."
        )
    session.delete(found)
    if not left:
        session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == person.id))
    session.flush()
    notify(
        session,
        person,
        f"factor {found.id} removed",
        f"A second step of signing in was removed. {NOT_YOU}",
        at=at,
    )
    audit.record(session, person, "second_step_removed", at=at, factor=str(found.id), kind=found.kind.value)
    return found


def reset(session: Session, actor: User, person_id: UUID, *, at: datetime) -> bool:
    """Take all second steps of a person away, who has lost them; whoever is signed in with the account is out.

    Raises:
        NotFoundError: there is no such person.
        ConflictError: nobody takes their own away like this.

    """
    person = get_person(session, actor, person_id, to_change=True)
    if person.id == actor.id:
        raise ConflictError("Ask another administrator: nobody takes their own second step away here.")
    return take_all(session, person, actor=actor, at=at)


def take_all(session: Session, person: User, *, actor: User | None, at: datetime) -> bool:
    """Take all second steps of a person away; ``actor`` ``None`` is who keeps the machine."""
    gone = session.execute(
        delete(SecondFactor).where(SecondFactor.user_id == person.id).returning(SecondFactor.id)
    ).all()
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == person.id))
    auth.end_sessions(session, person)
    if not gone:
        return False
    occasion = f"second steps taken away {at.isoformat()}"
    notify(session, person, occasion, f"Your second step of signing in was taken away. {NOT_YOU}", at=at)
    audit.record(session, actor, "second_step_reset", at=at, person=str(person.id), removed=len(gone))
    return True
