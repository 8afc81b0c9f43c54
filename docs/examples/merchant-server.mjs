// A merchant's own server over REST: npm install standardwebhooks, then SECRET=whsec_... node merchant-server.mjs
import { Buffer } from 'node:buffer';
import { createServer } from 'node:http';
import { Webhook } from 'standardwebhooks';

const clients = new Map([['C-1001', '+33612345678']]);

async function answer(request) {
  const body = Buffer.concat(await request.toArray()).toString();
  const asked = new Webhook(process.env.SECRET).verify(body, request.headers); // throws where it is not from us
  const [clientCode] =
    [...clients].find(([code, cli]) => code === asked.clientCode || cli === asked.cli) ?? [];
  if (clientCode) return { outcome: 'recognized', clientCode, talkLimitSeconds: 600 };
  return asked.clientCode
    ? { outcome: 'refused', reason: 'unknown' }
    : { outcome: 'proof_wanted', proof: 'client_code' };
}

createServer((request, response) => {
  answer(request).then(
    (said) => response.setHeader('content-type', 'application/json').end(JSON.stringify(said)),
    () => response.writeHead(401).end(),
  );
}).listen(process.env.PORT ?? 8088);
