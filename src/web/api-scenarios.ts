// Routes about scenarios: what a call to a number does, composed as a graph of blocks, checked, tried out, published, rolled back.

import type { E164, Language } from '../core/ids.ts';
import type { Cli, Recognition } from '../core/known-caller.ts';
import type { Scenario } from '../core/scenario/blocks.ts';
import type { ScenarioFault } from '../core/scenario/check-scenario.ts';
import {
  scenarioOfTemplate,
  scenarioTemplates,
  type TemplateFill,
  templateNames,
} from '../core/scenario/templates.ts';
import { mayDo } from '../core/sign-in.ts';
import type { House } from '../flow/house.ts';
import { checkedScenario, isPublishable } from '../flow/scenario-surroundings.ts';
import {
  archiveScenario,
  createScenario,
  type OfScenario,
  publishScenario,
  renameScenario,
  type ScenarioArchived,
  type ScenarioKept,
  type ScenarioRefused,
  setDraft,
  setLiveVersion,
} from '../flow/scenarios.ts';
import { simulateScenario, type TrialWish } from '../flow/simulate-scenario.ts';
import { linesBySlug } from '../store/lines.ts';
import { readSurroundings } from '../store/scenario-surroundings.ts';
import {
  listScenarios,
  listScenarioVersions,
  type PublishedVersion,
  readScenario,
  readScenarioVersion,
  type ScenarioVersionSummary,
} from '../store/scenarios.ts';
import { type ApiAnswer, type ApiRoutes, type CallFrom, problemAnswer, z } from './routes.ts';
import { faultEntry } from './scenario-faults.ts';
import {
  archivedScenarioShape,
  checkBody,
  checkedShape,
  draftBody,
  emptyScenario,
  liveBody,
  publishBody,
  publishedShape,
  scenarioBody,
  scenarioBytesMax,
  scenarioChange,
  scenarioListShape,
  scenarioParams,
  scenarioRecordShape,
  simulateBody,
  templateListShape,
  trialShape,
  versionListShape,
  versionParams,
  versionShape,
} from './scenario-shapes.ts';

const area = 'lines' as const;

export function scenarioRoutes(routes: ApiRoutes, house: House): void {
  keeping(routes, house);
  publishing(routes, house);
  trying(routes, house);
}

