"""A load in suspense from the torn card to the clerk: journal, bank, settlement file and the table of the day."""

import pytest

from kiosk_core.ledger import LedgerState as L
from openteller.reconcile_sides import End
from openteller.reconciliation import Kind, Matched
from tests.openteller.branch import AMOUNT_FEN, CARD, Branch
from tests.openteller.test_power_cut import AFTER_THE_CREDIT, start_again, top_up_until_killed
from tests.patience import until

pytestmark = pytest.mark.slow


def test_the_bank_hears_of_it_the_clerk_reads_it_and_the_card_settles_it(branch: Branch) -> None:
    top_up_until_killed(branch, AFTER_THE_CREDIT)
    branch.sim.take_card()
    start_again(branch)
    until(lambda: "reported" in branch.transactions()[0].facts)
    (case,) = branch.transactions()
    assert (case.state, case.facts["reported"]) == (L.SUSPENSE, True)
    (finding,) = branch.reconciled().findings
    assert finding.kind is Kind.SUSPENSE
    assert finding.what == (
        "the card left before it said whether it was loaded; the bank was told and keeps it open;"
        " its file: paid, neither loaded nor given back"
    )
    with branch.customer() as customer:
        customer.choose_service()
        branch.sim.place_card(CARD)
        assert customer.see("result").title.key == "top_up.earlier_loaded.title"
    until(lambda: branch.transactions()[0].state is L.DONE)
    found = branch.reconciled()
    assert found.findings == ()
    assert found.matched[End.LOADED] == Matched(1, AMOUNT_FEN)
    assert found.evidence.asked == 1
