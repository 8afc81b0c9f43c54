// Keeps the shell on the device: the page and its first pieces, nothing of anybody's. The page is asked for and taken from
// here only when no answer comes; pieces are taken from here first, since their name is their content. What the API says
// is never kept.

/** Put in by the build. */
declare const shellFiles: readonly string[];

/** What a worker's global is, as far as it is used: its whole type and a page's cannot stand in one program. */
interface Extended {
  waitUntil(work: Promise<unknown>): void;
}
interface Fetching {
  request: Request;
  respondWith(answer: Promise<Response>): void;
}
interface Worker {
  skipWaiting(): Promise<void>;
  clients: { claim(): Promise<void> };
  addEventListener(type: 'install' | 'activate', act: (event: Extended) => void): void;
  addEventListener(type: 'fetch', act: (event: Fetching) => void): void;
}
const worker = globalThis as unknown as Worker;

const page = '/extranet/me';
const kept = `shell ${shellFiles.join(' ')}`;
/** A network that is there and does not answer is no better than none. */
const patienceMs = 4_000;

worker.addEventListener('install', (event) => {
  event.waitUntil(
    caches
      .open(kept)
      .then((cache) => cache.addAll([page, ...shellFiles]))
      .then(() => worker.skipWaiting()),
  );
});

worker.addEventListener('activate', (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) => Promise.all(names.filter((name) => name !== kept).map((name) => caches.delete(name))))
      .then(() => worker.clients.claim()),
  );
});

worker.addEventListener('fetch', (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== 'GET' || origin !== globalThis.location.origin) return;
  if (request.mode === 'navigate' && pathname.startsWith('/extranet')) event.respondWith(pageOf(request));
  else if (pathname.startsWith('/extranet/assets/')) event.respondWith(pieceOf(request));
});

/** Every address of the application is the same page. */
async function pageOf(request: Request): Promise<Response> {
  try {
    return await fetch(request, { signal: AbortSignal.timeout(patienceMs) });
  } catch {
    return (await caches.match(page)) ?? Response.error();
  }
}

async function pieceOf(request: Request): Promise<Response> {
  const known = await caches.match(request);
  if (known) return known;
  const answer = await fetch(request);
  if (answer.ok) {
    const cache = await caches.open(kept);
    await cache.put(request, answer.clone());
  }
  return answer;
}
