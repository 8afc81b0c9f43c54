// The API signs links to the page as a merchant's own server would.

import { afterAll, beforeAll, expect, it } from 'vitest';
import { readLink } from '../../src/web/embed.ts';
import { apiStage, ask, type Stage } from './api-stage.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await apiStage();
});
afterAll(() => stage.close());

const linkSecret = 'link-secret';

it('signs what a visitor must not change, and the page believes it', async () => {
  const wish = {
    line: 'demo',
    minutes: 10,
    reference: 'customer 42',
    returnUrl: 'https://shop.example/thanks?a=1',
  };
  const { status, body } = await ask(stage, 'POST', '/v1/page-links', { body: wish });
  expect(status, JSON.stringify(body)).toBe(200);
  const url = new URL((body as unknown as { url: string }).url);
  expect(url.pathname).toBe('/pay/demo');
  const read = readLink('demo', url.searchParams, linkSecret);
  expect(read).toMatchObject({
    outcome: 'link',
    signed: true,
    parameters: { minutes: '10', reference: 'customer 42', return: wish.returnUrl },
  });
  url.searchParams.set('reference', 'customer 43');
  expect(readLink('demo', url.searchParams, linkSecret)).toMatchObject({ because: 'signature_wrong' });
});

it.each([
  ['an unknown line', { line: 'nosuch' }, 404],
  ['a return to a site that is not listed', { line: 'demo', returnUrl: 'https://evil.example/' }, 422],
  ['a return that hides its host', { line: 'demo', returnUrl: 'https://shop.example@evil.example/' }, 422],
  ['an unknown field', { line: 'demo', price: '0' }, 422],
])('refuses %s', async (_, wish, status) => {
  const answer = await ask(stage, 'POST', '/v1/page-links', { body: wish });
  expect(answer.status).toBe(status);
});
