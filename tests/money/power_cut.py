"""The power goes, for real: the core in a process of its own, on ptys, USB and TLS, is killed (SIGKILL) at random.

    python -m tests.money.power_cut --transactions 2000 [--bank-card] [--seed 1]

A customer tops up a card; at a random instant the core dies, often in the middle of its recovery once more. The card
stays or leaves, and is torn out of its credit now and then. With `--bank-card` every third one pays by bank card and
every third pays into its account, with its motor reader and the PIN pad on lines of their own. When the terminal is
back, cards, account, bank and journal are judged. SIGKILL leaves the kernel's buffers alone: what a disk loses is the
matter of tests/faulty_disk.py.
"""

import argparse
import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from enum import Enum
from pathlib import Path
from types import TracebackType

from device_sim.actions import ControlError
from device_sim.transit_card import TransitCard
from journal.reading import read_latest
from kiosk_core.funding import FundingKind
from kiosk_core.ledger import LedgerState, Transaction
from kiosk_core.pages import CapturePage, FundingPage, KeypadPage, MenuPage, Page, PaymentPage, Picture, ResultPage
from openteller.demo import CARD
from tests.money.invariant import AccountGain, CardGain, is_deposit, judge
from tests.money.world import BANK_CARD as ACCOUNT_CARD
from tests.openteller.branch import AMOUNT_FEN, SERVICE, Branch, Customer
from tests.openteller.paying_by_card import BANK_CARD, can_take_bank_cards, device, pin_is_wanted, type_pin

ACCOUNT = ACCOUNT_CARD.number
_TOO_FULL_FEN = 80_000
_RECOVERY_S = 0.5
_DEVICES = ("top_up_module", "receipt_printer")
_BANK_CARD_DEVICES = ("card_reader", "pin_pad")
_DEVICES_READY_S = 2.0
_HAND_S = 0.05  # how often somebody looks whether the card may go in, or what the pad waits for
_WAITS_S = 120.0
_TOLD_EVERY = 20


class Visit(Enum):
    """What a customer wants, and how he pays; how soon the power goes at first, in seconds."""

    BY_PHONE = 0.4
    BY_BANK_CARD = 4.0
    DEPOSIT = 2.0

    @property
    def needs_slot(self) -> bool:
        """Whether the bank card goes into the card reader."""
        return self is not Visit.BY_PHONE


class KilledBranch(Branch):
    """A branch whose core is forked from a process that has loaded it, to be killed by the thousand."""

    def __init__(self, *, bank_card: bool) -> None:
        super().__init__(bank_card=bank_card)
        self._configure(_DEVICES + _BANK_CARD_DEVICES if bank_card else _DEVICES)
        command = [sys.executable, "-m", "tests.money.core_process", str(self.config_file)]
        self._nursery = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        self._core = 0

    def _configure(self, devices: tuple[str, ...]) -> None:
        """Have only these devices, and no rules that end a day after twenty loads."""
        head, *sections = self.config_file.read_text().split("[devices.")
        kept = [each for each in sections if each.startswith(devices)]
        services = self.out / "services"
        services.mkdir()
        source = Path(__file__).parents[2] / "services"
        for name in ("transit_top_up.toml", "account_deposit.toml"):
            shutil.copy(source / name, services)
        (services / "risk.toml").write_text("")
        text = "[devices.".join([head, *kept]).replace(str(source), str(services))
        self.config_file.write_text(text)

    def spawn_core(self) -> None:
        assert self._nursery.stdin is not None
        assert self._nursery.stdout is not None
        self._nursery.stdin.write("\n")
        self._nursery.stdin.flush()
        self._core = int(self._nursery.stdout.readline())

    def kill_core(self) -> None:
        core, self._core = self._core, 0
        if core:
            os.kill(core, signal.SIGKILL)
            with contextlib.suppress(ProcessLookupError):
                while True:  # a dying process may still take connections
                    os.kill(core, 0)
                    time.sleep(0.001)

    def stop_core(self) -> None:
        self.kill_core()
        self._nursery.kill()
        self._nursery.communicate()


