// The console as it looks: what the queue says of the window, put into the page without touching what stays the same.

import { find, setText } from "./page.js";
import { clockTime, fillList, make, minutes, showWait, showWaited } from "./staff.js";
import { ACTS, offered } from "./teller-acts.js";
import { local, say } from "./words.js";

/** Show the window and all around it. */
export function showDesk(teller, now) {
  find("sign-in").hidden = true;
  const desk = find("desk");
  const wasHidden = desk.hidden;
  desk.hidden = false;
  showTop(now);
  showAtWindow(teller, now);
  showActs(teller, now);
  showNext(teller, now);
  showLine(teller, now);
  showAside(teller, now);
  showLines(teller, now);
  if (wasHidden) {
    document.querySelector("[data-act=next]").focus();
  }
}

/** Say what has changed at the window to whoever listens instead of looking. */
export function announce(before, now) {
  if (before === null || before.window.teller === "" || now.window.teller === "") {
    return;
  }
  const [was, is] = [before.window.ticket, now.window.ticket];
  if (is !== null && (was === null || was.ticket !== is.ticket)) {
    setText(find("told"), say("toldCalled", { ticket: is.ticket }));
  } else if (is !== null && is.state === "serving" && was.state !== "serving") {
    setText(find("told"), say("toldServing", { ticket: is.ticket }));
  } else if (is === null && was !== null) {
    setText(find("told"), say("toldGone", { ticket: was.ticket }));
  }
}

/** Show that the page is at no window. */
export function clearTop() {
  ["window-name", "teller-name", "time"].forEach((id) => setText(find(id), ""));
  document.title = say("title");
}

/** Show where the page is, and the time of the branch. */
function showTop(now) {
  const name = say("window", { window: now.window.window });
  setText(find("window-name"), name);
  setText(find("teller-name"), say("tellerIs", { teller: now.window.teller }));
  setText(find("time"), clockTime(now.at));
  const ticket = now.window.ticket;
  document.title = (ticket === null ? [] : [ticket.ticket]).concat(name, say("title")).join(" · ");
}

function showAtWindow(teller, now) {
  const ticket = now.window.ticket;
  find("at-window").classList.toggle("is-empty", ticket === null);
  find("facts").hidden = ticket === null;
  find("hint").hidden = ticket !== null;
  setText(find("state"), ticket === null ? "" : stateSaid(ticket, now.at));
  if (ticket === null) {
    const pause = now.window.pause;
    setText(find("number"), say(pause === null ? "nobody" : "paused"));
    const paused = pause === null ? null : { reason: say(pause), time: minutes(now.at - now.window.pause_since) };
    setText(find("hint"), paused === null ? say("nobodyHint") : say("pausedHint", paused));
    return;
  }
  setText(find("number"), ticket.ticket);
  setText(find("service"), teller.titles.service(ticket.services[0]));
  setRow("then", ticket.services.slice(1).map((each) => teller.titles.service(each)).join(", "));
  setText(find("class"), teller.titles.customers(ticket.customer_class));
  const waited = Math.max(0, ticket.called_at - ticket.since);
  showWaited(find("waited"), waited, ticket.target_s, ofTarget(waited, ticket.target_s));
  setRow("slot", ticket.slot === null ? "" : clockTime(ticket.slot));
  setText(find("speaks"), say(ticket.language));
  setRow("notes", ticket.notes);
  setRow("why", now.window.why === null ? "" : local(now.window.why));
}

function stateSaid(ticket, at) {
  if (ticket.state === "serving") {
    return say("serving", { time: minutes(at - ticket.started_at) });
  }
  const ago = at - ticket.called_at;
  const called = ago < 60 ? say("calledNow") : say("called", { time: minutes(ago) });
  if (ticket.state === "arrived") {
    return say("arrived", { called });
  }
  return ticket.calls > 1 ? say("calledTimes", { called, n: ticket.calls }) : called;
}

function setRow(name, text) {
  find(name + "-row").hidden = text === "";
  setText(find(name), text);
}

/** "12 min, target 15 min" */
export function ofTarget(waited, target) {
  return say("ofTarget", { waited: minutes(waited), target: minutes(target) });
}

function showActs(teller, now) {
  const items = Object.keys(ACTS).map((name) => ({ key: name }));
  const makeButton = (item) => {
    const button = make("button", "button", [make("span"), make("kbd", "", ACTS[item.key].key.toUpperCase())]);
    button.type = "button";
    button.dataset.act = item.key;
    button.setAttribute("aria-keyshortcuts", ACTS[item.key].key);
    button.addEventListener("click", (event) => {
      if (event.detail < 2) { // the second click of a double click means nothing
        teller.act(item.key);
      }
    });
    return button;
  };
  fillList(find("acts"), items, makeButton, (button, item) => {
    const isOffered = offered(item.key, now);
    setText(button.firstChild, say(ACTS[item.key].says(now)));
    button.setAttribute("aria-disabled", String(!isOffered)); // not `disabled`: that would lose the focus
    button.classList.toggle("button-primary", isOffered && item.key === likely(now));
  });
}