function keeping(routes: ApiRoutes, house: House): void {
  const answer = { status: 200, description: 'As it is now.', shape: scenarioRecordShape } as const;

  routes.add({
    method: 'get',
    path: '/v1/scenario-templates',
    area,
    name: 'listScenarioTemplates',
    summary: 'Scenarios to begin with.',
    answer: { status: 200, description: 'All of them.', shape: templateListShape },
    problems: [],
    act: () => {
      const data = templateNames.map((name) => {
        const { title, description, needs } = scenarioTemplates[name];
        return { name, title, description, needs };
      });
      return Promise.resolve({ status: 200, body: { data } });
    },
  });

  routes.add({
    method: 'get',
    path: '/v1/scenarios',
    area,
    name: 'listScenarios',
    summary: 'Your scenarios: which version of each is live, and which numbers lead to it.',
    answer: { status: 200, description: 'All but those that are archived.', shape: scenarioListShape },
    problems: [],
    act: async ({ merchantId }) => {
      const data = await house.db.asMerchant(merchantId, listScenarios);
      return { status: 200, body: { data } };
    },
  });

  routes.add({
    method: 'post',
    path: '/v1/scenarios',
    area,
    name: 'createScenario',
    summary: 'A new scenario, from a draft of yours or from a template.',
    description:
      'The draft is a graph as /schemas/scenario.json describes it; without it and without a template it is one block that hangs up. Nothing of it is heard by anybody before it is published and a ' +
      'number leads to it. Send an Idempotency-Key: a repeat with it finds the same one.',
    body: scenarioBody,
    bodyBytesMax: scenarioBytesMax,
    versioned: true,
    answer: { status: 201, description: 'As it was made.', shape: scenarioRecordShape },
    problems: ['slug-in-use'],
    act: async ({ body, requestKey, ...from }) => {
      const { slug, name, draft, template, with: given } = body;
      const wish = template === undefined ? (draft ?? emptyScenario) : undefined;
      const graph =
        wish ?? scenarioOfTemplate(template ?? 'shop_hours', await filled(house, from.merchantId, given));
      return answerOf(
        201,
        from,
        await createScenario(house, owner(from), { slug, name, draft: graph }, requestKey),
      );
    },
  });

  routes.add({
    method: 'get',
    path: '/v1/scenarios/{slug}',
    area,
    name: 'readScenario',
    summary: 'One scenario with its draft.',
    params: scenarioParams,
    versioned: true,
    answer,
    problems: ['unknown-id'],
    act: async (from) => {
      const { merchantId, params } = from;
      const scenario = await house.db.asMerchant(merchantId, (tx) => readScenario(tx, params.slug));
      return answerOf(200, from, scenario ? { outcome: 'kept', scenario } : { outcome: 'unknown' });
    },
  });

  routes.add({
    method: 'patch',
    path: '/v1/scenarios/{slug}',
    area,
    name: 'renameScenario',
    summary: 'Gives a scenario another name; its slug stays.',
    params: scenarioParams,
    body: scenarioChange,
    versioned: true,
    answer,
    problems: ['unknown-id'],
    act: async ({ params, body: { name }, ...from }) => {
      if (name !== undefined)
        return answerOf(200, from, await renameScenario(house, of(from, params.slug), name));
      const scenario = await house.db.asMerchant(from.merchantId, (tx) => readScenario(tx, params.slug));
      return answerOf(200, from, scenario ? { outcome: 'kept', scenario } : { outcome: 'unknown' });
    },
  });

  routes.add({
    method: 'delete',
    path: '/v1/scenarios/{slug}',
    area,
    name: 'archiveScenario',
    summary:
      'Archives a scenario to which no number and no live scenario leads. Calls under way in it finish.',
    params: scenarioParams,
    versioned: true,
    answer: {
      status: 200,
      description: 'It is archived; its slug is free again.',
      shape: archivedScenarioShape,
    },
    problems: ['unknown-id', 'scenario-in-use'],
    act: async ({ params: { slug }, ...from }) => {
      const archived = await archiveScenario(house, of(from, slug));
      return archived.outcome === 'archived'
        ? { status: 200, body: { slug, archived: true } }
        : refused(archived, from.language);
    },
  });

  routes.add({
    method: 'put',
    path: '/v1/scenarios/{slug}/draft',
    area,
    // An editor saves by itself as one draws: what was changed stands in the settings' changes, and in the trail that it was published.
    audited: false,
    name: 'setScenarioDraft',
    summary: 'Sets what is being composed, as a whole. It may have faults; calls go on in what is live.',
    params: scenarioParams,
    body: draftBody,
    bodyBytesMax: scenarioBytesMax,
    versioned: true,
    answer,
    problems: ['unknown-id'],
    act: async ({ params, body, ...from }) =>
      answerOf(200, from, await setDraft(house, of(from, params.slug), body.draft)),
  });
}

