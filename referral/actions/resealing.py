"""Changing the keys of patients' data while people work, and looking at what is sealed with which.

Values are sealed anew a few at a time, each only if it is still what was read: whoever was faster has sealed with the
new key already. It may be stopped at any moment and begun again. An old key is given up when nothing needs it.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Column, LargeBinary, Text, column, delete, func, select, table, update
from sqlalchemy.orm import Session

from forms import read_case
from referral import clock, database
from referral.actions import duplicates, finding
from referral.actions.referrals import newest_version
from referral.attachments import FileLostError, Store
from referral.auth import codes
from referral.columns import Sealed, ring_of
from referral.models import Base, DataKey, PersonKey, Referral, SearchWord, SecondFactor
from referral.sealing import HEAD, KeyLostError, Ring, SealBrokenError, sealed_with

AT_ONCE = 50
FILES = "files of cases"
APPS = "secrets of authenticator apps"
CASES = "digests by which cases are found"
UNREADABLE = (SealBrokenError, KeyLostError, FileLostError)


@dataclass
class Found:
    """What a walk has found in one place: how much is sealed with which key, and what cannot be opened."""

    place: str
    with_key: Counter[str] = field(default_factory=Counter)
    anew: int = 0
    lost: list[str] = field(default_factory=list)


class Lies:
    """A sealed column as it lies in the database: with types that neither open nor seal."""

    def __init__(self, sealed: Column[Any], kind: Sealed) -> None:
        (key,) = sealed.table.primary_key
        bare = table(
            sealed.table.description,
            column(key.name, key.type),
            column(sealed.name, LargeBinary() if isinstance(kind.kind, LargeBinary) else Text()),
        )
        self.place, self.table, self.id, self.value = kind.place, bare, bare.c[key.name], bare.c[sealed.name]
        self.binary = isinstance(kind.kind, LargeBinary)

    def rows(self, session: Session, *wanted: Any) -> Iterator[list[Any]]:
        """Walk what is sealed, some rows at a time, in the order of their ids."""
        last: Any = None
        chosen = select(self.id, self.value).where(self.value.is_not(None), *wanted).order_by(self.id)
        while True:
            on = chosen if last is None else chosen.where(self.id > last)
            database.begin_reading(session)  # who looks for what is left holds up nobody
            rows = list(session.execute(on.limit(AT_ONCE)))
            session.rollback()
            yield [row for row in rows if row[1]]
            if len(rows) < AT_ONCE:
                return
            last = rows[-1][0]

    def open(self, ring: Ring, value: Any) -> Any:
        """Open a value. Raises as :meth:`referral.sealing.Ring.open` does."""
        return ring.open(self.place, bytes(value)) if self.binary else ring.open_text(self.place, value)

    def seal_anew(self, session: Session, ring: Ring, id_: Any, value: Any) -> bool:
        """Seal a value with the newest key, if it is still the one that was read."""
        plain = self.open(ring, value)
        sealed = ring.seal(self.place, plain) if self.binary else ring.seal_text(self.place, plain)
        still = update(self.table).where(self.id == id_, self.value == value)
        return bool(session.execute(still.values({self.value.name: sealed})).rowcount)  # type: ignore[attr-defined]  # of an update

    def older(self, ring: Ring) -> Any:
        """Give the filter for what another key than the newest has sealed."""
        start = f"pons1.{ring.newest.name}."
        return func.substr(self.value, 1, HEAD) != (start.encode() if self.binary else start)


def columns() -> list[Lies]:
    """Give every sealed column but the proofs of the keys themselves."""
    return [
        Lies(each, each.type)
        for sealed in Base.metadata.sorted_tables
        if sealed is not DataKey.__table__
        for each in sealed.columns
        if isinstance(each.type, Sealed)
    ]


# Looking


def check(session: Session, store: Store) -> Iterator[Found]:
    """Open all that is sealed, place by place, and tell which keys it takes and what does not open."""
    ring = ring_of(session)
    for lies in columns():
        found = Found(lies.place)
        for rows in lies.rows(session):
            for id_, value in rows:
                found.with_key[sealed_with(bytes(value) if lies.binary else value) or "no key"] += 1
                _try(found, str(id_), lies.open, ring, value)
        yield found
    found = Found(FILES)
    for name, part in store.parts():
        found.with_key[store.sealed_with(name, part) or "no key"] += 1
        _try(found, f"{name}/{part}", store.check, name, part)
    yield found


def _try(found: Found, what: str, deed: Callable[..., Any], *given: Any) -> Any:
    """Do something with one value; where it does not open, write down which."""
    try:
        return deed(*given)
    except UNREADABLE:
        found.lost.append(what)
        return None


# Changing


def rotate(session: Session, store: Store) -> Iterator[Found]:
    """Seal all anew that an older key has sealed, place by place, and give the older keys up if all of it opened.

    What is found by digests has those of the new key beside the old ones before the first old one goes.
    """
    ring, whole = ring_of(session), True
    for lies in columns():
        found = _column_anew(session, lies, ring)
        whole = whole and not found.lost
        yield found
    found = seal_files(store)
    whole = whole and not found.lost
    yield found
    yield _digests_anew(session, ring)
    if whole:
        _digests_anew(session, Ring((ring.newest,)))
        session.execute(delete(DataKey).where(DataKey.name != ring.newest.name))
        session.commit()


def _column_anew(session: Session, lies: Lies, ring: Ring) -> Found:
    found = Found(lies.place)
    for rows in lies.rows(session, lies.older(ring)):
        for id_, value in rows:
            found.anew += bool(_try(found, str(id_), lies.seal_anew, session, ring, id_, value))
        session.commit()
    return found


def seal_apps(session: Session, house: codes.Keys) -> Found:
    """Seal with the newest key of the house each secret of an app that the one before has sealed."""
    found = Found(APPS)
    apps = select(SecondFactor).where(SecondFactor.secret.is_not(None)).order_by(SecondFactor.id)
    for factor in session.scalars(database.held(apps, SecondFactor)):
        if factor.secret is None or codes.is_of_newest(factor.secret, house):
            continue
        try:
            factor.secret = codes.seal(codes.unseal(factor.secret, house), house)
        except codes.LostKeyError:
            found.lost.append(str(factor.id))
        else:
            found.anew += 1
    session.commit()
    return found


def seal_files(store: Store) -> Found:
    """Seal each file that an older key has sealed, or none."""
    found = Found(FILES)
    for name, part in store.parts():
        found.anew += bool(_try(found, f"{name}/{part}", store.seal_anew, name, part))
    return found


def _digests_anew(session: Session, ring: Ring) -> Found:
    """Let each case be found by the keys of this ring, and by no others."""
    found, ids = Found(CASES), session.scalars(select(Referral.id).order_by(Referral.id)).all()
    session.commit()
    for first in range(0, len(ids), AT_ONCE):
        some = select(Referral).where(Referral.id.in_(ids[first : first + AT_ONCE])).order_by(Referral.id)
        for case in session.scalars(database.held(some, Referral)):
            found.anew += _found_by(session, case, ring)
        session.commit()
        session.expunge_all()
    return found


def _found_by(session: Session, case: Referral, ring: Ring) -> int:
    """Put the digests of one case right, and tell how many were not there."""
    words = keys = set[str]()
    if case.gone_at is None:
        keys = duplicates.as_kept(ring, duplicates.keys_of(identity_of(session, case)))
    if case.gone_at is None and case.submitted_at is not None:
        words = finding.words_for(ring, case)
    return _put(session, case, SearchWord, SearchWord.word, words) + _put(
        session, case, PersonKey, PersonKey.key, keys
    )


def identity_of(session: Session, case: Referral) -> dict[str, Any]:
    """Give who the person of a case is: as signed last, or as typed where nothing was signed."""
    version = newest_version(session, case)
    if version is not None:
        return dict(version.snapshot.get("identity") or {})
    return dict(read_case(case.typed, clock.today()).identity)


def _put(session: Session, case: Referral, kept: Any, value: Any, wanted: set[str]) -> int:
    there = set(session.scalars(select(value).where(kept.referral_id == case.id)))
    if gone := there - wanted:
        session.execute(delete(kept).where(kept.referral_id == case.id, value.in_(gone)))
    session.add_all(kept(referral_id=case.id, **{value.key: each}) for each in sorted(wanted - there))
    session.flush()
    return len(wanted - there)
