"""The tables: who works where, what was referred, what was signed, what was printed, what was done."""

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, Text, UniqueConstraint, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from referral import clock
from referral.columns import Flag, Id, Json, UtcTime, Word, one_of
from referral.extensions import db
from referral.workflow import Role, State

STRICT = {"sqlite_strict": True}  # without it SQLite lets 'abc' into a column of integers


class OrganisationKind(StrEnum):
    """Who sends and who receives."""

    CLINIC = "clinic"
    PROGRAMME = "programme"


class Base(DeclarativeBase):
    """Tables with our own column types."""

    metadata = db.metadata
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        str: Text(),
        UUID: Id(),
        bool: Flag(),
        datetime: UtcTime(),
        dict[str, Any]: Json(),
        Role: Word(Role),
        State: Word(State),
        OrganisationKind: Word(OrganisationKind),
    }


class Organisation(Base):
    """A clinic that refers, or a transplant programme that receives."""

    __tablename__ = "organisation"
    __table_args__ = (one_of("kind", OrganisationKind), STRICT)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    name: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[OrganisationKind]


class User(Base):
    """A person with an account. ``token`` names the session of the present request; it is not stored."""

    __tablename__ = "user"
    __table_args__ = (
        one_of("role", Role),
        CheckConstraint("email = lower(email)", name="email_lower_case"),
        CheckConstraint("works_for_id IS NULL OR role = 'delegate'", name="only_delegates_work_for"),
        STRICT,
    )
    __allow_unmapped__ = True

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    role: Mapped[Role]
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    password_hash: Mapped[str]
    active: Mapped[bool] = mapped_column(default=True)
    works_for_id: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"), index=True)

    organisation: Mapped[Organisation] = relationship(lazy="joined")
    works_for: Mapped["User | None"] = relationship(remote_side=[id])

    token: str | None = None
    is_authenticated = True  # what Flask-Login asks of a person; nobody is loaded who is not signed in
    is_anonymous = False

    @property
    def is_active(self) -> bool:
        """Tell Flask-Login whether the account is in use."""
        return self.active

    def get_id(self) -> str:
        """Give the cookie the session's random token, never the person's id."""
        if self.token is None:
            raise ValueError("this person has no session yet: open one with auth.open_session")
        return self.token


class UserSession(Base):
    """One signing-in, kept on the server, so that signing out ends it everywhere at once."""

    __tablename__ = "user_session"
    __table_args__ = (STRICT,)

    token_sha256: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"), index=True)
    started_at: Mapped[datetime] = mapped_column(default=clock.now)
    seen_at: Mapped[datetime] = mapped_column(default=clock.now)
    ended_at: Mapped[datetime | None]

    user: Mapped[User] = relationship(lazy="joined")


