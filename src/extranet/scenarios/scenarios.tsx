// All scenarios: which version of each is live, which numbers lead to it, and new ones, blank or from a template.

import { useState } from 'react';
import { ActionIcon, Button, NativeSelect, Stack, TextInput } from '@mantine/core';
import { Link, useNavigate } from 'react-router';
import { useAct } from '../act.ts';
import { ask } from '../ask.ts';
import { houseNow } from '../clock.ts';
import { tell as notify } from '../notices.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { Icon } from '../parts/icon.tsx';
import { Empty, Page, Trouble, Waiting } from '../parts/page.tsx';
import { useTimeZone } from '../read.ts';
import { changed, may, useSession } from '../session.ts';
import { showInstant, showNumber } from '../show.ts';
import type { ScenarioRecord, ScenarioSummary, TemplateFill } from './contract.ts';
import { idOf } from './graph.ts';
import { readText } from './read-text.ts';
import { useForwardNumbers, useResources, useScenarios, useSellingLines, useTemplates } from './read.ts';
import { useTell } from './words.ts';
import './sheet.ts';

export default function Scenarios(): React.ReactNode {
  const { tell, language } = useTell();
  const mayWrite = may(useSession(), 'lines', 'write');
  const timeZone = useTimeZone();
  const { data, error, refetch } = useScenarios();
  const lines = useSellingLines();
  const lineName = (slug: string): string => lines.find((line) => line.slug === slug)?.name ?? slug;
  const [isMaking, setMaking] = useState(false);
  const [going, setGoing] = useState<ScenarioSummary>();
  return (
    <Page
      title={tell('scenarios.title')}
      aside={
        mayWrite && (
          <Button leftSection={<Icon name="plus" size={18} />} onClick={() => setMaking(true)}>
            {tell('scenarios.add')}
          </Button>
        )
      }
    >
      <p className="soft">{tell('scenarios.what')}</p>
      {error && !data ? (
        <Trouble error={error} again={() => void refetch()} />
      ) : !data ? (
        <Waiting />
      ) : data.length === 0 ? (
        <Empty>{tell('scenarios.none')}</Empty>
      ) : (
        <ul className="card scenario-rows">
          {data.map((scenario) => (
            <li key={scenario.id} className="scenario-row">
              <div className="scenario-main">
                <Link
                  to={`/scenarios/${scenario.slug}`}
                  className="scenario-link"
                  aria-label={tell('scenarios.open', { name: scenario.name })}
                >
                  <strong>{scenario.name}</strong>
                </Link>
                <span className="soft">
                  {[
                    ...(scenario.ddis.length > 0
                      ? [tell('scenarios.numbers', { numbers: scenario.ddis.map(showNumber).join(', ') })]
                      : []),
                    ...(scenario.lines.length > 0
                      ? [tell('scenarios.follows', { lines: scenario.lines.map(lineName).join(', ') })]
                      : []),
                  ].join(' · ') || tell('scenarios.noNumber')}
                </span>
              </div>
              <div className="scenario-badges">
                <span className={scenario.live === null ? 'sc-badge' : 'sc-badge sc-badge-live'}>
                  {scenario.live === null
                    ? tell('scenarios.notLive')
                    : tell('scenarios.live', { version: scenario.live })}
                </span>
                {scenario.changed && scenario.live !== null && (
                  <span className="sc-badge sc-badge-draft">{tell('scenarios.changed')}</span>
                )}
                <span className="soft scenario-at">
                  {tell('scenarios.edited', {
                    at: showInstant(scenario.changedAt, language, timeZone, houseNow()),
                  })}
                </span>
              </div>
              {mayWrite && (
                <ActionIcon
                  variant="subtle"
                  color="gray"
                  size={40}
                  aria-label={tell('scenarios.archive', { name: scenario.name })}
                  onClick={() => setGoing(scenario)}
                >
                  <Icon name="bin" size={18} />
                </ActionIcon>
              )}
            </li>
          ))}
        </ul>
      )}
      {isMaking && <Make taken={(data ?? []).map(({ slug }) => slug)} onClose={() => setMaking(false)} />}
      {going && <Archive scenario={going} onClose={() => setGoing(undefined)} />}
    </Page>
  );
}

function Archive({ scenario, onClose }: { scenario: ScenarioSummary; onClose: () => void }): React.ReactNode {
  const { tell } = useTell();
  const { slug, name } = scenario;
  const archive = useAct(
    async () => {
      await ask('DELETE', `/v1/scenarios/${slug}`);
      await changed('scenarios');
      notify(tell('scenarios.archived', { name }));
      onClose();
    },
    { quiet: true },
  );
  return (
    <Dialog title={tell('scenarios.archiveSure', { name })} onClose={onClose}>
      <Stack>
        <p>{tell('scenarios.archiveText')}</p>
        {archive.failed !== undefined && (
          <p className="wrong" role="alert">
            {archive.kind === 'scenario-in-use' ? tell('scenarios.inUse') : archive.failed}
          </p>
        )}
        <Button color="vermilion" loading={archive.busy} onClick={() => void archive.run()}>
          {tell('scenarios.archiveGo')}
        </Button>
      </Stack>
    </Dialog>
  );
}

const blank = 'blank';

