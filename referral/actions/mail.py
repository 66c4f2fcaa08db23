"""Notices by e-mail: that something happened and where to read it, never what, and never about whom.

A notice is put into the outbox in the transaction of the deed, once per occasion; :func:`due_mail` sends it later,
tries again for about a day, and then gives up, for somebody to see and press again.
"""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, Insert, case, func, literal, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, joinedload

from referral import audit, clock, database
from referral.actions.post import Post, PostError
from referral.columns import UtcTime
from referral.errors import NotFoundError
from referral.models import Mail, Referral, User
from referral.workflow import Role

WAITS = tuple(timedelta(minutes=minutes) for minutes in (2, 10, 30, 120, 360, 720))
"""How long after each try that failed the next one comes. After the last there is none."""
AT_ONCE = 100
LONGEST_SUBJECT = 120
WHY_SO_LITTLE = "This message says no more on purpose: nothing about a person goes by e-mail."


# Into the outbox


def notify(
    session: Session,
    user: User,
    occasion: str,
    subject: str,
    referral: Referral | None = None,
    *,
    at: datetime | None = None,
) -> bool:
    """Put a notice to one person into the outbox, once for each ``occasion``; tell whether it is a new one.

    ``subject`` says what kind of thing happened, such as "A question was asked". The number of the case is added;
    the name of a person never stands in it, nor anything of a case's content. Whose account has ended gets none.
    """
    if not user.active:
        return False
    at, said = at or clock.now(), _one_line(subject)
    if referral is not None and referral.number not in said:
        said = f"{said}: referral {referral.number}"
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    wanted: Insert = (
        dialect.insert(Mail)
        .values(
            id=uuid4(),
            occasion=f"{occasion} to {user.id}",
            to_user_id=user.id,
            referral_id=referral.id if referral else None,
            subject=said,
            body=f"{said}.\n\n{WHY_SO_LITTLE}\n",
            made_at=at,
            next_try_at=at,
            tries=0,
        )
        .on_conflict_do_nothing(index_elements=["occasion"])
        .returning(Mail.id)
    )
    return session.scalar(wanted) is not None


def _one_line(text: str) -> str:
    """Fold whatever would begin a new line, and with it a new header; cut what is too long for one."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())[:LONGEST_SUBJECT]


def notify_clinic(
    session: Session, referral: Referral, occasion: str, subject: str, *, at: datetime | None = None
) -> None:
    """Tell the neurologist of a case, and who prepares for them; without one in use, every other of the clinic."""
    theirs = or_(User.id == referral.referrer_id, User.works_for_id == referral.referrer_id)
    if not referral.referrer.active:
        theirs = theirs | (
            (User.organisation_id == referral.organisation_id) & (User.role == Role.NEUROLOGIST)
        )
    for user in session.scalars(select(User).where(theirs, User.active).order_by(User.name, User.id)):
        notify(session, user, occasion, subject, referral, at=at)


def notify_programme(
    session: Session, referral: Referral, occasion: str, subject: str, *, at: datetime | None = None
) -> None:
    """Tell the coordinator whose the case is; where that is nobody in use, every coordinator of the programme."""
    owner = referral.owner
    if owner is not None and owner.active:
        notify(session, owner, occasion, subject, referral, at=at)
        return
    wanted = select(User).where(
        User.organisation_id == referral.programme_id, User.role == Role.COORDINATOR, User.active
    )
    for user in session.scalars(wanted):
        notify(session, user, occasion, subject, referral, at=at)


# Out of it


def due_mail(session: Session, now: datetime, post: Post | None = None) -> int:
    """Send what waits, a transaction each, and tell how many went out.

    Each is claimed before it is sent, so that two of us at once send it once, and nobody waits in the database
    for a mail server. Who dies in between sends it again when the next try is due.
    """
    post = post or Post.of_this_house()
    waiting = select(Mail.id).where(_waits(), Mail.next_try_at <= now)
    with database.looking(session):
        chosen = session.scalars(waiting.order_by(Mail.next_try_at).limit(AT_ONCE)).all()
    return sum(_send(session, mail_id, now, post) for mail_id in chosen)


def _waits() -> ColumnElement[bool]:
    return Mail.sent_at.is_(None) & Mail.given_up_at.is_(None)


def _send(session: Session, mail_id: UUID, now: datetime, post: Post) -> bool:
    """Claim one notice, send it, and write down what became of it."""
    later = {tries: literal(now + wait, UtcTime()) for tries, wait in enumerate(WAITS)}
    tried = case(later, value=Mail.tries, else_=literal(now, UtcTime()))
    claim = update(Mail).where(Mail.id == mail_id, _waits(), Mail.next_try_at <= now)
    claimed = session.execute(claim.values(tries=Mail.tries + 1, next_try_at=tried).returning(Mail.id)).all()
    session.commit()
    if not claimed:
        return False
    mail = session.get_one(Mail, mail_id, options=[joinedload(Mail.to_user)], populate_existing=True)
    address, subject, body, made_at, tries = (
        mail.to_user.email,
        mail.subject,
        mail.body,
        mail.made_at,
        mail.tries,
    )
    path = f"/referrals/{mail.referral_id}" if mail.referral_id else "/"
    session.commit()
    failed = None
    try:
        post.send(mail_id, address, subject, body, path, made_at)
    except PostError as error:
        failed = str(error)
    mail = session.get_one(Mail, mail_id, populate_existing=True)
    mail.last_error = failed
    if failed is None:
        mail.sent_at = now
    elif tries > len(WAITS):
        mail.given_up_at = now
    session.commit()
    return failed is None


# What did not arrive


def _of_sender(organisation_id: UUID) -> ColumnElement[bool]:
    """Find notices that an organisation's deeds made: those to the other side of a case, or its own people's."""
    to_clinic = User.organisation_id == Referral.organisation_id
    sender = case((to_clinic, Referral.programme_id), else_=Referral.organisation_id)
    return case((Mail.referral_id.is_(None), User.organisation_id), else_=sender) == organisation_id


def undelivered(session: Session, organisation_id: UUID, most: int) -> tuple[list[Mail], int]:
    """List the latest notices of an organisation that were given up, ``most`` of them, and tell how many there are."""
    given_up = (
        select(Mail)
        .join(User, User.id == Mail.to_user_id)
        .outerjoin(Referral, Referral.id == Mail.referral_id)
        .where(Mail.given_up_at.is_not(None), _of_sender(organisation_id))
    )
    latest = given_up.order_by(Mail.given_up_at.desc(), Mail.id).limit(most).options(joinedload(Mail.to_user))
    found = list(session.scalars(latest))
    if len(found) < most:
        return found, len(found)
    return found, session.scalar(given_up.with_only_columns(func.count())) or 0


def try_again(session: Session, mail_id: UUID, actor: User, *, at: datetime | None = None) -> Mail:
    """Put a notice that was given up back into the outbox.

    Raises:
        NotFoundError: there is none of the actor's organisation.

    """
    wanted = (
        select(Mail)
        .join(User, User.id == Mail.to_user_id)
        .outerjoin(Referral, Referral.id == Mail.referral_id)
        .where(Mail.id == mail_id, Mail.given_up_at.is_not(None), _of_sender(actor.organisation_id))
    )
    found = session.scalar(database.held(wanted, Mail))
    if found is None:
        raise NotFoundError("This notice does not exist, or it is not for you.")
    found.given_up_at, found.tries, found.next_try_at = None, 0, at or clock.now()
    case_of = session.get(Referral, found.referral_id) if found.referral_id else None
    audit.record(session, actor, "notice_sent_again", case_of, at=at, mail=str(found.id))
    return found
