// The page of a ticket on its holder's phone: place and wait as they change, the call, and what the holder may do.

import { alertCall, alertSoon, alertsAreOn, switchAlertsOff, switchAlertsOn } from "./alert.js";
import { Api, forgetToken, takeToken } from "./api.js";
import { Follower } from "./events.js";
import { beginPage, find, press, setText, showLive } from "./page.js";
import { lookOf, lookWithout, titlesOf } from "./ticket-look.js";
import { onLanguage, say } from "./words.js";
import en from "./words/phone.en.js";
import zh from "./words/phone.zh.js";

const KEPT = "ticket";
const MORE_TIME = { id: "more-time", needs: "moreTime" };
const GIVE_UP = { id: "give-up", needs: "giveUp" };
const MINUTES = [5, 10, 15, 30];
const BLANK = "\u00a0"; // the place of a title that is not known yet
const EVERY_MS = 20000; // waits grow shorter though nothing happens
const SOON_MS = 1000; // somebody else was called: all phones ask for their place, but not all at once
const SPREAD_MS = 3000;

const api = new Api(takeToken(KEPT, true));
let ticket = null;
let services = [];
let without = api.token ? "" : "noTicket";
let follower = null;
let isLooking = false;
let lookAgain = false;
let timer = 0;
let isSoon = false;
let calledBy = 0; // the last entry of the log that was heard to call
let toldTo = 0; // up to which entry calls have been told
let wasNext = false;
let asking = null;

// -- what is shown ---------------------------------------------------------------------------------------------------

function show() {
  const look = without ? lookWithout(without) : ticket && lookOf(ticket);
  if (!look) {
    return;
  }
  find("ticket").hidden = !!without;
  if (!without) {
    showTicket();
  }
  find("state").hidden = false;
  find("state").setAttribute("data-state", look.state);
  setText(find("headline"), look.headline);
  showLine("window", look.window);
  showLine("detail", look.detail);
  showLine("hint", look.hint);
  showActions(look.may);
  document.title = titleOf(look);
}

function showTicket() {
  const titles = services.length > 0 ? titlesOf(ticket, services) : [BLANK];
  setText(find("number"), ticket.ticket);
  showLine("service", titles.length > 0 ? titles[0] : "");
  showLine("then", titles.length > 1 ? say("then", { services: titles.slice(1).join(say("listJoint")) }) : "");
}

function showLine(id, text) {
  find(id).hidden = text === "";
  setText(find(id), text);
}

function showActions(may) {
  if (asking !== null && !may[asking.needs]) {
    asking = null;
  }
  find("actions").hidden = Object.keys(may).length === 0;
  find("offers").hidden = asking !== null;
  find("more-time-choice").hidden = asking !== MORE_TIME;
  find("give-up-choice").hidden = asking !== GIVE_UP;
  find("back").hidden = !may.back;
  find("alert").hidden = find("alert-hint").hidden = !may.alert;
  find("more-time").hidden = !may.moreTime;
  find("give-up").hidden = !may.giveUp;
  showAlert();
  if (ticket !== null) {
    setText(find("give-up-question"), say("giveUpQuestion", { number: ticket.ticket }));
  }
}

function showAlert() {
  const isOn = alertsAreOn();
  find("alert").setAttribute("aria-pressed", String(isOn));
  find("alert").classList[isOn ? "remove" : "add"]("button-primary");
  setText(find("alert"), say(isOn ? "alertOff" : "alertOn"));
  setText(find("alert-hint"), say(isOn ? "alertOffHint" : "alertOnHint"));
}

function titleOf(look) {
  if (without || look.state === "over") {
    return look.headline;
  }
  if (look.state === "waiting") {
    return say("titleAhead", { number: ticket.ticket, n: ticket.ahead });
  }
  const what = look.state === "called" ? say("atWindow", { window: ticket.window }) : look.headline;
  return what + " · " + ticket.ticket;
}

/** Tell once of what a customer must not miss: the call (and each repeat of it), and that he is next. */
function tellOfChange(before) {
  const number = ticket.ticket;
  const isNext = ticket.state === "waiting" && ticket.ahead === 0;
  if (ticket.state === "called") {
    const text = say("toldCalled", { number, window: ticket.window });
    if (calledBy > toldTo || before === null || before.state !== "called") {
      sayAgain(find("called"), text);
      find("state").scrollIntoView();
      alertCall(say("atWindow", { window: ticket.window }), text);
      toldTo = Math.max(calledBy, ticket.entry); // a look may be ahead of the stream: what comes then is no other call
    }
  } else {
    setText(find("called"), "");
    if (isNext && !wasNext) {
      alertSoon(say("next"), say("nextHint"));
    }
    const text = ticket.state === "waiting" && !isNext
      ? say("toldAhead", { number, n: ticket.ahead })
      : lookOf(ticket).headline;
    setText(find("told"), text);
  }
  wasNext = isNext;
}

