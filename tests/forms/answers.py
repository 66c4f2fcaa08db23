"""An answer to everything that is asked beside the record, the work-up aside."""

from typing import Any

from referral.reference.beside import Question, questions

UNITS = {
    "creatinine_umol_l": {"value": "1.10", "unit": "mg_dl"},
    "bilirubin_x_uln": {"value": "12", "unit": "umol_l", "upper_limit": "21"},
    "alt_x_uln": {"value": "50", "unit": "u_l", "upper_limit": "35"},
}


def everything() -> dict[str, dict[str, Any]]:
    """One answer to each question, by section and name."""
    return {
        section: {name: _answer(question) for name, question in asked.items()}
        for section, asked in questions().items()
    }


def _answer(question: Question) -> Any:
    answers = list(question.answers)
    match question.kind:
        case "choice":
            return answers[-1]
        case "ticks":
            return answers[:2]
        case "flag":
            return False
        case "date":
            return "2024-05"
        case "number":
            return 7.5
        case "long":
            return "Zwölf Wörter\nin zwei Zeilen"
        case "table":
            row = {name: _answer(column) for name, column in question.columns.items()}
            return dict.fromkeys(question.rows, row)
    return "Words"
