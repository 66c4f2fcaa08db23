"""The application, served in earnest by gunicorn: several workers on one socket that outlives each of them."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path

from tests.proofs.caller import Caller
from tests.proofs.processes import children
from tests.proofs.serving import FAULT

ROOT = Path(__file__).resolve().parents[2]
SECONDS_TO_START = 120
FAULT_TOLD = re.compile(r"^\S+ (error|critical) |^Traceback")
AS_SHIPPED = ("--no-control-socket", "--log-level", "warning")
"""As the unit of systemd starts it; all else stands in gunicorn.conf.py, but for the sizes that a proof asks for."""


class Server:
    """Gunicorn on a socket of ours: whoever calls while it is down waits at the socket."""

    def __init__(self, environment: Mapping[str, str], *, workers: int, threads: int = 4, log: Path) -> None:
        self.environment, self.workers, self.threads, self.log = environment, workers, threads, log
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port: int = self.socket.getsockname()[1]
        self.process = self._start()

    def _start(self) -> "subprocess.Popen[bytes]":
        sizes = ["--workers", str(self.workers), "--threads", str(self.threads)]
        sizes += ["--worker-connections", str(self.threads + 1)]
        command = [sys.executable, "-m", "gunicorn", *AS_SHIPPED, *sizes]
        command += ["--bind", f"fd://{self.socket.fileno()}", "tests.proofs.serving:make()"]
        with self.log.open("ab") as log:
            return subprocess.Popen(
                command, cwd=ROOT, env=dict(self.environment), pass_fds=[self.socket.fileno()],
                stdout=log, stderr=log, process_group=0,
            )  # fmt: skip

    def start_again(self) -> None:
        """Start after the master was ended, as systemd does."""
        self.process.wait()
        self.process = self._start()

    def wait(self) -> float:
        """Wait until it answers; give the seconds."""
        began = time.monotonic()
        while time.monotonic() - began < SECONDS_TO_START:
            assert self.process.poll() is None, f"the server ended: {self.log.read_text()[-2000:]}"
            try:
                if Caller(self.port, timeout=5).get("/sign-in").status == 200:
                    return time.monotonic() - began
            except (OSError, HTTPException):
                time.sleep(0.05)
        raise AssertionError("the server does not answer")

    def worker_ids(self) -> list[int]:
        """The processes that answer."""
        return children(self.process.pid)

    def stop(self) -> None:
        """End it with whatever it has started."""
        group = self.process.pid
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(group, signal.SIGKILL)
            self.process.wait()
        self.socket.close()


def faults_told(log: Path) -> list[str]:
    """Give the lines of a log that tell of a fault: in our form, or as Python does where ours is not set up yet."""
    return [line for line in log.read_text().splitlines() if FAULT_TOLD.search(line)]


@contextmanager
def serve(
    environment: Mapping[str, str], log: Path, *, workers: int = 2, threads: int = 4, fault: str = ""
) -> Iterator[Server]:
    """Serve until the end of the block; with a fault, if a proof is to find one."""
    server = Server({**environment, FAULT: fault}, workers=workers, threads=threads, log=log)
    try:
        server.wait()
        yield server
    finally:
        server.stop()


@contextmanager
def ticking(environment: Mapping[str, str], log: Path, every: int = 60) -> Iterator[None]:
    """Let time do its part meanwhile, as an installation does."""
    command = [
        sys.executable,
        "-m",
        "flask",
        "--app",
        "tests.proofs.serving:make",
        "tick",
        "--every",
        str(every),
    ]
    with log.open("ab") as out:
        process = subprocess.Popen(command, cwd=ROOT, env=dict(environment), stdout=out, stderr=out)
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)
