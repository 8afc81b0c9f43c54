// Where a switch's event socket is, as it is written in the environment: the gateway and the card room are told alike.

/** One FreeSWITCH's event socket. `id`: what it is called in the database, for good. */
export interface SwitchAddress {
  id: string;
  host: string;
  port: number;
  password: string;
}

/**
 * `esl://:password@host:port#name`, several with commas. A switch without a name is called by its place, `fs1` the first: the
 * name is what its calls are found by, so that one who leaves a list of unnamed ones renames those behind it.
 */
export function parseSwitches(text: string): readonly SwitchAddress[] | undefined {
  const listed = text.split(',').map((entry, index) => parseEslUrl(entry.trim(), `fs${String(index + 1)}`));
  const switches = listed.filter((one) => one !== undefined);
  const ids = new Set(switches.map((one) => one.id));
  return switches.length === listed.length && ids.size === listed.length ? switches : undefined;
}

/** As `parseSwitches` reads it, every switch by its name. */
export const switchesText = (switches: readonly SwitchAddress[]): string =>
  switches
    .map(({ id, host, port, password }) => {
      const at = host.includes(':') ? `[${host}]` : host;
      return `esl://:${encodeURIComponent(password)}@${at}:${String(port)}#${id}`;
    })
    .join(',');

function parseEslUrl(text: string, defaultId: string): SwitchAddress | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  const id = url.hash === '' ? defaultId : url.hash.slice(1);
  const bare = url.pathname === '' || url.pathname === '/';
  if (url.protocol !== 'esl:' || url.username !== '' || url.password === '' || !bare) return undefined;
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const chosen = url.port === '' ? 8021 : Number(url.port);
  const password = unescaped(url.password);
  // A line end in the password would end the command that carries it.
  if (!/^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$/.test(id)) return undefined;
  if (host === '' || chosen === 0 || password === undefined || /[\r\n]/.test(password)) return undefined;
  return { id, host, port: chosen, password };
}

/** `undefined`: no escaping. */
export function unescaped(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
