"""What happens to a file in the cage: rebuilt from its pages or pixels, and drawn, page by page, to look at."""

from pathlib import Path
from typing import Any

import pypdfium2
from PIL import Image

from referral.attachments.formats import FORMATS, PDF, FileRefusedError
from referral.attachments.images import rebuild_image
from referral.attachments.pdf import DAMAGED, rebuild_pdf

RECEIVED, CONTENT, THUMBNAIL = "received", "content", "thumbnail.png"
PAGE_SIZE = (800, 1131)  # pixels of a page to look at: an A4 page at about 97 to the inch
THUMBNAIL_SIZE = (160, 226)
COLOURS = 128  # enough to look at; who needs every shade takes the file itself


def page_name(number: int) -> str:
    """Give the name under which the picture of a page lies, the first being 1."""
    return f"page-{number}.png"


def rebuild(folder: Path) -> dict[str, Any]:
    """Rebuild what was received in a folder, and draw its pages there; say what it is, or why it is refused."""
    source = folder / RECEIVED
    with source.open("rb") as file:
        begins = file.read(16)
    kind = next(each for each in FORMATS if begins.startswith(each.magic))
    try:
        if kind is PDF:
            pages = rebuild_pdf(source, folder / CONTENT)
            _draw_pdf(folder)
        else:
            pages = 1
            _draw(rebuild_image(source, folder / CONTENT, kind.name), folder, 1)
    except FileRefusedError as refused:
        return {"refused": str(refused)}
    return {"media_type": kind.kept_as, "pages": pages}


def _draw_pdf(folder: Path) -> None:
    try:
        with pypdfium2.PdfDocument(folder / CONTENT) as document:
            for number, page in enumerate(document, start=1):
                scale = min(
                    limit / max(side, 1) for limit, side in zip(PAGE_SIZE, page.get_size(), strict=True)
                )
                drawn = page.render(scale=scale, draw_annots=False, may_draw_forms=False)
                _draw(drawn.to_pil().convert("RGB"), folder, number)
    except (pypdfium2.PdfiumError, ValueError) as error:
        raise FileRefusedError(DAMAGED) from error


def _draw(picture: Image.Image, folder: Path, number: int) -> None:
    page = picture if picture.mode in ("1", "L") else _in_eight_bits(picture)
    page.thumbnail(PAGE_SIZE)
    _save(page, folder / page_name(number))
    if number == 1:
        page.thumbnail(THUMBNAIL_SIZE)
        _save(page, folder / THUMBNAIL)


def _in_eight_bits(picture: Image.Image) -> Image.Image:
    """Bring the shades of a grey picture of sixteen bits into eight; all else is colours."""
    if picture.mode == "I;16":
        return picture.point(lambda shade: shade / 256).convert("L")
    return picture.convert("RGB")


def _save(picture: Image.Image, path: Path) -> None:
    _in_few_colours(picture).save(path, format="PNG")


def _in_few_colours(picture: Image.Image) -> Image.Image:
    """Make it small. A page without colours, as most letters are, need not be looked through for the best of them."""
    if picture.mode != "RGB":
        return picture
    found = picture.getcolors(256)  # there are no more greys
    if found and all(len({*colour}) == 1 for _, colour in found if isinstance(colour, tuple)):
        return picture.convert("L")
    return picture.quantize(COLOURS, method=Image.Quantize.FASTOCTREE)
