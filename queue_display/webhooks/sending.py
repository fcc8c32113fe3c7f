"""One message to one endpoint, over HTTP: within a time limit, without following where it is sent on to."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import version

import httpx

from kiosk_core.clock import Clock
from queue_display.events import Entry
from queue_display.retry_after import retry_after_s
from queue_display.webhooks.messages import message
from queue_display.webhooks.registry import Endpoint
from queue_display.webhooks.signing import signed

LONGEST_S = 15.0
"""How long an endpoint may take; Standard Webhooks advises 15 to 30 s."""

_MOST_READ = 4096  # of the answer's body, which interests nobody: a short one is read so that the connection stays
_LONGEST_REASON = 200
_GONE = 410


@dataclass(frozen=True)
class Sent:
    """What came of it: `reason` says why it failed, "" if it did not.

    `is_gone`: the endpoint wants nothing more. `again_after_s`: it asked to be left alone so long.
    """

    reason: str = ""
    is_gone: bool = False
    again_after_s: float = 0.0


class Sender:
    """Sends by `client`, which follows no redirects; each message at most `longest_s`."""

    def __init__(self, client: httpx.AsyncClient, clock: Clock, longest_s: float = LONGEST_S) -> None:
        self._client = client
        self._clock = clock
        self._longest_s = longest_s

    async def send(self, endpoint: Endpoint, entry: Entry) -> Sent:
        """Tell an endpoint of an entry; its id is that of the endpoint and the number of the entry."""
        body = message(entry)
        now = int(self._clock.wall().timestamp())
        headers = signed(endpoint.secret, f"{endpoint.id}-{entry.number}", now, body)
        headers["content-type"] = "application/json"
        answer: httpx.Response | None = None
        try:
            async with (
                asyncio.timeout(self._longest_s),
                self._client.stream("POST", endpoint.url, content=body, headers=headers) as answer,
            ):
                await _read_away(answer)
        except TimeoutError:
            reason = f"did not answer within {self._longest_s:g} s"
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            reason = f"cannot be told: {str(error) or type(error).__name__}"[:_LONGEST_REASON]
        return Sent(reason) if answer is None else _sent(answer)


async def _read_away(answer: httpx.Response) -> None:
    read = 0
    async for part in answer.aiter_raw():
        read += len(part)
        if read > _MOST_READ:
            return


def _sent(answer: httpx.Response) -> Sent:
    """Return what the answer's first line and headers say, however its body went on."""
    if answer.is_success:
        return Sent()
    if answer.is_redirect:
        return Sent(f"answered {answer.status_code}: it moved, and redirects are not followed")
    after_s = retry_after_s(answer.headers.get("retry-after"))
    return Sent(f"answered {answer.status_code}", answer.status_code == _GONE, after_s)


@asynccontextmanager
async def sending(clock: Clock, trust: ssl.SSLContext) -> AsyncIterator[Sender]:
    """Open what messages are sent by: directly, never by a proxy that the environment names."""
    async with httpx.AsyncClient(
        verify=trust,
        trust_env=False,
        follow_redirects=False,
        timeout=LONGEST_S,
        headers={"user-agent": f"openteller/{version('openteller')}"},
    ) as client:
        yield Sender(client, clock)
