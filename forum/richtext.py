"""The only door from what people write to HTML.

Markdown is parsed by cmark, measured by one scan, and then cleaned by bleach and after it by nh3, both
with the same frozen allow-list, one top-level block of the *output* at a time (splitting the source
would break references and footnotes). What is ours (numbers of paragraphs, regions that scroll, sides of
columns) is added last, where no user text can reach it.

Decisions: raw HTML is shown as the text that was typed; an image becomes a link to it, so that no
reader's browser asks a foreign server; only http, https and mailto links live, others keep their words;
titles of links, classes and ids of users are dropped; headings are demoted below those of the page.
"""

import functools
import hashlib
import re
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NoReturn

from markupsafe import Markup

from forum.domain.markdown import escape, mentions, quote, untrusted_html
from forum.domain.marking import Passage, mark
from forum.domain.paragraphs import TAG, VOID, Paragraph, outline, split_blocks
from forum.domain.references import CITED, parse_reference
from forum.domain.text import excerpt, normalise
from forum.errors import Invalid

__all__ = [
    "MAX_BYTES", "RENDER_VERSION", "Paragraph", "Rendered", "blocks_of", "escape", "excerpt", "mentions",
    "outline_of", "quote", "render", "source_lines", "to_markup",
]  # fmt: skip

Profile = Literal["post", "paper"]

# Raise it when the allow-list or the HTML changes: the worker renders anew what has a lower one.
RENDER_VERSION = 1
MAX_BYTES: dict[Profile, int] = {"post": 50_000, "paper": 1_000_000}
MAX_DEPTH = 64
MAX_ELEMENTS = 3_000
MAX_ELEMENTS_IN_PAPER = 30_000
# Each of < > & " costs bleach about as much as eight letters' worth of HTML: 15 microseconds.
MAX_SPECIAL_CHARACTERS = 10_000

_TAGS = frozenset({
    "a", "blockquote", "br", "code", "del", "em", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre",
    "section", "strong", "sup", "table", "tbody", "td", "th", "thead", "tr", "ul",
})  # fmt: skip
_SCHEMES = frozenset({"http", "https", "mailto"})
_REL = "nofollow noopener ugc noreferrer"
_FOOTNOTE = re.compile(r"#(?:fn|fnref)-[0-9]+(?:-[0-9]+)?")
_HREF = re.compile(r"(?:https?://|mailto:)[^\s<>\"\x00-\x20]+", re.IGNORECASE)
_VALUES: dict[tuple[str, str], re.Pattern[str]] = {
    ("a", "href"): re.compile(f"(?:{_HREF.pattern})|(?:{_FOOTNOTE.pattern})", re.IGNORECASE),
    ("a", "id"): re.compile(r"fnref-[0-9]+(?:-[0-9]+)?"),
    ("a", "class"): re.compile(r"footnote-backref"),
    ("li", "id"): re.compile(r"fn-[0-9]+"),
    ("ol", "start"): re.compile(r"[0-9]{1,9}"),
    ("section", "class"): re.compile(r"footnotes"),
    ("sup", "class"): re.compile(r"footnote-ref"),
    ("td", "align"): re.compile(r"left|center|right"),
    ("th", "align"): re.compile(r"left|center|right"),
}  # fmt: skip
_ATTRIBUTES: dict[str, set[str]] = {}
for _tag, _attribute in _VALUES:
    _ATTRIBUTES.setdefault(_tag, set()).add(_attribute)

_DEMOTED: dict[Profile, dict[str, str]] = {
    "post": {f"h{n}": f"h{min(n + 3, 6)}" for n in range(1, 7)},
    "paper": {f"h{n}": f"h{min(n + 1, 6)}" for n in range(1, 7)},
}
_SIDES = {"left": "text-start", "center": "text-center", "right": "text-end"}


@dataclass(frozen=True, slots=True)
class Rendered:
    """A text made ready to store: what was written, what is shown, and the plain words of it.

    ``source`` is normalised, ``content_hash`` its SHA-256; ``text`` serves search, snippets and anchors,
    and ``paragraphs`` point into it.
    """

    source: str
    html: str
    text: str
    paragraphs: tuple[Paragraph, ...]
    content_hash: str
    render_version: int = RENDER_VERSION


