"""Our own files, sent small.

Files only. A page holds a secret (its form's token) beside text that others may choose, so its compressed length
would tell of it: pages are never compressed.
"""

import gzip
from functools import cache
from pathlib import Path

from flask import Flask, Response, current_app, request

TEXTS = frozenset({"text/css", "text/javascript", "image/svg+xml"})


def register(app: Flask) -> None:
    """Have the files of the static folder compressed for browsers that take them so."""
    app.after_request(compress)


def compress(response: Response) -> Response:
    """Compress one of our text files; leave everything else as it is."""
    if request.endpoint != "static" or response.mimetype not in TEXTS:
        return response
    response.vary.add("Accept-Encoding")
    if response.status_code != 200 or not request.accept_encodings.quality("gzip"):
        return response
    path = Path(current_app.static_folder or "", (request.view_args or {})["filename"])
    small = _compressed(path, path.stat().st_mtime_ns)
    response.close()  # the file that was opened to be sent as it is
    response.direct_passthrough = False
    response.set_data(small)
    response.headers["Content-Encoding"] = "gzip"
    etag, _ = response.get_etag()
    if etag:
        response.set_etag(etag, weak=True)
    return response


@cache
def _compressed(path: Path, _changed: int) -> bytes:
    return gzip.compress(path.read_bytes(), mtime=0)
