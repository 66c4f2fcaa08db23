"""Two checkers of pages: axe for what people with a disability meet, the Nu checker for the HTML itself."""

import json
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

TOOLS = Path(__file__).resolve().parents[2] / ".tools" / "node_modules"
WCAG = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa")


@cache
def tool(name: str) -> Path:
    found = TOOLS / name
    assert found.exists(), f"{name} is not there; fetch it with: .ci/packages test"
    return found


def barriers(page: Page) -> list[str]:
    """What axe finds against WCAG 2.2, level AA, on a page as it stands."""
    page.evaluate(tool("axe-core/axe.min.js").read_text())
    found: dict[str, Any] = page.evaluate(
        "(tags) => axe.run(document, {runOnly: {type: 'tag', values: tags}, resultTypes: ['violations']})",
        WCAG,
    )
    return [
        f"{page.url}: {wrong['id']}: {wrong['help']}: {node['target']} {node['html'][:200]}"
        for wrong in found["violations"]
        for node in wrong["nodes"]
    ]


def html_errors(folder: Path) -> list[str]:
    """What the Nu checker finds wrong in the pages of a folder, read in one go."""
    command = ["java", "-jar", str(tool("vnu-jar/build/dist/vnu.jar")), "--errors-only", "--format", "json"]
    done = subprocess.run([*command, str(folder)], capture_output=True, text=True, check=False)
    found = json.loads(done.stderr)["messages"]
    return [
        f"{Path(wrong['url']).name}:{wrong.get('lastLine')}: {wrong['message']} {wrong.get('extract', '')}"
        for wrong in found
    ]
