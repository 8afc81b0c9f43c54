// What a simulated switch writes down of an ended leg, as far as anybody reads it: mod_json_cdr's body, its instants on the
// 20 ms grid on which a real switch's fall (bridged-consultant-hangs-up.*.json of the fixtures). And what became of it.

import type { LegUuid } from '../../src/core/ids.ts';

export interface RecordedLeg {
  leg: LegUuid;
  number: string;
  /** A call from outside; absent: one of ours. */
  inbound?: boolean;
  coreUuid: string;
  createdUs: bigint;
  answeredUs?: bigint | undefined;
  bridgedUs?: bigint | undefined;
  bridgedTo?: LegUuid | undefined;
  endedUs: bigint;
  cause: string;
}

/** `posting`: on its way. `posted`: a gateway said it has it. `spooled`: it lies, or lay, in the spool. `lost`: nowhere. */
export type RecordFate = 'posting' | 'posted' | 'spooled' | 'lost';

export interface CallRecord {
  leg: LegUuid;
  body: object;
  endedUs: bigint;
  fate: RecordFate;
}

const gridUs = 20_000n;

/** The last instant of the grid at or before this one. `phaseUs`: where the grid of this core lies. */
export function onGrid(us: bigint, phaseUs: bigint): bigint {
  return us - ((us - phaseUs) % gridUs);
}

export function recordBody(leg: RecordedLeg): object {
  const us = (at: bigint | undefined): string => String(at ?? 0n);
  const seconds = (at: bigint | undefined): string => String((at ?? 0n) / 1_000_000n);
  const spoken = leg.answeredUs === undefined ? 0n : leg.endedUs - leg.answeredUs;
  return {
    'core-uuid': leg.coreUuid,
    switchname: 'simulated',
    channel_data: {
      state: 'CS_REPORTING',
      direction: leg.inbound === true ? 'inbound' : 'outbound',
      state_number: '11',
    },
    callStats: {},
    variables: {
      uuid: leg.leg,
      ...(leg.inbound !== true && { origination_uuid: leg.leg }),
      call_uuid: leg.bridgedTo ?? leg.leg,
      ...(leg.bridgedTo !== undefined && { bridge_uuid: leg.bridgedTo }),
      hangup_cause: leg.cause,
      start_epoch: seconds(leg.createdUs),
      start_uepoch: us(leg.createdUs),
      answer_epoch: seconds(leg.answeredUs),
      answer_uepoch: us(leg.answeredUs),
      bridge_epoch: seconds(leg.bridgedUs),
      bridge_uepoch: us(leg.bridgedUs),
      end_epoch: seconds(leg.endedUs),
      end_uepoch: us(leg.endedUs),
      // Whole seconds from the answer, prompts included: what nobody may bill by.
      billsec: seconds(spoken),
      billmsec: String(spoken / 1_000n),
    },
    callflow: [
      {
        profile_index: '1',
        caller_profile: { uuid: leg.leg, destination_number: leg.number },
        times: {
          created_time: us(leg.createdUs),
          answered_time: us(leg.answeredUs),
          bridged_time: us(leg.bridgedUs),
          hangup_time: us(leg.endedUs),
        },
      },
    ],
  };
}
