// Takes away what Chrome 61 and Safari 11 do not have, and closes the storage as private tabs of old Safaris do.
["AbortController", "AbortSignal", "ReadableStream", "TransformStream", "structuredClone", "queueMicrotask", "globalThis"]
  .forEach((name) => delete window[name]);
["flat", "flatMap", "at", "findLast"].forEach((name) => delete Array.prototype[name]);
["matchAll", "replaceAll", "trimStart", "at"].forEach((name) => delete String.prototype[name]);
["replaceChildren", "toggleAttribute"].forEach((name) => delete Element.prototype[name]);
["fromEntries", "hasOwn"].forEach((name) => delete Object[name]);
["any", "allSettled"].forEach((name) => delete Promise[name]);
delete Promise.prototype.finally;
delete Crypto.prototype.randomUUID;
delete Navigator.prototype.wakeLock;
delete Navigator.prototype.serviceWorker;
delete window.Notification;
delete Response.prototype.body;
window.webkitAudioContext = window.AudioContext;
delete window.AudioContext;
["localStorage", "sessionStorage"].forEach((name) => Object.defineProperty(window, name, {
  get() {
    throw new DOMException("closed", "SecurityError");
  },
}));
