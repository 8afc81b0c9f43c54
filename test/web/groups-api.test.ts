// Groups of consultants: who stands in each, which lines they serve. How they are rung is test/flow's.

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { otherKey } from './api-stage.ts';
import { waitingForLocks } from './signed-in.ts';
import { type ConsultantStage, consultantStage, type Said } from './consultant-stage.ts';

const [claire, hugo, ines] = ['con_demo_claire', 'con_demo_hugo', 'con_demo_ines'];

let stage: ConsultantStage;
let id: string;
beforeAll(async () => {
  stage = await consultantStage();
});
afterAll(() => stage.close());

const tarot = { name: 'Tarot', strategy: 'longest_idle' };
const member = (consultantId: string | undefined, qualification = 1) => ({ consultantId, qualification });
const make = (more: object = {}, headers: Record<string, string> = {}) =>
  stage.ask('POST', '/v1/groups', { body: { ...tarot, ...more }, headers });
const change = (body: object, headers: Record<string, string> = {}) =>
  stage.ask('PATCH', `/v1/groups/${id}`, { body, headers });
const line = (body: object) => stage.ask('PATCH', '/v1/lines/demo', { body });
const kindOf = ({ body }: Said) => body.type.split('/').at(-1);

beforeEach(async () => {
  if (id) {
    await line({ consultants: [claire, hugo, ines] });
    await stage.ask('DELETE', `/v1/groups/${id}`);
  }
  id = (await make({ members: [member(hugo, 2), member(claire)] })).body.id;
});

describe('/v1/groups', () => {
  it('are made, read, changed and removed, each change written down once', async () => {
    const answer = await stage.ask('GET', `/v1/groups/${id}`);
    expect([answer.status, answer.headers.get('etag')]).toEqual([200, '"1"']);
    expect(answer.body).toEqual({
      id: expect.stringMatching(/^grp_/) as string,
      version: 1,
      ...tarot,
      shortNumber: null,
      stepSeconds: 15,
      members: [member(hugo, 2), member(claire)],
      lines: [],
    });
    await change({ members: [member(ines), member(hugo, 9)], strategy: 'cumulative', stepSeconds: 5 });
    const { body } = await change({ members: [member(ines), member(hugo, 9)], strategy: 'cumulative' });
    expect(body).toMatchObject({
      version: 2,
      strategy: 'cumulative',
      members: [member(ines), member(hugo, 9)],
    });
    expect((await stage.ask('GET', '/v1/groups')).body.data).toEqual([body]);
    expect((await stage.ask('DELETE', `/v1/groups/${id}`)).body).toEqual({ id, removed: true });
    expect((await stage.ask('GET', `/v1/groups/${id}`)).status).toBe(404);
    const written = (await stage.ask('GET', '/v1/settings-changes?limit=500')).body.data;
    expect(written.filter((one) => one['of'] === id)).toMatchObject([
      { setting: 'group', changes: { name: { from: null, to: 'Tarot' } } },
      { changes: { strategy: { from: 'longest_idle', to: 'cumulative' }, stepSeconds: { from: 15, to: 5 } } },
      { changes: { removed: { from: 'Tarot' } } },
    ]);
  });

  it('of two tabs the second is told; a repeat is no change', async () => {
    expect((await change({ name: 'One' }, { 'if-match': '"1"' })).status).toBe(200);
    const second = await change({ name: 'Two' }, { 'if-match': '"1"' });
    expect([second.status, kindOf(second)]).toEqual([412, 'changed-meanwhile']);
    expect((await change({ name: 'One' }, { 'if-match': '"1"' })).status).toBe(200);
    const gone = await stage.ask('DELETE', `/v1/groups/${id}`, { headers: { 'if-match': '"1"' } });
    expect(gone.status).toBe(412);
    const headers = { 'idempotency-key': 'g-1' };
    const made = await make({ name: 'Twice' }, headers);
    await stage.admin.query(`delete from idempotency_keys where key = 'g-1'`);
    expect((await make({ name: 'Twice' }, headers)).body.id).toBe(made.body.id);
    await stage.ask('DELETE', `/v1/groups/${made.body.id}`);
  });

  it('share their short numbers with nobody, consultants included', async () => {
    expect((await change({ shortNumber: '55' })).status).toBe(200);
    const consultant = await stage.ask('PATCH', `/v1/consultants/${hugo}`, { body: { shortNumber: '55' } });
    expect([consultant.status, kindOf(consultant)]).toEqual([409, 'short-number-taken']);
    await stage.ask('PATCH', `/v1/consultants/${hugo}`, { body: { shortNumber: '56' } });
    expect(kindOf(await change({ shortNumber: '56' }))).toBe('short-number-taken');
    expect(kindOf(await make({ shortNumber: '55' }))).toBe('short-number-taken');
    await stage.ask('PATCH', `/v1/consultants/${hugo}`, { body: { shortNumber: null } });
    expect((await change({ shortNumber: '56' })).status).toBe(200);
  });

  it.each([
    ['no way to ring', { strategy: 'loudest' }, '#/strategy'],
    ['no name', { name: '' }, '#/name'],
    ['a step of a second', { stepSeconds: 1 }, '#/stepSeconds'],
    ['somebody unknown', { members: [member(claire), member('con_nobody')] }, '#/members/1/consultantId'],
    ['somebody twice', { members: [member(claire), member(claire, 2)] }, '#/members/1/consultantId'],
    ['a qualification of ten', { members: [member(claire, 10)] }, '#/members/0/qualification'],
    ['an unknown field', { colour: 'red' }, '#/colour'],
  ])('refuse %s with its field', async (_what, more, pointer) => {
    for (const answer of [await make(more), await change(more)]) {
      expect([answer.status, answer.body.errors[0]?.pointer], answer.text).toEqual([422, pointer]);
    }
  });

  it('of another merchant are none', async () => {
    for (const [method, body] of [['GET'], ['PATCH', { name: 'X' }], ['DELETE']] as const) {
      const answer = await stage.ask(method, `/v1/groups/${id}`, { body, key: otherKey });
      expect(answer.status).toBe(404);
    }
    expect((await stage.ask('GET', '/v1/groups', { key: otherKey })).body.data).toEqual([]);
  });
});

