// Answers written by Twilio's own package (test/fixtures/twiml) mean here what Twilio documents, or are refused by the name of
// what is not done.

import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it, test } from 'vitest';
import { readScriptAnswer } from '../../src/core/scenario/script-answer.ts';
import type { ScriptProgram, ScriptPrompt } from '../../src/core/scenario/script-program.ts';

const folder = new URL('../fixtures/twiml/', import.meta.url);
const written = readdirSync(folder).filter((name) => name.endsWith('.xml'));
const url = 'https://merchant.example/voice/start.php?shop=1';
const read = (body: string, contentType = 'text/xml') => readScriptAnswer({ contentType, body, url });
const fixture = (name: string) => readFileSync(new URL(`${name}.xml`, folder), 'utf8');
const steps = (...all: ScriptProgram['steps']) => ({ outcome: 'answer', program: { set: {}, steps: all } });
const response = (inside: string) => read(`<Response>${inside}</Response>`);
const because = (inside: string) => {
  const answer = response(inside);
  return answer.outcome === 'refused' ? answer.because : answer;
};
const hangUp = { do: 'hangUp', cause: 'normal' } as const;
const say = (text: string, language?: 'fr' | 'en', times = 1): ScriptPrompt => ({
  do: 'say',
  texts: language === undefined ? { any: text } : language === 'fr' ? { fr: text } : { en: text },
  times,
});

const meanings: Record<string, ScriptProgram['steps']> = {
  say: [say('Hello & <welcome>'), say('Bonjour l’été', 'fr', 2), hangUp],
  menu: [
    {
      do: 'collect',
      prompts: [
        say('For sales press 1.', 'en'),
        { do: 'pause', seconds: 2 },
        { do: 'play', url: 'https://cdn.example/hold.mp3', times: 1_000 },
      ],
      maxDigits: 1,
      terminator: '#',
      waitMs: 7_000,
      then: { url: 'https://merchant.example/menu?step=2', method: 'POST' },
      onEmpty: 'goOn',
    },
    say('We did not hear you.'),
    { do: 'redirect', url: 'https://merchant.example/voice/again.php', method: 'GET' },
  ],
  'gather-bare': [
    {
      do: 'collect',
      prompts: [],
      maxDigits: 40,
      terminator: '#',
      waitMs: 5_000,
      then: { url, method: 'POST' },
      onEmpty: 'goOn',
    },
    hangUp,
  ],
  'gather-all': [
    {
      do: 'collect',
      prompts: [],
      maxDigits: 6,
      terminator: 'none',
      waitMs: 120_000,
      then: { url: 'https://other.example/pin', method: 'GET' },
      onEmpty: 'then',
    },
  ],
  'dial-number': [
    { do: 'dial', to: { number: '+33612345678' as never }, ringSeconds: 30 },
    say('Goodbye'),
    hangUp,
  ],
  'dial-all': [
    {
      do: 'dial',
      to: { number: '+14155550100' as never },
      ringSeconds: 10,
      limitSeconds: 600,
      callerId: '+33199000009' as never,
      hangUpOnStar: true,
      answerOnBridge: true,
      then: { url: 'https://merchant.example/done', method: 'POST' },
    },
  ],
  'dial-sip': [
    { do: 'dial', to: { sip: 'sip:anna@sip.example.com:5080' as never }, ringSeconds: 30 },
    hangUp,
  ],
  reject: [{ do: 'hangUp', cause: 'busy' }],
  'reject-bare': [{ do: 'hangUp', cause: 'rejected' }],
  hangup: [{ do: 'play', url: 'https://merchant.example/voice/sounds/bye.wav', times: 1 }, hangUp],
  empty: [hangUp],
  pause: [{ do: 'pause', seconds: 1 }, { do: 'pause', seconds: 9 }, hangUp],
  comment: [say('Hello'), hangUp],
};

const refusals: Record<string, string> = {
  record: 'At Response/Record[1]: the verb Record is not done here.',
  enqueue: 'At Response/Enqueue[1]: the verb Enqueue is not done here.',
  sms: 'At Response/Sms[1]: the verb Sms is not done here.',
  pay: 'At Response/Pay[1]: the verb Pay is not done here.',
  stream: 'At Response/Connect[1]: the verb Connect is not done here.',
  conference: 'At Response/Dial[1]/Conference[1]: Conference cannot be dialled here, only Number and Sip.',
  client: 'At Response/Dial[1]/Client[1]: Client cannot be dialled here, only Number and Sip.',
  queue: 'At Response/Dial[1]/Queue[1]: Queue cannot be dialled here, only Number and Sip.',
  'two-numbers': 'At Response/Dial[1]: it rings one at a time here, and has more than one inside.',
  whisper: 'At Response/Dial[1]/Number[1]: the attribute url is not understood here.',
  'record-dial': 'At Response/Dial[1]/record: calls are not recorded here.',
  speech: 'At Response/Gather[1]/input: only dtmf is collected here, not speech.',
  star: 'At Response/Gather[1]/finishOnKey: it must be # or empty; other keys do not end an entry here.',
  ssml: 'At Response/Say[1]: break within its text is not understood here.',
  german: 'At Response/Say[1]/language: only French and English (fr, en) are spoken here.',
  keys: 'At Response/Play[1]: the attribute digits is not understood here.',
  partial: 'At Response/Gather[1]: the attribute partialResultCallback is not understood here.',
};

