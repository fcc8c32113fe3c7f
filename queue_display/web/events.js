// The log of the branch as it grows, from the last event that the page has: nothing is missed, nothing comes twice.
//
// It is read by XMLHttpRequest, the one way that sends the token in a header, shows an answer while it grows and can be
// ended, in every browser since Chrome 61 and Safari 11 (EventSource sends no header, fetch cannot be ended there).

import { Problem } from "./api.js";

const SILENT_MS = 4500; // the queue shows every two seconds that it is alive
const FIRST_PAUSE_MS = 300;
const LONGEST_PAUSE_MS = 3000;
const MOST_TEXT = 256 * 1024; // the browser keeps what it has read until the request ends

/**
 * Follow the log after event `after`, by the token of `api`. `on` has
 *   event(event)      what happened: {number, at, kind, …}; of others' tickets a customer gets {number, kind: "other"};
 *                     kind "gap": events are lost for good, look at everything anew
 *   live(isLive)      the queue is heard again, or has not been heard for five seconds
 *   time(at)          optional: the branch's time in Unix seconds, every two seconds; it may run faster than ours
 *   refused(problem)  the queue will not tell; nothing more comes
 */
export class Follower {
  constructor(api, after, on) {
    this._api = api;
    this._after = after;
    this._on = on;
    this._isLive = null;
    this._pauseMs = FIRST_PAUSE_MS;
    this._request = null;
    this._hurry = () => this.hurry();
    window.addEventListener("online", this._hurry);
    window.addEventListener("pageshow", this._hurry);
    document.addEventListener("visibilitychange", this._hurry);
    this._heardAt = performance.now();
    this._watchSilence();
    this._connect();
  }

  /** Whether the queue is heard. */
  get isLive() {
    return this._isLive === true;
  }

  /** Try at once if the queue is silent: the network may be back, or the phone was asleep. */
  hurry() {
    if (performance.now() - this._heardAt > SILENT_MS / 2) {
      this._connect();
    }
  }

  /** Follow no longer. */
  stop() {
    window.removeEventListener("online", this._hurry);
    window.removeEventListener("pageshow", this._hurry);
    document.removeEventListener("visibilitychange", this._hurry);
    clearTimeout(this._silence);
    this._drop();
  }

  _drop() {
    clearTimeout(this._again);
    const request = this._request;
    this._request = null;
    if (request !== null) {
      request.abort();
    }
  }

  _connect() {
    this._drop();
    const request = new XMLHttpRequest();
    this._request = request;
    let read = 0;
    const readOn = () => {
      if (request !== this._request || request.status !== 200) {
        return;
      }
      const text = request.responseText;
      for (let end = text.indexOf("\n\n", read); end >= 0; end = text.indexOf("\n\n", read)) {
        const frame = text.slice(read, end);
        read = end + 2;
        this._heard();
        this._tell(frame);
      }
      if (read > MOST_TEXT && request === this._request) {
        this._connect();
      }
    };
    request.onprogress = readOn;
    request.onreadystatechange = readOn;
    request.onloadend = () => {
      if (request === this._request) {
        this._ended(request);
      }
    };
    request.open("GET", "v1/events");
    request.setRequestHeader("Authorization", "Bearer " + this._api.token);
    if (this._after !== null) {
      request.setRequestHeader("Last-Event-ID", String(this._after));
    }
    request.send();
  }

  _tell(frame) {
    const event = { id: null, type: "message", data: "" };
    frame.split("\n").forEach((line) => {
      const colon = line.indexOf(": ");
      const name = line.slice(0, colon);
      event[name === "event" ? "type" : name] = line.slice(colon + 2);
    });
    if (event.type === "alive") {
      const alive = JSON.parse(event.data);
      if (this._after === null) {
        this._after = alive.entry;
      }
      if (this._on.time) {
        this._on.time(alive.at);
      }
    }
    if (event.id !== null) {
      this._after = Number(event.id);
      const told = event.type === "other" ? { kind: "other" } : JSON.parse(event.data);
      this._on.event(Object.assign(told, { number: this._after }));
    }
  }

  _ended(request) {
    this._request = null;
    const status = request.status;
    if (status === 422) {
      this._after = null; // the queue's log is not the one that we know: it was restored from a copy
      this._on.event({ kind: "gap" });
    } else if (status >= 400 && status < 500 && status !== 429) {
      this.stop();
      const told = JSON.parse(request.responseText);
      this._on.refused(new Problem(status, told.code, told.detail_zh, told.detail));
      return;
    }
    this._again = setTimeout(() => this._connect(), this._pauseMs * (0.7 + 0.6 * Math.random()));
    this._pauseMs = Math.min(LONGEST_PAUSE_MS, this._pauseMs * 2);
  }

  _heard() {
    this._heardAt = performance.now();
    this._pauseMs = FIRST_PAUSE_MS;
    this._watchSilence();
    this._setLive(true);
  }

  _watchSilence() {
    clearTimeout(this._silence);
    this._silence = setTimeout(() => {
      this._setLive(false);
      this._watchSilence();
      this._connect();
    }, SILENT_MS);
  }

  _setLive(isLive) {
    if (isLive !== this._isLive) {
      this._isLive = isLive;
      this._on.live(isLive);
    }
  }
}
