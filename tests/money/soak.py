"""Customers by the thousand on set time, with every misfortune at random: no fen is lost or doubled.

    python -m tests.money.soak --seeds 1000 --transactions 200   # on every processor
    python -m tests.money.soak --seed 417 --transactions 200     # one seed, the same every time

A seed is one terminal's life: customers who load a card or pay into an account, by phone or bank card, at once, late
or never, who lift, swap or tear out their cards; a host that loses, delays and doubles messages or is down; cards that
are loaded elsewhere meanwhile; power cuts at any point, in the middle of a write to disk and of a recovery too, after
which any part of what was not synced may be there.
"""

import argparse
import contextlib
import logging
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial

from device_sim.cards.lasting import Tear
from kiosk_core.funding import FundingKind
from kiosk_core.intents import Cancel, ChooseAmount, ChooseFunding, ChooseService, Done, Intent
from kiosk_core.ledger import LedgerState
from kiosk_core.pages import CapturePage, FundingPage, KeypadPage, MenuPage, Page, PaymentPage, Picture, ResultPage
from tests.faulty_disk import Image, Unsynced
from tests.money.invariant import is_deposit, violations
from tests.money.line import LineFault, Mishap
from tests.money.world import (
    DEPOSIT,
    PIN,
    SERVICE,
    START,
    Customer,
    NeverAtRest,
    PowerCut,
    RunningTerminal,
    World,
    order_in,
)

CARDS = 12
DEPOSITS = 0.2
"""The share of customers who want money in an account."""
JUDGED_EVERY = 25
TOLD_EVERY = 10
_REQUESTS = (
    "OrderRequest",
    "ChargeRequest",
    "DepositRequest",
    "StatusRequest",
    "LoadRequest",
    "ConfirmRequest",
    "ReversalRequest",
    "SuspenseRequest",
)
_STEP_FEN = 1_000
_TURNS_AWAY_AFTER_S = 60.0


@dataclass
class Passer:
    """A customer with a will of his own: what he does is drawn from `chance`. `deposits`: he loads no card."""

    chance: random.Random
    card: int
    deposits: bool
    came: bool = False
    gone: bool = False
    _arrived: float = 0.0

    def acts(self, world: World, page: Page, *, fresh: bool) -> Intent | None:
        terminal, chance = world.terminal, self.chance
        assert terminal is not None
        if not self.came:
            return self._comes(world, page)
        if not fresh:
            return None
        self._fumbles(terminal)
        match page:
            case MenuPage():
                self.gone = True
                terminal.take()
            case FundingPage():
                return ChooseFunding(funding=chance.choice(list(FundingKind)))
            case CapturePage(picture=Picture.INSERT_BANK_CARD | Picture.ENTER_PIN):
                return self._pays_by_card(world, page)
            case CapturePage() if terminal.reader.card is None and chance.random() < 0.75:
                terminal.lay(chance.randrange(CARDS) if chance.random() < 0.05 else self.card)
            case KeypadPage():
                return ChooseAmount(amount_fen=_STEP_FEN * chance.randrange(1, 51))
            case PaymentPage():
                return self._pays(world, page)
            case ResultPage():
                terminal.keys.type_pin(PIN)
                terminal.take()
                terminal.slot.take()
                return Done()
        return None

    def _comes(self, world: World, page: Page) -> Intent | None:
        if isinstance(page, MenuPage) and page.items[0].unavailable is None:
            self.came = True
            return ChooseService(service_id=DEPOSIT.id if self.deposits else SERVICE.id)
        self._arrived = self._arrived or world.clock.now()
        self.gone = world.clock.now() > self._arrived + _TURNS_AWAY_AFTER_S
        return None

    def _fumbles(self, terminal: RunningTerminal) -> None:
        """Lift the card or lay another one in its place, at the worst moment."""
        luck = self.chance.random()
        if luck < 0.03:
            terminal.take()
        elif luck < 0.04 and terminal.reader.card is not None:
            terminal.lay(self.chance.randrange(CARDS))

    def _pays_by_card(self, world: World, page: CapturePage) -> Intent | None:
        """Put the card in, or type the PIN; some think better of it, pull the card out, or just stand there."""
        terminal, luck = world.terminal, self.chance.random()
        assert terminal is not None
        if luck < 0.04:
            return Cancel()
        if luck < 0.06:
            terminal.slot.take()
        elif luck < 0.94:
            world.bank_card.refuses = self.chance.random() < 0.04
            if page.picture is Picture.INSERT_BANK_CARD:
                terminal.slot.insert(world.bank_card)
            else:
                terminal.keys.type_pin(PIN if self.chance.random() > 0.03 else PIN[::-1])
        return None

    def _pays(self, world: World, page: PaymentPage) -> Intent | None:
        luck = self.chance.random()
        if luck < 0.04:
            return Cancel()
        if luck < 0.94:
            after_s = 0.0 if luck < 0.7 else self.chance.uniform(0.0, 200.0)
            world.payments.append((world.clock.now() + after_s, order_in(page)))
        return None


