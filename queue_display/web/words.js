// The page's texts: Chinese or English, by what the browser prefers until somebody chooses.

import { keep, kept } from "./storage.js";

const KEPT = "language";

let catalogues = {};
let current = "en";
const listeners = [];

/** Begin with the texts of the page, {zh: {key: text}, en: {key: text}}, and fill all that is marked in its HTML. */
export function begin(texts) {
  catalogues = texts;
  const chosen = kept("localStorage", KEPT);
  use(chosen in catalogues ? chosen : preferred());
}

/** The language of the page: "zh" or "en". */
export function language() {
  return current;
}

/** Call `listener` whenever the language changes. */
export function onLanguage(listener) {
  listeners.push(listener);
}

/** Let somebody choose a language; it is kept for the next visit, or as long as the page. */
export function choose(name) {
  keep("localStorage", KEPT, name);
  use(name);
}

/** The text of `key`, with its {values} filled in. "one person|{n} people": the first is said of n = 1. */
export function say(key, values) {
  let text = catalogues[current][key];
  if (text === undefined) {
    throw new Error("no text " + key);
  }
  if (values && values.n !== undefined && text.indexOf("|") >= 0) {
    text = text.split("|")[values.n === 1 ? 0 : 1];
  }
  return text.replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
}

/** The text of `key` in both languages, {zh, en}. */
export function both(key) {
  return { zh: catalogues.zh[key], en: catalogues.en[key] };
}

/** A text that comes in both languages, {zh, en}, in that of the page. */
export function local(text) {
  return text[current];
}

function use(name) {
  current = name;
  document.documentElement.lang = name === "zh" ? "zh-CN" : "en";
  fill(document);
  listeners.forEach((listener) => listener());
}

function fill(root) {
  root.querySelectorAll("[data-say]").forEach((element) => {
    element.textContent = say(element.getAttribute("data-say"));
  });
  root.querySelectorAll("[data-say-label]").forEach((element) => {
    element.setAttribute("aria-label", say(element.getAttribute("data-say-label")));
  });
}

function preferred() {
  const wanted = navigator.languages || [navigator.language || ""];
  for (let place = 0; place < wanted.length; place += 1) {
    const name = wanted[place].slice(0, 2).toLowerCase();
    if (name in catalogues) {
      return name;
    }
  }
  return "en";
}
