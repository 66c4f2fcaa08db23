"""Who works where, and who has signed in."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from referral import clock
from referral.columns import Word, one_of
from referral.models.base import STRICT, Base, OrganisationKind
from referral.workflow import Role


class Organisation(Base):
    """A clinic that refers, or a transplant programme that receives."""

    __tablename__ = "organisation"
    __table_args__ = (one_of("kind", OrganisationKind), STRICT)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    name: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[OrganisationKind]
    region: Mapped[str | None]  # a part of the country, in the house's own words


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


class Proof(StrEnum):
    """What somebody has shown to be who they say, the last of it."""

    PASSWORD = "password"  # noqa: S105  # what it is called, not one
    APP = "app"
    KEY = "key"
    RECOVERY_CODE = "recovery_code"
    HOSPITAL = "hospital"

    @property
    def words(self) -> str:
        """Say it in words."""
        return PROOFS[self]


PROOFS = {
    Proof.PASSWORD: "password alone",
    Proof.APP: "password and authenticator app",
    Proof.KEY: "password and security key",
    Proof.RECOVERY_CODE: "password and recovery code",
    Proof.HOSPITAL: "the hospital's own sign-on",
}


class UserSession(Base):
    """One signing-in, kept on the server, so that signing out ends it everywhere at once.

    While ``waits_until`` stands there, the password was right and the second proof is still owed: such a session
    opens no page. ``proved_at`` is when its person last showed who they are.
    """

    __tablename__ = "user_session"
    __table_args__ = (one_of("proved_by", Proof), STRICT)

    token_sha256: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"), index=True)
    started_at: Mapped[datetime] = mapped_column(default=clock.now)
    seen_at: Mapped[datetime] = mapped_column(default=clock.now)
    ended_at: Mapped[datetime | None]
    waits_until: Mapped[datetime | None]
    proved_at: Mapped[datetime | None]
    proved_by: Mapped[Proof | None] = mapped_column(Word(Proof))
    challenge: Mapped[str | None]  # what a security key is asked to sign next; each once
    address: Mapped[str | None]
    browser: Mapped[str | None]  # its family and system, never all that it says of itself

    user: Mapped[User] = relationship(lazy="joined")


class Invitation(Base):
    """A link with which a person chooses a password: once, for a while. Of its token only a digest is kept."""

    __tablename__ = "invitation"
    __table_args__ = (
        CheckConstraint("used_at IS NULL OR withdrawn_at IS NULL", name="used_or_withdrawn"),
        CheckConstraint("expires_at > made_at", name="holds_for_a_while"),
        Index(
            "ix_invitation_open",
            "user_id",
            unique=True,
            sqlite_where=text("used_at IS NULL AND withdrawn_at IS NULL"),
            postgresql_where=text("used_at IS NULL AND withdrawn_at IS NULL"),
        ),
        STRICT,
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    token_sha256: Mapped[str] = mapped_column(unique=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"))
    made_by_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"))
    made_at: Mapped[datetime] = mapped_column(default=clock.now)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]

    user: Mapped[User] = relationship(foreign_keys=[user_id])


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
