"""Notices: once an occasion, tried again, given up, and never a word about a person."""

import socketserver
import threading
from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from referral import clock
from referral.actions import mail
from referral.actions.post import Post
from referral.errors import NotFoundError
from referral.models import Mail, Referral, User
from referral.workflow import Role
from tests.at_hand import deeds, make_draft, send

People = dict[str, User]
NOWHERE = "smtp://127.0.0.1:9"  # nothing listens there


@pytest.fixture
def post(tmp_path: Path) -> Post:
    return Post("", tmp_path / "mail", "pons@hospital.example", "https://pons.hospital.example/")


@pytest.fixture
def lost(tmp_path: Path) -> Post:
    return Post(NOWHERE, tmp_path, "pons@hospital.example", "https://pons.hospital.example")


@pytest.fixture
def sent(session: Session, people: People) -> Referral:
    draft = make_draft(session, people)
    send(session, draft, people["neurologist"])
    for waiting in session.scalars(select(Mail)):  # what sending itself tells is not looked at here
        waiting.sent_at = clock.now()
    session.commit()
    return draft


def letters_in(folder: Path) -> list[EmailMessage]:
    return [
        message_from_bytes(path.read_bytes(), policy=policy.default) for path in sorted(folder.glob("*.eml"))
    ]


def waiting(session: Session) -> list[Mail]:
    return list(session.scalars(select(Mail).where(Mail.sent_at.is_(None))))


def test_an_occasion_is_told_once_to_each(session: Session, people: People, sent: Referral) -> None:
    told = [
        mail.notify(session, people[who], "decided 1", "A decision is recorded", sent)
        for who in ("neurologist", "neurologist", "delegate")
    ]

    assert told == [True, False, True]
    assert len(waiting(session)) == 2


def test_a_notice_says_that_something_happened_and_where_and_nothing_of_the_person(
    session: Session, people: People, sent: Referral, post: Post
) -> None:
    mail.notify(session, people["neurologist"], "decided 1", "A decision is recorded", sent)
    session.commit()

    assert mail.due_mail(session, clock.now(), post) == 1
    assert mail.due_mail(session, clock.now(), post) == 0

    (letter,) = letters_in(post.folder)
    assert letter["To"] == people["neurologist"].email
    assert letter["Subject"] == f"A decision is recorded: referral {sent.number}"
    text = letter.get_content()
    assert f"https://pons.hospital.example/referrals/{sent.id}" in text
    for secret in (sent.family_name, sent.given_name, sent.birth_date, "HSCT", "sclerosis", "EDSS"):
        assert secret
        assert secret.lower() not in letter.as_string().lower()
    (kept,) = post.folder.glob("*.eml")
    assert kept.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "end", ["\r\nBcc: thief@evil.example", "\n\nA body of mine", "\u2028Bcc: x", "\0\x0b"]
)
def test_no_header_comes_in_through_a_subject(
    session: Session, people: People, sent: Referral, post: Post, end: str
) -> None:
    mail.notify(session, people["neurologist"], "o", f"A question{end}", sent)
    session.commit()
    mail.due_mail(session, clock.now(), post)

    (letter,) = letters_in(post.folder)
    assert set(letter.keys()) == {
        "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted",
        "MIME-Version", "Content-Type", "Content-Transfer-Encoding",
    }  # fmt: skip
    assert letter["Subject"].startswith("A question")


def test_whose_account_has_ended_is_told_nothing(session: Session, people: People, sent: Referral) -> None:
    people["neurologist"].active = False

    assert not mail.notify(session, people["neurologist"], "o", "A question", sent)


def test_it_is_tried_again_later_and_later_and_then_given_up(
    session: Session, people: People, sent: Referral, lost: Post
) -> None:
    now = clock.now()
    mail.notify(session, people["neurologist"], "o", "A question", sent, at=now)
    session.commit()

    for wait in mail.WAITS:
        assert mail.due_mail(session, now, lost) == 0
        (one,) = waiting(session)
        assert (one.next_try_at, one.given_up_at, one.last_error) == (
            now + wait,
            None,
            "ConnectionRefusedError",
        )
        mail.due_mail(session, now + wait - timedelta(seconds=1), lost)
        assert session.get_one(Mail, one.id, populate_existing=True).next_try_at == now + wait
        now += wait
    mail.due_mail(session, now, lost)

    (one,) = waiting(session)
    assert (one.given_up_at, one.tries) == (now, len(mail.WAITS) + 1)


