"""What is kept of a good file: every page and every pixel, and nothing else."""

import io
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from queue import LifoQueue

import pikepdf
import pypdfium2
import pytest
from PIL import Image
from sqlalchemy.orm import Session

from referral import caged, clock
from referral.actions import attachments as actions
from referral.attachments import FileLostError, FileRefusedError, Rebuilt, Store, label_from
from referral.attachments.pdf import without_notes
from referral.models import User
from referral.sealing import Key, Ring
from tests.at_hand import make_draft
from tests.attachments.hostile import with_form
from tests.attachments.made import Array, Dictionary, Name, new_pdf, pdf, picture, saved


@pytest.fixture
def cabinet(tmp_path: Path) -> Store:
    return Store(tmp_path / "attachments", Ring((Key.new(),)))


@contextmanager
def kept(cabinet: Store, name: str, content: bytes) -> Iterator[tuple[Rebuilt, bytes]]:
    with cabinet.rebuilt(name, io.BytesIO(content)) as rebuilt:
        yield rebuilt, (rebuilt.folder / "content").read_bytes()


def words_of(content: bytes) -> str:
    with pypdfium2.PdfDocument(content) as document:
        texts = []
        for page in document:
            text = page.get_textpage()
            texts.append(text.get_text_bounded())
            text.close()
            page.close()
        return " ".join(texts)


def test_the_pages_of_a_document_are_kept_with_their_words(cabinet: Store) -> None:
    with kept(cabinet, "letter.PDF", pdf(60)) as (rebuilt, content):
        assert rebuilt.pages == 60
        assert "Letter page 1" in words_of(content)
        assert "Letter page 60" in words_of(content)


def test_the_same_file_is_rebuilt_the_same(cabinet: Store) -> None:
    with kept(cabinet, "a.pdf", pdf(3)) as (first, _), kept(cabinet, "b.pdf", pdf(3)) as (second, _):
        assert first.sha256 == second.sha256


def test_what_was_typed_into_a_form_stays_on_the_page(cabinet: Store) -> None:
    with kept(cabinet, "form.pdf", with_form()) as (_, content):
        assert "typed" in words_of(content)


def test_names_that_anybody_may_choose_are_left_alone(cabinet: Store) -> None:
    made = new_pdf()
    made.pages[0].obj.Resources.Font = Dictionary(JS=made.pages[0].obj.Resources.Font.F1)
    made.pages[0].obj.Contents = made.make_stream(b"BT /JS 24 Tf 72 720 Td (Named) Tj ET")
    made.pages[0].obj.Resources.Font.JS.Encoding = Dictionary(
        Type=Name.Encoding, Differences=Array([65, Name.A, Name.B])
    )
    with kept(cabinet, "a.pdf", saved(made)) as (_, content):
        assert "Named" in words_of(content)


@pytest.mark.parametrize("mode", ["1", "L", "RGB", "I;16"])
def test_every_pixel_of_a_picture_is_kept(cabinet: Store, mode: str) -> None:
    given = Image.new(mode, (64, 48))
    given.putdata([(n * 37) % 251 if mode != "RGB" else (n % 251, n % 7, n % 13) for n in range(64 * 48)])
    out = io.BytesIO()
    given.save(out, "PNG")

    with (
        kept(cabinet, "scan.png", out.getvalue()) as (rebuilt, content),
        Image.open(io.BytesIO(content)) as found,
    ):
        assert found.mode == mode
        assert found.tobytes() == given.tobytes()
        assert (rebuilt.media_type, rebuilt.pages) == ("image/png", 1)


def test_a_photograph_stands_upright_and_says_nothing_of_its_place(cabinet: Store) -> None:
    turned = Image.Exif()
    turned[0x0112] = 6
    with (
        kept(cabinet, "photo.jpg", picture("JPEG", (60, 40), exif=turned)) as (_, content),
        Image.open(io.BytesIO(content)) as found,
    ):
        assert found.size == (40, 60)
        assert dict(found.getexif()) == {}


def test_what_was_transparent_is_white(cabinet: Store) -> None:
    with (
        kept(cabinet, "a.png", picture("PNG", mode="RGBA", colour=(0, 0, 0, 0))) as (_, content),
        Image.open(io.BytesIO(content)) as found,
    ):
        assert found.getpixel((0, 0)) == (255, 255, 255)


def test_each_page_is_drawn_at_a_modest_size(cabinet: Store) -> None:
    with cabinet.rebuilt("a.pdf", io.BytesIO(pdf(3))) as rebuilt:
        name = cabinet.keep(rebuilt)

    for number in (1, 2, 3):
        with Image.open(io.BytesIO(cabinet.page(name, number))) as drawn:
            assert drawn.width <= 800
            assert drawn.height <= 1131
            assert len(drawn.getcolors(1_000_000) or ()) > 1, "something is drawn on it"
    with Image.open(io.BytesIO(cabinet.thumbnail(name))) as small:
        assert max(small.size) <= 226


