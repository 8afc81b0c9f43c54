// The order's page in the browser. The server says where the order stands and what is shown; here that is put in place,
// the card is confirmed with Stripe, and the clock runs. Nothing is remembered: whatever this page was, the next state
// from the server is what it becomes.

import { get, post, type Answer } from './page/asking.ts';
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
import { follow, type Following } from './page/following.ts';
import { loadStripe, mountCardFields, type CardFields, type Stripe } from './page/stripe-fields.ts';
import { runTalkClock, showClock, type Talk } from './page/talk-clock.ts';

/** What came with the page itself, which shows the rest already. */
interface ShownState {
  phase: string;
  version: string;
  final: boolean;
  now: string;
  reservedUntil?: string;
  declined?: string;
  goTo?: string;
  talk?: Talk;
}

/** As order-page.ts makes it. */
interface OrderState extends ShownState {
  documentTitle: string;
  spoken: string;
  panel: string;
  aside: string;
}

/** Over within seconds: a receipt, or a hold let go. The caller waits for it, so it is asked for as well. */
const settling = ['paying', 'ended', 'failed'];
const settlingLookMs = 3_000;
/** Long enough to see that the payment is done, and where one is taken. */
const goOnMs = 2_500;
/** Longer than a bank takes on a good day; sooner would make people doubt what works. */
const slowMs = 5_000;

const root = maybeElement('order', HTMLElement);
if (root) runOrderPage(root);
maybeElement('print', HTMLButtonElement)?.addEventListener('click', () => {
  window.print();
});
// Tells a merchant's button that this page may be framed there. It says nothing else, so anybody may hear it.
if (window.parent !== window) window.parent.postMessage({ ringmeter: 'ready' }, '*');

