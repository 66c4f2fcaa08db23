"""Taking in a case from elsewhere: what is shown of the file, who becomes whose draft, and what is never believed."""

import io
import json
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pikepdf
import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from forms import read_case
from referral import clock
from referral.actions import imports as actions
from referral.actions.referrals import assess_draft, make_snapshot
from referral.facts import canonical, read_record
from referral.fhir import document_bundle
from referral.models import CaseImport, Mail, Referral, User
from referral.packet.make import House, make_packet
from referral.workflow import State
from tests.at_hand import COMPLETE, NOT_MET, deeds, invented, make_draft, page_of, read, send
from tests.browser import Browser, Page
from tests.packet.carrying import carrying
from tests.packet.mutated import many, structured

SignIn = Callable[[str], Browser]
People = dict[str, User]


@pytest.fixture
def sent(session: Session, people: People) -> dict[str, Any]:
    """What another hospital signed: a snapshot, with everything in it."""
    referral = make_draft(session, people, referrer="other_neurologist", programme="other_coordinator")
    version = send(session, referral, people["other_neurologist"])
    session.commit()
    return dict(version.snapshot)


def bundle_of(snapshot: dict[str, Any]) -> bytes:
    return document_bundle(snapshot, "P-2026-0001/1", clock.now())


def packet_of(snapshot: dict[str, Any], **changed: bytes) -> bytes:
    files = {
        "case-record.json": canonical(snapshot["record"]),
        "assessment.json": canonical(snapshot["assessment"]),
        "bundle.json": bundle_of(snapshot),
    }
    return carrying(files | {name.replace("__", "-") + ".json": content for name, content in changed.items()})


def choose(browser: Browser, content: bytes, name: str = "file.json", status: int = 200) -> Page:
    return browser.send("/imports", {"file": (io.BytesIO(content), name)}, status)


def named(snapshot: dict[str, Any], **other: str) -> dict[str, str]:
    """The person as the clinician knows them."""
    who = snapshot["identity"]
    said = {
        "initials": who["given_name"][0] + who["family_name"][0],
        "sex": who["sex"],
        "birth_year": who["birth_date"][:4],
        "confirmed": "yes",
    }
    return said | other


def newest(session: Session) -> CaseImport:
    return session.scalars(select(CaseImport).order_by(CaseImport.at.desc())).one()


def take(browser: Browser, session: Session, content: bytes, said: dict[str, str], status: int = 200) -> Page:
    """Choose a file and name its person."""
    choose(browser, content)
    return browser.send(f"/imports/{newest(session).id}/draft", said, status)


def drafts_of(session: Session, person: User) -> list[Referral]:
    return list(session.scalars(select(Referral).where(Referral.referrer_id == person.id)))


# From file to draft


@pytest.mark.parametrize("kind", ["packet", "bundle", "record"])
def test_a_file_becomes_a_draft_once_its_person_has_been_named(
    sign_in: SignIn, session: Session, people: People, sent: dict[str, Any], kind: str
) -> None:
    files = {"packet": packet_of(sent), "bundle": bundle_of(sent), "record": canonical(sent["record"])}
    said = named(sent)

    page = take(sign_in("neurologist"), session, files[kind], said)

    (draft,) = drafts_of(session, people["neurologist"])
    assert draft.state is State.DRAFT
    assert "is a draft now, not verified" in page.text
    assert f"From {kind}, unverified." in page.text
    case = read(session, draft)
    assert case.record.to_json() == sent["record"]
    if kind != "record":
        assert {name: case.identity[name] for name in sent["identity"]} == sent["identity"]
        assert case.request == {"question": sent["question"]}
        assert {key: part for key, part in case.beside.items() if part} == {
            key: part for key, part in sent["beside"].items() if part
        }
    assert deeds(session, draft)[0] == "case_taken_in"


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("initials", "XX", "not the initials"),
        ("sex", "other", "not the sex"),
        ("birth_year", "1901", "not the year of birth"),
        ("confirmed", "", "Confirm that you have compared"),
    ],
)
def test_who_names_another_person_gets_no_draft(
    sign_in: SignIn, session: Session, people: People, sent: dict[str, Any],
    field: str, value: str, message: str,
) -> None:  # fmt: skip
    page = take(sign_in("neurologist"), session, bundle_of(sent), named(sent, **{field: value}), 422)

    assert message in page.text
    assert drafts_of(session, people["neurologist"]) == []
    assert newest(session).referral_id is None