function publishing(routes: ApiRoutes, house: House): void {
  routes.add({
    method: 'post',
    path: '/v1/scenarios/{slug}/versions',
    area,
    name: 'publishScenario',
    summary: 'Publishes the draft: it becomes a version that never changes, and calls begin in it.',
    description:
      'Refused with `scenario-faulty` where a caller would fall; `faults` says where, as POST /v1/scenarios/{slug}/check does. Calls ' +
      'under way finish in the version they began in. A draft that is live already is published already.',
    params: scenarioParams,
    body: publishBody,
    bodyBytesMax: scenarioBytesMax,
    answer: { status: 201, description: 'It is live. `faults`: the warnings.', shape: publishedShape },
    problems: ['unknown-id', 'scenario-faulty', 'changed-meanwhile'],
    act: async ({ params: { slug }, body: { note, basedOn }, ...from }) => {
      const done = await publishScenario(
        house,
        { ...of(from, slug), ...(basedOn !== undefined && { basedOn }) },
        note,
      );
      if (done.outcome !== 'published') return refused(done, from.language);
      const { version, faults } = done;
      const body = { ...versionEntry(version, version.number), faults: entries(faults, from.language) };
      return { status: 201, body };
    },
  });

  routes.add({
    method: 'get',
    path: '/v1/scenarios/{slug}/versions',
    area,
    name: 'listScenarioVersions',
    summary: 'What was published of a scenario: when, by whom, and which is live.',
    params: scenarioParams,
    answer: { status: 200, description: 'All of them.', shape: versionListShape },
    problems: ['unknown-id'],
    act: ({ merchantId, params: { slug } }) =>
      house.db.asMerchant(merchantId, async (tx): Promise<ApiAnswer> => {
        const scenario = await readScenario(tx, slug);
        if (!scenario) return problemAnswer('unknown-id');
        const versions = await listScenarioVersions(tx, scenario.id);
        return { status: 200, body: { data: versions.map((one) => versionSummary(one, scenario.live)) } };
      }),
  });

  routes.add({
    method: 'get',
    path: '/v1/scenarios/{slug}/versions/{number}',
    area,
    name: 'readScenarioVersion',
    summary: 'One published version with its graph.',
    params: versionParams,
    answer: { status: 200, description: 'As it was published.', shape: versionShape },
    problems: ['unknown-id'],
    act: ({ merchantId, params: { slug, number } }) =>
      house.db.asMerchant(merchantId, async (tx): Promise<ApiAnswer> => {
        const scenario = await readScenario(tx, slug);
        const version = scenario && (await readScenarioVersion(tx, scenario.id, number));
        if (!version) return problemAnswer('unknown-id');
        return { status: 200, body: versionEntry(version, scenario.live) };
      }),
  });

  routes.add({
    method: 'put',
    path: '/v1/scenarios/{slug}/live',
    area,
    name: 'setLiveScenarioVersion',
    summary: 'Makes another published version live: how one rolls back. The draft stays.',
    description: 'Checked again: what it led to when it was published may be gone by now.',
    params: scenarioParams,
    body: liveBody,
    versioned: true,
    answer: { status: 200, description: 'Calls begin in it.', shape: scenarioRecordShape },
    problems: ['unknown-id', 'scenario-faulty'],
    act: async ({ params, body: { version }, ...from }) =>
      answerOf(200, from, await setLiveVersion(house, of(from, params.slug), version)),
  });
}

function trying(routes: ApiRoutes, house: House): void {
  routes.add({
    method: 'post',
    path: '/v1/scenarios/{slug}/check',
    area,
    right: 'read',
    audited: false,
    name: 'checkScenario',
    summary: 'Says what is wrong with a scenario, and where. Changes nothing.',
    description:
      'Of the draft; of a published `version`; or of a `graph` that is not kept anywhere, while it is being composed.',
    params: scenarioParams,
    body: checkBody,
    bodyBytesMax: scenarioBytesMax,
    answer: { status: 200, description: 'What was found.', shape: checkedShape },
    problems: ['unknown-id'],
    act: async ({ merchantId, language, params: { slug }, body: { version, graph } }) => {
      const faults = await house.db.asMerchant(merchantId, async (tx) => {
        const scenario = await readScenario(tx, slug);
        if (!scenario) return undefined;
        const kept = version === undefined ? scenario.draft : await graphOf(tx, scenario.id, version);
        const wanted = graph ?? kept;
        return wanted && checkedScenario(house, tx, wanted, slug);
      });
      if (!faults) return problemAnswer('unknown-id');
      return { status: 200, body: { publishable: isPublishable(faults), faults: entries(faults, language) } };
    },
  });

  routes.add({
    method: 'post',
    path: '/v1/scenarios/{slug}/simulate',
    area,
    right: 'read',
    audited: false,
    name: 'simulateScenario',
    summary: 'Tries a scenario out: what a caller passes and hears, and where it ends. Nobody is rung.',
    description:
      'By the very rules calls go by: the draft, a published `version`, or a `graph` that is not kept anywhere. Whatever is not given goes as for a caller who does nothing: he keys nothing, nobody answers, ' +
      'your server is away. `call` really asks your script, at most 20 times and 30 seconds in all; of who is signed in that takes the ' +
      'right to change scenarios, all else the right to read them.',
    params: scenarioParams,
    body: simulateBody,
    bodyBytesMax: scenarioBytesMax,
    answer: { status: 200, description: 'What happened.', shape: trialShape },
    problems: ['unknown-id'],
    act: async ({ merchantId, session, params: { slug }, body }) => {
      // A trial is thought; this reaches out, to whatever address is in the graph that was sent along.
      if (session && asksScripts(body.scripts) && !mayDo(session.rights, area, 'write'))
        return problemAnswer('no-right', { detail: scriptsNeedWrite });
      const tried = await simulateScenario(house, merchantId, slug, trialOf(body));
      return tried.outcome === 'tried' ? { status: 200, body: tried.trial } : problemAnswer('unknown-id');
    },
  });
}

