"""Write what comes from others: ``python -m tests.supply`` after every change of requirements or vendored files."""

from tests.supply.papers import LICENCES, SBOM, bill, licences

SBOM.write_text(bill())
LICENCES.write_text(licences())
print(f"{SBOM} and {LICENCES} are written.")  # noqa: T201 - a command
