"""The trail is a chain: whoever rewrites it is found out, and who does not is believed."""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Connection, Engine, text
from sqlalchemy.orm import Session

from app import create_app
from referral import audit, clock
from referral.extensions import db
from referral.models import AuditEntry, Referral, User
from tests.conftest import settings_for
from tests.proofs import report

ENTRIES, OLDER, TAMPERINGS = 40, 5, 1000
COLUMNS = ("id", "at", "actor_id", "deed", "referral_id", "detail", "digest")


@pytest.fixture
def owner(database: str, app: Flask) -> Iterator[Engine]:
    """The database as its owner opens it, who may take the triggers away and alone can."""
    with create_app(settings_for(database)).app_context():
        engine = db.engine
    yield engine
    engine.dispose()


@pytest.fixture
def trail(owner: Engine, session: Session, people: dict[str, User], case: Referral) -> list[tuple[Any, ...]]:
    """A trail whose first entries are older than the chain."""
    session.commit()
    unchained(owner, OLDER)
    actors = [people["neurologist"], people["coordinator"], None]
    for number in range(ENTRIES):
        about = case if number % 3 else None
        audit.record(session, actors[number % 3], f"deed_{number % 7}", about, number=number, name="Ångström")
    session.commit()
    found = rows(session.connection())
    session.commit()
    return found


def unchained(owner: Engine, count: int) -> None:
    """Put the chain's beginning behind so many entries that were written without it."""
    with Session(owner) as window:
        refuse_nothing(window.connection())
        window.execute(text("UPDATE audit_entry SET digest = NULL"))
        window.add_all(AuditEntry(deed="long_ago", detail={"n": number}) for number in range(count))
        window.commit()