def test_a_second_click_gives_the_same_draft(
    sign_in: SignIn, session: Session, people: People, sent: dict[str, Any]
) -> None:
    browser = sign_in("neurologist")
    take(browser, session, bundle_of(sent), named(sent))
    browser.send(f"/imports/{newest(session).id}/draft", named(sent))

    assert len(drafts_of(session, people["neurologist"])) == 1


def test_the_mark_stays_until_the_case_is_signed_and_the_signed_case_says_where_it_came_from(
    sign_in: SignIn, session: Session, people: People, sent: dict[str, Any]
) -> None:
    browser = sign_in("neurologist")
    take(browser, session, bundle_of(sent), named(sent))
    (draft,) = drafts_of(session, people["neurologist"])
    for address in (page_of(draft), page_of(draft, "/submission"), "/referrals"):
        assert "From bundle, unverified" in browser.visit(address).text.replace("FHIR Bundle", "bundle")

    request = {**draft.typed["request"], "programme_id": [str(people["coordinator"].organisation_id)]}
    draft.typed = {**draft.typed, "request": request}
    version = send(session, draft, people["neurologist"])

    page = browser.visit(page_of(draft))
    assert "unverified" not in page.text
    assert "It was checked and signed here since" in page.text
    assert version.snapshot["imported"]["sha256"] == newest(session).sha256
    assert version.snapshot["record"] == sent["record"]


def test_what_was_written_here_says_nothing_of_a_file(session: Session, people: People) -> None:
    draft = make_draft(session, people)
    case = read(session, draft)

    assert "imported" not in make_snapshot(session, draft, case, assess_draft(session, case, clock.today()))


def test_a_file_that_names_nobody_is_taken_without_a_name(
    sign_in: SignIn, session: Session, people: People
) -> None:
    page = take(sign_in("neurologist"), session, b'{"record": "1"}', {"confirmed": "yes"})

    (draft,) = drafts_of(session, people["neurologist"])
    assert draft.family_name is None
    assert "No name yet" in page.text


# Whose it is


def test_a_coordinator_takes_a_case_in_for_a_neurologist_and_does_not_see_the_draft(
    sign_in: SignIn, session: Session, people: People, sent: dict[str, Any]
) -> None:
    browser = sign_in("coordinator")
    said = named(sent, referrer=str(people["neurologist"].id))

    page = take(browser, session, packet_of(sent), said)

    (draft,) = drafts_of(session, people["neurologist"])
    assert f"{draft.number} is a draft at {people['neurologist'].organisation.name}" in page.text
    browser.visit(page_of(draft), status=404)
    assert read_case(draft.typed, clock.today()).request["programme_id"] == str(
        people["coordinator"].organisation_id
    )
    told = session.scalars(select(Mail).where(Mail.to_user_id == people["neurologist"].id)).one()
    assert sent["identity"]["family_name"] not in told.subject


@pytest.mark.parametrize("whom", ["", "nobody", "committee_member"])
def test_a_coordinator_chooses_a_neurologist(
    sign_in: SignIn, session: Session, people: People, sent: dict[str, Any], whom: str
) -> None:
    chosen = str(people[whom].id) if whom in people else whom

    page = take(sign_in("coordinator"), session, bundle_of(sent), named(sent, referrer=chosen), 422)

    assert "Choose the neurologist who checks the case" in page.text


def test_a_delegate_takes_a_case_in_for_their_neurologist(
    sign_in: SignIn, session: Session, people: People, sent: dict[str, Any]
) -> None:
    take(sign_in("delegate"), session, bundle_of(sent), named(sent))

    assert len(drafts_of(session, people["neurologist"])) == 1


@pytest.mark.parametrize("who", ["other_neurologist", "other_coordinator", "delegate"])
def test_what_one_took_in_nobody_else_finds(
    sign_in: SignIn, session: Session, sent: dict[str, Any], who: str
) -> None:
    choose(sign_in("neurologist"), bundle_of(sent))
    id_ = newest(session).id
    stranger = sign_in(who)

    stranger.visit(f"/imports/{id_}", status=404)
    stranger.send(f"/imports/{id_}/draft", named(sent), 404)
    stranger.send(f"/imports/{id_}/discarding", {}, 404)


