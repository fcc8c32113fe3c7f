// The texts of all pages.
export default {
  title: "Branch queue",
  otherLanguage: "中文",
  offline: "No connection. Trying again…",
};