def render(source: str, *, profile: Profile) -> Rendered:
    """Return user text as safe HTML, or raise Invalid saying what is too much and how to mend it.

    Meant to run before a transaction, once a text: the HTML is stored.
    """
    source = _checked_source(source, profile)
    raw = _numbered_footnotes(untrusted_html(source), linked=profile == "paper")
    cleaned = [_referenced(_clean(_prepared(block, profile))) for block in _measured_blocks(raw, profile)]
    text, paragraphs = outline(cleaned)
    html = "\n".join(
        _finished(block, paragraph.anchor if paragraph and profile == "paper" else "")
        for block, paragraph in zip(cleaned, paragraphs, strict=True)
    )
    return Rendered(source, html, text, tuple(filter(None, paragraphs)), _sha256(source))


_BLOCK_LINES = re.compile(r'<[a-z0-9]+ data-sourcepos="([0-9]+):[0-9]+-([0-9]+):')


def source_lines(source: str) -> dict[str, tuple[int, int]]:
    """Return for each paragraph of a paper ("p17") its first and last line in the source, from 1.

    The footnotes have none: they may stand anywhere.
    """
    blocks = _measured_blocks(_numbered_footnotes(untrusted_html(source), linked=True), "paper")
    _text, paragraphs = outline([_clean(_prepared(block, "paper")) for block in blocks])
    found = {}
    for block, paragraph in zip(blocks, paragraphs, strict=True):
        match = _BLOCK_LINES.match(block)
        if match and paragraph:
            found[paragraph.anchor] = (int(match[1]), int(match[2]))
    return found


def to_markup(html: str) -> Markup:
    """Return stored HTML that came out of render() as Markup: the one place where that is done."""
    return Markup(html)  # noqa: S704


def render_plain(parts: Sequence[Sequence[str]]) -> Markup:
    """Return plain text as paragraphs of lines: everything in it is escaped, nothing is Markdown."""
    return Markup("").join(Markup("<p>{}</p>").format(Markup("<br>").join(lines)) for lines in parts)


_ANCHOR = re.compile(r'<[a-z0-9]+ id="(p[0-9]+)"')


def blocks_of(html: str, marked: Mapping[str, Sequence[Passage]] | None = None) -> list[tuple[str, Markup]]:
    """Return the top-level blocks of stored HTML as (anchor or "", Markup), to place comments between.

    `marked` has the passages to mark in a block, by its anchor; ids are ours, never a person's words.
    """
    blocks = []
    for block in split_blocks(html):
        match = _ANCHOR.match(block)
        anchor = match[1] if match else ""
        passages = marked.get(anchor) if marked and anchor else None
        blocks.append((anchor, to_markup(_marked(block, passages) if passages else block)))
    return blocks


_KEPT_BLOCK = 8_000


def _marked(block: str, passages: Sequence[Passage]) -> str:
    """Mark a block; short ones are kept, for a paper is read more often than it is commented on."""
    if len(block) > _KEPT_BLOCK:
        return mark(block, passages)
    return _kept_mark(block, tuple(passages))


_kept_mark = functools.lru_cache(maxsize=2_000)(mark)


