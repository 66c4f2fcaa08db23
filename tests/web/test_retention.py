"""The pages of how long cases are kept: the list, a case's own page, deletion on request, and what is handed over."""

import json
from collections.abc import Callable
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from referral import audit, clock
from referral.actions import deletion, holds
from referral.actions.deletion import tables_of_cases
from referral.actions.export import GIVEN, WITHHELD, Side, export_person
from referral.attachments import Store
from referral.extensions import db
from referral.models import Audience, Interest, Message, Opinion, Overall, Referral, Tie
from tests.at_hand import deeds, make_draft, page_of, send
from tests.attachments.made import pdf
from tests.browser import Browser
from tests.deciding import decide, list_case
from tests.ended import People, end_long_ago, settle
from tests.web.filing import add, file

SignIn = Callable[[str], Browser]


@pytest.fixture
def ended(session: Session, people: People) -> Referral:
    case = make_draft(session, people)
    send(session, case, people["neurologist"])
    end_long_ago(session, people, case)
    settle(session, people)
    session.commit()
    return case


def test_the_list_names_what_is_deleted_next_by_number_alone(sign_in: SignIn, ended: Referral) -> None:
    for who in ("coordinator", "chair", "neurologist", "administrator"):
        page = sign_in(who).visit("/retention")

        assert ended.number in page.text
        assert "1 case" in page.text
        assert "10 years after the last act" in page.text
        assert "Whinfell" not in page.html


def test_the_list_is_taken_away_as_a_file(sign_in: SignIn, ended: Referral) -> None:
    browser = sign_in("administrator")

    told = browser.client.get("/retention/list.csv").get_data(as_text=True)

    assert f'"{ended.number}","Eastgate Transplant Programme","withdrawn"' in told
    assert "Whinfell" not in told


def test_what_nobody_has_settled_is_said(sign_in: SignIn) -> None:
    page = sign_in("coordinator").visit("/retention")

    assert "keeps ended cases for good" in page.text
    assert "Nothing is deleted within the next thirty days." in page.text


def test_a_hold_is_put_and_lifted_with_a_reason(sign_in: SignIn, session: Session, ended: Referral) -> None:
    coordinator, chair = sign_in("coordinator"), sign_in("chair")
    address = page_of(ended, "/retention")

    refused = coordinator.send(f"{address}/hold", {"because": " "}, 422)
    assert "Say why" in refused.text
    coordinator.send(f"{address}/hold", {"because": "A complaint of March."}, 200)
    assert "A complaint of March." in chair.visit(address).text
    assert ended.number not in chair.visit("/retention/list.csv").text
    lifted = chair.send(f"{address}/lift", {}, 200)

    assert "The hold is lifted." in lifted.text
    assert deeds(session, ended)[-3:] == ["case_read", "hold_lifted", "case_read"]


def test_all_of_a_programme_is_held_and_let_go(sign_in: SignIn, ended: Referral) -> None:
    chair = sign_in("chair")

    assert "Say why" in chair.send("/retention/hold", {"because": ""}, 422).text
    held = chair.send("/retention/hold", {"because": "An inquiry."}, 200)
    assert "All of Eastgate Transplant Programme is held" in held.text
    assert "with all of its programme: An inquiry." in chair.visit(page_of(ended, "/retention")).text
    assert "Lift the hold of all" not in chair.send("/retention/lift", {}, 200).text


def test_one_asks_another_confirms_and_what_is_left_is_told_to_them_alone(
    sign_in: SignIn, session: Session, people: People, app: Flask
) -> None:
    case = make_draft(session, people)
    session.commit()
    neurologist, chair = sign_in("neurologist"), sign_in("chair")
    add(neurologist, case, file(pdf(2), "letter.pdf"))
    send(session, case, people["neurologist"])
    session.commit()
    address = page_of(case, "/retention/erasure")
    (stored,) = list(app.config["ATTACHMENTS"].iterdir())

    wrong = neurologist.send(address, {"reason": "The patient wishes it.", "number": "P-1"}, 422)
    assert "The patient wishes it." in wrong.html
    neurologist.send(address, {"reason": "The patient wishes it.", "number": case.number}, 200)
    assert case.number in chair.visit("/retention").text
    chair.send(f"{address}/confirmation", {"number": "P-1"}, 422)
    chair.send(f"{address}/confirmation", {"number": case.number}, 410)

    assert not stored.exists()
    for who in ("neurologist", "chair", "coordinator", "delegate"):
        left = sign_in(who).visit(page_of(case), 410)
        assert f"Referral {case.number} was deleted" in left.text
        assert "of Eastgate Transplant Programme: the patient’s request." in left.text
    for who in ("other_neurologist", "other_chair", "administrator", "auditor"):
        sign_in(who).visit(page_of(case), 404)
    chair.visit(page_of(case, "/retention"), 404)
    chair.visit(page_of(case, "/packet.pdf"), 404)


