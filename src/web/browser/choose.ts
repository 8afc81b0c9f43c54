// The first page in the browser: keeps who is free up to date, says what would be held for what is chosen, checks the
// phone number while it is typed, and places the order. Prices and sentences come from the server; none is made here.

import { post } from './page/asking.ts';
import {
  element,
  isBusy,
  looksLikeEmail,
  maybeElement,
  sayBeside,
  setBusy,
  speak,
  wordsOf,
} from './page/elements.ts';
import { follow } from './page/following.ts';
import { Bell } from './page/bell.ts';

/** As choose-page.ts makes it. */
interface LineState {
  version: string;
  consultants: { id: string; reachable: boolean; state: string; status: string }[];
  anybodyFree: boolean;
  freeNow: string;
  priceMark: string;
  open: boolean;
  noCalls: string;
}

const form = element('choose', HTMLFormElement);
const words = wordsOf(form);
const isConversation = words('sells') === 'conversation';
const refused = element('refused', HTMLElement);
const submitButton = element('submit', HTMLElement).querySelector<HTMLButtonElement>('button[type="submit"]');
const plainTitle = document.title;
/** Longer than an order takes on a good day. */
const slowMs = 4_000;
/** While no calls can be ordered the page asks by itself: a switch that comes back tells nobody. */
const noCallsLookMs = 5_000;
/** What was filled in outlives the reload that shows a new price. */
const keptUnder = `ringmeter ${location.pathname}`;

if (isConversation) {
  restore();
  showChoice();
  form.addEventListener('change', showChoice);
  checkPhoneAsTyped();
  followLine();
}
form.addEventListener('submit', (event) => {
  event.preventDefault();
  void order();
});
element('reload', HTMLButtonElement).addEventListener('click', () => {
  keep();
  location.reload();
});
// Back from the order's page the browser may show this one as it was left: with a button still at work.
window.addEventListener('pageshow', () => {
  if (submitButton) setBusy(submitButton, undefined);
});
if (window.parent !== window) window.parent.postMessage({ ringmeter: 'ready' }, '*');

// --- What is chosen --------------------------------------------------------------------------------------------

function chosen(name: string): HTMLInputElement | undefined {
  const input = form.querySelector(`input[name="${name}"]:checked`);
  return input instanceof HTMLInputElement ? input : undefined;
}

function showChoice(): void {
  const length = chosen('seconds');
  const who = element('chosen-who', HTMLElement);
  who.textContent = chosen('consultant')?.dataset['name'] ?? who.dataset['anybody'] ?? '';
  element('chosen-length', HTMLElement).textContent = length?.dataset['duration'] ?? '';
  element('chosen-hold', HTMLElement).textContent = length?.dataset['hold'] ?? '';
  element('chosen-help', HTMLElement).textContent = length?.dataset['help'] ?? '';
  const more = element('chosen-more', HTMLElement);
  more.textContent = length?.dataset['more'] ?? '';
  more.hidden = more.textContent === '';
}

function keep(): void {
  const kept = {
    phone: element('phone', HTMLInputElement).value,
    country: element('country', HTMLSelectElement).value,
  };
  sessionStorage.setItem(keptUnder, JSON.stringify(kept));
}

function restore(): void {
  const kept = sessionStorage.getItem(keptUnder);
  if (kept === null) return;
  sessionStorage.removeItem(keptUnder);
  const { phone, country } = JSON.parse(kept) as { phone: string; country: string };
  element('phone', HTMLInputElement).value = phone;
  element('country', HTMLSelectElement).value = country;
}

// --- The phone number ------------------------------------------------------------------------------------------

interface CheckedPhone {
  good: boolean;
  sentence: string;
  country?: string;
  /** Not wrong, only not finished: no reason to scold somebody who is still typing. */
  unfinished?: boolean;
}

