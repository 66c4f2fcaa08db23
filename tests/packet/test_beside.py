"""What stands beside the record, as the packet and the page of a case print it."""

from typing import Any

from referral.packet.contents import contents
from referral.packet.tables import FactTable
from tests.packet.snapshots import signed

BESIDE = {
    "diagnosis": {"activity": "active", "assessed_on": "2026-05"},
    "mimics": {
        "aqp4_assay": "cell_live",
        "considered": {"pml": {"state": "excluded", "by": "MRI and CSF JCV PCR", "on": "2026-04-02"}},
    },
    "organs": {
        "creatinine_umol_l": {"value": "1.0", "unit": "mg_dl"},
        "alt_x_uln": {"value": "50", "unit": "u_l", "upper_limit": "35"},
    },
    "infection": {"vaccines": {"mmr": {"given": "never"}}},
    "comorbidity": {"smoking": "former", "pack_years": 7.5},
    "fertility": {"storage_kind": ["sperm"], "storage_done": False},
    "goals": {"own": "To walk\nthe dog", "discussed": "Aims and risks", "consent_share": True},
}
RECORD = {
    "record": "1",
    "organ_function": {"creatinine_umol_l": {"value": 88.4}, "alt_x_uln": {"value": 1.428571}},
}


def facts(**snapshot: Any) -> dict[str, FactTable]:
    return {table.key: table for table in contents(signed(RECORD, **snapshot)).facts}


def test_every_fact_beside_the_record_is_printed_in_words() -> None:
    tables = facts(beside=BESIDE)

    assert ("Activity now", "Active") in tables["diagnosis"].rows
    assert ("As of", "May 2026") in tables["diagnosis"].rows
    assert ("Aquaporin-4 assay", "Cell-based, live") in tables["mimics"].rows
    assert tables["mimics-considered"].rows == (
        ("PML", "Considered, excluded", "MRI and CSF JCV PCR", "2 April 2026"),
    )
    assert "Vasculitis" in tables["mimics-considered"].blanks
    assert tables["infection-vaccines"].rows == (("Measles, mumps, rubella", "Never given", None),)
    assert ("Pack-years", "7.5") in tables["comorbidity"].rows
    assert ("Storage done", "no") in tables["fertility"].rows
    assert ("What is stored, or is to be", "Sperm") in tables["fertility"].rows
    assert ("Agrees that this record is shared with the programme", "yes") in tables["goals"].rows
    assert "Agrees to being referred" in tables["goals"].blanks


def test_a_measurement_says_how_it_was_typed() -> None:
    rows = {row[0]: row[1] for row in facts(beside=BESIDE)["organs"].rows}

    assert rows["Creatinine, µmol/l"] == "88.4 (typed as 1.0 mg/dL)"
    assert rows["ALT, × upper limit of normal"] == "1.428571 (typed as 50 U/L, upper limit 35)"


def test_what_has_a_place_of_its_own_is_not_said_twice() -> None:
    goals = facts(beside=BESIDE)["goals"]

    assert "Aims and risks" not in {value for _, value in goals.rows}
    assert "What has been discussed with the person" not in goals.blanks


def test_a_case_of_the_time_before_prints_without_it_and_names_no_blank_for_it() -> None:
    tables = facts()

    assert "goals" not in tables
    assert "mimics-considered" not in tables
    assert all("Smoking" not in table.blanks for table in tables.values())
    assert tables["organs"].rows[0][1] == "88.4"


def test_a_case_with_nothing_beside_names_what_is_not_recorded() -> None:
    tables = facts(beside={})

    assert "Smoking" in tables["comorbidity"].blanks
    assert tables["goals"].rows == ()
