"""Rebuilding a picture from its pixels alone: no place, no date, no camera, nothing behind its end. Caged."""

import warnings
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

from referral.attachments.formats import MOST_PIXELS, FileRefusedError

PLAIN = {"1": "1", "L": "L", "RGB": "RGB", "I;16": "I;16"}  # what is kept as it is; all else becomes RGB


def rebuild_image(source: Path, target: Path, kind: str) -> Image.Image:
    """Write the picture anew as PNG, upright, pixel for pixel, on white where it was transparent.

    Raises:
        FileRefusedError: it is damaged, too large, or moves.

    """
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    try:
        with Image.open(source, formats=(kind,)) as found:
            if found.width * found.height > MOST_PIXELS:
                raise Image.DecompressionBombError
            if kind == "PNG" and getattr(found, "is_animated", False):
                raise FileRefusedError("It is a moving picture. Save it as a still one, or as a PDF.")
            found.load()
            ImageOps.exif_transpose(found, in_place=True)
            fresh = _fresh(found)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise FileRefusedError(
            f"The picture has more than {MOST_PIXELS // 1_000_000} million pixels. Save it smaller."
        ) from None
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError) as error:
        raise FileRefusedError("The picture is damaged. Save it again, or scan it once more.") from error
    fresh.save(target, format="PNG")
    return fresh


def _fresh(image: Image.Image) -> Image.Image:
    """Copy the pixels onto a new picture, which knows nothing of the old one."""
    if image.has_transparency_data:
        layer = image if image.mode == "RGBA" else image.convert("RGBA")  # room for one copy, not for two
        fresh = Image.new("RGB", image.size, "white")
        fresh.paste(layer, mask=layer.getchannel("A"))
        return fresh
    mode = PLAIN.get(image.mode, "RGB")
    fresh = Image.new(mode, image.size)
    fresh.paste(image if image.mode == mode else image.convert(mode))
    return fresh
