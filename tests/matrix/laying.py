"""What the rows of the matrix are about, laid ready in the house before anybody asks."""

from datetime import timedelta
from hashlib import sha256
from io import BytesIO

from sqlalchemy import select
from sqlalchemy.orm import Session

from referral import auth, clock
from referral.actions import (
    agenda,
    copies,
    decisions,
    drafts,
    duplicates,
    erasure,
    evidence,
    hand_over,
    holds,
    imports,
    letters,
    meetings,
    packets,
    people,
)
from referral.attachments import Store
from referral.criteria import library
from referral.models import (
    Adoption,
    Attachment,
    EmergencyAccess,
    EmergencyReason,
    Letter,
    LetterKind,
    Mail,
    Outcome,
    Pack,
    Packet,
    Referral,
    User,
    UserSession,
)
from referral.packet.opening import open_file
from referral.workflow import Role, State
from tests.attachments.made import pdf
from tests.matrix.deeds import lay_draft, lay_new_facts
from tests.matrix.house import DISABLED, LAID, OPENERS, House
from tests.matrix.world import (
    FOREIGN,
    OWN,
    SAME,
    THERE,
    WHOSE,
    bring,
    call,
    draft_decision,
    take,
)

LETTERS = "abcdefghijklmnopqrstuvwxyz"


def lay(house: House, session: Session) -> None:
    """Lay everything ready that the rows of the matrix are about, and sign everybody in."""
    number = 0
    for relation in THERE:
        for kind in LAID:
            number += 1
            name = f"Quixley{LETTERS[number // 26]}{LETTERS[number % 26]}"
            house.laid[kind, relation] = LAYING[kind](house, session, relation, name)
    for (_, relation), case in house.world.cases.items():
        lay_draft(session, case, Outcome.ACCEPTED, _coordinator(house, relation))
        if case.state is State.DEFERRED:
            lay_new_facts(session, case)
    _lay_meetings(house, session)
    _lay_notices(house, session)
    _lay_emergencies(house, session)
    _lay_words(house, session)
    _sign_in(house, session)
    session.commit()


# ------------------------------------------------------------------------------------------- cases


def _coordinator(house: House, relation: str) -> User:
    return house.world.people[WHOSE[relation][1]]


def _alike(house: House, session: Session, relation: str, name: str) -> Referral:
    """A draft about somebody of whom the clinic has another case."""
    other = bring(session, house.world, State.IN_REVIEW, relation, name)
    session.flush()
    case = bring(session, house.world, State.DRAFT, relation, name)
    house.of.setdefault(("alike", relation), {})["alike"] = str(other.id)
    for each in (other, case):
        duplicates.remember(session, each, drafts.name_for_lists(each))
    session.flush()
    return case


def _handed(house: House, session: Session, relation: str, name: str) -> Referral:
    case = bring(session, house.world, State.DRAFT, relation, name)
    delegate = house.world.people["other_delegate" if relation == FOREIGN else "delegate"]
    hand_over.hand_over(session, case, actor=delegate)
    return case


def _copied(house: House, session: Session, relation: str, name: str) -> Referral:
    over = bring(session, house.world, State.WITHDRAWN, relation, name)
    return copies.copy_as_new(session, over, actor=house.world.people[WHOSE[relation][0]])


def _packed(house: House, session: Session, relation: str, name: str) -> Referral:
    case = bring(session, house.world, State.IN_REVIEW, relation, name)
    (version,) = case.versions
    packets.issue_packet(session, version, actor=version.signed_by)
    return case


def _with_file(house: House, session: Session, case: Referral, unique: int) -> Referral:
    """Put a real file on a case."""
    store = Store(house.app.config["ATTACHMENTS"], house.app.config["DATA_KEYS"])
    with store.rebuilt("letter.pdf", BytesIO(pdf(unique=unique))) as rebuilt:
        stored_as = store.keep(rebuilt)
    found = Attachment(
        referral_id=case.id, kind="letter", label="Letter", media_type=rebuilt.media_type, pages=rebuilt.pages,
        size=rebuilt.size, sha256=rebuilt.sha256, received_size=rebuilt.received_size,
        received_sha256=rebuilt.received_sha256, stored_as=stored_as, uploaded_by_id=case.referrer_id,
    )  # fmt: skip
    session.add(found)
    session.flush()
    return case


