// Asking the queue by the token of whoever uses the page. What is asked to be done bears a key, so that it is done once,
// however often it must be sent until an answer comes back.

import { forget, keep, kept } from "./storage.js";

const PATIENCE_MS = 8000;
const PAUSES_MS = [400, 1000, 2000, 4000];

/** What went wrong, in both languages; `code` is for programs: "no_answer" if none came. */
export class Problem extends Error {
  constructor(status, code, zh, en) {
    super(en);
    this.status = status;
    this.code = code;
    this.zh = zh;
    this.en = en;
  }
}

/** The queue, asked by one token. */
export class Api {
  constructor(token) {
    this.token = token;
  }

  /** Look at "my-ticket", "board"...; throws a Problem. */
  see(path) {
    return this._untilAnswered("GET", path, undefined, undefined);
  }

  /** Do "my-ticket/park"...; throws a Problem. */
  act(path, body) {
    return this._untilAnswered("POST", path, JSON.stringify(body || {}), newKey());
  }

  /** Take a file away: {name, blob}; throws a Problem. It is asked for with the token in a header, so it is no link. */
  async file(path) {
    const answer = await this._answer("GET", path, undefined, undefined);
    return {
      name: /filename="([^"]+)"/.exec(answer.headers.get("Content-Disposition"))[1],
      blob: await inTime(answer.blob()),
    };
  }

  async _untilAnswered(method, path, body, key) {
    for (let tried = 0; ; tried += 1) {
      try {
        return await this._ask(method, path, body, key);
      } catch (problem) {
        if (!mayPass(problem) || tried === PAUSES_MS.length) {
          throw problem;
        }
        await pause(Math.max(PAUSES_MS[tried], problem.retryAfterMs || 0));
      }
    }
  }

  async _ask(method, path, body, key) {
    const answer = await this._answer(method, path, body, key);
    return inTime(answer.json());
  }

  async _answer(method, path, body, key) {
    const headers = { Authorization: "Bearer " + this.token };
    if (body !== undefined) {
      headers["Content-Type"] = "application/json";
      headers["Idempotency-Key"] = key;
    }
    const asked = fetch("v1/" + path, { method, headers, body, cache: "no-store", credentials: "omit" });
    const answer = await inTime(asked);
    if (!answer.ok) {
      const told = await inTime(answer.json());
      const problem = new Problem(answer.status, told.code, told.detail_zh, told.detail);
      problem.retryAfterMs = 1000 * Number(answer.headers.get("Retry-After") || 0);
      throw problem;
    }
    return answer;
  }
}

/**
 * The token from the address (…#TOKEN), which is taken out of it, or the one that was kept under `name`; "" if there is
 * none. It is kept as long as the tab; `forever`: also for a new one, until `forgetToken`.
 */
export function takeToken(name, forever) {
  const given = /^#([\w.-]{8,200})$/.exec(location.hash);
  if (given && keepToken(name, given[1], forever)) {
    history.replaceState(null, "", location.pathname + location.search);
  }
  return given ? given[1] : kept("sessionStorage", name) || kept("localStorage", name);
}

/** Keep a token; tell whether it is kept. */
export function keepToken(name, token, forever) {
  const isKept = keep("sessionStorage", name, token);
  return isKept && (!forever || keep("localStorage", name, token)); // else it stays in the address: a reload would lose it
}

/** Keep the token under `name` no longer. */
export function forgetToken(name) {
  forget("sessionStorage", name);
  forget("localStorage", name);
}

function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function mayPass(problem) {
  return problem.code === "no_answer" || problem.status === 429 || problem.status === 503;
}

function pause(milliseconds) {
  return new Promise((done) => setTimeout(done, milliseconds));
}

async function inTime(promise) {
  try {
    return await Promise.race([promise, pause(PATIENCE_MS).then(() => Promise.reject(new Error("too late")))]);
  } catch (error) {
    throw new Problem(0, "no_answer", "网络不通，请稍后再试。", "No answer: please try again in a moment.");
  }
}
