// modesl 1.2.1 ships no types. Only what esl-link uses is declared, read off lib/esl/{Connection,Parser,Event}.js;
// the two underscored members are private there and are named here, as `subscribe` is, because the link must step in front
// of them.
declare module 'modesl' {
  import type { Socket } from 'node:net';

  interface EslEvent {
    /** First header of that name; JSON events may carry anything a hostile peer put there. */
    getHeader(name: string): unknown;
    getBody(): unknown;
  }

  interface Parser {
    /** Bytes not yet parsed: the beginning of a header block, or of a body while `bodyLen` > 0. */
    buffer: Buffer;
    bodyLen: number;
    _onData(bytes: Buffer): void;
    _parseHeaderText(text: string): Record<string, string | number>;
  }

  class Connection {
    constructor(host: string, port: number, password: string);
    socket: Socket | null;
    parser: Parser;
    on(name: 'error', listener: (fault: Error) => void): this;
    on(name: 'esl::connect' | 'esl::ready' | 'esl::event::auth::fail', listener: () => void): this;
    on(name: 'esl::event::**', listener: (event: EslEvent, headers?: Record<string, unknown>) => void): this;
    removeAllListeners(): this;
    sendRecv(
      command: string,
      headers: Record<string, string> | null,
      reply?: (event: EslEvent) => void,
    ): void;
    api(command: string, reply: (event: EslEvent) => void): void;
    /** Called by itself as soon as the password was accepted. */
    subscribe(): void;
  }

  const modesl: { Connection: typeof Connection };
  export default modesl;
  export type { Connection, EslEvent, Parser };
}
