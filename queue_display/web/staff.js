// What the pages of staff share: the token, names of services and classes, times in words, lists that keep the focus.

import { Api, Problem, forgetToken, keepToken, takeToken } from "./api.js";
import { beginPage, find, press, setText } from "./page.js";
import { both, local, say } from "./words.js";
import en from "./words/staff.en.js";
import zh from "./words/staff.zh.js";

const TOKEN = "staff-token";
const NEAR = 0.75;
const REFUSED = { 401: "strangeToken", 403: "otherToken" };

/** Begin a page of staff with its own texts beside those that all of theirs have. */
export function beginStaffPage(texts) {
  beginPage({ zh: Object.assign({}, zh, texts.zh), en: Object.assign({}, en, texts.en) });
}

/** Ask for a token until `begin(api)` succeeds with one; what it throws with status 401 or 403 asks again. */
export function withToken(begin) {
  const form = find("token-form");
  const attempt = async (token) => {
    try {
      await begin(new Api(token));
      form.hidden = true;
    } catch (problem) {
      refuseToken(problem);
    }
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const token = find("token").value.trim();
    if (token === "") {
      find("token").focus();
      return;
    }
    press(form, async () => {
      keepToken(TOKEN, token);
      await attempt(token);
    });
  });
  const kept = takeToken(TOKEN);
  if (kept !== "") {
    press(form, () => attempt(kept));
  } else {
    askForToken();
  }
}

/** Whether it is the token that is refused. */
export function isRefused(problem) {
  return problem.status === 401 || problem.status === 403;
}

/** Ask for another token if this one is refused, and throw what was wrong: in words for people, not for programs. */
export function refuseToken(problem) {
  if (!isRefused(problem)) {
    throw problem;
  }
  forgetToken(TOKEN);
  askForToken();
  const texts = both(REFUSED[problem.status]);
  throw new Problem(problem.status, problem.code, texts.zh, texts.en);
}

function askForToken() {
  document.querySelectorAll("[data-part]").forEach((part) => {
    part.hidden = true;
  });
  find("token-form").hidden = false;
  find("token").value = "";
  find("token").focus();
}

/** Titles of services and classes, as /v1/services told them. */
export class Titles {
  constructor(told) {
    this._services = new Map(told.services.map((each) => [each.service, each.title]));
    this._classes = new Map(told.classes.map((each) => [each.customer_class, each.title]));
  }

  /** The names of all services. */
  get services() {
    return Array.from(this._services.keys());
  }

  service(name) {
    return titleOf(this._services, name);
  }

  customers(name) {
    return titleOf(this._classes, name);
  }

  /** "VIP customers · appointment"; what a title says in brackets there is room for elsewhere. */
  customersOf(line) {
    const title = this.customers(line.customer_class).replace(/(.)\s*[(（].*$/, "$1");
    return line.appointment ? title + " · " + say("appointment") : title;
  }
}

function titleOf(titles, name) {
  return titles.has(name) ? local(titles.get(name)) : name;
}

/** A duration in whole minutes. */
export function minutes(seconds) {
  const whole = Math.floor(Math.max(0, seconds) / 60);
  if (whole === 0) {
    return say("moment");
  }
  if (whole < 100) {
    return say("minutes", { n: whole });
  }
  return say("hoursMinutes", { hours: Math.floor(whole / 60), minutes: whole % 60 });
}

/** A moment of the branch, in hours and minutes. */
export function clockTime(at) {
  const time = new Date(at * 1000);
  return String(time.getHours()).padStart(2, "0") + ":" + String(time.getMinutes()).padStart(2, "0");
}

/** Show a wait that goes on and how it stands to its target, in words and colour; in `short` words if there is no room. */
export function showWait(element, waited, target, text, short) {
  showStanding(element, text, waited > target ? "late" : waited > NEAR * target ? "near" : "", short);
}

/** Show a wait that is over, and whether it was too long. */
export function showWaited(element, waited, target, text) {
  showStanding(element, text, waited > target ? "late" : "", false);
}

function showStanding(element, text, how, short) {
  element.className = "wait" + (how === "" ? "" : " wait-" + how);
  setText(element, text + (how === "" ? "" : " · " + say(short ? how + "Short" : how)));
}

/**
 * Let the children of `list` be those of `items`, each with a `key`: `make(item)` makes one, `update(child, item)` fills
 * it. What stays is not touched, so the focus stays with it; if that is gone `list` gets it.
 */
export function fillList(list, items, make, update) {
  const focused = document.activeElement;
  const hadFocus = list !== focused && list.contains(focused);
  const there = new Map(Array.from(list.children, (child) => [child.dataset.key, child]));
  const wanted = new Set(items.map((item) => item.key));
  there.forEach((child, key) => {
    if (!wanted.has(key)) {
      child.remove();
    }
  });
  items.forEach((item, place) => {
    const child = there.get(item.key) || make(item);
    child.dataset.key = item.key;
    update(child, item);
    if (list.children[place] !== child) {
      list.insertBefore(child, list.children[place] || null);
    }
  });
  if (hadFocus && document.activeElement !== focused) {
    (focused.isConnected ? focused : list).focus();
  }
}

/** Make an element of this kind and class, with these children or this text. */
export function make(kind, className, content) {
  const element = document.createElement(kind);
  element.className = className || "";
  if (typeof content === "string") {
    element.textContent = content;
  } else if (content) {
    content.forEach((each) => element.appendChild(each));
  }
  return element;
}

/** Let the children of an element be these. */
export function setChildren(element, children) {
  while (element.firstChild !== null) {
    element.removeChild(element.firstChild);
  }
  children.forEach((child) => element.appendChild(child));
}

/** Call `look` when asked to, at least every `longestMs` while the page is seen, at most every `shortestMs`. */
export class Looks {
  constructor(look, shortestMs, longestMs) {
    this._look = look;
    this._shortestMs = shortestMs;
    this._longestMs = longestMs;
    this._timer = null;
    this._lookedAt = -Infinity;
    this._isLooking = false;
    this._isAskedAgain = false;
    this._isResting = false;
  }

  /** Look as soon as that is not too often. */
  soon() {
    this._isResting = false;
    if (this._isLooking) {
      this._isAskedAgain = true;
      return;
    }
    this._wait(Math.max(0, this._lookedAt + this._shortestMs - performance.now()));
  }

  /** Look no more until `soon`. */
  rest() {
    this._isResting = true;
    clearTimeout(this._timer);
  }

  _wait(milliseconds) {
    clearTimeout(this._timer);
    this._timer = setTimeout(() => this._now(), milliseconds);
  }

  async _now() {
    this._isLooking = true;
    this._isAskedAgain = false;
    this._lookedAt = performance.now();
    try {
      await this._look();
    } finally {
      this._isLooking = false;
      if (this._isAskedAgain && !this._isResting) {
        this.soon();
      } else if (!this._isResting) {
        this._wait(this._longestMs);
      }
    }
  }
}

/** The problem of an act that nobody answered: nobody knows whether it was done. */
export function uncertain(problem) {
  const texts = both("uncertain");
  return problem.code === "no_answer" ? new Problem(0, "uncertain", texts.zh, texts.en) : problem;
}
