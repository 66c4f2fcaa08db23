"""The last packets on disk: what a committee works with while the application cannot be reached."""

import stat
from collections.abc import Callable
from pathlib import Path

import pytest
import tinyhtml5
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from referral.actions import moves, packets
from referral.actions.downtime import copy_packets
from referral.models import AuditEntry, Packet, Referral, ReferralVersion, User
from referral.workflow import State
from tests.at_hand import make_draft, send

People = dict[str, User]
Issue = Callable[[Referral, bytes], Packet]


@pytest.fixture
def issue(session: Session, people: People) -> Issue:
    """Keep a packet of the newest version of a case; what it holds is not looked at here."""

    def keep(referral: Referral, pdf: bytes) -> Packet:
        from hashlib import sha256

        version = session.scalars(
            select(ReferralVersion)
            .where(ReferralVersion.referral_id == referral.id)
            .order_by(ReferralVersion.version.desc())
        ).first()
        assert version
        version.packet = Packet(pdf=pdf, sha256=sha256(pdf).hexdigest(), issued_by=people["neurologist"])
        session.commit()
        return version.packet

    return keep


@pytest.fixture
def sent(session: Session, people: People) -> Referral:
    referral = make_draft(session, people)
    send(session, referral, people["neurologist"])
    session.commit()
    return referral


def entries(session: Session) -> list[dict[str, int]]:
    deeds = select(AuditEntry).where(AuditEntry.deed == "packets_kept_for_downtime").order_by(AuditEntry.id)
    return [entry.detail for entry in session.scalars(deeds)]


def run(app: Flask, session: Session, folder: Path) -> str:
    session.commit()
    result = app.test_cli_runner().invoke(args=["downtime-copy", str(folder)])
    session.expire_all()
    assert result.exit_code == 0, result.output
    return result.output.strip()


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_the_packet_of_an_open_case_lies_there_as_it_was_issued_with_a_list(
    app: Flask, session: Session, sent: Referral, issue: Issue, tmp_path: Path
) -> None:
    issue(sent, b"%PDF-1.7 as issued")
    said = run(app, session, tmp_path / "copy")
    name = f"{sent.number}-version-1.pdf"

    assert said == "1 packets, 1 written, 0 removed."
    assert files(tmp_path / "copy") == sorted([name, "index.html"])
    (packet,) = (tmp_path / "copy").rglob("*.pdf")
    assert packet.read_bytes() == b"%PDF-1.7 as issued"
    tree = tinyhtml5.parse((packet.parent / "index.html").read_text(), namespace_html_elements=False)
    text = " ".join("".join(tree.itertext()).split())
    assert [link.get("href") for link in tree.iter("a")] == [name]
    assert f"{sent.family_name}, {sent.given_name}" in text
    assert "submitted" in text
    assert "The multidisciplinary team decides." in text


def test_nobody_else_on_the_machine_can_read_it_and_no_name_is_in_a_name(
    app: Flask, session: Session, sent: Referral, issue: Issue, tmp_path: Path
) -> None:
    issue(sent, b"%PDF")
    run(app, session, tmp_path / "copy")
    there = list((tmp_path / "copy").rglob("*"))

    assert len(there) == 3
    assert [path for path in there if stat.S_IMODE(path.stat().st_mode) & 0o077] == []
    assert not any((sent.family_name or "-").lower() in path.name.lower() for path in there)


def test_it_is_in_the_trail_once_and_a_run_that_changes_nothing_is_not(
    app: Flask, session: Session, sent: Referral, issue: Issue, tmp_path: Path
) -> None:
    issue(sent, b"%PDF")
    run(app, session, tmp_path / "copy")
    assert run(app, session, tmp_path / "copy") == "1 packets, 0 written, 0 removed."

    assert entries(session) == [{"packets": 1, "written": 1, "removed": 0}]


def test_a_case_that_is_closed_and_a_draft_are_not_there_and_an_old_copy_goes(
    app: Flask, session: Session, people: People, sent: Referral, issue: Issue, tmp_path: Path
) -> None:
    issue(sent, b"%PDF")
    make_draft(session, people)
    run(app, session, tmp_path / "copy")
    moves.move(session, sent, "withdraw", actor=people["neurologist"], reason="Moved away.")
    assert sent.state is State.WITHDRAWN

    assert run(app, session, tmp_path / "copy") == "0 packets, 0 written, 1 removed."
    assert list((tmp_path / "copy").iterdir()) == []


def test_each_programme_has_a_folder_of_its_own(
    app: Flask, session: Session, people: People, sent: Referral, issue: Issue, tmp_path: Path
) -> None:
    other = make_draft(session, people, programme="other_coordinator")
    send(session, other, people["neurologist"])
    issue(sent, b"%PDF one")
    issue(other, b"%PDF other")
    run(app, session, tmp_path / "copy")

    folders = [folder for folder in (tmp_path / "copy").iterdir() if folder.is_dir()]
    assert len(folders) == 2
    assert all(len(files(folder)) == 2 for folder in folders)


def test_a_copy_that_was_changed_on_disk_is_put_right(
    app: Flask, session: Session, sent: Referral, issue: Issue, tmp_path: Path
) -> None:
    issue(sent, b"%PDF")
    run(app, session, tmp_path / "copy")
    (packet,) = (tmp_path / "copy").rglob("*.pdf")
    packet.write_bytes(b"%PDF of somebody else")

    assert run(app, session, tmp_path / "copy") == "1 packets, 1 written, 0 removed."
    assert packet.read_bytes() == b"%PDF"


def test_a_folder_that_cannot_be_written_is_said(app: Flask, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    result = app.test_cli_runner().invoke(args=["downtime-copy", str(tmp_path / "file" / "copy")])

    assert result.exit_code == 1
    assert "cannot be written" in result.output


def test_the_packets_that_the_house_prints_are_the_ones_copied(
    app: Flask, session: Session, people: People, sent: Referral, tmp_path: Path
) -> None:
    """With a real paper, by the same way that the house makes it."""
    with app.app_context():
        version = session.scalars(select(ReferralVersion)).one()
        made = packets.issue_packet(session, version, actor=people["neurologist"])
        session.commit()
        done = copy_packets(session, tmp_path / "copy")
    (packet,) = (tmp_path / "copy").rglob("*.pdf")

    assert done.packets == 1
    assert packet.read_bytes() == made.pdf
