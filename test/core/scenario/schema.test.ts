// The published shape of scenarios, by a validator that knows nothing of ours.

import Ajv from 'ajv';
import { describe, expect, test } from 'vitest';
import { blockKinds, scenarioShape } from '../../../src/core/scenario/blocks.ts';
import { scenarioSchema } from '../../../src/core/scenario/schema.ts';
import { scenarioTemplates, templateNames } from '../../../src/core/scenario/templates.ts';

interface Schema {
  $schema: string;
  $id: string;
  $defs: Record<
    string,
    { title?: string; description?: string; properties?: Record<string, { description?: string }> }
  >;
}
const schema = scenarioSchema('https://ring.example/schemas/scenario.json') as Schema;

/** This validator knows an older draft, whose words for all that is used here are the same. */
function validator(): (scenario: unknown) => boolean {
  const { $schema: _newer, ...rest } = schema;
  const check = new Ajv({ allErrors: true }).compile(rest);
  return (scenario) => check(scenario) === true;
}
const fits = validator();
const fill = {
  line: 'demo',
  sale: 'demo-ticket',
  url: 'https://shop.example/member',
  resource: 'demo-page',
  number: '+33140506070',
};

describe('the JSON Schema of scenarios', () => {
  test('says which draft it is of, where it is, and what every block and field of it means', () => {
    expect(schema.$schema).toBe('https://json-schema.org/draft/2020-12/schema');
    expect(schema.$id).toBe('https://ring.example/schemas/scenario.json');
    for (const kind of Object.keys(blockKinds)) {
      const { title, description, properties = {} } = schema.$defs[kind] ?? {};
      expect(
        [title, description].every((text) => (text ?? '').length > 2),
        kind,
      ).toBe(true);
      for (const [field, { description: meaning }] of Object.entries(properties)) {
        expect(meaning, `${kind}.${field}`).toBeTruthy();
      }
    }
  });

  test.each(templateNames)('takes the template %s, as it is written and as it is kept', (name) => {
    const written = scenarioTemplates[name].graph(fill);
    expect(fits(written)).toBe(true);
    expect(fits(JSON.parse(JSON.stringify(scenarioShape.parse(written))))).toBe(true);
  });

  const say = { kind: 'say', say: [{ text: { fr: 'Bonjour.' } }] };
  test.each<[string, unknown]>([
    ['no start', { blocks: {} }],
    ['a block of no kind', { start: 'a', blocks: { a: { kind: 'sing' } } }],
    ['a block that says nothing', { start: 'a', blocks: { a: { kind: 'say', say: [] } } }],
    ['a field nobody knows', { start: 'a', blocks: { a: { ...say, colour: 'red' } } }],
    ['an id with capitals', { start: 'A', blocks: { A: say } }],
    ['a key that is on no telephone', { start: 'a', blocks: { a: { ...say, kind: 'menu', keys: ['A'] } } }],
    [
      'a language nobody speaks here',
      { start: 'a', blocks: { a: { kind: 'say', say: [{ text: { de: 'Hallo' } }] } } },
    ],
    ['a text', 'a'],
  ])('refuses %s, as the API does', (_what, scenario) => {
    expect([fits(scenario), scenarioShape.safeParse(scenario).success]).toEqual([false, false]);
  });
});
