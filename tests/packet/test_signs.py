"""The signs of results as letters: the font that is shipped is the one that is drawn, and what is drawn differs."""

from io import BytesIO

from fontTools.ttLib import TTFont

from referral.printing.signs import FONT, SIGNS, make_font


def test_the_font_that_is_shipped_is_the_one_that_is_drawn() -> None:
    drawn = BytesIO()
    make_font().save(drawn)
    assert FONT.read_bytes() == drawn.getvalue()


def test_every_sign_has_a_shape_of_its_own_within_its_square() -> None:
    with TTFont(FONT) as font:
        shapes = [font["glyf"][name] for name in SIGNS]
        assert len({shape.coordinates.array.tobytes() for shape in shapes}) == len(SIGNS)
        assert all(shape.xMin >= 0 and shape.xMax <= font["head"].unitsPerEm for shape in shapes)
        assert font.getBestCmap() == {ord(sign): name for name, (sign, _, _) in SIGNS.items()}
