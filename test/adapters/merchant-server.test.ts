import { readFileSync } from 'node:fs';
import { Webhook } from 'standardwebhooks';
import { afterEach, describe, expect, it } from 'vitest';
import { usageBody, type CallerQuestion } from '../../src/core/known-caller.ts';
import { passwordDigest } from '../../src/soap/envelope.ts';
import { wsdlText } from '../../src/soap/wsdl-file.ts';
import { readXml, type XmlElement } from '../../src/xml/xml-reader.ts';
import { readWsdl } from '../../src/soap/xml-shapes.ts';
import { readValue } from '../../src/soap/xml-values.ts';
import {
  both,
  byCode,
  byNumber,
  chance,
  closeAll,
  envelope,
  namespace,
  recognition,
  said,
  scripted,
  secret,
  usage,
} from './scripted-merchant.ts';

afterEach(closeAll);

/** By name, whatever the depth. */
function find(element: XmlElement, name: string): XmlElement | undefined {
  if (element.name === name) return element;
  for (const child of element.children) {
    const found = find(child, name);
    if (found) return found;
  }
  return undefined;
}
function xml(text: string): XmlElement {
  const read = readXml(text);
  if ('refused' in read) throw new Error(read.refused);
  return read.root;
}

describe('what a REST server is asked', () => {
  it('goes below its address as JSON, with a signature it can verify', async () => {
    const { merchant, server, received } = await scripted(
      'rest',
      said('rest', { outcome: 'refused', reason: 'unknown' }),
    );
    await merchant.ask(server, byNumber);
    const [asked] = received;
    expect(asked?.url).toBe('/ringmeter/recognize-caller');
    expect(asked?.headers).toMatchObject({
      'content-type': 'application/json',
      'webhook-id': byNumber.requestId,
    });
    expect(new Webhook(secret).verify(asked?.body ?? '', asked?.headers as Record<string, string>)).toEqual({
      requestId: byNumber.requestId,
      callSessionId: byNumber.callSessionId,
      cliTrust: 'network',
      cli: '+33612345678',
      ddi: '+33199000009',
      line: 'demo',
      at: '2025-11-21T12:00:00.250Z',
      callsInProgress: 1,
      secondsNotYetReported: 90,
    });
  });

  it('holds code and PIN where they were keyed, and no number where it is withheld', async () => {
    const { merchant, server, received } = await scripted(
      'rest',
      said('rest', { outcome: 'refused', reason: 'wrong_pin' }),
    );
    await merchant.ask(server, byCode);
    expect(received[0]?.url).toBe('/ringmeter/recognize-client-code');
    const body = JSON.parse(received[0]?.body ?? '') as object;
    expect(body).toMatchObject({ cliTrust: 'withheld', clientCode: 'C-1001', pin: '4711' });
    expect(body).not.toHaveProperty('cli');
  });

  it.each([
    ['/', '/recognize-caller'],
    ['', '/recognize-caller'],
    ['/a/b/', '/a/b/recognize-caller'],
    ['/a?shop=1', '/a/recognize-caller?shop=1'],
  ])('at an address that ends in %j', async (path, url) => {
    const { merchant, server, received } = await scripted(
      'rest',
      said('rest', { outcome: 'refused', reason: 'other' }),
    );
    await merchant.ask({ ...server, url: new URL(server.url).origin + path }, byNumber);
    expect(received[0]?.url).toBe(url);
  });

  it('brings HTTP Basic besides, where the merchant wants it', async () => {
    const { merchant, server, received } = await scripted(
      'rest',
      said('rest', { outcome: 'refused', reason: 'other' }),
      { basic: { user: 'ringmeter', password: 'très secret' } },
    );
    await merchant.ask(server, byNumber);
    const given = (received[0]?.headers.authorization ?? '').replace('Basic ', '');
    expect(Buffer.from(given, 'base64').toString()).toBe('ringmeter:très secret');
  });
});

