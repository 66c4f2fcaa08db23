"""How the house stands, as numbers: what waits, what was given up, how long ago it did what it does for itself."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from referral import database
from referral.attachments.store import COMING
from referral.keeping import marks
from referral.models import Mail, Pack, Packet, PacketTrouble, ReferralVersion
from referral.models.emergencies import EmergencyAccess

AGES = (marks.TICK, marks.BACKUP, marks.REHEARSAL)


class House(Collector):
    """Asks the database once each time it is asked. Where that does not answer, it says no more than that."""

    def __init__(self, session: Session, files: Path, now: datetime) -> None:
        self.session, self.files, self.now = session, files, now

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Give the numbers."""
        try:
            database.begin_reading(self.session)
            found = [*self._waiting(), *self._open(), *self._ages()]
            self.session.rollback()
        except SQLAlchemyError:
            yield GaugeMetricFamily("pons_database_up", "Whether the database answers", 0)
            return
        yield GaugeMetricFamily("pons_database_up", "Whether the database answers", 1)
        yield from found

    def _count(self, model: type, which: ColumnElement[bool]) -> int:
        return self.session.scalar(select(func.count()).select_from(model).where(which)) or 0

    def _waiting(self) -> Iterator[GaugeMetricFamily]:
        """Count what is to be done by time, or is being done."""
        waiting = GaugeMetricFamily("pons_waiting", "What waits to be done", labels=["what"])
        unmade = ~select(Packet.id).where(Packet.version_id == ReferralVersion.id).exists()
        coming = sum(1 for path in self.files.glob(f"{COMING}*")) if self.files.is_dir() else 0
        for what, number in (
            ("mail", self._count(Mail, Mail.sent_at.is_(None) & Mail.given_up_at.is_(None))),
            ("packet", self._count(ReferralVersion, unmade)),
            ("pack", self._count(Pack, Pack.made_at.is_(None) & Pack.given_up_at.is_(None))),
            ("file", coming),
        ):
            waiting.add_metric([what], number)
        yield waiting

    def _open(self) -> Iterator[GaugeMetricFamily]:
        """Count what a person has to look at."""
        incidents = GaugeMetricFamily("pons_open_incidents", "What a person has to look at", labels=["what"])
        for what, number in (
            ("mail_given_up", self._count(Mail, Mail.given_up_at.is_not(None))),
            ("packet_trouble", self._count(PacketTrouble, PacketTrouble.tries > 0)),
            ("emergency_not_reviewed", self._count(EmergencyAccess, EmergencyAccess.reviewed_at.is_(None))),
            ("shut_after_restore", int(marks.is_shut(self.session))),
        ):
            incidents.add_metric([what], number)
        yield incidents

    def _ages(self) -> Iterator[GaugeMetricFamily]:
        """Say how long ago the house did what it does for itself; nothing of what it never did."""
        ages = GaugeMetricFamily("pons_age_seconds", "How long ago it was last done", labels=["what"])
        for name in AGES:
            if (found := marks.last(self.session, name)) is not None:
                ages.add_metric([name], (self.now - found.at).total_seconds())
        yield ages
