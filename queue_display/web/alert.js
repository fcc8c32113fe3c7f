// Telling somebody who looks elsewhere: tone, vibration, notification. Browsers let a page do so after a touch only, and
// notify only where the connection is secure.

const CALL = [880, 1175, 880, 1175, 880, 1175];
const HINT = [880];
const TONE_S = 0.22;
const WORKER = asTrusted("service-worker.js");

let audio = null;
let worker = null;
let lock = null;
let isOn = false;

/** Whether the customer wants to be told. */
export function alertsAreOn() {
  return isOn;
}

/** Begin to tell; must be called by a touch. A short tone shows how it will sound. */
export function switchAlertsOn() {
  isOn = true;
  const Audio = window.AudioContext || window.webkitAudioContext;
  if (Audio && audio === null) {
    audio = new Audio();
  }
  play(HINT);
  stayAwake();
  askToNotify();
}

/** Tell no longer. */
export function switchAlertsOff() {
  isOn = false;
  if (lock !== null) {
    lock.release();
    lock = null;
  }
}

/** Tell of a call: it is your turn. */
export function alertCall(title, body) {
  tell(CALL, [500, 200, 500, 200, 500], title, body);
}

/** Tell that the call is near. */
export function alertSoon(title, body) {
  tell(HINT, [300], title, body);
}

function tell(tones, pattern, title, body) {
  if (!isOn) {
    return;
  }
  play(tones);
  if (navigator.vibrate) {
    navigator.vibrate(pattern);
  }
  if (worker !== null && Notification.permission === "granted") {
    worker.showNotification(title, { body, tag: "ticket", renotify: true, requireInteraction: true, icon: "pages/icon.svg" });
  }
}

function play(tones) {
  if (audio === null) {
    return;
  }
  audio.resume();
  tones.forEach((hertz, place) => {
    const from = audio.currentTime + 0.05 + place * TONE_S;
    const tone = audio.createOscillator();
    const loudness = audio.createGain();
    tone.frequency.value = hertz;
    tone.connect(loudness);
    loudness.connect(audio.destination);
    loudness.gain.setValueAtTime(0, from);
    loudness.gain.linearRampToValueAtTime(0.6, from + 0.02);
    loudness.gain.linearRampToValueAtTime(0, from + TONE_S - 0.02);
    tone.start(from);
    tone.stop(from + TONE_S);
  });
}

/** The address of a script, as the Content-Security-Policy wants it: no text will do. */
function asTrusted(address) {
  return window.trustedTypes
    ? window.trustedTypes.createPolicy("service-worker", { createScriptURL: () => address }).createScriptURL(address)
    : address;
}

async function askToNotify() {
  if (!window.isSecureContext || !("serviceWorker" in navigator) || !("Notification" in window)) {
    return;
  }
  try {
    if ((await Notification.requestPermission()) === "granted") {
      await navigator.serviceWorker.register(WORKER);
      worker = await navigator.serviceWorker.ready;
    }
  } catch (error) {
    worker = null; // no notification then; tone and vibration are there
  }
}

/** Keep the screen on, where the browser can: a phone that sleeps hears nothing of the queue. */
async function stayAwake() {
  if (!navigator.wakeLock || !isOn || document.visibilityState !== "visible") {
    return;
  }
  try {
    lock = await navigator.wakeLock.request("screen");
  } catch (error) {
    lock = null; // the battery is low
  }
}

document.addEventListener("visibilitychange", stayAwake);
