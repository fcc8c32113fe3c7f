// What all pages have: the switch of languages, the banner that says that the queue is not heard, problems in words.

import { begin, choose, language, local, onLanguage } from "./words.js";
import en from "./words/common.en.js";
import zh from "./words/common.zh.js";

/** The element with this id. */
export function find(id) {
  return document.getElementById(id);
}

/** Begin the page with its own texts beside the common ones; see words.js. */
export function beginPage(texts) {
  onLanguage(() => {
    find("language").lang = language() === "zh" ? "en" : "zh-CN"; // it is named in its own language
  });
  begin({ zh: Object.assign({}, zh, texts.zh), en: Object.assign({}, en, texts.en) });
  find("language").addEventListener("click", () => choose(language() === "zh" ? "en" : "zh"));
}

/** Show the banner while the queue is not heard. */
export function showLive(isLive) {
  find("offline").hidden = isLive;
}

/** Set an element's text; leave it alone if it says so already, lest it be read out again. */
export function setText(element, text) {
  if (element.textContent !== text) {
    element.textContent = text;
  }
}

/** Say what went wrong in the element "problem"; null: nothing did. What is no Problem is a mistake of ours. */
export function showProblem(problem) {
  if (problem !== null && problem.code === undefined) {
    throw problem;
  }
  find("problem").hidden = problem === null;
  setText(find("problem"), problem === null ? "" : local(problem));
}

/** Do what a button in `group` stands for; until the answer is there nothing else in it is done. */
export async function press(group, doing) {
  if (group.getAttribute("aria-busy") === "true") {
    return;
  }
  group.setAttribute("aria-busy", "true");
  showProblem(null);
  try {
    await doing();
  } catch (problem) {
    showProblem(problem);
  } finally {
    group.removeAttribute("aria-busy");
  }
}
