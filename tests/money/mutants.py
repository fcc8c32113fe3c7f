"""Deliberate bugs that lose or double money: what a tired engineer writes. Each must be caught.

    python -m tests.money.mutants        # injects them one at a time and prints who caught it

A mutant is a change of the source in a copy of it. Most are hunted by samples of the crash matrix, drawn until
something is wrong; the others name the tests that must notice.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
_HUNT_S = 1500


@dataclass(frozen=True)
class Mutant:
    """A bug: `right` stands in `file` as often as `times` says and becomes `wrong`; `tests` or the matrix notice."""

    name: str
    file: str
    right: str
    wrong: str
    tests: str = ""
    times: int = 1


_TOP_UPS = "kiosk_core/journeys/top_up"
_PAYING = f"{_TOP_UPS}/paying.py"
_LOADING = f"{_TOP_UPS}/loading.py"
_PROVING = f"{_TOP_UPS}/proving.py"
_RECOVERY = f"{_TOP_UPS}/recovery.py"
_DEPOSITS = "kiosk_core/journeys/account_deposit"
_OF_DEPOSITS = "tests/kiosk_core/test_account_deposit.py"
_MODULE = "drivers/top_up_module.py"
_BANK = "device_sim/bank_decisions.py"
_BANK_CARD = "openteller/bank_card_funding.py"
_OPEN = "for each in unsettled if each.state not in STAFF_MAY_CLOSE"
_CHARGE = "    def _charge(self, request: ChargeRequest, rowid: int) -> Response | Refusal:\n"
_FORGED = "tests/money/test_forged_cards.py"
_LOST_JOURNAL = "tests/money/test_lost_journal.py"

MUTANTS = (
    Mutant(
        "no row in the journal before 80 52",
        _LOADING,
        "        record(s, LedgerState.CREDIT_SENT, facts),\n",
        "",
    ),
    Mutant(
        "80 52 is sent before its row is written",
        _LOADING,
        "        record(s, LedgerState.CREDIT_SENT, facts),\n        do.CreditLoad(mac2),\n",
        "        do.CreditLoad(mac2),\n        record(s, LedgerState.CREDIT_SENT, facts),\n",
    ),
    Mutant(
        "a load that was cut off is reversed and the card not asked",
        _RECOVERY,
        'return proving.prove(s, record(s, LedgerState.CARD_UNKNOWN, {"why": "the terminal stopped"}))',
        "return reversing.reverse(s, ReversalReason.TERMINAL_FAULT, Outcome.CANCELLED)",
    ),
    Mutant(
        "a suspense is reversed when the card is gone",
        _PROVING,
        "    if not s.attended:\n        return _suspend(s)\n",
        "    if not s.attended:\n"
        "        return reversing.reverse(s, ReversalReason.TERMINAL_FAULT, Outcome.REFUNDED)\n",
    ),
    Mutant(
        "80 5A asks with the counter, not with counter + 1",
        _MODULE,
        "purse.GetTransactionProve(counter + 1)",
        "purse.GetTransactionProve(counter)",
    ),
    Mutant(
        "a card that does not answer counts as loaded",
        _LOADING,
        'return proving.prove(s, record(s, LedgerState.CARD_UNKNOWN, {"why": reason}))',
        "return proving.card_ok(s, bytes(4), proven=False)",
    ),
    Mutant(
        "a card that does not answer counts as not loaded",
        _LOADING,
        'return proving.prove(s, record(s, LedgerState.CARD_UNKNOWN, {"why": reason}))',
        "return reversing.reverse(s, ReversalReason.TERMINAL_FAULT, Outcome.REFUNDED)",
    ),
    Mutant(
        "another card answers for the one that was loaded",
        _MODULE,
        "if not is_same_card(selected.number):",
        "if False:",
        times=2,
    ),
    Mutant(
        "an issuer's commands go to another card than gave the challenge",
        _MODULE,
        "            case IccStatus.INACTIVE:  # lifted, perhaps exchanged: whatever lies there gave no challenge\n"
        "                return CardProblem.UNREADABLE\n",
        "            case IccStatus.INACTIVE:\n                self._select()\n",
        "tests/drivers/test_card_profiles.py",
    ),
    Mutant(
        "9406 is believed without a second witness",
        _PROVING,
        "if (counter, balance_fen) == (s.counter, s.old_balance_fen):",
        "if True:",
        _FORGED,
    ),
    Mutant(
        "80 52 is sent twice",
        _MODULE,
        "        answer = self._exchange(message)\n        if isinstance(answer, ExchangeFailed):\n"
        "            return CreditUnknown(",
        "        self._exchange(message)\n        answer = self._exchange(message)\n"
        "        if isinstance(answer, ExchangeFailed):\n            return CreditUnknown(",
    ),
    Mutant(
        "an order that nobody answered is not reversed",
        _PAYING,
        "    return _take_back(s, event.reason, Outcome.HOST_SILENT)\n",
        "    return last_page(s, Outcome.HOST_SILENT, record(s, LedgerState.DECLINED))\n",
    ),
    Mutant(
        "a payment is asked for without its row",
        _PAYING,
        "        record(s, LedgerState.FUND_REQ, facts),\n",
        "",
    ),
    Mutant(
        "a payment of which nobody can tell counts as none",
        _PAYING,
        "            return _take_back(s, reason, Outcome.HOST_SILENT)\n",
        '            return _unpaid(s, None, "")\n',
    ),
    Mutant(
        "a bank card that the bank did not answer about was not debited",
        _BANK_CARD,
        "            return Unclear(ReversalReason.MAC_WRONG if untrusted else ReversalReason.NO_ANSWER)",
        "            return Unpaid() if untrusted or True else Unclear(ReversalReason.NO_ANSWER)",
    ),
    Mutant(
        "a bank card that its chip refused after the bank's yes was not debited",
        _BANK_CARD,
        "return paid if ending.result() is ChipEnd.APPROVED else Unclear(ReversalReason.OTHER)",
        "return paid if ending.result() is ChipEnd.APPROVED else Unpaid()",
    ),
    Mutant(
        "the bank is asked for the money after the customer has cancelled",
        _BANK_CARD,
        "        if self._canceled:\n            raise _Over(Unpaid())",
        "        if False:\n            raise _Over(Unpaid())",
    ),
    Mutant(
        "a bank card pays that the bank has declined",
        _BANK_CARD,
        "            return Unpaid(answer.reason, answer.response_code)",
        "            return Paid(payer)",
        "tests/openteller/test_bank_card_funding.py",
    ),
    Mutant(
        "what a bank card paid is given back to somebody else",
        _BANK,
        "back = order.while_open, order.from_payer",
        "back = order.while_open, Pocket(Account.CUSTOMERS)",
    ),
    Mutant(
        "the bank debits a card for an order that was reversed before",
        _BANK,
        f"{_CHARGE}        unfit = self._unfit_to_open(request) or",
        f"{_CHARGE}        unfit =",
    ),
    Mutant(
        "a reversal is not repeated",
        "openteller/open_cases.py",
        _OPEN,
        f"{_OPEN} and each.state is not LedgerState.REV_REQ",
    ),
    Mutant(
        "a confirmation is not repeated",
        "openteller/open_cases.py",
        _OPEN,
        f"{_OPEN} and each.state is not LedgerState.CONFIRM_SAF",
    ),
    Mutant(
        "recovery forgets the oldest open transaction",
        "openteller/open_cases.py",
        _OPEN,
        _OPEN.replace("in unsettled", "in unsettled[1:]"),
    ),
    Mutant(
        "the bank is told once of a load in doubt, whether it answers or not",
        "openteller/open_cases.py",
        "        self._advising = False\n        if answer.cancelled()",
        "        self._advising = False\n        self._advised.add(transaction)\n        if answer.cancelled()",
    ),
    Mutant(
        "a card whose load is open may be loaded again",
        "openteller/questions.py",
        'if waits and transaction.facts.get("token") == token:',
        "if False:",
    ),
    Mutant(
        "the amount of a load is taken for yuan",
        f"{_TOP_UPS}/choosing.py",
        "do.InitializeLoad(card_of(s).number, s.amount_fen)",
        "do.InitializeLoad(card_of(s).number, s.amount_fen // 100)",
        _FORGED,
    ),
    Mutant(
        "the amount of a reversal is taken for yuan",
        "host_link/link.py",
        "            amount_fen=amount_fen,\n            reason=",
        "            amount_fen=amount_fen // 100,\n            reason=",
    ),
    Mutant(
        "rows wait for a later sync",
        "durable/sqlite.py",
        'connection.pragma("synchronous", "full")',
        'connection.pragma("synchronous", "normal")',
    ),
    Mutant(
        "a row does not hold the hash of the row before it",
        "journal/entries.py",
        "(last.number + 1, last.hash) if last",
        "(last.number + 1, GENESIS) if last",
        "tests/journal/test_verify.py",
    ),
    Mutant(
        "an answer may be anybody's",
        "wire/host_messages.py",
        "        getattr(response, name, None) == getattr(request, name, None) for name in _ECHOED\n",
        "        True for name in _ECHOED\n",
        _FORGED,
    ),
    Mutant(
        "the bank forgets a reversal of an order that it does not know",
        _BANK,
        "            order = Order(\n"
        "                request.order, request.terminal, request.original_stan, request.original_at,"
        " request.amount_fen\n"
        "            )\n",
        "            return ReversalResponse(**approved(request, rowid), refunded_fen=0)\n",
    ),
    Mutant(
        "the bank does not ask when the original of a reversal was sent",
        _BANK,
        "named = request.terminal, request.original_stan, request.original_at\n",
        "named = request.terminal, request.original_stan, order.began_at\n",
        _LOST_JOURNAL,
    ),
    Mutant(
        "the bank reverses what is loaded",
        _BANK,
        '        if order.loaded:\n            return "22"\n',
        "",
        "tests/device_sim/test_bank_books.py",
    ),
    Mutant(
        "the bank does not verify the TAC",
        _BANK,
        "if not order.expected_tac or not hmac.compare_digest(order.expected_tac, request.tac):",
        "if not order.expected_tac:",
        _FORGED,
    ),
    Mutant(
        "the bank does not check MAC1",
        "device_sim/bank_keys.py",
        "        return hmac.compare_digest(expected, purse.mac1)",
        "        return bool(expected)",
        _FORGED,
    ),
    Mutant(
        "the order of a deposit leaves before its row",
        f"{_DEPOSITS}/moves.py",
        "        record(s, LedgerState.FUND_REQ, facts),\n",
        "",
        _OF_DEPOSITS,
    ),
    Mutant(
        "a deposit of which the bank does not tell is taken for unpaid",
        f"{_DEPOSITS}/moves.py",
        "    return reverse(s, ReversalReason.NO_ANSWER, Outcome.CANCELLED)",
        "    return last_page(s, Outcome.CANCELLED, record(s, LedgerState.DECLINED))",
        _OF_DEPOSITS,
    ),
    Mutant(
        "recovery forgets the order of a deposit",
        f"{_DEPOSITS}/table.py",
        "            return moves.go(s, Step.ASKING, do.PollFunding(FundingKind.QR, s.trace))",
        "            return moves.end(s, record(s, LedgerState.ABANDONED))",
        _OF_DEPOSITS,
    ),
)


class MutantError(Exception):
    """A mutant does not fit the code as it is now, or the proof cannot be run."""


def mutated(mutant: Mutant) -> str:
    """Return the source of its file with the mutant in it.

    Raises:
        MutantError: its place is not there as often as it says.
    """
    text = (ROOT / mutant.file).read_text(encoding="utf-8")
    if text.count(mutant.right) != mutant.times:
        raise MutantError(f"{mutant.name}: {mutant.right!r} stands {text.count(mutant.right)} times in {mutant.file}")
    return text.replace(mutant.right, mutant.wrong)


def caught(mutant: Mutant) -> str:
    """Inject a mutant into a copy of the source, and return the first line of who noticed, "" for nobody.

    Raises:
        MutantError: it does not fit, or the proof cannot be run.
    """
    source = mutated(mutant)
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for each in ROOT.iterdir():
            if each.is_dir() and (each / "__init__.py").exists():
                shutil.copytree(each, copy / each.name, ignore=shutil.ignore_patterns("__pycache__"))
        for name in ("tests", "docs", "services", "pyproject.toml"):
            (copy / name).symlink_to(ROOT / name)
        (copy / mutant.file).write_text(source, encoding="utf-8")
        return _noticed(copy, mutant)


def _noticed(copy: Path, mutant: Mutant) -> str:
    hunt = ["-m", "tests.money.matrix", "--hunt"]
    test = ["-m", "pytest", "-x", "-q", "-n0", "-p", "no:cacheprovider", "-m", "not slow", *mutant.tests.split()]
    command = [sys.executable, *(test if mutant.tests else hunt)]
    environment = {"PYTHONPATH": str(copy), "PATH": ""}
    try:
        ended = subprocess.run(
            command, cwd=copy, env=environment, capture_output=True, text=True, timeout=_HUNT_S, check=False
        )
    except subprocess.TimeoutExpired:
        return ""
    lines = [line for line in ended.stdout.splitlines() if line.strip()]
    if ended.returncode not in {0, 1} or not lines:
        raise MutantError(f"{mutant.name}: the proof cannot be run: {ended.stdout[-1000:]}{ended.stderr[-1000:]}")
    if ended.returncode == 0:
        return ""
    return next((line for line in lines if line.startswith(("E   ", "FAILED"))), lines[0]).strip()


def main() -> int:
    """Print what became of each mutant; return how many got away."""
    argparse.ArgumentParser(prog="python -m tests.money.mutants", description=__doc__).parse_args()
    away = 0
    with ThreadPoolExecutor(2) as pool:
        for mutant, found in zip(MUTANTS, pool.map(caught, MUTANTS), strict=True):
            away += not found
            print(f"{'caught  ' if found else 'GOT AWAY'}  {mutant.name}\n              {found}", flush=True)
    print(f"{len(MUTANTS) - away} of {len(MUTANTS)} caught")
    return away


if __name__ == "__main__":
    sys.exit(main())
