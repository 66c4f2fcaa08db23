"""What lies in the database and in files says nothing to whoever has not the keys; keys change; a lost one says so."""

import json
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import pytest
import yaml
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import LargeBinary, Text, select, text, type_coerce, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app import create_app
from referral import demo
from referral.actions import duplicates, resealing
from referral.attachments import FileLostError
from referral.attachments import Store as Files
from referral.columns import Sealed
from referral.extensions import db
from referral.models import Base, DataKey, PersonKey, Referral, ReferralVersion, SearchWord
from referral.sealing import Key, KeyLostError, Ring, SealBrokenError
from referral.settings import Settings
from tests.attachments.made import pdf
from tests.conftest import DATA_KEYS, settings_for
from tests.stores import Store

OLD = Ring.read(DATA_KEYS).newest
NEW = Key("thenewer", b"for tests, but another 32 bytes!")
PLAIN = Path(__file__).parent.parent.parent / "docs" / "security" / "at-rest.yaml"


def opened_with(app: Flask, *keys: Key) -> Flask:
    """The same installation, started with these keys."""
    with app.app_context():
        db.engine.dispose()
    given = settings_for(app.config["SQLALCHEMY_DATABASE_URI"])
    settings = Settings(
        given.secret_key, given.database_url, audit_key=given.audit_key, data_keys=Ring(keys).text,
        attachments=app.config["ATTACHMENTS"], audit_anchor=given.audit_anchor, database_role=given.database_role,
    )  # fmt: skip
    return create_app(settings)


# The ring


def test_a_value_opens_only_as_what_it_was_sealed_as() -> None:
    ring = Ring((OLD,))
    sealed = ring.seal_text("referral.family_name", "Quillfeather")

    assert "Quill" not in sealed
    assert ring.open_text("referral.family_name", sealed) == "Quillfeather"
    assert ring.seal_text("referral.family_name", "Quillfeather") != sealed, "alike values do not look alike"
    with pytest.raises(SealBrokenError, match=r"referral\.given_name cannot be opened"):
        ring.open_text("referral.given_name", sealed)


@pytest.mark.parametrize(
    "change", [lambda sealed: sealed[:-2] + bytes(2), lambda sealed: sealed[:20], lambda _: b"x"]
)
def test_what_was_changed_does_not_open(change: Callable[[bytes], bytes]) -> None:
    ring = Ring((OLD,))
    sealed = ring.seal("packet.pdf", b"%PDF-" + bytes(900))

    with pytest.raises(SealBrokenError):
        ring.open("packet.pdf", change(sealed))


def test_a_key_that_is_not_there_is_told_by_its_name_and_nothing_else() -> None:
    sealed = Ring((OLD,)).seal_text("message.text", "x")

    with pytest.raises(KeyLostError, match="not at hand: fortests") as told:
        Ring((NEW,)).open_text("message.text", sealed)
    assert OLD.entry.partition(":")[2] not in str(told.value) + repr(Ring((OLD,)))


@pytest.mark.parametrize(
    "given",
    ["", "fortests", "fortests:AAAA", "TOOLARGE:" + "A" * 43 + "=", "a:b:c", f"{DATA_KEYS},{DATA_KEYS}"],
)
def test_keys_that_are_none_are_refused_without_being_shown(given: str) -> None:
    with pytest.raises(ValueError, match="DATA_KEYS") as told:
        Ring.read(given)
    assert "AAAA" not in str(told.value)


def test_a_digest_is_another_for_each_key_and_place() -> None:
    ring = Ring((NEW, OLD))

    assert len({*ring.digests("a.b", "x"), *ring.digests("a.c", "x"), *ring.digests("a.b", "y")}) == 6
    assert ring.digests("a.b", "x")[1] == Ring((OLD,)).digests("a.b", "x")[0]


# The columns


def test_each_column_of_text_or_bytes_is_sealed_or_has_a_reason_to_be_plain() -> None:
    plain = yaml.safe_load(PLAIN.read_text("utf-8"))["plain"]
    told = {f"{table}.{name}" for table, columns in plain.items() for name in columns}
    every = {
        f"{table.name}.{column.name}": column.type
        for table in Base.metadata.sorted_tables
        for column in table.columns
    }
    free = {
        name for name, kind in every.items()
        if isinstance(getattr(kind, "impl_instance", kind), Text | LargeBinary)
        and type(kind).__name__ not in ("Sealed", "Id", "UtcTime", "Word", "Flag")
    }  # fmt: skip

    assert free == told
    assert all(reason for columns in plain.values() for reason in columns.values())
    assert [name for name, kind in every.items() if isinstance(kind, Sealed) and kind.place != name] == []


