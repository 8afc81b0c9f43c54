// The caller's pages over a scripted house: any state can be shown, changed and watched in a browser without a database,
// a switch or a card processor behind it. `npx tsx test/web/page-stage.ts` opens it for looking at; tests start their own.

import { build } from 'esbuild';
import express from 'express';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Language } from '../../src/core/ids.ts';
import type { OrderRefusal } from '../../src/core/order.ts';
import type { CallbackRequest, Ordered } from '../../src/flow/order-callback.ts';
import type { TopUpWish } from '../../src/flow/order-top-up.ts';
import type { Agreed } from '../../src/flow/pay-on-page.ts';
import type { Entered } from '../../src/flow/enter.ts';
import type { House } from '../../src/flow/house.ts';
import type { Door } from '../../src/store/access-resources.ts';
import { DatabaseAway } from '../../src/store/database.ts';
import type { LinePage } from '../../src/store/order-view.ts';
import { cardPageOver } from '../../src/web/card-page.ts';
import { liveFeed } from '../../src/web/live.ts';
import { readPageAssets, type PageAssets } from '../../src/web/page-assets.ts';
import type { PageOrder, PageSteps } from '../../src/web/page-steps.ts';
import { destinations, doorOf, fixedSaleLine, linePage, orderScenes, stageNow } from './scenes.ts';

export interface Stage {
  url: string;
  /** What the caller's steps were called with, oldest first. */
  readonly asked: { step: string; with: unknown }[];
  /** Requests by `POST` whose sender was gone before they were answered, as the server has noticed. */
  readonly left: string[];
  /** Shows this line from now on, and tells open pages. */
  setLine(make: (language: Language) => LinePage): void;
  /** Puts something that access codes open under its name in links. */
  setDoor(door: Door): void;
  /** Puts an order under a token and tells open pages. */
  setOrder(token: string, order: PageOrder): void;
  answers: {
    order: (request: CallbackRequest) => Ordered | Promise<Ordered>;
    orderTopUp: (wish: TopUpWish) => Ordered | Promise<Ordered>;
    agree: (token: string) => Agreed | { outcome: 'refused'; refusal: OrderRefusal };
    askForMore: (token: string) => 'asked' | 'not_offered';
    neverCall: (token: string) => void;
    undoNeverCall: (token: string) => 'undone' | 'too_late';
    cancel: (token: string) => 'cancelled' | 'too_late';
    paid: (token: string) => void;
    hangUp: () => void;
    enter: (typed: string) => Entered;
  };
  /** Every page request fails until it is called again with `false`. */
  setBroken(broken: boolean): void;
  close(): Promise<void>;
}

export interface StageSettings {
  mailConfigured?: boolean;
  linkSecret?: string;
  /** Wall clock of the house; stands still unless given. */
  now?: () => Date;
  port?: number;
  sandbox?: boolean;
}

/** Order tokens are at least 16 characters long. */
export function tokenOf(scene: string, language: Language): string {
  return `stage-order-${language}-${scene}`;
}

let bundled: { assets: PageAssets; stripe: Buffer } | undefined;

/** The browser scripts as the build makes them, from the sources as they are now. */
async function bundles(): Promise<{ assets: PageAssets; stripe: Buffer }> {
  if (bundled) return bundled;
  const outdir = mkdtempSync(join(tmpdir(), 'ringmeter-pages-'));
  const root = fileURLToPath(new URL('../../', import.meta.url));
  await build({
    absWorkingDir: root,
    entryPoints: [
      ...['choose', 'order', 'topup', 'button', 'access'].map((name) => `src/web/browser/${name}.ts`),
      'test/web/stripe-stand-in.ts',
    ],
    entryNames: '[name]',
    outdir,
    bundle: true,
    minify: true,
    format: 'iife',
    target: 'es2020',
    charset: 'utf8',
    tsconfig: join(root, 'tsconfig.browser.json'),
  });
  bundled = { assets: readPageAssets(outdir), stripe: readFileSync(join(outdir, 'stripe-stand-in.js')) };
  rmSync(outdir, { recursive: true });
  return bundled;
}

