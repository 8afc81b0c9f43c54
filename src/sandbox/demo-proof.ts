// The last paid talk measured twice: what the switch's own records say of it, priced here by the line's tariff with nothing
// of the gateway's rating, beside what the card processor captured and what the receipt says. They must agree to the cent.

import type { Proof } from './demo-contract.ts';
import type { DemoFacts, SwitchRecord } from './part-contract.ts';

interface Session {
  id: string;
  orderId: string;
  line: string;
  state: string;
  connectedAt: string | null;
  authorized: { amount: string; currency: string };
  captured: { amount: string };
}

interface Line {
  slug: string;
  durationMinutes: number[];
  tariff: {
    fixedPrice: string;
    includedSeconds: number;
    bands: { fromSecond: number; pricePerMinute: string }[];
  };
}

interface Intent {
  amount_received: number;
  metadata: Record<string, string>;
}

/** The gateway's clock and the switch's stamp the same instant; what lies further apart is another talk. */
const sameInstantMs = 5;
const recordsMax = 200;

export interface ProofSettings {
  demo: () => DemoFacts | undefined;
  processorPort: () => number | undefined;
}

export class DemoProof {
  readonly #settings: ProofSettings;
  #records: SwitchRecord[] = [];

  constructor(settings: ProofSettings) {
    this.#settings = settings;
  }

  hear(record: SwitchRecord): void {
    this.#records = [record, ...this.#records].slice(0, recordsMax);
  }

  /** `undefined`: no talk has been settled, the switch kept no record of it, or the gateway does not answer now. */
  async last(): Promise<Proof | undefined> {
    const facts = this.#settings.demo();
    const port = this.#settings.processorPort();
    if (facts === undefined || port === undefined) return undefined;
    const gateway = { base: facts.gatewayUrl, apiKey: facts.apiKey };
    const sessions = await read<{ data: Session[] }>(`/v1/call-sessions?limit=10&state=settled`, gateway);
    const session = sessions.data.find(({ connectedAt }) => connectedAt !== null);
    if (session === undefined) return undefined;
    const [lines, intents] = await Promise.all([
      read<{ data: Line[] }>('/v1/lines', gateway),
      read<{ data: Intent[] }>('/api/payments', { base: `http://127.0.0.1:${port}` }),
    ]);
    const line = lines.data.find(({ slug }) => slug === session.line);
    const record = this.#talkOf(session);
    if (line === undefined || record === undefined) return undefined;
    const paid = intents.data.filter(({ metadata }) => metadata['order'] === session.orderId);
    return proofOf(session, line, record, sum(paid.map((intent) => intent.amount_received)));
  }

  /** In microseconds. */
  #talkOf({ connectedAt }: Session): number | undefined {
    const connectedMs = Date.parse(connectedAt ?? '');
    const legs = this.#records.filter(
      ({ bridgedUs }) => Math.abs(Math.floor(bridgedUs / 1000) - connectedMs) <= sameInstantMs,
    );
    if (legs.length === 0) return undefined;
    return Math.min(...legs.map((leg) => leg.endedUs)) - Math.min(...legs.map((leg) => leg.bridgedUs));
  }
}

function proofOf(session: Session, line: Line, talkUs: number, capturedCents: number): Proof {
  const { fixedPrice, includedSeconds, bands } = line.tariff;
  const [band] = bands;
  const pricePerMinute = band?.pricePerMinute ?? '0';
  const begun = Math.ceil(talkUs / 1_000_000);
  // The limit is what was paid for; the moment the switch needs to part the two is nobody's debt.
  const heldCents = cents(session.authorized.amount);
  const uncut = cents(fixedPrice) + perMinute(pricePerMinute, begun - includedSeconds);
  const priceCents = Math.min(uncut, heldCents);
  const receiptCents = cents(session.captured.amount);
  return {
    callSessionId: session.id,
    switchSeconds: Math.round(talkUs / 1000) / 1000,
    billableSeconds: uncut > heldCents ? longestFor(line, heldCents) : begun,
    tariff: { fixedPrice, includedMinutes: includedSeconds / 60, pricePerMinute },
    currency: session.authorized.currency,
    price: (priceCents / 100).toFixed(2),
    captured: (capturedCents / 100).toFixed(2),
    receipt: (receiptCents / 100).toFixed(2),
    agrees: priceCents === capturedCents && priceCents === receiptCents,
  };
}

function longestFor({ tariff }: Line, heldCents: number): number {
  const rate = cents(tariff.bands[0]?.pricePerMinute ?? '0');
  const paid = rate === 0 ? 0 : Math.floor(((heldCents - cents(tariff.fixedPrice)) * 60) / rate);
  return tariff.includedSeconds + paid;
}

/** Half up, once. */
function perMinute(pricePerMinute: string, seconds: number): number {
  return Math.floor((cents(pricePerMinute) * Math.max(0, seconds) * 2 + 60) / 120);
}

/** Whole cents of a price with at most two decimals: the demo merchant's are. */
function cents(amount: string): number {
  return Math.round(Number(amount) * 100);
}

function sum(amounts: readonly number[]): number {
  return amounts.reduce((total, amount) => total + amount, 0);
}

async function read<Answer>(path: string, at: { base: string; apiKey?: string }): Promise<Answer> {
  const answer = await fetch(`${at.base}${path}`, {
    headers: at.apiKey === undefined ? {} : { authorization: `Bearer ${at.apiKey}` },
    signal: AbortSignal.timeout(2_000),
  });
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}`);
  return (await answer.json()) as Answer;
}
