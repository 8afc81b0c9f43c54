// What the merchant's page does in the browser. Text only becomes text: nothing that came from outside becomes markup.

export const merchantPageScript = `
const byId = (id) => document.getElementById(id);
const make = (tag, className, ...content) => { const e = document.createElement(tag); if (className) e.className = className; e.append(...content); return e; };
const chip = (text, kind) => make('span', 'chip ' + (kind || ''), text);
const pre = (text, label) => { const e = make('pre', '', text); e.tabIndex = 0; e.setAttribute('role', 'region'); e.setAttribute('aria-label', label); return e; };
const time = (instant) => new Date(instant).toLocaleTimeString();
const clock = (seconds) => Math.floor(seconds / 60) + ':' + String(seconds % 60).padStart(2, '0');

// --- What comes in: rows are replaced one by one, so that what is open stays open -------------------------------------
function fill(list, empty, rows) {
  const before = new Map([...list.children].map((row) => [row.dataset.id, row]));
  list.replaceChildren(...rows.map(({ id, is, draw }) => {
    const old = before.get(id);
    if (old && old.dataset.is === is) return old;
    const row = make('li', list.dataset.filled ? 'new' : '');
    row.dataset.id = id; row.dataset.is = is;
    const details = make('details', '', ...draw());
    details.open = old ? old.firstChild.open : false;
    row.append(details);
    return row;
  }));
  list.dataset.filled = 'yes';
  empty.hidden = rows.length > 0;
}
function listen(url, name, take) {
  const source = new EventSource(url);
  source.addEventListener(name, (event) => take(JSON.parse(event.data)));
  source.addEventListener('error', () => { if (source.readyState === 2) setTimeout(() => listen(url, name, take), 1000); });
}
const pretty = (text) => { try { return JSON.stringify(JSON.parse(text), null, 2); } catch { return text.replace(/></g, '>\\n<'); } };
const proofs = { signature: 'signature', username_token: 'UsernameToken', basic: 'password', bearer: 'secret', nothing: 'nothing' };
function verdict(answer) {
  if (!answer) return chip('being answered', 'warn');
  if (answer.status === 0) return chip('connection dropped', 'bad');
  const said = /"outcome":"(\\w+)"|<m:outcome>(\\w+)/.exec(answer.body);
  const word = said && (said[1] || said[2]);
  if (word) return chip(word.replace('_', ' '), word === 'recognized' ? 'ok' : 'warn');
  return chip('answered ' + answer.status, answer.status < 300 ? 'ok' : 'bad');
}
function requestRow(one, index, all) {
  const who = [one.client, one.fields.cli || (one.fields.cliTrust === 'withheld' ? 'number withheld' : ''), one.fields.clientCode && 'code ' + one.fields.clientCode].filter(Boolean).join(' · ');
  const used = one.operation === 'reportUsage' && one.fields.billableSeconds !== undefined ? ' · used ' + clock(one.fields.billableSeconds) + ', ' + one.fields.outcome : '';
  return { id: one.id + ' ' + (all.length - index) + one.receivedAt, is: JSON.stringify([one.answer, one.repeats]), draw: () => {
    const facts = make('dl', '');
    const fact = (name, value) => facts.append(make('dt', '', name), make('dd', '', String(value)));
    for (const [name, value] of Object.entries(one.fields)) fact(name, value);
    return [
      make('summary', '', make('b', '', one.operation), chip(one.protocol.toUpperCase()), chip((one.verified ? '' : 'refused: ') + proofs[one.provenBy], one.verified ? 'ok' : 'bad'),
        verdict(one.answer), ...(one.repeats ? [chip('repeat ' + one.repeats, 'warn')] : []),
        make('small', '', time(one.receivedAt) + (who ? ' · ' + who : '') + used + (one.tookMs === null ? '' : ' · ' + one.tookMs + ' ms'))),
      make('div', 'inside', facts, pre(pretty(one.body), 'Request'), pre(one.answer ? one.answer.status + '\\n' + pretty(one.answer.body) : '', 'Answer')),
    ];
  } };
}
function noticeRow(notice) {
  return { id: notice.id, is: JSON.stringify(notice.answers), draw: () => [
    make('summary', '', make('b', '', notice.type || '(no type)'), chip(notice.verified ? 'signature verified' : 'signature refused', notice.verified ? 'ok' : 'bad'),
      chip('answered ' + notice.answers.map((code) => code || 'nothing').join(', ')), make('small', '', time(notice.receivedAt))),
    make('div', 'inside', pre(typeof notice.body === 'string' ? notice.body : JSON.stringify(notice.body, null, 2), 'Notice')),
  ] };
}
listen('/api/merchant/events', 'notices', (notices) => fill(byId('notices'), byId('no-notices'), notices.map(noticeRow)));
listen('/api/merchant/requests/events', 'requests', (requests) => {
  fill(byId('requests'), byId('no-requests'), requests.map(requestRow));
  if (!document.querySelector('#clients details[open]')) void read();
});

// --- The books ------------------------------------------------------------------------------------------------------
let book = { clients: [], strangers: {} };
const api = async (method, body) => {
  const answer = await fetch('/api/merchant/clients', { method, ...(body && { body: JSON.stringify(body) }) }).catch(() => undefined);
  const told = answer ? await answer.json() : { error: 'The merchant does not answer.' };
  if (answer && answer.ok) book = told;
  return answer && answer.ok ? undefined : told.error;
};
const errors = [['', 'none'], ['500', '500'], ['503', '503'], ['404', '404'], ['302', 'redirect'], ['html', 'an HTML page'], ['nonsense', 'nonsense'], ['drip', 'byte by byte'], ['drop', 'connection dropped']];
const languages = [['', 'the line’s'], ['fr', 'French'], ['en', 'English']];
function field(name, label, value, options) {
  let input;
  if (options) {
    input = make('select', '', ...options.map(([value, text]) => { const o = make('option', '', text); o.value = value; return o; }));
    if (!options.some(([known]) => known === String(value ?? ''))) { const o = make('option', '', String(value)); o.value = String(value); input.append(o); }
  } else input = make(name === 'text' ? 'textarea' : 'input', '');
  input.name = name;
  if (name === 'text') input.rows = 2;
  input.value = value ?? '';
  return make('label', name === 'text' ? 'wide' : '', label, input);
}
function yes(name, label, value) {
  const input = make('input', ''); input.type = 'checkbox'; input.name = name; input.checked = value;
  return make('label', 'yes', input, label);
}
const number = (text) => text.trim() === '' ? null : Number(text);
const words = (text) => text.split(/[\\s,;]+/).filter(Boolean);
const misbehaviour = (text) => /^[0-9]+$/.test(text) ? Number(text) : text || null;
function clientOf(form) {
  const value = (name) => form.elements[name].value;
  return { name: value('name'), clientCode: value('clientCode'), clis: words(value('clis')), pin: value('pin'), talkLimitSeconds: number(value('talkLimitSeconds')), language: value('language'),
    consultants: words(value('consultants')), destination: value('destination').trim(), text: value('text'), blocked: form.elements.blocked.checked, delayMs: number(value('delayMs')) ?? 0, error: misbehaviour(value('error')) };
}
function editor(form, save, remove) {
  const said = make('span', 'said'); said.setAttribute('role', 'status');
  const button = make('button', 'save', 'Save');
  const acts = make('div', 'acts', button);
  if (remove) { const away = make('button', '', 'Remove'); away.type = 'button'; away.addEventListener('click', async () => { said.textContent = (await remove()) || ''; said.className = 'said bad'; }); acts.append(away); }
  acts.append(said);
  form.append(acts);
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const trouble = await save();
    said.className = 'said' + (trouble ? ' bad' : '');
    said.textContent = trouble || 'Saved: the next call is answered by it.';
  });
  return form;
}
function clientItem(client, index) {
  const limit = client.talkLimitSeconds;
  const summary = make('summary', '', make('b', '', client.name || 'code ' + client.clientCode),
    ...(client.blocked ? [chip('blocked', 'bad')] : []), ...(client.pin ? [chip('PIN')] : []), ...(client.error ? [chip('error: ' + client.error, 'bad')] : []), ...(client.delayMs ? [chip('+' + client.delayMs + ' ms', 'warn')] : []),
    chip(limit === null ? 'month end' : limit === 0 ? 'nothing left' : clock(limit), limit === 0 ? 'warn' : 'ok'),
    make('small', '', ['code ' + client.clientCode, client.clis.join(', '), client.used && client.used.calls ? client.used.calls + (client.used.calls === 1 ? ' call, ' : ' calls, ') + clock(client.used.seconds) + ' used' : ''].filter(Boolean).join(' · ')));
  const form = make('form', '', field('name', 'Name', client.name), field('clientCode', 'Client code', client.clientCode), field('clis', 'Numbers he is known by', client.clis.join(' ')), field('pin', 'PIN', client.pin),
    field('talkLimitSeconds', 'Talk limit in seconds (empty: month end)', limit), field('language', 'Language', client.language, languages), field('consultants', 'Consultants (ids)', client.consultants.join(' ')), field('destination', 'Number rung instead', client.destination),
    field('text', 'Spoken to him first', client.text), field('delayMs', 'Answer delayed by (ms)', client.delayMs), field('error', 'Answer goes wrong', client.error, errors), yes('blocked', 'Blocked', client.blocked));
  const others = () => book.clients.filter((_one, at) => at !== index);
  return item('client ' + index, summary, editor(form, async () => {
    const trouble = await api('PUT', { clients: book.clients.map((one, at) => at === index ? clientOf(form) : one) });
    if (!trouble) redraw(summary, book.clients[index], index);
    return trouble;
  }, async () => { const trouble = await api('PUT', { clients: others() }); if (!trouble) draw(); return trouble; }));
}
function redraw(summary, client, index) { summary.replaceWith(clientItem(client, index).querySelector('summary')); }
function strangersItem() {
  const one = book.strangers;
  const summary = make('summary', '', make('b', '', 'Everybody else'), ...(one.error ? [chip('error: ' + one.error, 'bad')] : []), chip(one.answer === 'refused' ? 'unknown' : 'asked for a code', 'warn'));
  const form = make('form', '', field('answer', 'Is answered', one.answer, [['refused', 'unknown'], ['proof_wanted', 'client code wanted']]), field('language', 'Language', one.language, languages),
    field('text', 'Spoken to him first', one.text), field('delayMs', 'Answer delayed by (ms)', one.delayMs), field('error', 'Answer goes wrong', one.error, errors));
  const value = (name) => form.elements[name].value;
  return item('strangers', summary, editor(form, () => api('PUT', { strangers: { answer: value('answer'), language: value('language'), text: value('text'), delayMs: number(value('delayMs')) ?? 0, error: misbehaviour(value('error')) } })));
}
function item(id, summary, form) { const row = make('li', '', make('details', '', summary, make('div', 'inside', form))); row.dataset.id = id; return row; }
function draw() { byId('clients').replaceChildren(...book.clients.map(clientItem), strangersItem()); }
const read = async () => { if (!(await api('GET'))) draw(); };
byId('add').addEventListener('click', async () => {
  const codes = new Set(book.clients.map((one) => one.clientCode));
  let code = 7001; while (codes.has(String(code))) code += 1;
  if (await api('PUT', { clients: [...book.clients, { name: 'New client', clientCode: String(code), talkLimitSeconds: 300 }] })) return;
  draw();
  const added = byId('clients').children[book.clients.length - 1].firstChild;
  added.open = true; added.querySelector('input').focus();
});
byId('reset').addEventListener('click', async () => { if (!(await api('DELETE'))) draw(); });
void read();
`;
