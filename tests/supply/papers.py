"""The list of parts for machines (CycloneDX 1.6) and the list of licences for people: the same bytes from the same."""

import json
import tomllib
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from packaging.utils import canonicalize_name

from tests.supply.packages import OURS, ROOT, TESTS, Part, asked, is_allowed, parts, rules, vendored

SBOM = ROOT / "docs" / "sbom.json"
LICENCES = ROOT / "docs" / "licences.md"


def reference(part: Part) -> str:
    """Name a part as package registries do."""
    if part.kind == "npm":
        return f"pkg:npm/{part.name.replace('@', '%40')}@{part.version}"
    return f"pkg:pypi/{canonicalize_name(part.name)}@{part.version}"


def bill() -> str:
    """Give all that is shipped and all that it runs on. No moment is in it, so that only a change changes it."""
    found, shipped = parts(OURS), vendored()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    house = f"pkg:generic/{project['name']}@{project['version']}"
    names: dict[str, str] = {canonicalize_name(part.name): reference(part) for part in found}
    direct = [names[name] for name in sorted(asked(OURS))] + [reference(part) for part in shipped]
    content: dict[str, Any] = {
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": house,
                "name": project["name"],
                "version": project["version"],
                "licenses": [{"license": {"id": "MIT"}}],
            }
        },
        "components": [component(part) for part in (*found, *shipped)],
        "dependencies": [
            {"ref": house, "dependsOn": direct},
            *(
                {"ref": reference(part), "dependsOn": sorted(names[n] for n in set(part.needs) & set(names))}
                for part in found
            ),
        ],
    }
    serial = uuid5(NAMESPACE_URL, json.dumps(content, sort_keys=True))
    head = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{serial}",
        "version": 1,
    }
    return json.dumps(head | content, indent=1) + "\n"


def component(part: Part) -> dict[str, Any]:
    """Describe one part."""
    said = {"expression": part.licence} if " " in part.licence else {"license": {"id": part.licence}}
    found: dict[str, Any] = {
        "type": "library",
        "bom-ref": reference(part),
        "name": part.name,
        "version": part.version,
        "licenses": [said],
        "purl": reference(part),
    }
    if part.homepage:
        found["externalReferences"] = [{"type": "website", "url": part.homepage}]
    return found


def licences() -> str:
    """Give the licences of all parts, of those for the tests too, as a page."""
    lines = [
        "# Licences of what comes from others",
        "",
        "Written by `python -m tests.supply` from what the packages say of themselves; where they say too little, from",
        "their licence files, as `tests/supply/licences.yaml` notes. What may come in stands there too; the tests",
        "refuse the rest. What asks for changes to be published (MPL, LGPL) is a library that is used as it is.",
    ]
    for title, found in (
        ("Shipped with us", vendored()),
        ("What the application runs on", parts(OURS)),
        ("What only the tests use", parts(TESTS)),
    ):
        lines += ["", f"## {title}", "", "| what | version | licence |", "|---|---|---|"]
        lines += [f"| {part.name} | {part.version} | {part.licence} |" for part in found]
    lines += [
        "",
        "## Lists and figures",
        "",
        "Editions of criteria, drugs, codes and other figures are data of ours with their source at each entry;",
        "nothing is quoted. The list of frequent passwords says at its top where it comes from (MIT).",
    ]
    return "\n".join(lines) + "\n"


def refused() -> list[str]:
    """Name every part whose licence is unknown or not allowed."""
    known = (*vendored(), *parts(OURS), *parts(TESTS))
    return [
        f"{part.name} {part.version}: {part.licence or 'says nothing'}"
        for part in known
        if not is_allowed(part.licence)
    ]


def unread() -> list[str]:
    """Name what was read by hand for a package that is not here any more."""
    return sorted(
        set(rules()["read"]) - {canonicalize_name(part.name) for part in (*parts(OURS), *parts(TESTS))}
    )
