// Two legs joined and parted, in the order of FreeSWITCH's events: both leave what they were doing, then one
// CHANNEL_BRIDGE on the first; when either goes, the other parks again or is hung up.

import { abandonAll, type ApplicationHost } from './switch-applications.ts';
import type { CallerProfile, Channel } from './switch-channel.ts';
import type { Origin } from './switch-events.ts';

const origins = {
  execute: { file: 'switch_ivr_bridge.c', function: 'uuid_bridge_on_soft_execute', line: 1243 },
  bridge: { file: 'switch_ivr_bridge.c', function: 'switch_ivr_multi_threaded_bridge', line: 1689 },
  unbridge: { file: 'switch_ivr_bridge.c', function: 'switch_ivr_multi_threaded_bridge', line: 1879 },
} as const satisfies Record<string, Origin>;

export interface BridgeHost extends ApplicationHost {
  /** The leg stands alone after a bridge: in CS_PARK, with `park_timeout`. */
  parkAgain(channel: Channel): void;
  bridgeChanged(channel: Channel): void;
}

/** `false` where FreeSWITCH says `Invalid uuid`: a leg bridged to itself, or two that nobody answered. */
export function bridge(host: BridgeHost, first: Channel, second: Channel): boolean {
  if (first === second || (first.answeredUs === 0 && second.answeredUs === 0)) return false;
  const [a, b] = first.answeredUs === 0 ? [second, first] : [first, second];
  for (const leg of [a, b]) if (leg.bridgedTo !== undefined) part(host, leg.bridgedTo, leg);
  if (!a.living || !b.living) return false;
  join(host, a, b);
  for (const leg of [a, b]) {
    leg.stateNumber = 8;
    abandonAll(host, leg);
    host.enter(leg, 'CS_HIBERNATE');
    host.enter(leg, 'CS_RESET');
    host.enter(leg, 'CS_SOFT_EXECUTE');
  }
  a.variables.set('uuid_bridge', undefined);
  for (const leg of [a, b]) leg.variables.set('current_application_response', undefined);
  host.fire(a, 'CHANNEL_EXECUTE', origins.execute, { tail: bridgeExecute(b) });
  host.fire(b, 'CHANNEL_EXECUTE', origins.execute, { tail: bridgeExecute(a) });
  const atUs = host.nowUs();
  a.profile.bridgedUs = atUs;
  b.profile.bridgedUs = atUs;
  b.callUuid = a.uuid;
  b.variables.set('call_uuid', a.uuid);
  host.enter(b, 'CS_CONSUME_MEDIA');
  host.fire(a, 'CHANNEL_BRIDGE', origins.bridge, { lead: bridgeLegs(a, b), atUs });
  host.enter(b, 'CS_EXCHANGE_MEDIA');
  a.bridgedTo = b;
  b.bridgedTo = a;
  for (const [leg, peer] of [
    [a, b],
    [b, a],
  ] as const) {
    leg.variables.set('bridge_to', peer.uuid);
    leg.variables.set('last_bridge_to', peer.uuid);
    leg.variables.set('last_sent_callee_id_number', peer.profile.callerIdNumber);
    host.bridgeChanged(leg);
  }
  return true;
}

function bridgeExecute(peer: Channel): string[] {
  return ['Application', 'uuid_bridge', 'Application-Data', peer.uuid];
}

function bridgeLegs(a: Channel, b: Channel): string[] {
  return ['Bridge-A-Unique-ID', a.uuid, 'Bridge-B-Unique-ID', b.uuid];
}

/** The pages of both histories turned, and each leg told who the other is. */
function join(host: BridgeHost, a: Channel, b: Channel): void {
  const nowUs = host.nowUs();
  const second = Math.floor(nowUs / 1_000_000);
  for (const [leg, peer] of [
    [a, b],
    [b, a],
  ] as const) {
    const before = leg.profile;
    leg.variables.setAll([
      ['bridge_channel', peer.name],
      ['bridge_uuid', peer.uuid],
      ['signal_bond', peer.uuid],
      ['original_destination_number', before.destination],
      ['original_caller_id_name', before.callerIdName],
      ['original_caller_id_number', before.callerIdNumber],
    ]);
    const source = `${second}:${host.newUuid()}:uuid_br:${peer.uuid}`;
    leg.variables.set('transfer_history', source);
    leg.variables.set('transfer_source', source);
    before.transferUs = nowUs;
    const page: CallerProfile = {
      ...before,
      index: before.index + 1,
      createdUs: nowUs,
      bridgedUs: 0,
      transferUs: 0,
      transferSource: source,
    };
    leg.profiles.unshift(page);
  }
  a.variables.set('uuid_bridge', b.uuid);
  a.other = { type: 'originatee', channel: b, profile: { ...b.profile }, fresh: false };
  b.other = { type: 'originator', channel: a, profile: { ...a.profile }, fresh: true };
  b.profile.callerIdName = a.profile.callerIdName;
  b.profile.callerIdNumber = a.profile.callerIdNumber;
  a.logicalDirection = 'inbound';
  a.hitDialplan = true;
  if (b.direction === 'outbound') b.hitDialplan = false;
}

/** `gone` has hung up (or was taken away): ends its bridge for the one that stays. */
export function part(host: BridgeHost, stays: Channel, gone: Channel): void {
  const a = stays.other?.type === 'originatee' ? stays : gone;
  const b = a === stays ? gone : stays;
  const goneCause = gone.cause ?? 'NORMAL_CLEARING';
  stays.variables.set('last_bridge_hangup_cause', goneCause);
  a.variables.set('last_bridge_role', a === gone ? 'originator' : undefined);
  b.variables.set('last_bridge_role', b === gone ? 'originatee' : undefined);
  const unbridge = (): void => {
    a.variables.set('bridge_to', undefined);
    a.variables.set('bridge_hangup_cause', goneCause);
    host.fire(a, 'CHANNEL_UNBRIDGE', origins.unbridge, { lead: bridgeLegs(a, b) });
  };
  const alone = (): void => {
    stays.bridgedTo = undefined;
    stays.variables.set('bridge_to', undefined);
    host.bridgeChanged(stays);
    if (!stays.living) return;
    if (stays.variables.isTrue('park_after_bridge')) {
      host.parkAgain(stays);
    } else {
      if (stays === a) stays.running = 'CS_EXECUTE';
      host.hangUp(stays, 'NORMAL_CLEARING');
    }
  };
  gone.bridgedTo = undefined;
  gone.variables.set('bridge_to', undefined);
  if (gone === a) {
    // The other's prompt is cut: its bridge is pulled away under it.
    abandonAll(host, stays);
    alone();
    unbridge();
  } else if (stays.current !== undefined) {
    // A prompt broadcast to A goes on to its end before A's session notices (measured: 1.7 s after B's hang-up).
    stays.queue.length = 0;
    stays.afterPlayback = (): void => {
      unbridge();
      alone();
    };
  } else {
    unbridge();
    alone();
  }
}
