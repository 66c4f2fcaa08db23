"""``flask score``: a table of people in, the same table with the score out. It opens no database."""

import csv
import sys
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TextIO

import click

from referral.scores.edss import SCALES, CannotScore, edss_from_systems
from referral.scores.egfr import egfr
from referral.scores.hct_ci import hct_ci, items

Row = Mapping[str, str]
Score = Callable[[Row], Mapping[str, object]]
YES_AND_NO = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
GRADES = (
    "visual", "brainstem", "pyramidal", "cerebellar", "sensory", "bowel_bladder", "cerebral", "ambulation",
)  # fmt: skip


@click.group("score")
def score_group() -> None:
    """Scores for a CSV file: every row is given back with its result, or with the reason for none."""


def _table(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command its file and its output."""
    readable = click.Path(exists=True, dir_okay=False, path_type=Path)
    target = click.option(
        "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Default: print."
    )
    return click.argument("file", type=readable)(target(command))


@score_group.command("edss")
@_table
@click.option(
    "--ambulation", "scale", type=click.Choice(SCALES), default="score", show_default=True,
    help="How ambulation is written: the score 0 to 16, or the older index 0 to 12.",
)  # fmt: skip
def edss_command(file: Path, output: Path | None, scale: str) -> None:
    """EDSS from functional systems and ambulation; adds edss."""

    def score(row: Row) -> Mapping[str, object]:
        grades = {name: _whole(name, row.get(name, "")) for name in GRADES}
        return {"edss": edss_from_systems(grades, scale=scale).score}

    _score(file, output, ("edss",), GRADES, score)


@score_group.command("hct-ci")
@_table
def hct_ci_command(file: Path, output: Path | None) -> None:
    """Comorbidity index; a column an item, adds hct_ci_min and hct_ci_max."""

    def score(row: Row) -> Mapping[str, object]:
        low, high = hct_ci({item: _yes_or_no(item, row.get(item, "")) for item in items()})
        return {"hct_ci_min": low, "hct_ci_max": high}

    _score(file, output, ("hct_ci_min", "hct_ci_max"), tuple(items()), score)


@score_group.command("egfr")
@_table
def egfr_command(file: Path, output: Path | None) -> None:
    """EGFR by CKD-EPI 2021 from creatinine_umol_l, age and sex; adds egfr."""
    columns = ("creatinine_umol_l", "age", "sex")

    def score(row: Row) -> Mapping[str, object]:
        creatinine, age = (
            _number("creatinine_umol_l", row.get(columns[0], "")),
            _whole("age", row.get("age", "")),
        )
        sex = row.get("sex", "").strip()
        if creatinine is None or age is None or not sex:
            raise CannotScore("creatinine_umol_l, age and sex are all needed")
        return {"egfr": f"{egfr(creatinine, age, sex):.2f}"}

    _score(file, output, ("egfr",), columns, score)


def _score(
    file: Path, output: Path | None, added: tuple[str, ...], read: tuple[str, ...], score: Score
) -> None:
    try:
        with file.open(encoding="utf-8-sig", newline="") as given:
            rows = csv.DictReader(given, strict=True)
            names = list(rows.fieldnames or ())
            if not set(names) & set(read):
                raise click.ClickException(f"{file}: none of the columns {', '.join(read)} is there")
            scored = [_scored(row, added, score) for row in rows]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise click.ClickException(f"{file}: {error}") from error
    columns = [*names, *(name for name in (*added, "reason") if name not in names)]
    if output is None:
        _write(sys.stdout, columns, scored)
    else:
        with output.open("w", encoding="utf-8", newline="") as target:
            _write(target, columns, scored)


def _scored(row: Mapping[str | None, object], added: tuple[str, ...], score: Score) -> dict[str, object]:
    known = {
        str(name): "" if value is None else str(value) for name, value in row.items() if name is not None
    }
    empty: dict[str, object] = dict.fromkeys(added, "")
    if None in row:
        return {**known, **empty, "reason": "the row has more cells than the table has columns"}
    try:
        return {**known, **score(known), "reason": ""}
    except ValueError as error:
        return {**known, **empty, "reason": str(error)}


def _write(target: TextIO, columns: list[str], rows: list[dict[str, object]]) -> None:
    writer = csv.DictWriter(target, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)


def _whole(name: str, text: str) -> int | None:
    text = text.strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 3):
        raise CannotScore(
            f"{name}: given {text!r}; allowed: a whole number, or nothing where it is not known"
        )
    return int(text)


def _number(name: str, text: str) -> Decimal | None:
    text = text.strip()
    if not text:
        return None
    try:
        number = Decimal(text) if text.isascii() and "_" not in text else Decimal("NaN")
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or len(text) > 12:
        raise CannotScore(f"{name}: given {text!r}; allowed: a number with a decimal point")
    return number


def _yes_or_no(name: str, text: str) -> bool | None:
    text = text.strip().lower()
    if not text:
        return None
    if text not in YES_AND_NO:
        raise CannotScore(f"{name}: given {text!r}; allowed: true or false, or nothing where it is not known")
    return YES_AND_NO[text]


COMMANDS = (score_group,)