function runOrderPage(page: HTMLElement): void {
  const words = wordsOf(page);
  const language = words('language');
  const base = words('base');
  const at = (step: string): string => `${base}/${step}?lang=${language}`;
  const panel = element('panel', HTMLElement);
  const aside = element('aside', HTMLElement);
  const offline = element('offline', HTMLElement);

  let { phase, version } = JSON.parse(words('state')) as ShownState;
  let serverAheadMs = 0;
  let paying = false;
  const live: { following?: Following } = {};
  /** Ends what the present phase runs: clocks, card fields. */
  let leavePhase: (() => void)[] = [];
  const serverNowMs = (): number => Date.now() + serverAheadMs;
  const setClock = (state: ShownState): void => {
    serverAheadMs = Date.parse(state.now) - Date.now();
  };

  const show = (state: OrderState, force = false): void => {
    setClock(state);
    // While the bank asks, its own window stands over the form: what is under it stays.
    const bankIsAsking = paying && (state.phase === 'card' || state.phase === 'action');
    if (!force && (bankIsAsking || state.version === version)) return;
    version = state.version;
    aside.innerHTML = state.aside;
    document.title = state.documentTitle;
    // The card form is never replaced under somebody's fingers.
    if (phase === 'card' && state.phase === 'card' && !force) {
      runReservation(state.reservedUntil);
      if (state.declined !== undefined) showProblem(state.declined);
      return;
    }
    const hadFocus = panel.contains(document.activeElement);
    for (const leave of leavePhase) leave();
    leavePhase = [];
    paying = false;
    phase = state.phase;
    page.dataset['phase'] = phase;
    const unfolded = new Set([...panel.querySelectorAll('details[open] > summary')].map(titleOf));
    panel.innerHTML = state.panel;
    // What somebody has just unfolded does not fold under his finger.
    for (const summary of panel.querySelectorAll('details > summary')) {
      if (unfolded.has(titleOf(summary))) summary.parentElement?.setAttribute('open', '');
    }
    speak(state.spoken);
    if (hadFocus) maybeElement('headline', HTMLElement)?.focus({ preventScroll: true });
    // Who pressed the button at the end of a long form must see what came of it.
    if (panel.getBoundingClientRect().top < 0) panel.scrollIntoView();
    enterPhase(state);
    // Only who saw the payment through is taken on: whoever opens his receipt later stays with it.
    if (state.goTo !== undefined) goOnTo(state.goTo);
    if (state.final) live.following?.stop();
  };

  const goOnTo = (address: string): void => {
    setTimeout(() => {
      // A frame may be kept from it; the link that leads there stands beside the receipt.
      window.open(address, '_top');
    }, goOnMs);
  };

  const enterPhase = (state: ShownState): void => {
    if (state.phase === 'card') {
      runReservation(state.reservedUntil);
      leavePhase.push(takeCard());
    }
    if (state.phase === 'action') askBank();
    if (!state.final && settling.includes(state.phase)) leavePhase.push(lookOften());
    if (state.talk) {
      const said = { language, left: words('left'), nearLimit: words('nearLimit') };
      leavePhase.push(runTalkClock(state.talk, said, serverNowMs));
    }
  };

  const lookOften = (): (() => void) => {
    const timer = setInterval(() => void live.following?.look(), settlingLookMs);
    return () => {
      clearInterval(timer);
    };
  };

  const showAnswer = (answer: Answer<OrderState>, force = false): void => {
    if (answer.outcome === 'done') show(answer.body, force);
    else if (answer.outcome === 'problem') showProblem(answer.problem.detail);
    else showProblem(words('network'));
  };

  const showProblem = (sentence: string, chooseAgain = false): void => {
    const problem = maybeElement('problem', HTMLElement);
    if (!problem) {
      speak(sentence);
      return;
    }
    problem.textContent = sentence;
    if (chooseAgain) {
      const again = document.createElement('a');
      again.href = words('again');
      again.textContent = words('againText');
      problem.append(' ', again);
    }
    problem.hidden = false;
    problem.focus();
  };

  let stopReservation: (() => void) | undefined;
  const runReservation = (until: string | undefined): void => {
    stopReservation?.();
    const place = maybeElement('reserved', HTMLElement);
    if (!place || until === undefined) return;
    const untilMs = Date.parse(until);
    const tick = (): void => {
      const left = Math.ceil((untilMs - serverNowMs()) / 1000);
      place.hidden = false;
      place.classList.toggle('lapsed', left <= 0);
      place.textContent =
        left > 0 ? words('reserved').replace('{time}', showClock(left)) : words('reservedLapsed');
    };
    tick();
    const timer = setInterval(tick, 500);
    stopReservation = () => {
      clearInterval(timer);
    };
    leavePhase.push(stopReservation);
  };

  /** The card form: fields, checks, agreement, confirmation. Returns how to leave it. */
  const takeCard = (): (() => void) => {
    const form = element('pay', HTMLFormElement);
    const button = element('order-button', HTMLButtonElement);
    let gone = false;
    let stripe: Stripe | undefined;
    let fields: CardFields | undefined;
    void loadStripe(stripeSettings()).then((loaded) => {
      if (gone) return;
      stripe = loaded;
      if (!loaded) {
        element('card-loading', HTMLElement).hidden = true;
        showProblem(words('cardUnavailable'));
        return;
      }
      fields = mountCardFields(loaded, language);
    });
    const submit = async (): Promise<void> => {
      if (isBusy(button) || !isComplete(form, fields)) return;
      if (!stripe || !fields) {
        showProblem(words('cardUnavailable'));
        return;
      }
      maybeElement('problem', HTMLElement)?.setAttribute('hidden', '');
      paying = true;
      setBusy(button, words('working'));
      const calm = sayWhenSlow();
      await pay(stripe, fields, form);
      calm();
      paying = false;
      setBusy(button, undefined);
    };
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      void submit();
    });
    return () => {
      gone = true;
      fields?.destroy();
    };
  };

  /** After some seconds without an answer: wait, nothing is charged. Returns how to take it back. */
  const sayWhenSlow = (): (() => void) => {
    const timer = setTimeout(() => {
      const slow = maybeElement('slow', HTMLElement);
      if (slow) slow.hidden = false;
    }, slowMs);
    return () => {
      clearTimeout(timer);
      maybeElement('slow', HTMLElement)?.setAttribute('hidden', '');
    };
  };

  /** `true` when everything that can be checked here is there; else the first gap has the focus and its sentence. */
  const isComplete = (form: HTMLFormElement, fields: CardFields | undefined): boolean => {
    let first: HTMLElement | undefined;
    for (const id of ['immediate', 'withdrawal']) {
      const box = element(id, HTMLInputElement);
      sayBeside(box, element(`${id}-said`, HTMLElement), box.checked ? '' : words('mustAgree'));
      if (!box.checked) first ??= box;
    }
    const email = form.elements.namedItem('email');
    if (email instanceof HTMLInputElement) {
      const good = email.value.trim() === '' || looksLikeEmail(email.value);
      sayBeside(email, element('email-said', HTMLElement), good ? '' : words('emailWrong'));
      if (!good) first = email;
    }
    const cardMissing = fields?.showIncomplete(words('cardIncomplete')) ?? false;
    if (!cardMissing) first?.focus();
    return first === undefined && !cardMissing;
  };

  const pay = async (stripe: Stripe, fields: CardFields, form: HTMLFormElement): Promise<void> => {
    const email = form.elements.namedItem('email');
    const agreed = await post<{ clientSecret: string }>(at('agree'), {
      mark: form.dataset['mark'] ?? '',
      immediate: true,
      withdrawal: true,
      email: email instanceof HTMLInputElement ? email.value.trim() : '',
    });
    if (agreed.outcome === 'problem') {
      // Another tab may have paid, or the order may have changed: the server knows, then the sentence is said.
      const { because, detail } = agreed.problem;
      const answer = await get<OrderState>(at('state'));
      paying = false;
      if (answer.outcome === 'done') show(answer.body, because === 'changed');
      if (phase === 'card') showProblem(detail, because === 'too_late');
      return;
    }
    if (agreed.outcome === 'offline') {
      showProblem(words('network'));
      return;
    }
    const result = await stripe.confirmCardPayment(agreed.body.clientSecret, {
      payment_method: { card: fields.card },
      return_url: new URL(base, location.href).href,
    });
    const answer = await post<OrderState>(at('paid'), {});
    paying = false;
    if (result.error) {
      showAnswer(answer);
      if (phase !== 'card') return;
      const declined = answer.outcome === 'done' ? answer.body.declined : undefined;
      showProblem(declined ?? `${result.error.message ?? words('declined')} ${words('tryAgain')}`);
      return;
    }
    showAnswer(answer);
    // The bank has said yes and the server has not heard it yet: it will within seconds, and nothing is to be done here.
    if (phase === 'card') await untilMoved();
  };

  /** Keeps the button busy until the server has seen the payment. */
  const untilMoved = async (): Promise<void> => {
    const form = maybeElement('pay', HTMLFormElement);
    while (phase === 'card' && form?.isConnected === true) {
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      await live.following?.look();
    }
  };

  const askBank = (): void => {
    const button = element('action-button', HTMLButtonElement);
    const act = async (): Promise<void> => {
      if (isBusy(button)) return;
      paying = true;
      setBusy(button, words('actionWorking'));
      const calm = sayWhenSlow();
      const failure = await authenticate();
      calm();
      const answer = await post<OrderState>(at('paid'), {});
      paying = false;
      setBusy(button, undefined);
      showAnswer(answer);
      if (phase === 'action' && failure !== undefined) showProblem(failure);
    };
    button.addEventListener('click', () => void act());
  };

  /** The sentence that says why it did not work, `undefined` when the bank agreed. */
  const authenticate = async (): Promise<string | undefined> => {
    const stripe = await loadStripe(stripeSettings());
    if (!stripe) return words('cardUnavailable');
    const mark = maybeElement('action', HTMLElement)?.dataset['mark'] ?? '';
    const agreed = await post<{ clientSecret: string }>(at('agree'), { mark });
    if (agreed.outcome === 'problem') return agreed.problem.detail;
    if (agreed.outcome === 'offline') return words('network');
    const result = await stripe.handleNextAction({ clientSecret: agreed.body.clientSecret });
    return result.error ? words('actionFailed') : undefined;
  };

  const stripeSettings = () => ({
    js: words('stripeJs'),
    key: words('stripeKey'),
    account: words('stripeAccount'),
    language,
  });

  panel.addEventListener('click', (event) => {
    const button = event.target instanceof Element ? event.target.closest('[data-act]') : null;
    if (!(button instanceof HTMLButtonElement) || isBusy(button)) return;
    setBusy(button, button.dataset['working'] ?? button.textContent);
    void post<OrderState>(at(button.dataset['act'] ?? ''), {}).then((answer) => {
      showAnswer(answer);
      if (answer.outcome !== 'done') setBusy(button, undefined);
    });
  });

  // A bank that led away and back leaves its marks in the address; they are a hint to look, nothing more.
  if (new URLSearchParams(location.search).has('payment_intent')) {
    history.replaceState(null, '', base);
    void post<OrderState>(at('paid'), {}).then((answer) => {
      showAnswer(answer);
    });
  }
  const first = JSON.parse(words('state')) as ShownState;
  setClock(first);
  enterPhase(first);
  if (first.final) return;
  live.following = follow<OrderState>({
    events: at('events'),
    state: at('state'),
    onState: show,
    onLink: (up) => {
      offline.hidden = up;
    },
  });
}

function titleOf(summary: Element): string {
  return summary.textContent;
}
