// What the public API answers, as far as this application reads it. Instants are ISO 8601 in UTC, numbers E.164, clock
// times `hh:mm` in the merchant's zone.

export type Language = 'fr' | 'en';
export type Because = 'away' | 'break' | 'paused' | 'off_hours' | 'busy' | 'wrap_up';
export type Availability = 'available' | 'break' | 'away';

export interface State {
  reachable: boolean;
  because: Because | null;
  until: string | null;
  /** Of a break. */
  reason: string | null;
}

export interface OpenHours {
  /** ISO weekdays, 1 is Monday. */
  days: number[];
  from: string;
  /** At or before `from`: on the next day; `24:00` the end of this one. */
  to: string;
}

export interface Schedule {
  weekly: OpenHours[];
  /** `2026-12-25`, or `12-25` of every year. */
  daysOff: string[];
}

export interface Amount {
  amount: string;
  currency: string;
}

export interface LiveCall {
  callSessionId: string;
  /** When the two were joined; `null` while phones ring. */
  since: string | null;
  /** `card`, the code of a client, or `unknown`. */
  caller: string;
  line: string;
  minutesPaid: number | null;
  /** As if it ended when it was read; `null` without a share, or while it rings. */
  earned: Amount | null;
}

export interface Consultant {
  id: string;
  /** Of his settings: what a change says it was made from. */
  version: number;
  name: string;
  shortNumber: string | null;
  hasPin: boolean;
  /** `sip:user@host`: rung before his numbers. */
  sip: string | null;
  /** In order of preference: the first is where he is rung. */
  numbers: string[];
  language: Language;
  languages: Language[];
  /** Slugs. */
  lines: string[];
  /** What the page says of him. */
  introduction: Partial<Record<Language, string>>;
  photoUrl: string | null;
  /** `null`: the line's. */
  ringSeconds: number | null;
  fallback: { number: string; afterSeconds: number } | null;
  wrapUpSeconds: number;
  missLimits: { unanswered: number; refused: number };
  /** Of the price without VAT: `0.40`. */
  share: string | null;
  missedCallToggles: boolean;
  schedule: Schedule | null;
  /** What he has set, or his merchant for him. */
  availability: Availability;
  state: State;
  call: LiveCall | null;
}

/** What a write of a consultant may hold; the PIN is never read. */
export type ConsultantChange = Partial<
  Omit<Consultant, 'id' | 'version' | 'hasPin' | 'photoUrl' | 'schedule' | 'availability' | 'state' | 'call'>
> & { pin?: string | null };

export interface AvailabilityWish {
  availability: Availability;
  reason?: string;
  backAt?: string;
}

export interface CallOfDay {
  callSessionId: string;
  line: string;
  at: string;
  outcome: string | null;
  talkedSeconds: number;
  caller: string;
  earned: Amount | null;
}

export interface CallsOfDay {
  day: string;
  talkedSeconds: number;
  earned: Amount[] | null;
  data: CallOfDay[];
  missed: number;
}

export const strategies = ['all', 'in_turn', 'cumulative', 'longest_idle'] as const;
export type Strategy = (typeof strategies)[number];

export interface Group {
  id: string;
  version: number;
  name: string;
  shortNumber: string | null;
  strategy: Strategy;
  stepSeconds: number;
  members: { consultantId: string; qualification: number }[];
}

export interface Line {
  slug: string;
  name: string;
  /** The group that serves it; `null`: its own consultants do. */
  group: string | null;
  timeZone: string;
}

export const areas = [
  'calls',
  'money',
  'consultants',
  'lines',
  'clients',
  'settings',
  'users',
  'own',
] as const;
export type Area = (typeof areas)[number];
export type Right = 'read' | 'write';
export const roles = ['owner', 'staff', 'accountant', 'consultant'] as const;
export type Role = (typeof roles)[number] | 'operator';

export interface Session {
  user: { id: string; name: string; email: string | null; language: Language };
  as: {
    kind: 'operator' | 'user' | 'consultant';
    /** `null`: none before a merchant is chosen. */
    role: Role | null;
    merchant: { id: string; name: string; slug: string; timeZone: string } | null;
    rights: Partial<Record<Area, Right>>;
    consultantId: string | null;
  };
  merchants: { id: string; name: string; role: Role }[];
  steppedUpUntil: string | null;
  mustSetUpTotp: boolean;
  hasTotp: boolean;
}

export type SignedIn =
  { outcome: 'signed_in' } | { outcome: 'second_factor'; methods: ('totp' | 'recovery')[] };

export interface OpenSession {
  id: string;
  current: boolean;
  createdAt: string;
  lastSeenAt: string;
  /** In words: `Firefox, Android`. */
  userAgent: string;
  address: string;
}

export interface MerchantUser {
  id: string;
  name: string | null;
  email: string;
  role: (typeof roles)[number];
  rights: Partial<Record<Area, Right>>;
  consultantId: string | null;
  status: 'active' | 'invited';
  hasTotp: boolean;
}

export interface Invitation {
  email: string;
  /** `null`: to run the house. */
  merchant: string | null;
  role: Role;
  /** There is an account, and its password accepts. */
  hasPassword: boolean;
}

export interface AuditEntry {
  id: string;
  at: string;
  by: { kind: string; id: string; name: string | null };
  area: Area;
  /** The operation, as the API names it. */
  action: string;
  subject: string | null;
}
