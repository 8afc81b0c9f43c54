// The demo page: puts the parts together, and is the only one that knows all of the screen.

import { BreakPanel } from './demo/break-panel.ts';
import { byId, clock } from './demo/dom.ts';
import { Feed, type Phone } from './demo/feed.ts';
import { KnownCall, type Way } from './demo/known-call.ts';
import { drawPanels } from './demo/panels.ts';
import { type Ddi, type NamedNumber, PhoneOnScreen, secondsSince } from './demo/phone.ts';
import { playCall, playKnownCall, playTicket, type PlayerView } from './demo/player.ts';
import { isMuted, mute } from './demo/sound.ts';
import { chooseLanguage, currentLanguage, text, type TextKey } from './demo/texts.ts';

interface DemoFacts {
  ready: boolean;
  gatewayUrl: string;
  consultants: string[];
  caller: string | null;
  ddis: Ddi[];
  scenarios: NamedNumber[];
}

const feed = new Feed();
const page = byId('page', HTMLIFrameElement);
const stage = byId('stage', HTMLElement);
const playButton = byId('play', HTMLButtonElement);
let gatewayUrl = '';
let captionNow: { key: TextKey; values: Record<string, string> } | undefined = {
  key: 'caption_start',
  values: {},
};
let playing: AbortController | undefined;
let bridgedSince: number | undefined;

const view: PlayerView = {
  caption: (key, values = {}) => {
    captionNow = { key, values };
    showCaption(text(key, values), false);
  },
  trouble: (sentence) => {
    captionNow = undefined;
    showCaption(sentence, true);
  },
  open: (url) => openPage(url),
  look: (side) => lookAt(side),
};

function showCaption(sentence: string, trouble: boolean): void {
  const caption = byId('caption', HTMLElement);
  caption.textContent = sentence;
  caption.dataset['kind'] = trouble ? 'trouble' : '';
}

/** What is to be played: an order of this line, or `known`, a call of somebody the merchant knows. */
function callChosen(): string {
  return document.querySelector<HTMLInputElement>('input[name=line]:checked')?.value ?? 'demo';
}

function lineChosen(): string {
  const call = callChosen();
  return call === 'known' ? 'demo' : call;
}

const captionOf: Record<string, TextKey> = {
  'demo-short': 'caption_talk_short',
  'demo-ticket': 'caption_ticket',
  known: 'caption_known',
};