def test_the_same_person_and_the_same_file_are_noticed(
    sign_in: SignIn, session: Session, people: People, sent: dict[str, Any]
) -> None:
    browser = sign_in("neurologist")
    take(browser, session, bundle_of(sent), named(sent))
    (draft,) = drafts_of(session, people["neurologist"])
    session.execute(update(CaseImport).values(at=clock.now() - timedelta(minutes=5)))

    page = choose(browser, bundle_of(sent))

    assert "You have a case of this person" in page.text
    assert draft.number in page.text


# What is thrown away


def test_what_is_thrown_away_is_gone(sign_in: SignIn, session: Session, sent: dict[str, Any]) -> None:
    browser = sign_in("neurologist")
    choose(browser, bundle_of(sent))
    browser.send(f"/imports/{newest(session).id}/discarding")

    assert session.scalars(select(CaseImport)).all() == []


def test_what_has_become_a_draft_is_not_thrown_away(
    sign_in: SignIn, session: Session, sent: dict[str, Any]
) -> None:
    browser = sign_in("neurologist")
    take(browser, session, bundle_of(sent), named(sent))

    browser.send(f"/imports/{newest(session).id}/discarding", {}, 409)
    assert newest(session).referral_id


def test_a_file_whose_person_nobody_confirms_is_forgotten_after_a_day(
    sign_in: SignIn, session: Session, sent: dict[str, Any]
) -> None:
    choose(sign_in("neurologist"), bundle_of(sent))
    at = newest(session).at

    assert actions.due_unconfirmed(session, at + timedelta(hours=23)) == 0
    assert actions.due_unconfirmed(session, at + timedelta(hours=25)) == 1
    assert session.scalars(select(CaseImport)).all() == []


def test_nobody_gathers_files_without_end(sign_in: SignIn, session: Session, people: People) -> None:
    session.add_all(
        CaseImport(kind="record", sha256="0", found={}, by_id=people["neurologist"].id)
        for _ in range(actions.MOST_WAITING)
    )
    browser = sign_in("neurologist")

    assert "wait for their person to be confirmed" in choose(browser, b'{"record": "1"}', status=422).text


# What is never believed


def test_a_verdict_of_the_sender_is_shown_beside_ours_and_never_taken(
    sign_in: SignIn, session: Session, people: People, sent: dict[str, Any]
) -> None:
    assessment = json.loads(json.dumps(sent["assessment"]))
    changed = assessment["protocols"][0]
    true = changed["verdict"]
    changed["verdict"] = "met" if true != "met" else "not_met"
    browser = sign_in("neurologist")

    page = choose(browser, packet_of(sent, assessment=canonical(assessment)))

    assert "The same record, edition and day give another verdict here" in page.text
    assert len(page.all(".//tr[@class='import-differs']")) == 1
    browser.send(f"/imports/{newest(session).id}/draft", named(sent))
    (draft,) = drafts_of(session, people["neurologist"])
    here = assess_draft(session, read(session, draft), clock.today()).to_json()["protocols"]
    assert next(each["verdict"] for each in here if each["protocol"] == changed["protocol"]) == true


def test_verdicts_about_another_record_are_told_from_a_changed_edition(
    sign_in: SignIn, sent: dict[str, Any]
) -> None:
    assessment = json.loads(json.dumps(sent["assessment"]))
    for each in assessment["protocols"]:
        each["verdict"] = "met" if each["verdict"] != "met" else "not_met"
    assessment["protocols"][0]["definition_sha256"] = "0" * 64
    assessment["record_sha256"] = "0" * 64
    assessment["protocols"].append({"protocol": "made-up", "verdict": "met"})

    page = choose(sign_in("neurologist"), packet_of(sent, assessment=canonical(assessment)))

    assert "about another record than the one in this file" in page.text
    assert "Another version of the edition stands in the library here" in page.text
    assert "This edition is not in the library here" in page.text


def test_a_file_without_verdicts_leaves_nothing_to_compare(sign_in: SignIn, sent: dict[str, Any]) -> None:
    page = choose(sign_in("neurologist"), bundle_of(sent))

    assert "The file carries no verdicts of its sender" in page.text
    assert "nothing to compare" in page.text
    assert "did not ask" not in page.text


