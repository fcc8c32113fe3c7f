// Small charts as SVG, without a library. A chart is a picture of a table that stands beside it, so it is hidden from
// whoever listens. What they show is told by shape too, not by colour alone.

import { setChildren } from "./staff.js";

const NS = "http://www.w3.org/2000/svg";
const WIDTH = 340; // about as wide as it is drawn, so that its text is as large as it says
const HEIGHT = 124;
const LEFT = 40;
const BOTTOM = 22;
const TOP = 8;

/** Bars of several series side by side: `series` are {values, kind: "open" or "full"}; `top`: of the scale, if fixed. */
export function barChart(box, labels, series, format, top) {
  const most = top || niceTop(Math.max(...[1].concat(series.map((each) => Math.max(...each.values)))));
  const picture = frame(labels, most, format);
  const slot = (WIDTH - LEFT) / labels.length;
  const bar = Math.min(26, (0.8 * slot) / series.length);
  labels.forEach((_, place) => {
    series.forEach((each, number) => {
      const height = (each.values[place] / most) * (HEIGHT - TOP - BOTTOM);
      if (height > 0) {
        const x = LEFT + slot * (place + 0.5) + bar * (number - series.length / 2);
        const at = { x: x + 1.5, y: HEIGHT - BOTTOM - height, width: bar - 3, height };
        add(picture, "rect", at, "chart-" + each.kind);
      }
    });
  });
  setChildren(box, [picture]);
}

/** A share as a bar of full length. */
export function shareBar(share) {
  const picture = add(null, "svg", { viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true" });
  add(picture, "rect", { x: 0, y: 0, width: 100, height: 10 }, "chart-back");
  add(picture, "rect", { x: 0, y: 0, width: 100 * share, height: 10 }, "chart-full");
  return picture;
}

/**
 * A share as a mark on a line from 0 to 1, with the band in which it should be: a disc in it, a triangle beside it, a ring
 * where too `few` were counted to tell. `drawBand` draws the mark anew.
 */
export function bandLine(from, to) {
  const picture = add(null, "svg", { viewBox: "0 0 200 16", "aria-hidden": "true" }, "band");
  add(picture, "rect", { x: 200 * from, y: 1, width: 200 * (to - from), height: 14 }, "chart-band");
  add(picture, "line", { x1: 0, x2: 200, y1: 8, y2: 8 }, "chart-axis");
  add(picture, "path", { d: "" });
  return picture;
}

export function drawBand(picture, share, isInBand, isFew) {
  const x = 6 + 188 * share;
  const disc = "M" + (x - 5) + " 8a5 5 0 1 1 10 0a5 5 0 1 1 -10 0z";
  const triangle = "M" + (x - 6) + " 14l6 -12l6 12z";
  const mark = picture.lastChild;
  mark.setAttribute("d", isFew || isInBand ? disc : triangle);
  mark.setAttribute("class", isFew ? "chart-dot-few" : isInBand ? "chart-dot" : "chart-out");
}

function frame(labels, most, format) {
  const picture = add(null, "svg", { viewBox: "0 0 " + WIDTH + " " + HEIGHT, "aria-hidden": "true" });
  [0, 0.5, 1].forEach((share) => {
    const y = HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM);
    add(picture, "line", { x1: LEFT, x2: WIDTH, y1: y, y2: y }, "chart-axis");
    add(picture, "text", { x: LEFT - 6, y: y + 4, "text-anchor": "end" }, "chart-text").textContent = format(share * most);
  });
  const slot = (WIDTH - LEFT) / labels.length;
  labels.forEach((label, place) => {
    const at = { x: LEFT + slot * (place + 0.5), y: HEIGHT - 5, "text-anchor": "middle" };
    add(picture, "text", at, "chart-text").textContent = label;
  });
  return picture;
}

/** The next of 2, 4, 10, 20, 40, 100… above: half of it is a whole number too. */
function niceTop(most) {
  const ten = 10 ** Math.floor(Math.log10(most));
  return [1, 2, 4, 10].map((each) => each * ten).find((each) => each >= most);
}

function add(parent, kind, attributes, className) {
  const element = document.createElementNS(NS, kind);
  Object.keys(attributes).forEach((name) => element.setAttribute(name, attributes[name]));
  if (className) {
    element.setAttribute("class", className);
  }
  if (parent !== null) {
    parent.appendChild(element);
  }
  return element;
}