@dataclass
class Story:
    """What a seed came to: how often what happened, and what was wrong."""

    seed: int
    counts: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


class Life:
    """One terminal under one seed."""

    def __init__(self, world: World, seed: int) -> None:
        self.story = Story(seed)
        self._world = world
        self._chance = random.Random(seed)
        self._torn: Image | None = None
        self._cut_in = 0
        world.notice = lambda _: self._maybe_cut()
        world.disk.before = lambda _: self._maybe_cut()

    def live(self, transactions: int) -> None:
        """Serve so many customers; stops at the first thing that is wrong."""
        for number in range(1, transactions + 1):
            try:
                self._serve()
                if number % JUDGED_EVERY == 0 or number == transactions:
                    self._judge(closing=number == transactions)
            except NeverAtRest as error:
                self.story.wrong.append(str(error))
            if self.story.wrong:
                self.story.wrong = [f"customer {number}: {each}" for each in self.story.wrong]
                return

    # -- the power -----------------------------------------------------------------------------------------

    def _maybe_cut(self) -> None:
        if self._torn is None and self._cut_in:
            self._cut_in -= 1
            if not self._cut_in:
                self._torn = self._world.disk.after_power_cut(Unsynced.SOME, self._chance)
        if self._torn is not None:
            raise PowerCut  # whatever SQLite made of the first one: nothing happens any more

    def _powered(self, work: Callable[[], object]) -> None:
        """Do `work`; wherever the power goes start the terminal again, which may be cut off again, and be done."""
        while True:
            with contextlib.suppress(PowerCut):
                if self._world.terminal is None:
                    self._start()
                work()
            if self._torn is None:
                return
            torn, self._torn = self._torn, None
            self.story.counts["power cuts"] += 1
            self._world.cut_power(torn)
            self._world.clock.sleep(self._chance.uniform(1.0, 300.0))
            self._cut_in = self._chance.randrange(1, 60) if self._chance.random() < 0.3 else 0

    def _start(self) -> None:
        somebody = self._chance.randrange(CARDS) if self._chance.random() < 0.5 else None
        terminal = self._world.power_on(somebody)
        terminal.run(at_rest=lambda: terminal.idle)
        terminal.take()

    # -- people --------------------------------------------------------------------------------------------

    def _serve(self) -> None:
        """Let one customer come, with the misfortunes that wait for him."""
        world, chance = self._world, self._chance
        world.clock.sleep(chance.expovariate(1 / 20))
        if chance.random() < 0.25:
            world.line.fault = LineFault(chance.choice(list(Mishap)), chance.choice(_REQUESTS))
        if chance.random() < 0.03:
            world.line.down_until = world.clock.now() + chance.uniform(1, 200)
        if chance.random() < 0.2:
            world.line.deliver_late()
        if chance.random() < 0.02:
            world.load_elsewhere(chance.randrange(CARDS), _STEP_FEN)
        card = chance.randrange(CARDS)
        if chance.random() < 0.12:
            world.cards[card].card.tear_next(chance.choice(list(Tear)))
        if chance.random() < 0.4:
            self._cut_in = chance.randrange(1, 220)
        customer = Passer(chance, card, deposits=chance.random() < DEPOSITS)
        self._powered(lambda: self._use(customer))
        self._cut_in = 0
        self.story.counts["customers"] += 1
        self.story.counts["served"] += customer.came

    def _use(self, customer: Passer) -> None:
        terminal = self._world.terminal
        assert terminal is not None
        terminal.run(customer, at_rest=lambda: customer.gone and terminal.idle)

    # -- the judge -----------------------------------------------------------------------------------------

    def _judge(self, *, closing: bool) -> None:
        world = self._world
        self._cut_in = 0
        world.line.fault = None
        world.line.down_until = 0.0
        world.line.deliver_late()
        terminal = world.terminal
        assert terminal is not None
        terminal.run()
        world.clock.sleep(300.0)
        world.pay_what_is_due()
        self.story.wrong += violations(world)
        if closing and not self.story.wrong:
            self._close(terminal)

    def _close(self, terminal: RunningTerminal) -> None:
        """Bring every card whose load is open: each must close its case, but for a card that was loaded elsewhere.

        Such a card has moved on; where its own word does not suffice any more, staff decide (MANUAL).
        """
        story, journal = self.story, terminal.journal
        moved_on = set()
        for card, (watched, elsewhere) in enumerate(zip(self._world.cards, self._world.elsewhere, strict=True)):
            watched.card.tear_next(None)
            masked = watched.card.identity.number.masked
            if elsewhere.loads:
                moved_on.add(masked)
            if any(each.facts.get("card") == masked for each in journal.unsettled()):
                story.counts["open cases brought their card"] += 1
                terminal.serve(Customer(card, pays=False))
        story.wrong += violations(self._world)
        for each in journal.unsettled():
            if each.state is LedgerState.MANUAL and each.facts.get("card") in moved_on:
                story.counts["left to staff"] += 1
            else:
                story.wrong.append(f"{each.id}: {each.state.value}, and no card closes it")
        for entry in self._world.books.entries():
            story.counts["loaded"] += entry.loaded
            story.counts["reversed"] += entry.reversed
        done = (each for each in journal.since(START) if each.state is LedgerState.DONE)
        story.counts["deposited"] += sum(map(is_deposit, done))


