// Asking the queue by the token of whoever uses the page. What is asked to be done bears a key, so that it is done once,
// however often it must be sent until an answer comes back.

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
    const headers = { Authorization: "Bearer " + this.token };
    if (body !== undefined) {
      headers["Content-Type"] = "application/json";
      headers["Idempotency-Key"] = key;
    }
    let answer;
    let told;
    try {
      const asked = fetch("v1/" + path, { method, headers, body, cache: "no-store", credentials: "omit" });
      answer = await orTooLate(asked);
      told = await orTooLate(answer.json());
    } catch (error) {
      throw new Problem(0, "no_answer", "网络不通，请稍后再试。", "No answer: please try again in a moment.");
    }
    if (!answer.ok) {
      const problem = new Problem(answer.status, told.code, told.detail_zh, told.detail);
      problem.retryAfterMs = 1000 * Number(answer.headers.get("Retry-After") || 0);
      throw problem;
    }
    return told;
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
  return given ? given[1] : stored("sessionStorage", name) || stored("localStorage", name) || "";
}

/** Keep a token; tell whether it is kept. */
export function keepToken(name, token, forever) {
  try {
    sessionStorage.setItem(name, token);
    if (forever) {
      localStorage.setItem(name, token);
    }
    return true;
  } catch (error) {
    return false; // storage is closed to us: the token stays in the address, or else a reload would lose it
  }
}

/** Keep the token under `name` no longer. */
export function forgetToken(name) {
  try {
    sessionStorage.removeItem(name);
    localStorage.removeItem(name);
  } catch (error) {
    // Then nothing was kept.
  }
}

function stored(storage, name) {
  try {
    return window[storage].getItem(name);
  } catch (error) {
    return null;
  }
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

function orTooLate(promise) {
  return Promise.race([promise, pause(PATIENCE_MS).then(() => Promise.reject(new Error("too late")))]);
}
