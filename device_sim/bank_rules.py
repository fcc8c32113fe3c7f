"""How the simulated bank decides: its keys, its limits, how long an order lives, and whom it knows."""

from dataclasses import dataclass, field

from device_sim.bank_accounts import BankAccount
from device_sim.bank_customers import BankCustomer


@dataclass(frozen=True)
class BankRules:
    """How the bank decides: master keys (16 bytes each), the largest load and deposit, how long an order can be paid.

    A purse is valid for `validity_days` after its last load. `accounts` are those of the bank cards that it knows; PINs
    come under `pin_key` (3DES, 16 bytes) or `long_pin_key` (AES), or under keys that terminals fetch, in blocks under
    `pad_loading_key` (3DES, 16 bytes). With `pays_itself_after_s` the customer's phone pays that many seconds after the
    order by itself. `customers` are those whose ID cards it knows.
    """

    load_master_key: bytes = field(repr=False)
    tac_master_key: bytes = field(repr=False)
    limit_fen: int = 100_000
    deposit_limit_fen: int = 5_000_000
    order_lifetime_s: int = 120
    validity_days: int = 365
    pays_itself_after_s: float | None = None
    accounts: tuple[BankAccount, ...] = ()
    pin_key: bytes | None = field(default=None, repr=False)
    long_pin_key: bytes | None = field(default=None, repr=False)
    pad_loading_key: bytes | None = field(default=None, repr=False)
    customers: tuple[BankCustomer, ...] = ()
