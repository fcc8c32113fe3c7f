// The report as it looks: figures, tables, and charts of the tables.

import { bandLine, barChart, drawBand, shareBar } from "./charts.js";
import { find, setText } from "./page.js";
import { clockTime, fillList, make, minutes, showWait } from "./staff.js";
import { say } from "./words.js";

const KEPT_FROM = 0.75;
const KEPT_TO = 0.85;
const FEW = 30;
const LEARNED_DAYS = 20;

/** Show the report. */
export function showReport(report, titles) {
  setText(find("day"), report.now.day);
  setText(find("time"), clockTime(report.at));
  document.title = report.now.waiting + " " + say("tileWaiting") + " · " + say("title");
  find("p90").title = say("p90Long");
  showTiles(report);
  showSla(report, titles);
  showWindows(report);
  showForecast(report, titles);
  showHours(report);
  showPromises(report, titles);
}

function showTiles(report) {
  const sum = (name) => report.lines.reduce((total, line) => total + line[name], 0);
  const longest = Math.max(...[0].concat(report.lines.map((line) => line.longest_waiting_s)));
  const over = sum("over_target");
  setText(find("waiting"), String(report.now.waiting));
  setText(find("over-target"), String(over));
  find("over-tile").classList.toggle("is-late", over > 0);
  setText(find("longest"), report.now.waiting === 0 ? "–" : minutes(longest));
  setText(find("open"), String(report.windows.length));
  const paused = report.windows.filter((each) => each.state === "paused").length;
  const serving = report.windows.filter((each) => each.state === "serving").length;
  const detail = [say("tileServing", { n: serving })].concat(paused === 0 ? [] : [say("tilePaused", { n: paused })]);
  setText(find("open-detail"), detail.join(say("listJoint")));
  setText(find("issued"), String(report.now.issued));
  setText(find("kept"), report.promises.due === 0 ? "–" : percent(report.promises.kept));
}

function showSla(report, titles) {
  const lines = report.lines.filter((line) => line.taken > 0 || line.waiting > 0);
  find("sla-none").hidden = lines.length > 0;
  find("sla-table").hidden = lines.length === 0;
  const makeRow = () => {
    const row = makeCells(13, [1, 3]);
    row.children[3].appendChild(make("div", "share", [shareBar(0), make("span")]));
    row.children[6].appendChild(make("span"));
    return row;
  };
  fillList(find("sla"), lines.map(keyed), makeRow, (row, { line }) => {
    const cells = row.children;
    setText(cells[0], titles.service(line.service));
    setText(cells[1], titles.customersOf(line));
    setText(cells[2], minutes(line.target_s));
    const share = cells[3].firstChild;
    share.firstChild.lastChild.setAttribute("width", 100 * line.within_target);
    setText(share.lastChild, line.called === 0 ? "–" : percent(line.within_target));
    setText(cells[4], String(line.waiting));
    setText(cells[5], String(line.over_target));
    if (line.waiting === 0) {
      showWait(cells[6].firstChild, 0, 1, "–");
    } else {
      showWait(cells[6].firstChild, line.longest_waiting_s, line.target_s, minutes(line.longest_waiting_s), true);
    }
    setText(cells[7], String(line.taken));
    setText(cells[8], String(line.called));
    ["mean_s", "p90_s", "longest_s"].forEach((name, place) => {
      setText(cells[9 + place], line.called === 0 ? "–" : minutes(line[name]));
    });
    setText(cells[12], String(line.gave_up));
  });
}

function showWindows(report) {
  find("windows-none").hidden = report.windows.length > 0;
  find("windows-table").hidden = report.windows.length === 0;
  const items = report.windows.map((window) => ({ key: window.window, window }));
  fillList(find("windows"), items, () => makeCells(3, [1]), (row, { window }) => {
    setText(row.children[0], window.window);
    setText(row.children[1], windowSaid(window));
    setText(row.children[2], minutes(report.at - window.since));
  });
}

function windowSaid(window) {
  if (window.state === "free") {
    return say("free");
  }
  const reason = window.pause === null ? "" : say(window.pause);
  return say("state_" + window.state, { ticket: window.ticket, reason });
}

function showForecast(report, titles) {
  const items = [];
  report.services.forEach((service) => {
    Object.keys(service.newcomer).forEach((customers) => {
      items.push({ key: service.service + "/" + customers, service, customers, wait: service.newcomer[customers] });
    });
  });
  fillList(find("forecast"), items, () => makeCells(4, [1]), (row, { service, customers, wait }) => {
    setText(row.children[0], titles.service(service.service));
    setText(row.children[1], titles.customersOf({ customer_class: customers, appointment: false }));
    const isKnown = wait.about_s !== null && wait.up_to_s !== null;
    setText(row.children[2], isKnown ? minutes(wait.about_s + 30) : "–");
    setText(row.children[3], isKnown ? minutes(wait.up_to_s + 59) : say("notInSight"));
  });
}