def test_nobody_looks_for_a_sealed_value(session: Session) -> None:
    with pytest.raises(TypeError, match="found by a digest"):
        select(Referral).where(Referral.family_name == "Quillfeather")


def raw(session: Session) -> str:
    """All that lies in the tables, as the database has it."""
    told = []
    for table in Base.metadata.sorted_tables:
        for row in session.execute(text(f'SELECT * FROM "{table.name}"')):  # noqa: S608 - a name of ours
            told.append(repr(tuple(bytes(each) if isinstance(each, memoryview) else each for each in row)))
    return "\n".join(told)


def words_about(session: Session) -> set[str]:
    """Names, numbers and birth dates of the people there are."""
    found: set[str] = set()
    for version in session.scalars(select(ReferralVersion)):
        identity = version.snapshot["identity"]
        found |= {
            identity[name] for name in ("family_name", "given_name", "birth_date") if identity.get(name)
        }
        found |= {each["value"] for each in identity.get("identifiers") or ()}
    return {each for each in found if len(each) > 5}


@pytest.fixture(scope="module")
def filled(store: Store, migrated_database: str) -> Iterator[str]:
    """A database with the invented people in it, made once, to be copied."""
    address = store.copy(migrated_database)
    app = create_app(settings_for(address))
    with app.app_context():
        demo.load(db.session(), with_packets=False)
        db.session.commit()
        db.session.remove()
        db.engine.dispose()
    yield address
    store.drop(address)


@pytest.fixture
def database(store: Store, filled: str) -> Iterator[str]:
    """A copy of it, as its owner opens it."""
    address = store.copy(filled)
    yield address
    store.drop(address)


@pytest.fixture
def peopled(session: Session) -> Session:
    """An installation with the invented people in it."""
    return session


def test_no_name_number_or_birth_date_lies_there_in_the_clear(peopled: Session) -> None:
    about, lies = words_about(peopled), raw(peopled)

    assert len(about) > 40
    assert [word for word in about if word in lies] == []


def test_going_down_opens_and_going_up_seals_what_is_there(
    app: Flask, database: str, peopled: Session
) -> None:
    owners = create_app(settings_for(database))
    owners.config["ATTACHMENTS"] = app.config["ATTACHMENTS"]
    about = words_about(peopled)
    before = {case.number: (case.typed, case.family_name) for case in peopled.scalars(select(Referral))}
    found = set(peopled.execute(select(SearchWord.referral_id, SearchWord.word)).all())
    peopled.commit()
    with owners.app_context():
        downgrade(revision="0025")  # before anything was sealed
        db.engine.dispose()
    opened = {
        number: json.loads(typed)
        for number, typed in peopled.execute(text("SELECT number, typed FROM referral"))
    }
    peopled.commit()
    with owners.app_context():
        upgrade()
        db.engine.dispose()
    peopled.expire_all()

    assert opened == {number: typed for number, (typed, _) in before.items()}
    assert {
        case.number: (case.typed, case.family_name) for case in peopled.scalars(select(Referral))
    } == before
    assert set(peopled.execute(select(SearchWord.referral_id, SearchWord.word)).all()) == found
    assert [word for word in about if word in raw(peopled)] == []


# Other keys


def test_keys_are_changed_while_everything_stays_what_it_was(app: Flask, peopled: Session) -> None:
    before = {
        case.id: (case.typed, case.family_name, case.updated_at) for case in peopled.scalars(select(Referral))
    }
    signed = {each.id: each.snapshot for each in peopled.scalars(select(ReferralVersion))}
    peopled.commit()
    both = opened_with(app, NEW, OLD)
    with both.app_context():
        told = both.test_cli_runner().invoke(args=["keys", "rotate"])
        db.engine.dispose()
    alone = opened_with(app, NEW)
    with alone.app_context(), Session(db.engine) as session:
        after = {
            case.id: (case.typed, case.family_name, case.updated_at)
            for case in session.scalars(select(Referral))
        }
        again = {each.id: each.snapshot for each in session.scalars(select(ReferralVersion))}
        names = session.scalars(select(DataKey.name)).all()
        lies = raw(session)
        people = {case.id: resealing.identity_of(session, case) for case in session.scalars(select(Referral))}
        digests = {
            id_: duplicates.as_kept(Ring((NEW,)), duplicates.keys_of(who)) for id_, who in people.items()
        }
        kept: dict[object, set[str]] = {}
        for id_, key in session.execute(select(PersonKey.referral_id, PersonKey.key)):
            kept.setdefault(id_, set()).add(key)
    with alone.app_context():
        db.engine.dispose()

    assert told.exit_code == 0, told.output
    assert "take it out of DATA_KEYS" in told.output
    assert after == before
    assert again == signed
    assert names == [NEW.name]
    assert f"pons1.{OLD.name}" not in lies
    assert {id_: keys for id_, keys in digests.items() if keys} == kept