@pytest.mark.parametrize("colour", [(90, 90, 90), (200, 30, 30)])
def test_a_page_is_drawn_in_the_colours_that_it_has(cabinet: Store, colour: tuple[int, int, int]) -> None:
    flat = io.BytesIO()
    Image.new("RGB", (300, 400), colour).save(flat, "PNG")
    with cabinet.rebuilt("flat.png", io.BytesIO(flat.getvalue())) as rebuilt:
        name = cabinet.keep(rebuilt)

    found = Image.open(io.BytesIO(cabinet.page(name, 1))).convert("RGB").getpixel((20, 20))
    assert isinstance(found, tuple)
    assert max(abs(one - other) for one, other in zip(found, colour, strict=True)) <= 4


def test_what_is_kept_is_nobody_elses_to_read(cabinet: Store) -> None:
    with cabinet.rebuilt("a.pdf", io.BytesIO(pdf())) as rebuilt:
        name = cabinet.keep(rebuilt)

    for path in (cabinet.folder, *cabinet.folder.rglob("*")):
        assert path.stat().st_mode & 0o077 == 0, path
    assert name not in "a.pdf"
    assert {path.name for path in (cabinet.folder / name).iterdir()} == {
        "content",
        "page-1.png",
        "thumbnail.png",
    }


@pytest.mark.parametrize("name", ["../secret", "", "x", "A" * 32, "0" * 31, "0" * 32 + "/../x"])
def test_a_name_that_is_not_ours_leads_nowhere(cabinet: Store, name: str) -> None:
    with pytest.raises(FileLostError):
        cabinet.content(name, "0" * 64)


def test_a_link_in_the_store_is_not_followed(cabinet: Store, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"secret")
    folder = cabinet.folder / ("0" * 32)
    folder.mkdir(parents=True)
    for part in ("content", "page-1.png"):
        (folder / part).symlink_to(tmp_path / "secret")

    with pytest.raises(FileLostError):
        cabinet.content("0" * 32, sha256(b"secret").hexdigest())
    with pytest.raises(FileLostError):
        cabinet.page("0" * 32, 1)


def test_what_no_row_knows_is_swept_when_it_is_old(
    session: Session, people: dict[str, User], cabinet: Store
) -> None:
    with cabinet.rebuilt("a.pdf", io.BytesIO(pdf())) as rebuilt:
        known = cabinet.keep(rebuilt)
        referral = make_draft(session, people)
        about = actions.About("letter", "Letter")
        actions.add(
            session, people["neurologist"], referral, rebuilt, known, about, actions.Allowance(60, 10**9)
        )
    long_ago = clock.now().timestamp() - 7200
    for name in ("0" * 32, "coming-" + "1" * 32, known):
        (cabinet.folder / name).mkdir(exist_ok=True)
        os.utime(cabinet.folder / name, (long_ago, long_ago))
    (cabinet.folder / ("2" * 32)).mkdir()

    assert actions.sweep(session, cabinet) == ["0" * 32, "coming-" + "1" * 32]
    assert {path.name for path in cabinet.folder.iterdir()} == {known, "2" * 32}


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("Clinic letter.pdf", "Clinic letter"),
        ("../../etc/passwd.pdf", "passwd"),
        ("C:\\scans\\MRI 2026.JPG", "MRI 2026"),
        ("a\u202egnp.exe.pdf", "agnp.exe"),
        ("a\r\n\tb\0.pdf", "a b"),
        ("\u200b\u2066.pdf", "Untitled"),
        (".pdf", "Untitled"),
        ("Ångström.pdf", "Ångström"),
        ("x" * 300 + ".pdf", "x" * 100),
    ],
)
def test_a_label_is_what_a_name_says_in_plain_sight(name: str, label: str) -> None:
    assert label_from(name) == label


# The cage


SMALL = caged.Limits(cpu_seconds=1, seconds=3, memory=256 * 1024 * 1024, file_size=10_000_000)
HERE = "tests.attachments.caged_work"


@pytest.mark.parametrize("work", ["hang", "spin", "eat"])
def test_what_takes_too_much_is_stopped(tmp_path: Path, work: str) -> None:
    begun = time.monotonic()
    with pytest.raises(caged.TooMuchError):
        caged.run(f"{HERE}:{work}", tmp_path, caged.Limits(2, 8, SMALL.memory, SMALL.file_size))

    assert time.monotonic() - begun < 15


@pytest.mark.parametrize("work", ["flood", "crash", "nothing_of_this_name"])
def test_what_breaks_breaks_alone(tmp_path: Path, work: str) -> None:
    with pytest.raises(caged.CageError):
        caged.run(f"{HERE}:{work}", tmp_path, caged.Limits(file_size=10_000_000))

    assert all(path.stat().st_size <= 10_000_000 for path in tmp_path.iterdir())


def test_what_breaks_leaves_nothing_for_the_next(tmp_path: Path) -> None:
    place = caged.Place()
    before = place.work(f"{HERE}:who", tmp_path, SMALL)
    for work in ("crash", "change", "eat"):
        with pytest.raises(caged.CageError):
            place.work(f"{HERE}:{work}", tmp_path, SMALL)
    after = place.work(f"{HERE}:who", tmp_path, SMALL)
    place.end()
    assert (after["parent"], after["changed"]) == (before["parent"], False)
    assert after["process"] != before["process"]


