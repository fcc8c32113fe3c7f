// The questions that the console asks before an act, and the page of its keys. All are one <dialog>: the browser keeps
// the focus in it and gives it back. 1 to 9 choose, Esc leaves.

import { find, setText } from "./page.js";
import { make, minutes, setChildren } from "./staff.js";
import { ACTS } from "./teller-acts.js";
import { keysAreOn, switchKeys } from "./teller-keys.js";
import { ofTarget, whatSaid } from "./teller-view.js";
import { say } from "./words.js";

const REASONS = ["rest", "meal", "cash", "back_office", "training", "fault"];
const PARKINGS_MIN = [5, 10, 15, 30];

export class Dialogs {
  constructor(teller) {
    this._teller = teller;
    this._dialog = find("dialog");
    this._choices = [];
    find("dialog-close").addEventListener("click", () => this._dialog.close());
    this._dialog.addEventListener("keydown", (event) => {
      const place = "123456789".indexOf(event.key);
      const isTyping = event.target.matches("input:not([type=checkbox]), select");
      if (place >= 0 && place < this._choices.length && !isTyping && !event.repeat) {
        event.preventDefault();
        this._choose(this._choices[place]);
      }
    });
  }

  /** Park who is at the window, or a ticket that is at none. */
  park(ticket) {
    const lengths = [...PARKINGS_MIN, null];
    this._ask(say("parkHeading", { ticket: ticket.ticket }), "", lengths.map((length) => ({
      says: length === null ? say("parkOpen") : minutes(length * 60),
      does: () => this._teller.doPath(this._pathOf(ticket) + "/park", { minutes: length }),
    })));
  }

  /** Send who is at the window, or a ticket that is at none, to a service, at any window or one alone. */
  transfer(ticket) {
    const window = make("select", "input");
    [""].concat(this._teller.now.open_windows).forEach((name) => {
      const option = make("option", "", name === "" ? say("any") : name);
      option.value = name;
      window.appendChild(option);
    });
    const label = make("label", "field", [make("span", "", say("toWindow")), window]);
    const choices = this._teller.titles.services.map((service) => ({
      says: this._teller.titles.service(service),
      does: () => this._teller.doPath(this._pathOf(ticket) + "/transfer", { service, window: window.value }),
    }));
    this._ask(say("transferHeading", { ticket: ticket.ticket }), say("transferHint"), choices, [label]);
  }

  /** Let the window pause. */
  pause() {
    this._ask(say("breakHeading"), "", REASONS.map((reason) => ({
      says: say(reason),
      does: () => this._teller.doAtWindow("break", { reason }),
    })));
  }

  /** Close the window. */
  signOut() {
    this._ask(say("signOutQuestion", { window: this._teller.window }), "", [
      { says: say("signOutSure"), does: () => this._teller.doAtWindow("sign-out") },
      { says: say("signOutNot"), does: () => {} },
    ]);
  }

  /** Look a ticket up, and ask what to do with it. */
  async ticket(number) {
    const ticket = await this._teller.lookUp(number);
    if (ticket === null) {
      return;
    }
    const now = this._teller.now;
    const isWaiting = ticket.state === "waiting";
    const isAside = ticket.state === "parked" || ticket.state === "no_show";
    const isFree = now.window.ticket === null && now.window.pause === null;
    const path = "tickets/" + encodeURIComponent(ticket.ticket);
    const choices = [];
    if (isFree && (isWaiting || isAside)) {
      const callHere = () => this._teller.doAtWindow("call", { ticket: ticket.ticket });
      choices.push({ says: say("callHere", { window: now.window.window }), does: callHere });
    }
    if (isAside) {
      choices.push({ says: say("backInLine"), does: () => this._teller.doPath(path + "/re-enter") });
    }
    if (isWaiting || ticket.state === "parked") {
      choices.push({ says: say("transfer"), does: () => this.transfer(ticket) });
    }
    if (isWaiting) {
      choices.push({ says: say("park"), does: () => this.park(ticket) });
    }
    if (isWaiting || isAside) {
      choices.push({ says: say("cancelTicket"), does: () => this._cancel(ticket) });
    }
    const waited = now.at - ticket.since;
    const facts = [whatSaid(this._teller, ticket)];
    if (isWaiting) {
      facts.push(say("waitingSince", { time: ofTarget(waited, ticket.target_s) }));
    }
    const hint = say("state_" + ticket.state, { window: ticket.window });
    this._ask(ticket.ticket + " · " + hint, facts.join(" · "), choices);
  }

  /** Show the keys. */
  help() {
    const names = Object.keys(ACTS);
    const key = (letter, text) => make("div", "", [make("dt", "", [make("kbd", "", letter)]), make("dd", "", text)]);
    const keys = names.map((name) => key(ACTS[name].key.toUpperCase(), say(textOf(name))));
    keys.push(key("/", say("number")), key("?", say("help")));
    const box = make("input");
    box.type = "checkbox";
    box.checked = keysAreOn();
    box.addEventListener("change", () => switchKeys(box.checked));
    const label = make("label", "check", [box, make("span", "", say("keysOn"))]);
    const digits = make("p", "soft", say("keyDigits"));
    this._ask(say("keysHeading"), say("keysHint"), [], [make("dl", "keys", keys), digits, label]);
  }

  _cancel(ticket) {
    const path = "tickets/" + encodeURIComponent(ticket.ticket) + "/cancel";
    this._ask(say("cancelQuestion", { ticket: ticket.ticket }), "", [
      { says: say("cancelNot"), does: () => {} },
      { says: say("cancelSure"), does: () => this._teller.doPath(path) },
    ]);
  }

  _pathOf(ticket) {
    const here = this._teller.now.window.ticket;
    const isHere = here !== null && here.ticket === ticket.ticket;
    return isHere ? "windows/" + encodeURIComponent(this._teller.window) : "tickets/" + encodeURIComponent(ticket.ticket);
  }

  /** Ask: `choices` are {says, does}; `extra` stands above them. */
  _ask(heading, hint, choices, extra) {
    this._choices = choices;
    setText(find("dialog-heading"), heading);
    setText(find("dialog-hint"), hint);
    find("dialog-hint").hidden = hint === "";
    setChildren(find("dialog-body"), extra || []);
    setChildren(find("choices"), choices.map((choice, place) => {
      const button = make("button", "button", [make("kbd", "", String(place + 1)), make("span", "", choice.says)]);
      button.type = "button";
      button.addEventListener("click", () => this._choose(choice));
      return button;
    }));
    if (!this._dialog.open) {
      this._dialog.showModal();
    }
    find("dialog-heading").focus();
  }

  _choose(choice) {
    this._dialog.close();
    choice.does();
  }
}

function textOf(name) {
  return ["next", "goOn", "pause"].includes(name) ? name + "Long" : ACTS[name].says(null);
}
