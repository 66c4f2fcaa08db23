"""``flask assess`` and ``flask protocols``, as a user types them."""

import csv
import json
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner, Result

from referral.cli_criteria import assess_command, protocols_group
from referral.cli_scores import score_group
from tests.core.records import CASES

SCHEMA = json.loads(
    (Path(__file__).parents[2] / "docs/contracts/assessment.schema.json").read_text(encoding="utf-8")
)
FILES = [str(path) for path in sorted(CASES.glob("*.yaml"))]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(assess_command, arguments)


def test_json_gives_one_assessment_a_line_in_the_order_of_the_files() -> None:
    result = run(*FILES, "--format", "json")
    assert result.exit_code == 0
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert len(lines) == len(FILES)
    for line in lines:
        jsonschema.validate(line, SCHEMA)
    assert lines[0]["as_of"] == "2026-11-21"
    criteria = lines[0]["protocols"][0]["criteria"]
    assert criteria[0]["id"] == "multiple_sclerosis"


def test_chosen_editions_only() -> None:
    result = run(FILES[0], "--protocol", "london-2016", "--format", "json")
    (line,) = result.stdout.splitlines()
    assert [entry["protocol"] for entry in json.loads(line)["protocols"]] == ["london-2016"]
    assert run(FILES[0], "--protocol", "nowhere").exit_code == 2


def test_another_day_gives_another_answer() -> None:
    later = run(FILES[0], "--as-of", "2028-01-01", "--format", "json", "--protocol", "ebmt-2020")
    (edition,) = json.loads(later.stdout)["protocols"]
    assert edition["verdict"] == "cannot_say"  # by then the score is stale and the list of relapses old


def test_text_names_every_sentence_and_who_decides() -> None:
    result = run(FILES[0])
    assert (
        "Age 34 years on 21 November 2026 (born 14 March 1992); less than 45 is asked for: met."
        in result.stdout
    )
    assert result.stdout.rstrip().endswith("the multidisciplinary team decides.")


def test_a_bad_record_is_refused_line_by_line_and_the_good_one_still_answered(tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text('record: "1"\nedss: [{date: "2026-10-01", score: 3.3}]\nextra: 1\n')
    result = run(str(bad), FILES[0], "--format", "json")
    assert result.exit_code == 2
    assert len(result.stdout.splitlines()) == 1
    first, second = result.stderr.splitlines()
    assert first.startswith(f"{bad}: extra: given 1; allowed: one of the names record")
    assert second.startswith(f"{bad}: edss[0].score: given 3.3; allowed: an EDSS of 0, 1.0")


@pytest.mark.parametrize(
    "text", ["", "[]", "case: x\nrecord: 3", "a: [", '{"record": "1"', "as_of: soon\nrecord: {}"]
)
def test_what_is_no_record_is_refused_without_a_trace(tmp_path: Path, text: str) -> None:
    bad = tmp_path / "bad.json"
    bad.write_text(text)
    result = run(str(bad))
    assert result.exit_code == 2
    assert isinstance(result.exception, SystemExit)
    assert "Traceback" not in result.output


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    result = run(str(tmp_path / "none.yaml"))
    assert result.exit_code == 2
    assert "none.yaml" in result.stderr


def test_a_plain_record_as_json_is_read_too(tmp_path: Path) -> None:
    plain = tmp_path / "plain.json"
    plain.write_text('{"record": "1", "edss": [{"date": "2026-10-01", "score": 3.5}]}')
    result = run(str(plain), "--as-of", "2026-11-21")
    assert "EDSS 3.5 (1 October 2026); 5.5 or less is asked for: met." in result.stdout


def test_the_library_lists_shows_and_checks_itself() -> None:
    runner = CliRunner()
    listed = runner.invoke(protocols_group, ["list"])
    assert "austin-2016" in listed.stdout
    shown = runner.invoke(protocols_group, ["show", "austin-2016"])
    assert "Left ventricular ejection fraction above 45 %." in shown.stdout
    checked = runner.invoke(protocols_group, ["check"])
    assert (checked.exit_code, checked.stderr) == (0, "")


def score(tmp_path: Path, command: str, text: str, *options: str) -> list[list[str]]:
    table = tmp_path / "in.csv"
    table.write_text(text, encoding="utf-8")
    result = CliRunner().invoke(score_group, [command, str(table), *options])
    assert result.exit_code == 0, result.output
    return list(csv.reader(result.stdout.splitlines()))


def test_score_edss_gives_every_row_back_with_its_score_or_the_reason(tmp_path: Path) -> None:
    head = "id,visual,brainstem,pyramidal,cerebellar,sensory,bowel_bladder,cerebral,ambulation"
    rows = score(
        tmp_path, "edss", f"{head}\na,0,0,3,0,2,0,0,0\nb,0,0,3,0,,0,0,0\nc,,,,,,,,6\nd,9,0,0,0,0,0,0,0\n"
    )
    assert rows[0][-2:] == ["edss", "reason"]
    assert [row[9] for row in rows[1:]] == ["3.5", "", "6.0", ""]
    assert rows[2][10].startswith("sensory: not known")
    assert "visual: given 9" in rows[4][10]


def test_score_edss_asks_for_the_scale_of_ambulation(tmp_path: Path) -> None:
    assert score(tmp_path, "edss", "ambulation\n6\n", "--ambulation", "index")[1][1] == "6.5"
    assert score(tmp_path, "edss", "ambulation\n6\n")[1][1] == "6.0"


def test_score_hct_ci_gives_a_range(tmp_path: Path) -> None:
    rows = score(tmp_path, "hct-ci", "valve,diabetes\ntrue,false\n,maybe\n")
    assert rows[1] == ["true", "false", "3", "25", ""]
    assert rows[2][2:4] == ["", ""]
    assert "maybe" in ",".join(rows[2])


def test_score_egfr(tmp_path: Path) -> None:
    rows = score(
        tmp_path, "egfr", "creatinine_umol_l,age,sex\n88.4,50,female\n88.4,50,\n1_0,50,male\n٤,50,male\n"
    )
    assert rows[1][3] == "68.63"
    assert [row[3] for row in rows[2:]] == ["", "", ""]


def test_a_table_without_the_columns_is_refused(tmp_path: Path) -> None:
    table = tmp_path / "in.csv"
    table.write_text("a,b\n1,2\n")
    result = CliRunner().invoke(score_group, ["egfr", str(table)])
    assert result.exit_code == 1
    assert "none of the columns creatinine_umol_l, age, sex" in result.output
