/* Keeps one page for when there is no connection at all; see runtime/web/offline.py. */
const KEPT = "offline-{{ asset('app.css') | replace('/', '') }}";
const PAGE = "/offline";
const PARTS = [PAGE, "{{ asset('tabler.css') }}", "{{ asset('app.css') }}"];

self.addEventListener("install", (event) => {
  self.skipWaiting();
  event.waitUntil(caches.open(KEPT).then((kept) => kept.addAll(PARTS)));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(caches.keys().then((names) => Promise.all(
    names.filter((name) => name.startsWith("offline-") && name !== KEPT).map((name) => caches.delete(name)),
  )));
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.mode === "navigate" && request.method === "GET") {
    event.respondWith(fetch(request).catch(() => caches.match(PAGE).then((page) => page || Response.error())));
  } else if (PARTS.includes(new URL(request.url).pathname)) {
    event.respondWith(fetch(request).catch(() => caches.match(request).then((part) => part || Response.error())));
  }
});