def test_a_draft_that_was_never_sent_says_how_long_it_is_kept(
    sign_in: SignIn, session: Session, people: People
) -> None:
    case = make_draft(session, people)
    session.commit()
    neurologist = sign_in("neurologist")

    assert "It is kept for good" in neurologist.visit(page_of(case, "/retention")).text
    settle(session, people)
    session.commit()
    assert "6 months after the last act" in neurologist.visit(page_of(case, "/retention")).text


# ------------------------------------------------------------------------------------------------ handed over


def everything(browser: Browser, case: Referral) -> dict[str, bytes]:
    answer = browser.client.post(
        page_of(case, "/retention/copy"), data={"csrf_token": browser.token()}, buffered=True
    )
    assert answer.status_code == 200, answer.get_data(as_text=True)
    with ZipFile(BytesIO(answer.get_data())) as found:
        return {name: found.read(name) for name in found.namelist()}


def test_everything_about_a_patient_is_handed_over_and_nothing_of_another(
    sign_in: SignIn, session: Session, people: People
) -> None:
    other = make_draft(session, people, "ashdown_marigold")
    case = make_draft(session, people)
    session.commit()
    neurologist = sign_in("neurologist")
    letter = add(neurologist, case, file(pdf(2), "letter.pdf"))
    assert letter.status == 200
    send(session, case, people["neurologist"])
    case.copied_from_id = other.id
    for audience in Audience:
        said = f"Said to {audience}."
        session.add(
            Message(referral_id=case.id, author_id=people["coordinator"].id, audience=audience, text=said)
        )
    session.add(
        Opinion(
            referral_id=case.id, version=1, member_id=people["chair"].id, overall=Overall.AGAINST, criteria={},
            text="My own view.", opened_at=clock.now(),
        )
    )  # fmt: skip
    session.commit()

    for who, hers, theirs in (("neurologist", "clinic", "programme"), ("coordinator", "programme", "clinic")):
        found = everything(sign_in(who), case)
        told = b"".join(found.values()).decode(errors="replace")

        assert json.loads(found["case.json"])["number"] == case.number
        assert "Whinfell" in told
        assert f"Said to {hers}." in told
        assert "Said to both." in told
        assert f"Said to {theirs}." not in told
        assert ("My own view." in told) is (who == "coordinator")
        assert "Ashdown" not in told
        assert str(other.id) not in told
        assert "Coordinator, coordinator, Eastgate Transplant Programme" in told
        assert any(name.startswith("attachments/") for name in found)
        assert "case read" in found["access-list.csv"].decode() or who == "neurologist"
    assert deeds(session, case)[-1] == "person_exported"


def test_each_table_with_rows_of_a_case_is_handed_over_or_says_why_not() -> None:
    tables = {table.name for table in tables_of_cases()}

    assert tables == GIVEN.keys() | WITHHELD.keys()
    assert not GIVEN.keys() & WITHHELD.keys()


def test_the_commands_print_what_they_do(
    app: Flask, session: Session, ended: Referral, people: People, tmp_path: object
) -> None:
    runner = app.test_cli_runner()
    out = f"{tmp_path}/out.zip"

    written = runner.invoke(args=["export-person", ended.number, "-o", out])
    dry = runner.invoke(args=["retention", "--dry"])
    session.rollback()
    assert ended.gone_at is None
    real = runner.invoke(args=["retention"])
    again = runner.invoke(args=["retention", "--again"])

    assert written.output == f"Written: {out}\n"
    with ZipFile(out) as found:
        assert "rows/opinion.json" in found.namelist(), "the operator's has both sides"
    assert dry.exit_code == real.exit_code == 0
    assert dry.output == real.output
    assert dry.output.startswith(f"{ended.number}: 10 years after the last act")
    assert again.output.endswith("0 cases\n")
    assert runner.invoke(args=["export-person", ended.number]).exit_code == 1