def _papers(house: House, session: Session, relation: str, name: str) -> Referral:
    return _with_file(house, session, bring(session, house.world, State.IN_REVIEW, relation, name), 1)


def _filed(house: House, session: Session, relation: str, name: str) -> Referral:
    return _with_file(house, session, bring(session, house.world, State.DRAFT, relation, name), 2)


def _drafted(house: House, session: Session, relation: str, name: str) -> Referral:
    """A case on an agenda with a drafted acceptance that its coordinator wrote down."""
    case = bring(session, house.world, State.LISTED, relation, name)
    chair = house.world.people[f"{WHOSE[relation][2]}chair"]
    draft_decision(session, case, Outcome.ACCEPTED, drafter=_coordinator(house, relation), signer=chair)
    return case


def _held(house: House, session: Session, relation: str, name: str) -> Referral:
    case = bring(session, house.world, State.LISTED, relation, name)
    take(session, house.world, case, "accept", relation)
    current = decisions.find_current(session, case)
    assert current is not None
    coordinator = _coordinator(house, relation)
    letters.hold_letter(
        session, case, LetterKind.REFERRER, "Dear colleague", actor=coordinator, seen=str(current.id)
    )
    return case


def _released(house: House, session: Session, relation: str, name: str) -> Referral:
    case = _held(house, session, relation, name)
    letter = session.scalars(select(Letter).where(Letter.referral_id == case.id)).one()
    letter.pdf, letter.released_at = b"%PDF-1.7", clock.now()
    return case


def _renewed(house: House, session: Session, relation: str, name: str) -> Referral:
    """A case that was put off, in which the clinic has changed something since."""
    case = bring(session, house.world, State.DEFERRED, relation, name)
    request = {**case.typed["request"], "question": ["What now?"]}
    case.typed = {**case.typed, "request": request}
    session.flush()
    return case


def _kept(house: House, session: Session, relation: str, name: str) -> Referral:
    """A case that is over and under a legal hold."""
    case = bring(session, house.world, State.WITHDRAWN, relation, name)
    holds.hold(session, _coordinator(house, relation), "A complaint.", case)
    return case


def _unwanted(house: House, session: Session, relation: str, name: str) -> Referral:
    """A case of which somebody who is not among those who ask here has asked that it be deleted."""
    case = bring(session, house.world, State.WITHDRAWN, relation, name)
    who = "other_colleague_coordinator" if relation == FOREIGN else "colleague_coordinator"
    erasure.ask(session, case, house.world.people[who], "The patient wishes it.", case.number)
    return case


LAYING = {
    "alike": _alike,
    "handed": _handed,
    "copied": _copied,
    "packed": _packed,
    "papers": _papers,
    "filed": _filed,
    "drafted": _drafted,
    "held": _held,
    "released": _released,
    "renewed": _renewed,
    "kept": _kept,
    "unwanted": _unwanted,
}


# ------------------------------------------------------------------------------------------- what else there is


def _lay_meetings(house: House, session: Session) -> None:
    """Beside the meeting with an agenda, of each programme one without its quorum, and one done, with a pack."""
    everybody = house.world.people
    for keeper, prefix in (("coordinator", ""), ("other_coordinator", "other_")):
        done = call(session, everybody, keeper, prefix)
        actor = everybody[keeper]
        agenda.open_meeting(session, done, [], actor=actor)
        meetings.take_attendance(session, done, actor, {each.user_id: True for each in done.members})
        house.words[f"{prefix}done"] = str(done.id)
        pack = Pack(
            meeting_id=done.id, agenda=[], ordered_by_id=actor.id, made_at=clock.now(), pdf=b"%PDF-1.7", size=8,
            sha256=sha256(b"%PDF-1.7").hexdigest(), pages=1, manifest={"cases": []},
        )  # fmt: skip
        session.add(pack)
        session.flush()
        house.words[f"{prefix}pack"] = str(pack.id)
        short = call(session, everybody, keeper, prefix)
        came = {each.user_id: each.user_id == everybody[f"{prefix}chair"].id for each in short.members}
        meetings.take_attendance(session, short, actor, came)
        house.words[f"{prefix}short"] = str(short.id)
        house.words[f"{prefix}meeting"] = str(house.world.meetings[prefix].id)


