// A call the caller dials himself, told as it goes: what the merchant's server was asked and said, who is rung, what was
// reported. Only looks; whoever holds the phones does what is done.

import type { Feed, ServerRequest } from './feed.ts';
import { clock } from './dom.ts';
import { outcomeOf } from './panels.ts';
import type { PhoneOnScreen } from './phone.ts';
import type { TextKey } from './texts.ts';

/** What the number that was dialled leads to: whoever says who calls, or a scenario. */
export type Way = 'server' | 'accounts' | 'scenario';

interface Told {
  key: TextKey;
  values: Record<string, string>;
}

export class KnownCall {
  #leg: string | null = null;
  #beganAt = '';
  #is = '';

  /** Calls `tell` when there is something else to say of the call under way, or of the one that has just ended. */
  look(
    parts: { feed: Feed; caller: PhoneOnScreen; consultant: PhoneOnScreen },
    wayOf: (number: string) => Way,
    tell: (key: TextKey, values: Record<string, string>) => void,
  ): void {
    const phone = parts.caller.state;
    if (phone?.direction !== 'outbound' || phone.leg === null) return;
    if (phone.leg !== this.#leg) {
      // A page opened after the call has nothing to tell of it.
      if (phone.state === 'ended') return;
      this.#leg = phone.leg;
      this.#beganAt = new Date(Date.now() - 2_000).toISOString();
    }
    const told = this.#told(parts, wayOf(phone.from));
    const is = `${phone.leg} ${JSON.stringify(told)}`;
    if (is === this.#is) return;
    this.#is = is;
    tell(told.key, told.values);
  }

  #told({ feed, caller, consultant }: Parameters<KnownCall['look']>[0], way: Way): Told {
    const phone = caller.state;
    const ofThis = feed.requests.filter(({ receivedAt }) => receivedAt >= this.#beganAt);
    const report = ofThis.find(({ operation }) => operation === 'reportUsage');
    const said = (key: TextKey, values: Record<string, string> = {}): Told => ({ key, values });
    if (phone?.state === 'ended') {
      if (!report) return said('known_over');
      const seconds = Number(report.fields['billableSeconds'] ?? 0);
      const who = nameOf(report);
      return said(seconds > 0 ? 'known_reported' : 'known_reported_nothing', {
        who,
        seconds: String(seconds),
      });
    }
    if (phone?.bridged === true) return said(way === 'scenario' ? 'scenario_talk' : 'known_talk');
    if (consultant.state?.state === 'ringing') return said('known_rings');
    if (consultant.state?.state === 'answered') return said('known_consultant_hears');
    if (way === 'scenario') return said('scenario_runs');
    const byAccounts = way === 'accounts';
    const asked = ofThis.find(({ operation }) => operation !== 'reportUsage');
    if (asked === undefined) {
      if (byAccounts) return said(phone?.state === 'answered' ? 'known_account_code' : 'known_account');
      return said(phone?.state === 'answered' ? 'known_code' : 'known_asks');
    }
    const outcome = outcomeOf(asked);
    if (outcome === 'recognized')
      return said('known_recognized', { who: nameOf(asked), limit: limitOf(asked) });
    if (outcome === 'proof_wanted') return said('known_pin', { who: nameOf(asked) });
    if (outcome === 'refused') return said('known_code');
    return said(asked.answer === null ? 'known_asks' : 'known_failed');
  }
}

function nameOf({ client, fields }: ServerRequest): string {
  const { clientCode, cli } = fields;
  return client ?? [clientCode, cli].find((one): one is string => typeof one === 'string') ?? '?';
}

function limitOf({ answer }: ServerRequest): string {
  const found = /talkLimitSeconds(?:":|>)(\d+)/.exec(answer?.body ?? '');
  return found?.[1] === undefined ? '∞' : clock(Number(found[1]));
}
