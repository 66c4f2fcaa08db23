"""What a backup does not hold, as far as the heads of the trail that lie elsewhere can tell."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from referral import audit
from referral.keeping.archive import Manifest
from referral.models import AuditEntry


@dataclass(frozen=True)
class Head:
    """One head of the trail as the anchor file has it."""

    id: int
    digest: str
    at: datetime


@dataclass(frozen=True)
class Lost:
    """What the trail went on to say after the backup. ``entries`` are known to have been, at least so many."""

    entries: int = 0
    until: datetime | None = None


def read_heads(path: Path) -> list[Head]:
    """Read an anchor file with its moments, oldest first.

    Raises:
        AnchorError: a line is none of ours, or two contradict each other.

    """
    if not path.exists():
        return []
    audit.read_anchors(path)
    lines = (line.split() for line in path.read_text("utf-8").splitlines())
    return [Head(int(id_), digest, datetime.fromisoformat(at)) for id_, digest, at in lines]


def compare(session: Session, heads: Iterable[Head], manifest: Manifest | None) -> tuple[list[str], Lost]:
    """Walk the trail against the heads. Gives what is wrong with it, and what came after it.

    A head that was anchored before the backup was made must be in it: if it is not, the tail was cut. One that was
    anchored later is of what is lost.
    """
    heads = list(heads)
    last = session.scalar(select(func.max(AuditEntry.id))) or 0
    faults = []
    if manifest is not None:
        made_at = datetime.fromisoformat(manifest.made_at)
        if any(head.id > last and head.at < made_at for head in heads):
            faults.append("the trail was cut: heads of it were anchored before the backup, and are not in it")
        if manifest.head and manifest.head[0] != last:
            faults.append(f"the trail ends at {last}, and the backup said {manifest.head[0]}")
    found = audit.verify(session, {head.id: head.digest for head in heads if head.id <= last})
    if found.broken is not None:
        faults.append(f"entry {found.broken} of the trail does not hold: {found.why}")
    later = [head for head in heads if head.id > last]
    return faults, Lost(later[-1].id - last, later[-1].at) if later else Lost()


def go_on_behind(session: Session, path: Path, stamp: str) -> int:
    """Let the trail go on behind what was lost, so that no number is given twice; keep the old anchor file beside.

    The new file begins with the heads that the trail holds. Gives the number behind which the next entry stands.
    """
    heads, last = read_heads(path), session.scalar(select(func.max(AuditEntry.id))) or 0
    behind = max([last, *(head.id for head in heads)])
    if session.get_bind().dialect.name == "sqlite":
        session.execute(
            text("UPDATE sqlite_sequence SET seq = :last WHERE name = 'audit_entry'"), {"last": behind}
        )
    elif behind:
        session.execute(text("SELECT setval('audit_entry_id_seq', :last)"), {"last": behind})
    if any(head.id > last for head in heads):
        aside = path.with_name(f"{path.name}.before-{stamp}")
        held = [line for line in path.read_text("utf-8").splitlines() if int(line.split()[0]) <= last]
        path.rename(aside)
        path.touch(mode=0o600)
        path.write_text("".join(f"{line}\n" for line in held), "utf-8")
    return behind