def test_a_packet_whose_files_are_of_two_cases_is_refused(sign_in: SignIn, sent: dict[str, Any]) -> None:
    other = read_record(invented(NOT_MET).record, clock.today()).to_json()

    page = choose(sign_in("neurologist"), packet_of(sent, case__record=canonical(other)), status=422)

    assert "the same case record as case-record.json" in page.text


@pytest.mark.parametrize("name", ["status", "centre_id", "verdict", "version", "id", "is_admin"])
def test_a_field_that_only_we_set_is_refused(sign_in: SignIn, session: Session, name: str) -> None:
    page = choose(sign_in("neurologist"), json.dumps({"record": "1", name: "x"}).encode(), status=422)

    assert f"{name} : given" in page.text
    assert "Allowed: one of the names" in page.text
    assert session.scalars(select(CaseImport)).all() == []


def test_nothing_typed_by_the_sender_acts_on_the_page(sign_in: SignIn, sent: dict[str, Any]) -> None:
    document = json.loads(bundle_of(sent))
    for entry in document["entry"]:
        if entry["resource"]["resourceType"] == "Practitioner":
            entry["resource"]["name"] = [{"text": "<script>alert(1)</script>"}]

    page = choose(sign_in("neurologist"), json.dumps(document).encode())

    assert "<script>alert" not in page.html
    assert "<script>alert(1)</script>" in page.text


def test_a_page_without_a_file_says_so(sign_in: SignIn) -> None:
    assert "Choose a file." in sign_in("neurologist").send("/imports", {}, 422).text


def test_only_who_may_open_a_draft_or_coordinates_takes_in(sign_in: SignIn) -> None:
    for who in ("committee_member", "chair", "auditor", "administrator"):
        sign_in(who).visit("/imports", status=403)


def test_a_person_of_the_demonstration_comes_through_whole(
    sign_in: SignIn, session: Session, people: People
) -> None:
    """Which person is complete is said elsewhere; here their file is the whole way from page to page."""
    person = invented(COMPLETE)
    record = read_record(person.record, clock.today()).to_json()
    take(sign_in("neurologist"), session, canonical(record), {"confirmed": "yes", "sex": person.who["sex"],
         "birth_year": person.who["birth_date"][:4]})  # fmt: skip

    (draft,) = drafts_of(session, people["neurologist"])
    assert canonical(read(session, draft).record.to_json()) == canonical(record)


# The whole way


def inside(pdf: bytes, name: str) -> bytes:
    """A file that a packet carries."""
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        return opened.attachments[name].get_file().read_bytes()


def test_a_packet_taken_in_and_sent_on_carries_the_same_case_record_byte_for_byte(
    sign_in: SignIn, session: Session, people: People, sent: dict[str, Any], house: House
) -> None:
    first = make_packet(sent, house).pdf
    browser = sign_in("neurologist")

    choose(browser, first, "packet.pdf")
    page = browser.visit(f"/imports/{newest(session).id}")
    assert "The seal is whole" in page.text
    assert not page.all(".//tr[@class='import-differs']")
    browser.send(f"/imports/{newest(session).id}/draft", named(sent))
    (draft,) = drafts_of(session, people["neurologist"])
    request = {**draft.typed["request"], "programme_id": [str(people["coordinator"].organisation_id)]}
    draft.typed = {**draft.typed, "request": request}
    second = make_packet(send(session, draft, people["neurologist"]).snapshot, house).pdf

    assert inside(second, "case-record.json") == inside(first, "case-record.json")
    source = json.loads(inside(second, "bundle.json"))
    (provenance,) = (e["resource"] for e in source["entry"] if e["resource"]["resourceType"] == "Provenance")
    assert provenance["entity"][0]["what"]["identifier"]["value"] == sha256(first).hexdigest()


def test_no_spoilt_file_breaks_a_page(sign_in: SignIn, session: Session, sent: dict[str, Any]) -> None:
    browser = sign_in("neurologist")
    for content in many(structured, json.loads(bundle_of(sent)), seed=11, times=12):
        page = browser.open(
            "/imports",
            method="POST",
            data={"csrf_token": browser.token(), "file": (io.BytesIO(content), "file.json")},
            follow_redirects=True,
        )
        assert page.status in (200, 422)
        page.check()
        if page.status == 200:
            browser.send(f"/imports/{newest(session).id}/discarding")
