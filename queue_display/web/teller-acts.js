// What a teller does at the window, as one table: buttons, keys and the help follow from it.
//
// An act has its `key`, the text that it `says`, `applies(window)` or not, and either the last part of its `path` and its
// `body`, or the question that it `asks`. Each keeps its place and its meaning: nothing else comes under the finger that
// taps twice.

const stateIs = (...states) => (window) => window.ticket !== null && states.includes(window.ticket.state);
const AT_WINDOW = stateIs("called", "arrived", "serving");
const CALLED = stateIs("called");
const SERVING = stateIs("serving");
const isFree = (window) => window.ticket === null && window.pause === null;

export const ACTS = {
  next: {
    key: "n",
    says: (now) => (SERVING(now.window) ? "finishNext" : "next"),
    applies: (window, now) => (isFree(window) && now.next !== null) || SERVING(window),
    path: () => "call-next",
  },
  recall: { key: "r", says: () => "recall", applies: CALLED, path: () => "recall" },
  noShow: { key: "x", says: () => "noShow", applies: CALLED, path: () => "no-show" },
  arrive: { key: "a", says: () => "arrive", applies: CALLED, path: () => "arrived" },
  start: { key: "s", says: () => "start", applies: stateIs("called", "arrived"), path: () => "start" },
  finish: { key: "f", says: () => "finish", applies: AT_WINDOW, path: () => "finish" },
  park: { key: "p", says: () => "park", applies: AT_WINDOW, asks: "park" },
  transfer: { key: "t", says: () => "transfer", applies: AT_WINDOW, asks: "transfer" },
  goOn: {
    key: "g",
    says: () => "goOn",
    applies: (window) => AT_WINDOW(window) && window.ticket.services.length > 1,
    path: () => "finish",
    body: { go_on: true },
  },
  pause: {
    key: "b",
    says: (now) => (now.window.pause === null ? "pause" : "endPause"),
    applies: (window) => window.ticket === null,
    path: () => "end-break",
    asks: (now) => (now.window.pause === null ? "pause" : ""),
  },
  signOut: { key: "q", says: () => "signOut", applies: (window) => window.ticket === null, asks: "signOut" },
};

/** Whether the act of this name applies now. */
export function offered(name, now) {
  return ACTS[name].applies(now.window, now);
}

/** The question that the act asks first, "" if it asks none. */
export function question(name, now) {
  const asks = ACTS[name].asks;
  return typeof asks === "function" ? asks(now) : asks || "";
}

/** The name of the act that this key stands for; undefined: none. */
export function actOfKey(key) {
  return Object.keys(ACTS).find((name) => ACTS[name].key === key);
}
