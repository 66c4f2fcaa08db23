"""Estimated glomerular filtration rate, CKD-EPI 2021 (Inker LA, N Engl J Med 2021;385:1737)."""

from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import Any

from referral.reference import HERE
from referral.reference.files import read_file


@cache
def _figures() -> Mapping[str, Any]:
    figures: Mapping[str, Any] = read_file(HERE / "egfr.yaml")
    return figures


def umol_l_per_mg_dl() -> Decimal:
    """Give how many µmol/L of creatinine one mg/dL is, as the formula has it."""
    factor: Decimal = _figures()["umol_l_per_mg_dl"]
    return factor


def egfr(creatinine_umol_l: Decimal, age: int, sex: str) -> float:
    """Give mL/min/1.73 m² from serum creatinine in µmol/L, age in completed years, and sex.

    Raises ``ValueError`` under 18 years, for a sex for which the formula has no constants, and for a creatinine
    of 0 or less.
    """
    figures = _figures()
    if age < figures["from_age"]:
        raise ValueError(f"age: given {age}; the formula holds from {figures['from_age']} years")
    if sex not in ("female", "male"):
        raise ValueError(f"sex: given {sex!r}; the formula has constants for female and male only")
    if creatinine_umol_l <= 0:
        raise ValueError(f"creatinine_umol_l: given {creatinine_umol_l}; allowed: more than 0")
    own = figures[sex]
    ratio = float(creatinine_umol_l / umol_l_per_mg_dl() / own["k"])
    below, above = min(ratio, 1) ** float(own["below"]), max(ratio, 1) ** float(figures["above"])
    result: float = float(figures["factor"] * own["factor"]) * below * above * float(figures["age"]) ** age
    return result
