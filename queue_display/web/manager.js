// The manager's page: the report of the queue, looked at anew whenever something happens in the branch.

import { Follower } from "./events.js";
import { find, press, showLive } from "./page.js";
import { showReport } from "./manager-view.js";
import { Looks, Titles, beginStaffPage, isRefused, refuseToken, setChildren, withToken } from "./staff.js";
import { language, onLanguage, say } from "./words.js";
import en from "./words/manager.en.js";
import zh from "./words/manager.zh.js";

const SOONEST_MS = 1000;
const LATEST_MS = 10000;
const DAYS = [1, 5, 20];

let api = null;
let titles = null;
let report = null;
let follower = null;
const looks = new Looks(look, SOONEST_MS, LATEST_MS);

beginStaffPage({ zh, en });
onLanguage(show);
show();
find("download").addEventListener("submit", (event) => {
  event.preventDefault();
  press(find("download"), () => download("report.csv?days=" + find("days").value + "&language=" + language()));
});
find("log").addEventListener("submit", (event) => {
  event.preventDefault();
  const day = encodeURIComponent(find("log-day").value);
  press(find("log"), () => download("log.csv?day=" + day + "&language=" + language()));
});
withToken(begin);

async function begin(given) {
  const first = await given.see("report");
  titles = new Titles(await given.see("services"));
  report = first;
  api = given;
  if (follower !== null) {
    follower.stop();
  }
  follower = new Follower(api, report.now.entry, {
    event: () => looks.soon(),
    live: (isLive) => {
      showLive(isLive);
      looks.soon();
    },
    refused: askForToken,
  });
  show();
}

function askForToken(problem) {
  follower.stop();
  looks.rest();
  press(find("token-form"), () => refuseToken(problem));
}

async function look() {
  try {
    report = await api.see("report");
    show();
  } catch (problem) {
    if (problem.code === undefined) {
      throw problem;
    }
    if (isRefused(problem)) {
      askForToken(problem);
    }
    // Else the banner says that the queue is not heard; it is looked at again when it is.
  }
}

function show() {
  const days = find("days");
  const chosen = days.value || "1";
  setChildren(days, DAYS.map((count) => {
    const text = count === 1 ? say("today") : say("lastDays", { n: count });
    return new Option(text, String(count), false, String(count) === chosen);
  }));
  if (report !== null) {
    find("report").hidden = false;
    find("download").hidden = false;
    showReport(report, titles);
    find("log-day").max = report.now.day;
    find("log-day").value = find("log-day").value || report.now.day;
  }
}

async function download(path) {
  const file = await api.file(path);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file.blob);
  link.download = file.name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}
