"""What lists find a case by is kept beside it, and says what the newest version says."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from referral import demo
from referral.actions import copies, finding, inbox, moves
from referral.actions.finding import first_change, words_of
from referral.columns import ring_of
from referral.models import Referral, ReferralVersion, SearchWord, StandingVerdict, User
from tests.at_hand import COMPLETE, NOT_MET, make_draft, send

People = dict[str, User]


def check_kept(session: Session) -> int:
    """Hold what is kept of every case against what is worked out from its newest version; count those signed."""
    session.flush()
    signed = 0
    for case in session.scalars(select(Referral)):
        session.refresh(case, ["versions"])
        newest = case.versions[-1] if case.versions else None
        standing = select(StandingVerdict.edition, StandingVerdict.verdict)
        said = session.execute(standing.where(StandingVerdict.referral_id == case.id))
        words = session.scalars(select(SearchWord.word).where(SearchWord.referral_id == case.id))
        assert dict(said.all()) == (newest.verdicts if newest else {})
        assert set(words) == (finding.words_for(ring_of(session), case) if newest else set())
        assert case.next_change_on == (first_change(newest) if newest else None)
        signed += newest is not None
    return signed


def test_all_that_is_kept_of_the_invented_people_is_what_their_versions_say(session: Session) -> None:
    demo.load(session, with_packets=False)

    assert check_kept(session) > 20


def test_what_was_signed_of_each_of_them_names_where_it_went(session: Session) -> None:
    demo.load(session, with_packets=False)

    signed = session.scalars(select(ReferralVersion)).all()
    assert len(signed) > 20
    for version in signed:
        programme = version.referral.programme
        assert programme is not None
        assert version.snapshot["programme"] == {"name": programme.name}


def test_it_stays_so_after_each_deed(session: Session, people: People) -> None:
    case, other = make_draft(session, people, COMPLETE), make_draft(session, people, NOT_MET)
    assert check_kept(session) == 0
    send(session, case, people["neurologist"])
    assert check_kept(session) == 1
    send(session, other, people["neurologist"], reason="Please look.")
    moves.move(session, case, "start_review", actor=people["coordinator"])
    inbox.assign(session, case, people["coordinator"].id, seen=case.owner_id, actor=people["coordinator"])
    moves.move(session, other, "withdraw", actor=people["neurologist"], reason="Moved away.")
    copies.copy_as_new(session, other, actor=people["neurologist"])

    assert check_kept(session) == 2


def test_a_word_is_found_folded_and_from_every_part_of_it_on() -> None:
    assert words_of("P-2026-0004", "Żelazowska-Holm", None) == [
        "0004",
        "20260004",
        "holm",
        "p20260004",
        "zelazowskaholm",
    ]
    assert words_of("O'Neill", "- %") == ["neill", "oneill"]