def test_a_held_case_says_so_to_whoever_asks_that_it_be_deleted(
    sign_in: SignIn, session: Session, people: People, ended: Referral
) -> None:
    holds.hold(session, people["chair"], "An inquiry.", ended)
    session.commit()
    form = {"reason": "The patient wishes it.", "number": ended.number}

    assert "legal hold" in sign_in("neurologist").send(page_of(ended, "/retention/erasure"), form, 409).text


def test_a_deleted_case_stands_in_no_list(sign_in: SignIn, session: Session, ended: Referral) -> None:
    deletion.delete_case(session, ended, "P10Y", actor=None, at=clock.now())
    session.commit()

    assert ended.number not in sign_in("neurologist").visit("/referrals").text
    assert ended.number not in sign_in("coordinator").visit("/inbox").text


def told_to(browser: Browser, case: Referral) -> str:
    return b"".join(everything(browser, case).values()).decode(errors="replace")


def test_no_opinion_leaves_that_is_sealed_or_by_who_stands_aside(
    sign_in: SignIn, session: Session, people: People
) -> None:
    case = list_case(session, people)
    opinion = Opinion(
        referral_id=case.id, version=1, member_id=people["committee_member"].id, overall=Overall.AGAINST,
        criteria={}, text="My own view.",
    )  # fmt: skip
    session.add(opinion)
    session.commit()
    chair, coordinator = sign_in("chair"), sign_in("coordinator")
    assert "My own view." not in told_to(coordinator, case), "it is sealed"

    opinion.opened_at = clock.now()
    session.add(Interest(referral_id=case.id, member_id=people["chair"].id, tie=Tie.CONFLICT, text="Ours."))
    session.commit()
    assert "My own view." in told_to(coordinator, case)
    assert "My own view." not in told_to(chair, case), "who stands aside sees nobody's"


def test_the_clinic_is_not_told_who_of_the_committee_has_a_tie(
    sign_in: SignIn, session: Session, people: People
) -> None:
    case, member = list_case(session, people), people["committee_member"]
    session.add(Interest(referral_id=case.id, member_id=member.id, tie=Tie.CONFLICT, text="Ours."))
    audit.record(session, member, "interest_declared", case)
    decide(session, people, case)
    session.commit()

    for who, told in (("coordinator", True), ("neurologist", False)):
        found = everything(sign_in(who), case)
        assert ("conflict" in found["rows/decision.json"].decode()) is told
        assert ("interest declared" in found["access-list.csv"].decode()) is told
        assert ("decision drafted" in found["access-list.csv"].decode()) is told
        assert '"accepted"' in found["access-list.csv"].decode(), "what was answered is no secret"


def test_who_packs_everything_keeps_nobody_from_writing(
    app: Flask, session: Session, people: People, ended: Referral, monkeypatch: pytest.MonkeyPatch
) -> None:
    with app.app_context():
        engine = db.engine
    written: list[str] = []

    class Packed(ZipFile):
        """Somebody writes while each part is packed."""

        def writestr(self, zinfo_or_arcname: Any, data: Any, *more: Any, **how: Any) -> None:
            if not written:
                with Session(engine) as other:
                    audit.record(other, None, "anchored")
                    other.commit()
            written.append(str(zinfo_or_arcname))
            super().writestr(zinfo_or_arcname, data, *more, **how)

    monkeypatch.setattr("referral.actions.export.ZipFile", Packed)
    store = Store(app.config["ATTACHMENTS"], app.config["DATA_KEYS"])
    export_person(session, ended, store, Side.BOTH, actor=None).close()
    session.commit()
    assert "README.txt" in written
    assert deeds(session)[-2:] == ["anchored", "person_exported"]