class PowerCuts:
    """Customers at a branch whose core is killed; a context manager."""

    def __init__(self, seed: int, *, bank_card: bool = False) -> None:
        self.counts: Counter[str] = Counter()
        self._chance = random.Random(seed)
        self._branch = KilledBranch(bank_card=bank_card)
        self._visits = list(Visit) if bank_card else [Visit.BY_PHONE]
        self._visit = Visit.BY_PHONE
        self._card: TransitCard = self._branch.card
        self._began = (self._card.memory.balance_fen, self._card.memory.counter)
        self._spent_fen = 0
        self._first_account_fen = self._branch.sim._bank.balance_fen(ACCOUNT)
        # The power goes so soon; set so that every sixth visit ends before.
        self._within_s = {visit: visit.value for visit in Visit}

    def __enter__(self) -> "PowerCuts":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._branch.close()

    def transaction(self) -> list[str]:
        """Let one customer come, kill the core at some instant, and return what is wrong when all is settled."""
        self._spend()
        self._branch.spawn_core()
        self._visit = self._chance.choice(self._visits)
        if self._chance.random() < 0.1:
            self._branch.sim.tear_card(self._chance.choice(("before_commit", "after_commit")), CARD)
        cut = threading.Timer(self._chance.uniform(0.0, self._within_s[self._visit]), self._branch.kill_core)
        with contextlib.suppress(ConnectionError, OSError, TimeoutError):
            self._come_and_go(cut)
        cut.cancel()
        if cut.is_alive():
            cut.join()
        self._branch.kill_core()
        self.counts["killed"] += 1
        while self._chance.random() < 0.4:
            self._kill_while_it_recovers()
        self.counts["transactions"] += 1
        return self._settle()

    def _come_and_go(self, cut: threading.Timer) -> None:
        """Top up, or pay in; the timer runs from the first touch on."""
        with self._branch.customer() as customer:
            if self._visit.needs_slot:
                self._wait_for(lambda: can_take_bank_cards(self._branch))
            customer.choose_service("account_deposit" if self._visit is Visit.DEPOSIT else SERVICE)
            cut.start()
            self._within_s[self._visit] *= 1.02
            self._do_as_asked(customer)
            self._within_s[self._visit] *= 0.88
            self.counts["ended before the power went"] += 1

    def _do_as_asked(self, customer: Customer) -> None:
        page: Page = customer.seen[-1]
        while not isinstance(page, MenuPage):
            match page:
                case FundingPage():
                    by_card = self._visit is Visit.BY_BANK_CARD
                    customer.choose_funding(FundingKind.BANK_CARD if by_card else FundingKind.QR)
                case CapturePage(picture=Picture.INSERT_BANK_CARD):
                    self._insert_bank_card()
                case CapturePage(picture=Picture.TAKE_BANK_CARD):
                    self._pull_bank_card()
                case CapturePage(picture=Picture.ENTER_PIN):
                    self._type_pin()
                case CapturePage() if self._branch.sim.state()["on_reader"] is None:
                    self._branch.sim.place_card(CARD)
                case KeypadPage():
                    self._pull_bank_card()
                    customer.choose_amount()
                case PaymentPage():
                    with contextlib.suppress(Exception):  # paid already: the page came again
                        self._branch.sim.pay()
                case ResultPage():
                    self._take_card()
                    customer.done()
            page = customer.next()

    def _insert_bank_card(self) -> None:
        self._wait_for(lambda: bool(device(self._branch, "card_reader")["lets_in"]))
        with contextlib.suppress(ControlError):  # the gate has closed: the core is gone
            self._branch.sim.insert_card(BANK_CARD)

    def _pull_bank_card(self) -> None:
        with contextlib.suppress(ControlError):  # none sticks out
            self._branch.sim.pull_card()

    def _type_pin(self) -> None:
        self._wait_for(lambda: pin_is_wanted(self._branch))
        type_pin(self._branch)
        self.counts["typed a PIN"] += 1

    def _wait_for(self, is_so: Callable[[], bool]) -> None:
        """Wait a while, for the core may be gone."""
        until = time.monotonic() + _DEVICES_READY_S
        while not is_so() and time.monotonic() < until:
            time.sleep(_HAND_S)

    def _kill_while_it_recovers(self) -> None:
        self._move_card()
        self._branch.spawn_core()
        time.sleep(self._chance.uniform(0.0, _RECOVERY_S))
        self._branch.kill_core()
        self.counts["killed"] += 1
        self.counts["killed while it recovered"] += 1

    def _settle(self) -> list[str]:
        """Start the core, wait until nothing is open that it can close by itself, bring the card, and judge."""
        self._move_card()
        self._branch.spawn_core()
        with self._branch.customer() as customer:
            customer.see("menu", lambda page: page.items[0].unavailable is None or page.notice is not None)
            open_ = self._wait_until_settled()
            if open_ is LedgerState.SUSPENSE:
                self.counts["suspense closed by the card"] += 1
                self._take_card()
                customer.choose_service()
                self._branch.sim.tear_card("never", CARD)
                self._do_as_asked(customer)
                self._wait_until_settled()
        self._take_card()
        self._branch.sim.tear_card("never", CARD)
        self._branch.kill_core()
        return self._judge()

    def _wait_until_settled(self) -> LedgerState | None:
        """Return the state of the transaction that only a card or a person can close, None where there is none."""
        until = time.monotonic() + _WAITS_S
        while True:
            states = {each.state for each in self._transactions(5) if not each.state.closed}
            if states <= {LedgerState.SUSPENSE, LedgerState.MANUAL}:
                return next(iter(states), None)
            if time.monotonic() > until:
                return None  # the judge will say what is open
            time.sleep(0.02)

    def _judge(self) -> list[str]:
        memory = self._card.memory
        balance_fen, counter = self._began
        gain = CardGain(
            self._card.identity.number.masked,
            memory.balance_fen + self._spent_fen - balance_fen,
            memory.counter - counter,
        )
        transactions = self._transactions(100_000)
        bank = self._branch.sim._bank
        account = AccountGain(ACCOUNT.masked, bank.balance_fen(ACCOUNT) - self._first_account_fen)
        wrong = judge(transactions, bank.ledger(), [gain], [account])
        wrong += [
            f"{each.id}: {each.state.value}, and the card does not close it"
            for each in transactions
            if not each.state.closed
        ]
        return wrong

    @property
    def told(self) -> str:
        """What happened so far, and what became of the money."""
        ledger = self._branch.sim._bank.ledger()
        loaded, reversed_ = sum(each.loaded for each in ledger), sum(each.reversed for each in ledger)
        counts = ", ".join(f"{count:,} {name}" for name, count in self.counts.items())
        done = (each for each in self._transactions(100_000) if each.state is LedgerState.DONE)
        return f"{counts}; {loaded:,} loaded, {sum(map(is_deposit, done)):,} deposited, {reversed_:,} reversed"

    def _transactions(self, count: int) -> list[Transaction]:
        return list(read_latest(self._branch.out / "journal", count))

    def _spend(self) -> None:
        """Travel until there is room on the card again."""
        memory = self._card.memory
        if memory.balance_fen + AMOUNT_FEN > _TOO_FULL_FEN:
            self._spent_fen += memory.balance_fen
            self._card._lasting.commit(replace(memory, balance_fen=0))

    def _move_card(self) -> None:
        if self._chance.random() < 0.5:
            self._take_card()
        elif self._branch.sim.state()["on_reader"] is None and self._chance.random() < 0.5:
            self._branch.sim.place_card(CARD)

    def _take_card(self) -> None:
        """Take the transit card, and the bank card if it sticks out."""
        if self._branch.sim.state()["on_reader"] is not None:
            self._branch.sim.take_card()
        self._pull_bank_card()


def main(arguments: list[str]) -> int:
    """Run so many transactions; return 1 at the first that is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.money.power_cut", description=__doc__)
    parser.add_argument("--transactions", type=int, default=2000)
    parser.add_argument("--bank-card", action="store_true", help="some pay by bank card, some into its account")
    parser.add_argument("--seed", type=int, default=1, help="of the random instants")
    asked = parser.parse_args(arguments)
    began = time.monotonic()
    with PowerCuts(asked.seed, bank_card=asked.bank_card) as cuts:
        for number in range(1, asked.transactions + 1):
            wrong = cuts.transaction()
            if wrong or number % _TOLD_EVERY == 0 or number == asked.transactions:
                print(f"{cuts.told}; {time.monotonic() - began:.0f} s", *wrong, sep="\n    ", flush=True)
            if wrong:
                again = f"--seed {asked.seed} --transactions {number}{' --bank-card' * asked.bank_card}"
                print(f"the same again, as far as a machine can: python -m tests.money.power_cut {again}")
                return 1
    print("nothing was lost or doubled")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
