"""Markdown source: parsing it to HTML that nobody may trust yet, mentions in it, quotes of it.

The HTML that comes from here is untrusted; ``forum.richtext`` alone turns it into something to show.
"""

import ctypes
import re
from typing import Any

from cmarkgfm import _cmark, cmark

from forum.domain.text import normalise, without_controls

# A "<" that could open raw HTML is swapped for this noncharacter before parsing and comes back as "&lt;":
# raw HTML is thereby shown as the text that somebody typed, Markdown in it still works, and 40,000
# opening tags cost nothing. It cannot be typed: normalise() drops it. Spared are the angle brackets of
# CommonMark itself: <https://…>, <mailto:…>, <a@b.example>, [text](<address>) and [label]: <address>;
# and what is escaped already.
_STAND_IN = "\ufdd0"
_RAW = re.compile(
    r"(\\[\\<])|<(?<!\]\(<)(?<!\]: <)"
    r"(?=[A-Za-z/!?])"
    r"(?!(?:https?://|mailto:)[^\s<>]*>)"
    r"(?![A-Za-z0-9._%+\-]{1,64}@[A-Za-z0-9.\-]{1,255}>)",
    re.IGNORECASE,
)
_OPTIONS = (
    cmark.Options.CMARK_OPT_SOURCEPOS
    | cmark.Options.CMARK_OPT_VALIDATE_UTF8
    | cmark.Options.CMARK_OPT_FOOTNOTES
)
_EXTENSIONS = ("table", "autolink", "strikethrough")

_TOKEN = re.compile(r"<(/?)([a-z][a-z0-9]*)[^>]*>|([^<]+)")
# Neither what is code or an address, nor what an earlier writer said and is only quoted.
_NO_MENTIONS = frozenset({"code", "pre", "a", "blockquote"})
_MENTION = re.compile(
    r"(?<![\w@/.\\+%&;=-])@([a-z0-9](?:[a-z0-9]|-(?=[a-z0-9])){1,59})(?![\w@-])", re.IGNORECASE | re.ASCII
)


def _function(library: ctypes.CDLL, name: str) -> Any:
    function = library[name]
    function.argtypes, function.restype = (ctypes.c_void_p,), None
    return function


# cmarkgfm gives back neither the tree nor the string that it renders: 3 MB for each 50 kB post. Its
# shared library holds the functions that do, so they are called by name.
_free_tree = _function(ctypes.CDLL(_cmark.__file__), "cmark_node_free")
_free_string = _function(ctypes.CDLL(None), "free")
cmark.core_extensions_ensure_registered()


def untrusted_html(source: str) -> str:
    """Return cmark's HTML of normalised source: no raw HTML in it, but any address in its links.

    Block elements carry ``data-sourcepos="line:column-line:column"``.
    """
    text = _RAW.sub(lambda match: match[1] or _STAND_IN, source).encode()
    parser = _cmark.lib.cmark_parser_new(_OPTIONS)
    try:
        for name in _EXTENSIONS:
            cmark.parser_attach_syntax_extension(parser, cmark.find_syntax_extension(name))
        _cmark.lib.cmark_parser_feed(parser, text, len(text))
        tree = _cmark.lib.cmark_parser_finish(parser)
        extensions = _cmark.lib.cmark_parser_get_syntax_extensions(parser)
        rendered = _cmark.lib.cmark_render_html(tree, _OPTIONS, extensions)
        html = bytes(_cmark.ffi.string(rendered)).decode()
        _free_string(_address(rendered))
        _free_tree(_address(tree))
    finally:
        _cmark.lib.cmark_parser_free(parser)
    html = html.replace("<!-- raw HTML omitted -->", "").replace("%EF%B7%90", "%3C")
    # Once more, because "&#8238;" in the source is a control only now.
    return without_controls(html.replace(_STAND_IN, "&lt;"))


def _address(pointer: Any) -> int:
    return int(_cmark.ffi.cast("uintptr_t", pointer))


def mentions(source: str) -> tuple[str, ...]:
    """Return the handles addressed as ``@handle``, in lower case, each once, in order.

    Handles are ASCII slugs of 2 to 60 characters. Code, links, e-mail addresses and quoted text hold none.
    """
    if "@" not in source:
        return ()
    found: dict[str, None] = {}
    closed_to_mentions = 0
    for closing, tag, text in _TOKEN.findall(untrusted_html(normalise(source))):
        if tag in _NO_MENTIONS:
            closed_to_mentions += -1 if closing else 1
        elif text and not closed_to_mentions:
            found.update((handle.lower(), None) for handle in _MENTION.findall(text))
    return tuple(found)


def quote(source: str, attribution: str = "") -> str:
    """Return Markdown that quotes source, led by who said it, with a blank line after it to write on."""
    lines = normalise(source).strip("\n").split("\n")
    if attribution:
        lines = [escape(attribution), "", *lines]
    return "\n".join(f"> {line}".rstrip() for line in lines) + "\n\n"


def escape(text: str) -> str:
    """Return Markdown that shows text as it stands, on one line."""
    return re.sub(r"([\\`*_{}\[\]<>()#+\-.!|~@:&])", r"\\\1", " ".join(text.split()))
