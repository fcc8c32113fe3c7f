// The teller's console: one window, what to do with whoever is at it, and who comes next. What it shows is always what
// the queue says of the window now, never what this page thinks has happened: several consoles may work one window.

import { Follower } from "./events.js";
import { find, press, setText, showLive } from "./page.js";
import { Looks, Titles, beginStaffPage, isRefused, refuseToken, uncertain, withToken } from "./staff.js";
import { ACTS, offered, question } from "./teller-acts.js";
import { Dialogs } from "./teller-dialogs.js";
import { listenToKeys } from "./teller-keys.js";
import { SignIn } from "./teller-sign-in.js";
import { announce, clearTop, showDesk } from "./teller-view.js";
import { onLanguage, say } from "./words.js";
import en from "./words/teller.en.js";
import zh from "./words/teller.zh.js";

const SOONEST_MS = 300;
const LATEST_MS = 10000;
const SHOW_SENDING_MS = 500;
const SHOW_NOT_NOW_MS = 4000;

class Console {
  constructor() {
    this.api = null;
    this.titles = null;
    this.now = null; // what the queue last said of the window
    this._follower = null;
    this._looks = new Looks(() => this._look(), SOONEST_MS, LATEST_MS);
    this._dialogs = new Dialogs(this);
    this._signIn = new SignIn(this);
    onLanguage(() => this._show());
  }

  /** Begin with a token; throws the Problem if it is none. */
  async begin(api) {
    const windows = await api.see("windows");
    this.api = api;
    this.titles = new Titles(await api.see("services"));
    if (this._follower !== null) {
      this._follower.stop();
    }
    this._follower = new Follower(api, windows.entry, {
      event: (event) => {
        if (event.kind === "gap") {
          this.now = null; // the queue's log is another one: entries cannot be compared
        }
        this._looks.soon();
      },
      live: (isLive) => {
        showLive(isLive);
        this._looks.soon();
      },
      refused: (problem) => this._askForToken(problem),
    });
    await this._signIn.resume(windows);
  }

  /** Work at this window; null: at none. */
  async work(window) {
    this.window = window;
    this.now = null;
    if (window === null) {
      clearTop();
    } else {
      await this.look();
    }
  }

  /** Do the act of this name, if it applies now. */
  act(name) {
    if (this.now === null || this.now.window.teller === "") {
      return;
    }
    if (!offered(name, this.now)) {
      this._sayNotNow(name);
      return;
    }
    const asks = question(name, this.now);
    if (asks === "") {
      this.doAtWindow(ACTS[name].path(), ACTS[name].body);
    } else {
      this._dialogs[asks](this.now.window.ticket);
    }
  }

  /** Say for a while that this act does not apply: whoever pressed its key sees that the key was heard. */
  _sayNotNow(name) {
    clearTimeout(this._notNow);
    setText(find("not-now"), say("notNow", { act: say(ACTS[name].says(this.now)) }));
    this._notNow = setTimeout(() => setText(find("not-now"), ""), SHOW_NOT_NOW_MS);
  }

  /** Ask for an act at this window, by the last part of its path. */
  doAtWindow(word, body) {
    return this.doPath("windows/" + encodeURIComponent(this.window) + "/" + word, body);
  }

  /** Ask for an act; nothing else is asked for until the answer is there. */
  doPath(path, body) {
    return press(find("main"), async () => {
      const slow = setTimeout(() => setText(find("sending"), say("sending")), SHOW_SENDING_MS);
      try {
        await this.api.act(path, body);
      } catch (problem) {
        this._looks.soon();
        throw uncertain(problem);
      } finally {
        clearTimeout(slow);
        setText(find("sending"), "");
      }
      await this._look(); // before anything else may be asked for: a second tap meets what the first has done
    });
  }

  /** Look at the window now. */
  async look() {
    const seen = await this.api.see("windows/" + encodeURIComponent(this.window));
    if (seen.window.window === this.window && (this.now === null || seen.entry >= this.now.entry)) {
      const before = this.now;
      this.now = seen;
      this._show();
      announce(before, seen);
    }
  }

  /** Look a ticket up; null if there is none. */
  async lookUp(number) {
    let found = null;
    await press(find("main"), async () => {
      found = await this.api.see("tickets/" + encodeURIComponent(number));
    });
    return found;
  }

  /** Another window, or another teller. */
  chooseWindow() {
    return press(find("sign-in"), () => this._signIn.choose());
  }

  help() {
    this._dialogs.help();
  }

  ticket(number) {
    return this._dialogs.ticket(number);
  }

  _askForToken(problem) {
    this._follower.stop();
    this._looks.rest();
    this.work(null);
    press(find("token-form"), () => refuseToken(problem));
  }

  async _look() {
    if (this.window === null || this.api === null) {
      return;
    }
    try {
      await this.look();
    } catch (problem) {
      if (problem.code === undefined) {
        throw problem;
      }
      if (isRefused(problem)) {
        this._askForToken(problem);
      }
      // Else the banner says that the queue is not heard; it is looked at again when it is.
    }
  }

  _show() {
    if (this.now === null) {
      return;
    }
    if (this.now.window.teller === "") {
      this.chooseWindow(); // somebody closed it
      return;
    }
    showDesk(this, this.now);
  }
}

const teller = new Console();
beginStaffPage({ zh, en });
listenToKeys(teller);
find("help").addEventListener("click", () => teller.help());
find("find-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const number = ticketNumber(find("find-number").value);
  if (number !== "") {
    find("find-number").value = "";
    document.querySelector("[data-act=next]").focus(); // where the keys work, and where the question gives it back
    teller.ticket(number);
  }
});
withToken((api) => teller.begin(api));

/** "a13" is A013: letters large, three digits at least. */
function ticketNumber(typed) {
  const parts = /^([A-Z]+)0*(\d+)$/.exec(typed.trim().toUpperCase());
  return parts ? parts[1] + parts[2].padStart(3, "0") : typed.trim().toUpperCase();
}