def _lay_notices(house: House, session: Session) -> None:
    """A notice of each programme to a clinic that was given up."""
    for relation in (OWN, FOREIGN):
        case = house.world.cases[State.IN_REVIEW, relation]
        mail = Mail(
            occasion=f"given up {relation}", to_user_id=case.referrer_id, referral_id=case.id,
            subject="A notice", body="A notice.", tries=9, given_up_at=clock.now(),
        )  # fmt: skip
        session.add(mail)
        session.flush()
        house.words[f"{relation} notice"] = str(mail.id)


def _lay_emergencies(house: House, session: Session) -> None:
    """Beside a case elsewhere that each who may has opened in an emergency, what of each programme is to review."""
    there = bring(session, house.world, State.DRAFT, FOREIGN, "Quixleyzz")
    _with_file(house, session, there, 3)
    take(session, house.world, there, "submit", FOREIGN)
    (version,) = there.versions
    version.packet = Packet(
        pdf=b"%PDF-1.7", sha256=sha256(b"%PDF-1.7").hexdigest(), issued_by=version.signed_by
    )
    house.words["opened_file"] = str(
        session.scalars(select(Attachment.id).where(Attachment.referral_id == there.id)).one()
    )
    for who in OPENERS:
        _lay_emergency(house, session, f"emergency of {who}", who, there)
    for relation, who in ((OWN, "other_coordinator"), (SAME, "other_member"), (FOREIGN, "coordinator")):
        case = house.world.cases[State.IN_REVIEW, relation]
        _lay_emergency(house, session, f"{relation} use", who, case)


def _lay_emergency(house: House, session: Session, name: str, who: str, case: Referral) -> None:
    found = EmergencyAccess(
        referral_id=case.id, user_id=house.world.people[who].id, reason=EmergencyReason.SAFETY,
        why="As was said on the telephone.", until=clock.now() + timedelta(hours=10),
    )  # fmt: skip
    session.add(found)
    session.flush()
    house.words[name] = str(found.id)


def _lay_words(house: House, session: Session) -> None:
    """What is typed into forms, by name."""
    everybody = house.world.people
    today = clock.today()
    adopted = session.scalars(select(Adoption)).first()
    assert adopted is not None
    other = next(edition for edition in library().values() if edition.id != adopted.edition_id)
    invited, token = people.invite(
        session, everybody["administrator"], email="invited@example.org", name="Somebody Invited",
        role=Role.AUDITOR, organisation_id=everybody["auditor"].organisation_id,
    )  # fmt: skip
    taken = imports.take_in(session, everybody["neurologist"], open_file(b'{"record": "1"}', today), today)
    house.words |= {
        "import": str(taken.id),
        "today": f"{today.day} {today:%B} {today.year}",
        "year": str(today.year),
        "edition": adopted.edition_id,
        "other_edition": other.id,
        "other_digest": other.sha256,
        "asked": evidence.mark_of(()),
        "chair": str(everybody["chair"].id),
        "coordinator": str(everybody["coordinator"].id),
        "second_coordinator": str(everybody["colleague_coordinator"].id),
        "clinic": str(everybody["neurologist"].organisation_id),
        "invited": str(invited.id),
        "token": token,
        "ready": str(house.world.cases[State.READY, OWN].id),
        "in_review": str(house.world.cases[State.IN_REVIEW, OWN].id),
    }


def _sign_in(house: House, session: Session) -> None:
    """Give each role a session that outlasts the test, and end one account while its session lasts."""
    everybody = house.world.people
    gone = everybody["gone"] = User(
        email="gone@example.org",
        name="Gone",
        role=Role.CHAIR,
        organisation=everybody["chair"].organisation,
        password_hash=everybody["chair"].password_hash,
    )
    session.add(gone)
    session.flush()
    for who, person in {**{role.value: everybody[role.value] for role in Role}, DISABLED: gone}.items():
        house.sessions[who] = auth.open_session(session, person).token or ""
    later = clock.now() + timedelta(hours=10)
    for row in session.scalars(select(UserSession)):
        row.started_at = row.seen_at = row.proved_at = later
    gone.active = False  # the session is still there: the account alone is what ends it
