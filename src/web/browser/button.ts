// The one-line button for merchants' own pages:
//
//   <script src="https://pay.example/button.js" data-line="demo" async></script>
//
// It puts a link that looks like a button where the script stands. Attributes: `data-line` (needed), `data-consultant`,
// `data-minutes`, `data-phone`; `data-reference` and `data-return`, which need `data-signature` (embed.ts says how);
// `data-label`, `data-lang` (fr, en), `data-color` (#rrggbb), `data-open="modal"` to open the page over the merchant's own,
// which works on sites the merchant listed; elsewhere it opens as a page of its own after all.

import { buttonTexts } from '../texts-button.ts';
import { eachScript, fillOf, languageOf, shadowBeside } from './page/beside-script.ts';
import { readableOn } from './page/readable-on.ts';

const parameters = ['consultant', 'minutes', 'phone', 'reference', 'return', 'signature'] as const;
/** A page that may not be framed never says it is there; by then the visitor has waited long enough. */
const readyMs = 4_000;

eachScript('line', /\/button\.js(\?|$)/, placeButton);

function placeButton(script: HTMLScriptElement): void {
  const { line = '', label, open } = script.dataset;
  const language = languageOf(script);
  const texts = buttonTexts[language];
  const address = new URL(`/pay/${encodeURIComponent(line)}`, script.src);
  for (const name of parameters) {
    const value = script.dataset[name];
    if (value !== undefined && value !== '') address.searchParams.set(name, value);
  }
  address.searchParams.set('lang', language);

  const shadow = shadowBeside(script, styles(fillOf(script)));
  const link = document.createElement('a');
  link.href = address.href;
  link.target = '_blank';
  link.rel = 'noopener';
  link.textContent = label ?? texts['button.label'];
  link.setAttribute('part', 'button');
  shadow.append(link);
  if (open !== 'modal') return;
  link.addEventListener('click', (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    openOver(shadow, link, address, texts);
  });
}

function openOver(
  shadow: ShadowRoot,
  link: HTMLAnchorElement,
  address: URL,
  texts: (typeof buttonTexts)['fr' | 'en'],
): void {
  const dialog = document.createElement('dialog');
  dialog.setAttribute('aria-label', texts['button.dialog']);
  const close = document.createElement('button');
  close.type = 'button';
  close.textContent = '×';
  close.setAttribute('aria-label', texts['button.close']);
  const page = document.createElement('iframe');
  page.src = address.href;
  page.title = texts['button.dialog'];
  page.allow = 'payment';
  dialog.append(close, page);
  shadow.append(dialog);

  const tooLate = setTimeout(() => {
    location.assign(address.href);
  }, readyMs);
  const heard = (event: MessageEvent<unknown>): void => {
    if (event.source === page.contentWindow && event.origin === address.origin) clearTimeout(tooLate);
  };
  window.addEventListener('message', heard);
  close.addEventListener('click', () => {
    dialog.close();
  });
  dialog.addEventListener('close', () => {
    clearTimeout(tooLate);
    window.removeEventListener('message', heard);
    dialog.remove();
    link.focus();
  });
  dialog.showModal();
}

function styles(fill: string): string {
  return `
    a{display:inline-block;box-sizing:border-box;min-height:48px;padding:13px 22px;border-radius:10px;background:${fill};
      color:${readableOn(fill)};font:600 17px/22px system-ui,sans-serif;text-decoration:none}
    a:hover{filter:brightness(.94)}
    a:focus-visible{outline:3px solid ${fill};outline-offset:3px}
    dialog{box-sizing:border-box;width:min(1040px,100vw);height:min(900px,100dvh);max-width:100vw;max-height:100dvh;
      padding:0;border:0;border-radius:14px;overflow:hidden;background:#fff}
    dialog::backdrop{background:rgb(16 18 20/.6)}
    dialog button{position:absolute;top:8px;right:12px;width:44px;height:44px;border:0;border-radius:22px;
      background:#eceef1;color:#16191d;font:26px/1 system-ui,sans-serif;cursor:pointer}
    iframe{display:block;width:100%;height:100%;border:0}
    @media(max-width:600px){dialog{border-radius:0}}`;
}