const asksScripts = (scripts: z.output<typeof simulateBody>['scripts']): boolean =>
  scripts === 'call' || scripts.includes('call');

const scriptsNeedWrite = {
  en: 'Your account reads scenarios. To really call a script it needs the right to change them; try it with answers of your own.',
  fr: 'Votre compte lit les scénarios. Pour appeler vraiment un script il lui faut le droit de les modifier ; essayez avec des réponses à vous.',
};

/** What is not given is not there, rather than there and undefined. */
function trialOf({ cli, cliTrust, ...body }: z.output<typeof simulateBody>): TrialWish {
  const { version, graph, ddi, at, language, consultants, recognitions, scripts, after, ...rest } = body;
  const from: Cli = cli === null ? { trust: 'withheld' } : { trust: cliTrust, number: cli as E164 };
  return {
    ...rest,
    cli: from,
    // Checked by shapes that say the same.
    recognitions: recognitions as (Recognition | 'away')[],
    scripts: scripts as TrialWish['scripts'],
    ...(version !== undefined && { version }),
    ...(graph && { graph }),
    ...(ddi !== undefined && { ddi: ddi as E164 }),
    ...(at !== undefined && { at: new Date(at) }),
    ...(language && { language }),
    ...(consultants && { consultants }),
    ...(after && { after }),
  };
}

/** What a template is made with: as it was said, else the merchant's first of its kind. */
async function filled(
  house: House,
  merchantId: string,
  given: z.output<typeof scenarioBody>['with'],
): Promise<Partial<TemplateFill>> {
  const [bySlug, { resources }] = await house.db.asMerchant(merchantId, (tx) =>
    Promise.all([linesBySlug(tx), readSurroundings(tx)]),
  );
  const lines = [...bySlug].sort(([one], [other]) => (one < other ? -1 : 1));
  const first = (sells: string): string | undefined => lines.find(([, one]) => one === sells)?.[0];
  const {
    line = first('conversation'),
    sale = first('fixed_sale'),
    resource = resources[0]?.slug,
    payment,
    number,
    url,
  } = given;
  return {
    ...(line !== undefined && { line }),
    ...(sale !== undefined && { sale }),
    ...(resource !== undefined && { resource }),
    ...(payment && { payment }),
    ...(number !== undefined && { number }),
    ...(url !== undefined && { url }),
  };
}

async function graphOf(
  tx: Parameters<typeof readScenarioVersion>[0],
  scenarioId: string,
  number: number,
): Promise<Scenario | undefined> {
  return (await readScenarioVersion(tx, scenarioId, number))?.graph;
}

const owner = ({ merchantId, by }: CallFrom) => ({ merchantId, ...(by && { by }) });

function of(from: CallFrom, slug: string): OfScenario {
  const { basedOn } = from;
  return { ...owner(from), slug, ...(basedOn !== undefined && { basedOn }) };
}

function versionSummary(
  { number, note, publishedAt, publishedBy }: ScenarioVersionSummary,
  live: number | null,
): object {
  return { version: number, note, publishedAt, publishedBy, live: number === live };
}

function versionEntry(version: PublishedVersion, live: number | null): object {
  return { ...versionSummary(version, live), graph: version.graph };
}

function entries(faults: readonly ScenarioFault[], language: Language): object[] {
  return faults.map((one) => faultEntry(one, language));
}

function answerOf(
  status: 200 | 201,
  { language }: Pick<CallFrom, 'language'>,
  kept: ScenarioKept,
): ApiAnswer {
  if (kept.outcome !== 'kept') return refused(kept, language);
  return { status, body: kept.scenario, version: kept.scenario.version };
}

function refused(
  is: ScenarioRefused | Exclude<ScenarioArchived, { outcome: 'archived' }>,
  language: Language,
): ApiAnswer {
  switch (is.outcome) {
    case 'faulty':
      return problemAnswer('scenario-faulty', { members: { faults: entries(is.faults, language) } });
    case 'changed_meanwhile':
      return problemAnswer('changed-meanwhile', { members: { version: is.stands } });
    case 'in_use':
      return problemAnswer('scenario-in-use', {
        members: { ddis: is.ddis, lines: is.lines, scenarios: is.scenarios },
      });
    case 'slug_taken':
      return problemAnswer('slug-in-use');
    default:
      return problemAnswer('unknown-id');
  }
}
