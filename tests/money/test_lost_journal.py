"""A terminal whose disk was changed, or an older copy put back: it is noticed, and the bank mixes up nothing."""

import shutil

from device_sim.cards.lasting import Tear
from journal.store import SqliteJournal
from kiosk_core.intents import ChooseService
from kiosk_core.journeys.trace_numbers import trace_of
from kiosk_core.ledger import LedgerState, Transaction
from kiosk_core.pages import MenuPage
from kiosk_core.texts import Words
from tests.faulty_disk import FaultyDisk
from tests.money.line import LineFault, Mishap
from tests.money.world import SERVICE, START, TERMINAL_NUMBER, Customer, RunningTerminal, World


def change_the_disk(world: World) -> None:
    folder = world.disk.folder
    world.disk.close()
    for entry in folder.iterdir():
        shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    SqliteJournal(folder, TERMINAL_NUMBER, world.clock).close()
    world.disk = FaultyDisk(folder)


def forget_heads(world: World) -> None:
    """Have a bank that takes every head of a journal."""
    world.books._db.execute("delete from journals")


def serve(terminal: RunningTerminal, customer: Customer) -> None:
    """Let a customer come and go, and the bank know of it."""
    terminal.serve(customer)
    terminal.run(at_rest=lambda: terminal.conductor.head_acknowledged == terminal.journal.head()[0])


def confirm_disk(terminal: RunningTerminal) -> None:
    terminal.conductor.carry_out(lambda: terminal.journal.confirm_disk("Li Na", "the disk failed"))
    terminal.run(at_rest=lambda: not terminal.conductor.head_problem)


def out_of_service(terminal: RunningTerminal) -> bool:
    assert isinstance(terminal.page, MenuPage)
    return terminal.page.items[0].unavailable == Words("unavailable.journal")


def test_a_changed_disk_is_noticed_before_anybody_is_served_and_numbers_do_not_meet_once_it_is_confirmed() -> None:
    with World() as world:
        terminal = world.power_on()
        serve(terminal, Customer(0))
        (lost,) = terminal.journal.since(START)
        world.power_off()
        world.clock.sleep(60)
        change_the_disk(world)
        terminal = world.power_on()
        terminal.run()
        assert out_of_service(terminal)
        terminal.touch(ChooseService(service_id=SERVICE.id))
        terminal.run()
        assert terminal.journal.since(START) == ()
        confirm_disk(terminal)
        assert not out_of_service(terminal)
        serve(terminal, Customer(1))
        (new,) = terminal.journal.since(START)
        assert new.state is LedgerState.DONE
        # 10:01:20 or so is second 36,080 of the day, and half of that is 18,040
        assert (lost.id, new.id[:17]) == ("OT000001-26112200001", "OT000001-26112268")
        assert {*numbers(lost)}.isdisjoint(numbers(new))
        assert [(each.loaded, each.refunded_fen) for each in world.books.entries()] == [(True, 0)] * 2


def numbers(transaction: Transaction) -> tuple[int, ...]:
    trace = trace_of(transaction)
    return trace.order_stan, trace.authorise_stan, trace.confirm_stan, trace.reverse_stan


def test_an_older_copy_is_noticed_and_what_it_holds_open_is_not_gone_on_with() -> None:
    with World() as world:
        terminal = world.power_on()
        serve(terminal, Customer(1))
        copy = world.disk.after_power_cut()
        serve(terminal, Customer(0))
        world.power_off()
        world.disk.restore(copy)
        terminal = world.power_on()
        terminal.run()
        assert out_of_service(terminal)
        confirm_disk(terminal)
        serve(terminal, Customer(1))
        assert [each.state for each in terminal.journal.since(START)] == [LedgerState.DONE] * 2
        assert [(each.loaded, each.refunded_fen) for each in world.books.entries()] == [(True, 0)] * 3


def test_a_restart_with_its_own_disk_is_taken_for_what_it_is() -> None:
    with World() as world:
        for _ in range(3):
            terminal = world.power_on()
            serve(terminal, Customer(0))
            world.cut_power()
        terminal = world.power_on()
        terminal.run()
        assert not out_of_service(terminal)


def test_a_reversal_of_the_new_journal_does_not_give_back_what_the_lost_one_loaded() -> None:
    with World() as world:
        terminal = world.power_on()
        world.cards[0].card.tear_next(Tear.AFTER_COMMIT)
        terminal.serve(Customer(0, patient=False))
        (lost,) = terminal.journal.since(START)
        assert lost.state is LedgerState.SUSPENSE
        world.power_off()
        world.clock.sleep(60)
        change_the_disk(world)
        forget_heads(world)
        terminal = world.power_on()
        terminal.run()
        world.line.fault = LineFault(Mishap.REQUEST_LOST, "OrderRequest")
        terminal.serve(Customer(1))
        (new,) = terminal.journal.since(START)
        assert new.id == lost.id
        assert (new.state, new.facts["response_code"]) == (LedgerState.MANUAL, "25")  # nobody has paid for it
        (kept,) = world.books.entries()
        assert (kept.card, kept.paid, kept.reversed, kept.refunded_fen) == (lost.facts["card"], True, False, 0)
