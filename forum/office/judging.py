"""Whether a DOCX or ODT may be kept: its structure, and what it carries beside its text."""

import posixpath
import re

from forum.domain.uploads import FileKind, Refusal, Refused
from forum.office.docx_parts import main_part
from forum.office.docx_parts import q as docx_q
from forum.office.odt_parts import NAMESPACES, q
from forum.office.packages import Package, parse

_DOCX_MAIN = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
_TEMPLATE = "application/vnd.openxmlformats-officedocument.wordprocessingml.template.main+xml"
_ODT = (b"application/vnd.oasis.opendocument.text", b"application/vnd.oasis.opendocument.text-web")
_PROGRAMS = (b"MZ", b"\x7fELF", b"#!", b"\xd0\xcf\x11\xe0", b"PK\x03\x04", b"%PDF-")
_MACRO_FOLDERS = ("Basic/", "Scripts/", "Dialogs/")
_SCRIPTED = frozenset({f"{{{NAMESPACES['script']}}}event-listener", f"{{{NAMESPACES['office']}}}script"})
_LOADED = frozenset({
    f"{{{NAMESPACES['draw']}}}{name}" for name in ("image", "object", "object-ole", "plugin", "applet")
} | {f"{{{NAMESPACES['text']}}}section-source", f"{{{NAMESPACES['style']}}}background-image"})  # fmt: skip
_DDE = frozenset({f"{{{NAMESPACES['office']}}}dde-source", f"{{{NAMESPACES['text']}}}dde-connection"})
_SCRIPT_ADDRESSES = ("vnd.sun.star.script:", "vnd.sun.star.expand:", "macro:", "javascript:")
_RUNNING_FIELD = re.compile(r"\s*(?:DDE|DDEAUTO|MACROBUTTON)\b", re.IGNORECASE)
_LOADING_FIELD = re.compile(r"\s*(?:INCLUDETEXT|INCLUDEPICTURE|LINK|IMPORT|DATABASE)\b", re.IGNORECASE)
_OFFICE_EMBEDDED = (".xlsx", ".docx", ".pptx")


def judge(package: Package, kind: FileKind) -> None:
    """Raise Refused unless the package is a document of the kind, without macros or ways out."""
    if kind is FileKind.DOCX:
        _judge_docx(package)
    else:
        _judge_odt(package)


def _judge_docx(package: Package) -> None:
    if "[Content_Types].xml" not in package:
        raise Refused(Refusal.DISGUISED)
    types = package.xml("[Content_Types].xml")
    declared = {element.get("PartName", ""): element.get("ContentType", "") for element in types}
    kinds = {element.get("ContentType", "") for element in types}
    if any("macroEnabled" in kind or "vbaProject" in kind for kind in kinds) or any(
        posixpath.basename(name).lower().startswith("vbaproject") for name in package.names
    ):
        raise Refused(Refusal.MACROS)
    kind = declared.get(f"/{main_part(package)}", "")
    if kind not in {_DOCX_MAIN, _TEMPLATE}:
        raise Refused(Refusal.DISGUISED)
    for name in package.names:
        if name.endswith(".rels"):
            _judge_relationships(package, name)
        elif name.startswith("word/") and name.endswith(".xml"):
            _judge_fields(package, name)
        elif not name.endswith((".xml", ".vml")):
            _judge_part(package, name)


def _judge_relationships(package: Package, name: str) -> None:
    """Only links lead outside: whatever a program would load from there is refused."""
    for relation in package.xml(name):
        kind = relation.get("Type", "").rsplit("/", 1)[-1]
        is_outside = relation.get("TargetMode") == "External"
        if is_outside and kind == "attachedTemplate" and relation.get("Target", "").startswith("file:"):
            continue  # the template on the author's own disk: cleaning takes the reference out
        if is_outside and kind != "hyperlink":
            raise Refused(Refusal.EXTERNAL)


def _judge_fields(package: Package, name: str) -> None:
    """Fields that run a program or load a file are refused, however they are cut into pieces."""
    if b"instr" not in package.read(name):
        return
    for paragraph in package.xml(name).iter(docx_q("w:p")):
        pieces = [[field.get(docx_q("w:instr"), "")] for field in paragraph.iter(docx_q("w:fldSimple"))]
        for element in paragraph.iter(docx_q("w:fldChar"), docx_q("w:instrText")):
            if element.tag == docx_q("w:instrText"):
                pieces = pieces or [[]]
                pieces[-1].append(element.text or "")
            elif element.get(docx_q("w:fldCharType")) == "begin":
                pieces.append([])
        for instruction in map("".join, pieces):
            if _RUNNING_FIELD.match(instruction):
                raise Refused(Refusal.MACROS)
            if _LOADING_FIELD.match(instruction):
                raise Refused(Refusal.EXTERNAL)


def _judge_part(package: Package, name: str) -> None:
    """Pictures and fonts are let be; programs, archives and wrapped files are not."""
    head = package.read(name)[:8]
    is_office = head.startswith(b"PK\x03\x04") and name.lower().endswith(_OFFICE_EMBEDDED)
    if head.startswith(_PROGRAMS) and not is_office:
        raise Refused(Refusal.EMBEDDED)


def _judge_odt(package: Package) -> None:
    if "content.xml" not in package or "mimetype" not in package:
        raise Refused(Refusal.DISGUISED)
    if package.read("mimetype").strip() not in _ODT:
        raise Refused(Refusal.DISGUISED)
    if any(name.startswith(_MACRO_FOLDERS) for name in package.names):
        raise Refused(Refusal.MACROS)
    if "META-INF/manifest.xml" in package:
        manifest = package.xml("META-INF/manifest.xml")
        if next(manifest.iter(q("manifest:encryption-data")), None) is not None:
            raise Refused(Refusal.PROTECTED)
    for name in package.names:
        if name.endswith(".xml") and not name.startswith("META-INF/"):
            _judge_odt_xml(package, name)
        elif not name.endswith((".xml", ".rdf")) and name != "mimetype":
            _judge_part(package, name)


def _judge_odt_xml(package: Package, name: str) -> None:
    data = package.read(name)
    if not data.strip():
        return
    for element in parse(data).iter():
        address = element.get(q("xlink:href"), "")
        is_script = address.lower().lstrip().startswith(_SCRIPT_ADDRESSES)
        if element.tag in _SCRIPTED or element.tag in _DDE or is_script:
            raise Refused(Refusal.MACROS)
        is_outside = ":" in address.split("/")[0] or address.startswith(("/", "..", "\\"))
        if element.tag in _LOADED and is_outside:
            raise Refused(Refusal.EXTERNAL)
