"""Who is let in: by which token, of which role, and how often."""

import logging

from starlette.requests import Request

from kiosk_core.clock import Clock
from queue_display.server.access import Caller, Limits, RateLimit, Role, Tokens, TokensUnusable, names
from queue_display.server.problems import Problem, too_often

_log = logging.getLogger(__name__)


class Gate:
    """Asks every request for its token; a token has a limit for itself, strangers of an address share one."""

    def __init__(self, tokens: Tokens, limits: Limits, clock: Clock) -> None:
        self._tokens = tokens
        self._callers = RateLimit(clock, limits.per_second, limits.burst)
        self._strangers = RateLimit(clock, limits.strangers_per_second, limits.strangers_burst)

    def caller(self, request: Request, roles: frozenset[Role]) -> Caller:
        """Return who asks for what these roles may do.

        Raises:
            Problem: he has no token, or one of another role, or asks too often; or nobody knows whose a token is.
        """
        address = request.client.host if request.client else ""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        caller = self._who(token.strip()) if scheme.lower() == "bearer" else None
        if caller is None:
            raise self._stranger(address)
        wait_s = self._callers.wait_s(f"{caller.role.value} {caller.name} {address}")
        if wait_s:
            raise too_often(wait_s)
        if caller.role not in roles:
            allowed = names(sorted(roles, key=lambda role: role.value))
            raise Problem(
                403,
                "other_role",
                f"A token of role {caller.role.value} may not do this; it takes one of: {allowed}.",
                f"角色{caller.role.value}无权操作；需要以下角色之一：{allowed}。",
            )
        return caller

    def _who(self, token: str) -> Caller | None:
        try:
            return self._tokens.who(token)
        except (TokensUnusable, OSError) as error:
            _log.error("%s", error)
            raise Problem(
                503, "no_tokens", "The tokens cannot be read now.", "现在无法核对令牌。", {"Retry-After": "1"}
            ) from None

    def _stranger(self, address: str) -> Problem:
        wait_s = self._strangers.wait_s(address)
        if wait_s:  # phones share the address of a proxy: who has a token does not suffer for who guesses
            return too_often(wait_s)
        return Problem(
            401,
            "no_token",
            "Send a token of this branch: Authorization: Bearer TOKEN.",
            "请求须带本网点的令牌：Authorization: Bearer TOKEN。",
            {"WWW-Authenticate": "Bearer"},
        )
