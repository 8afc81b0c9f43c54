// Requests to our own server. A lost connection is an answer like any other: the page says so and goes on.

export interface Problem {
  detail: string;
  because?: string;
  field?: string;
}

export type Answer<T> =
  { outcome: 'done'; body: T } | { outcome: 'problem'; problem: Problem } | { outcome: 'offline' };

/** Longer than the server's own 10 s for the card processor, with room for a slow phone. */
const answerMs = 20_000;

export async function post<T>(path: string, body: object, stop?: AbortSignal): Promise<Answer<T>> {
  return ask(path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Accept: 'application/json' },
    body: JSON.stringify(body),
    ...(stop && { signal: stop }),
  });
}

export async function get<T>(path: string): Promise<Answer<T>> {
  return ask(path, { headers: { Accept: 'application/json' } });
}

async function ask<T>(path: string, request: RequestInit): Promise<Answer<T>> {
  const late = new AbortController();
  const timer = setTimeout(() => {
    late.abort();
  }, answerMs);
  request.signal?.addEventListener('abort', () => {
    late.abort();
  });
  try {
    const response = await fetch(path, { ...request, cache: 'no-store', signal: late.signal });
    const body = (await response.json()) as unknown;
    if (response.ok) return { outcome: 'done', body: body as T };
    const problem = body as Partial<Problem>;
    return typeof problem.detail === 'string'
      ? { outcome: 'problem', problem: { ...problem, detail: problem.detail } }
      : { outcome: 'offline' };
  } catch {
    return { outcome: 'offline' };
  } finally {
    clearTimeout(timer);
  }
}