function showHours(report) {
  const hours = report.hours;
  find("hours-none").hidden = hours.length > 0;
  find("hours-all").hidden = hours.length === 0;
  if (hours.length === 0) {
    return;
  }
  const items = hours.map((hour) => ({ key: String(hour.hour), hour }));
  fillList(find("hours"), items, () => makeCells(8, []), (row, { hour }) => {
    const isCalled = hour.called > 0;
    const texts = [hourSaid(hour), hour.taken, hour.called, isCalled ? percent(hour.within_target) : "–"];
    texts.push(isCalled ? minutes(hour.mean_s) : "–", hour.finished, hour.missed, hour.gave_up);
    texts.forEach((text, place) => setText(row.children[place], String(text)));
  });
  const all = allHours(hours);
  const labels = all.map((hour) => String(hour.hour));
  const values = (name) => all.map((hour) => hour[name]);
  const counts = [{ values: values("taken"), kind: "open" }, { values: values("called"), kind: "full" }];
  barChart(find("chart-tickets"), labels, counts, (value) => String(Math.round(value)));
  barChart(find("chart-within"), labels, [{ values: values("within_target"), kind: "full" }], percent, 1);
  const means = values("mean_s").map((seconds) => seconds / 60);
  barChart(find("chart-mean"), labels, [{ values: means, kind: "full" }], (value) => String(Math.round(10 * value) / 10));
}

/** The hours from the first to the last, those in which nothing happened too. */
function allHours(hours) {
  const first = hours[0].hour;
  const nothing = (hour) => ({ hour, taken: 0, called: 0, within_target: 0, mean_s: 0 });
  const count = hours[hours.length - 1].hour - first + 1;
  const known = new Map(hours.map((hour) => [hour.hour, hour]));
  return Array.from({ length: count }, (_, place) => known.get(first + place) || nothing(first + place));
}

function hourSaid(hour) {
  return String(hour.hour).padStart(2, "0") + ":00";
}

function showPromises(report, titles) {
  const lines = report.lines.filter((line) => line.promises.due > 0 || line.promises.at_once > 0);
  setText(find("promises-hint"), say("promisesHint", { n: LEARNED_DAYS }) + " " + say("fewHint"));
  find("promises-none").hidden = lines.length > 0;
  find("promises-all").hidden = lines.length === 0;
  const makeRow = () => {
    const row = makeCells(7, [1, 3]);
    row.children[3].appendChild(make("div", "share", [bandLine(KEPT_FROM, KEPT_TO), make("span")]));
    return row;
  };
  fillList(find("promises"), lines.map(keyed), makeRow, (row, { line }) => {
    const promises = line.promises;
    const isFew = promises.due < FEW;
    setText(row.children[0], titles.service(line.service));
    setText(row.children[1], titles.customersOf(line));
    const isNone = promises.due === 0;
    setText(row.children[2], promises.due + (isFew && !isNone ? " · " + say("few") : ""));
    const share = row.children[3].firstChild;
    share.hidden = isNone;
    drawBand(share.firstChild, promises.kept, promises.kept >= KEPT_FROM && promises.kept <= KEPT_TO, isFew);
    setText(share.lastChild, percent(promises.kept));
    setText(row.children[4], isNone ? "–" : signed(promises.bias_s));
    setText(row.children[5], isNone ? "–" : "± " + say("minutes", { n: (promises.rms_error_s / 60).toFixed(1) }));
    const atOnce = { n: promises.at_once, share: percent(promises.at_once_kept) };
    setText(row.children[6], promises.at_once === 0 ? "–" : say("atOnceKept", atOnce));
  });
}

function signed(seconds) {
  const value = (seconds / 60).toFixed(1);
  const isNegative = Number(value) < 0;
  const sign = Number(value) === 0 ? "" : isNegative ? "-" : "+";
  return say("minutes", { n: sign + value.replace("-", "") });
}

function percent(share) {
  return Math.round(100 * share) + "%";
}

function keyed(line) {
  return { key: [line.service, line.customer_class, line.appointment].join("/"), line };
}

/** A row with a heading and cells: numbers, but for the columns of `texts`. */
function makeCells(count, texts) {
  const head = make("th");
  head.scope = "row";
  const cells = Array.from({ length: count - 1 }, (_, place) => make("td", texts.includes(place + 1) ? "" : "number"));
  return make("tr", "", [head].concat(cells));
}
