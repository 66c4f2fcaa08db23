"""Papers joined into one: a cover, packets as they were issued, clinical files; one tree, one numbering. Caged.

Appending pages loses the tree of tags, by which a reader who cannot see finds the way, so that is joined too. Each
page gets a running number over the whole, beside its own. A packet's pages are not drawn anew; its signature stays
behind, since it is one over its own file, of which the manifest gives the digest. A clinical file is laid on sheets
of our size as a picture with words instead, so that nothing in it can reach beyond its sheet.

The same papers give the same bytes.
"""

import json
import warnings
import zlib
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, Object, OutlineItem, Pdf, String
from PIL import Image

PLAN, OUT, MANIFEST = "plan.json", "out.pdf", "manifest.json"
WIDTH, HEIGHT = Decimal("595.28"), Decimal("841.89")  # A4 in points, as every sheet of ours
SIDE, TOP, FOOT = 45, 34, 20  # points from the edge to what we write on a page
HEAD = 67  # points from the top to the line that stands over a paper
SHEET = (30, 45, 565, 795)  # where a page of a clinical file lies: left, bottom, right, top
SIZE, SIZE_OF_HEAD = 7.5, 10.0
FONT = "/PonsFigures"
_MARKS = frozenset({"BDC", "BMC", "EMC", "DP", "MP"})
DEEPEST = 8  # pictures within pictures
RESOLUTION = 72 / 150  # points for a pixel of a picture that is smaller than its sheet
LONGEST_SIDE = 3000  # pixels: 300 to the inch on A4


class _Joined:
    """What has been joined so far."""

    def __init__(self, figures: Pdf) -> None:
        self.pdf = Pdf.new()
        self.font = self.pdf.copy_foreign(_font_of(figures))
        self.codes, self.widths = _letters(_font_of(figures))
        self.document = self.pdf.make_indirect(Dictionary(Type=Name.StructElem, S=Name.Document, K=Array()))
        self.tags: list[Object] = []
        self.numbers: list[Object | int] = []
        self.next_number = 0
        self.roles = Dictionary()
        self.save_state = self.pdf.make_stream(b"q\n")
        self.length = 0
        self.heads: dict[int, str] = {}


def join(folder: Path) -> dict[str, Any]:
    """Join the papers of a folder as its plan says, and tell how many pages came out.

    The plan: ``figures`` names a paper that shows every sign with which pages are numbered, ``parts`` the papers in
    their order (``file``, ``kind`` paper, pages or picture, ``case`` for the foot of each page, ``head`` for the top of
    the first, ``says`` for files),
    ``bookmarks`` the tree of bookmarks (``title``, ``page`` from 0, ``of`` whose own bookmarks hang below, ``below``).
    """
    plan = json.loads((folder / PLAN).read_text())
    with Pdf.open(folder / plan["figures"]) as figures:
        joined, outlines, feet = _Joined(figures), {}, []
        for part in plan["parts"]:
            first = joined.length
            outlines[part["file"]] = _ADD[part["kind"]](joined, folder / part["file"], part)
            feet += [part.get("case", "")] * (joined.length - first)
    _number_pages(joined, feet, plan["running"])
    with Pdf.open(folder / plan["parts"][0]["file"]) as cover:
        _finish(joined, cover)
    _carry(joined.pdf, folder / MANIFEST, plan["written"])
    with joined.pdf.open_outline() as outline:
        outline.root.extend(_bookmarks(plan["bookmarks"], outlines))
    joined.pdf.save(
        folder / OUT,
        object_stream_mode=pikepdf.ObjectStreamMode.generate,
        min_version="1.7",
        deterministic_id=True,
    )
    return {"pages": joined.length}


# A paper of ours


def _add_paper(joined: _Joined, path: Path, part: Mapping[str, Any]) -> list[OutlineItem]:
    """Join a tagged paper with its tree, and give its bookmarks as they stand in the whole."""
    with Pdf.open(path) as given:
        _leave_signature(given)
        first, theirs = joined.length, list(given.pages)
        with warnings.catch_warnings():  # names are made places below, and there are no forms
            warnings.simplefilter("ignore", pikepdf.exceptions.PageCopyWarning)
            joined.pdf.pages.extend(theirs)
        joined.length += len(theirs)
        pages = [page.obj for page in list(joined.pdf.pages)[first:]]
        if "head" in part:
            joined.heads[first] = part["head"]
        places = {page.obj.objgen: place for place, page in enumerate(theirs)}
        named = _names(given)
        for page in pages:
            _lead_on(page, named, places, pages)
        _join_tags(joined, joined.pdf.copy_foreign(given.Root.StructTreeRoot), pages)
        with given.open_outline() as outline:
            return _led(outline.root, named, places, first)


