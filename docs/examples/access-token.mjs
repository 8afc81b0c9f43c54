// Lets in whoever an access code sent on: node access-token.mjs, with ISSUER=https://pay.example and RESOURCE=club.
import { Buffer } from 'node:buffer';
import { createPublicKey, verify } from 'node:crypto';
import { createServer } from 'node:http';

const { ISSUER: issuer, RESOURCE: resource } = process.env;
const seen = new Set(); // with several servers: a table with a unique column

async function letIn(token) {
  const [head, body, signature] = token.split('.');
  const part = (text) => JSON.parse(Buffer.from(text, 'base64url'));
  const { alg, kid } = part(head);
  const { keys } = await (await globalThis.fetch(`${issuer}/.well-known/jwks.json`)).json(); // may be kept for five minutes
  const jwk = keys.find((one) => one.kid === kid);
  if (alg !== 'EdDSA' || !jwk) return false;
  const key = createPublicKey({ key: jwk, format: 'jwk' });
  if (!verify(null, Buffer.from(`${head}.${body}`), key, Buffer.from(signature, 'base64url'))) return false;
  const { iss, aud, exp, jti } = part(body);
  if (iss !== issuer || aud !== resource || exp < Date.now() / 1000 || seen.has(jti)) return false;
  return Boolean(seen.add(jti)); // from here on it is your session
}

createServer((request, response) => {
  const token = new URL(request.url, 'http://here').searchParams.get('access_token') ?? '';
  letIn(token).then(
    (isIn) => response.writeHead(isIn ? 200 : 403).end(isIn ? 'Welcome.' : 'Not let in.'),
    () => response.writeHead(403).end('Not let in.'),
  );
}).listen(process.env.PORT ?? 8089);