describe('what a SOAP server is asked', () => {
  const wsdl = readWsdl(wsdlText('merchant-server'));

  it.each([
    ['recognizeCaller', byNumber, { cliTrust: 'network', cli: '+33612345678' }],
    ['recognizeClientCode', byCode, { cliTrust: 'withheld', clientCode: 'C-1001', pin: '4711' }],
  ])('holds against the WSDL: %s', async (operation, question, expected) => {
    const { merchant, server, received } = await scripted(
      'soap',
      said('soap', { outcome: 'refused', reason: 'other' }, operation),
    );
    expect(await merchant.ask(server, question)).toMatchObject({ outcome: 'answered' });
    const [asked] = received;
    expect(asked?.url).toBe('/ringmeter');
    expect(asked?.headers).toMatchObject({
      'content-type': 'text/xml; charset=utf-8',
      soapaction: `"${namespace}#${operation}"`,
    });
    const message = find(xml(asked?.body ?? ''), operation);
    const read = readValue(message!, namespace, wsdl.shape(operation));
    expect(read).toEqual({
      value: {
        question: {
          requestId: question.requestId,
          callSessionId: question.callSessionId,
          ddi: '+33199000009',
          line: 'demo',
          at: '2025-11-21T12:00:00.250Z',
          callsInProgress: 1,
          secondsNotYetReported: 90,
          ...expected,
        },
      },
    });
    // The WSDL's sequence: others' parsers hold it against us.
    const shape = wsdl.shape(operation);
    const fields = 'fields' in shape ? shape.fields[0]!.shape : shape;
    const order = 'fields' in fields ? fields.fields.map(({ name }) => name) : [];
    const written = find(message!, 'question')!.children.map(({ name }) => name);
    expect(written).toEqual(order.filter((name) => written.includes(name)));
  });

  it('brings a UsernameToken with a digest of the password, and never the password', async () => {
    const { merchant, server, received } = await scripted(
      'soap',
      said('soap', { outcome: 'refused', reason: 'other' }),
      { usernameToken: { user: 'ring<meter>', password: 'pa&ss' } },
    );
    await merchant.ask(server, byNumber);
    const body = received[0]?.body ?? '';
    expect(body).not.toContain('pa&');
    const token = find(xml(body), 'UsernameToken')!;
    const created = find(token, 'Created')!.text;
    expect(find(token, 'Username')!.text).toBe('ring<meter>');
    expect(created).toMatch(/^\d{4}-.*Z$/);
    expect(find(token, 'Nonce')!.text).toBe(chance(16).toString('base64'));
    expect(find(token, 'Password')!.text).toBe(
      passwordDigest({ nonce: chance(16), created, password: 'pa&ss' }),
    );
  });

  it('digests as the profile does', () => {
    // Worked by hand: printf 'nonce2025-11-21T12:00:00Zsecret' | openssl sha1 -binary | base64
    expect(
      passwordDigest({ nonce: Buffer.from('nonce'), created: '2025-11-21T12:00:00Z', password: 'secret' }),
    ).toBe('fsFlLc5KIlBvSRdD5W3iBr/yHUc=');
  });
});

