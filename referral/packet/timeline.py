"""The course in words: one row an event, in the order of time. The text alternative of the picture."""

from dataclasses import dataclass
from datetime import date

from referral.facts import CaseRecord, Course, EdssScore, MriStudy, PartialDate, Relapse
from referral.packet import words


@dataclass(frozen=True, kw_only=True)
class Row:
    """One event: when, what, and the particulars."""

    when: str
    what: str
    detail: str


def timeline(record: CaseRecord) -> tuple[Row, ...]:
    """Give every dated event of a record by date, and the treatments without a date last."""
    diagnosis = record.diagnosis
    entries: list[tuple[PartialDate | None, str, str]] = [
        (diagnosis.symptom_onset, "First symptom", ""),
        (diagnosis.diagnosed_on, "Diagnosis", diagnosis.criteria or ""),
        (diagnosis.first_treated_on, "First treatment", ""),
    ]
    entries = [entry for entry in entries if entry[0]]
    entries += [
        (each.onset, relapse_name(each), relapse_detail(each)) for each in record.relapses.events or ()
    ]
    entries += [(each.date, f"EDSS {words.number(each.score, 1)}", edss_detail(each)) for each in record.edss]
    entries += [(each.date, "MRI", mri_detail(each)) for each in record.mri]
    for each in record.treatments.courses or ():
        entries.append((each.start or each.stop, words.drug(each.drug), course_detail(each)))
    entries.sort(key=lambda entry: (entry[0].first, entry[0].last) if entry[0] else (date.max, date.max))
    return tuple(
        Row(when=words.day(when) or "date not recorded", what=what, detail=detail)
        for when, what, detail in entries
    )


def relapse_name(relapse: Relapse) -> str:
    """Say what kind of event it is."""
    return "Pseudo-relapse" if relapse.pseudo else "Relapse"


def relapse_detail(relapse: Relapse) -> str:
    """Say severity, recovery and systems."""
    severity = relapse.severity or f"severity {words.NOT_RECORDED}"
    recovery = f"recovery {relapse.recovery or words.NOT_RECORDED}"
    return "; ".join(filter(None, (severity, recovery, words.listed(relapse.systems, words.SYSTEMS))))


def edss_detail(score: EdssScore) -> str:
    """Say how the score was taken."""
    taken = {
        True: "during a relapse",
        False: "outside a relapse",
        None: "whether during a relapse is not recorded",
    }
    return "; ".join(filter(None, (words.SOURCES.get(score.source or ""), taken[score.during_relapse])))


def mri_detail(study: MriStudy) -> str:
    """Say what was looked at, with what, and what was found."""
    contrast = {True: "with contrast", False: "without contrast", None: f"contrast {words.NOT_RECORDED}"}
    counts = (("enhancing", study.gd_lesions), ("new T2", study.new_t2), ("enlarging T2", study.enlarging_t2))
    found = [f"{name} lesions {words.count(count) or words.NOT_RECORDED}" for name, count in counts]
    return "; ".join(
        filter(None, (words.listed(study.regions, words.REGIONS), contrast[study.contrast], *found))
    )


def course_detail(course: Course) -> str:
    """Say from when to when, and how it ended."""
    outcome = words.OUTCOMES.get(course.outcome or "", f"outcome {words.NOT_RECORDED}")
    return f"{course_period(course)}; {outcome}"


def course_period(course: Course) -> str:
    """Say from when to when a course ran."""
    start = words.day(course.start) or f"start {words.NOT_RECORDED}"
    stop = words.day(course.stop) or ("ongoing" if course.ongoing else f"stop {words.NOT_RECORDED}")
    return f"{start} to {stop}" if course.stop else f"{start}, {stop}"
