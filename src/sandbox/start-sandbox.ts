// The owner's side of the sandbox's process: `npm start` and the tests start it, tell it of the demo, stop it.

import { forkModule } from './fork-module.ts';
import { type DemoFacts, partNames, type PartName } from './part-contract.ts';
import type {
  GatewayLife,
  SandboxAddresses,
  SandboxMessage,
  SandboxOrder,
  SandboxReport,
} from './sandbox.ts';

export type { DemoFacts, GatewayLife, SandboxAddresses };

/** A sentence for the person at the terminal. */
export class SandboxUnavailable extends Error {}

export interface RunningSandbox {
  addresses: SandboxAddresses;
  /** Of the front, and of each part as it runs now. */
  pid: number;
  partPids(): Partial<Record<PartName, number>>;
  /** The gateway serves, or died: the demo page works from now on, and shows how it goes on. */
  tellGateway(life: GatewayLife): void;
  /** Ends front and parts; resolves when they are gone. Stopping twice is once. */
  stop(): Promise<void>;
}

export interface SandboxOptions {
  /** 0: any free port. */
  port: number;
  dataDir: string;
  gatewayUrl: string;
  /** Absent: all three. */
  parts?: readonly PartName[];
  /** Told in a sentence when a part died or runs again. */
  onSaid?: (sentence: string) => void;
  /** Somebody at the demo page wants to see the gateway die. Absent: nobody can, the gateway is not ours to kill. */
  onKillGateway?: () => void;
  /** The front itself ended unasked, and its parts with it. */
  onLost?: () => void;
}

/** Resolves when everything listens (about half a second). Throws `SandboxUnavailable`, with nothing left running. */
export async function startSandbox(options: SandboxOptions): Promise<RunningSandbox> {
  const order: SandboxOrder = {
    port: options.port,
    dataDir: options.dataDir,
    gatewayUrl: options.gatewayUrl,
    parts: options.parts ?? partNames,
    cdrUrl: `${options.gatewayUrl}/hooks/freeswitch/cdr`,
    stripeWebhookUrl: `${options.gatewayUrl}/hooks/stripe`,
    mayKillGateway: options.onKillGateway !== undefined,
  };
  const child = forkModule(import.meta.url, 'sandbox');
  const send = (message: SandboxMessage): void => {
    if (child.connected) child.send(message);
  };
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  let pids: Partial<Record<PartName, number>> = {};
  let stopping: Promise<void> | undefined;

  const addresses = await new Promise<SandboxAddresses>((resolve, reject) => {
    let reason = 'The sandbox ended before it was ready.';
    child.once('error', reject);
    child.on('message', (message: SandboxReport) => {
      if (message.state === 'failed') {
        reason = message.reason;
        return;
      }
      if (message.state === 'kill_gateway') {
        options.onKillGateway?.();
        return;
      }
      pids = message.pids;
      if (message.state === 'ready') resolve(message.addresses);
      else options.onSaid?.(message.sentence);
    });
    void exited.then(() => reject(new SandboxUnavailable(reason)));
    send({ order });
  });
  void exited.then(() => {
    if (stopping === undefined) options.onLost?.();
  });
  return {
    addresses,
    pid: child.pid ?? 0,
    partPids: () => pids,
    tellGateway: (gateway) => send({ gateway }),
    stop: () => {
      stopping ??= (async () => {
        send({ stop: true });
        await exited;
      })();
      return stopping;
    },
  };
}