def test_what_was_signed_is_sealed_anew_and_never_said_anew(peopled: Session) -> None:
    version = peopled.scalars(select(ReferralVersion)).first()
    assert version is not None
    for told in ({"snapshot": {"other": 1}}, {"reason": "Another reason."}):
        with pytest.raises(IntegrityError, match="what was signed is not changed"):
            peopled.execute(update(ReferralVersion).where(ReferralVersion.id == version.id).values(told))
        peopled.rollback()


def test_a_lost_key_is_told_by_name_and_nothing_is_shown_as_empty(app: Flask, peopled: Session) -> None:
    peopled.commit()
    other = opened_with(app, NEW)
    told = other.test_cli_runner().invoke(args=["keys", "check"])
    page = other.test_client().get("/sign-in")
    home = other.test_client().post("/sign-in", data={"email": "x"})
    impostor = opened_with(app, Key(OLD.name, NEW.secret))
    wrong = impostor.test_cli_runner().invoke(args=["keys", "check"])
    for each in (other, impostor):
        with each.app_context():
            db.engine.dispose()

    assert told.exit_code == 1
    assert "not at hand: fortests" in told.output
    assert "Traceback" not in told.output + wrong.output
    assert wrong.exit_code == 1
    assert "another key by the name fortests" in wrong.output
    assert {page.status_code, home.status_code} <= {200, 400, 503}


def test_what_was_changed_in_the_database_is_named(app: Flask, peopled: Session) -> None:
    case = peopled.scalars(select(Referral).where(Referral.family_name.is_not(None))).first()
    assert case is not None
    other = peopled.scalar(select(type_coerce(Referral.given_name, Text)).where(Referral.id == case.id))
    peopled.execute(text("UPDATE referral SET family_name = :other WHERE number = :number"),
                    {"other": other, "number": case.number})  # fmt: skip
    peopled.commit()
    told = app.test_cli_runner().invoke(args=["keys", "check"])

    assert told.exit_code == 1
    assert f"cannot be opened: referral.family_name of {case.id}" in told.output
    assert "1 cannot be opened." in told.output


# Files


def kept_file(store: Files) -> tuple[str, str, bytes]:
    """A file in the store: its name, its digest, and what it is."""
    content = pdf(1)
    with store.rebuilt("letter.pdf", BytesIO(content)) as rebuilt:
        kept = (rebuilt.folder / "content").read_bytes()
        return store.keep(rebuilt), rebuilt.sha256, kept


def test_files_lie_sealed_and_open_as_they_were(tmp_path: Path) -> None:
    store = Files(tmp_path, Ring((OLD,)))
    name, digest, content = kept_file(store)
    lying = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]

    assert len(lying) == 3
    assert all(each.startswith(b"pons1.fortests.") for each in lying)
    assert store.content(name, digest) == content
    assert store.page(name, 1).startswith(b"\x89PNG")


def test_a_file_in_the_place_of_another_does_not_open(tmp_path: Path) -> None:
    store = Files(tmp_path, Ring((OLD,)))
    (one, _, _), (other, digest, _) = kept_file(store), kept_file(store)
    (tmp_path / one / "content").replace(tmp_path / other / "content")

    with pytest.raises(FileLostError):
        store.content(other, digest)


def test_an_older_file_opens_as_it_is_and_is_sealed_by_the_next_rotation(tmp_path: Path) -> None:
    store = Files(tmp_path, Ring((NEW, OLD)))
    name, digest, content = kept_file(store)
    store.unseal(name, "content")
    (tmp_path / name / "content.new").write_bytes(b"half of")  # what a crash may leave
    assert (tmp_path / name / "content").read_bytes() == content == store.content(name, digest)

    found = resealing.seal_files(store)

    assert found.anew == 1
    assert store.content(name, digest) == content
    assert {store.sealed_with(name, part) for _, part in store.parts()} == {NEW.name}
    assert resealing.seal_files(store).anew == 0