describe('a line served by a group', () => {
  const shown = async () => (await stage.ask('GET', '/v1/lines/demo')).body;
  const ids = (body: Said['body']) => (body['consultants'] as { id: string }[]).map((one) => one.id);

  it('shows its members, the better qualified first; by its own consultants again when they are named', async () => {
    expect((await shown())['group']).toBeNull();
    const { body, text } = await line({ group: id });
    expect(body['group'], text).toBe(id);
    expect(ids(body)).toEqual([hugo, claire]);
    await change({ members: [member(ines)] });
    expect(ids(await shown())).toEqual([ines]);
    expect((await stage.ask('GET', `/v1/groups/${id}`)).body['lines']).toEqual(['demo']);
    const kept = await stage.ask('DELETE', `/v1/groups/${id}`);
    expect([kept.status, kindOf(kept), kept.body['lines']]).toEqual([409, 'group-in-use', ['demo']]);
    const back = await line({ consultants: [claire] });
    expect([back.body['group'], ids(back.body)]).toEqual([null, [claire]]);
    await line({ group: id });
    expect(ids((await line({ group: null })).body)).toEqual([claire]);
  });

  it.each([
    ['a group nobody has', { group: 'grp_nobody' }, 'None of your groups'],
    ['both at once', { consultants: [claire], group: true }, 'or by a group'],
  ])('refuses %s', async (_what, { group, ...more }, words) => {
    const answer = await line({ ...more, group: group === true ? id : group });
    expect([answer.status, answer.body.errors[0]?.pointer]).toEqual([422, '#/group']);
    expect(answer.body.errors[0]?.detail).toContain(words);
  });

  it('removed while a line is being set to it: one of the two is told why not, and neither fails', async () => {
    // The group is going, and nobody knows yet whether it will be gone.
    await stage.admin.query('begin');
    await stage.admin.query('delete from group_members where group_id = $1', [id]);
    await stage.admin.query('delete from consultant_groups where id = $1', [id]);
    const asked = line({ group: id });
    await expect.poll(() => waitingForLocks(stage)).toBe(1);
    await stage.admin.query('commit');
    const refused = await asked;
    expect([refused.status, refused.body.errors[0]?.pointer], refused.text).toEqual([422, '#/group']);

    for (let round = 0; round < 4; round += 1) {
      id = (await make({ members: [member(claire)] })).body.id;
      const [set, gone] = await Promise.all([line({ group: id }), stage.ask('DELETE', `/v1/groups/${id}`)]);
      expect(['200 409', '422 200'], `${set.text} ${gone.text}`).toContain(
        `${String(set.status)} ${String(gone.status)}`,
      );
      await line({ consultants: [claire, hugo, ines] });
    }
  });

  it('loses a member who is removed', async () => {
    const nadia = { name: 'Nadia', numbers: ['+33612345678'], language: 'fr' };
    const made = (await stage.ask('POST', '/v1/consultants', { body: nadia })).body.id;
    await change({ members: [member(made), member(claire)] });
    await line({ group: id });
    await stage.ask('DELETE', `/v1/consultants/${made}`);
    expect(ids(await shown())).toEqual([claire]);
    expect((await stage.ask('GET', `/v1/groups/${id}`)).body['members']).toEqual([member(claire)]);
    expect((await change({ members: [member(made)] })).status).toBe(422);
  });
});