describe.each(both)('what a %s server answers', (protocol) => {
  const answered = async (fields: Record<string, unknown>, question: CallerQuestion = byNumber) => {
    const operation = question.ask === 'caller' ? 'recognizeCaller' : 'recognizeClientCode';
    const { merchant, server } = await scripted(protocol, said(protocol, fields, operation));
    return merchant.ask(server, question);
  };

  it.each<[string, Record<string, unknown>]>([
    ['recognized, billed at the end of the month', { outcome: 'recognized', clientCode: 'C-1001' }],
    [
      'recognized without a second left',
      { outcome: 'recognized', clientCode: 'C-1001', talkLimitSeconds: 0 },
    ],
    ['recognized for a day', { outcome: 'recognized', clientCode: 'C-1001', talkLimitSeconds: 86_400 }],
    [
      'recognized with everything',
      {
        outcome: 'recognized',
        clientCode: 'a.B_c-9',
        talkLimitSeconds: 600,
        language: 'en',
        consultants: ['con_1', 'con_2'],
        destination: '+33199000001',
        text: 'Bonjour Élodie, il vous reste dix minutes.',
      },
    ],
    ['a code is wanted', { outcome: 'proof_wanted', proof: 'client_code', language: 'fr' }],
    ['a PIN is wanted', { outcome: 'proof_wanted', proof: 'pin', clientCode: 'C-1001' }],
    ['refused', { outcome: 'refused', reason: 'no_credit', text: 'Votre crédit est épuisé.' }],
  ])('%s', async (_name, fields) => {
    const asked = await answered(fields);
    expect(asked).toMatchObject({ outcome: 'answered', exchange: { status: 200 } });
    expect(asked.outcome === 'answered' && asked.recognition).toEqual(fields);
  });

  it('a PIN is wanted of the code that was keyed', async () => {
    const asked = await answered({ outcome: 'proof_wanted', proof: 'pin' }, byCode);
    expect(asked).toMatchObject({ recognition: { proof: 'pin', clientCode: 'C-1001' } });
  });

  it('an empty text is none', async () => {
    const asked = await answered({ outcome: 'refused', reason: 'other', text: '' });
    expect(asked.outcome === 'answered' && asked.recognition).toEqual({
      outcome: 'refused',
      reason: 'other',
    });
  });

  it.each<[string, Record<string, unknown>]>([
    ['a negative limit', { outcome: 'recognized', clientCode: 'C', talkLimitSeconds: -1 }],
    ['a limit beyond a day', { outcome: 'recognized', clientCode: 'C', talkLimitSeconds: 86_401 }],
    ['a huge limit', { outcome: 'recognized', clientCode: 'C', talkLimitSeconds: '9'.repeat(30) }],
    ['half a second', { outcome: 'recognized', clientCode: 'C', talkLimitSeconds: 0.5 }],
    ['a limit in words', { outcome: 'recognized', clientCode: 'C', talkLimitSeconds: 'ten minutes' }],
    ['a limit that is not a number', { outcome: 'recognized', clientCode: 'C', talkLimitSeconds: 'NaN' }],
    ['a limit in exponents', { outcome: 'recognized', clientCode: 'C', talkLimitSeconds: '1e3' }],
    ['an unknown language', { outcome: 'recognized', clientCode: 'C', language: 'tlh' }],
    ['no client code', { outcome: 'recognized', talkLimitSeconds: 60 }],
    ['an empty client code', { outcome: 'recognized', clientCode: '' }],
    ['a client code with blanks', { outcome: 'recognized', clientCode: 'C 1001' }],
    ['a client code without end', { outcome: 'recognized', clientCode: 'C'.repeat(41) }],
    ['an unknown outcome', { outcome: 'ok', clientCode: 'C' }],
    ['no outcome', { clientCode: 'C' }],
    ['an unknown reason', { outcome: 'refused', reason: 'because' }],
    ['no reason', { outcome: 'refused' }],
    ['an unknown proof', { outcome: 'proof_wanted', proof: 'voice' }],
    ['nobody’s PIN', { outcome: 'proof_wanted', proof: 'pin' }],
    ['a number that is none', { outcome: 'recognized', clientCode: 'C', destination: '0612345678' }],
    ['a number nobody has', { outcome: 'recognized', clientCode: 'C', destination: '+33012' }],
    ['a text without end', { outcome: 'refused', reason: 'other', text: 'a'.repeat(301) }],
    [
      'fifty-one consultants',
      { outcome: 'recognized', clientCode: 'C', consultants: Array(51).fill('con_1') },
    ],
    ['a consultant that is none', { outcome: 'recognized', clientCode: 'C', consultants: ["x' or 1=1"] }],
  ])('%s is nonsense', async (_name, fields) => {
    const asked = await answered(fields);
    expect(asked).toMatchObject({ outcome: 'failed', because: 'nonsense' });
    expect(asked.outcome === 'failed' && asked.detail).toMatch(
      /^Your server gave an answer that does not hold: .+\.$/,
    );
  });

  it('300 characters are 300 characters, whatever they are made of', async () => {
    const text = '😀'.repeat(300);
    expect(await answered({ outcome: 'refused', reason: 'other', text })).toMatchObject({
      recognition: { text },
    });
  });
});

describe('JSON alone', () => {
  const answered = async (text: string) => {
    const { merchant, server } = await scripted('rest', text);
    return merchant.ask(server, byNumber);
  };
  it.each([
    ['a list', '[]'],
    ['null', 'null'],
    ['a number', '1'],
    ['a limit as text', '{"outcome":"recognized","clientCode":"C","talkLimitSeconds":"60"}'],
    ['a code as a number', '{"outcome":"recognized","clientCode":1001}'],
    ['consultants as text', '{"outcome":"recognized","clientCode":"C","consultants":"con_1"}'],
    ['half a character to speak', '{"outcome":"refused","reason":"other","text":"\\ud800"}'],
    ['a NUL to speak', '{"outcome":"refused","reason":"other","text":"a\\u0000b"}'],
    ['a limit in infinity', '{"outcome":"recognized","clientCode":"C","talkLimitSeconds":1e999}'],
  ])('%s is nonsense', async (_name, text) => {
    expect(await answered(text)).toMatchObject({ outcome: 'failed', because: 'nonsense' });
  });
  it('null, an empty list and fields nobody asked for are passed over', async () => {
    const asked = await answered(
      '{"outcome":"recognized","clientCode":"C","talkLimitSeconds":null,"consultants":[],"__proto__":{"text":"x"},"balance":3}',
    );
    expect(asked.outcome === 'answered' && asked.recognition).toEqual({
      outcome: 'recognized',
      clientCode: 'C',
    });
  });
});

