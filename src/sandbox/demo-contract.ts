// What the demo page and its server tell each other of what was broken, and of what came of it. Types and names only: both a
// browser and Node read this.

export const breakables = ['gateway', 'link', 'switch', 'processor', 'merchant'] as const;
export type Breakable = (typeof breakables)[number];

/** One sentence, as its key and what goes into it. A key told again replaces the sentence before. */
export interface Told {
  key: string;
  values: Record<string, number>;
  at: string;
}

export interface Broken {
  id: number;
  what: Breakable;
  startedAt: string;
  /** When it is mended by itself; null: as soon as it has been started again. */
  healsAt: string | null;
  /** Nothing more will be told of it. */
  over: boolean;
  told: Told[];
}

export interface Proof {
  callSessionId: string;
  /** By the switch's records: from the joining of both to the first of their leaving, with milliseconds. */
  switchSeconds: number;
  billableSeconds: number;
  tariff: { fixedPrice: string; includedMinutes: number; pricePerMinute: string };
  currency: string;
  /** In the currency's units, two decimals. */
  price: string;
  captured: string;
  receipt: string;
  agrees: boolean;
}
