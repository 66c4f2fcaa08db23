"""The case record as frozen values, and its way in from JSON and out again.

One record holds what is known of one person's disease. Whatever is absent is *not known*: never zero,
never no. ``contracts`` in the documentation fixes the meaning; the shape is checked here, fact by fact, so
that a fault names its path, what was given and what is allowed.
"""

import hashlib
import json
import re
from calendar import monthrange
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any, NamedTuple, Self

EARLIEST_YEAR, LATEST_YEAR = 1900, 2199
LONGEST_LIST = 500
LONGEST_TEXT = 4000
LARGEST_NUMBER = 1_000_000
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November", "December",
)  # fmt: skip

PHENOTYPES = ("CIS", "RRMS", "SPMS", "PPMS", "PRMS", "NMOSD", "MOGAD", "other")
CRITERIA = (
    "McDonald 2001", "McDonald 2005", "McDonald 2010", "McDonald 2017", "McDonald 2024", "Poser", "other",
)  # fmt: skip
SEXES = ("female", "male", "other", "unknown")
SEVERITIES = ("mild", "moderate", "severe")
RECOVERIES = ("complete", "incomplete", "none", "ongoing")
SYSTEMS = (
    "visual", "brainstem", "pyramidal", "cerebellar", "sensory", "bowel_bladder", "cerebral", "spinal_cord",
)  # fmt: skip
REGIONS = ("brain", "cervical_cord", "thoracic_cord", "whole_cord", "optic_nerve", "brainstem")
EDSS_SOURCES = ("examined", "recorded", "patient_reported")
OUTCOMES = (
    "failed_efficacy", "intolerance", "safety", "contraindicated", "pregnancy", "patient_choice", "effective",
    "planned_end", "other",
)  # fmt: skip
AIDS = ("none", "unilateral", "bilateral", "unable")
SEROLOGY = ("negative", "past", "active", "positive", "not_tested")
MALIGNANCY = ("none", "excepted", "past", "active")


class Fault(NamedTuple):
    """What is wrong with one fact: where it stands, what was given, what is allowed."""

    path: str
    given: str
    allowed: str

    def __str__(self) -> str:
        """Say all three in one line."""
        return f"{self.path}: given {self.given}; allowed: {self.allowed}"


