"""The best are found exactly, although most of what matches is not scored."""

import random

import pytest

from forum.search.postgres_engine_blocks import Chunk, Posting, posting_of
from forum.search.postgres_engine_nodes import Operand, Together
from forum.search.postgres_engine_rank import Ranking
from forum.search.postgres_engine_tables import pack_facts
from forum.search.query import FACETS
from forum.search.weighing import SUPERSEDED

SIZES = (700, 40, 1_300)


def make_chunks(draw: random.Random) -> list[Chunk]:
    chunks = []
    for number, size in enumerate(SIZES):
        facts = b"".join(
            pack_facts(dict.fromkeys(FACETS, 1), is_superseded=draw.random() < 0.1).to_bytes(8, "big")
            for _ in range(size)
        )
        moments = b"".join(draw.randrange(50).to_bytes(8, "big") for _ in range(size))
        chunks.append(Chunk(number, 1, 0, facts, moments))
    return chunks


def make_operand(draw: random.Random, share: float) -> Operand:
    postings: list[Posting | None] = [
        posting_of({place: draw.randint(1, 255) for place in range(size) if draw.random() < share}, size)
        for size in SIZES
    ]
    return Operand(postings, (str(draw.random()),)).weigh(sum(SIZES))


@pytest.mark.parametrize("needed", [1, 20, 300])
@pytest.mark.parametrize("words", [1, 2, 5])
@pytest.mark.parametrize("titled", [False, True])
def test_the_best_are_those_of_scoring_everything(words: int, needed: int, titled: bool) -> None:
    for turn in range(8):
        draw = random.Random(turn)
        chunks = make_chunks(draw)
        shares = [draw.choice((0.002, 0.03, 0.3, 0.9)) for _ in range(words)]
        plan = Together([make_operand(draw, share) for share in shares], [], [])
        plan.titled = make_operand(draw, 0.002) if titled else None
        selected = [plan.bits(place) & draw.getrandbits(chunk.size) for place, chunk in enumerate(chunks)]
        every = {
            (chunk, place): plan.score(chunk, place)
            * (SUPERSEDED if chunks[chunk].superseded >> place & 1 else 1)
            for chunk, bits in enumerate(selected)
            for place in range(SIZES[chunk])
            if bits >> place & 1
        }
        expected = sorted(every.values(), reverse=True)[:needed]
        found = Ranking(chunks, selected, needed).by_score(plan)
        assert sorted((score for score, _, _ in found), reverse=True)[:needed] == pytest.approx(expected)
        assert all(score == pytest.approx(every[chunk, place]) for score, chunk, place in found)


def test_by_date_come_the_newest_and_all_as_new_as_the_last() -> None:
    draw = random.Random(1)
    chunks = make_chunks(draw)
    found = Ranking(chunks, [chunk.live for chunk in chunks], 30).by_date()
    dates = sorted((at for chunk in chunks for at in chunk.dates), reverse=True)
    assert sorted((at for at, _, _ in found), reverse=True) == [at for at in dates if at >= dates[29]]
