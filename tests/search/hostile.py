"""Queries that are meant to hurt, by what is wrong with them; bench.hostile measures their like."""

from itertools import pairwise

SCRIPTS = "child дитина παιδί طفل ילד बच्चा เด็ก 아이 子供 ბავშვი երեխա ልጅ"
STOPS = "the of and to in a is that for it as was with be by on at this are".split()  # noqa: SIM905

QUERIES = {
    "20 kB of one word": "lantern " * 2_500,
    "20 kB without a space": "x" * 20_000,
    "20 kB of quotation marks": '"' * 20_000,
    "3,000 parentheses": "(" * 3_000 + "lantern" + ")" * 3_000,
    "ORs in open parentheses": "(lantern OR " * 3_000,
    "fifty prefixes": " ".join(f"lan{'tern'[: n % 4]}*" for n in range(50)),
    "fifty prefixes joined by OR": " OR ".join(["lan*"] * 50),
    "fifty prefixes left out": " ".join(["-lan*"] * 50),
    "nears of prefixes": " NEAR/50 ".join(["lan*"] * 20),
    "nears of function words": " NEAR ".join(STOPS),
    "phrases of function words": " ".join(f'"{one} {two}"' for one, two in pairwise(STOPS)),
    "words left out": " ".join(f"-{word}" for word in STOPS),
    "a chain of hyphens": "-".join(STOPS),
    "audience:": "audience:group:7 audience:* lantern audience:public",
    "control characters": "".join(map(chr, range(32))) + "lantern\u202e\u200b\ufeff\x7f\x9f",
    "half of a pair of surrogates": "lantern \ud800 \udfff",
    "twelve scripts": f"{SCRIPTS} lantern",
    "every field with nonsense": "kind:x type:y country:zz lang:qq year:0000 label:? after:x lantern",
    "stars alone": "* ** *** a* *a " * 10,
}  # fmt: skip
