"""The page on which a programme adopts editions, and what the pages of a case then show."""

from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from referral.actions import adoptions
from referral.auth import RECEIVERS
from referral.criteria import Edition, first_shown, library
from referral.models import Adoption, ReferralVersion, User
from referral.packet import contents, render_html
from referral.workflow import Role
from tests.at_hand import NOT_MET, make_draft, send
from tests.browser import Browser, Page
from tests.conftest import PROGRAMME

People = dict[str, User]
SignIn = Callable[[str], Browser]
PAGE = "/library/adopted"
WANTED = next(edition for edition in library().values() if edition not in first_shown())
NOTE = "Read with the pharmacist <b>and</b> the nurse."
EVERYBODY = [f"{there}{role}" for role in Role for there in ("", "other_")]


def path_of(edition: Edition, rest: str = "") -> str:
    return f"{PAGE}/{edition.id}{rest}"


def adopted(session: Session) -> list[Adoption]:
    return list(session.scalars(select(Adoption).order_by(Adoption.adopted_at)))


def headings(page: Page) -> list[str]:
    return ["".join(heading.itertext()).strip() for heading in page.all(".//main//h2")]


def adopt(session: Session, chair: User, edition: Edition = WANTED) -> None:
    adoptions.adopt(session, chair, edition.id, seen=edition.sha256, confirmed=True, note=NOTE)


@pytest.fixture
def chair(sign_in: SignIn) -> Browser:
    return sign_in("chair")


@pytest.mark.parametrize("who", EVERYBODY)
def test_the_page_exists_for_a_programmes_own_people_only(
    sign_in: SignIn, session: Session, people: People, who: str
) -> None:
    adopt(session, people["chair"])
    browser, role = sign_in(who), people[who].role

    page = browser.visit(PAGE, 200 if role in RECEIVERS else 404)

    if role in RECEIVERS:
        assert ("Adopted by" in page.text) is (who in RECEIVERS), "of the own programme only"
    forms = [form for form in page.all(".//form") if form.get("action", "").startswith(PAGE)]
    assert bool(forms) is (role is Role.CHAIR)


@pytest.mark.parametrize("who", [who for who in EVERYBODY if not who.endswith("chair")])
def test_who_is_no_chair_can_neither_adopt_nor_withdraw(
    sign_in: SignIn, session: Session, people: People, who: str
) -> None:
    adopt(session, people["chair"])
    browser = sign_in(who)
    status = 403 if people[who].role in RECEIVERS else 404
    form = {"seen": first_shown()[0].sha256, "confirmed": "yes"}

    browser.send(path_of(first_shown()[0]), form, status)
    browser.send(path_of(WANTED, "/withdrawal"), {}, status)

    assert [(each.edition_id, each.withdrawn_at) for each in adopted(session)] == [(WANTED.id, None)]


def test_every_edition_of_the_library_stands_there_with_a_link(chair: Browser) -> None:
    page = chair.visit(PAGE)

    links = [link.get("href") for link in page.all(".//li//h3/a")]
    assert links == [f"/library/{name}" for name in library()]
    assert headings(page) == [f"Not reviewed here {len(library())} of {len(library())}"]


def test_a_chair_adopts_and_withdraws(chair: Browser, session: Session, people: People) -> None:
    form = chair.visit(PAGE).fields(path_of(WANTED))
    assert form["seen"] == WANTED.sha256

    page = chair.send(path_of(WANTED), form | {"confirmed": "yes", "note": NOTE})

    assert headings(page)[0] == f"Adopted 1 of {len(library())}"
    assert f"Adopted by {people['chair'].name}" in page.text
    assert NOTE in page.text
    assert "<b>and</b>" not in page.html
    (made,) = adopted(session)
    assert made.programme_id == people["chair"].organisation_id

    page = chair.send(path_of(WANTED, "/withdrawal"), {})
    assert "withdrawn" in page.text
    (made,) = adopted(session)
    assert made.withdrawn_by_id == people["chair"].id


def test_a_programme_named_in_a_forged_form_counts_for_nothing(
    chair: Browser, session: Session, people: People
) -> None:
    forged = {"programme_id": str(people["other_chair"].organisation_id), "seen": WANTED.sha256}

    chair.send(path_of(WANTED), forged | {"confirmed": "yes"})

    (made,) = adopted(session)
    assert made.programme_id == people["chair"].organisation_id


def test_another_programmes_adoption_is_not_withdrawn(
    sign_in: SignIn, session: Session, people: People
) -> None:
    adopt(session, people["chair"])

    sign_in("other_chair").send(path_of(WANTED, "/withdrawal"), {}, 409)

    (made,) = adopted(session)
    assert made.withdrawn_at is None


def test_an_edition_that_is_not_there_is_not_found(chair: Browser) -> None:
    chair.send(f"{PAGE}/no-such-edition", {"confirmed": "yes", "seen": "x"}, 404)
    chair.send(f"{PAGE}/no-such-edition/withdrawal", {}, 404)


@pytest.mark.parametrize(
    ("fields", "status", "says"),
    [
        ({"confirmed": "yes", "seen": "0" * 64}, 409, "has changed since you opened the page"),
        ({"confirmed": "yes"}, 409, "has changed since you opened the page"),
        ({"seen": WANTED.sha256}, 422, "Say that you have read it"),
        ({"seen": WANTED.sha256, "confirmed": "no"}, 422, "Say that you have read it"),
    ],
)
def test_what_is_refused_says_why_and_keeps_the_note(
    chair: Browser, session: Session, fields: dict[str, str], status: int, says: str
) -> None:
    page = chair.send(path_of(WANTED), fields | {"note": NOTE}, status)

    assert says in page.text
    assert page.fields(path_of(WANTED))["note"].strip() == NOTE
    assert adopted(session) == []


