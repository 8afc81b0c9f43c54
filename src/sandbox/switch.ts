// The sandbox's switch: speaks FreeSWITCH's event socket as a real one does (the transcripts in test/fixtures/freeswitch
// are its measure) and has phones that people and tests operate by HTTP.
//
//   switch-event-socket   one TCP connection a client: commands in, replies and events out
//   switch-commands       the API commands         switch-lists     what lives, as tables
//   switch-channels       legs: come, answered, park, go            switch-channel   one leg, and how events write it
//   switch-applications   what runs on a leg       switch-questions play_and_get_digits
//   switch-recordings     record
//   switch-bridge         two legs joined          switch-cdr       call detail records
//   switch-phones         the telephones           switch-phones-http  their API
//   switch-clock          microseconds, and tasks put off to a whole second
//
// It knows nothing of the gateway: whatever is told here, the gateway must read from the protocol.

import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { RunningPart, SwitchRecord, SwitchSettings } from './part-contract.ts';
import { CdrPost } from './switch-cdr.ts';
import { SwitchChannels } from './switch-channels.ts';
import { SwitchClock, SwitchTasks } from './switch-clock.ts';
import { SwitchCommands } from './switch-commands.ts';
import { EventBus } from './switch-events.ts';
import { SwitchEventSocket } from './switch-event-socket.ts';
import { SwitchPhones } from './switch-phones.ts';
import { PhonesHttp } from './switch-phones-http.ts';

export interface SandboxSwitchOptions {
  /** 0: any free port. */
  eslPort: number;
  httpPort: number;
  password: string;
  /** Where CDRs are posted; absent: they are only spooled, and with no spool either, made by nobody. */
  cdrUrl?: string;
  /** `user:password`. */
  cdrCredentials?: string;
  /** Takes the CDRs that could not be posted, one `<uuid>.cdr.json` each. */
  spoolDir?: string;
  /** Prompts and silences last `1 / speechSpeed` of their time. Default 1. */
  speechSpeed?: number;
  /** Waits for keys last `1 / silenceSpeed` of their time. Default 1. */
  silenceSpeed?: number;
  /** Origins of pages that may operate the phones from a browser. */
  origins?: string[];
  /** Told of every leg that ended, beside its CDR. */
  onRecord?: (record: SwitchRecord) => void;
  /** What the dialplan plays to a caller whom no gateway took. */
  apologyFile?: string;
}

export interface SandboxSwitch {
  eslPort: number;
  httpPort: number;
  coreUuid: string;
  /** Cuts every event-socket connection, as a network does; calls go on, clients may come back after `awayMs`. */
  cutConnections(awayMs?: number): void;
  /** Dies at once: no event, no CDR, its calls forgotten. Resolves when the ports are free. */
  crash(): Promise<void>;
  /** Ends all calls without a word and gives back ports, timers and files. CDRs under way arrive first. */
  close(): Promise<void>;
}

/** A port may be ours again a moment after the last one died. */
const portTries = 5;
const portWaitMs = 300;

/** Starts a switch on 127.0.0.1. Rejects when a port is taken for good. */
export async function startSandboxSwitch(options: SandboxSwitchOptions): Promise<SandboxSwitch> {
  const coreUuid = randomUUID();
  const clock = new SwitchClock();
  const tasks = new SwitchTasks(clock);
  const bus = new EventBus(clock, coreUuid);
  const phones = new SwitchPhones();
  const { cdrUrl: url, cdrCredentials: credentials, spoolDir } = options;
  const cdrs = new CdrPost({ coreUuid, url, credentials, spoolDir });
  const channels = new SwitchChannels({
    clock,
    bus,
    tasks,
    handsets: phones,
    reportCdr: (channel) => {
      options.onRecord?.({
        leg: channel.uuid,
        bridgedUs: channel.profile.bridgedUs,
        endedUs: channel.hangupUs,
      });
      return cdrs.report(channel);
    },
    speed: { speech: options.speechSpeed ?? 1, silence: options.silenceSpeed ?? 1 },
    apologyFile: options.apologyFile ?? '/var/lib/ringmeter/prompts/fr/apology.wav',
  });
  phones.connect(channels);
  const commands = new SwitchCommands({ channels, tasks, clock, coreUuid });
  const eventSocket = new SwitchEventSocket({ bus, channels, commands, password: options.password });
  const http = new PhonesHttp(phones, options.origins ?? []);
  const eslPort = await listening(() => eventSocket.listen(options.eslPort));
  const httpPort = await listening(() => http.listen(options.httpPort));

  const stop = async (): Promise<void> => {
    channels.close();
    tasks.close();
    phones.close();
    await Promise.all([eventSocket.close(), http.close()]);
  };
  return {
    eslPort,
    httpPort,
    coreUuid,
    cutConnections: (awayMs) => eventSocket.cut(awayMs),
    crash: () => {
      cdrs.abandon();
      return stop();
    },
    close: async () => {
      await stop();
      await cdrs.close();
    },
  };
}

async function listening(listen: () => Promise<number>): Promise<number> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await listen();
    } catch (error) {
      const taken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
      if (!taken || tried >= portTries) throw error;
      await new Promise((resolve) => setTimeout(resolve, portWaitMs));
    }
  }
}

/**
 * As a part of the sandbox. `speechSpeed` comes from SANDBOX_SPEECH_SPEED where the settings do not say it. `promptsDir`:
 * the gateway's prompts folder, for the apology; without it that call ends unspoken.
 */
export async function startSwitch(
  settings: SwitchSettings & { speechSpeed?: number; silenceSpeed?: number; promptsDir?: string },
  onRecord?: (record: SwitchRecord) => void,
): Promise<RunningPart> {
  const speed = settings.speechSpeed ?? Number(process.env['SANDBOX_SPEECH_SPEED'] ?? 1);
  const running = await startSandboxSwitch({
    eslPort: settings.ports?.['esl'] ?? 0,
    httpPort: settings.ports?.['http'] ?? 0,
    password: settings.eslPassword,
    spoolDir: join(settings.dataDir, 'spool'),
    speechSpeed: speed > 0 ? speed : 1,
    silenceSpeed: settings.silenceSpeed ?? 1,
    origins: [new URL(settings.publicUrl).origin, new URL(settings.gatewayUrl).origin],
    ...(settings.promptsDir === undefined
      ? {}
      : { apologyFile: join(settings.promptsDir, 'fr', 'apology.wav') }),
    ...(onRecord && { onRecord }),
    ...(settings.cdrUrl === undefined ? {} : { cdrUrl: settings.cdrUrl }),
    ...(settings.cdrCredentials === undefined ? {} : { cdrCredentials: settings.cdrCredentials }),
  });
  return {
    ports: { esl: running.eslPort, http: running.httpPort },
    cut: (awayMs) => running.cutConnections(awayMs),
    close: () => running.close(),
  };
}
