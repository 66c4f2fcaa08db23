"""What must hold of a whole installation after anything: each case, the trail, the files, the database itself."""

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from referral import audit
from referral.attachments import Store
from referral.models import Attachment, Referral, ReferralVersion
from referral.sealing import Ring
from tests.machine.checker import Checker, must
from tests.proofs.ground import Ground


class Invariants(Checker):
    """The checker of the machine, over everything at once."""

    def check_all(self, ground: Ground) -> dict[str, int]:
        """Look at everything; give what was looked at. Raises :class:`Broken`."""
        with ground.window() as session:
            self.check_database(session)
            found = audit.verify(session, audit.read_anchors(ground.settings.audit_anchor))
            must(found.broken is None, f"the trail does not hold at {found.broken}: {found.why}")
            cases = list(session.scalars(select(Referral.id)))
            for case in cases:
                self.check_case(session, case)
            versions = list(session.scalars(select(ReferralVersion.id)))
            self._check_digests(session, versions)
            files = self.check_files(session, ground)
        return {"cases": len(cases), "versions": len(versions), "entries": found.holding, "files": files}

    def check_database(self, session: Session) -> None:
        """Ask the database whether it is whole."""
        if session.get_bind().dialect.name == "sqlite":
            must(session.scalar(text("PRAGMA integrity_check")) == "ok", "SQLite says the file is broken")
            must(not session.execute(text("PRAGMA foreign_key_check")).all(), "rows that refer to nothing")

    def check_files(self, session: Session, ground: Ground) -> int:
        """Each row of a file has its file, with its digest."""
        cabinet = Store(ground.settings.attachments, Ring.read(ground.settings.data_keys))
        rows = list(session.scalars(select(Attachment)))
        for row in rows:
            must(cabinet.has(row.stored_as), "a row without its file")
            cabinet.content(row.stored_as, row.sha256)
        return len(rows)
