"""Which files are taken, by name and first bytes, and what they are called afterwards."""

import pytest

from forum.domain.uploads import (
    ERRORS,
    FileKind,
    Refusal,
    Refused,
    check_head,
    kind_of,
    refusal_error,
    safe_name,
)


def refusal(kind: FileKind, head: bytes) -> Refusal | None:
    try:
        check_head(kind, head)
    except Refused as refused:
        return refused.reason
    return None


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ('a"; filename="evil.exe.txt', "a__ filename=_evil.exe.txt"),
        ("..\\..\\windows\\evil.txt", "evil.txt"),
        ("../../etc/passwd.txt", "passwd.txt"),
        ("line\r\nbreak.txt", "line break.txt"),
        ("\u202egpj.txt", "gpj.txt"),
        ("<script>alert(1)</script>.txt", "script_.txt"),
        (".txt", "document.txt"),
        ("x" * 500 + ".txt", "x" * 115 + ".txt"),
        ("Überblick – Ελλάδα.txt", "Überblick – Ελλάδα.txt"),
    ],
)
def test_names_are_made_harmless(name: str, shown: str) -> None:
    """No path, no quotes, no control characters, no turned-round extension."""
    assert safe_name(name, FileKind.TXT) == shown


@pytest.mark.parametrize("name", ["a.exe", "a", "a.pdf.html", "a.docm", "a.pdf ", "a.svg", ".docx/evil"])
def test_other_extensions_are_refused(name: str) -> None:
    """The last one counts."""
    with pytest.raises(Refused) as refused:
        kind_of(name)
    assert refused.value.reason is Refusal.KIND


def test_extensions_are_read_in_any_case() -> None:
    """As some systems write them."""
    assert kind_of("REPORT.PDF") is FileKind.PDF
    assert kind_of("C:\\Users\\me\\report.Docx") is FileKind.DOCX


@pytest.mark.parametrize(
    ("kind", "head", "reason"),
    [
        (FileKind.PDF, b"%PDF-1.7", None),
        (FileKind.PDF, b"\n\n%PDF-1.4", None),
        (FileKind.PDF, b"MZ and then %PDF-", Refusal.DISGUISED),
        (FileKind.PDF, b"<html>", Refusal.DISGUISED),
        (FileKind.DOCX, b"PK\x03\x04", None),
        (FileKind.ODT, b"\x7fELF", Refusal.DISGUISED),
        (FileKind.DOCX, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Refusal.PROTECTED),
        (FileKind.TXT, b"Words.", None),
        (FileKind.TXT, b"%PDF-1.7", Refusal.DISGUISED),
        (FileKind.MD, b"{\\rtf1", Refusal.DISGUISED),
        (FileKind.MD, b"", Refusal.EMPTY),
    ],
)
def test_first_bytes_must_be_those_of_the_kind(kind: FileKind, head: bytes, reason: Refusal | None) -> None:
    """A renamed program is no document."""
    assert refusal(kind, head) is reason


def test_every_refusal_has_a_sentence() -> None:
    """Said at the field of the file."""
    assert set(ERRORS) == set(Refusal)
    assert all(refusal_error(reason).field == "file" for reason in Refusal)
    assert all(str(refusal_error(reason)).endswith(".") for reason in Refusal)
