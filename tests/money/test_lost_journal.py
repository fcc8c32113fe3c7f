"""A terminal whose disk was changed numbers its transactions from the beginning: the bank must not mix them up."""

import shutil

from device_sim.cards.lasting import Tear
from journal.store import SqliteJournal
from kiosk_core.ledger import LedgerState
from tests.faulty_disk import FaultyDisk
from tests.money.line import LineFault, Mishap
from tests.money.world import START, TERMINAL_NUMBER, Customer, World


def change_the_disk(world: World) -> None:
    folder = world.disk.folder
    world.disk.close()
    for entry in folder.iterdir():
        shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    SqliteJournal(folder, TERMINAL_NUMBER, world.clock).close()
    world.disk = FaultyDisk(folder)


def test_a_reversal_of_the_new_journal_does_not_give_back_what_the_lost_one_loaded() -> None:
    world = World()
    terminal = world.power_on()
    world.cards[0].card.tear_next(Tear.AFTER_COMMIT)
    terminal.serve(Customer(0, patient=False))
    (lost,) = terminal.journal.since(START)
    assert lost.state is LedgerState.SUSPENSE
    world.power_off()
    world.clock.sleep(60)
    change_the_disk(world)
    terminal = world.power_on()
    terminal.run()
    world.line.fault = LineFault(Mishap.REQUEST_LOST, "OrderRequest")
    terminal.serve(Customer(1))
    (new,) = terminal.journal.since(START)
    assert new.id == lost.id
    assert (new.state, new.facts["response_code"]) == (LedgerState.MANUAL, "25")  # nobody has paid for it
    (kept,) = world.books.entries()
    assert (kept.card, kept.paid, kept.reversed, kept.refunded_fen) == (lost.facts["card"], True, False, 0)
