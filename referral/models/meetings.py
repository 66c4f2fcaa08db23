"""The committee: what its members think before they meet, where they stand aside, when they meet and on what."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from referral import clock
from referral.columns import Json, Line, Sealed, Word, one_of
from referral.models.base import STRICT, Base
from referral.models.cases import Referral
from referral.models.people import User


class Specialty(StrEnum):
    """What somebody brings to the committee; the quorum is counted by it."""

    NEUROLOGY = "neurology"
    HAEMATOLOGY = "haematology"
    NURSING = "nursing"
    RADIOLOGY = "radiology"
    OTHER = "other"


class Overall(StrEnum):
    """What a member thinks of a case as a whole, before the meeting."""

    IN_FAVOUR = "in_favour"
    AGAINST = "against"
    UNDECIDED = "undecided"


class Tie(StrEnum):
    """What ties a member to a case."""

    NONE = "none"
    OWN_PATIENT = "own_patient"
    CONFLICT = "conflict"


class Opinion(Base):
    """One member's own view of one version of a case. Sealed until every member asked has given theirs.

    From ``opened_at`` on others may read it, and nobody changes it.
    ``criteria`` is ``{edition id: {criterion id: {"agrees": bool, "why": text}}}``.
    """

    __tablename__ = "opinion"
    __table_args__ = (
        one_of("overall", Overall),
        UniqueConstraint("referral_id", "version", "member_id"),
        STRICT,
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    referral_id: Mapped[UUID] = mapped_column(ForeignKey("referral.id"))
    version: Mapped[int]
    member_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"))
    given_at: Mapped[datetime] = mapped_column(default=clock.now)
    overall: Mapped[Overall] = mapped_column(Word(Overall))
    criteria: Mapped[dict[str, Any]] = mapped_column(Sealed("opinion.criteria", Json()))
    text: Mapped[str] = mapped_column(Sealed("opinion.text", Line()))
    opened_at: Mapped[datetime | None]

    member: Mapped[User] = relationship()


class Interest(Base):
    """What a member declares of a case. Who declares a tie stands aside from it, on record."""

    __tablename__ = "interest"
    __table_args__ = (
        one_of("tie", Tie),
        Index(None, "referral_id", "member_id"),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    referral_id: Mapped[UUID] = mapped_column(ForeignKey("referral.id"))
    member_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"))
    declared_at: Mapped[datetime] = mapped_column(default=clock.now)
    tie: Mapped[Tie] = mapped_column(Word(Tie))
    text: Mapped[str] = mapped_column(Sealed("interest.text", Line()))

    member: Mapped[User] = relationship()


class Meeting(Base):
    """One sitting of a programme's committee. ``quorum`` is the rule as it was when the meeting was called."""

    __tablename__ = "meeting"
    __table_args__ = (Index(None, "programme_id", "starts_at"), STRICT)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    programme_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    starts_at: Mapped[datetime]
    place: Mapped[str]
    quorum: Mapped[dict[str, Any]]
    called_by_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"))
    called_at: Mapped[datetime] = mapped_column(default=clock.now)
    opened_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]

    members: Mapped[list["Attendance"]] = relationship(order_by="Attendance.id")
    agenda: Mapped[list["AgendaItem"]] = relationship(order_by="AgendaItem.position")
    waivers: Mapped[list["QuorumWaiver"]] = relationship(order_by="QuorumWaiver.id")


class QuorumWaiver(Base):
    """The chair's word that a meeting goes on without its quorum, and why. Rows are added, never changed.

    ``goes_on_with`` is ``{specialty: how many}`` of each specialty that was lacking: it covers no further absence.
    """

    __tablename__ = "quorum_waiver"
    __table_args__ = (CheckConstraint("reason <> ''", name="has_a_reason"), STRICT)

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[UUID] = mapped_column(ForeignKey("meeting.id"), index=True)
    goes_on_with: Mapped[dict[str, Any]]
    reason: Mapped[str] = mapped_column(Sealed("quorum_waiver.reason", Line()))
    given_by_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"))
    given_at: Mapped[datetime] = mapped_column(default=clock.now)

    given_by: Mapped[User] = relationship()


class Attendance(Base):
    """One person asked to a meeting: with which specialty, covering for whom, and whether they came."""

    __tablename__ = "attendance"
    __table_args__ = (one_of("specialty", Specialty), UniqueConstraint("meeting_id", "user_id"), STRICT)

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[UUID] = mapped_column(ForeignKey("meeting.id"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"))
    specialty: Mapped[Specialty] = mapped_column(Word(Specialty))
    covers_for: Mapped[str | None]
    attended: Mapped[bool | None]

    user: Mapped[User] = relationship()


class AgendaItem(Base):
    """One case on a meeting's agenda. ``late``: added after the list was frozen; ``overrides``: why though unready."""

    __tablename__ = "agenda_item"
    __table_args__ = (
        UniqueConstraint("meeting_id", "position"),
        Index(
            "ix_agenda_item_current",
            "referral_id",
            unique=True,
            sqlite_where=text("left_at IS NULL"),
            postgresql_where=text("left_at IS NULL"),
        ),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[UUID] = mapped_column(ForeignKey("meeting.id"))
    referral_id: Mapped[UUID] = mapped_column(ForeignKey("referral.id"))
    version: Mapped[int]
    position: Mapped[int]
    added_at: Mapped[datetime] = mapped_column(default=clock.now)
    added_by_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"))
    late: Mapped[bool] = mapped_column(default=False)
    overrides: Mapped[str | None] = mapped_column(Sealed("agenda_item.overrides", Line()))
    left_at: Mapped[datetime | None]  # decided, or taken off

    referral: Mapped[Referral] = relationship()
