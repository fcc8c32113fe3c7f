// The first page: what there is, and for whom.

import { beginPage, find } from "./page.js";
import en from "./words/index.en.js";
import zh from "./words/index.zh.js";

find("address").textContent = location.origin + location.pathname;
beginPage({ zh, en });