def test_a_form_without_its_token_adopts_nothing(chair: Browser, session: Session) -> None:
    fields = {"csrf_token": "forged", "seen": WANTED.sha256, "confirmed": "yes"}

    page = chair.open(path_of(WANTED), method="POST", data=fields | {"note": NOTE})

    assert adopted(session) == []
    assert page.fields(path_of(WANTED))["note"].strip() == NOTE


# What a case then shows


def test_a_case_shows_the_adopted_editions_and_by_whom(
    sign_in: SignIn, session: Session, people: People
) -> None:
    adopt(session, people["chair"])
    draft = make_draft(session, people)

    for rest in ("", "/submission"):
        page = sign_in("neurologist").visit(f"/referrals/{draft.id}{rest}")
        assert [h.get("id") for h in page.all(".//section[@class='edition']")] == [f"edition-{WANTED.id}"]
        assert f"Adopted by {PROGRAMME}: {people['chair'].name}" in page.text
        assert NOTE in page.text


def test_the_packet_names_who_adopted_or_that_nobody_has_reviewed(session: Session, people: People) -> None:
    adopt(session, people["chair"])
    send(session, make_draft(session, people), people["neurologist"])
    elsewhere = make_draft(session, people, programme="other_coordinator")
    send(session, elsewhere, people["neurologist"])
    here, there = session.scalars(select(ReferralVersion).order_by(ReferralVersion.signed_at))

    reviewed, not_reviewed = render_html(contents(here.snapshot)), render_html(contents(there.snapshot))

    assert f"Adopted by {PROGRAMME}: {people['chair'].name}" in reviewed
    assert "ot reviewed here" not in reviewed
    assert not_reviewed.count("Not reviewed here:") == len(first_shown())
    assert people["chair"].name not in not_reviewed


@pytest.mark.parametrize("who", ["neurologist", "delegate", "coordinator", "committee_member", "chair"])
def test_all_editions_are_worked_out_beside_what_was_signed(
    sign_in: SignIn, session: Session, people: People, who: str
) -> None:
    adopt(session, people["chair"])
    draft = make_draft(session, people)
    signed = send(session, draft, people["neurologist"]).snapshot_sha256
    browser = sign_in(who)
    assert f"/referrals/{draft.id}?editions=all" in browser.visit(f"/referrals/{draft.id}").html

    page = browser.visit(f"/referrals/{draft.id}?editions=all")

    assert "Worked out now, not part of the signed version" in page.text
    links = [link.get("href") for link in page.all(".//tbody//th/a")]
    assert links == [f"/library/{name}" for name in library()]
    assert page.text.count("Adopted by") == 1
    assert session.scalars(select(ReferralVersion.snapshot_sha256)).all() == [signed]


def test_all_editions_of_a_draft_are_marked_as_a_draft(
    sign_in: SignIn, session: Session, people: People
) -> None:
    draft = make_draft(session, people, NOT_MET)

    page = sign_in("neurologist").visit(f"/referrals/{draft.id}?editions=all")

    assert "Worked out now from the draft as saved" in page.text
    assert "signed version" not in page.text
    cells = page.all(".//tbody//details")
    assert len(cells) > 4 * len(library())


@pytest.mark.parametrize("who", ["other_neurologist", "other_coordinator", "auditor", "administrator"])
def test_all_editions_of_a_foreign_case_are_not_found(
    sign_in: SignIn, session: Session, people: People, who: str
) -> None:
    draft = make_draft(session, people)
    send(session, draft, people["neurologist"])

    sign_in(who).visit(f"/referrals/{draft.id}?editions=all", 404)


def test_the_form_says_whose_editions_it_shows(sign_in: SignIn, session: Session, people: People) -> None:
    draft = make_draft(session, people)
    browser = sign_in("neurologist")
    edit = f"/referrals/{draft.id}/edit/edss"

    assert f"{PROGRAMME} has adopted no edition" in browser.visit(edit).text
    adopt(session, people["chair"])
    assert f"The editions that {PROGRAMME} has adopted" in browser.visit(edit).text


# Lists


def test_the_inbox_has_a_column_for_each_edition_adopted_now(
    sign_in: SignIn, session: Session, people: People
) -> None:
    send(session, make_draft(session, people), people["neurologist"])
    adopt(session, people["chair"])
    send(session, make_draft(session, people), people["neurologist"])

    page = sign_in("coordinator").visit("/inbox")

    assert [head.get("title") for head in page.all(".//thead//abbr")] == [WANTED.title]
    marks = ["".join(cell.itertext()) for cell in page.all(".//td[@class='list-mark']")]
    assert sum("not asked" in mark for mark in marks) == 1
    assert len(marks) == 2


def test_a_clinics_list_has_a_column_for_each_edition_that_a_case_was_put_against(
    sign_in: SignIn, session: Session, people: People
) -> None:
    send(session, make_draft(session, people), people["neurologist"])
    adopt(session, people["chair"])
    send(session, make_draft(session, people), people["neurologist"])

    page = sign_in("neurologist").visit("/referrals")

    wanted = {WANTED.title, *(edition.title for edition in first_shown())}
    shown = [head.get("title") for head in page.all(".//thead//abbr")]
    assert set(shown) == wanted
    assert len(shown) == len(wanted)
