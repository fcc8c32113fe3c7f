"""What one server of a branch does for all: who has the claim goes on, the others stand by."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from queue_display.keeping import StoreUnavailable
from queue_display.server.claimed import Claimed
from queue_display.server.outgoing import OutboxNow, OutboxState


@dataclass
class Claims:
    """The claim of one server; None: the database is away."""

    is_ours: bool | None
    asked: list[str] = field(default_factory=list)

    def claim(self, work: str) -> bool:
        self.asked.append(work)
        if self.is_ours is None:
            raise StoreUnavailable("the database is lost")
        return self.is_ours


@dataclass
class Teller:
    """Counts how often it began and ended."""

    began: int = 0
    ended: int = 0
    fails: bool = False

    @property
    def outboxes(self) -> Sequence[OutboxNow]:
        return (OutboxNow("x", OutboxState.GOING, 0, None, ""),)

    async def run(self) -> None:
        self.began += 1
        try:
            if self.fails:
                raise ZeroDivisionError
            await asyncio.Event().wait()
        finally:
            self.ended += 1


@asynccontextmanager
async def running(claims: Claims, teller: Teller) -> AsyncIterator[Claimed]:
    claimed = Claimed("webhooks", teller, claims, again_s=0.001)  # type: ignore[arg-type]
    task = asyncio.create_task(claimed.run())
    yield claimed
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def asked_again(claims: Claims, times: int = 3) -> None:
    enough = len(claims.asked) + times
    while len(claims.asked) < enough:
        await asyncio.sleep(0)


def test_it_goes_on_while_the_claim_is_renewed_and_stops_when_it_is_lost() -> None:
    async def go() -> None:
        claims, teller = Claims(is_ours=False), Teller()
        async with running(claims, teller) as claimed:
            await asked_again(claims)
            assert teller.began == 0
            assert claimed.outboxes == teller.outboxes
            claims.is_ours = True
            await asked_again(claims, 5)
            assert (teller.began, teller.ended) == (1, 0)
            claims.is_ours = False
            await asked_again(claims)
            assert (teller.began, teller.ended) == (1, 1)
            claims.is_ours = True
            await asked_again(claims)
            assert (teller.began, teller.ended) == (2, 1)
        assert teller.ended == 2
        assert set(claims.asked) == {"webhooks"}

    asyncio.run(go())


def test_while_nobody_knows_whose_it_is_it_stands_by() -> None:
    async def go() -> None:
        claims, teller = Claims(is_ours=True), Teller()
        async with running(claims, teller):
            await asked_again(claims)
            claims.is_ours = None
            await asked_again(claims)
            assert (teller.began, teller.ended) == (1, 1)

    asyncio.run(go())


def test_a_mistake_in_it_is_not_hidden() -> None:
    async def go() -> None:
        with pytest.raises(ZeroDivisionError):
            await Claimed("webhooks", Teller(fails=True), Claims(is_ours=True), again_s=0.001).run()  # type: ignore[arg-type]

    asyncio.run(go())
