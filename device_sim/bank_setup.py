"""The simulated bank and the cards that it has issued, as the settings say."""

from collections.abc import Mapping

from device_sim.bank_accounts import BankAccount
from device_sim.bank_customers import BankCustomer
from device_sim.bank_keys import MacAgreement, MacAlgorithm
from device_sim.bank_rules import BankRules
from device_sim.cards.kinds import CardKind, Issuer, StoredCard, make_card
from device_sim.settings import AccountSettings, BankSettings, CustomerSettings, SimSettings
from kiosk_core.card_number import CardNumber
from wire.host_fields import NO_END


def bank_rules(settings: SimSettings, kinds: Mapping[str, CardKind]) -> BankRules:
    """Return how the bank decides.

    Raises:
        ValueError: an account is of a card that has no bank application.
    """
    bank, pad = settings.bank_host, settings.pin_pad
    kind_of = {card.name: kinds[card.kind] for card in settings.cards}
    return BankRules(
        bytes.fromhex(bank.load_master_key),
        bytes.fromhex(bank.tac_master_key),
        accounts=tuple(_account(each, kind_of[each.card]) for each in bank.accounts),
        pin_key=_bytes(pad.pin_key) if pad is not None else None,
        pad_loading_key=_bytes(pad.key_loading_key) if pad is not None else None,
        customers=tuple(map(_customer, bank.customers)),
    )


def _customer(customer: CustomerSettings) -> BankCustomer:
    until = f"{customer.valid_until:%Y%m%d}" if customer.valid_until is not None else NO_END
    return BankCustomer(customer.id_number, customer.name, f"{customer.valid_from:%Y%m%d}", until)


def _bytes(key: str | None) -> bytes | None:
    return bytes.fromhex(key) if key is not None else None


def _account(account: AccountSettings, kind: CardKind) -> BankAccount:
    debit = kind.chip.debit if kind.chip is not None else None
    if debit is None:
        raise ValueError(f"the card {account.card!r} has no bank application that could belong to an account")
    expires = f"{debit.expires:%y%m}"
    return BankAccount(CardNumber(debit.number), expires, account.balance_fen, account.pin, bytes.fromhex(debit.key))


def mac_agreement(bank: BankSettings) -> MacAgreement | None:
    """Return how MAC keys come to terminals, None where messages have no MAC."""
    if bank.mac is None or bank.key_exchange_key is None:
        return None
    return MacAgreement(MacAlgorithm(bank.mac), bytes.fromhex(bank.key_exchange_key))


def issued_cards(settings: SimSettings, kinds: Mapping[str, CardKind]) -> Mapping[str, StoredCard]:
    """Return the cards by name, new ones made and old ones from their files.

    Raises:
        OSError: a card's file cannot be read or made.
        ValueError: a card's kind is unknown or does not fit, or its file holds something else.
    """
    bank = settings.bank_host
    issuer = Issuer(bytes.fromhex(bank.load_master_key), bytes.fromhex(bank.tac_master_key))
    settings.card_folder.mkdir(parents=True, exist_ok=True)
    cards = {}
    for card in settings.cards:
        if card.kind not in kinds:
            raise ValueError(f"no kind of card {card.kind!r}; there are {', '.join(sorted(kinds))}")
        kind = kinds[card.kind].with_purse(card.number, card.balance_fen, card.expires)
        cards[card.name] = make_card(kind, card.name, settings.card_folder, issuer)
    return cards