function checkPhoneAsTyped(): void {
  const phone = element('phone', HTMLInputElement);
  const country = element('country', HTMLSelectElement);
  let asked: AbortController | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const check = async (): Promise<void> => {
    asked?.abort();
    asked = new AbortController();
    const { signal } = asked;
    const typed = phone.value.trim();
    if (typed === '') {
      showPhoneIdle();
      return;
    }
    const answer = await post<CheckedPhone>(
      words('phoneCheck'),
      { phone: typed, country: country.value },
      signal,
    );
    // An answer to what was typed before says nothing about what stands there now.
    if (signal.aborted || answer.outcome !== 'done') return;
    const { good, sentence, unfinished, country: itsCountry } = answer.body;
    if (good) {
      showPhoneGood(sentence);
      if (itsCountry !== undefined && hasOption(country, itsCountry)) country.value = itsCountry;
    } else if (unfinished === true && document.activeElement === phone) showPhoneIdle();
    else showPhoneProblem(sentence);
  };
  const checkSoon = (): void => {
    clearTimeout(timer);
    // Long enough for the next digit, short enough to feel immediate.
    timer = setTimeout(() => void check(), 300);
  };
  phone.addEventListener('input', checkSoon);
  phone.addEventListener('blur', checkSoon);
  country.addEventListener('change', checkSoon);
  if (phone.value !== '') void check();
}

function hasOption(select: HTMLSelectElement, value: string): boolean {
  return [...select.options].some((option) => option.value === value);
}

function showPhoneIdle(): void {
  const said = element('phone-said', HTMLElement);
  sayBeside(element('phone', HTMLInputElement), said, '');
  said.classList.remove('good');
  said.textContent = said.dataset['idle'] ?? '';
}

function showPhoneGood(sentence: string): void {
  const said = element('phone-said', HTMLElement);
  sayBeside(element('phone', HTMLInputElement), said, '');
  said.classList.add('good');
  said.textContent = sentence;
}

function showPhoneProblem(sentence: string): void {
  const said = element('phone-said', HTMLElement);
  said.classList.remove('good');
  sayBeside(element('phone', HTMLInputElement), said, sentence);
}

// --- Ordering --------------------------------------------------------------------------------------------------

async function order(): Promise<void> {
  if (noCallsNow()) {
    // The button stands at the end of a long page on a phone, the sentence at its top.
    element('no-calls', HTMLElement).focus();
    return;
  }
  if (!submitButton || isBusy(submitButton)) return;
  refused.hidden = true;
  if (isConversation && element('phone', HTMLInputElement).value.trim() === '') {
    showPhoneProblem(words('phoneEmpty'));
    element('phone', HTMLInputElement).focus();
    return;
  }
  setBusy(submitButton, words('working'));
  const waiting = new AbortController();
  const calm = sayWhenSlow(waiting);
  const answer = await post<{ orderUrl: string }>(form.getAttribute('action') ?? '', wish(), waiting.signal);
  calm();
  if (answer.outcome === 'done') {
    // Stays busy until the next page is there.
    location.assign(answer.body.orderUrl);
    return;
  }
  setBusy(submitButton, undefined);
  if (waiting.signal.aborted) showRefusal(words('stopped'));
  else if (answer.outcome === 'offline') showRefusal(words('network'));
  else if (answer.problem.field === 'phone') {
    showPhoneProblem(answer.problem.detail);
    element('phone', HTMLInputElement).focus();
  } else showRefusal(answer.problem.detail, answer.problem.because === 'price_changed');
}

/** After some seconds: wait, nothing is held; and a way out. Returns how to take it back. */
function sayWhenSlow(waiting: AbortController): () => void {
  const slow = element('slow', HTMLElement);
  const stop = element('stop-waiting', HTMLButtonElement);
  const leave = (): void => {
    waiting.abort();
  };
  const timer = setTimeout(() => {
    slow.hidden = false;
  }, slowMs);
  stop.addEventListener('click', leave);
  return () => {
    clearTimeout(timer);
    slow.hidden = true;
    stop.removeEventListener('click', leave);
  };
}

function wish(): object {
  const priceMark = words('priceMark');
  if (!isConversation) return { priceMark };
  return {
    priceMark,
    consultant: chosen('consultant')?.value ?? '',
    seconds: Number(chosen('seconds')?.value),
    phone: element('phone', HTMLInputElement).value,
    country: element('country', HTMLSelectElement).value,
  };
}

function showRefusal(sentence: string, priceChanged = false): void {
  const place = refused.querySelector('p');
  if (place) place.textContent = sentence;
  element('reload', HTMLButtonElement).hidden = !priceChanged;
  refused.hidden = false;
  refused.focus();
}

// --- When no calls can be ordered --------------------------------------------------------------------------------