def give_up(session: Session, user: User, referral: Referral, lost: Post) -> Mail:
    now = clock.now()
    mail.notify(session, user, f"o {user.id}", "A question", referral, at=now)
    session.commit()
    for _ in range(len(mail.WAITS) + 1):
        mail.due_mail(session, now, lost)
        now += timedelta(days=1)
    return session.scalars(select(Mail).where(Mail.to_user_id == user.id, Mail.sent_at.is_(None))).one()


def test_what_was_given_up_is_an_item_of_the_senders_house_and_of_nobody_else(
    session: Session, people: People, sent: Referral, lost: Post
) -> None:
    to_clinic = give_up(session, people["neurologist"], sent, lost)
    to_programme = give_up(session, people["coordinator"], sent, lost)

    assert mail.undelivered(session, people["coordinator"].organisation_id, 5)[0] == [to_clinic]
    assert mail.undelivered(session, people["neurologist"].organisation_id, 5)[0] == [to_programme]
    assert mail.undelivered(session, people["other_coordinator"].organisation_id, 5) == ([], 0)


def test_a_button_tries_again_for_the_senders_house_only(
    session: Session, people: People, sent: Referral, lost: Post, post: Post
) -> None:
    given_up = give_up(session, people["neurologist"], sent, lost)

    with pytest.raises(NotFoundError):
        mail.try_again(session, given_up.id, people["other_coordinator"])
    mail.try_again(session, given_up.id, people["coordinator"])
    session.commit()

    assert mail.undelivered(session, people["coordinator"].organisation_id, 5)[0] == []
    assert mail.due_mail(session, clock.now(), post) == 1
    assert deeds(session, sent)[-1] == "notice_sent_again"


class Conversation(socketserver.StreamRequestHandler):
    """A mail server that takes whatever comes."""

    def handle(self) -> None:
        self.wfile.write(b"220 hello\r\n")
        taken: list[bytes] = self.server.taken  # type: ignore[attr-defined]  # set where the server is made
        while line := self.rfile.readline():
            word = line.split()[0].upper()
            if word == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                lines = []
                while (text := self.rfile.readline()) != b".\r\n":
                    lines.append(text)
                taken.append(b"".join(lines))
            self.wfile.write(b"221 bye\r\n" if word == b"QUIT" else b"250 yes\r\n")


@pytest.fixture
def server() -> Iterator[socketserver.ThreadingTCPServer]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Conversation) as server:
        server.taken = []  # type: ignore[attr-defined]  # what arrived
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_a_mail_server_gets_it(
    session: Session, people: People, sent: Referral, post: Post, server: socketserver.ThreadingTCPServer
) -> None:
    address = f"smtp://127.0.0.1:{server.server_address[1]}"
    mail.notify(session, people["neurologist"], "o", "A question", sent)
    session.commit()

    assert mail.due_mail(session, clock.now(), Post(address, post.folder, post.sender, post.house)) == 1
    (taken,) = server.taken  # type: ignore[attr-defined]  # set where the server is made
    assert b"Subject: A question: referral" in taken


def test_a_password_goes_to_no_server_that_does_not_encrypt(
    session: Session, people: People, sent: Referral, post: Post, server: socketserver.ThreadingTCPServer
) -> None:
    address = f"smtp://name:secret@127.0.0.1:{server.server_address[1]}"
    mail.notify(session, people["neurologist"], "o", "A question", sent)
    session.commit()

    assert mail.due_mail(session, clock.now(), Post(address, post.folder, post.sender, post.house)) == 0
    assert waiting(session)[0].last_error == "the mail server offers no encryption, so it gets no password"


def test_where_the_neurologist_of_a_case_has_left_the_others_of_the_clinic_are_told(
    session: Session, people: People, sent: Referral
) -> None:
    people["neurologist"].active = people["delegate"].active = False
    colleague = User(
        email="colleague@example.org", name="Colleague", password_hash="", role=Role.NEUROLOGIST,
        organisation_id=sent.organisation_id,
    )  # fmt: skip
    session.add(colleague)
    session.flush()
    mail.notify_clinic(session, sent, "asked 1", "A question was asked")

    assert {notice.to_user_id for notice in waiting(session)} == {colleague.id}
