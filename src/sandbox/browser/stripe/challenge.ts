// The bank's page over the merchant's: a dialog with a frame, until the bank has its answer or the person gives up. Not
// here: what the answer was; whoever opened this asks the processor.

import { texts, type FieldLanguage } from './messages.ts';
import { opened, type AuthenticationOver } from './protocol.ts';

/** Resolves when it is over, however it ended. `url` is the page of the bank. */
export async function showChallenge(url: string, language: FieldLanguage): Promise<void> {
  const before = document.activeElement;
  const address = new URL(url);
  address.searchParams.set('locale', language);
  const frame = document.createElement('iframe');
  frame.src = address.href;
  frame.title = texts[language].bankFrame;
  const close = document.createElement('button');
  close.type = 'button';
  close.textContent = texts[language].close;
  const box = document.createElement('div');
  box.append(frame, close);
  const dialog = document.createElement('div');
  dialog.setAttribute('role', 'dialog');
  dialog.setAttribute('aria-modal', 'true');
  dialog.setAttribute('aria-label', texts[language].bankFrame);
  dialog.append(box);
  dress(dialog, box, frame, close);
  document.body.append(dialog);
  frame.focus();

  await new Promise<void>((resolve) => {
    const heard = (event: MessageEvent): void => {
      const ours = event.source === frame.contentWindow && event.origin === address.origin;
      const message = ours ? (opened(event.data) as AuthenticationOver | undefined) : undefined;
      if (message?.act === 'authenticationOver') over();
    };
    const pressed = (event: KeyboardEvent): void => {
      if (event.key === 'Escape') giveUp();
    };
    const giveUp = (): void => {
      // A person who closes the bank's page was not authenticated: the processor must not wait for him for ever.
      const failed = fetch(address, {
        method: 'POST',
        mode: 'no-cors',
        body: new URLSearchParams({ outcome: 'fail' }),
      });
      failed.then(over, over);
    };
    const over = (): void => {
      window.removeEventListener('message', heard);
      document.removeEventListener('keydown', pressed);
      resolve();
    };
    window.addEventListener('message', heard);
    document.addEventListener('keydown', pressed);
    close.addEventListener('click', giveUp);
  });
  dialog.remove();
  if (before instanceof HTMLElement) before.focus();
}

/** By properties, never by attributes: the page's policy may forbid those. */
function dress(dialog: HTMLElement, box: HTMLElement, frame: HTMLElement, close: HTMLElement): void {
  Object.assign(dialog.style, {
    position: 'fixed',
    inset: '0',
    zIndex: '2147483647',
    display: 'flex',
    alignItems: 'center',
    justifyContent: 'center',
    background: 'rgba(16, 24, 40, 0.6)',
  });
  Object.assign(box.style, {
    display: 'flex',
    flexDirection: 'column',
    width: 'min(440px, 100vw)',
    height: 'min(520px, 100vh)',
    background: '#fff',
    borderRadius: '12px',
    overflow: 'hidden',
  });
  Object.assign(frame.style, { flex: '1', width: '100%', border: '0' });
  Object.assign(close.style, {
    border: '0',
    borderTop: '1px solid #e4e7ec',
    padding: '12px',
    font: '600 14px system-ui, sans-serif',
    color: '#344054',
    background: '#fff',
    cursor: 'pointer',
  });
}