class RecordError(ValueError):
    """A record that cannot be taken as it stands; carries every fault found, none guessed away."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        """Keep the faults in the order in which they were found."""
        super().__init__("; ".join(map(str, faults)))
        self.faults = tuple(faults)


# ------------------------------------------------------------------------------------------- values


@dataclass(frozen=True, slots=True)
class PartialDate:
    """A day, a month or a year: the interval from its ``first`` to its ``last`` possible day."""

    text: str
    first: date
    last: date

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``2016``, ``2016-05`` or ``2016-05-17``. Raises ``ValueError`` for anything else."""
        if not re.fullmatch(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?", text):
            raise ValueError(text)
        parts = [int(part) for part in text.split("-")]
        year = parts[0]
        if not EARLIEST_YEAR <= year <= LATEST_YEAR:
            raise ValueError(text)
        if len(parts) == 1:
            return cls(text, date(year, 1, 1), date(year, 12, 31))
        if len(parts) == 2:
            first = date(year, parts[1], 1)
            return cls(text, first, date(year, parts[1], monthrange(year, parts[1])[1]))
        day = date(*parts)
        return cls(text, day, day)

    @property
    def exact(self) -> bool:
        """Whether the day is known."""
        return self.first == self.last

    @property
    def words(self) -> str:
        """As one says it: ``17 May 2016``, ``May 2016``, ``2016``."""
        return say_date(self.text)

    def __str__(self) -> str:
        """Give the text as recorded."""
        return self.text


def say_date(value: date | str) -> str:
    """Say a day or the text of a partial date in words: ``2016-05`` is ``May 2016``."""
    parts = str(value).split("-")
    words = [parts[0]]
    if len(parts) > 1:
        words.insert(0, MONTHS[int(parts[1]) - 1])
    if len(parts) > 2:
        words.insert(0, str(int(parts[2])))
    return " ".join(words)


@dataclass(frozen=True, slots=True)
class Count:
    """A number of things: ``least`` to ``most``; ``most`` is ``None`` where only "at least" is known."""

    least: int
    most: int | None

    @property
    def words(self) -> str:
        """As one says it: ``3``, ``at least 3``, ``3 to 5``."""
        if self.most is None:
            return f"at least {self.least}"
        return str(self.least) if self.most == self.least else f"{self.least} to {self.most}"


# ------------------------------------------------------------------------------- readers, one a kind


class _Reading:
    """One pass over one record, gathering faults."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def fault(self, path: str, given: object, allowed: str) -> None:
        shown = json.dumps(given, default=_as_given, ensure_ascii=False)
        self.faults.append(Fault(path, shown if len(shown) <= 80 else shown[:77] + "...", allowed))


def _as_given(value: object) -> object:
    return float(value) if isinstance(value, Decimal) else str(value)


Reader = Callable[[_Reading, str, Any], Any]


def _choice(*allowed: str) -> Reader:
    words = ", ".join(allowed)

    def read(reading: _Reading, path: str, given: Any) -> str | None:
        if isinstance(given, str) and given in allowed:
            return given
        reading.fault(path, given, f"one of {words}")
        return None

    return read


def _partial_date(reading: _Reading, path: str, given: Any) -> PartialDate | None:
    try:
        if isinstance(given, str):
            return PartialDate.parse(given)
    except ValueError:
        pass
    reading.fault(
        path, given,
        f'a day, month or year that exists, as text: "2016-05-17", "2016-05" or "2016" '
        f"({EARLIEST_YEAR} to {LATEST_YEAR})",
    )  # fmt: skip
    return None


def _flag(reading: _Reading, path: str, given: Any) -> bool | None:
    if isinstance(given, bool):
        return given
    reading.fault(path, given, "true or false; leave it out if not known")
    return None


def _whole(least: int = 0, most: int = LARGEST_NUMBER) -> Reader:
    def read(reading: _Reading, path: str, given: Any) -> int | None:
        number = _as_decimal(given)
        if number is not None and number == number.to_integral_value() and least <= number <= most:
            return int(number)
        reading.fault(path, given, f"a whole number from {least} to {most}")
        return None

    return read


def _as_decimal(given: Any) -> Decimal | None:
    """Give the exact decimal, or ``None`` for what is no finite number. Booleans are no numbers."""
    if isinstance(given, bool) or not isinstance(given, int | float | Decimal):
        return None
    number = Decimal(repr(given)) if isinstance(given, float) else Decimal(given)
    return number if number.is_finite() else None


def _number(reading: _Reading, path: str, given: Any) -> Decimal | None:
    number = _as_decimal(given)
    if number is not None and abs(number) <= LARGEST_NUMBER:
        return number
    reading.fault(path, given, f"a number between -{LARGEST_NUMBER} and {LARGEST_NUMBER}")
    return None


def is_edss(number: Decimal) -> bool:
    """Whether this is one of the twenty EDSS scores: 0, 1.0, 1.5 ... 9.5, 10. There is no 0.5.

    Kurtzke JF, Neurology 1983;33:1444-52.
    """
    return 0 <= number <= 10 and number * 2 == (number * 2).to_integral_value() and number != Decimal("0.5")


def _edss(reading: _Reading, path: str, given: Any) -> Decimal | None:
    number = _as_decimal(given)
    if number is not None and is_edss(number):
        return number
    reading.fault(path, given, "an EDSS of 0, 1.0, 1.5, 2.0 and so on by halves up to 9.5, or 10")
    return None


def _count(reading: _Reading, path: str, given: Any) -> Count | None:
    allowed = 'a whole number, or {"min": 3}, or {"min": 3, "max": 5}'
    whole = _whole(0, 10_000)
    if isinstance(given, Mapping) and "min" in given and set(given) <= {"min", "max"}:
        inner = _Reading()
        least = whole(inner, path, given["min"])
        most = None if given.get("max") is None else whole(inner, path, given["max"])
        if not inner.faults and least is not None:
            ends = (least, least if most is None else most)
            return Count(min(ends), None if most is None else max(ends))
    elif not isinstance(given, Mapping):
        inner = _Reading()
        exact = whole(inner, path, given)
        if exact is not None:
            return Count(exact, exact)
    reading.fault(path, given, allowed)
    return None


def _text(most: int = LONGEST_TEXT) -> Reader:
    def read(reading: _Reading, path: str, given: Any) -> str | None:
        if isinstance(given, str) and given.strip() and len(given) <= most:
            return given
        reading.fault(path, given, f"text of 1 to {most} characters")
        return None

    return read


def _many(item: Reader) -> Reader:
    def read(reading: _Reading, path: str, given: Any) -> tuple[Any, ...] | None:
        if not isinstance(given, list | tuple):
            reading.fault(path, given, "a list")
            return None
        if len(given) > LONGEST_LIST:
            reading.fault(path, f"{len(given)} entries", f"at most {LONGEST_LIST} entries")
            return None
        return tuple(item(reading, f"{path}[{index}]", entry) for index, entry in enumerate(given))

    return read


def _mapping(item: Reader) -> Reader:
    def read(reading: _Reading, path: str, given: Any) -> dict[str, Any] | None:
        if not isinstance(given, Mapping) or len(given) > LONGEST_LIST:
            reading.fault(path, given, f"names with values, at most {LONGEST_LIST}")
            return None
        known = {str(name): value for name, value in given.items() if value is not None}
        return {name: item(reading, f"{path}.{name}", value) for name, value in known.items()}

    return read


def _part(kind: type[Any]) -> Reader:
    def read(reading: _Reading, path: str, given: Any) -> Any:
        if not isinstance(given, Mapping):
            reading.fault(path or "record", given, "names with values")
            return None
        return _read_part(kind, reading, path, given)

    return read


def _read_part(kind: type[Any], reading: _Reading, path: str, given: Mapping[str, Any]) -> Any:
    known = {part.name: part for part in fields(kind)}
    for name in given:
        if name not in known:
            reading.fault(_join(path, str(name)), given[name], f"one of the names {', '.join(known)}")
    values: dict[str, Any] = {}
    whole = True
    for name, part in known.items():
        if given.get(name) is not None:
            values[name] = part.metadata["read"](reading, _join(path, name), given[name])
        elif part.metadata["required"]:
            reading.fault(_join(path, name), None, "a value: the entry means nothing without it")
        whole = whole and not (part.metadata["required"] and values.get(name) is None)
    return kind(**{name: value for name, value in values.items() if value is not None}) if whole else None


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _fact(read: Reader, *, required: bool = False, default: Any = None) -> Any:
    metadata = {"read": read, "required": required}
    return field(metadata=metadata) if required else field(default=default, metadata=metadata)


def _section(kind: type[Any]) -> Any:
    return field(default_factory=kind, metadata={"read": _part(kind), "required": False})


# ------------------------------------------------------------------------------------ the case record


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """A number with the day it was taken; older than 12 months it is stale, undated it is not relied on."""

    value: Decimal = _fact(_number, required=True)
    date: PartialDate | None = _fact(_partial_date)
    method: str | None = _fact(_text(200))


@dataclass(frozen=True, kw_only=True)
class Patient:
    """Who the record is about, as far as criteria read it. No name, no identifier."""

    birth_date: PartialDate | None = _fact(_partial_date)
    sex: str | None = _fact(_choice(*SEXES))


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """The diagnosis and the three anchors from which durations are counted."""

    phenotype: str | None = _fact(_choice(*PHENOTYPES))
    criteria: str | None = _fact(_choice(*CRITERIA))
    symptom_onset: PartialDate | None = _fact(_partial_date)
    diagnosed_on: PartialDate | None = _fact(_partial_date)
    first_treated_on: PartialDate | None = _fact(_partial_date)
    csf_oligoclonal_bands: bool | None = _fact(_flag)
    aqp4_igg: str | None = _fact(_choice(*SEROLOGY))
    mog_igg: str | None = _fact(_choice(*SEROLOGY))


@dataclass(frozen=True, kw_only=True)
class Relapse:
    """One relapse by its onset; EDSS before, at its peak and after recovery. ``pseudo`` never counts."""

    onset: PartialDate = _fact(_partial_date, required=True)
    severity: str | None = _fact(_choice(*SEVERITIES))
    recovery: str | None = _fact(_choice(*RECOVERIES))
    steroid_treated: bool | None = _fact(_flag)
    disabling: bool | None = _fact(_flag)
    confirmed_by_neurologist: bool | None = _fact(_flag)
    systems: tuple[str, ...] = _fact(_many(_choice(*SYSTEMS)), default=())
    edss_before: Decimal | None = _fact(_edss)
    edss_peak: Decimal | None = _fact(_edss)
    edss_after: Decimal | None = _fact(_edss)
    pseudo: bool = _fact(_flag, default=False)


@dataclass(frozen=True, kw_only=True)
class Relapses:
    """The relapses, and the day since which none is missing. ``events`` absent: none has been listed."""

    complete_since: PartialDate | None = _fact(_partial_date)
    events: tuple[Relapse, ...] | None = _fact(_many(_part(Relapse)))


@dataclass(frozen=True, kw_only=True)
class FunctionalSystems:
    """Raw Kurtzke grades, and the Neurostatus ambulation score (0 to 16)."""

    visual: int | None = _fact(_whole(0, 6))
    brainstem: int | None = _fact(_whole(0, 5))
    pyramidal: int | None = _fact(_whole(0, 6))
    cerebellar: int | None = _fact(_whole(0, 5))
    sensory: int | None = _fact(_whole(0, 6))
    bowel_bladder: int | None = _fact(_whole(0, 6))
    cerebral: int | None = _fact(_whole(0, 5))
    ambulation: int | None = _fact(_whole(0, 16))


@dataclass(frozen=True, kw_only=True)
class EdssScore:
    """One EDSS with its day; ``during_relapse`` says that it was taken in one."""

    date: PartialDate = _fact(_partial_date, required=True)
    score: Decimal = _fact(_edss, required=True)
    source: str | None = _fact(_choice(*EDSS_SOURCES))
    during_relapse: bool | None = _fact(_flag)
    functional_systems: FunctionalSystems = _section(FunctionalSystems)


@dataclass(frozen=True, kw_only=True)
class MriStudy:
    """One MRI study. Without contrast it says nothing of enhancing lesions."""

    date: PartialDate = _fact(_partial_date, required=True)
    regions: tuple[str, ...] = _fact(_many(_choice(*REGIONS)), default=())
    contrast: bool | None = _fact(_flag)
    gd_lesions: Count | None = _fact(_count)
    gd_max_diameter_mm: Decimal | None = _fact(_number)
    new_t2: Count | None = _fact(_count)
    enlarging_t2: Count | None = _fact(_count)
    t2_lesions: Count | None = _fact(_count)
    compared_with: PartialDate | None = _fact(_partial_date)
    days_since_steroids: int | None = _fact(_whole())
    cord_or_brainstem_lesions: bool | None = _fact(_flag)


@dataclass(frozen=True, kw_only=True)
class Course:
    """One course of one drug. ``stop`` ended the treatment; the last infusion or tablet is ``last_dose``."""

    drug: str = _fact(_text(100), required=True)
    start: PartialDate | None = _fact(_partial_date)
    stop: PartialDate | None = _fact(_partial_date)
    last_dose: PartialDate | None = _fact(_partial_date)
    ongoing: bool | None = _fact(_flag)
    outcome: str | None = _fact(_choice(*OUTCOMES))


@dataclass(frozen=True, kw_only=True)
class Treatments:
    """The courses. ``complete`` says that every course ever given is listed."""

    complete: bool | None = _fact(_flag)
    courses: tuple[Course, ...] | None = _fact(_many(_part(Course)))


@dataclass(frozen=True, kw_only=True)
class Ambulation:
    """How far the person walks without a rest, in metres, and with what help."""

    distance_m: int | None = _fact(_whole())
    aid: str | None = _fact(_choice(*AIDS))
    date: PartialDate | None = _fact(_partial_date)


@dataclass(frozen=True, kw_only=True)
class OrganFunction:
    """Heart, lung, kidney, liver and blood; the unit stands in the name."""

    lvef_pct: Measurement | None = _fact(_part(Measurement))
    dlco_pct: Measurement | None = _fact(_part(Measurement))
    dlco_va_pct: Measurement | None = _fact(_part(Measurement))
    fev1_pct: Measurement | None = _fact(_part(Measurement))
    fev1_fvc_pct: Measurement | None = _fact(_part(Measurement))
    tlc_pct: Measurement | None = _fact(_part(Measurement))
    pap_mmhg: Measurement | None = _fact(_part(Measurement))
    creatinine_umol_l: Measurement | None = _fact(_part(Measurement))
    egfr: Measurement | None = _fact(_part(Measurement))
    bilirubin_x_uln: Measurement | None = _fact(_part(Measurement))
    alt_x_uln: Measurement | None = _fact(_part(Measurement))
    bmi: Measurement | None = _fact(_part(Measurement))
    neutrophils_e9_l: Measurement | None = _fact(_part(Measurement))
    lymphocytes_e9_l: Measurement | None = _fact(_part(Measurement))
    platelets_e9_l: Measurement | None = _fact(_part(Measurement))


@dataclass(frozen=True, kw_only=True)
class Performance:
    """Performance status, ECOG 0 to 5 and Karnofsky 0 to 100."""

    ecog: Measurement | None = _fact(_part(Measurement))
    karnofsky: Measurement | None = _fact(_part(Measurement))


@dataclass(frozen=True, kw_only=True)
class Infection:
    """Serology and infection. ``positive`` may be past or active; ``not_tested`` counts as not known."""

    hiv: str | None = _fact(_choice(*SEROLOGY))
    hbv: str | None = _fact(_choice(*SEROLOGY))
    hcv: str | None = _fact(_choice(*SEROLOGY))
    syphilis: str | None = _fact(_choice(*SEROLOGY))
    tuberculosis: str | None = _fact(_choice(*SEROLOGY))
    htlv: str | None = _fact(_choice(*SEROLOGY))
    jcv: str | None = _fact(_choice(*SEROLOGY))
    active_infection: bool | None = _fact(_flag)
    pml_suspected: bool | None = _fact(_flag)


@dataclass(frozen=True, kw_only=True)
class Comorbidity:
    """Other illness and circumstances. ``excepted``: only basal-cell skin cancer or carcinoma in situ."""

    pregnant: bool | None = _fact(_flag)
    contraception_agreed: bool | None = _fact(_flag)
    malignancy: str | None = _fact(_choice(*MALIGNANCY))
    severe_depression: bool | None = _fact(_flag)
    substance_addiction: bool | None = _fact(_flag)
    cognition_prevents_consent: bool | None = _fact(_flag)
    prior_hsct: bool | None = _fact(_flag)
    hct_ci: Mapping[str, bool] = _fact(_mapping(_flag), default=None)


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """What only a clinician can say, by whom, when and why."""

    value: bool = _fact(_flag, required=True)
    by: str | None = _fact(_text(200))
    on: PartialDate | None = _fact(_partial_date)
    why: str | None = _fact(_text())


@dataclass(frozen=True, kw_only=True)
class CaseRecord:
    """Everything recorded of one case. Read it with :func:`read_record`, which refuses what cannot be."""

    record: str = _fact(_choice("1"), required=True)
    patient: Patient = _section(Patient)
    diagnosis: Diagnosis = _section(Diagnosis)
    relapses: Relapses = _section(Relapses)
    edss: tuple[EdssScore, ...] = _fact(_many(_part(EdssScore)), default=())
    mri: tuple[MriStudy, ...] = _fact(_many(_part(MriStudy)), default=())
    treatments: Treatments = _section(Treatments)
    ambulation: Ambulation = _section(Ambulation)
    organ_function: OrganFunction = _section(OrganFunction)
    performance: Performance = _section(Performance)
    infection: Infection = _section(Infection)
    comorbidity: Comorbidity = _section(Comorbidity)
    judgements: Mapping[str, Judgement] = _fact(_mapping(_part(Judgement)), default=None)

    @cached_property
    def sha256(self) -> str:
        """The record's digest, over its canonical JSON: names sorted, no blanks, absent facts left out."""
        return digest(self.to_json())

    def to_json(self) -> dict[str, Any]:
        """Give the record as plain JSON values; what is not known is left out."""
        plain: dict[str, Any] = _plain(self)
        return plain

    def get(self, path: str) -> Any:
        """Give the fact at a dotted path, such as ``diagnosis.phenotype``; ``None`` where it is not known."""
        value: Any = self
        for name in path.split("."):
            value = value.get(name) if isinstance(value, Mapping) else getattr(value, name, None)
        return value


def _plain(value: Any) -> Any:
    """Turn a value of the record into plain JSON."""
    if isinstance(value, PartialDate):
        return value.text
    if isinstance(value, Count):
        if value.most == value.least:
            return value.least
        return {"min": value.least} | ({} if value.most is None else {"max": value.most})
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    if not hasattr(value, "__dataclass_fields__"):
        return value
    plain = {}
    for part in fields(value):
        inner = getattr(value, part.name)
        if inner is None or inner == part.default:
            continue
        shown = _plain(inner)
        if shown != {}:
            plain[part.name] = shown
    return plain


def digest(plain: Any) -> str:
    """Give the SHA-256 of plain JSON values in canonical form."""
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def read_record(given: Any, as_of: date) -> CaseRecord:
    """Read a case record from JSON or YAML values, as asked about on the day ``as_of``.

    Raises:
        RecordError: with every fault of shape and of order, by path.

    """
    reading = _Reading()
    record: CaseRecord | None = _part(CaseRecord)(reading, "", given)
    if reading.faults or record is None:
        raise RecordError(reading.faults)
    faults = tuple(order_faults(record, as_of))
    if faults:
        raise RecordError(faults)
    return record


def order_faults(record: CaseRecord, as_of: date) -> Iterator[Fault]:
    """Find dates that cannot be: after ``as_of``, a stop before its start, an onset before birth ..."""
    for path, day in dates(record):
        if day.first > as_of:
            yield Fault(path, f'"{day}"', f"a date up to {as_of}")
    birth, diagnosis = record.patient.birth_date, record.diagnosis
    onsets = [("diagnosis.symptom_onset", diagnosis.symptom_onset)]
    onsets += [
        (f"relapses.events[{index}].onset", relapse.onset)
        for index, relapse in enumerate(record.relapses.events or ())
    ]
    for path, onset in onsets:
        if birth and onset and onset.last < birth.first:
            yield Fault(path, f'"{onset}"', f"a date from birth ({birth}) on")
    onset, found = diagnosis.symptom_onset, diagnosis.diagnosed_on
    if onset and found and found.last < onset.first:
        yield Fault("diagnosis.diagnosed_on", f'"{found}"', f"a date from the first symptom ({onset}) on")
    for index, course in enumerate(record.treatments.courses or ()):
        if course.start and course.stop and course.stop.last < course.start.first:
            path = f"treatments.courses[{index}].stop"
            yield Fault(path, f'"{course.stop}"', f"a date from its start ({course.start}) on")


def doubts(record: CaseRecord) -> Iterator[Fault]:
    """Find what is taken as it stands, yet is worth a second look by whoever typed it."""
    onset = record.diagnosis.symptom_onset
    for index, relapse in enumerate(record.relapses.events or ()):
        if onset and relapse.onset.last < onset.first:
            path = f"relapses.events[{index}].onset"
            yield Fault(path, f'"{relapse.onset}"', f"usually a date from the first symptom ({onset}) on")
    for index, study in enumerate(record.mri):
        if study.compared_with and study.compared_with.first > study.date.last:
            path = f"mri[{index}].compared_with"
            yield Fault(path, f'"{study.compared_with}"', f"usually a date before the study ({study.date})")
    for index, course in enumerate(record.treatments.courses or ()):
        if course.ongoing and course.stop:
            path = f"treatments.courses[{index}].ongoing"
            yield Fault(path, f'true, with a stop of "{course.stop}"', "usually one or the other")


def dates(value: Any, path: str = "") -> Iterator[tuple[str, PartialDate]]:
    """Walk every date of a record, with its path."""
    if isinstance(value, PartialDate):
        yield path, value
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from dates(item, f"{path}[{index}]")
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield from dates(item, _join(path, name))
    elif hasattr(value, "__dataclass_fields__"):
        for part in fields(value):
            yield from dates(getattr(value, part.name), _join(path, part.name))
