// The page on which the demo merchant shows what he was told. One file of text: it has no build and no assets.

import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';

const style = `
:root { color-scheme: light; font: 16px/1.5 system-ui, sans-serif; color: #1d2433; background: #f4f5f8; }
body { margin: 0; }
.ribbon { background: #ffcf33; color: #221a00; text-align: center; padding: .35rem 1rem; font-weight: 600; font-size: .85rem; }
main { max-width: 60rem; margin: 0 auto; padding: 2rem 1rem; }
h1 { font-size: 1.6rem; margin: 0 0 .25rem; }
p { color: #566; margin: 0 0 1.5rem; }
ol { list-style: none; margin: 0; padding: 0; display: grid; gap: .6rem; }
li { background: #fff; border: 1px solid #dfe3ea; border-radius: .7rem; padding: .2rem .9rem; }
summary { display: flex; flex-wrap: wrap; gap: .2rem .8rem; align-items: baseline; cursor: pointer; padding: .5rem 0; }
summary b { flex: 1 1 12rem; }
summary span { font-size: .85rem; color: #566; }
.ok { color: #0a6b3d; } .bad { color: #b3261e; font-weight: 600; }
pre { overflow: auto; font-size: .8rem; background: #f4f5f8; padding: .8rem; border-radius: .5rem; }
`;

const script = `
const list = document.querySelector('ol'), empty = document.querySelector('#empty');
function entry(notice) {
  const item = document.createElement('li'), details = document.createElement('details'), line = document.createElement('summary');
  const add = (tag, text, kind) => { const e = document.createElement(tag); e.textContent = text; if (kind) e.className = kind; line.append(e); };
  add('b', notice.type || '(no type)');
  add('span', notice.verified ? 'signature verified' : 'signature refused', notice.verified ? 'ok' : 'bad');
  add('span', 'answered ' + notice.answers.join(', '));
  add('span', new Date(notice.receivedAt).toLocaleTimeString());
  const body = document.createElement('pre');
  body.textContent = typeof notice.body === 'string' ? notice.body : JSON.stringify(notice.body, null, 2);
  body.tabIndex = 0;
  details.append(line, body); item.append(details); item.dataset.id = notice.id;
  return item;
}
new EventSource('/api/merchant/events').addEventListener('notices', (event) => {
  const notices = JSON.parse(event.data), open = new Set([...list.querySelectorAll('details[open]')].map((e) => e.parentElement.dataset.id));
  list.replaceChildren(...notices.map(entry));
  for (const item of list.children) if (open.has(item.dataset.id)) item.firstChild.open = true;
  empty.hidden = notices.length > 0;
});
`;

/** The notices as they come, newest first. */
export function merchantPage(response: ServerResponse): void {
  const nonce = randomBytes(16).toString('base64');
  response.writeHead(200, {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'content-security-policy': `default-src 'none'; style-src 'nonce-${nonce}'; script-src 'nonce-${nonce}'; connect-src 'self'; base-uri 'none'; form-action 'none'`,
    'x-content-type-options': 'nosniff',
  });
  response.end(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Demo merchant: notices</title>
<link rel="icon" href="data:,">
<style nonce="${nonce}">${style}</style>
</head>
<body>
<div class="ribbon">sandbox: no real money, no real calls</div>
<main>
<h1>What the merchant was told</h1>
<p>This is the demo merchant's own server. It verifies each notice by the Standard Webhooks specification and acknowledges it.</p>
<p id="empty">Nothing yet: order a call, and its notices come in here by themselves.</p>
<ol aria-live="polite"></ol>
</main>
<script nonce="${nonce}">${script}</script>
</body>
</html>
`);
}
