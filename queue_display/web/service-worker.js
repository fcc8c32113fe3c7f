// There only because phones show notifications of service workers alone. It keeps no pages and sees no requests.

self.addEventListener("install", () => self.skipWaiting());

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const pages = self.clients.matchAll({ type: "window", includeUncontrolled: true });
  event.waitUntil(pages.then((found) => (found.length > 0 ? found[0].focus() : null)));
});