/** Let a screen reader say a text even if it was the last that it said. */
function sayAgain(element, text) {
  element.textContent = "";
  setTimeout(() => setText(element, text), 100);
}

// -- what happens ----------------------------------------------------------------------------------------------------

function take(newer) {
  if (ticket !== null && newer.entry < ticket.entry) {
    return; // an answer that was overtaken
  }
  const before = ticket;
  ticket = newer;
  show();
  tellOfChange(before);
}

function refuse(problem) {
  if (problem.status !== 401 && problem.status !== 404) {
    showLive(false);
    return;
  }
  without = problem.status === 404 ? "gone" : "strange";
  forgetToken(KEPT);
  if (follower !== null) {
    follower.stop();
  }
  showLive(true);
  show();
}

/** Ask how the ticket stands, at once; while an answer is on its way, once more after it. */
async function look() {
  clearTimeout(timer);
  isSoon = false;
  lookAgain = isLooking;
  if (isLooking || without) {
    return;
  }
  isLooking = true;
  let isSeen = false;
  try {
    take(await api.see("my-ticket"));
    isSeen = true;
    if (follower === null) {
      follow();
    }
  } catch (problem) {
    refuse(problem);
  } finally {
    isLooking = false;
  }
  const isHeard = follower !== null && follower.isLive;
  if (isSeen && isHeard) {
    showLive(true); // the look before may have failed, though the log was heard all the time
  }
  if (lookAgain) {
    look();
  } else if (!isSeen && isHeard && !without) {
    lookSoon();
  } else if (!without) {
    timer = setTimeout(look, EVERY_MS);
  }
}

/** Learn what the services are called. */
async function learnTitles() {
  if (services.length === 0) {
    try {
      services = (await api.see("services")).services;
      show();
    } catch (problem) {
      refuse(problem);
    }
  }
}

function lookSoon() {
  if (!isSoon) {
    isSoon = true;
    clearTimeout(timer);
    timer = setTimeout(look, SOON_MS + SPREAD_MS * Math.random());
  }
}

function follow() {
  follower = new Follower(api, ticket.entry, {
    event(event) {
      if (event.kind === "other") {
        lookSoon();
      } else {
        if (event.kind === "Called" || event.kind === "Recalled") {
          calledBy = event.number;
        }
        look();
      }
    },
    live(isLive) {
      showLive(isLive);
      if (isLive) {
        look();
        learnTitles();
      }
    },
    refused: refuse,
  });
}

// -- what the holder does --------------------------------------------------------------------------------------------

function act(path, body) {
  return press(find("actions"), async () => take(await api.act("my-ticket/" + path, body)));
}

/** Ask what `question` stands for in place of the buttons. */
function ask(question) {
  asking = question;
  show();
  const choice = find(question.id + "-choice");
  choice.querySelector("h2").focus();
  choice.scrollIntoView({ block: "nearest" }); // on a small phone too all of it is seen
}

/** Show the buttons again, and be where the customer was. */
function askNoMore() {
  const asked = asking;
  asking = null;
  show();
  find(asked.id).focus();
}

function makeMinutes() {
  MINUTES.forEach((count) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button";
    button.addEventListener("click", () => {
      askNoMore();
      act("park", { minutes: count });
    });
    onLanguage(() => setText(button, say("minutes", { n: count })));
    find("minutes").appendChild(button);
  });
}

function listen() {
  find("more-time").addEventListener("click", () => ask(MORE_TIME));
  find("give-up").addEventListener("click", () => ask(GIVE_UP));
  find("more-time-not").addEventListener("click", askNoMore);
  find("give-up-not").addEventListener("click", askNoMore);
  find("give-up-sure").addEventListener("click", () => act("cancel"));
  find("back").addEventListener("click", () => act("re-enter"));
  find("alert").addEventListener("click", () => {
    if (alertsAreOn()) {
      switchAlertsOff();
    } else {
      switchAlertsOn();
    }
    showAlert();
  });
  window.addEventListener("hashchange", () => location.reload()); // another ticket was scanned
}

makeMinutes();
listen();
onLanguage(show);
beginPage({ zh, en });
if (!without) {
  look();
  learnTitles();
}
