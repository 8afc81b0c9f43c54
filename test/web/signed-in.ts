// A browser as the API sees one: it keeps the cookie it is given, and names the page's origin with what it writes. And people
// to sit before it.

import { TOTP } from 'otpauth';
import type { Role } from '../../src/core/sign-in.ts';
import { invite, inviteOperator } from '../../src/flow/members.ts';
import type { AnswerBody, Stage } from './api-stage.ts';

/** What tests look at besides; what an answer does not have is undefined all the same. */
export interface BrowserBody extends Omit<AnswerBody, 'data'> {
  data: BrowserEntry[];
  user: { id: string };
  /** In whose place he acts. */
  as: unknown;
  merchants: { id: string }[];
  link: string;
  secret: string;
  recoveryCodes: string[];
}

export interface BrowserEntry {
  id: string;
  email: string;
  action: string;
  current: boolean;
  position: number;
  [field: string]: unknown;
}

export interface BrowserAnswer {
  status: number;
  headers: Headers;
  /** The last part of a problem's type. */
  kind: string | undefined;
  body: BrowserBody;
}

export class Browser {
  cookie: string | undefined;
  readonly #stage: Pick<Stage, 'url'>;
  readonly #address: string;
  readonly #agent: string;

  constructor(
    stage: Pick<Stage, 'url'>,
    { address = '192.0.2.1', agent = 'Mozilla/5.0 (X11; Linux x86_64) Firefox/144.0' } = {},
  ) {
    this.#stage = stage;
    this.#address = address;
    this.#agent = agent;
  }

  async ask(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<BrowserAnswer> {
    const response = await fetch(this.#stage.url + path, {
      method,
      headers: {
        'user-agent': this.#agent,
        'x-forwarded-for': this.#address,
        ...(this.cookie === undefined ? {} : { cookie: `ringmeter_session=${this.cookie}` }),
        ...(method === 'GET' ? {} : { origin: 'https://ring.example' }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const set = /ringmeter_session=([^;]*)/.exec(response.headers.get('set-cookie') ?? '')?.[1];
    if (set !== undefined) this.cookie = set === '' ? undefined : set;
    const text = await response.text();
    const answered = JSON.parse(text === '' ? '{}' : text) as BrowserBody;
    const kind =
      response.status >= 400 ? (answered.type as string | undefined)?.split('/').at(-1) : undefined;
    return { status: response.status, headers: response.headers, kind, body: answered };
  }

  signIn(email: string, password = goodPassword): Promise<BrowserAnswer> {
    return this.ask('POST', '/v1/session', { email, password });
  }

  stepUp(password = goodPassword): Promise<BrowserAnswer> {
    return this.ask('POST', '/v1/session/step-up', { password });
  }
}

export const goodPassword = 'quatre mots sans rapport';

/** The last part of a link. */
export const tokenOfLink = (link: string | undefined): string => link?.split('/').at(-1) ?? '';

/** Somebody who works there, signed in; owners have their second factor set up. */
export async function somebody(
  stage: Stage,
  as: {
    email: string;
    role: Role | 'operator';
    merchantId?: string;
    rights?: Record<string, string>;
    consultantId?: string;
  },
): Promise<{ browser: Browser; id: string; secret: string }> {
  const { email, role, merchantId = stage.merchantId, rights, consultantId } = as;
  const language = 'en' as const;
  const invited =
    role === 'operator'
      ? await inviteOperator(stage.house, { email, language })
      : await invite(
          stage.house,
          merchantId,
          { email, role, language, ...(rights && { rights }), ...(consultantId && { consultantId }) },
          'test',
        );
  if (invited.outcome !== 'invited') throw new Error(`Not invited: ${invited.outcome}`);
  const browser = new Browser(stage);
  const token = tokenOfLink(invited.link);
  const come = await browser.ask('POST', `/v1/invitations/${token}`, {
    name: email.split('@')[0],
    password: goodPassword,
  });
  if (come.status !== 200) throw new Error(`Did not come: ${JSON.stringify(come.body)}`);
  const id = (come.body as { user: { id: string } }).user.id;
  const secret = role === 'owner' || role === 'operator' ? await setUpTotp(stage, browser) : '';
  return { browser, id, secret };
}

export async function setUpTotp(stage: Stage, browser: Browser): Promise<string> {
  const { secret } = (await browser.ask('POST', '/v1/me/totp')).body as { secret: string };
  const confirmed = await browser.ask('POST', '/v1/me/totp/confirm', { code: codeOf(stage, secret) });
  if (confirmed.status !== 200) throw new Error(`Not confirmed: ${JSON.stringify(confirmed.body)}`);
  return secret;
}

/** Of the stage's own time. */
export function codeOf(stage: Stage, secret: string, steps = 0): string {
  const timestamp = stage.house.clock.now().getTime() + steps * 30_000;
  return new TOTP({ secret }).generate({ timestamp });
}

/** How many transactions wait for somebody else's rows: all of them have begun then, and none was first. */
export async function waitingForLocks(stage: Stage): Promise<number> {
  await stage.admin.query('select pg_stat_clear_snapshot()');
  const { rows } = await stage.admin.query<{ n: number }>(
    `select count(*)::int as n from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
  );
  return rows[0]?.n ?? 0;
}