def _leave_signature(given: Pdf) -> None:
    for page in given.pages:
        if "/Annots" in page:
            links = [each for each in page.Annots.as_list() if each.get("/Subtype") != Name.Widget]
            page.Annots = Array(links)


def _names(given: Pdf) -> dict[str, Any]:
    """Give the places of a paper that have names."""
    tree = given.Root.get("/Names", Dictionary()).get("/Dests", Dictionary())
    pairs = tree.get("/Names", Array()).as_list()
    return dict(zip(map(str, pairs[::2]), pairs[1::2], strict=True))


def _place(where: Any, named: Mapping[str, Any], places: Mapping[Any, int]) -> tuple[int, list[Any]] | None:
    """Find the page of a destination, counted within its paper, and where on it."""
    if isinstance(where, String):
        where = named.get(str(where))
    if isinstance(where, Dictionary):
        where = where.get("/D")
    if not isinstance(where, Array):
        return None
    page, *rest = where.as_list()
    found = places.get(page.objgen)
    return None if found is None else (found, rest)


def _lead_on(page: Any, named: Mapping[str, Any], places: Mapping[Any, int], pages: Sequence[Any]) -> None:
    """Let each link lead to its page in the whole: a name would lead into the first packet that has it."""
    for link in page.get("/Annots", Array()).as_list():
        where = link.get("/Dest")
        if where is None and link.get("/A", Dictionary()).get("/S") == Name.GoTo:
            where = link.A.get("/D")
            del link["/A"]
        found = _place(where, named, places) if where is not None else None
        if found:
            link.Dest = Array([pages[found[0]], *found[1]])


def _led(
    items: Sequence[OutlineItem], named: Mapping[str, Any], places: Mapping[Any, int], first: int
) -> list[OutlineItem]:
    led = []
    for item in items:
        found = _place(item.destination, named, places)
        bookmark = OutlineItem(item.title, first + found[0] if found else first)
        bookmark.is_closed = True
        bookmark.children.extend(_led(item.children, named, places, first))
        led.append(bookmark)
    return led


def _join_tags(joined: _Joined, tree: Any, pages: Sequence[Any]) -> None:
    """Hang the tree of a paper into ours, and count its pages and links on from ours."""
    offset, top = joined.next_number, joined.next_number
    for number, held in _leaves(tree.ParentTree):
        joined.numbers += [number + offset, held]
        top = max(top, number + offset + 1)
    joined.next_number = top
    for page in pages:
        page.StructParents = int(page.StructParents) + offset
        for link in page.get("/Annots", Array()).as_list():
            if "/StructParent" in link:
                link.StructParent = int(link.StructParent) + offset
    for tag in tree.K.as_list() if isinstance(tree.K, Array) else [tree.K]:
        if tag.get("/S") == Name.Document:
            tag.S = Name.Sect
        tag.P = joined.document
        joined.tags.append(tag)
    for role, meant in tree.get("/RoleMap", Dictionary()).items():
        joined.roles[role] = meant


def _leaves(tree: Any) -> Iterator[tuple[int, Any]]:
    pairs = tree.get("/Nums", Array()).as_list()
    for number, held in zip(pairs[::2], pairs[1::2], strict=True):
        yield int(number), held
    for branch in tree.get("/Kids", Array()).as_list():
        yield from _leaves(branch)


# A clinical file


def _add_pages(joined: _Joined, path: Path, part: Mapping[str, Any]) -> list[OutlineItem]:
    """Join a PDF of somebody's, each page as a picture on a sheet of ours."""
    with Pdf.open(path) as given:
        count = len(given.pages)
        for number, page in enumerate(given.pages, 1):
            picture = page.as_form_xobject()
            _untag(picture)
            picture = joined.pdf.copy_foreign(picture)
            sheet = _sheet(joined)
            place = sheet.calc_form_xobject_placement(
                picture,
                Name.Shown,
                pikepdf.Rectangle(*SHEET),
                invert_transformations=True,
                allow_shrink=True,
                allow_expand=False,
            )
            _show(joined, sheet, picture, place, part, number, count)
    return []


