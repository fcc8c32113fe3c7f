// The console by keyboard: single letters, which do nothing while somebody types or a question is open, and may be
// switched off (WCAG 2.1.4).

import { find } from "./page.js";
import { keep, kept } from "./storage.js";
import { actOfKey } from "./teller-acts.js";

const KEPT = "teller-keys";
const TYPED_INTO = "input:not([type=checkbox]), textarea, select, [contenteditable]";

let areOn = kept("localStorage", KEPT) !== "off";

/** Whether the keys are used. */
export function keysAreOn() {
  return areOn;
}

/** Use the keys or not; it is kept on this computer, or as long as the page. */
export function switchKeys(on) {
  areOn = on;
  keep("localStorage", KEPT, on ? "on" : "off");
}

/** Let keys act on the console. */
export function listenToKeys(teller) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || event.repeat) {
      return;
    }
    if (event.key === "Escape" && event.target === find("find-number")) {
      document.querySelector("[data-act=next]").focus();
      return;
    }
    if (event.target.closest(TYPED_INTO) || document.querySelector("dialog[open]") !== null) {
      return;
    }
    if (event.key === "?") {
      event.preventDefault();
      teller.help(); // also when the keys are off: it is where they are switched on
      return;
    }
    if (!areOn || find("desk").hidden) {
      return;
    }
    const name = actOfKey(event.key.toLowerCase());
    if (event.key === "/") {
      event.preventDefault();
      find("find-number").focus();
    } else if (name !== undefined) {
      event.preventDefault();
      teller.act(name);
    }
  });
}
