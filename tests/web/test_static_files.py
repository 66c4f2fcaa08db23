"""Our own files travel small; pages never do."""

import gzip
from pathlib import Path

import pytest
from flask import Flask

from tests.browser import Browser

SMALL = {"Accept-Encoding": "gzip, deflate, br"}
FILES = ("css/forms.css", "js/editing.js", "img/pons.svg")


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_ours_is_compressed_and_the_same(app: Flask, name: str) -> None:
    answer = app.test_client().get(f"/static/{name}", headers=SMALL)

    assert answer.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in answer.headers["Vary"]
    assert int(answer.headers["Content-Length"]) == len(answer.data)
    assert gzip.decompress(answer.data) == Path(app.root_path, "static", name).read_bytes()


def test_a_browser_that_looks_for_an_icon_beside_a_pdf_finds_ours(app: Flask) -> None:
    answer = app.test_client().get("/favicon.ico", follow_redirects=True, buffered=True)

    assert (answer.status_code, answer.mimetype) == (200, "image/svg+xml")


def test_who_does_not_ask_gets_the_file_as_it_is(app: Flask) -> None:
    answer = app.test_client().get(f"/static/{FILES[0]}", buffered=True)

    assert "Content-Encoding" not in answer.headers
    assert answer.data == Path(app.root_path, "static", FILES[0]).read_bytes()
    assert "Accept-Encoding" in answer.headers["Vary"]


def test_a_file_that_the_browser_has_is_not_sent_again(app: Flask) -> None:
    client = app.test_client()
    first = client.get(f"/static/{FILES[0]}", headers=SMALL)

    known = SMALL | {"If-None-Match": first.headers["ETag"]}
    again = client.get(f"/static/{FILES[0]}", headers=known, buffered=True)

    assert (again.status_code, again.data) == (304, b"")


def test_a_page_is_never_compressed(browser: Browser) -> None:
    answer = browser.open("/sign-in", headers=SMALL).response

    assert "Content-Encoding" not in answer.headers


def test_nothing_beside_the_folder_is_found(app: Flask) -> None:
    assert app.test_client().get("/static/../app.py", headers=SMALL).status_code == 404