def outline_of(html: str) -> tuple[str, tuple[Paragraph, ...]]:
    """Return the plain text and paragraphs of stored HTML, as render() gave them."""
    text, paragraphs = outline(list(split_blocks(html)))
    return text, tuple(filter(None, paragraphs))


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _checked_source(source: str, profile: Profile) -> str:
    limit = MAX_BYTES[profile]
    # Ten times the limit is refused unread: normalising it would be work for nothing.
    size = len(source)
    if size <= 10 * limit:
        source = normalise(source)
        size = len(source.encode())
    if size > limit:
        raise Invalid(
            "The text has %(size)d kB; up to %(limit)d kB are accepted. Shorten it or split it in two.",
            size=-(-size // 1000),
            limit=limit // 1000,
        )
    return source


_SOURCEPOS = re.compile(r' data-sourcepos="([0-9]+)[^"]*"')


def _measured_blocks(html: str, profile: Profile) -> list[str]:
    """Split cmark's output into top-level blocks, refusing what would take the sanitizers too long."""
    blocks: list[str] = []
    line = ""
    depth = start = elements = total = specials = 0
    for match in TAG.finditer(html):
        closing, tag, attributes = match.groups()
        if closing:
            depth -= 1
        else:
            if depth == 0:
                start = match.start()
                position = _SOURCEPOS.match(attributes)
                line = position[1] if position else ""
                if profile == "paper":
                    elements = specials = 0
            elements += 1
            total += 1
            if depth >= MAX_DEPTH:
                _refuse("levels", line)
            if elements > MAX_ELEMENTS:
                _refuse("parts", line)
            if total > MAX_ELEMENTS_IN_PAPER:
                _refuse("whole", line)
            depth += tag not in VOID
        if depth == 0:
            blocks.append(html[start : match.end()])
            specials += blocks[-1].count("&") + blocks[-1].count("\u00a0")
            if specials > MAX_SPECIAL_CHARACTERS:
                _refuse("characters", line)
    return blocks


def _refuse(reason: str, line: str) -> NoReturn:
    if not line:  # only the list of footnotes has no line of its own
        raise Invalid("The footnotes are too many or too deeply nested. Shorten or merge some of them.")
    if reason == "levels":
        raise Invalid(
            "The block at line %(line)s is nested more than %(limit)d levels deep. "
            "Take out some of its quotation marks (>) or list levels.",
            line=line,
            limit=MAX_DEPTH,
        )
    if reason == "parts":
        raise Invalid(
            "The text up to the block at line %(line)s has more than %(limit)d parts (cells, entries, "
            "emphasised words). Split the table or list, or send it as an attachment.",
            line=line,
            limit=MAX_ELEMENTS,
        )
    if reason == "whole":
        raise Invalid(
            "The text has more than %(limit)d parts up to line %(line)s (paragraphs, entries, cells, "
            "emphasised words). Split it into several papers.",
            line=line,
            limit=MAX_ELEMENTS_IN_PAPER,
        )
    raise Invalid(
        'The text up to the block at line %(line)s has more than %(limit)d of the characters < > & " and '
        "no-break spaces. Split the block, or send it as an attachment.",
        line=line,
        limit=MAX_SPECIAL_CHARACTERS,
    )


_NOTE = re.compile(r'<li id="fn-([^"]*)"')
_NOTE_REFERENCE = re.compile(r'<a href="#fn-([^"]*)" id="fnref-([^"]*)" data-footnote-ref>')
_NOTE_RETURN = re.compile(r' ?<a href="#fnref-[^"]*" class="footnote-backref".*?</a>')
_NOTE_BACK = re.compile(r'<a href="#fnref-[^"]*" class="footnote-backref"[^>]*?backref-idx="([0-9-]+)"[^>]*>')


def _numbered_footnotes(html: str, *, linked: bool) -> str:
    """Replace the labels that people gave to footnotes by their numbers in every id and link.

    Where several texts stand on a page (``linked`` is false) notes have numbers, but neither ids nor links.
    """
    if "data-footnote" not in html:
        return html
    if not linked:
        html = _NOTE_REFERENCE.sub("<a>", _NOTE.sub("<li", html))
        return _NOTE_RETURN.sub("", html)
    numbers = {label: number for number, label in enumerate(_NOTE.findall(html), 1)}

    def reference(match: re.Match[str]) -> str:
        label, own = match.groups()
        number = numbers.get(label, 0)
        return f'<a href="#fn-{number}" id="fnref-{number}{own[len(label) :]}">'

    html = _NOTE.sub(lambda match: f'<li id="fn-{numbers[match[1]]}"', html)
    html = _NOTE_REFERENCE.sub(reference, html)
    return _NOTE_BACK.sub(r'<a href="#fnref-\1" class="footnote-backref">', html)


_HEADING = re.compile(r"<(/?)(h[1-6])(?=[ >])")
_IMAGE_OR_LINK = re.compile(r'<img src="([^"]*)" alt="([^"]*)"[^>]*/>|<(/?)a\b[^>]*>')


def _prepared(block: str, profile: Profile) -> str:
    """Drop positions, demote headings and make links of images in a block of cmark's output."""
    block = _SOURCEPOS.sub("", block)
    block = _HEADING.sub(lambda match: f"<{match[1]}{_DEMOTED[profile][match[2]]}", block)
    if "<img" not in block:
        return block
    in_link = False

    def linked(match: re.Match[str]) -> str:
        nonlocal in_link
        address, words, closing = match.groups()
        if closing is not None:
            in_link = not closing
            return match[0]
        words = words or (address if address.startswith(("http://", "https://")) else "")
        return words if in_link or not words else f'<a href="{address}">{words}</a>'

    return _IMAGE_OR_LINK.sub(linked, block)


def _is_allowed(tag: str, attribute: str, value: str) -> bool:
    pattern = _VALUES.get((tag, attribute))
    return pattern is not None and pattern.fullmatch(value) is not None


class _Cleaners(threading.local):
    """bleach's cleaner holds a parser with state: each thread has its own."""

    def __init__(self) -> None:
        import bleach.sanitizer  # both are slow to load, and most of a server's first pages render nothing
        import nh3

        self.bleach = bleach.sanitizer.Cleaner(
            tags=_TAGS, attributes=_is_allowed, protocols=_SCHEMES, strip=True, strip_comments=True
        )
        self.nh3 = nh3.Cleaner(
            tags=set(_TAGS),
            clean_content_tags=set(),
            attributes=_ATTRIBUTES,
            attribute_filter=lambda tag, name, value: (
                value if name == "rel" or _is_allowed(tag, name, value) else None
            ),
            url_schemes=set(_SCHEMES),
            url_relative=lambda url: url if _FOOTNOTE.fullmatch(url) else None,
            link_rel=_REL,
            strip_comments=True,
            generic_attribute_prefixes=set(),
        )


@functools.cache
def _cleaners() -> _Cleaners:
    return _Cleaners()


class _Memo:
    """What cleaned blocks came to, by hash, so that a later version of a paper costs what is new in it.

    Blocks under ``FLOOR`` characters are not remembered: nobody may learn by a stopwatch that somebody
    wrote "We agree." where they cannot read.
    """

    FLOOR = 100
    LIMIT = 6_000_000

    def __init__(self) -> None:
        self._blocks: OrderedDict[bytes, str] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    def get(self, key: bytes) -> str | None:
        with self._lock:
            if key in self._blocks:
                self._blocks.move_to_end(key)
            return self._blocks.get(key)

    def put(self, key: bytes, html: str) -> None:
        with self._lock:
            if key not in self._blocks:
                self._blocks[key] = html
                self._size += len(html)
            while self._size > self.LIMIT:
                self._size -= len(self._blocks.popitem(last=False)[1])


_memo = _Memo()


def _clean(block: str) -> str:
    if len(block) < _Memo.FLOOR:
        return _sanitised(block)
    key = hashlib.blake2b(block.encode(), digest_size=20).digest()
    html = _memo.get(key)
    if html is None:
        html = _sanitised(block)
        _memo.put(key, html)
    return html


def _sanitised(block: str) -> str:
    cleaners = _cleaners()
    return str(cleaners.nh3.clean(cleaners.bleach.clean(block)))


_SIDE = re.compile(r'<(t[hd]) align="(left|center|right)">')
_INNER_LINK = re.compile(r'<a (?=[^>]*href="#(fn|fnref)-([0-9-]+)")[^>]*>')
_DEAD_LINK = re.compile(rf'<a(?: rel="{_REL}")?>(.*?)</a>', re.DOTALL)
_FIRST_TAG = re.compile(r"<[a-z][a-z0-9]*")


def _inner_link(match: re.Match[str]) -> str:
    kind, number = match.groups()
    if kind == "fnref":
        return (
            f'<a href="#fnref-{number}" class="footnote-backref" role="doc-backlink"'
            f' aria-label="Back to reference {number}">'
        )
    own = re.search(r' id="[^"]*"', match[0])
    return f'<a href="#fn-{number}"{own[0] if own else ""} role="doc-noteref">'


_UNLINKED = re.compile(r"<(a|code|pre)\b.*?</\1>", re.DOTALL)


def _referenced(block: str) -> str:
    """Make links of the references in double brackets: [[COM(2020) 607]] leads into the reference library.

    Before the words of the text are taken from it, so that both agree; not in links and code.
    """
    if "[[" not in block:
        return block
    kept = [(match.start(), match.end()) for match in _UNLINKED.finditer(block)]

    def linked(match: re.Match[str]) -> str:
        reference = parse_reference(match[1])
        if reference is None or any(start <= match.start() < end for start, end in kept):
            return match[0]
        return f'<a href="/library/{reference.key}">{reference.text}</a>'

    return CITED.sub(linked, block)


def _finished(block: str, anchor: str) -> str:
    """Add what is ours to a sanitised block; every pattern begins with "<", which no text contains."""
    if "<table>" in block:
        region = (
            '<div class="table-scroll" tabindex="0" role="region" aria-label="Table"><table class="table">'
        )
        block = block.replace("<table>", region).replace("</table>", "</table></div>")
        block = _SIDE.sub(lambda match: f'<{match[1]} class="{_SIDES[match[2]]}">', block)
    if "<pre>" in block:
        block = block.replace("<pre>", '<pre tabindex="0">')
    if "#fn" in block:
        block = _INNER_LINK.sub(_inner_link, block)
    if "<section" in block:
        block = block.replace(
            '<section class="footnotes">', '<section class="footnotes" role="doc-endnotes">'
        )
    block = _DEAD_LINK.sub(r"\1", block)
    if anchor:
        block = _FIRST_TAG.sub(lambda match: f'{match[0]} id="{anchor}"', block, count=1)
    return block
