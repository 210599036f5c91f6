"""The PDF of an invoice: a file that readers take, with what the invoice says."""

from __future__ import annotations

import re

from stripe_simulator.pages.pdf import Text, document

from .conftest import World, web


def objects_at_their_places(file: bytes) -> bool:
    """Whether the table at the end names the place of each object (ISO 32000, 7.5.4)."""
    start = int(re.search(rb"startxref\n(\d+)\n%%EOF\n$", file)[1])  # type: ignore[index]
    entries = re.findall(rb"(\d{10}) 00000 n ", file[start:])
    return all(
        file[int(place) :].startswith(f"{number} 0 obj".encode())
        for number, place in enumerate(entries, 1)
    )


def test_the_pdf_says_what_the_invoice_says(world: World) -> None:
    made = world.subscription(2900)
    invoice = world.client.v1.invoices.retrieve(str(made.latest_invoice))
    assert invoice.invoice_pdf
    answer = web.get(invoice.invoice_pdf)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    assert answer.content.startswith(b"%PDF-1.4")
    assert objects_at_their_places(answer.content)
    for words in (str(invoice.number), "ada@example.com", "$29.00", "no money moves"):
        assert words.encode() in answer.content


def test_long_documents_have_pages_and_strange_letters_do_no_harm() -> None:
    lines = [[Text(f"(line {number}) \\ É 漢 )(")] for number in range(100)]
    file = document(lines, title="x)")
    assert file.count(b"/Type /Page ") == 3
    assert objects_at_their_places(file)
    assert b"\\(line 99\\) \\\\ \xc9 ? \\)\\(" in file


def test_an_invoice_that_there_is_not_has_no_pdf(world: World) -> None:
    assert web.get(f"{world.url}/invoices/in_none.pdf").status_code == 404