describe('what PHP’s SoapServer answers, made from the WSDL alone', () => {
  const fixture = (name: string) =>
    readFileSync(new URL(`../fixtures/soap/php-server-${name}.xml`, import.meta.url), 'utf8');

  it.each<[string, CallerQuestion, object]>([
    [
      'recognized',
      byNumber,
      {
        recognition: {
          outcome: 'recognized',
          clientCode: 'C-1001',
          talkLimitSeconds: 510,
          language: 'fr',
          text: 'Bonjour !',
        },
      },
    ],
    ['proof-wanted', byNumber, { recognition: { outcome: 'proof_wanted', proof: 'client_code' } }],
    ['pin-wanted', byCode, { recognition: { outcome: 'proof_wanted', proof: 'pin', clientCode: 'C-1001' } }],
    ['wrong-pin', byCode, { recognition: { outcome: 'refused', reason: 'wrong_pin' } }],
    [
      'month-end',
      byCode,
      { recognition: { outcome: 'recognized', clientCode: 'C-1002', language: 'fr', text: 'Bonjour !' } },
    ],
    [
      'declared-fault',
      byNumber,
      {
        because: 'fault',
        detail: 'Your server answered with a fault (not_authorized): Who asks is not known here.',
      },
    ],
  ])('%s', async (name, question, expected) => {
    const { merchant, server } = await scripted('soap', (_, response) => {
      const status = name.endsWith('fault') ? 500 : 200;
      response.writeHead(status, { 'content-type': 'text/xml; charset=utf-8' }).end(fixture(name));
    });
    const { exchange: _exchange, outcome: _outcome, ...said } = await merchant.ask(server, question);
    expect(said).toEqual(expected);
  });

  it('keeps a report', async () => {
    const { merchant, server } = await scripted('soap', fixture('usage-kept'));
    const report = { id: 'rep_1', body: usageBody(usage), at: new Date() };
    expect(await merchant.report(server, report)).toEqual({ outcome: 'delivered', status: 200 });
  });
});

describe('SOAP alone', () => {
  const answered = async (text: string, status = 200) => {
    const { merchant, server } = await scripted('soap', (_, response) => {
      response.writeHead(status, { 'content-type': 'text/xml' }).end(text);
    });
    return merchant.ask(server, byNumber);
  };
  const fine = '<m:outcome>refused</m:outcome><m:reason>other</m:reason>';

  it.each([
    ['elements in another order', '<m:reason>other</m:reason><m:outcome>refused</m:outcome>'],
    ['blanks around', '<m:outcome>\n  refused </m:outcome><m:reason>other</m:reason>'],
    [
      'xsi:nil for what is not there',
      `${fine}<m:text xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:nil="true"/>`,
    ],
    ['CDATA and references', '<m:outcome><![CDATA[refused]]></m:outcome><m:reason>o&#116;her</m:reason>'],
  ])('%s', async (_name, fields) => {
    expect(await answered(recognition(fields))).toMatchObject({
      recognition: { outcome: 'refused', reason: 'other' },
    });
  });

  it.each([
    [
      'no namespace',
      envelope(`<recognizeCallerResponse><recognition/></recognizeCallerResponse>`),
      'it is in none',
    ],
    [
      'fields in no namespace',
      recognition('<outcome xmlns="">refused</outcome>'),
      'must be in the namespace',
    ],
    ['the answer to another question', recognition(fine, 'recognizeClientCode'), 'recognizeCallerResponse'],
    ['a field twice', recognition(`${fine}<m:reason>busy</m:reason>`), 'more than once'],
    ['a field it does not have', recognition(`${fine}<m:balance>3</m:balance>`), 'does not have in the WSDL'],
    ['two bodies', envelope('</s:Body><s:Body>'), 'one body'],
    ['an empty body', envelope(''), 'one element'],
    [
      'SOAP 1.2',
      recognition(fine).replace('schemas.xmlsoap.org/soap/envelope/', 'www.w3.org/2003/05/soap-envelope'),
      'SOAP 1.2',
    ],
    ['another XML', '<rss version="2.0"/>', 'no SOAP envelope'],
    ['words among the fields', recognition(`${fine}hello`), 'text where elements'],
  ])('%s is nonsense', async (_name, text, sentence) => {
    const asked = await answered(text);
    expect(asked).toMatchObject({ outcome: 'failed', because: 'nonsense' });
    expect(asked.outcome === 'failed' && asked.detail).toContain(sentence);
  });

  it.each([200, 400, 500])('a fault with %i is a fault', async (status) => {
    const fault = envelope(
      `<s:Fault><faultcode>s:Server</faultcode><faultstring>no</faultstring><detail><fault xmlns="${namespace}"><code>database_away</code><sentence>Try\nlater.</sentence></fault></detail></s:Fault>`,
    );
    expect(await answered(fault, status)).toMatchObject({
      outcome: 'failed',
      because: 'fault',
      detail: 'Your server answered with a fault (database_away): Try later.',
    });
  });

  it('a fault of the makers’ own', async () => {
    const fault = envelope(
      `<s:Fault><faultcode>s:Server</faultcode><faultstring>${'x'.repeat(9_000)}</faultstring></s:Fault>`,
    );
    const asked = await answered(fault, 500);
    expect(asked).toMatchObject({ because: 'fault' });
    expect(asked.outcome === 'failed' && asked.detail.length).toBeLessThan(300);
  });
});
