"""What an installation gets: the program, and nothing that only a developer or a demonstration needs."""

import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ASK = "import app; print(app.create_app().test_client().get('/sign-in').status_code)"


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release, unpacked."""
    folder = tmp_path_factory.mktemp("release")
    archive = folder / "release.tar.gz"
    subprocess.run(["make", "-C", ROOT, "release", f"ARCHIVE={archive}"], check=True, capture_output=True)
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    (unpacked,) = folder.glob("pons-*/")
    return unpacked


def run(release: Path, *command: str) -> "subprocess.CompletedProcess[str]":
    environment = {"PATH": os.environ["PATH"], "HOME": str(release)}
    return subprocess.run(
        [sys.executable, *command], cwd=release, env=environment, capture_output=True, text=True, check=False
    )


def test_no_test_no_demonstration_and_no_tool_is_in_it(release: Path) -> None:
    there = {str(path.relative_to(release)) for path in release.rglob("*")}

    assert {"app.py", "LICENSE", "deploy/pons", "docs/operations/install.md", "requirements.txt"} <= there
    words = ("tests", "demo", "proofs", ".ci", "Makefile", "conftest.py")
    assert [path for path in there if any(word in Path(path).parts for word in words)] == []


def test_it_is_set_up_and_answers(release: Path) -> None:
    said = run(release, "-m", "flask", "setup")

    assert said.returncode == 0, said.stderr
    assert "/welcome#" in said.stdout
    assert run(release, "-c", ASK).stdout.split()[-1] == "200"


def test_it_says_that_it_has_no_demonstration(release: Path) -> None:
    said = run(release, "-m", "flask", "setup", "--demo")

    assert said.returncode == 1
    assert (
        said.stderr.strip().splitlines()[-1]
        == "Error: This release has no demonstration. Use the repository."
    )
