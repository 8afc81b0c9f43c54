// What an id is made of. Ids say their kind by their prefix; they are made behind the Ids port and only read here.

declare const brand: unique symbol;
/** A string that has been checked once, where it came in, and is a type of its own from then on. */
export type Branded<Name extends string> = string & { readonly [brand]: Name };

/** The uuid of one leg at the switch. We choose it (`origination_uuid`), so that a leg has a name before it exists. */
export type LegUuid = Branded<'LegUuid'>;
/** A number in E.164 (ITU-T E.164): `+`, country code, at most 15 digits. Made by `core/dialling` only. */
export type E164 = Branded<'E164'>;

export const idPrefixes = {
  merchant: 'mer',
  line: 'lin',
  tariff: 'tar',
  consultant: 'con',
  group: 'grp',
  callerId: 'cid',
  apiKey: 'key',
  order: 'ord',
  payment: 'pay',
  authorization: 'aut',
  operation: 'op',
  callSession: 'call',
  notice: 'ntc',
  receipt: 'rec',
  ledgerTransaction: 'txn',
  refund: 'ref',
  dispute: 'dsp',
  availabilityRequest: 'avr',
  ddi: 'ddi',
  usageReport: 'use',
  recognitionTest: 'test',
  client: 'cli',
  clientMovement: 'mov',
  soapUser: 'soap',
  user: 'usr',
  session: 'ses',
  signInLink: 'lnk',
  serviceCall: 'svc',
  scenarioRun: 'run',
  voicemail: 'vml',
  scenario: 'scn',
  paymentLink: 'plk',
  keptCard: 'kcd',
  accessResource: 'acr',
  accessCode: 'acc',
  accessUse: 'acu',
} as const;
export type IdKind = keyof typeof idPrefixes;

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** `undefined` when the text is not a lower-case uuid as FreeSWITCH writes them. */
export function parseLegUuid(text: string): LegUuid | undefined {
  return uuidPattern.test(text) ? (text as LegUuid) : undefined;
}

export type Language = 'fr' | 'en';
export const languages: readonly Language[] = ['fr', 'en'];
