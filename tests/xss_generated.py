"""Attempts to run a script, multiplied out: elements, events, spellings, encodings, Markdown.

`tests/xss.py` has those that somebody thought of one by one. Every script here calls ``alert``, which the
tests in a browser listen to. ``CORPUS`` is both together, each once, in an order that never changes.
"""

import html
import itertools
from collections.abc import Iterator

from tests.xss import PAYLOADS

_ELEMENTS = (
    "img src=x",
    "svg",
    "body",
    "iframe",
    "video src=x",
    "audio src=x",
    "input autofocus",
    "details open",
    "marquee",
    "object data=x",
    "embed src=x",
    "style",
    "link rel=stylesheet href=x",
    "select autofocus",
    "a href=#p1 id=p1 tabindex=1",
    "math",
    "x contenteditable",
    "image src=x",
    "table background=x",
    "isindex",
)
_EVENTS = (
    "onerror",
    "onload",
    "onfocus",
    "ontoggle",
    "onstart",
    "onmouseover",
    "onanimationstart",
    "onpointerenter",
    "onbeforetoggle",
    "onscrollend",
)
_SPELLINGS = (
    "<{element} {event}=alert(1)>",
    '<{element} {event}="alert(1)">',
    "<{element}/{event}='alert(1)'//",
    "<{element}\n{event}\n=\nalert(1)\n>",
    '"><{element} {event}=alert`1`>',
    "'-->]]></title></textarea></style></script><{element} {event}=alert(1)>",
)
_SCHEMES = (
    "javascript:alert(1)",
    "JAVASCRIPT:alert(1)",
    "java\tscript:alert(1)",
    "java\nscript:alert(1)",
    "\x01javascript:alert(1)",
    "javascript:alert(1)//https://host.example",
    "javascript:%61lert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:alert(1)",
    "javascript&colon;alert(1)",
    "javascript:/**/alert(1)",
    "javascript:void(0);alert(1)",
    "jaVasCript:eval('al'+'ert(1)')",
)
_ADDRESSED = (
    "a href",
    "form action",
    "button formaction",
    "iframe src",
    "object data",
    "embed src",
    "base href",
    "img src",
    "svg><a xlink:href",
    "math href",
    "input type=image formaction",
    "meta http-equiv=refresh content",
    "area href",
)
_MARKDOWN = (
    "[x]({0})",
    "![x]({0})",
    "<{0}>",
    "[x][y]\n\n[y]: {0}",
    "[x](<{0}>)",
    "[{0}]({0} '{0}')",
    "> [x]({0})",
    "| [x]({0}) |\n|---|\n| {0} |",
    "1. [x]({0})\n   - {0}",
    "## [x]({0})",
    "x[^1]\n\n[^1]: [y]({0})",
    "**[x]({0})**",
)
_BREAKS = (
    "</p>",
    "</div></main>",
    "</title>",
    "</textarea>",
    "</script>",
    "</style>",
    "-->",
    "]]>",
    '">',
    "'>",
    "`>",
    "</a>",
    "</noscript>",
    "</template>",
    "</option></select>",
    "</button>",
    "\"'>",
    "</summary></details>",
    "</svg>",
    "</math>",
)
_MUTATED = (
    "<svg><p><style><a title='</style><img src onerror=alert(1)>'>",
    (
        "<math><mtext><option><FAKEFAKE><option></option><mglyph><svg><mtext><style><a title='"
        "</style><img src onerror=alert(1)>'>"
    ),
    (
        "<form><math><mtext></form><form><mglyph><svg><mtext><textarea><path id='</textarea>"
        "<img onerror=alert(1) src=1>'>"
    ),
    "<svg></p><title><a id='</title><img src onerror=alert(1)>'></title>",
    "<noscript><style></noscript><img src=x onerror=alert(1)></style>",
    "<table><math><select><mi><input><mi></mi></select></math></table><img src=x onerror=alert(1)>",
    "<a><svg><desc><a><table><style></desc><img src=x onerror=alert(1)></style></table></a></svg></a>",
    "<select><noembed></select><script x='a='b>y='c'-alert(1)//</script>",
    "<xmp><p title='</xmp><svg/onload=alert(1)>'>",
    "<template><s id='</template><img src onerror=alert(1)>'></template>",
    "<listing>&lt;img src=x onerror=alert(1)&gt;</listing>",
    "<input value='&lt;img src=x onerror=alert(1)&gt;'>",
    (
        "<math><annotation-xml encoding='text/html'><style><img src onerror=alert(1)></style>"
        "</annotation-xml></math>"
    ),
    "<svg><annotation-xml><foreignobject><style><!--</style><p id='--><img src=1 onerror=alert(1)>'>",
    "<img alt='<x' title='/><img src=x onerror=alert(1)>'>",
    "<b <script>alert(1)</script>0",
    "<!doctype x [<!entity x '<script>alert(1)</script>'>]>&x;",
    "<frameset><frame src=javascript:alert(1)>",
    "<p><a href='&#x1;javascript:alert(1)'>x",
)
"""What changes its meaning when it is read a second time."""


def _encoded(script: str) -> Iterator[str]:
    yield html.escape(script)
    yield html.escape(html.escape(script))
    yield "".join(f"&#{ord(letter)};" for letter in script)
    yield "".join(f"&#x{ord(letter):x}" for letter in script)
    yield "".join(f"%{ord(letter):02x}" for letter in script)
    yield "".join(f"\\u{ord(letter):04x}" for letter in script)
    yield script.translate({ord("<"): "\uff1c", ord(">"): "\uff1e"})
    yield script.replace("<", "<\u200b").replace("script", "scr\u00adipt")
    yield script.replace("<", "\\<")
    yield script.upper().replace("ALERT", "alert")
    yield script.replace("a", "\u0430", 1)
    yield f"{{{{ {script} }}}}"
    yield f"${{{script}}}"


def generated() -> Iterator[str]:
    """Give every combination that is worth a try, none by chance."""
    for number, (element, event) in enumerate(itertools.product(_ELEMENTS, _EVENTS)):
        yield _SPELLINGS[number % len(_SPELLINGS)].format(element=element, event=event)
    for number, (place, scheme) in enumerate(itertools.product(_ADDRESSED, _SCHEMES)):
        quote = ('"', "'", "")[number % 3]
        yield f"<{place}={quote}{scheme}{quote}>x"
    for place, scheme in itertools.product(_MARKDOWN, _SCHEMES):
        yield place.format(scheme)
    for way_out in _BREAKS:
        yield f"{way_out}<script>alert(1)</script>"
        yield f"{way_out}<img src=x onerror=alert(1)>"
        yield f"x{way_out} onmouseover=alert(1) autofocus onfocus=alert(1) x="
    for script in ("<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<svg/onload=alert(1)>"):
        yield from _encoded(script)
    yield from _MUTATED


CORPUS = tuple(dict.fromkeys([*PAYLOADS, *generated()]))