def refuse_nothing(connection: Connection) -> None:
    """Take the triggers away, as the owner of the database can."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("DROP TRIGGER IF EXISTS audit_entry_is_not_changed ON audit_entry"))
        return
    for past in ("updated", "deleted"):
        connection.execute(text(f"DROP TRIGGER IF EXISTS audit_entry_is_not_{past}"))


def rows(connection: Connection) -> list[tuple[Any, ...]]:
    listed = connection.execute(text(f"SELECT {', '.join(COLUMNS)} FROM audit_entry ORDER BY id"))  # noqa: S608  # our own names
    return [tuple(row) for row in listed]


def restore(connection: Connection, kept: list[tuple[Any, ...]]) -> None:
    connection.execute(text("DELETE FROM audit_entry"))
    if not kept:
        return
    values = ", ".join(f":{name}" for name in COLUMNS)
    connection.execute(
        text(f"INSERT INTO audit_entry ({', '.join(COLUMNS)}) VALUES ({values})"),  # noqa: S608  # our own names
        [dict(zip(COLUMNS, row, strict=True)) for row in kept],
    )


def other(name: str, value: Any, chance: random.Random, known: list[tuple[Any, ...]]) -> Any:
    """Another value that the column takes."""
    if name == "id":
        return max(row[0] for row in known) + chance.randint(1, 9)
    if name == "at":
        moment = value if not isinstance(value, str) else clock.now().fromisoformat(value)
        moment += timedelta(microseconds=chance.choice([-1, 1, 86_400_000_000]))
        return moment.isoformat(timespec="microseconds") if isinstance(value, str) else moment
    if name in ("actor_id", "referral_id"):
        at = COLUMNS.index(name)
        return chance.choice([each for each in {None, *(row[at] for row in known)} if each != value])
    if name == "detail":
        return value[:-1] + ("," if len(value) > 2 else "") + '"more":1}'
    if name == "digest":
        return "0" * 64 if value is None else chance.choice([None, value[::-1]])
    return f"{value}_not"


def edit(rows: list[tuple[Any, ...]], chance: random.Random) -> list[tuple[Any, ...]]:
    place, column = chance.randrange(len(rows)), chance.randrange(len(COLUMNS))
    changed = list(rows[place])
    changed[column] = other(COLUMNS[column], changed[column], chance, rows)
    return [*rows[:place], tuple(changed), *rows[place + 1 :]]


def alter_a_sign(rows: list[tuple[Any, ...]], chance: random.Random) -> list[tuple[Any, ...]]:
    """One letter or figure of one text becomes another."""
    place, column = chance.randrange(len(rows)), COLUMNS.index(chance.choice(("deed", "detail", "digest")))
    text_ = str(rows[place][column] or "")
    places = [at for at, sign in enumerate(text_) if sign.isascii() and sign.isalnum()]
    if not places:
        return rows
    at, sign = chance.choice(places), chance.choice("123456789abcdef")
    changed = (*rows[place][:column], text_[:at] + sign + text_[at + 1 :], *rows[place][column + 1 :])
    return [*rows[:place], changed, *rows[place + 1 :]]


def leave_out(rows: list[tuple[Any, ...]], chance: random.Random) -> list[tuple[Any, ...]]:
    place = chance.randrange(len(rows))
    return rows[:place] + rows[place + 1 :]


def swap(rows: list[tuple[Any, ...]], chance: random.Random) -> list[tuple[Any, ...]]:
    """Two entries change places, with or without their digests; the ids stay in order."""
    one, two = sorted(chance.sample(range(len(rows)), 2))
    kept = chance.choice([1, 0])
    a, b = rows[one], rows[two]
    end = len(COLUMNS) - kept
    changed = list(rows)
    changed[one], changed[two] = (a[0], *b[1:end], *a[end:]), (b[0], *a[1:end], *b[end:])
    return changed


def put_in(rows: list[tuple[Any, ...]], chance: random.Random) -> list[tuple[Any, ...]]:
    """A made-up entry before the first, or behind the last."""
    like = chance.choice(rows)
    number = chance.choice([0, max(row[0] for row in rows) + 1])
    return [*rows, (number, *like[1:-1], chance.choice([None, like[-1], "a" * 64]))]


def cut(rows: list[tuple[Any, ...]], chance: random.Random) -> list[tuple[Any, ...]]:
    return rows[: chance.randrange(len(rows))]


def test_a_trail_that_nobody_touched_holds(session: Session, trail: list[tuple[Any, ...]]) -> None:
    found = audit.verify(session, {})

    assert (found.broken, found.holding) == (None, len(trail))
    assert sum(row[-1] is None for row in trail) >= OLDER


def test_every_tampering_is_found(
    owner: Engine, session: Session, trail: list[tuple[Any, ...]], tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:  # fmt: skip
    session.commit()
    assert audit.write_anchor(session, tmp_path / "anchor", clock.now()) == trail[-1][0]
    session.rollback()
    anchored = audit.read_anchors(tmp_path / "anchor")
    chance, missed, done = random.Random(20261122), [], 0  # noqa: S311  # no secret
    ways: list[Callable[..., list[tuple[Any, ...]]]] = [
        edit,
        edit,
        alter_a_sign,
        leave_out,
        swap,
        put_in,
        cut,
    ]
    found, unanchored = Counter[str](), 0
    with Session(owner) as window:
        refuse_nothing(window.connection())
        while done < TAMPERINGS:
            way = chance.choice(ways)
            tampered = way(list(trail), chance)
            if tampered == trail:
                continue  # two alike changed places
            undone = window.begin_nested()
            restore(window.connection(), tampered)
            if audit.verify(window, anchored).broken is None:
                missed.append((way.__name__, done))
            if way is cut:  # the control: without the heads that lie elsewhere nobody could tell
                unanchored += audit.verify(window, {}).broken is None
            found[way.__name__] += 1
            undone.rollback()
            done += 1
        assert audit.verify(window, anchored).broken is None, "left alone, it holds"
        window.rollback()

    assert missed == []
    assert unanchored > 0
    kind = owner.dialect.name
    record_property("counted", f"{kind}, tamperings found: {done} of {done}")
    said = f"of {found['cut']} tails that were cut off, {unanchored} are missed"
    report.write(
        f"tampering-{kind}", f"Tampering with the trail, on {kind}",
        {"tamperings": done, "found": done - len(missed), **found}, {"the heads elsewhere are not looked at": said},
    )  # fmt: skip


def test_the_commands_anchor_the_head_and_find_a_cut_tail(
    app: Flask, owner: Engine, trail: list[tuple[Any, ...]]
) -> None:
    run = app.test_cli_runner().invoke

    assert f"Entry {trail[-1][0]} is anchored" in run(args=["audit", "anchor"]).output
    assert "Nothing new" in run(args=["audit", "anchor"]).output
    held = run(args=["audit", "verify"])
    assert held.exit_code == 0, held.output
    assert f"{len(trail)} entries, 1 heads" in held.output

    with Session(owner) as window:
        refuse_nothing(window.connection())
        window.execute(text("DELETE FROM audit_entry WHERE id = :last"), {"last": trail[-1][0]})
        window.commit()
    cut_off = run(args=["audit", "verify"])
    assert cut_off.exit_code == 1
    assert f"Entry {trail[-1][0]} does not hold" in cut_off.output


def test_an_anchor_file_that_cannot_be_read_is_not_passed_over(tmp_path: Path) -> None:
    for lines in ("what is this\n", f"1 {'a' * 64} then\n1 {'b' * 64} then\n"):
        (tmp_path / "anchor").write_text(lines)
        with pytest.raises(audit.AnchorError, match="anchor file"):
            audit.read_anchors(tmp_path / "anchor")


# Another key

OLD_KEY, NEW_KEY = "another key, for tests only", "n" * 64


def exchanged(app: Flask) -> tuple[Flask, audit.OldKey]:
    """The same installation, started under the new key that the command has made and named."""
    told = app.test_cli_runner().invoke(args=["audit", "new-key"])
    assert told.exit_code == 0, told.output
    given = dict(line.partition("=")[::2] for line in told.stdout.splitlines())
    assert set(given) == {"AUDIT_KEY", "AUDIT_KEYS_BEFORE"}
    assert len(given["AUDIT_KEY"]) == 64
    again = started(app, given["AUDIT_KEY"], given["AUDIT_KEYS_BEFORE"])
    return again, audit.read_old_keys(given["AUDIT_KEYS_BEFORE"])[-1]


STARTED: list[Flask] = []


@pytest.fixture(autouse=True)
def _ended() -> Iterator[None]:
    """End whatever a test has started."""
    yield
    while STARTED:
        with STARTED.pop().app_context():
            db.engine.dispose()


def started(app: Flask, key: str, before: str = "") -> Flask:
    address = app.config["SQLALCHEMY_DATABASE_URI"]
    again = create_app(replace(settings_for(address), audit_key=key, audit_keys_before=before))
    again.config["AUDIT_ANCHOR"] = app.config["AUDIT_ANCHOR"]
    STARTED.append(again)
    return again


def write_some(app: Flask, count: int = 3) -> None:
    with app.app_context():
        for number in range(count):
            audit.record(db.session(), None, "deed_later", number=number)
        db.session.commit()


def said(app: Flask) -> str:
    found = app.test_cli_runner().invoke(args=["audit", "verify"])
    with app.app_context():
        db.engine.dispose()
    return found.output


def test_the_trail_goes_on_under_a_new_key_and_holds_with_its_heads(
    app: Flask, trail: list[tuple[Any, ...]]
) -> None:
    assert "is anchored" in app.test_cli_runner().invoke(args=["audit", "anchor"]).output
    newer, old = exchanged(app)
    assert (old.last, old.digest, old.key) == (trail[-1][0], trail[-1][-1], OLD_KEY)
    assert f"The trail holds: {len(trail)} entries" in said(newer), "before anything is written"
    write_some(newer)
    assert "is anchored" in newer.test_cli_runner().invoke(args=["audit", "anchor"]).output

    assert f"The trail holds: {len(trail) + 3} entries, 2 heads" in said(newer)
    newest, _ = exchanged(newer)
    write_some(newest)
    assert f"The trail holds: {len(trail) + 6} entries, 2 heads" in said(newest), "and a third"
    key = newest.config["SQLALCHEMY_ENGINE_OPTIONS"]["execution_options"]["audit_key"]
    assert "does not hold" in said(started(app, key)), "it takes the old ones too"


def forged(window: Session, begin: int, key: str) -> None:
    """Rewrite the trail from an entry on with one key, each digest right behind the one before."""
    digest = ""
    for link in list(audit._walk(window)):
        if link.id < begin:
            digest = link.digest or audit._digest_of_all(window, audit.Keys(key))
            continue
        told = replace(link, deed="deed_forged")
        digest = told.seal(key, digest)
        window.execute(
            text("UPDATE audit_entry SET deed = :deed, digest = :digest WHERE id = :id"),
            {"deed": told.deed, "digest": digest, "id": link.id},
        )


@pytest.mark.parametrize("begin", ["before the change", "behind the change"])
@pytest.mark.parametrize("whole", [True, False], ids=["all of it", "without what is under the new key"])
def test_whoever_has_the_old_key_rewrites_nothing(
    app: Flask, owner: Engine, trail: list[tuple[Any, ...]], begin: str, whole: bool
) -> None:
    newer, old = exchanged(app)
    write_some(newer)
    with Session(owner) as window:
        refuse_nothing(window.connection())
        if not whole:
            window.execute(text("DELETE FROM audit_entry WHERE id > :last"), {"last": old.last})
        forged(window, old.last - 2 if begin == "before the change" else old.last + 1, OLD_KEY)
        window.commit()

    if begin == "behind the change" and not whole:
        assert "The trail holds" in said(newer), "a cut tail is told by the heads elsewhere, as ever"
    else:
        assert "does not hold" in said(newer)


def test_a_trail_that_does_not_hold_gets_no_new_key(
    app: Flask, owner: Engine, trail: list[tuple[Any, ...]]
) -> None:
    with Session(owner) as window:
        refuse_nothing(window.connection())
        window.execute(text("UPDATE audit_entry SET deed = 'x' WHERE id = :id"), {"id": trail[-1][0]})
        window.commit()
    refused = app.test_cli_runner().invoke(args=["audit", "new-key"])

    assert refused.exit_code == 1
    assert "AUDIT_KEY" not in refused.output


def test_who_wrote_on_with_the_old_key_is_told_before_the_server_starts(
    app: Flask, session: Session, trail: list[tuple[Any, ...]]
) -> None:
    newer, old = exchanged(app)
    session.commit()
    options = newer.config["SQLALCHEMY_ENGINE_OPTIONS"]["execution_options"]
    keys = audit.Keys(options["audit_key"], options["audit_keys_before"])
    assert audit.head_fits(session, keys)
    assert not audit.head_fits(session, audit.Keys(NEW_KEY)), "changed, and the old one not named"

    audit.record(session, None, "deed_late")  # a machine that was not stopped
    session.commit()

    assert not audit.head_fits(session, keys)
    assert f"Entry {old.last + 1} does not hold" in said(newer)


@pytest.mark.parametrize("given", ["1", f"x:{'a' * 64}:k", "1:aa:k", f"1:{'a' * 64}:",
                                   f"2:{'a' * 64}:k,1:{'b' * 64}:l"])  # fmt: skip
def test_old_keys_that_are_none_are_refused_without_being_shown(given: str) -> None:
    with pytest.raises(ValueError, match="AUDIT_KEYS_BEFORE: key") as told:
        audit.read_old_keys(given)
    assert "aaa" not in str(told.value)