function noCallsNow(): boolean {
  return !element('no-calls', HTMLElement).hidden;
}

/** Shows why nothing can be ordered, or that it can again. What was filled in stays. */
function showNoCalls(sentence: string): void {
  const place = element('no-calls', HTMLElement);
  const was = noCallsNow();
  if (place.textContent !== sentence) place.textContent = sentence;
  place.hidden = sentence === '';
  if (submitButton && !submitButton.classList.contains('busy'))
    submitButton.setAttribute('aria-disabled', String(sentence !== ''));
  // What was refused meanwhile was refused for this.
  if (was && sentence === '') refused.hidden = true;
}

// --- Who is free -----------------------------------------------------------------------------------------------

function followLine(): void {
  const bell = new Bell();
  let wasFree = !element('open', HTMLElement).hidden;
  const ring = element('ring', HTMLButtonElement);
  ring.addEventListener('click', () => {
    bell.arm();
    ring.setAttribute('aria-pressed', 'true');
    ring.textContent = ring.dataset['on'] ?? '';
  });
  tellByMail();

  const show = (state: LineState): void => {
    if (!state.open) {
      location.reload();
      return;
    }
    showNoCalls(state.noCalls);
    for (const consultant of state.consultants) showConsultant(consultant);
    moveFromUnreachable();
    showChoice();
    if (state.priceMark !== words('priceMark')) showRefusal(words('priceChanged'), true);
    if (state.anybodyFree === wasFree) return;
    wasFree = state.anybodyFree;
    const focusWasThere = element('nobody', HTMLElement).contains(document.activeElement);
    element('open', HTMLElement).hidden = !wasFree;
    element('submit', HTMLElement).hidden = !wasFree;
    element('summary', HTMLElement).hidden = !wasFree;
    element('nobody', HTMLElement).hidden = wasFree;
    document.title = wasFree ? words('freeTitle') : plainTitle;
    speak(wasFree ? state.freeNow : words('gone'));
    if (wasFree) {
      bell.ring();
      if (focusWasThere) chosen('consultant')?.focus();
    }
  };
  const following = follow<LineState>({
    events: words('events'),
    state: words('events').replace('/events?', '/state?'),
    onState: show,
    onLink: (up) => {
      element('offline', HTMLElement).hidden = up;
    },
  });
  setInterval(() => {
    if (noCallsNow()) void following.look();
  }, noCallsLookMs);
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') document.title = plainTitle;
  });
}

function showConsultant({ id, reachable, state, status }: LineState['consultants'][number]): void {
  const label = form.querySelector(`[data-consultant="${CSS.escape(id)}"]`);
  const input = label?.querySelector('input');
  const shown = label?.querySelector('.status');
  if (!input || !shown) return;
  input.disabled = !reachable;
  shown.className = `status ${state}`;
  shown.textContent = status;
}

/** Whoever was chosen and is no longer free makes room for the first who is. */
function moveFromUnreachable(): void {
  const now = chosen('consultant');
  if (now && !now.disabled) return;
  const next = form.querySelector('input[name="consultant"]:not(:disabled)');
  if (next instanceof HTMLInputElement) next.checked = true;
}

function tellByMail(): void {
  const mail = maybeElement('mail', HTMLElement);
  if (!mail) return;
  const email = element('email', HTMLInputElement);
  const said = element('email-said', HTMLElement);
  const button = element('tell-me', HTMLButtonElement);
  const send = async (): Promise<void> => {
    if (isBusy(button)) return;
    if (!looksLikeEmail(email.value)) {
      sayBeside(email, said, words('mailWrong'));
      email.focus();
      return;
    }
    setBusy(button, words('working'));
    const answer = await post<{ sentence: string }>(words('mailAction'), { email: email.value.trim() });
    setBusy(button, undefined);
    if (answer.outcome === 'done') {
      sayBeside(email, said, '');
      said.classList.add('good');
      said.textContent = answer.body.sentence;
    } else {
      sayBeside(email, said, answer.outcome === 'problem' ? answer.problem.detail : words('network'));
    }
  };
  button.addEventListener('click', () => void send());
  email.addEventListener('keydown', (event) => {
    // Enter in this field asks for the mail; the form around it would place an order.
    if (event.key !== 'Enter') return;
    event.preventDefault();
    void send();
  });
}
