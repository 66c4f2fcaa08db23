"""What the committee decided, and the letters and notices that follow."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from referral import clock
from referral.columns import Json, Line, Sealed, Word, one_of
from referral.models.base import STRICT, Base
from referral.models.people import User


class Outcome(StrEnum):
    """What a committee answers. Each is a deed of the table of moves: see :attr:`deed`."""

    ACCEPTED = "accepted"
    DECLINED = "declined"
    DEFERRED = "deferred"
    MORE_NEEDED = "more_information_needed"
    ADVICE = "advice_given"

    @property
    def words(self) -> str:
        """Say it as in the minutes."""
        return self.value.replace("_", " ")

    @property
    def deed(self) -> str:
        """Name the row of the table of moves that signs it."""
        return {
            Outcome.ACCEPTED: "accept",
            Outcome.DECLINED: "decline",
            Outcome.DEFERRED: "defer",
            Outcome.MORE_NEEDED: "ask_for_more",
            Outcome.ADVICE: "advise",
        }[self]


class Decision(Base):
    """A committee's answer on one version of a case: drafted by one, signed by another; never edited afterwards.

    ``reasons`` is ``{edition id: {criterion id: {"result": the software's, "agrees": bool, "code": reason code,
    "why": text}}}``; ``editions`` the digest of each edition that was used, by id; ``took_part`` who sat, with
    specialty. A correction is a new decision that names the one it replaces.
    """

    __tablename__ = "decision"
    __table_args__ = (
        one_of("outcome", Outcome),
        CheckConstraint("(signed_at IS NULL) = (signed_by_id IS NULL)", name="signed_by_somebody"),
        CheckConstraint(
            "signed_at IS NULL OR (decided_on IS NOT NULL AND editions <> '{}' AND snapshot_sha256 IS NOT NULL)",
            name="signed_is_dated_and_grounded",
        ),
        CheckConstraint("signed_by_id IS NULL OR signed_by_id <> drafted_by_id", name="four_eyes"),
        CheckConstraint("superseded_at IS NULL OR signed_at IS NOT NULL", name="only_signed_are_superseded"),
        CheckConstraint("replaces_id IS NULL OR replaces_id <> id", name="replaces_another"),
        Index(
            "ix_decision_current",
            "referral_id",
            unique=True,
            sqlite_where=text("signed_at IS NOT NULL AND superseded_at IS NULL"),
            postgresql_where=text("signed_at IS NOT NULL AND superseded_at IS NULL"),
        ),
        Index(
            "ix_decision_draft",
            "referral_id",
            unique=True,
            sqlite_where=text("signed_at IS NULL"),
            postgresql_where=text("signed_at IS NULL"),
        ),
        Index(None, "referral_id"),
        Index(
            "ix_decision_decided",
            "decided_on",
            "referral_id",
            "outcome",
            "signed_at",
            "superseded_at",
            "coded",  # all that the yearly numbers read: beside the reasons it would be slow to reach
            sqlite_where=text("signed_at IS NOT NULL AND superseded_at IS NULL"),
            postgresql_where=text("signed_at IS NOT NULL AND superseded_at IS NULL"),
        ),
        STRICT,
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    referral_id: Mapped[UUID] = mapped_column(ForeignKey("referral.id"))
    version: Mapped[int]
    snapshot_sha256: Mapped[str | None]
    meeting_id: Mapped[UUID | None] = mapped_column(ForeignKey("meeting.id"), index=True)
    outcome: Mapped[Outcome] = mapped_column(Word(Outcome))
    reasons: Mapped[dict[str, Any]] = mapped_column(Sealed("decision.reasons", Json()), default=dict)
    coded: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    editions: Mapped[dict[str, Any]] = mapped_column(default=dict)
    took_part: Mapped[dict[str, Any]] = mapped_column(default=dict)
    text: Mapped[str] = mapped_column(Sealed("decision.text", Line()))
    conditions: Mapped[str] = mapped_column(Sealed("decision.conditions", Line()), default="")
    decided_on: Mapped[str | None]  # the day it was decided, which may be before the day it was typed
    comes_back_on: Mapped[str | None]  # of a deferral: a day
    comes_back_for: Mapped[str | None]  # of a deferral: a path of the record that has to become known
    drafted_by_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"))
    drafted_at: Mapped[datetime] = mapped_column(default=clock.now)
    draft_version: Mapped[int] = mapped_column(default=1)
    signed_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    signed_at: Mapped[datetime | None]
    replaces_id: Mapped[UUID | None] = mapped_column(ForeignKey("decision.id"))
    superseded_at: Mapped[datetime | None]

    drafted_by: Mapped[User] = relationship(foreign_keys=[drafted_by_id])
    signed_by: Mapped[User | None] = relationship(foreign_keys=[signed_by_id])
    replaces: Mapped["Decision | None"] = relationship(remote_side=[id])

    @validates("reasons")
    def _keep_codes(self, _name: str, reasons: dict[str, Any]) -> dict[str, Any]:
        self.coded = codes_of(reasons)
        return reasons


def codes_of(reasons: Mapping[str, Any]) -> dict[str, list[str]]:
    """Gather the codes in a decision's reasons: ``ground`` why it rests on a criterion, ``code`` why it disagrees."""
    found: dict[str, set[str]] = {}
    for criteria in reasons.values():
        for kept in criteria.values():
            for name in ("ground", "code"):
                if kept.get(name):
                    found.setdefault(name, set()).add(kept[name])
    return {name: sorted(codes) for name, codes in found.items()}


