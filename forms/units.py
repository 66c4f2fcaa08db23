"""Measurements that laboratories give in several units. The record keeps one unit; what was typed is kept beside it."""

from decimal import Decimal
from typing import Any

from forms.fields import ChoiceField, DecimalField
from forms.measurements import MeasurementForm
from forms.parts import Found
from referral.scores.egfr import umol_l_per_mg_dl

MG_DL, UMOL_L = "mg_dl", "umol_l"
SMALLEST = Decimal("0.000001")


class ConvertedField(DecimalField):
    """A number with what it comes to in the unit of the record."""

    said = ""

    @property
    def read_as(self) -> str:
        """The value in the units there are, once it is known which one was meant."""
        return "" if self.errors else self.said


class UnitField(ChoiceField):
    """The unit of a number; the unit of the record stands first and needs no choice."""

    def __init__(self, own: str, others: dict[str, str], **kwargs: Any) -> None:
        """Take the unit of the record and the others."""
        super().__init__("Unit", others, recorded=False, **kwargs)
        self.blank = own  # type: ignore[misc]  # one field's own, unlike the blank of all others


class CreatinineForm(MeasurementForm):
    """Creatinine in µmol/L, or in mg/dL."""

    value = ConvertedField("Value")
    unit = UnitField("µmol/L", {MG_DL: "mg/dL"})

    def read(self, path: str, found: Found) -> dict[str, Any] | None:
        """Give it in µmol/L."""
        plain = super().read(path, found)
        if plain is None or self.unit.errors:
            return None
        factor = umol_l_per_mg_dl()
        given: Decimal = plain["value"]
        if self.unit.fact == MG_DL:
            plain["value"] = (given * factor).normalize()
            self.value.said = f"{plain['value']:f} µmol/L ({given} mg/dL)"
        else:
            self.value.said = f"{given} µmol/L ({given / factor:.2f} mg/dL)"
        return plain

    @property
    def as_typed(self) -> dict[str, str]:
        """What was typed, where it is not what the record holds."""
        if self.value.fact is None or self.unit.fact is None:
            return {}
        return {"value": str(self.value.fact), "unit": self.unit.fact}


class TimesLimitForm(MeasurementForm):
    """A value as a multiple of the laboratory's upper limit, or with that limit, both in one unit."""

    value = ConvertedField("Value")
    upper_limit = DecimalField("Upper limit of normal", recorded=False)

    def read(self, path: str, found: Found) -> dict[str, Any] | None:
        """Give how many times the upper limit it is. Without a unit a limit says nothing, and the other way."""
        plain = super().read(path, found)
        unit, limit = self["unit"], self.upper_limit
        if plain is None or unit.errors or limit.errors:
            return None
        if limit.fact is not None and unit.fact is None:
            unit.fault("An upper limit was given. Choose the unit of the value and its limit.")
        elif unit.fact is not None and limit.fact is None:
            limit.fault("This is missing. A value in a unit is compared with the laboratory’s upper limit.")
        elif limit.fact is not None and limit.fact <= 0:
            limit.fault(f"“{limit.typed}” was given. Allowed: more than 0.")
        if unit.errors or limit.errors:
            return None
        if unit.fact is not None:
            plain["value"] = (plain["value"] / limit.fact).quantize(SMALLEST).normalize()
            self.value.said = f"{plain['value']:.2f} times the upper limit"
        return plain

    @property
    def as_typed(self) -> dict[str, str]:
        """What was typed, where it is not what the record holds."""
        facts = {"value": self.value.fact, "unit": self["unit"].fact, "upper_limit": self.upper_limit.fact}
        return {} if None in facts.values() else {name: str(fact) for name, fact in facts.items()}


class BilirubinForm(TimesLimitForm):
    """Bilirubin."""

    unit = UnitField("× upper limit", {UMOL_L: "µmol/L", MG_DL: "mg/dL"})


class AltForm(TimesLimitForm):
    """Alanine aminotransferase."""

    unit = UnitField("× upper limit", {"u_l": "U/L"})