def test_a_helper_that_was_killed_is_replaced(tmp_path: Path) -> None:
    place = caged.Place()
    parent = place.work(f"{HERE}:who", tmp_path, SMALL)["parent"]
    with pytest.raises(caged.TooMuchError):
        place.work(f"{HERE}:kill_the_helper", tmp_path, SMALL)
    assert place.work(f"{HERE}:who", tmp_path, SMALL)["parent"] != parent
    place.end()


def test_a_helper_is_replaced_after_some_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caged, "MOST_WORK", 2)
    place = caged.Place()
    first, second, third = (place.work(f"{HERE}:who", tmp_path, SMALL)["parent"] for _ in range(3))
    place.end()
    assert first == second != third


def test_who_waits_for_a_place_for_too_long_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caged, "_places", LifoQueue[caged.Place]())
    monkeypatch.setattr(caged, "LONGEST_QUEUE", 0.01)
    with pytest.raises(caged.BusyError):
        caged.run(f"{HERE}:who", tmp_path)


@pytest.mark.parametrize("work", ["babble", "mumble", "list_things"])
def test_what_is_no_short_answer_is_none(tmp_path: Path, work: str) -> None:
    with pytest.raises(caged.CageError):
        caged.run(f"{HERE}:{work}", tmp_path)


def test_a_cage_has_none_of_our_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "secret")
    monkeypatch.setenv("DATABASE_URL", "secret")
    caged.end()
    found = caged.run(f"{HERE}:call_home", tmp_path)

    assert not {"SECRET_KEY", "DATABASE_URL", "HOME", "PATH"} & set(found["environment"])


def test_a_cage_has_no_network(tmp_path: Path) -> None:
    allowed = subprocess.run(["unshare", "--user", "--net", "true"], check=False, capture_output=True)
    if allowed.returncode:
        pytest.skip("this machine does not let a process go without its network")

    assert "Network is unreachable" in caged.run(f"{HERE}:call_home", tmp_path)["said"]


def test_nothing_that_a_cage_says_is_believed(cabinet: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("referral.attachments.store.WORK", f"{HERE}:lie")

    with pytest.raises(FileRefusedError), cabinet.rebuilt("a.pdf", io.BytesIO(pdf())):
        pass


def test_pikepdf_and_we_mean_the_same_by_locked(cabinet: Store) -> None:
    locked = saved(new_pdf(), encryption=pikepdf.Encryption(user="", owner="x"))

    with (
        pytest.raises(FileRefusedError, match="locked with a password"),
        cabinet.rebuilt("a.pdf", io.BytesIO(locked)),
    ):
        pass


def pdf_with_photograph(jpeg: bytes) -> bytes:
    """A document with a photograph on its page, as a scanner makes it."""
    made = new_pdf()
    image = made.make_stream(jpeg)
    image.Type, image.Subtype = Name.XObject, Name.Image
    image.Width, image.Height, image.ColorSpace = 60, 40, Name.DeviceRGB
    image.BitsPerComponent, image.Filter = 8, Name.DCTDecode
    page = made.pages[0].obj
    page.Resources.XObject = Dictionary(Im1=image)
    page.Contents = made.make_stream(b"q 60 0 0 40 72 700 cm /Im1 Do Q")
    return saved(made)


def test_a_photograph_in_a_document_loses_what_the_camera_wrote_and_no_pixel(cabinet: Store) -> None:
    exif = Image.Exif()
    exif[0x010E], exif[0x9003] = "SecretPlace", "2026:11:22 09:00:00"
    profile = b"a profile of colours" * 10
    jpeg = picture(
        "JPEG",
        exif=exif,
        comment=b"SecretComment",
        icc_profile=profile,
        xmp=b"<x:xmpmeta>SecretXmp</x:xmpmeta>",
    )
    assert jpeg.count(b"Secret") == 3

    with kept(cabinet, "scan.pdf", pdf_with_photograph(jpeg)) as (_, content):
        assert b"Secret" not in content
        with pikepdf.open(io.BytesIO(content)) as document:
            raw = document.pages[0].obj.Resources.XObject.Im1.read_raw_bytes()
    with Image.open(io.BytesIO(jpeg)) as before, Image.open(io.BytesIO(raw)) as after:
        assert after.tobytes() == before.tobytes()
        assert after.info["icc_profile"] == profile
        assert not after.getexif()


NO_JPEGS = (b"", b"\xff\xd8", b"\xff\xd8\xff\xe1\xff", b"\xff\xd8\xff\xe1\0\0", b"GIF89a", b"\xff\xd8no")


@pytest.mark.parametrize("odd", NO_JPEGS)
def test_what_is_no_whole_jpeg_ends_the_search_for_notes(odd: bytes) -> None:
    assert len(without_notes(odd)) <= len(odd)
