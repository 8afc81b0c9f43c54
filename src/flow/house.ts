// Everything a step may use, handed in once by gateway.ts. Plain values: no container, nothing is looked up by name.

import type { E164 } from '../core/ids.ts';
import type { SipDomain } from '../core/sip-address.ts';
import type { Database } from '../store/database.ts';
import type { Seal } from '../store/seal.ts';
import type { HeldSounds } from './held-sounds.ts';
import type {
  AudioConverter,
  CardProcessor,
  CardRoom,
  CdrSpool,
  Clock,
  Ids,
  Log,
  Mailer,
  MerchantNotifier,
  MerchantServer,
  Metrics,
  Proofs,
  ScriptServer,
  SmsSender,
  Speech,
  Switch,
} from './ports.ts';

export interface House {
  db: Database;
  clock: Clock;
  ids: Ids;
  processor: CardProcessor;
  /** The switches this process is linked to; which of them it commands is decided by their leases. */
  switches: ReadonlyMap<string, Switch>;
  /** Absent: no card is keyed on a telephone here. */
  cardRoom?: CardRoom;
  /** Absent where no switch leaves records on a disk we can read. */
  cdrSpool?: CdrSpool;
  notifier: MerchantNotifier;
  /** Merchants' own servers: who calls, and what he used. */
  merchantServer: MerchantServer;
  mailer: Mailer;
  audio: AudioConverter;
  /** The same for what may be longer: messages callers leave. */
  longAudio: AudioConverter;
  /** Sounds that are in no table: a script's, fetched a moment ago. */
  heldSounds: HeldSounds;
  speech: Speech;
  /** Merchants' scripts: what a call does next. */
  scriptServer: ScriptServer;
  /** Merchants' SMS, by their own providers. */
  smsSender: SmsSender;
  log: Log;
  metrics: Metrics;
  seal: Seal;
  proofs: Proofs;
  /** Where people reach us, without a slash at the end. */
  publicUrl: string;
  /** When given, only these are rung: a sandbox card with a real switch must not ring strangers. */
  onlyNumbers?: ReadonlySet<E164>;
  /** SIP addresses are called in these domains only: those the operator lists. */
  sipDomains: ReadonlySet<SipDomain>;
  /** Where telephones with a login of ours register and are called; one of `sipDomains`. Absent: there are no logins. */
  sipEdge?: SipDomain;
}
