// Stands between a gateway and its switch and can cut the line as a network does, without either end being asked.
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

export class CuttableLink {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server) {
    this.#server = server;
  }

  static async to(host: string, port: number): Promise<CuttableLink> {
    const server = createServer();
    const link = new CuttableLink(server);
    server.on('connection', (near) => {
      const far = connect({ host, port, noDelay: true });
      near.setNoDelay(true);
      near.pipe(far).pipe(near);
      for (const [socket, other] of [
        [near, far],
        [far, near],
      ] as const) {
        link.#sockets.add(socket);
        socket.on('error', () => undefined);
        socket.on('close', () => {
          link.#sockets.delete(socket);
          other.destroy();
        });
      }
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return link;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
