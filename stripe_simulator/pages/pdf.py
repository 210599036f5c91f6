"""A PDF of lines of text (ISO 32000, sections 7 and 9): what an invoice needs, and no more.

Helvetica, A4, no compression; what Windows-1252 does not have is shown as a question mark.
"""

from dataclasses import dataclass

WIDTH, HEIGHT = 595, 842  # points
MARGIN = 56
_LEADING = 16
_NARROW = ".,:;|!'()-ijl "  # Helvetica has about half an em for a letter, and 0.278 for these


@dataclass(frozen=True)
class Text:
    """One line: at `left`, or, when `right` is given, ending there; in points."""

    words: str
    left: int = MARGIN
    right: int | None = None
    size: int = 10
    bold: bool = False


def document(lines: list[list[Text]], *, title: str) -> bytes:
    """The file. Each element of `lines` is one line of the page; pages break by themselves."""
    per_page = (HEIGHT - 2 * MARGIN) // _LEADING
    pages = [lines[at : at + per_page] for at in range(0, len(lines), per_page)] or [[]]
    first = 6  # objects before the pages: catalogue, pages, two fonts, information
    kids = " ".join(f"{first + 2 * number} 0 R" for number in range(len(pages)))
    font = "<< /Type /Font /Subtype /Type1 /BaseFont /{} /Encoding /WinAnsiEncoding >>"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode(),
        font.format("Helvetica").encode(),
        font.format("Helvetica-Bold").encode(),
        b"<< /Title " + _string(title) + b" >>",
    ]
    for number, page in enumerate(pages):
        content = first + 2 * number + 1
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {WIDTH} {HEIGHT}] /Contents {content} 0 R"
            " /Resources << /Font << /F1 3 0 R /F2 4 0 R >> >> >>".encode()
        )
        stream = _content(page)
        objects.append(f"<< /Length {len(stream)} >>\nstream\n".encode() + stream + b"\nendstream")
    return _file(objects)


def _content(page: list[list[Text]]) -> bytes:
    found = []
    for number, line in enumerate(page):
        y = HEIGHT - MARGIN - number * _LEADING
        for text in line:
            font = "F2" if text.bold else "F1"
            wide = sum(_width(letter) for letter in text.words) * text.size
            x = text.left if text.right is None else text.right - wide
            found.append(
                f"BT /{font} {text.size} Tf {x:.1f} {y} Td ".encode()
                + _string(text.words)
                + b" Tj ET"
            )
    return b"\n".join(found)


def _width(letter: str) -> float:
    """Of a letter, in ems: exact for figures, and near enough for words."""
    return 0.278 if letter in _NARROW else 0.556


def _string(words: str) -> bytes:
    encoded = words.encode("cp1252", errors="replace")
    for special in (b"\\", b"(", b")"):
        encoded = encoded.replace(special, b"\\" + special)
    return b"(" + encoded.replace(b"\n", b" ").replace(b"\r", b" ") + b")"


def _file(objects: list[bytes]) -> bytes:
    made, offsets = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"), []
    for number, body in enumerate(objects, 1):
        offsets.append(len(made))
        made += f"{number} 0 obj\n".encode() + body + b"\nendobj\n"
    table = len(made)
    made += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    for offset in offsets:
        made += f"{offset:010d} 00000 n \n".encode()
    made += f"trailer << /Size {len(objects) + 1} /Root 1 0 R /Info 5 0 R >>\n".encode()
    made += f"startxref\n{table}\n%%EOF\n".encode()
    return bytes(made)
