// One address before several gateways, as a load balancer gives it: a connection goes to the next one that lives. It knows
// nothing of what passes through it.

import { connect, createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';

export interface FrontDoor {
  url: string;
  /** Asked for each new connection; until then, and with nobody left, connections are closed at once. */
  leadTo(gateways: () => readonly string[]): void;
  close(): Promise<void>;
}

export async function openFrontDoor(): Promise<FrontDoor> {
  let gateways: () => readonly string[] = () => [];
  let turn = 0;
  const open = new Set<Socket>();
  const server: Server = createServer((caller) => {
    const urls = gateways();
    const url = urls[(turn += 1) % Math.max(urls.length, 1)];
    if (url === undefined) {
      caller.destroy();
      return;
    }
    const { hostname, port } = new URL(url);
    const gateway = connect({ host: hostname, port: Number(port), noDelay: true });
    caller.setNoDelay(true);
    open.add(caller);
    const part = (): void => {
      open.delete(caller);
      caller.destroy();
      gateway.destroy();
    };
    for (const end of [caller, gateway]) end.on('error', part).on('close', part);
    caller.pipe(gateway).pipe(caller);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${String(port)}`,
    leadTo(asked) {
      gateways = asked;
    },
    async close() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
