"""The log on another machine: what a server says goes there through systemd's own programs, set up as they are shipped.

The journal of a machine is stood in for by a file of it that systemd itself writes, since no test owns the machine's.
"""

import socket
import subprocess
import time
from collections.abc import Iterator
from configparser import ConfigParser
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count, groupby
from pathlib import Path

import pytest

from tests.operations.front import DEPLOY
from tests.proofs.caller import Caller
from tests.proofs.ground import Ground
from tests.proofs.server import serve

pytestmark = pytest.mark.only_on("sqlite")  # what it says is the same on each

RECEIVER, SENDER = "/lib/systemd/systemd-journal-remote", "/lib/systemd/systemd-journal-upload"
OPTIONS = {
    "URL": "--url", "ServerKeyFile": "--key", "ServerCertificateFile": "--cert", "TrustedCertificateFile": "--trust",
}  # fmt: skip
"""The settings of the shipped file, as options of the program that reads it."""
MOMENTS = count(1_795_000_000_000_000)


def run(*words: str | Path, stdin: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(
        [str(each) for each in words], input=stdin, capture_output=True, timeout=60, check=False
    )


@dataclass
class Machines:
    """Two machines: ours, and the one that is to have the log."""

    folder: Path
    port: int

    def certify(self, authority: str, *names: str) -> None:
        """Have an authority vouch for each name, as a machine that is called localhost."""
        elliptic = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc")
        ours, whose = self.folder / f"{authority}.pem", self.folder / f"{authority}.key"
        made = run("openssl", "req", "-x509", *elliptic, "-days", "2", "-subj", f"/CN={authority}",
                   "-keyout", whose, "-out", ours)  # fmt: skip
        assert made.returncode == 0, made.stderr
        for name in names:
            at = self.folder / name
            made = run("openssl", "req", "-x509", *elliptic, "-days", "2", "-subj", "/CN=localhost",
                       "-addext", "subjectAltName=DNS:localhost", "-addext", "basicConstraints=critical,CA:FALSE",
                       "-CA", ours, "-CAkey", whose,
                       "-keyout", at.with_suffix(".key"), "-out", at.with_suffix(".pem"))  # fmt: skip
            assert made.returncode == 0, made.stderr

    def note(self, lines: list[str]) -> None:
        """Let our journal take lines, as systemd takes those of a service."""
        ours = self.folder / "ours"
        ours.mkdir(exist_ok=True)
        entries = [
            f"__REALTIME_TIMESTAMP={moment}\n__MONOTONIC_TIMESTAMP={moment}\n_BOOT_ID={'0' * 31}1\n"
            f"_SYSTEMD_UNIT=pons-web.service\nMESSAGE={line}\n\n"
            for line, moment in zip(lines, MOMENTS, strict=False)
        ]
        file = ours / f"{len(list(ours.iterdir()))}.journal"  # as when a journal is rotated
        written = run(RECEIVER, "--output", file, "-", stdin="".join(entries).encode())
        assert written.returncode == 0, written.stderr

    def send(self) -> bool:
        """Send what waits, once, as the shipped settings say; tell whether it went."""
        shipped = ConfigParser()
        shipped.optionxform = str  # type: ignore[assignment,method-assign]  # as the manual of it has it
        shipped.read(DEPLOY / "systemd" / "journal-upload.conf")
        assert set(shipped["Upload"]) == set(OPTIONS)
        options = [f"{OPTIONS[name]}={self._here(value)}" for name, value in shipped["Upload"].items()]
        state = f"--save-state={self.folder / 'state'}"
        sent = run(SENDER, "--follow=no", f"--directory={self.folder / 'ours'}", state, *options)
        return sent.returncode == 0

    def _here(self, value: str) -> str:
        there = value.replace("https://log.example:19532", f"https://localhost:{self.port}")
        return there.replace("/etc/pons/log", str(self.folder))

    @contextmanager
    def receiving(self, certificate: str = "server") -> Iterator[None]:
        """Let the other machine take in what comes, with a certificate."""
        theirs = self.folder / "theirs"
        theirs.mkdir(exist_ok=True)
        words = [f"--listen-https={self.port}", f"--key={self.folder / certificate}.key",
                 f"--cert={self.folder / certificate}.pem", "--split-mode=none",
                 f"--output={theirs / 'theirs.journal'}"]  # fmt: skip
        process = subprocess.Popen([RECEIVER, *words], stderr=subprocess.DEVNULL)
        try:
            self._await(process)
            yield
        finally:
            process.terminate()
            process.wait(30)

    def _await(self, process: "subprocess.Popen[bytes]") -> None:
        for _ in range(200):
            assert process.poll() is None, "the other machine does not listen"
            with socket.socket() as asked:
                if asked.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise AssertionError("the other machine does not listen")

    def arrived(self) -> list[str]:
        """What the other machine has, as it would be read there."""
        theirs = self.folder / "theirs" / "theirs.journal"
        if not theirs.exists():
            return []
        read = run(
            "journalctl",
            f"--file={theirs}",
            "--output=cat",
            "--unit=pons-web.service",
            "--no-pager",
            "--quiet",
        )
        return read.stdout.decode().splitlines()


@pytest.fixture
def machines(tmp_path: Path) -> Machines:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    machines = Machines(tmp_path, port)
    machines.certify("authority", "server", "client")
    return machines


def test_what_a_server_says_is_on_the_other_machine_in_order_and_whole(
    laid: Ground, machines: Machines
) -> None:
    with serve({**laid.environment, "LOG": "json"}, laid.log, workers=1, fault="fail_now_and_then") as server:
        caller = Caller(server.port).sign_in("coordinator@example.org")
        answers = [caller.get(path).status for path in ["/inbox", "/nowhere", "/audit"] * 8]
    said = [line for line in laid.log.read_text().splitlines() if line.startswith("{")]
    half = len(said) // 2
    assert {200, 403, 404, 500} <= set(answers)

    with machines.receiving():
        machines.note(said[:half])
        assert machines.send()
        machines.note(said[half:])
        assert machines.send()
        assert machines.send()

    assert [line for line, _ in groupby(machines.arrived())] == said, (
        "of a pause the last line may come again"
    )
    assert all(f'"status": {status}' in "".join(said) for status in (200, 403, 404, 500))


def test_what_could_not_be_sent_waits_until_the_other_machine_is_there(machines: Machines) -> None:
    machines.note(["one"])
    assert not machines.send()
    machines.note(["two"])
    with machines.receiving():
        assert machines.send()

    assert machines.arrived() == ["one", "two"]


def test_nothing_goes_to_a_machine_that_another_authority_vouches_for(machines: Machines) -> None:
    machines.certify("stranger", "pretender")
    machines.note(["one"])
    with machines.receiving("pretender"):
        assert not machines.send()

    assert machines.arrived() == []
