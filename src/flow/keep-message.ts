// What a caller has said into a box of his merchant's: read from the switch, made fit to be listened to, kept, and told of.

import type { RunEvent } from '../core/scenario/run.ts';
import { insertVoicemail, isMessageKept } from '../store/voicemails.ts';
import type { House } from './house.ts';
import { tellMerchant } from './notify-merchant.ts';
import type { Switch } from './ports.ts';
import type { KeptRun } from './scenario-row.ts';

/** Of two minutes, which a block lets him speak, with room for what the switch adds. */
export const messageSecondsMax = 125;

/** Tried again, in the same turn of the call, it is kept once. */
export async function keepMessage(
  house: House,
  aSwitch: Switch,
  { merchantId, run }: KeptRun,
  box: string,
): Promise<RunEvent> {
  const { id: runId, leg, turn: runTurn, plan } = run;
  const taken = await aSwitch.readTake(leg);
  if (taken.outcome === 'gone') {
    const kept = await house.db.asMerchant(merchantId, (tx) => isMessageKept(tx, runId, runTurn));
    return kept ? { type: 'kept' } : { type: 'failed', because: 'no_recording' };
  }
  const made = await house.longAudio.convert(taken.wav, 'audio/wav');
  if (made.outcome === 'refused') {
    house.log.warn({ runId, because: made.because }, 'A message a caller left could not be kept');
    return { type: 'failed', because: made.because };
  }
  const id = house.ids.id('voicemail');
  const createdAt = house.clock.now();
  const { wav8: wav, seconds } = made.audio;
  const callerNumber = plan.cli.trust === 'withheld' ? null : plan.cli.number;
  const { ddi } = plan;
  await house.db.asMerchant(merchantId, async (tx) => {
    const words = taken.words ?? null;
    const message = {
      id,
      merchantId,
      box,
      runId,
      runTurn,
      ddi,
      callerNumber,
      seconds,
      wav,
      words,
      createdAt,
    };
    if (!(await insertVoicemail(tx, message))) return;
    const data = { voicemailId: id, box, ddi, callerNumber, seconds };
    await tellMerchant(house, tx, { merchantId, runId }, [{ type: 'voicemail.received', data }], createdAt);
  });
  await aSwitch.dropTake(leg);
  return { type: 'kept' };
}

/** How long a recording lasts, by what its own header says; 0 where it is none. */
export function secondsOfWav(wav: Buffer): number {
  const isWav = wav.length > 44 && wav.toString('latin1', 0, 4) === 'RIFF';
  const bytesPerSecond = isWav ? wav.readUInt32LE(28) : 0;
  return bytesPerSecond === 0 ? 0 : (wav.length - 44) / bytesPerSecond;
}
