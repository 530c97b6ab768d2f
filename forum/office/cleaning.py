"""The file as it is kept: without the names, dates and machines that its program wrote into it."""

import zipfile
from pathlib import Path

from lxml import etree

from forum.domain.uploads import FileKind
from forum.office.docx_parts import q as docx_q
from forum.office.odt_parts import q as odt_q
from forum.office.packages import Element, Package
from forum.office.pictures import without_metadata

AUTHOR = "Author"
_DATE = (2000, 1, 1, 0, 0, 0)
_CORE = (
    b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<cp:coreProperties xmlns:cp='
    b'"http://schemas.openxmlformats.org/package/2006/metadata/core-properties"/>'
)
_APP = (
    b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<Properties xmlns='
    b'"http://schemas.openxmlformats.org/officeDocument/2006/extended-properties"/>'
)
_CUSTOM = _APP.replace(b"extended-properties", b"custom-properties")
_META = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<office:document-meta xmlns:office='
    b'"urn:oasis:names:tc:opendocument:xmlns:office:1.0" office:version="1.3"><office:meta/>'
    b"</office:document-meta>"
)
_DOCX_PARTS = {"docProps/core.xml": _CORE, "docProps/app.xml": _APP, "docProps/custom.xml": _CUSTOM}
_PICTURES = (".jpg", ".jpeg", ".png")
_THUMBNAILS = ("docProps/thumbnail", "Thumbnails/")


def clean(package: Package, kind: FileKind, target: Path) -> None:
    """Write the package anew, part by part, without metadata; every date is the same."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in _ordered(package.names):
            if name.startswith(_THUMBNAILS) or name == "META-INF/documentsignatures.xml":
                continue
            data = _docx_part(package, name) if kind is FileKind.DOCX else _odt_part(package, name)
            entry = zipfile.ZipInfo(name, _DATE)
            entry.compress_type = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            archive.writestr(entry, data)


def _ordered(names: list[str]) -> list[str]:
    """The part that says what the file is comes first."""
    first = [name for name in ("mimetype", "[Content_Types].xml") if name in names]
    return first + [name for name in names if name not in first]


def _docx_part(package: Package, name: str) -> bytes:
    if name in _DOCX_PARTS:
        return _DOCX_PARTS[name]
    data = package.read(name)
    if name.lower().endswith(_PICTURES):
        return without_metadata(data)
    if name.endswith(".rels"):
        return _relationships(package.xml(name))
    if name.startswith("word/") and name.endswith(".xml") and b"author" in data:
        return _anonymous_docx(package.xml(name))
    return data


def _relationships(root: Element) -> bytes:
    for relation in list(root):
        is_template = relation.get("Type", "").endswith("/attachedTemplate")
        if is_template or relation.get("Target", "").lstrip("/").startswith(_THUMBNAILS):
            root.remove(relation)
    return _bytes(root)


def _anonymous_docx(root: Element) -> bytes:
    """Comments and tracked changes stay; who made them, and when, goes."""
    for element in root.iter():
        if element.get(docx_q("w:author")) is not None:
            element.set(docx_q("w:author"), AUTHOR)
        for name in ("w:date", "w:initials"):
            element.attrib.pop(docx_q(name), None)
        for attribute in [key for key in element.attrib if key.endswith("}author")]:
            element.set(attribute, AUTHOR)
    for info in list(root.iter("{*}presenceInfo")):
        info.getparent().remove(info)
    return _bytes(root)


def _odt_part(package: Package, name: str) -> bytes:
    if name == "meta.xml":
        return _META
    data = package.read(name)
    if name.lower().endswith(_PICTURES):
        return without_metadata(data)
    if name == "META-INF/manifest.xml":
        return _manifest(package.xml(name))
    if name in {"content.xml", "styles.xml"}:
        return _anonymous_odt(package.xml(name))
    return data


def _manifest(root: Element) -> bytes:
    for entry in list(root):
        path = entry.get(odt_q("manifest:full-path"), "")
        if path.startswith(_THUMBNAILS) or path == "META-INF/documentsignatures.xml":
            root.remove(entry)
    return _bytes(root)


def _anonymous_odt(root: Element) -> bytes:
    for element in root.iter(odt_q("dc:creator"), odt_q("meta:creator-initials")):
        element.text = AUTHOR
    for name in ("text:author-name", "text:author-initials"):
        for element in root.iter(odt_q(name)):
            element.text = AUTHOR
    for element in list(root.iter(odt_q("dc:date"))):
        element.text = "2000-01-01T00:00:00"
    return _bytes(root)


def _bytes(root: Element) -> bytes:
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True))