def _untag(picture: Any, deep: int = 0) -> None:
    """Take marks of a tree out of what is drawn: they belong to a file that is not here, and would end our own."""
    content = picture.read_bytes()
    if any(mark in content for mark in (b"BDC", b"BMC", b"DP", b"MP")):
        kept = [each for each in pikepdf.parse_content_stream(picture) if str(each.operator) not in _MARKS]
        picture.write(pikepdf.unparse_content_stream(kept))
    drawn = picture.get("/Resources", Dictionary()).get("/XObject", Dictionary())
    for inner in drawn.values() if deep < DEEPEST else ():
        if inner.get("/Subtype") == Name.Form:
            _untag(inner, deep + 1)


def _add_picture(joined: _Joined, path: Path, part: Mapping[str, Any]) -> list[OutlineItem]:
    """Join a picture on a sheet of ours."""
    with Image.open(path) as opened:
        opened.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
        deep = opened.mode == "I;16"
        drawn = opened.point(lambda shade: shade / 256) if deep else opened.copy()
        grey = deep or opened.mode in ("1", "L", "LA")
    drawn = drawn.convert("L" if grey else "RGB")
    image = joined.pdf.make_stream(
        zlib.compress(drawn.tobytes()),  # now, since pictures together are large
        Filter=Name.FlateDecode,
        Type=Name.XObject,
        Subtype=Name.Image,
        Width=drawn.width,
        Height=drawn.height,
        ColorSpace=Name.DeviceGray if grey else Name.DeviceRGB,
        BitsPerComponent=8,
    )
    left, bottom, right, top = SHEET
    scale = min(RESOLUTION, (right - left) / drawn.width, (top - bottom) / drawn.height)
    width, height = drawn.width * scale, drawn.height * scale
    x, y = left + (right - left - width) / 2, bottom + (top - bottom - height) / 2
    place = f"q {width:.3f} 0 0 {height:.3f} {x:.3f} {y:.3f} cm /Shown Do Q\n".encode()
    _show(joined, _sheet(joined), image, place, part, 1, 1)
    return []


def _sheet(joined: _Joined) -> pikepdf.Page:
    joined.pdf.add_blank_page(page_size=(WIDTH, HEIGHT))
    joined.length += 1
    return joined.pdf.pages[-1]


def _show(
    joined: _Joined, sheet: Any, picture: Any, place: bytes, part: Mapping[str, Any], number: int, count: int
) -> None:
    """Put a picture on its sheet, tagged with what it is, and say above it of which file it is which page."""
    says = f"{part['says']}, page {number} of {count}"
    page = sheet.obj
    page.Resources = Dictionary(XObject=Dictionary(Shown=picture))
    page.Tabs = Name.S
    page.StructParents = joined.next_number
    marked = b"/Figure <</MCID 0>> BDC\n" + place + b"\nEMC\n"
    page.Contents = joined.pdf.make_stream(marked + _written(joined, says, SIDE, float(HEIGHT) - TOP))
    tag = joined.pdf.make_indirect(
        Dictionary(
            Type=Name.StructElem,
            S=Name.Figure,
            P=joined.document,
            Pg=page,
            K=0,
            Alt=String(f"{says}: as it was received, with no words of its own"),
            A=Dictionary(O=Name.Layout, BBox=Array(SHEET), Placement=Name.Block),
        )
    )
    joined.tags.append(tag)
    joined.numbers += [joined.next_number, Array([tag])]
    joined.next_number += 1
    page.Resources.Font = Dictionary({FONT: joined.font})


_ADD = {"paper": _add_paper, "pages": _add_pages, "picture": _add_picture}


# What is written on every page


def _font_of(figures: Pdf) -> Any:
    (font,) = figures.pages[0].Resources.Font.values()
    return font


def _letters(font: Any) -> tuple[dict[str, str], dict[str, float]]:
    """Read which code stands for which letter, and how wide each letter is, in thousandths of its size."""
    codes, inside = {}, False
    for line in font.ToUnicode.read_bytes().decode("ascii").splitlines():
        if line.endswith(("beginbfchar", "endbfchar")):
            inside = line.endswith("beginbfchar")
        elif inside:
            code, letter = (each.strip("<>") for each in line.split())
            codes[bytes.fromhex(letter).decode("utf-16-be")] = code
    wide: dict[int, float] = {}
    listed = font.DescendantFonts[0].W.as_list()
    while listed:
        start, second = int(listed.pop(0)), listed.pop(0)
        if isinstance(second, Array):
            wide |= {start + place: float(each) for place, each in enumerate(second.as_list())}
        else:
            wide |= dict.fromkeys(range(start, int(second) + 1), float(listed.pop(0)))
    return codes, {letter: wide[int(code, 16)] for letter, code in codes.items()}