def live(seed: int, transactions: int) -> Story:
    """Return what `seed` came to."""
    logging.disable()  # so many faults are a flood of warnings
    try:
        with World(CARDS) as world:
            life = Life(world, seed)
            life.live(transactions)
            return life.story
    finally:
        logging.disable(logging.NOTSET)


def main(arguments: list[str]) -> int:
    """Live as many lives as were asked for; return 1 if anything is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.money.soak", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1000, help="how many, from 0 on")
    parser.add_argument("--seed", type=int, help="only this one")
    parser.add_argument("--transactions", type=int, default=200, help="customers of each seed")
    parser.add_argument("--processes", type=int, help="how many at a time; one for each processor unless said")
    asked = parser.parse_args(arguments)
    seeds = range(asked.seeds) if asked.seed is None else [asked.seed]
    began = time.monotonic()
    counts: Counter[str] = Counter()
    failing = 0
    with ProcessPoolExecutor(asked.processes) as pool:
        for lived, story in enumerate(pool.map(partial(live, transactions=asked.transactions), seeds), 1):
            counts += story.counts
            for each in story.wrong:
                print(f"seed {story.seed}: {each}")
            if story.wrong:
                failing += 1
                again = f"--seed {story.seed} --transactions {asked.transactions}"
                print(f"    python -m tests.money.soak {again}", flush=True)
            if lived % TOLD_EVERY == 0 or lived == len(seeds):
                told = ", ".join(f"{count:,} {name}" for name, count in counts.items())
                print(f"{lived} of {len(seeds)} seeds: {told}; {time.monotonic() - began:.0f} s", flush=True)
    print(f"{failing} seeds wrong" if failing else "nothing was lost or doubled")
    return 1 if failing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
