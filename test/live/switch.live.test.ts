// A real FreeSWITCH sits the examination of switch-conformance, with real SIP legs.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe } from 'vitest';
import { realClock } from '../../src/clock-and-ids.ts';
import type { Log } from '../../src/flow/ports.ts';
import { FreeSwitch } from '../../src/telephony/freeswitch.ts';
import { CuttableLink } from '../adapters/cuttable-link.ts';
import { switchConformance, type SwitchWorld } from '../adapters/switch-conformance.ts';
import { eslAddress, TelephoneNetwork } from './telephone-network.ts';

const { FREESWITCH_URL: url, PHONES_URL: phones, PHONES_SIP: sip, PROMPTS_DIR: shared } = process.env;
const silent: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };

async function makeWorld(): Promise<SwitchWorld> {
  const at = eslAddress(url ?? '');
  const network = new TelephoneNetwork(eslAddress(phones ?? ''));
  await network.start();
  const link = await CuttableLink.to(at.host, at.port);
  const dir = shared ?? (await mkdtemp(path.join(tmpdir(), 'ringmeter live ')));
  const [host = '', port = ''] = (sip ?? '').split(':');
  const made: FreeSwitch[] = [];
  const gateway = (): FreeSwitch => {
    const one = new FreeSwitch({
      id: 'live',
      host: '127.0.0.1',
      port: link.port,
      password: at.password,
      destination: { kind: 'address', profile: 'carrier', host, port: Number(port) },
      prompts: {
        dir,
        dirAtSwitch: dir,
        engine: fileURLToPath(new URL('../adapters/mute-engine.mjs', import.meta.url)),
      },
      clock: realClock,
      log: silent,
    });
    made.push(one);
    return one;
  };
  return {
    switch: gateway(),
    another: gateway,
    number: (behaviour) => Promise.resolve(network.number(behaviour)),
    phone: (number) => network.phone(number),
    cutLink: () => link.cut(),
    async close() {
      await network.close();
      await Promise.all(made.map((one) => one.stop()));
      await link.close();
      if (shared === undefined) await rm(dir, { recursive: true, force: true });
    },
  };
}

const given = url !== undefined && phones !== undefined && sip !== undefined;
describe.skipIf(!given)('live', () => switchConformance('a real FreeSWITCH', makeWorld));