describe('answers by Twilio’s own package', () => {
  test.each(written)('%s', (name) => {
    const plain = name.replace(/\.xml$/, '');
    const meaning = meanings[plain];
    const refusal = refusals[plain.replace(/^refused-/, '')];
    const expected = plain.startsWith('refused-')
      ? { outcome: 'refused', because: refusal }
      : { outcome: 'answer', program: { set: {}, steps: meaning } };
    expect(read(fixture(plain))).toEqual(expected);
    // Found by looking, too: PHP calls everything text/html.
    expect(read(fixture(plain), 'text/html; charset=UTF-8')).toEqual(expected);
  });
});

describe('TwiML', () => {
  it('what follows a verb that leaves is never reached, and is refused all the same where it is wrong', () => {
    expect(response('<Redirect>/a</Redirect><Say>no</Say>')).toEqual(
      steps({ do: 'redirect', url: 'https://merchant.example/a', method: 'POST' }),
    );
    expect(because('<Hangup/><Record/>')).toContain('the verb Record');
  });

  it('an empty action is the document’s own address, as it is in HTML', () => {
    expect(response('<Gather action=""/>')).toMatchObject({
      program: { steps: [{ then: { url } }, hangUp] },
    });
  });

  it('nothing to say is nothing said, and white space is one blank', () => {
    expect(response('<Say/><Say>  a\n   b </Say>')).toEqual(steps(say('a b'), hangUp));
  });

  it('says it in the caller’s language where none is named, whatever the voice', () => {
    expect(response('<Say voice="Polly.Lea">Bonjour</Say>')).toEqual(steps(say('Bonjour'), hangUp));
  });

  it('CDATA, references and comments are text as XML has it', () => {
    expect(response('<Say><![CDATA[a <b>]]> &#233;<!-- no --> &amp;</Say>')).toEqual(
      steps(say('a <b> é &'), hangUp),
    );
  });

  it('what editors are told is nothing to us', () => {
    const xsi =
      'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:noNamespaceSchemaLocation="twiml.xsd"';
    expect(read(`<?xml version="1.0"?>\n<!-- us -->\n<Response ${xsi}><Hangup/></Response>`)).toEqual(
      steps(hangUp),
    );
  });

  it.each([
    ['<Say loop="-1">a</Say>', 'Say[1]/loop: it must be a whole number from 0 to 1000'],
    ['<Say loop="1001">a</Say>', 'from 0 to 1000'],
    ['<Say loop="1e2">a</Say>', 'from 0 to 1000'],
    ['<Pause length="181"/>', 'Pause[1]/length: it must be a whole number from 0 to 180'],
    ['<Pause>3</Pause>', 'Pause[1]: it must be empty'],
    ['<Gather numDigits="0"/>', 'Gather[1]/numDigits: it must be a whole number from 1 to 40'],
    ['<Gather timeout="auto"/>', 'Gather[1]/timeout: it must be a whole number from 1 to 120'],
    ['<Gather timeout="0.5"/>', 'from 1 to 120'],
    ['<Gather actionOnEmptyResult="yes"/>', 'actionOnEmptyResult: it must be true or false'],
    ['<Gather method="PUT"/>', 'Gather[1]/method: it must be GET or POST'],
    ['<Gather><Dial>+33612345678</Dial></Gather>', 'Gather[1]/Dial[1]: Dial cannot stand within Gather'],
    ['<Gather><Gather/></Gather>', 'Gather[1]/Gather[1]: Gather cannot stand within Gather'],
    ['<Dial><Dial>+33612345678</Dial></Dial>', 'Dial[1]/Dial[1]: Dial cannot be dialled here'],
    ['<Dial><Gather/></Dial>', 'Dial[1]/Gather[1]: Gather cannot be dialled here'],
    ['<Say>a<Say>b</Say></Say>', 'Say[1]: Say within its text'],
    ['<Redirect><Redirect>/a</Redirect></Redirect>', 'Redirect[1]: Redirect within its text'],
    ['<Redirect>javascript:alert(1)</Redirect>', 'Redirect[1]: it must be an http(s) address'],
    ['<Dial><Number>\u0665\u0666</Number></Dial>', 'Number[1]: it must be a telephone number'],
    ['<Gather numDigits="\u0663"/>', 'Gather[1]/numDigits: it must be a whole number'],
    ...['constructor', '__proto__', 'toString', 'hasOwnProperty'].flatMap((name): [string, string][] => [
      [`<${name}/>`, `the verb ${name} is not done here`],
      [`<Gather><${name}/></Gather>`, `${name} cannot stand within Gather`],
      [`<Dial><${name}>+33612345678</${name}></Dial>`, `${name} cannot be dialled here`],
      [`<Say language="${name}">a</Say>`, 'only French and English'],
    ]),
    ['<Say constructor="1">a</Say>', 'the attribute constructor is not understood here'],
    ['<Say __proto__="1">a</Say>', 'an attribute of a name that is not read here'],
    ['<Say loop="1" loop="2">a</Say>', 'the same attribute twice'],
    ['<Gather>key it</Gather>', 'Gather[1]: it holds text where only elements'],
    ['<Dial>415-123-4567</Dial>', 'Dial[1]: it must be a telephone number with its country code'],
    ['<Dial>112</Dial>', 'with its country code'],
    ['<Dial/>', 'with its country code'],
    ['<Dial callerId="anonymous">+33612345678</Dial>', 'Dial[1]/callerId: it must be a telephone number'],
    ['<Dial timeLimit="0">+33612345678</Dial>', 'Dial[1]/timeLimit'],
    ['<Dial>+33612345678<Number>+33612345678</Number></Dial>', 'holds text where only elements'],
    ['<Dial><Sip>sip:a@b?X-Header=1</Sip></Dial>', 'Dial[1]/Sip[1]: it must be a SIP address'],
    ['<Dial><Sip>sip:a@b;transport=tls</Sip></Dial>', 'no more than a port'],
    ['<Dial><Sip>sips:a@b</Sip></Dial>', 'SIP address'],
    ['<Dial><Sip>sip:b.example</Sip></Dial>', 'SIP address'],
    ['<Dial><Sip username="u">sip:a@b.example</Sip></Dial>', 'the attribute username'],
    ['<Redirect/>', 'Redirect[1]: it must be an address'],
    ['<Redirect>file:///etc/passwd</Redirect>', 'Redirect[1]: it must be an http(s) address'],
    ['<Play>https://u:p@merchant.example/a.wav</Play>', 'must hold no name and password'],
    ['<Play/>', 'Play[1]: it must be an address'],
    ['<Reject reason="tired"/>', 'Reject[1]/reason: it must be rejected or busy'],
    ['<Hangup reason="busy"/>', 'Hangup[1]: the attribute reason is not understood here'],
    ['<say>hello</say>', 'say[1]: the verb say is not done here'],
    ['<x:Say xmlns:x="urn:x">hello</x:Say>', 'the verb Say is not done here'],
    ['<Say x:loop="2" xmlns:x="urn:x">hello</Say>', 'the attribute loop'],
    ['hello', 'Response: it holds text where only elements can stand'],
    ['<Say>&#0;</Say>', 'not well-formed'],
    ['<Say>\u0001</Say>', 'a character that XML does not allow'],
    ['<Say>&#x85;</Say>', 'no control characters'],
    ['<Response/>', 'the verb Response is not done here'],
    ['<Say>&eacute;</Say>', 'not well-formed'],
    ['<Say>', 'not well-formed'],
    ['<Say/>'.repeat(501), 'more than 500 elements'],
    ['<Say>a</Say>'.repeat(51), 'more than 50 steps'],
    [`<Say>${'a'.repeat(4_097)}</Say>`, 'says more than 4096 characters'],
  ])('%s is refused', (inside, sentence) => {
    expect(because(inside)).toContain(sentence);
  });

  it.each([
    ['<html><body>Fatal error</body></html>', 'its first element is html; Response was expected'],
    ['<Response xmlns="urn:x"/>', 'in no namespace'],
    ['<Response version="2"/>', 'At Response: the attribute version is not understood here.'],
    ['<!DOCTYPE html><html/>', 'a DOCTYPE'],
    ['<Response/><Response/>', 'more than one element at its top'],
    ['<?xml version="1.0" encoding="ISO-8859-1"?><Response/>', 'other than UTF-8'],
  ])('%s is refused', (text, sentence) => {
    const answer = read(text);
    expect(answer.outcome === 'refused' && answer.because).toContain(sentence);
  });
});