/** Only pages of the gateway: the address comes from an answer of its API. */
function openPage(url: string): void {
  if (new URL(url).origin !== new URL(gatewayUrl).origin) return;
  page.src = url;
  byId('url', HTMLElement).textContent = url.replace(/^https?:\/\//, '').split('?', 1)[0] ?? '';
  byId('out', HTMLAnchorElement).href = url;
}

function openLine(): void {
  openPage(`${gatewayUrl}/pay/${lineChosen()}?lang=${currentLanguage()}`);
}

function lookAt(side: 'a' | 'page' | 'b'): void {
  stage.dataset['view'] = side;
  for (const button of document.querySelectorAll<HTMLButtonElement>('#views button')) {
    button.setAttribute('aria-pressed', String(button.dataset['view'] === side));
  }
}

function retext(): void {
  document.documentElement.lang = currentLanguage();
  document.title = text('title');
  for (const found of document.querySelectorAll<HTMLElement>('[data-text]')) {
    found.textContent = text(found.dataset['text'] as TextKey);
  }
  const other = byId('language', HTMLButtonElement);
  other.lang = currentLanguage() === 'fr' ? 'en' : 'fr';
  other.textContent = currentLanguage() === 'fr' ? 'English' : 'Français';
  page.title = text('page_title');
  if (captionNow !== undefined) showCaption(text(captionNow.key, captionNow.values), false);
  showPlay();
}

function showPlay(): void {
  playButton.dataset['running'] = String(playing !== undefined);
  const label = playButton.querySelector('span');
  if (label !== null) label.textContent = text(playing === undefined ? 'play' : 'stop');
  for (const input of document.querySelectorAll<HTMLInputElement>('input[name=line]')) {
    input.disabled = playing !== undefined;
  }
}

function drawWire(caller: Phone | undefined, consultant: Phone | undefined): void {
  const wire = byId('wire', HTMLElement);
  const leg = (phone: Phone | undefined): string => {
    if (phone === undefined || phone.state === 'ended') return 'idle';
    return phone.bridged ? 'bridged' : phone.state;
  };
  const [a, b] = [leg(caller), leg(consultant)];
  wire.dataset['a'] = a;
  wire.dataset['b'] = b;
  for (const [side, state] of [
    ['a', a],
    ['b', b],
  ] as const) {
    const button = document.querySelector<HTMLElement>(`#views [data-view=${side}]`);
    if (button !== null) button.dataset['alive'] = state;
  }
  const talking = a === 'bridged' && b === 'bridged';
  bridgedSince = talking ? (bridgedSince ?? Date.now()) : undefined;
  byId('joint', HTMLElement).textContent = talking
    ? text('joint_talking', { clock: clock((Date.now() - (bridgedSince ?? 0)) / 1000) })
    : text(
        a === 'idle' && b === 'idle'
          ? 'joint_idle'
          : [a, b].includes('ringing')
            ? 'joint_ringing'
            : 'joint_waiting',
      );
}

/** The sandbox is up before the gateway; the page may be too. */
async function untilReady(): Promise<DemoFacts> {
  for (;;) {
    const answer = await fetch('/api/demo').catch(() => undefined);
    if (answer?.ok === true) {
      const facts = (await answer.json()) as DemoFacts;
      if (facts.ready) return facts;
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

async function start(): Promise<void> {
  retext();
  const facts = await untilReady();
  gatewayUrl = facts.gatewayUrl;
  const caller = new PhoneOnScreen('a', [facts.caller ?? ''], feed, facts.ddis, facts.scenarios);
  const consultant = new PhoneOnScreen('b', facts.consultants, feed);
  const breaking = new BreakPanel();
  breaking.start();
  const known = new KnownCall();
  const wayOf = (number: string): Way =>
    facts.scenarios.some((one) => one.number === number)
      ? 'scenario'
      : facts.ddis.some((ddi) => ddi.number === number && ddi.way === 'accounts')
        ? 'accounts'
        : 'server';
  const openedAt = new Date().toISOString();
  let opened = '';
  /** An SMS with a link is opened where he has his page. */
  const openLink = (): void => {
    const sent = feed.requests.find(
      ({ operation, receivedAt }) => operation === 'sms' && receivedAt > openedAt,
    );
    const words = sent?.fields['text'];
    const link = typeof words === 'string' ? /https?:\/\/\S+/.exec(words)?.[0] : undefined;
    if (!sent || link === undefined || sent.id === opened) return;
    opened = sent.id;
    openPage(link);
  };
  const drawAll = (): void => {
    openLink();
    drawPanels(feed);
    known.look({ feed, caller, consultant }, wayOf, (key, values) => view.caption(key, values));
    breaking.lookAtProof(feed);
    drawWire(caller.state, consultant.state);
  };
  feed.watch(drawAll);
  feed.start();
  feed.lookAtLedger();
  drawAll();
  openLine();
  byId('line-known', HTMLElement).hidden = facts.ddis.length === 0;
  // Clocks run between changes.
  setInterval(() => {
    for (const phone of [caller, consultant])
      if (secondsSince(phone.state?.answeredAt ?? null) > 0) phone.draw();
    drawWire(caller.state, consultant.state);
  }, 500);

  byId('lines', HTMLElement).addEventListener('change', () => {
    view.caption(captionOf[callChosen()] ?? 'caption_start');
    openLine();
  });
  byId('language', HTMLButtonElement).addEventListener('click', () => {
    chooseLanguage(currentLanguage() === 'fr' ? 'en' : 'fr');
    retext();
    caller.retext();
    consultant.retext();
    breaking.retext();
    drawAll();
    // The page follows, unless somebody is in the middle of a call on it.
    if (playing === undefined && wireIsIdle()) openLine();
  });
  byId('mute', HTMLButtonElement).addEventListener('click', (event) => {
    mute(!isMuted());
    (event.currentTarget as HTMLElement).setAttribute('aria-pressed', String(isMuted()));
    caller.draw();
    consultant.draw();
  });
  byId('views', HTMLElement).addEventListener('click', (event) => {
    const side = (event.target as HTMLElement).dataset['view'];
    if (side === 'a' || side === 'page' || side === 'b') lookAt(side);
  });
  playButton.addEventListener('click', () => {
    if (playing !== undefined) {
      playing.abort();
      return;
    }
    playing = new AbortController();
    showPlay();
    const parts = { feed, caller, consultant, view };
    const [ddi] = facts.ddis;
    const played =
      callChosen() === 'known' && ddi
        ? playKnownCall(ddi.number, parts, playing.signal)
        : callChosen() === 'demo-ticket'
          ? playTicket(parts, playing.signal)
          : playCall(lineChosen(), parts, playing.signal);
    void played
      .catch((error: unknown) => view.trouble(String(error)))
      .finally(() => {
        playing = undefined;
        showPlay();
      });
  });
}

function wireIsIdle(): boolean {
  const { a, b } = byId('wire', HTMLElement).dataset;
  return a === 'idle' && b === 'idle';
}

void start();
