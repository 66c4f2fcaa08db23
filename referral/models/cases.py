"""What was referred, what was signed, what was printed."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from referral import clock
from referral.columns import Json, Line, Sealed, Sign, one_of
from referral.models.base import STRICT, Base
from referral.models.people import Organisation, User
from referral.workflow import State

LISTED_BY = (
    "waiting_since",
    "number",
    "owner_id",
    "organisation_id",
    "submitted_at",
    "next_change_on",
    "id",
)
NOBODY = (
    "family_name IS NULL AND given_name IS NULL AND birth_date IS NULL AND sex IS NULL"
    " AND state_reason IS NULL AND next_change_on IS NULL"
)
SENT_AND_THERE = text("submitted_at IS NOT NULL AND gone_at IS NULL")  # a programme's, as auth.scope asks


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
        CheckConstraint("sex IN ('female', 'male', 'other', 'unknown')", name="sex_known"),
        CheckConstraint("(gone_at IS NULL) = (gone_under IS NULL)", name="gone_under_a_rule"),
        CheckConstraint(f"gone_at IS NULL OR ({NOBODY})", name="gone_says_nothing_of_anybody"),
        Index(None, "organisation_id", "state"),
        # All that the inbox filters, counts and orders by, state by state and as it is listed: beside what was typed
        # these are slow to reach.
        Index("ix_referral_inbox", "programme_id", "state", *LISTED_BY, "gone_at"),
        Index("ix_referral_waiting", "programme_id", *LISTED_BY, "state", "gone_at"),
        Index(None, "programme_id", "organisation_id", "submitted_at"),
        # PostgreSQL counts a list, each time it is shown, in the smallest index that can tell: this one, and where a
        # verdict is asked for the next, in the order in which verdicts lie. SQLite counts in those above.
        Index(
            "ix_referral_counted",
            "programme_id",
            "state",
            sqlite_where=SENT_AND_THERE,
            postgresql_where=SENT_AND_THERE,
        ),
        Index(
            "ix_referral_by_case",
            "programme_id",
            "id",
            "state",
            sqlite_where=SENT_AND_THERE,
            postgresql_where=SENT_AND_THERE,
        ),
        Index(
            "ix_referral_demonstration",
            "demonstration",
            sqlite_where=text("demonstration = 1"),
            postgresql_where=text("demonstration"),
        ),
        Index(
            "ix_referral_gone",
            "gone_at",
            sqlite_where=text("gone_at IS NOT NULL"),
            postgresql_where=text("gone_at IS NOT NULL"),
        ),
        STRICT,
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    number: Mapped[str] = mapped_column(unique=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    referrer_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"), index=True)
    programme_id: Mapped[UUID | None] = mapped_column(ForeignKey("organisation.id"))
    # The coordinator whose it is: nobody's only before it is sent.
    owner_id: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"), index=True)
    state: Mapped[State] = mapped_column(default=State.DRAFT)
    typed: Mapped[dict[str, Any]] = mapped_column(Sealed("referral.typed", Json()), default=dict)
    draft_version: Mapped[int] = mapped_column(default=1)
    saves: Mapped[dict[str, Any]] = mapped_column(
        default=dict, server_default="{}"
    )  # by section: who saved it last, and when. Saving a draft is no deed and not in the trail
    family_name: Mapped[str | None] = mapped_column(Sealed("referral.family_name", Line()))
    given_name: Mapped[str | None] = mapped_column(Sealed("referral.given_name", Line()))
    birth_date: Mapped[str | None] = mapped_column(Sealed("referral.birth_date", Line()))
    sex: Mapped[str | None]  # as signed last: what the yearly numbers are grouped by
    waiting_since: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    updated_at: Mapped[datetime] = mapped_column(default=clock.now, onupdate=clock.now)
    submitted_at: Mapped[datetime | None]
    # Why the last move was made, in the words of who made it.
    state_reason: Mapped[str | None] = mapped_column(Sealed("referral.state_reason", Line()))
    next_change_on: Mapped[str | None]  # when a verdict of the newest version first changes by itself
    demonstration: Mapped[bool] = mapped_column(default=False)
    copied_from_id: Mapped[UUID | None] = mapped_column(ForeignKey("referral.id"), index=True)
    gone_at: Mapped[
        datetime | None
    ]  # when all that it said of a person was deleted; what is left says that it was
    gone_under: Mapped[str | None]  # the rule: a period as in "P10Y" or "P6M", or "request" of the patient

    owner: Mapped[User | None] = relationship(foreign_keys=[owner_id])
    organisation: Mapped[Organisation] = relationship(foreign_keys=[organisation_id])
    programme: Mapped[Organisation | None] = relationship(foreign_keys=[programme_id])
    copied_from: Mapped["Referral | None"] = relationship(remote_side=[id])
    referrer: Mapped[User] = relationship(foreign_keys=[referrer_id])
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
    snapshot: Mapped[dict[str, Any]] = mapped_column(Sealed("referral_version.snapshot", Json()))
    snapshot_sha256: Mapped[str]
    verdicts: Mapped[dict[str, Any]]  # by edition: what a list of cases shows without opening the snapshots
    signed_by_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"), index=True)
    signed_at: Mapped[datetime] = mapped_column(default=clock.now)
    reason: Mapped[str | None] = mapped_column(Sealed("referral_version.reason", Line()))

    referral: Mapped[Referral] = relationship(back_populates="versions")
    signed_by: Mapped[User] = relationship()
    packet: Mapped["Packet | None"] = relationship(back_populates="version")


class StandingVerdict(Base):
    """What one edition says of the newest version of a case: by this an inbox of many cases is filtered."""

    __tablename__ = "standing_verdict"
    __table_args__ = (Index(None, "edition", "verdict", "referral_id"), STRICT)

    referral_id: Mapped[UUID] = mapped_column(ForeignKey("referral.id"), primary_key=True)
    edition: Mapped[str] = mapped_column(primary_key=True)
    verdict: Mapped[str]


class SearchWord(Base):
    """What a sent case is found by: a word of its number, folded, or the digest of the beginning of a name.

    In the order of its signs, whatever the language of the house, so that the beginning of a word is a range.
    Of a name each beginning has a digest: see :func:`referral.actions.finding.words_of`.
    """

    __tablename__ = "search_word"
    __table_args__ = (Index(None, "word", "referral_id"), STRICT)

    referral_id: Mapped[UUID] = mapped_column(ForeignKey("referral.id"), primary_key=True)
    word: Mapped[str] = mapped_column(Sign(), primary_key=True)


class Packet(Base):
    """The printed packet of one version, kept byte for byte as it was issued."""

    __tablename__ = "packet"
    __table_args__ = (STRICT,)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    version_id: Mapped[UUID] = mapped_column(ForeignKey("referral_version.id"), unique=True)
    pdf: Mapped[bytes] = mapped_column(Sealed("packet.pdf", LargeBinary()))
    summary: Mapped[bytes | None] = mapped_column(Sealed("packet.summary", LargeBinary()), deferred=True)
    """Its page in a committee pack; none where the packet was issued before 2026-11."""
    sha256: Mapped[str]
    seal: Mapped[str | None] = mapped_column(
        index=True
    )  # printed in short on every page; none before 2026-11
    issued_at: Mapped[datetime] = mapped_column(default=clock.now)
    issued_by_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"), index=True)

    version: Mapped[ReferralVersion] = relationship(back_populates="packet")
    issued_by: Mapped[User] = relationship()


class PacketTrouble(Base):
    """A packet that could not be made: how often it was tried, so that it is not tried every minute for ever."""

    __tablename__ = "packet_trouble"
    __table_args__ = (CheckConstraint("tries >= 1", name="tries_count"), STRICT)

    version_id: Mapped[UUID] = mapped_column(ForeignKey("referral_version.id"), primary_key=True)
    tries: Mapped[int]
    tried_at: Mapped[datetime]
