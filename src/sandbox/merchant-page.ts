// The page of the demo merchant: his clients, to be edited; who he was asked about, what he was told his calls used, and the
// notices he got. One file of text: it has no build and no assets. Its script is merchant-page-script.ts.

import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { merchantPageScript } from './merchant-page-script.ts';

const style = `
:root { color-scheme: light; font: 15px/1.45 ui-sans-serif, system-ui, 'Segoe UI', Roboto, sans-serif; color: #10211d; background: #e8edeb;
  --paper: #fbfcfb; --soft: #51635e; --rule: #cfd9d5; --own: #0b7a6b; --stop: #b3261e; }
* { box-sizing: border-box; }
body { margin: 0; }
h1, h2, p { margin: 0; }
button, input, select, textarea { font: inherit; color: inherit; }
button { cursor: pointer; }
:focus-visible { outline: 3px solid #1f6feb; outline-offset: 2px; }
.ribbon { background: #ffd447; color: #2b2200; text-align: center; padding: .25rem 1rem; font-weight: 650; font-size: .8rem; }
header { max-width: 1240px; margin: 0 auto; padding: 1.2rem 1.5rem .2rem; display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; align-items: baseline; }
h1 { font-size: 1.4rem; letter-spacing: -.02em; }
header p { color: var(--soft); flex: 1 1 20rem; }
header a { color: #075e52; }
main { max-width: 1240px; margin: 0 auto; padding: 1rem 1.5rem 2.5rem; display: grid; grid-template-columns: minmax(0, 5fr) minmax(0, 6fr); gap: 1.5rem; align-items: start; }
section > h2 { font-size: 1.05rem; margin: 0 0 .1rem; }
section > p { color: var(--soft); font-size: .88rem; margin: 0 0 .7rem; }
.feed { display: grid; gap: 1.5rem; }
ol { list-style: none; margin: 0; padding: 0; display: grid; gap: .5rem; }
li { background: var(--paper); border-radius: 12px; box-shadow: 0 0 0 1px var(--rule); }
li.new { animation: arrive 1.8s ease-out; }
@keyframes arrive { from { background: #fff3c4; } }
summary { display: flex; flex-wrap: wrap; gap: .15rem .7rem; align-items: baseline; cursor: pointer; padding: .6rem .9rem; list-style: none; }
summary::-webkit-details-marker { display: none; }
summary::after { order: 1; content: '\\203A'; color: var(--soft); transform: rotate(90deg); margin-left: .2rem; }
details[open] summary::after { transform: rotate(-90deg); }
summary b { flex: 1 1 9rem; font-weight: 650; }
summary small { order: 2; flex: 1 1 100%; color: var(--soft); font-size: .84rem; font-variant-numeric: tabular-nums; }
.chip { padding: 0 .55rem; border-radius: 999px; background: #e0e8e4; font-size: .8rem; font-variant-numeric: tabular-nums; white-space: nowrap; }
.chip.ok { background: #c5ecd4; color: #07401f; }
.chip.warn { background: #ffe9a8; color: #453300; }
.chip.bad { background: #f7cfcc; color: #6d130d; }
.inside { padding: .1rem .9rem .9rem; display: grid; gap: .7rem; }
dl { margin: 0; display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: .1rem .9rem; font-size: .85rem; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
pre { margin: 0; overflow: auto; max-height: 18rem; font-size: .76rem; background: #eaf0ed; padding: .7rem; border-radius: 8px; }
.none { color: var(--soft); padding: .8rem .9rem; }
form { display: grid; grid-template-columns: 1fr 1fr; gap: .6rem .8rem; }
form label { display: grid; gap: .15rem; font-size: .82rem; color: var(--soft); }
form label.wide { grid-column: 1 / -1; }
form label.yes { display: flex; align-items: center; gap: .5rem; align-self: end; min-height: 2.4rem; }
input:not([type=checkbox]), select, textarea { width: 100%; min-height: 2.4rem; padding: .35rem .6rem; border: 1px solid #9fb0aa; border-radius: 8px; background: #fff; color: #10211d; font-size: .92rem; }
input[type=checkbox] { width: 1.2rem; height: 1.2rem; accent-color: var(--own); }
textarea { resize: vertical; }
.acts { grid-column: 1 / -1; display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; }
.acts button, .foot button { border: 0; border-radius: 999px; padding: .4rem 1.1rem; min-height: 2.4rem; background: #d9e2de; }
.acts .save { background: var(--own); color: #fff; font-weight: 650; }
.acts .save:hover { background: #096457; }
.said { font-size: .86rem; flex: 1 1 10rem; }
.said.bad { color: var(--stop); font-weight: 600; }
.foot { display: flex; flex-wrap: wrap; gap: .5rem; margin-top: .7rem; }
@media (max-width: 900px) { main { grid-template-columns: minmax(0, 1fr); padding: 1rem; } header { padding: 1rem 1rem 0; } }
@media (max-width: 420px) { form { grid-template-columns: minmax(0, 1fr); } }
@media (prefers-reduced-motion: reduce) { * { animation: none !important; } }
`;

/** Clients to edit, and beside them what comes in, newest first. */
export function merchantPage(response: ServerResponse): void {
  const nonce = randomBytes(16).toString('base64');
  response.writeHead(200, {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'content-security-policy': `default-src 'none'; style-src 'nonce-${nonce}'; script-src 'nonce-${nonce}'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'`,
    'x-content-type-options': 'nosniff',
  });
  response.end(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Demo merchant: clients, requests, notices</title>
<link rel="icon" href="data:,">
<style nonce="${nonce}">${style}</style>
</head>
<body>
<aside class="ribbon" aria-label="Sandbox">sandbox: no real money, no real calls</aside>
<header>
<h1>The merchant’s own server</h1>
<p>It knows its clients, says who calls and for how long, and is told what each call used and what became of each order.</p>
<a href="/demo">To the telephones</a>
</header>
<main>
<section aria-labelledby="h-clients">
<h2 id="h-clients">Clients</h2>
<p>Change anybody: the next call is answered by what stands here. Errors and delays are his too.</p>
<ol id="clients"></ol>
<div class="foot"><button type="button" id="add">Add a client</button><button type="button" id="reset">The demo’s clients again</button></div>
</section>
<div class="feed">
<section aria-labelledby="h-requests">
<h2 id="h-requests">Asked and told by the gateway</h2>
<p>Who calls, and what a call used, in REST or SOAP; each is verified before it is answered.</p>
<ol id="requests" aria-live="polite"></ol>
<p class="none" id="no-requests">Nothing yet: dial one of the numbers for known callers on the demo page.</p>
</section>
<section aria-labelledby="h-notices">
<h2 id="h-notices">Notices</h2>
<p>Verified by the Standard Webhooks specification and acknowledged.</p>
<ol id="notices" aria-live="polite"></ol>
<p class="none" id="no-notices">Nothing yet: order a call, and its notices come in here by themselves.</p>
</section>
</div>
</main>
<script nonce="${nonce}">${merchantPageScript}</script>
</body>
</html>
`);
}
