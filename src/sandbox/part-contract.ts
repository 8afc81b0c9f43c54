// What the front of the sandbox and its parts agree on: how a part is started, what it answers, what the front tells
// its own parent. Types only; the running is in part.ts (the child's side) and part-process.ts (the front's side).

/** A part that listens. `close` ends sockets, timers and event streams within two seconds. */
export interface RunningPart {
  ports: Record<string, number>;
  /** Of the switch: its event socket is cut and answers nobody for this long; calls go on. */
  cut?: (awayMs: number) => void;
  close(): Promise<void>;
}

/** When a leg was joined and when it ended, by the switch's clock, in microseconds since 1970; 0: never joined. */
export interface SwitchRecord {
  leg: string;
  bridgedUs: number;
  endedUs: number;
}

export interface PartSettings {
  /**
   * Listen on these when given: after a crash the front gives the same ports again, so that who was connected finds the
   * part where it was. Absent or 0: any free port. Always on 127.0.0.1.
   */
  ports?: Record<string, number>;
  /** A folder of this part that survives restarts. It exists already. */
  dataDir: string;
  /** Where people reach the front, `http://localhost:3001`: links handed out start with it, never with a part's port. */
  publicUrl: string;
  /** Where the gateway serves, `http://localhost:3000`. Browsers on it may call the parts. */
  gatewayUrl: string;
}

export interface SwitchSettings extends PartSettings {
  eslPassword: string;
  /** Where CDRs are posted as mod_json_cdr does. Absent: they are spooled only, in `${dataDir}/spool`. */
  cdrUrl?: string;
  /** `user:password`, HTTP basic, on the CDR post. */
  cdrCredentials?: string;
}

export interface ProcessorSettings extends PartSettings {
  /** The only secret key accepted. */
  secretKey: string;
  publishableKey: string;
  /** Where events are posted, signed as Stripe signs. Absent: they are kept, not posted. */
  webhookUrl?: string;
  webhookSecret: string;
}

export interface MerchantSettings extends PartSettings {
  /**
   * `whsec_<base64>`, as the Standard Webhooks specification writes a symmetric secret. Signs notices and what the gateway
   * asks in JSON; what it asks in XML comes with it as the password of `ringmeter`.
   */
  noticeSecret: string;
}

export type PartName = 'switch' | 'processor' | 'merchant';
export const partNames: readonly PartName[] = ['switch', 'processor', 'merchant'];

export type PartStart =
  | { part: 'switch'; settings: SwitchSettings }
  | { part: 'processor'; settings: ProcessorSettings }
  | { part: 'merchant'; settings: MerchantSettings };

/** What a part's process tells the front: first how its start went, then what happens. */
export type PartReport = { ready: true; ports: Record<string, number> } | { ready: false; reason: string };
export interface PartNews {
  record: SwitchRecord;
}

/** What the front tells a part that runs. */
export interface PartOrder {
  cutForMs: number;
}

/** What the gateway's process tells once its demo merchant is seeded. */
export interface DemoFacts {
  /** `rk_demo_...` */
  apiKey: string;
  gatewayUrl: string;
  /** In E.164; the first rings first. */
  consultants: readonly string[];
  caller: string;
  /** What a caller dials who is known: one number for each way of knowing him. */
  ddis: readonly { number: string; way: 'rest' | 'soap' | 'accounts' }[];
  /** What leads him into a scenario, by its name in both languages. */
  scenarios: readonly { number: string; name: Record<'fr' | 'en', string> }[];
}
