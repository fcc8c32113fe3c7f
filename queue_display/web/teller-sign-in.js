// Which window this computer is at, and who works at it.

import { find, press, setText } from "./page.js";
import { fillList, make } from "./staff.js";
import { keep, kept } from "./storage.js";
import { onLanguage, say } from "./words.js";

const WINDOW = "teller-window"; // of this computer
const STAFF = "teller-staff"; // of this tab

export class SignIn {
  constructor(teller) {
    this._teller = teller;
    this._open = new Map();
    this._known = [];
    find("sign-in").addEventListener("submit", (event) => {
      event.preventDefault();
      this._signIn();
    });
    find("window").addEventListener("input", () => this._show());
    onLanguage(() => this._show());
  }

  /** Go on at the window of this computer, if somebody works there; else ask. */
  async resume(windows) {
    this._take(windows);
    find("window").value = kept("localStorage", WINDOW);
    find("staff").value = kept("sessionStorage", STAFF);
    const window = find("window").value;
    if (this._open.has(window) && this._open.get(window) === find("staff").value) {
      await this._teller.work(window);
    } else {
      await this.choose();
    }
  }

  /** Ask for the window. */
  async choose() {
    await this._teller.work(null);
    this._take(await this._teller.api.see("windows"));
    find("desk").hidden = true;
    find("sign-in").hidden = false;
    this._show();
    find(find("window").value === "" ? "window" : "staff").focus();
  }

  _take(windows) {
    this._open = new Map(windows.windows.map((each) => [each.window, each.teller]));
    this._known = windows.known;
  }

  _show() {
    const chosen = find("window").value.trim();
    const makeButton = (item) => {
      const button = make("button", "button", [make("strong", "", item.key), make("span")]);
      button.type = "button";
      button.addEventListener("click", () => {
        find("window").value = item.key;
        this._show();
        find(this._open.has(item.key) ? "open-window" : "staff").focus();
      });
      return button;
    };
    fillList(find("windows"), this._known.map((key) => ({ key })), makeButton, (button, item) => {
      const teller = this._open.get(item.key);
      setText(button.lastChild, teller === undefined ? say("closed") : say("openBy", { teller }));
      button.setAttribute("aria-pressed", String(item.key === chosen));
    });
    find("windows-known").hidden = this._known.length === 0;
    const isOpen = this._open.has(chosen);
    find("staff-field").hidden = isOpen;
    setText(find("open-window"), say(isOpen ? "joinWindow" : "openWindow"));
  }

  _signIn() {
    const window = find("window").value.trim();
    const staff = this._open.get(window) || find("staff").value.trim();
    const missing = window === "" ? "window" : staff === "" ? "staff" : "";
    if (missing !== "") {
      find(missing).focus();
      return;
    }
    press(find("sign-in"), async () => {
      if (!this._open.has(window)) {
        await this._teller.api.act("windows/" + encodeURIComponent(window) + "/sign-in", { teller: staff });
      }
      keep("localStorage", WINDOW, window);
      keep("sessionStorage", STAFF, staff);
      await this._teller.work(window);
    });
  }
}