class LetterKind(StrEnum):
    """Whom a letter is for."""

    REFERRER = "referrer"
    PLAIN_SUMMARY = "plain_summary"


class LetterTemplate(Base):
    """The words of a programme's letters, in a sandboxed template. Rows stay; the newest is used."""

    __tablename__ = "letter_template"
    __table_args__ = (one_of("kind", LetterKind), Index(None, "programme_id", "kind", "edited_at"), STRICT)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    programme_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    kind: Mapped[LetterKind] = mapped_column(Word(LetterKind))
    body: Mapped[str]
    edited_by_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"))
    edited_at: Mapped[datetime] = mapped_column(default=clock.now)


class Letter(Base):
    """A letter made from a signed decision. Until ``held_until`` it can be taken back; then the clinic has it."""

    __tablename__ = "letter"
    __table_args__ = (
        one_of("kind", LetterKind),
        CheckConstraint("cancelled_at IS NULL OR released_at IS NULL", name="cancelled_or_released"),
        Index(None, "referral_id"),
        Index(None, "held_until"),
        STRICT,
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    referral_id: Mapped[UUID] = mapped_column(ForeignKey("referral.id"))
    decision_id: Mapped[UUID] = mapped_column(ForeignKey("decision.id"))
    kind: Mapped[LetterKind] = mapped_column(Word(LetterKind))
    body: Mapped[str] = mapped_column(Sealed("letter.body", Line()))
    pdf: Mapped[bytes | None] = mapped_column(Sealed("letter.pdf", LargeBinary()))
    written_by_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"))
    written_at: Mapped[datetime] = mapped_column(default=clock.now)
    held_until: Mapped[datetime]
    cancelled_at: Mapped[datetime | None]
    released_at: Mapped[datetime | None]

    decision: Mapped[Decision] = relationship()
    written_by: Mapped[User] = relationship()


class Mail(Base):
    """A notice on its way: that something happened and where to read it, never what.

    It is tried again until it is sent or given up.

    ``occasion`` makes each notice unique, so that what time does twice is sent once.
    """

    __tablename__ = "mail"
    __table_args__ = (
        UniqueConstraint("occasion"),
        CheckConstraint("sent_at IS NULL OR given_up_at IS NULL", name="sent_or_given_up"),
        Index(
            "ix_mail_waiting",
            "next_try_at",
            sqlite_where=text("sent_at IS NULL AND given_up_at IS NULL"),
            postgresql_where=text("sent_at IS NULL AND given_up_at IS NULL"),
        ),
        Index(
            "ix_mail_given_up",
            "given_up_at",
            sqlite_where=text("given_up_at IS NOT NULL"),
            postgresql_where=text("given_up_at IS NOT NULL"),
        ),
        Index(None, "referral_id"),
        STRICT,
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    occasion: Mapped[str]
    to_user_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"))
    referral_id: Mapped[UUID | None] = mapped_column(ForeignKey("referral.id"))
    subject: Mapped[str]
    body: Mapped[str]
    made_at: Mapped[datetime] = mapped_column(default=clock.now)
    next_try_at: Mapped[datetime] = mapped_column(default=clock.now)
    tries: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str | None]
    sent_at: Mapped[datetime | None]
    given_up_at: Mapped[datetime | None]

    to_user: Mapped[User] = relationship()
