// The sandbox's switch sits the examination of switch-conformance.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { realClock } from '../../src/clock-and-ids.ts';
import type { E164 } from '../../src/core/ids.ts';
import { parseSipAddress, sandboxSipDomain } from '../../src/core/sip-address.ts';
import type { Log } from '../../src/flow/ports.ts';
import { startSandboxSwitch } from '../../src/sandbox/switch.ts';
import { FreeSwitch } from '../../src/telephony/freeswitch.ts';
import { PromptAudio } from '../../src/telephony/prompt-audio.ts';
import { CuttableLink } from './cuttable-link.ts';
import { sentencesSaid, switchConformance, type Phone, type SwitchWorld } from './switch-conformance.ts';

const silent: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };
let numbers = 0;
function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('There is none.');
  return value;
}

switchConformance('the sandbox’s switch', async (): Promise<SwitchWorld> => {
  const dir = await mkdtemp(path.join(tmpdir(), 'ringmeter switch '));
  const spoolDir = path.join(dir, 'spool');
  const sandbox = await startSandboxSwitch({ eslPort: 0, httpPort: 0, password: 'secret', spoolDir });
  const link = await CuttableLink.to('127.0.0.1', sandbox.eslPort);
  const prompts = {
    dir,
    dirAtSwitch: dir,
    engine: fileURLToPath(new URL('mute-engine.sh', import.meta.url)),
  };
  const audio = new PromptAudio(prompts);
  for (const sentence of sentencesSaid()) await audio.render(sentence);
  const made: FreeSwitch[] = [];
  const gateway = (): FreeSwitch => {
    const one = new FreeSwitch({
      id: 'sandbox',
      host: '127.0.0.1',
      port: link.port,
      password: 'secret',
      destination: { kind: 'gateway', name: 'carrier' },
      sip: { profile: 'carrier', domains: new Set([sandboxSipDomain]) },
      country: 'FR',
      prompts,
      clock: realClock,
      log: silent,
    });
    made.push(one);
    return one;
  };
  const base = `http://127.0.0.1:${String(sandbox.httpPort)}/api/phones`;
  const call = async (method: string, address: string, body?: object): Promise<void> => {
    const response = await fetch(address, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${address}: ${await response.text()}`);
  };
  const phone = (number: string): Phone => {
    const its = `${base}/${encodeURIComponent(number)}`;
    return {
      async waitFor(state) {
        for (;;) {
          const phones = (await (await fetch(base)).json()) as { number: string; state: string }[];
          if (phones.some((one) => one.number === number && one.state === state)) return;
        }
      },
      answer: () => call('POST', `${its}/answer`),
      hangUp: () => call('POST', `${its}/hangup`),
      keys: (digits) => call('POST', `${its}/keys`, { digits }),
    };
  };
  return {
    switch: gateway(),
    another: gateway,
    phone,
    async number(behaviour) {
      numbers += 1;
      const number = `+336${String(10_000_000 + numbers)}` as E164;
      await call('PUT', `${base}/${encodeURIComponent(number)}/behaviour`, { behaviour });
      return number;
    },
    async sipPhone(behaviour) {
      numbers += 1;
      const address = `marie.${String(numbers)}@${sandboxSipDomain}`;
      await call('PUT', `${base}/${encodeURIComponent(address)}/behaviour`, { behaviour });
      return { to: must(parseSipAddress(address)), phone: phone(address) };
    },
    async dials(ddi, options) {
      numbers += 1;
      const number = `+336${String(10_000_000 + numbers)}` as E164;
      await call('POST', `${base}/${encodeURIComponent(number)}/dial`, { to: ddi, ...options });
      return { number, phone: phone(number) };
    },
    record: (leg) => readFile(path.join(spoolDir, `${leg}.cdr.json`), 'utf8').catch(() => undefined),
    cutLink: () => link.cut(),
    async close() {
      await Promise.all(made.map((one) => one.stop()));
      await link.close();
      await sandbox.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
});
