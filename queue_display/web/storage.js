// What the browser keeps for us, where it lets us: "sessionStorage" as long as the tab, "localStorage" for longer.

/** What is kept under `name`, "" if nothing is. */
export function kept(storage, name) {
  try {
    return window[storage].getItem(name) || "";
  } catch (error) {
    return "";
  }
}

/** Keep something; tell whether it is kept. */
export function keep(storage, name, value) {
  try {
    window[storage].setItem(name, value);
    return true;
  } catch (error) {
    return false; // storage is closed to us
  }
}

/** Keep it no longer. */
export function forget(storage, name) {
  try {
    window[storage].removeItem(name);
  } catch (error) {
    // Then nothing was kept.
  }
}
