// The form for access codes on merchants' own pages:
//
//   <script src="https://pay.example/access.js" data-resource="club" async></script>
//
// It puts a field and a button where the script stands, which post to our page: on sites the merchant listed whoever has a code
// is sent on at once; elsewhere our page asks for it again. Attributes: `data-resource` (needed), `data-label`, `data-open`
// (the button's word), `data-lang` (fr, en), `data-color` (#rrggbb).

import { accessTexts } from '../texts-access.ts';
import { eachScript, fillOf, languageOf, shadowBeside } from './page/beside-script.ts';
import { readableOn } from './page/readable-on.ts';

eachScript('resource', /\/access\.js(\?|$)/, placeForm);

function placeForm(script: HTMLScriptElement): void {
  const { resource = '', label, open } = script.dataset;
  const language = languageOf(script);
  const texts = accessTexts[language];
  const address = new URL(`/access/${encodeURIComponent(resource)}`, script.src);
  address.searchParams.set('lang', language);

  const shadow = shadowBeside(script, styles(fillOf(script)));
  const form = document.createElement('form');
  form.method = 'post';
  form.action = address.href;
  form.target = '_top';
  const code = document.createElement('input');
  code.name = 'code';
  code.required = true;
  code.maxLength = 80;
  code.autocomplete = 'off';
  code.spellcheck = false;
  code.autocapitalize = 'characters';
  const name = document.createElement('label');
  name.append(label ?? texts['access.code'], code);
  const button = document.createElement('button');
  button.textContent = open ?? texts['access.open'];
  button.setAttribute('part', 'button');
  form.append(name, button);
  shadow.append(form);
}

function styles(fill: string): string {
  return `
    form{display:flex;flex-wrap:wrap;gap:10px;align-items:end;max-width:460px;font:400 16px/22px system-ui,sans-serif}
    label{display:grid;gap:4px;flex:1 1 220px;font-weight:600}
    input{box-sizing:border-box;width:100%;min-height:48px;padding:10px 14px;border:1px solid #767b84;border-radius:10px;
      background:#fff;color:#16191d;font:600 18px/24px ui-monospace,monospace;letter-spacing:.08em}
    button{min-height:48px;padding:11px 22px;border:0;border-radius:10px;background:${fill};color:${readableOn(fill)};
      font:600 17px/24px system-ui,sans-serif;cursor:pointer}
    button:hover{filter:brightness(.94)}
    :focus-visible{outline:3px solid ${fill};outline-offset:2px}`;
}
