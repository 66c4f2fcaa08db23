"""How a notice leaves the house: to a mail server, or as a file into a folder."""

import smtplib
import ssl
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit
from uuid import UUID

from flask import current_app

SECONDS = 10
PORTS = {"smtp": 25, "smtps": 465}


class PostError(Exception):
    """A notice that did not leave. Its text names the kind of failure and no address."""


@dataclass(frozen=True)
class Post:
    """Where notices go. Without a ``server`` (``smtp://`` or ``smtps://``) each becomes a file in ``folder``.

    ``house`` is the address of this installation, for the link in a notice.
    """

    server: str
    folder: Path
    sender: str
    house: str

    @classmethod
    def of_this_house(cls) -> "Post":
        """Read what the application was set up with."""
        told = current_app.config
        return cls(told["MAIL_URL"], Path(told["MAIL_FOLDER"]), told["MAIL_FROM"], told["HOUSE_URL"])

    def send(self, mail_id: UUID, to: str, subject: str, body: str, path: str, made_at: datetime) -> None:
        """Send one notice.

        Raises:
            PostError: it did not leave.

        """
        try:
            message = self._write(mail_id, to, subject, body, path, made_at)
            if self.server:
                self._hand_over(message)
            else:
                self._keep(message, mail_id, made_at)
        except smtplib.SMTPResponseException as error:
            raise PostError(f"the mail server answered {error.smtp_code}") from error
        except (smtplib.SMTPException, OSError, ValueError) as error:
            raise PostError(type(error).__name__) from error

    def _write(
        self, mail_id: UUID, to: str, subject: str, body: str, path: str, made_at: datetime
    ) -> EmailMessage:
        """Write the message. The library refuses a header with a line break in it."""
        message = EmailMessage(policy=policy.SMTP)
        message["From"], message["To"], message["Subject"] = self.sender, to, subject
        message["Date"] = format_datetime(made_at)
        message["Message-ID"] = f"<{mail_id}@{self.sender.rpartition('@')[2].strip('<> ')}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(f"{body}\nRead it in Pons: {self.house.rstrip('/')}{path}\n")
        return message

    def _hand_over(self, message: EmailMessage) -> None:
        """Give the message to the server, encrypted wherever the server can; a password only then."""
        url, context = urlsplit(self.server), ssl.create_default_context()
        host, port = url.hostname or "", url.port or PORTS[url.scheme]
        if url.scheme == "smtps":
            server: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=SECONDS, context=context)
        else:
            server = smtplib.SMTP(host, port, timeout=SECONDS)
        with server:
            server.ehlo()
            if url.scheme == "smtp" and server.has_extn("starttls"):
                server.starttls(context=context)
                server.ehlo()
            elif url.scheme == "smtp" and url.username:
                raise PostError("the mail server offers no encryption, so it gets no password")
            if url.username:
                server.login(unquote(url.username), unquote(url.password or ""))
            server.send_message(message)

    def _keep(self, message: EmailMessage, mail_id: UUID, made_at: datetime) -> None:
        """Write the message as a file that only its owner can read."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self.folder / f"{made_at:%Y%m%dT%H%M%S}-{mail_id}.eml"
        path.touch(mode=0o600)
        path.write_bytes(message.as_bytes())
