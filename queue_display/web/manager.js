// The manager's page: the report of the queue, looked at anew whenever something happens in the branch.

import { Follower } from "./events.js";
import { beginPage, find, press, showLive } from "./page.js";
import { Problem } from "./api.js";
import { showReport } from "./manager-view.js";
import { Looks, Titles, isRefused, refuseToken, setChildren, withToken } from "./staff.js";
import { language, onLanguage, say } from "./words.js";
import managerEn from "./words/manager.en.js";
import managerZh from "./words/manager.zh.js";
import staffEn from "./words/staff.en.js";
import staffZh from "./words/staff.zh.js";

const SOONEST_MS = 1000;
const LATEST_MS = 10000;
const DAYS = [1, 5, 20];

let api = null;
let titles = null;
let report = null;
let follower = null;
const looks = new Looks(look, SOONEST_MS, LATEST_MS);

beginPage({ zh: Object.assign({}, staffZh, managerZh), en: Object.assign({}, staffEn, managerEn) });
onLanguage(show);
show();
find("download").addEventListener("submit", (event) => {
  event.preventDefault();
  press(find("download"), download);
});
withToken(begin);

async function begin(given) {
  report = await given.see("report");
  api = given;
  titles = new Titles(await api.see("services"));
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
    showReport(report, titles);
  }
}

/** The table is asked for with the token in a header, so it comes as a blob. */
async function download() {
  const path = "v1/report.csv?days=" + find("days").value + "&language=" + language();
  let answer;
  try {
    answer = await fetch(path, { headers: { Authorization: "Bearer " + api.token }, cache: "no-store" });
  } catch (error) {
    throw new Problem(0, "no_answer", "网络不通，请稍后再试。", "No answer: please try again in a moment.");
  }
  if (!answer.ok) {
    const told = await answer.json();
    throw new Problem(answer.status, told.code, told.detail_zh, told.detail);
  }
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await answer.blob());
  link.download = /filename="([^"]+)"/.exec(answer.headers.get("Content-Disposition"))[1];
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}