/** The act that comes next, most likely. */
function likely(now) {
  const ticket = now.window.ticket;
  if (ticket === null) {
    return now.window.pause === null ? "next" : "pause";
  }
  return ticket.state === "serving" ? "next" : "start";
}

function showNext(teller, now) {
  const next = now.next;
  find("next").hidden = next === null;
  find("next-nobody").hidden = next !== null;
  if (next === null) {
    setText(find("next-nobody"), say(now.window.pause === null ? "nextNobody" : "nextPaused"));
    return;
  }
  const waited = now.at - next.ticket.since;
  setText(find("next-number"), next.ticket.ticket);
  setText(find("next-what"), whatSaid(teller, next.ticket));
  showWait(find("next-wait"), waited, next.ticket.target_s, ofTarget(waited, next.ticket.target_s));
  setText(find("next-why"), local(next.why));
}

/** "Complex services · VIP customers" */
export function whatSaid(teller, ticket) {
  return teller.titles.service(ticket.services[0]) + " · " + customersSaid(teller, ticket);
}

function customersSaid(teller, ticket) {
  return teller.titles.customersOf({ customer_class: ticket.customer_class, appointment: ticket.slot !== null });
}

function showWhat(element, first, second) {
  setText(element.firstChild, first);
  setText(element.lastChild, second);
}

function showLine(teller, now) {
  fillList(find("line"), now.first.map(keyed), (item) => ticketRow(teller, item.ticket), (row, { ticket }) => {
    const waited = now.at - ticket.since;
    showWhat(row.children[1], teller.titles.service(ticket.services[0]), customersSaid(teller, ticket));
    showWait(row.children[2], waited, ticket.target_s, minutes(waited), true);
  });
  const callable = now.lines.filter((line) => line.callable).reduce((sum, line) => sum + line.waiting, 0);
  const more = callable - now.first.length;
  setText(find("line-more"), callable === 0 ? say("nobodyWaits") : more > 0 ? say("moreWait", { n: more }) : "");
}

function showAside(teller, now) {
  find("aside-nobody").hidden = now.aside.length > 0;
  const makeRow = (item) => {
    const row = ticketRow(teller, item.ticket);
    const back = make("button", "button");
    back.type = "button";
    back.addEventListener("click", () => teller.doPath("tickets/" + item.key + "/re-enter"));
    row.replaceChild(make("span", "does", [back]), row.children[2]);
    return row;
  };
  fillList(find("aside"), now.aside.map(keyed), makeRow, (row, { ticket }) => {
    showWhat(row.children[1], asideSaid(ticket, now.at), whatSaid(teller, ticket));
    const back = row.children[2].firstChild;
    setText(back, say("backInLine"));
    back.setAttribute("aria-label", say("backInLine") + " " + ticket.ticket);
  });
}

function asideSaid(ticket, at) {
  if (ticket.state === "no_show") {
    return say("missed", { time: minutes(at - ticket.called_at) });
  }
  return ticket.back_at === null ? say("parked") : say("parkedUntil", { time: clockTime(ticket.back_at) });
}

function keyed(ticket) {
  return { key: ticket.ticket, ticket };
}

function ticketRow(teller, ticket) {
  const number = make("button", "button", ticket.ticket);
  number.type = "button";
  number.setAttribute("aria-haspopup", "dialog");
  number.addEventListener("click", () => teller.ticket(ticket.ticket));
  return make("li", "", [number, make("span", "what", [make("span"), make("span", "soft small")]), make("span")]);
}

function showLines(teller, now) {
  find("lines-table").hidden = now.lines.length === 0;
  find("lines-nobody").hidden = now.lines.length > 0;
  const items = now.lines.map((line) => ({
    key: [line.service, line.customer_class, line.appointment, line.window].join("/"),
    line,
  }));
  const makeRow = () => {
    const head = make("th");
    head.scope = "row";
    head.className = "what";
    head.appendChild(make("span"));
    head.appendChild(make("span", "soft small"));
    const cells = ["number", "number", "number", ""].map((kind) => make("td", kind));
    cells[1].appendChild(make("span"));
    return make("tr", "", [head].concat(cells));
  };
  fillList(find("lines"), items, makeRow, (row, { line }) => {
    const [head, waiting, longest, target, here] = row.children;
    const bound = line.window === "" ? "" : " · " + say("otherWindow", { window: line.window });
    showWhat(head, teller.titles.service(line.service), teller.titles.customersOf(line) + bound);
    setText(waiting, String(line.waiting));
    showWait(longest.firstChild, line.longest_s, line.target_s, minutes(line.longest_s), true);
    setText(target, minutes(line.target_s));
    setText(here, say(line.callable ? "yes" : "no"));
  });
}
