"""The pure ground floor: ports, errors, status, money, receipts, services, journeys. No I/O, no Qt, no clock."""
