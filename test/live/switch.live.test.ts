// A real FreeSWITCH sits the examination of switch-conformance, with real SIP legs.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe } from 'vitest';
import { realClock } from '../../src/clock-and-ids.ts';
import { parseSipAddress, type SipDomain } from '../../src/core/sip-address.ts';
import type { Log } from '../../src/flow/ports.ts';
import { FreeSwitch } from '../../src/telephony/freeswitch.ts';
import { PromptAudio } from '../../src/telephony/prompt-audio.ts';
import { CuttableLink } from '../adapters/cuttable-link.ts';
import { sentencesSaid, switchConformance, type SwitchWorld } from '../adapters/switch-conformance.ts';
import { eslAddress, sipAddressOf, TelephoneNetwork } from './telephone-network.ts';

const { FREESWITCH_URL: url, PHONES_URL: phones, PHONES_SIP: sip, PROMPTS_DIR: shared } = process.env;
const { CDR_SPOOL: spool } = process.env;
const silent: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };

async function makeWorld(): Promise<SwitchWorld> {
  const at = eslAddress(url ?? '');
  const network = new TelephoneNetwork(eslAddress(phones ?? ''));
  await network.start();
  const itsSip = await sipAddressOf(at);
  const link = await CuttableLink.to(at.host, at.port);
  const dir = shared ?? (await mkdtemp(path.join(tmpdir(), 'ringmeter live ')));
  const [host = '', port = ''] = (sip ?? '').split(':');
  const prompts = {
    dir,
    dirAtSwitch: dir,
    engine: fileURLToPath(new URL('../adapters/mute-engine.sh', import.meta.url)),
  };
  const audio = new PromptAudio(prompts);
  for (const sentence of sentencesSaid()) await audio.render(sentence);
  const made: FreeSwitch[] = [];
  const gateway = (): FreeSwitch => {
    const one = new FreeSwitch({
      id: 'live',
      host: '127.0.0.1',
      port: link.port,
      password: at.password,
      destination: { kind: 'address', profile: 'carrier', host, port: Number(port) },
      sip: { profile: 'carrier', domains: new Set([`${host}:${port}` as SipDomain]) },
      country: 'FR',
      prompts,
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
    sipPhone(behaviour) {
      const user = network.sipUser(behaviour);
      const to = parseSipAddress(`${user}@${host}:${port}`);
      if (to === undefined) throw new Error(`PHONES_SIP is no place of a SIP address: ${host}:${port}`);
      return Promise.resolve({ to, phone: network.phone(user) });
    },
    async dials(ddi, options) {
      const number = network.number('manual');
      await network.dials(number, ddi, itsSip, options);
      return { number, phone: network.phone(number) };
    },
    record: (leg) => readFile(path.join(spool ?? '', `${leg}.cdr.json`), 'utf8').catch(() => undefined),
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
describe.skipIf(!given)('live', () =>
  switchConformance('a real FreeSWITCH', makeWorld, { readsRecords: spool !== undefined }),
);
