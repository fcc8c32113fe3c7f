"""The journal for other eyes; the expected text is typed by hand."""

import csv
import io
import json

import pytest

from journal.export import PAPER_COLUMNS, ExportFormat, export
from kiosk_core.ledger import LedgerState as L


@pytest.fixture
def transactions(journal, clock):
    done = journal.begin({"service": "transit_top_up"}).id
    clock.sleep(1)
    journal.record(done, L.CARD_READ, {"card": "310488*********8901", "old_balance_fen": 2350})
    journal.record(done, L.SUSPENSE, {"amount_fen": 5000, "paid": True})
    journal.note(done, {"receipt": "not_printed"})
    clock.sleep(86_400)
    reason = "=HYPERLINK(1), 客户凭小票在柜台领取现金五十元整，已签字确认"
    journal.record(done, L.SETTLED, {"resolution": "paid_out", "by": "李娜", "reason": reason})
    return journal.since(clock.wall().replace(year=2000))


def test_csv_has_a_line_a_row_and_facts_in_one_column(transactions):
    text = "".join(export(transactions, ExportFormat.CSV))
    lines = text.split("\r\n")
    assert lines[0] == "number,at,transaction,state,service,card,amount_fen,facts"
    assert lines[2] == (
        "2,2025-11-22T10:15:31.000+08:00,KT000001-25112200001,CARD_READ,transit_top_up,310488*********8901,5000,"
        '"{""card"":""310488*********8901"",""old_balance_fen"":2350}"'
    )
    read = list(csv.DictReader(io.StringIO(text)))
    assert [row["state"] for row in read] == ["NEW", "CARD_READ", "SUSPENSE", "SUSPENSE", "SETTLED"]
    assert json.loads(read[4]["facts"])["by"] == "李娜"
    assert not any(value.startswith(("=", "+", "-", "@")) for row in read for value in row.values())


def test_json_lines_hold_a_row_each(transactions):
    lines = list(export(transactions, ExportFormat.JSON_LINES))
    assert lines[2] == (
        '{"number":3,"at":"2025-11-22T10:15:31.000+08:00","transaction":"KT000001-25112200001","state":"SUSPENSE",'
        '"facts":{"amount_fen":5000,"paid":true}}\n'
    )
    assert len(lines) == 5


PAPER = """\
----------------------------------------
KT000001-25112200001          2025-11-22
10:15:30 NEW
  sequence 1
  service transit_top_up
10:15:31 CARD_READ
  card 310488*********8901
  old balance ¥23.50
10:15:31 SUSPENSE
  amount ¥50.00
  paid yes
10:15:31 SUSPENSE
  receipt not printed
10:15:31 SETTLED 2025-11-23
  by 李娜
  reason =HYPERLINK(1), 客户凭小票在柜台
    领取现金五十元整，已签字确认
  resolution paid_out
Closed: 李娜 settled the case: the
  customer was paid out. Reason:
  =HYPERLINK(1), 客户凭小票在柜台领取现
  金五十元整，已签字确认
----------------------------------------
"""


def test_a_paper_roll_is_a_block_a_transaction_in_forty_columns(transactions):
    assert "".join(export(transactions, ExportFormat.PAPER_ROLL)) == PAPER


def test_no_word_is_wider_than_the_paper(journal):
    journal.begin({"why": "z" * 100})
    lines = "".join(export(journal.unsettled(), ExportFormat.PAPER_ROLL)).splitlines()
    assert "".join(lines).count("z") == 100
    assert max(map(len, lines)) == PAPER_COLUMNS


@pytest.mark.parametrize("form", ExportFormat)
def test_an_empty_journal_exports_to_next_to_nothing(form):
    assert len(list(export((), form))) <= 1
