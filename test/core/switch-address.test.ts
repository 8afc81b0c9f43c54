import { expect, test } from 'vitest';
import { parseSwitches, switchesText } from '../../src/core/switch-address.ts';

test.each([
  ['esl://:ClueCon@127.0.0.1:8021', [{ id: 'fs1', host: '127.0.0.1', port: 8021, password: 'ClueCon' }]],
  [
    'esl://:a%40b%2Fc@[fd00::1]#paris1,esl://:x%20y@switch.example:8022',
    [
      { id: 'paris1', host: 'fd00::1', port: 8021, password: 'a@b/c' },
      { id: 'fs2', host: 'switch.example', port: 8022, password: 'x y' },
    ],
  ],
])('%s: what the gateway hands to its card room says the same', (text, switches) => {
  expect(parseSwitches(text)).toEqual(switches);
  expect(parseSwitches(switchesText(switches))).toEqual(switches);
});
