// Credit for an account, in the browser: shows what would be paid for what is chosen, and places the order. Sentences and
// amounts come from the server.

import { post } from './page/asking.ts';
import { element, isBusy, sayBeside, setBusy, wordsOf } from './page/elements.ts';

const form = element('topup', HTMLFormElement);
const words = wordsOf(form);
const code = element('code', HTMLInputElement);
const said = element('code-said', HTMLElement);
const refused = element('refused', HTMLElement);
const submitButton = element('submit', HTMLElement).querySelector<HTMLButtonElement>('button[type="submit"]');

showChoice();
form.addEventListener('change', showChoice);
code.addEventListener('input', () => {
  sayBeside(code, said, '');
});
form.addEventListener('submit', (event) => {
  event.preventDefault();
  void order();
});
// Back from the order's page the browser may show this one as it was left: with a button still at work.
window.addEventListener('pageshow', () => {
  if (submitButton) setBusy(submitButton, undefined);
});

function chosen(): HTMLInputElement | undefined {
  const input = form.querySelector('input[name="amount"]:checked');
  return input instanceof HTMLInputElement ? input : undefined;
}

function showChoice(): void {
  element('chosen-amount', HTMLElement).textContent = chosen()?.dataset['shown'] ?? '';
}

async function order(): Promise<void> {
  if (!submitButton || isBusy(submitButton)) return;
  refused.hidden = true;
  if (!/\d/.test(code.value)) {
    showCodeProblem(words('codeWrong'));
    return;
  }
  setBusy(submitButton, words('working'));
  const answer = await post<{ orderUrl: string }>(form.getAttribute('action') ?? '', {
    code: code.value,
    amount: chosen()?.value ?? '',
  });
  if (answer.outcome === 'done') {
    // Stays busy until the next page is there.
    location.assign(answer.body.orderUrl);
    return;
  }
  setBusy(submitButton, undefined);
  if (answer.outcome === 'offline') showRefusal(words('network'));
  else if (answer.problem.field === 'code') showCodeProblem(answer.problem.detail);
  else showRefusal(answer.problem.detail);
}

function showCodeProblem(sentence: string): void {
  sayBeside(code, said, sentence);
  code.focus();
}

function showRefusal(sentence: string): void {
  const place = refused.querySelector('p');
  if (place) place.textContent = sentence;
  refused.hidden = false;
  refused.focus();
}