function Make({ taken, onClose }: { taken: readonly string[]; onClose: () => void }): React.ReactNode {
  const { tell, language } = useTell();
  const navigate = useNavigate();
  const { data: templates = [] } = useTemplates();
  const lines = useSellingLines();
  const numbers = useForwardNumbers();
  const resources = useResources();
  const [from, setFrom] = useState<string>(blank);
  const [name, setName] = useState('');
  const [slug, setSlug] = useState<string>();
  const [fill, setFill] = useState<Partial<TemplateFill>>({});
  const template = templates.find((one) => one.name === from);
  const offered: Record<Exclude<keyof TemplateFill, 'url'>, { value: string; label: string }[]> = {
    line: lines.flatMap((one) =>
      one.sells === 'conversation' ? [{ value: one.slug, label: one.name }] : [],
    ),
    sale: lines.flatMap((one) => (one.sells === 'fixed_sale' ? [{ value: one.slug, label: one.name }] : [])),
    resource: resources.map((one) => ({ value: one.slug, label: one.name[language] })),
    payment: (['link', 'keypad'] as const).map((one) => ({ value: one, label: tell(`new.payment.${one}`) })),
    number: [
      { value: '', label: tell('new.numberNone') },
      ...numbers.map((one) => ({ value: one.number, label: `${one.label} · ${showNumber(one.number)}` })),
    ],
  };
  const shownName = name === '' && template ? template.title[language] : name;
  const shownSlug = slug ?? freeSlug(idOf(shownName), taken);
  const url = fill.url ?? '';
  const isUrlWrong = url !== '' && 'wrong' in readText(url, 'url');
  const make = useAct(async () => {
    const needs = template?.needs ?? [];
    const given = Object.fromEntries(
      needs.flatMap((need) => {
        const value = need === 'url' ? url : (fill[need] ?? offered[need][0]?.value ?? '');
        return value === '' ? [] : [[need, value.trim()]];
      }),
    );
    const { slug: made } = await ask<ScenarioRecord>('POST', '/v1/scenarios', {
      slug: shownSlug,
      name: shownName.trim(),
      ...(template && { template: template.name, with: given }),
    });
    await changed('scenarios');
    void navigate(`/scenarios/${made}`);
  });
  const choice = (value: string, title: string, text: string): React.ReactNode => (
    <label key={value} className="sc-start" data-on={from === value}>
      <input
        type="radio"
        name="from"
        value={value}
        checked={from === value}
        onChange={() => setFrom(value)}
      />
      <span>
        <strong>{title}</strong>
        <span className="soft">{withCode(text)}</span>
      </span>
    </label>
  );
  return (
    <Dialog title={tell('new.title')} onClose={onClose} wide>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          if (!isUrlWrong) void make.run();
        }}
      >
        <fieldset className="sc-starts">
          <legend>{tell('new.from')}</legend>
          {choice(blank, tell('new.blank'), tell('new.blankText'))}
          {templates.map((one) => choice(one.name, one.title[language], one.description[language]))}
        </fieldset>
        {template?.needs.map((need) =>
          need === 'url' ? (
            <TextInput
              key={need}
              label={tell('new.url')}
              type="url"
              value={url}
              error={isUrlWrong ? tell('form.wrong.url') : undefined}
              onChange={(event) => setFill({ ...fill, url: event.currentTarget.value })}
            />
          ) : (
            <NativeSelect
              key={need}
              label={tell(`new.${need}`)}
              value={fill[need] ?? offered[need][0]?.value ?? ''}
              onChange={(event) => setFill({ ...fill, [need]: event.currentTarget.value })}
              data={offered[need]}
              disabled={offered[need].length === 0}
              description={
                offered[need].length === 0
                  ? tell('new.noneYet')
                  : need === 'payment'
                    ? tell('new.payment.what')
                    : undefined
              }
            />
          ),
        )}
        <div className="pair">
          <NameInput value={shownName} wrong={make.fields['/name']} onChange={setName} />
          <TextInput
            label={tell('new.slug')}
            description={tell('new.slugWhat')}
            required
            withAsterisk={false}
            maxLength={63}
            value={shownSlug}
            error={make.kind === 'slug-in-use' ? tell('new.slugTaken') : make.fields['/slug']}
            onChange={(event) => setSlug(event.currentTarget.value.toLowerCase().replace(/[^a-z0-9-]/g, '-'))}
          />
        </div>
        <Button type="submit" loading={make.busy} disabled={shownName.trim() === ''}>
          {tell('new.make')}
        </Button>
      </form>
    </Dialog>
  );
}

function NameInput({
  value,
  wrong,
  onChange,
}: {
  value: string;
  wrong: string | undefined;
  onChange: (name: string) => void;
}): React.ReactNode {
  const { tell } = useTell();
  return (
    <TextInput
      label={tell('new.name')}
      description={tell('new.nameWhat')}
      required
      withAsterisk={false}
      maxLength={80}
      value={value}
      error={wrong}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}

/** What stands between backticks is what somebody writes into his script. */
function withCode(text: string): React.ReactNode {
  return text.split('`').map((part, place) => (place % 2 === 0 ? part : <code key={place}>{part}</code>));
}

function freeSlug(wanted: string, taken: readonly string[]): string {
  const base = wanted === '' ? 'scenario' : wanted;
  if (!taken.includes(base)) return base;
  for (let count = 2; ; count += 1)
    if (!taken.includes(`${base}-${String(count)}`)) return `${base}-${String(count)}`;
}