class SignInAttempt(Base):
    """One try at a password: what the limit on guesses counts."""

    __tablename__ = "sign_in_attempt"
    __table_args__ = (
        Index(None, "email_sha256", "at"),
        Index(None, "address", "at"),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    email_sha256: Mapped[str]
    address: Mapped[str]
    at: Mapped[datetime] = mapped_column(default=clock.now)
    succeeded: Mapped[bool] = mapped_column(default=False)


class Referral(Base):
    """One person's case on its way from a clinic to a programme."""

    __tablename__ = "referral"
    __table_args__ = (
        one_of("state", State),
        CheckConstraint(
            "state IN ('draft', 'withdrawn', 'entered_in_error')"
            " OR (submitted_at IS NOT NULL AND programme_id IS NOT NULL)",
            name="sent_is_dated_and_addressed",
        ),
        CheckConstraint("draft_version >= 1", name="draft_version_counts"),
        Index(None, "organisation_id", "state"),
        Index(None, "programme_id", "state"),
        Index("ix_referral_demonstration", "demonstration", sqlite_where=text("demonstration = 1")),
        STRICT,
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    number: Mapped[str] = mapped_column(unique=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    referrer_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"), index=True)
    programme_id: Mapped[UUID | None] = mapped_column(ForeignKey("organisation.id"))
    state: Mapped[State] = mapped_column(default=State.DRAFT)
    typed: Mapped[dict[str, Any]] = mapped_column(default=dict)
    draft_version: Mapped[int] = mapped_column(default=1)
    family_name: Mapped[str | None]
    given_name: Mapped[str | None]
    birth_date: Mapped[str | None]
    waiting_since: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    updated_at: Mapped[datetime] = mapped_column(default=clock.now, onupdate=clock.now)
    submitted_at: Mapped[datetime | None]
    state_reason: Mapped[str | None]  # why it was withdrawn or entered in error, in the words of who did it
    demonstration: Mapped[bool] = mapped_column(default=False)

    organisation: Mapped[Organisation] = relationship(foreign_keys=[organisation_id])
    programme: Mapped[Organisation | None] = relationship(foreign_keys=[programme_id])
    referrer: Mapped[User] = relationship()
    versions: Mapped[list["ReferralVersion"]] = relationship(
        back_populates="referral", order_by="ReferralVersion.version"
    )


class ReferralVersion(Base):
    """What was signed, frozen: the packet prints it and computes nothing."""

    __tablename__ = "referral_version"
    __table_args__ = (UniqueConstraint("referral_id", "version"), STRICT)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    referral_id: Mapped[UUID] = mapped_column(ForeignKey("referral.id"))
    version: Mapped[int]
    snapshot: Mapped[dict[str, Any]]
    snapshot_sha256: Mapped[str]
    verdicts: Mapped[dict[str, Any]]  # by edition: what a list of cases shows without opening the snapshots
    signed_by_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"), index=True)
    signed_at: Mapped[datetime] = mapped_column(default=clock.now)
    reason: Mapped[str | None]

    referral: Mapped[Referral] = relationship(back_populates="versions")
    signed_by: Mapped[User] = relationship()
    packet: Mapped["Packet | None"] = relationship(back_populates="version")


class Packet(Base):
    """The printed packet of one version, kept byte for byte as it was issued."""

    __tablename__ = "packet"
    __table_args__ = (STRICT,)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    version_id: Mapped[UUID] = mapped_column(ForeignKey("referral_version.id"), unique=True)
    pdf: Mapped[bytes] = mapped_column(LargeBinary)
    sha256: Mapped[str]
    issued_at: Mapped[datetime] = mapped_column(default=clock.now)
    issued_by_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"), index=True)

    version: Mapped[ReferralVersion] = relationship(back_populates="packet")
    issued_by: Mapped[User] = relationship()


class Adoption(Base):
    """A programme's lead clinician has read an edition against its source: who, when, in which wording.

    Rows stay. Withdrawing dates the row; adopting anew, or in a new wording, is a new row.
    """

    __tablename__ = "adoption"
    __table_args__ = (
        CheckConstraint("(withdrawn_at IS NULL) = (withdrawn_by_id IS NULL)", name="withdrawn_by_somebody"),
        Index(
            "ix_adoption_current",
            "programme_id",
            "edition_id",
            unique=True,
            sqlite_where=text("withdrawn_at IS NULL"),
            postgresql_where=text("withdrawn_at IS NULL"),
        ),
        STRICT,
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    programme_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    edition_id: Mapped[str]
    edition_sha256: Mapped[str]
    adopted_by_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"), index=True)
    adopted_at: Mapped[datetime] = mapped_column(default=clock.now)
    note: Mapped[str]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"), index=True)

    adopted_by: Mapped[User] = relationship(foreign_keys=[adopted_by_id], lazy="joined")


class AuditEntry(Base):
    """One deed. Written once by ``audit.record``; the database refuses to change or remove it."""

    __tablename__ = "audit_entry"
    __table_args__ = (STRICT | {"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(default=clock.now)
    actor_id: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"), index=True)
    deed: Mapped[str]
    referral_id: Mapped[UUID | None] = mapped_column(ForeignKey("referral.id"), index=True)
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)

    actor: Mapped[User | None] = relationship()