def _written(
    joined: _Joined, words: str, x: float, y: float, *, ends: bool = False, size: float = SIZE
) -> bytes:
    """Write words beside the tree of tags, as what stands on every page is; ``ends``: x is where they end."""
    if ends:
        x -= sum(joined.widths[letter] for letter in words) * size / 1000
    codes = "".join(joined.codes[letter] for letter in words)
    text = f"BT {FONT} {size} Tf 0.086 0.196 0.235 rg {x:.2f} {y:.2f} Td <{codes}> Tj ET"
    return f"/Artifact <</Type /Pagination /Subtype /Footer>> BDC {text} EMC\n".encode()


def _number_pages(joined: _Joined, feet: Sequence[str], running: str) -> None:
    total = joined.length
    for number, (page, case) in enumerate(zip(joined.pdf.pages, feet, strict=True), 1):
        words = f"{case}{running.format(page=number, pages=total)}"
        written = _written(joined, words, float(WIDTH) - SIDE, FOOT, ends=True)
        if head := joined.heads.get(number - 1):
            written += _written(joined, head, SIDE, float(HEIGHT) - HEAD, size=SIZE_OF_HEAD)
        foot = joined.pdf.make_stream(b"\nQ\n" + written)
        given = page.obj.Contents
        before = given.as_list() if isinstance(given, Array) else [given]
        page.obj.Contents = Array([joined.save_state, *before, foot])
        resources = page.obj.Resources
        if "/Font" not in resources:
            resources.Font = Dictionary()
        resources.Font[FONT] = joined.font


# The whole


def _finish(joined: _Joined, cover: Pdf) -> None:
    """Give the whole its tree, and of the cover what says which kind of file it is."""
    pdf, root = joined.pdf, joined.pdf.Root
    tree = pdf.make_indirect(Dictionary(Type=Name.StructTreeRoot, K=Array([joined.document])))
    joined.document.P, joined.document.K = tree, Array(joined.tags)
    tree.ParentTree = pdf.make_indirect(Dictionary(Nums=Array(joined.numbers)))
    tree.ParentTreeNextKey = joined.next_number
    if len(joined.roles.keys()):
        tree.RoleMap = joined.roles
    root.StructTreeRoot = tree
    root.MarkInfo = Dictionary(Marked=True)
    root.Lang = String(str(cover.Root.Lang))
    root.ViewerPreferences = Dictionary(DisplayDocTitle=True)
    root.PageMode = Name.UseOutlines
    root.Metadata = pdf.copy_foreign(cover.Root.Metadata)
    root.OutputIntents = pdf.copy_foreign(cover.make_indirect(cover.Root.OutputIntents))
    if "/Info" in cover.trailer:
        pdf.trailer.Info = pdf.copy_foreign(cover.trailer.Info)


def _carry(pdf: Pdf, manifest: Path, written: str) -> None:
    """Carry the manifest as a file, for machines."""
    content = manifest.read_bytes()
    held = pdf.make_stream(
        content,
        Type=Name.EmbeddedFile,
        Subtype=Name("/application/json"),
        Params=Dictionary(Size=len(content), ModDate=String(written), CreationDate=String(written)),
    )
    spec = pdf.make_indirect(
        Dictionary(
            Type=Name.Filespec,
            F=String(MANIFEST),
            UF=String(MANIFEST),
            Desc=String("What this pack is made of, each packet with its version and digest"),
            AFRelationship=Name.Data,
            EF=Dictionary(F=held, UF=held),
        )
    )
    pdf.Root.Names = Dictionary(EmbeddedFiles=Dictionary(Names=Array([String(MANIFEST), spec])))
    pdf.Root.AF = Array([spec])


def _bookmarks(
    wanted: Sequence[Mapping[str, Any]], outlines: Mapping[str, list[OutlineItem]]
) -> list[OutlineItem]:
    made = []
    for each in wanted:
        bookmark = OutlineItem(each["title"], each["page"])
        bookmark.is_closed = True
        bookmark.children.extend(outlines.get(each.get("of", ""), []))
        bookmark.children.extend(_bookmarks(each.get("below", []), outlines))
        made.append(bookmark)
    return made