export async function startStage(settings: StageSettings = {}): Promise<Stage> {
  const asked: Stage['asked'] = [];
  const left: string[] = [];
  const note = (step: string, given: unknown): void => void asked.push({ step, with: given });
  const now = settings.now ?? (() => stageNow);
  let makeLine: (language: Language) => LinePage = (language) => linePage(language);
  const orders = new Map<string, PageOrder>();
  for (const language of ['fr', 'en'] as const) {
    for (const [scene, order] of Object.entries(orderScenes(language))) {
      orders.set(tokenOf(scene, language), order);
    }
  }
  const doors = new Map<string, Door>();
  const doorAt = (slug: string): Door | undefined => doors.get(slug) ?? doorOf(slug);
  const listeners = new Map<string, (payload: string | undefined) => void>();
  const timers = new Set<NodeJS.Timeout>();
  // Only what the live feed asks of a house.
  const house = {
    db: {
      listen: (channel: string, hear: (payload: string | undefined) => void) => {
        listeners.set(channel, hear);
        return () => listeners.delete(channel);
      },
    },
    clock: {
      after: (ms: number, act: () => void) => {
        const timer = setTimeout(act, ms);
        timers.add(timer);
        return {
          cancel: () => {
            clearTimeout(timer);
          },
        };
      },
    },
    log: { warn: () => undefined },
  } as unknown as House;
  const feed = liveFeed(house);
  let broken = false;
  const app = express();
  app.use(({ method, path }, response, next) => {
    response.once('close', () => {
      if (method === 'POST' && !response.writableFinished) left.push(path);
    });
    next();
  });
  const server = app.listen(settings.port ?? 0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const url = `http://localhost:${(server.address() as AddressInfo).port}`;

  const stage: Stage = {
    url,
    asked,
    left,
    setLine: (make) => {
      makeLine = make;
      listeners.get('ringmeter_line')?.('lin_stage');
    },
    setDoor: (door) => {
      doors.set(door.slug, door);
    },
    setOrder: (token, order) => {
      orders.set(token, order);
      listeners.get('ringmeter_order')?.(token);
    },
    answers: {
      order: () => ({
        outcome: 'ordered',
        orderId: 'ord_stage',
        callSessionId: 'call_stage',
        state: 'awaiting_payment',
        accessToken: tokenOf('card', 'fr'),
        needsPage: true,
      }),
      orderTopUp: () => ({
        outcome: 'ordered',
        orderId: 'ord_stage',
        state: 'fixed_sale',
        accessToken: tokenOf('topup-card', 'fr'),
        needsPage: true,
      }),
      agree: () => ({ outcome: 'card', clientSecret: 'pi_stage_secret_ok' }),
      askForMore: () => 'not_offered',
      neverCall: () => undefined,
      undoNeverCall: () => 'undone',
      cancel: () => 'cancelled',
      paid: () => undefined,
      hangUp: () => undefined,
      enter: () => ({ outcome: 'refused' }),
    },
    setBroken: (is) => {
      broken = is;
    },
    close: async () => {
      feed.close();
      for (const timer of timers) clearTimeout(timer);
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };

  const steps: PageSteps = {
    publicUrl: url,
    mailConfigured: settings.mailConfigured ?? true,
    now,
    findLine: (slug) => {
      if (broken) return Promise.reject(databaseAway());
      const lineId = { demo: 'lin_stage', review: 'lin_sale' }[slug];
      return Promise.resolve(lineId === undefined ? undefined : { merchantId: 'mer_stage', lineId });
    },
    readLine: (line, language) => {
      if (broken) return Promise.reject(databaseAway());
      return Promise.resolve(line.lineId === 'lin_sale' ? fixedSaleLine(language) : makeLine(language));
    },
    readDestinations: () => Promise.resolve(destinations),
    readLinkSecret: () => Promise.resolve(settings.linkSecret),
    findOrder: (token) => {
      if (broken) return Promise.reject(databaseAway());
      return Promise.resolve(orders.has(token) ? { merchantId: 'mer_stage', orderId: token } : undefined);
    },
    readOrder: ({ orderId }) =>
      broken ? Promise.reject(databaseAway()) : Promise.resolve(orders.get(orderId)),
    order: (_merchantId, request) => {
      note('order', request);
      return Promise.resolve(stage.answers.order(request));
    },
    orderTopUp: (_merchantId, wish) => {
      note('orderTopUp', wish);
      return Promise.resolve(stage.answers.orderTopUp(wish));
    },
    agree: (token, agreed) => {
      note('agree', agreed);
      return Promise.resolve(stage.answers.agree(token));
    },
    askForMore: (token) => {
      note('askForMore', token);
      return Promise.resolve(stage.answers.askForMore(token));
    },
    neverCall: (found, number) => {
      note('neverCall', number);
      stage.answers.neverCall(found.orderId);
      return Promise.resolve();
    },
    undoNeverCall: (found, number) => {
      note('undoNeverCall', number);
      return Promise.resolve(stage.answers.undoNeverCall(found.orderId));
    },
    lookAtPayment: (token) => {
      note('paid', token);
      stage.answers.paid(token);
      return Promise.resolve();
    },
    cancel: (token) => {
      note('cancel', token);
      return Promise.resolve(stage.answers.cancel(token));
    },
    hangUp: (_merchantId, callSessionId) => {
      note('hangUp', callSessionId);
      stage.answers.hangUp();
      return Promise.resolve('requested');
    },
    tellWhenFree: (_line, email, language) => {
      note('tellWhenFree', { email, language });
      return Promise.resolve();
    },
    follow: (response, watched) => {
      feed.follow(response, watched);
    },
    findResource: (slug) => Promise.resolve(doorAt(slug) && { merchantId: 'mer_stage', resourceId: slug }),
    readDoor: (_found, slug) => Promise.resolve(doorAt(slug)),
    enter: (_found, tried) => {
      note('enter', tried);
      return Promise.resolve(stage.answers.enter(tried.typed));
    },
    publishedKeys: () => Promise.resolve([]),
    noteFailure: (error) => note('failure', String(error)),
  };
  const { assets, stripe } = await bundles();
  app.get('/stripe.js', (_request, response) => {
    response.type('text/javascript').send(stripe);
  });
  app.use(
    cardPageOver(
      steps,
      {
        stripeJsUrl: `${url}/stripe.js`,
        publishableKey: 'pk_test_stage',
        ...(settings.sandbox === true && { sandbox: { ribbon: true, demoOrigin: 'http://localhost:3001' } }),
      },
      assets,
    ),
  );
  return stage;
}

function databaseAway(): Error {
  return new DatabaseAway('The database is away.');
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const stage = await startStage({ port: 4400, sandbox: true, linkSecret: 'stage' });
  console.log(`${stage.url}/pay/demo`);
  for (const scene of Object.keys(orderScenes('fr'))) {
    console.log(`${stage.url}/orders/${tokenOf(scene, 'fr')}`);
  }
}
