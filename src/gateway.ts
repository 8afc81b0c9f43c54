// The composition root: what the house is made of, put together by plain `new`.
//
//   web/        page, API and hooks: people and merchants come in here
//     │
//   flow/       order-callback ─▶ run-call ─▶ settle-order ─▶ notify-merchant, and recover behind them all
//     │    ╲
//   store/  core/   Postgres, and the rules it all obeys
//
//   telephony/  FreeSWITCH by its event socket    ┐
//   payments/   Stripe by its SDK                 ├ behind flow/ports.ts
//   merchants/  the merchants' own servers        │
//   card-room/  a process of its own: card digits ┘
//
// A gateway holds nothing that is not also in Postgres: several stand side by side, any may die.

import { createHash, createHmac, randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { AskedCardRoom, KeptRoom } from './card-room/asking.ts';
import { realClock, realIds } from './clock-and-ids.ts';
import type { Config } from './config.ts';
import type { Language } from './core/ids.ts';
import { parseSwitches, switchesText, type SwitchAddress } from './core/switch-address.ts';
import { HeldSounds } from './flow/held-sounds.ts';
import type { House } from './flow/house.ts';
import type { Log } from './flow/ports.ts';
import { messageSecondsMax } from './flow/keep-message.ts';
import { jobTasks, startHouseWork } from './flow/house-work.ts';
import { consultantPinMark } from './flow/consultants.ts';
import { phoneRegistry } from './flow/register-phone.ts';
import { houseLog } from './log.ts';
import { HttpMerchantServer } from './merchants/merchant-server.ts';
import { NoticeDelivery } from './merchants/notice-delivery.ts';
import { merchantHttp } from './merchants/outbound.ts';
import { HttpScriptServer } from './merchants/script-server.ts';
import { HttpSmsSender } from './merchants/sms-sender.ts';
import { soundSecondsMax } from './merchants/script-sounds.ts';
import { StripeCardProcessor } from './payments/card-processor.ts';
import { StripeHints } from './payments/stripe-events.ts';
import type { SandboxAddresses } from './sandbox/start-sandbox.ts';
import { realProofs } from './proofs.ts';
import { smtpMailer } from './smtp-mailer.ts';
import { PostgresDatabase } from './store/database.ts';
import { demoConsultants, demoAccount, demoDdis, seedDemoMerchant } from './store/demo-merchant.ts';
import { demoScenarios } from './store/demo-scenarios.ts';
import { demoOwner, demoSignIn } from './store/demo-people.ts';
import { startJobs } from './store/jobs.ts';
import { isCurrent, migrate } from './store/migrate.ts';
import { readRecording } from './store/recordings.ts';
import { Seal, sha256 } from './store/seal.ts';
import { ChildAudioConverter } from './telephony/audio-converter.ts';
import { EngineSpeech } from './telephony/speech.ts';
import { SpoolFolder } from './telephony/cdr-spool.ts';
import { FreeSwitch } from './telephony/freeswitch.ts';
import { SipEdge } from './telephony/sip-edge.ts';
import type { PromptAudioOptions } from './telephony/prompt-audio.ts';
import { cardPage } from './web/card-page.ts';
import { extranet } from './web/extranet.ts';
import { hooks } from './web/hooks.ts';
import { liveFeed } from './web/live.ts';
import { merchantApi } from './web/merchant-api.ts';
import { type HouseMetrics, houseMetrics, operations } from './web/operations.ts';
import { listen, webServer } from './web/server.ts';

/** What only exists once the process has started it. */
export interface World {
  /** The owner's: migrations run with it, the gateway's own roles are made by them. */
  databaseUrl: string;
  secretsKey: Buffer;
  /** Where the sandbox's parts are; absent when all is real. */
  sandbox?: SandboxAddresses;
}

export interface Gateway {
  url: string;
  /** Absent in production. */
  demo?: {
    apiKey: string;
    gatewayUrl: string;
    consultants: readonly string[];
    caller: string;
    /** What a caller dials who is known: one number for each way of knowing him. */
    ddis: readonly { number: string; way: 'rest' | 'soap' | 'accounts' }[];
    /** And what leads him into a scenario. */
    scenarios: readonly { number: string; name: Record<Language, string> }[];
    /** Of the account kept here. */
    clientCode: string;
    /** Who signs in at /extranet, and a consultant of his by the link /extranet/c/demo. */
    owner: { email: string; password: string };
    consultant: { shortNumber: string; pin: string };
  };
  house: House;
  /** Takes no new calls, finishes what is being written, leaves live calls to the switch. Closing twice is once. */
  close(): Promise<void>;
}

/** Starts serving. The order is that of need: database, then what listens to the world, the web last. */
export async function startGateway(
  config: Config,
  world: World,
  overrides: Partial<House> = {},
): Promise<Gateway> {
  const { log, requests } = houseLog({
    terminal: !config.production,
    level: config.logLevel,
    write: (line) => process.stdout.write(line),
  });
  await migrate(world.databaseUrl);

  const metrics = houseMetrics();
  const db = new PostgresDatabase({
    url: world.databaseUrl,
    poolMax: 20,
    after: (ms, act) => realClock.after(ms, act),
  });
  const http = merchantHttp({
    httpsOnly: config.production,
    ...(world.sandbox?.noticesUrl !== undefined && {
      allowPrivate: new Set([new URL(world.sandbox.noticesUrl).host]),
    }),
  });
  const mailer = smtpMailer(config.mail, log);
  const processor = new StripeCardProcessor({
    ...processorOf(config, world),
    clock: realClock,
    log,
  });
  const heldSounds = new HeldSounds();
  const switches = switchAddresses(config, world).map(
    (address) =>
      new FreeSwitch({
        ...address,
        destination: config.carrier,
        ...(config.sip && { sip: { profile: config.sip.profile, domains: new Set(config.sip.domains) } }),
        country: config.trunkCountry,
        clock: realClock,
        log,
        prompts: {
          ...promptsOf(config),
          recordings: async (merchantId, digest) =>
            heldSounds.find(merchantId, digest) ??
            (await db.asMerchant(merchantId, (tx) => readRecording(tx, digest))),
        },
      }),
  );
  const cardRoom = cardRoomOf(config, world, log);
  const spoolDir = spoolDirOf(config, world);
  const house: House = {
    db,
    clock: realClock,
    ids: realIds,
    processor,
    switches: new Map(switches.map((one) => [one.id, one])),
    cardRoom,
    ...(spoolDir !== undefined && { cdrSpool: new SpoolFolder({ dir: spoolDir, clock: realClock, log }) }),
    notifier: new NoticeDelivery(http),
    merchantServer: new HttpMerchantServer({ http, clock: realClock }),
    mailer,
    audio: new ChildAudioConverter({ log }),
    longAudio: new ChildAudioConverter({ log, secondsMax: messageSecondsMax }),
    heldSounds,
    speech: new EngineSpeech(promptsOf(config)),
    scriptServer: new HttpScriptServer({
      http,
      clock: realClock,
      audio: new ChildAudioConverter({ log, secondsMax: soundSecondsMax }),
    }),
    smsSender: new HttpSmsSender({ http, clock: realClock }),
    log,
    metrics,
    seal: new Seal(world.secretsKey),
    proofs: realProofs,
    publicUrl: config.publicUrl,
    ...(config.onlyNumbers && { onlyNumbers: new Set(config.onlyNumbers) }),
    sipDomains: new Set(config.sip?.domains),
    ...(config.sipEdge && { sipEdge: config.sipEdge.domain }),
    ...overrides,
  };
  const demo = config.demo ? await prepareDemo(house, config, world) : undefined;

  const holder = `${String(process.pid)}-${randomUUID()}`;
  const jobs = await startJobs(
    world.databaseUrl,
    jobTasks(house),
    (message) => log.warn({}, message),
    (ms) => new Promise((resolve) => realClock.after(ms, resolve)),
  );
  let draining = false;
  const server = await listen(
    pages(house, config, world, { metrics, requests, isDraining: () => draining }),
    config,
  );
  const work = await startHouseWork(house, holder);
  const edge = config.sipEdge && new SipEdge({ ...config.sipEdge, registry: phoneRegistry(house), log });
  edge?.start();

  // First whoever shares out the requests is told, then nothing new comes in, then what was begun is finished, then the
  // connections go.
  const close = async (): Promise<void> => {
    draining = true;
    const { drainSeconds } = config;
    if (drainSeconds > 0)
      await new Promise<void>((resolve) => house.clock.after(drainSeconds * 1000, resolve));
    liveFeed(house).close();
    await server.close();
    edge?.stop();
    await work.stopCommanding();
    await jobs.stop();
    await work.stopRest();
    await cardRoom.close();
    mailer.close();
    await http.close();
    await db.close();
  };
  let closing: Promise<void> | undefined;
  return {
    url: config.publicUrl,
    house,
    ...(demo && { demo }),
    close: () => (closing ??= close()),
  };
}

function promptsOf({ prompts }: Config): PromptAudioOptions {
  const { voices, ...rest } = prompts;
  return { ...rest, ...(voices && { voices: { fr: 'fr-fr', en: 'en-gb', ...voices } }) };
}

/** Stripe's own address unless the sandbox stands in. */
function processorOf(config: Config, world: World): { secretKey: string; apiBase?: string } {
  if (config.stripe) return { secretKey: config.stripe.secretKey };
  const { secretKey, processorUrl } = world.sandbox ?? {};
  if (secretKey === undefined || processorUrl === undefined) throw new Error('No card processor is given.');
  return { secretKey, apiBase: processorUrl };
}

function switchAddresses(config: Config, world: World): readonly SwitchAddress[] {
  const switches = config.switches ?? parseSwitches(world.sandbox?.eslUrl ?? '');
  if (!switches) throw new Error('No switch is given.');
  return switches;
}

/**
 * One that runs by itself, or one of our own: that sees nothing of our environment but what it needs, and is started when the first
 * card is keyed. Its socket is this process's: another gateway beside us has another.
 */
function cardRoomOf(config: Config, world: World, log: Log): AskedCardRoom {
  if (config.cardRoomSocket !== undefined) return new AskedCardRoom(config.cardRoomSocket);
  const { secretKey, apiBase } = processorOf(config, world);
  const name = `card-room-${String(process.pid)}.sock`;
  const beside = join(config.dataDir, name);
  // A socket's path is short, everywhere.
  const folder = createHash('sha256').update(config.dataDir).digest('hex').slice(0, 12);
  const socketPath = Buffer.byteLength(beside) <= 100 ? beside : join(tmpdir(), `rm-${folder}-${name}`);
  const environment = {
    CARD_ROOM_SOCKET: socketPath,
    FREESWITCH_URL: switchesText(switchAddresses(config, world)),
    STRIPE_SECRET_KEY: secretKey,
    ...(apiBase !== undefined && { CARD_ROOM_SANDBOX_PROCESSOR: apiBase }),
  };
  return new AskedCardRoom(socketPath, new KeptRoom(environment, log));
}

/** The sandbox's switch keeps what it could not post in its own folder of DATA_DIR. */
function spoolDirOf(config: Config, world: World): string | undefined {
  const standsIn = config.switches === undefined && world.sandbox?.eslUrl !== undefined;
  return config.cdrSpoolDir ?? (standsIn ? join(config.dataDir, 'sandbox', 'switch', 'spool') : undefined);
}

function pages(
  house: House,
  config: Config,
  world: World,
  given: { metrics: HouseMetrics; requests: Logger; isDraining: () => boolean },
): ReturnType<typeof webServer> {
  const { sandbox } = world;
  const standsIn = config.stripe === undefined;
  const publishableKey = config.stripe?.publishableKey ?? sandbox?.publishableKey ?? '';
  const webhookSecrets = [config.stripe?.webhookSecret, sandbox?.webhookSecret].filter(
    (secret) => secret !== undefined,
  );
  const demoOrigin = sandbox && new URL(sandbox.publicUrl).origin;
  const [user, password] = sandbox?.cdrCredentials?.split(':') ?? [];
  // Nobody was given credentials: nobody can know these, and no CDR is taken.
  const nobody = { user: house.ids.token(), password: house.ids.token() };
  const cdrCredentials =
    config.cdrCredentials ?? (user !== undefined && password !== undefined ? { user, password } : nobody);
  return webServer({
    house,
    trustedProxies: config.trustedProxies,
    requests: given.requests,
    operations: operations(house, {
      metrics: given.metrics,
      isCurrent: () => isCurrent(world.databaseUrl),
      isDraining: given.isDraining,
      ...(config.operatorKey !== undefined && { operatorKey: config.operatorKey }),
    }),
    hooks: hooks(house, {
      // Without a webhook's secret none is believed; the look every few seconds finds the same, later.
      hints:
        webhookSecrets.length === 0
          ? { read: () => undefined }
          : new StripeHints({ webhookSecrets, clock: house.clock }),
      cdrCredentials,
      log: house.log,
    }),
    api: merchantApi(house),
    pages: [
      cardPage(house, {
        publishableKey,
        stripeJsUrl: standsIn && sandbox ? `${sandbox.publicUrl}/stripe.js` : 'https://js.stripe.com/v3/',
        ...(standsIn && demoOrigin !== undefined && { stripeApiOrigin: demoOrigin }),
        ...(demoOrigin !== undefined && { sandbox: { ribbon: true, demoOrigin } }),
      }),
      extranet(house),
    ],
  });
}

/**
 * The demo merchant as he is to be shown now. His keys are derived from the house's own, so that the same checkout prints
 * the same key every time and none of them lies in a file.
 */
async function prepareDemo(
  house: House,
  config: Config,
  world: World,
): Promise<NonNullable<Gateway['demo']>> {
  const derived = (what: string): string =>
    createHmac('sha256', world.secretsKey).update(what).digest('base64url').slice(0, 32);
  const apiKey = `rk_demo_${derived('demo api key')}`;
  const ownerPassword = derived('demo owner password').slice(0, 16);
  const { noticesUrl, noticeSecret, publicUrl } = world.sandbox ?? {};
  await seedDemoMerchant(house.db, house.seal, {
    apiKeyHash: sha256(apiKey),
    linkSecret: derived('demo link secret'),
    people: {
      ownerPasswordHash: await house.proofs.hashPassword(ownerPassword),
      consultantPinMark: consultantPinMark(house, demoSignIn.consultantId, demoSignIn.pin),
    },
    pageOrigins: [config.publicUrl, ...(publicUrl === undefined ? [] : [new URL(publicUrl).origin])],
    ...(noticesUrl !== undefined &&
      noticeSecret !== undefined && {
        notices: { url: noticesUrl, secret: noticeSecret },
        clubUrl: new URL('/merchant/club', noticesUrl).href,
        memberUrl: new URL('/server/member', noticesUrl).href,
        smsUrl: new URL('/server/sms', noticesUrl).href,
        // The sandbox's merchant has one address and one secret for all of it.
        server: {
          restUrl: new URL('/server', noticesUrl).href,
          soapUrl: new URL('/server/soap', noticesUrl).href,
          secret: noticeSecret,
          user: 'ringmeter',
        },
      }),
  });
  return {
    apiKey,
    gatewayUrl: config.publicUrl,
    consultants: demoConsultants.map((one) => one.number),
    caller: '+33612345678',
    ddis: demoDdis.map(({ number, way }) => ({ number, way })),
    scenarios: demoScenarios.map(({ number, name }) => ({ number, name })),
    clientCode: demoAccount.code,
    owner: { email: demoOwner.email, password: ownerPassword },
    consultant: { shortNumber: demoSignIn.shortNumber, pin: demoSignIn.pin },
  };
}
