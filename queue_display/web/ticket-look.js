// What the page says of a ticket: pure, from the answer of /v1/my-ticket and the services' titles.

import { local, say } from "./words.js";

const MAY_STAY_AWAY = { moreTime: true, giveUp: true };
const MAY_WAIT = { moreTime: true, giveUp: true, alert: true };
const MAY_COME_BACK = { back: true, giveUp: true };

/**
 * What to show of a ticket: {state, headline, window, detail, hint, may}; `may` says what its holder may do now. State
 * "next" is "waiting" with nobody ahead, "serving" also who has just arrived at the window.
 */
export function lookOf(ticket) {
  const number = ticket.ticket;
  switch (ticket.state) {
    case "waiting": {
      const detail = waitText(ticket.wait);
      const hint = ticket.window ? say("atWindow", { window: ticket.window }) : ""; // it was sent to this one
      return ticket.ahead === 0
        ? look("next", say("next"), { detail, hint: hint || say("nextHint"), may: MAY_WAIT })
        : look("waiting", say("ahead", { n: ticket.ahead }), { detail, hint, may: MAY_WAIT });
    }
    case "called":
      return look("called", say("called"), {
        window: ticket.window,
        detail: say("calledHint", { number }),
        may: MAY_STAY_AWAY,
      });
    case "arrived":
    case "serving":
      return look("serving", say("serving"), { detail: say("atWindow", { window: ticket.window }) });
    case "parked":
      return look("parked", say("parked"), {
        detail: ticket.until_s === null ? say("parkedOpen") : say("parkedFor", { n: minutes(ticket.until_s) }),
        may: MAY_COME_BACK,
      });
    case "no_show":
      return look("missed", say("noShow"), {
        detail: say("noShowFor", { n: minutes(ticket.until_s) }),
        may: MAY_COME_BACK,
      });
    case "finished":
      return look("over", say("finished"), { detail: say("finishedHint") });
    default:
      return look("over", say("cancelled"), { detail: say("cancelledHint") });
  }
}

/** What to show instead of a ticket; `key` is "gone", "strange" or "noTicket". */
export function lookWithout(key) {
  return look("over", say(key), { detail: say(key + "Hint") });
}

/** The titles of a ticket's services by their names, the present one first. */
export function titlesOf(ticket, services) {
  return ticket.services.map((name) => {
    const known = services.filter((each) => each.service === name);
    return known.length > 0 ? local(known[0].title) : name;
  });
}

function look(state, headline, more) {
  return Object.assign({ state, headline, window: "", detail: "", hint: "", may: {} }, more);
}

function waitText(wait) {
  if (wait.about_s === null || wait.up_to_s === null) {
    return say("waitUnknown");
  }
  const about = Math.max(1, Math.round(wait.about_s / 60));
  const upTo = minutes(wait.up_to_s);
  return upTo > about ? say("wait", { about, upTo }) : say("waitUpTo", { upTo });
}

function minutes(seconds) {
  return Math.max(1, Math.ceil(seconds / 60));
}
