// A call without a telephone: whoever tries the scenario is the caller, the merchant's server and whoever is rung, and answers when the
// call asks. The way it takes is lit in the drawing, step by step.

import { useEffect, useMemo, useRef, useState } from 'react';
import { ActionIcon, Button, Checkbox, NativeSelect, TextInput } from '@mantine/core';
import { useAct } from '../act.ts';
import { ask } from '../ask.ts';
import { Icon } from '../parts/icon.tsx';
import { browserZone, instantAt } from '../zone.ts';
import { useTimeZone } from '../read.ts';
import type { Trial, TrialStep } from './contract.ts';
import type { Graph } from './graph.ts';
import { type Answers, litBy, noAnswers, type Played, played } from './trial.ts';
import type { Lit } from './canvas.tsx';
import { StepShown } from './transcript.tsx';
import { Question } from './trial-question.tsx';
import { type Key, useTell } from './words.ts';

interface Caller {
  cli: string;
  /** `2026-12-24T18:30` by the merchant's clock; empty: now. */
  at: string;
  language: 'fr' | 'en';
  /** The merchant's script is really asked. */
  isScriptCalled: boolean;
  isFree: boolean;
  isBlacklisted: boolean;
  pays: boolean;
  keysCard: boolean;
}

export function TrialPanel({
  slug,
  graph,
  consultants,
  mayCall,
  onLit,
  onGo,
}: {
  slug: string;
  graph: Graph;
  consultants: readonly { id: string; name: string }[];
  /** His script may really be asked: that reaches out, and is not for who only reads. */
  mayCall: boolean;
  onLit: (lit: Lit | undefined) => void;
  onGo: (id: string) => void;
}): React.ReactNode {
  const { tell, language } = useTell();
  const timeZone = useTimeZone() || browserZone();
  const [caller, setCaller] = useState<Caller>({
    cli: '+33612345678',
    at: '',
    language,
    isScriptCalled: false,
    isFree: true,
    isBlacklisted: false,
    pays: true,
    keysCard: true,
  });
  const [answers, setAnswers] = useState<Answers>(noAnswers);
  const [given, setGiven] = useState<(keyof Answers)[]>([]);
  const [trial, setTrial] = useState<Trial>();
  const [toTheEnd, setToTheEnd] = useState(false);
  /** The step that is looked at; absent: the last. */
  const [place, setPlace] = useState<number>();
  const set = (change: Partial<Caller>): void => setCaller({ ...caller, ...change });

  const call = useAct(async (next: Answers) => {
    const at = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}/.test(caller.at)
      ? new Date(instantAt(timeZone, caller.at.slice(0, 10), caller.at.slice(11, 16))).toISOString()
      : undefined;
    const { start, blocks } = graph;
    const known = consultants.slice(0, 200);
    const body = {
      graph: { start, blocks },
      cli: caller.cli.trim() === '' ? null : caller.cli.replace(/[\s.]/g, ''),
      ...(at !== undefined && { at }),
      language: caller.language,
      ...next,
      ...(caller.isScriptCalled && { scripts: 'call' }),
      ...(!caller.isFree && { consultants: known.map(({ id, name }) => ({ id, name, reachable: false })) }),
      blacklisted: caller.isBlacklisted,
      pays: caller.pays,
      keysCard: caller.keysCard,
    };
    setTrial(await ask<Trial>('POST', `/v1/scenarios/${slug}/simulate`, body));
    setAnswers(next);
    setPlace(undefined);
  });
  const begin = (): void => {
    setGiven([]);
    setToTheEnd(false);
    void call.run(noAnswers);
  };
  const answer = (list: keyof Answers, value: unknown): void => {
    setGiven([...given, list]);
    void call.run({ ...answers, [list]: [...answers[list], value] });
  };
  const takeBack = (): void => {
    const list = given.at(-1);
    if (toTheEnd || list === undefined) {
      setToTheEnd(false);
      setPlace(undefined);
      return;
    }
    setGiven(given.slice(0, -1));
    void call.run({ ...answers, [list]: answers[list].slice(0, -1) });
  };

  const shown = useMemo<Played | undefined>(() => {
    if (!trial) return undefined;
    // A script that is really called has answered already.
    const counted = caller.isScriptCalled
      ? { ...answers, scripts: { length: Infinity } as unknown[] }
      : answers;
    return played(trial, counted, toTheEnd);
  }, [trial, answers, toTheEnd, caller.isScriptCalled]);
  const steps = shown?.steps;
  const upTo = place ?? (steps ? steps.length - 1 : 0);
  useEffect(() => {
    if (!steps) {
      onLit(undefined);
      return;
    }
    const seen = steps.slice(0, upTo + 1);
    // Whoever looks back at a step stands in it: the way out of it comes next.
    const last = seen.at(-1);
    onLit(litBy(last && upTo < steps.length - 1 ? [...seen.slice(0, -1), withoutExit(last)] : seen));
  }, [steps, upTo, onLit]);
  useEffect(() => () => onLit(undefined), [onLit]);
  const end = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (place === undefined) end.current?.scrollIntoView({ block: 'nearest' });
  }, [steps, place]);

  return (
    <section className="sc-trial">
      <p className="soft">{tell('trial.what')}</p>
      <details className="sc-more" open={trial === undefined ? true : undefined}>
        <summary>{tell('trial.settings')}</summary>
        <div className="sc-more-fields">
          <TextInput
            size="sm"
            type="tel"
            label={tell('trial.cli')}
            description={tell('trial.cliWhat')}
            value={caller.cli}
            error={call.fields['/cli']}
            onChange={(event) => set({ cli: event.currentTarget.value })}
          />
          <TextInput
            size="sm"
            type="datetime-local"
            label={tell('trial.at')}
            description={tell('trial.atWhat', { zone: timeZone.replaceAll('_', ' ') })}
            value={caller.at}
            onChange={(event) => set({ at: event.currentTarget.value })}
          />
          <NativeSelect
            size="sm"
            label={tell('trial.language')}
            value={caller.language}
            onChange={(event) => set({ language: event.currentTarget.value === 'en' ? 'en' : 'fr' })}
            data={[
              { value: 'fr', label: tell('languages.fr') },
              { value: 'en', label: tell('languages.en') },
            ]}
          />
          {mayCall && (
            <NativeSelect
              size="sm"
              label={tell('trial.scripts')}
              value={caller.isScriptCalled ? 'call' : 'ask'}
              onChange={(event) => set({ isScriptCalled: event.currentTarget.value === 'call' })}
              data={(['ask', 'call'] as const).map((one) => ({
                value: one,
                label: tell(`trial.scripts.${one}`),
              }))}
            />
          )}
          {(['isFree', 'isBlacklisted', 'pays', 'keysCard'] as const).map((name) => (
            <Checkbox
              key={name}
              size="sm"
              label={tell(checkNames[name])}
              checked={caller[name]}
              onChange={(event) => set({ [name]: event.currentTarget.checked })}
            />
          ))}
        </div>
      </details>
      <Button
        size="sm"
        leftSection={<Icon name="phone" size={16} />}
        loading={call.busy}
        variant={trial ? 'default' : 'filled'}
        onClick={begin}
      >
        {tell(trial ? 'trial.again' : 'trial.go')}
      </Button>
      {trial && shown && (
        <>
          <div className="sc-stepper" role="group" aria-label={tell('trial.transcript')}>
            <Step label={tell('trial.first')} icon="back" off={upTo === 0} act={() => setPlace(0)} double />
            <Step label={tell('trial.before')} icon="back" off={upTo === 0} act={() => setPlace(upTo - 1)} />
            <span role="status">{tell('trial.step', { place: upTo + 1, count: shown.steps.length })}</span>
            <Step
              label={tell('trial.after')}
              icon="forward"
              off={upTo >= shown.steps.length - 1}
              act={() => setPlace(upTo + 1)}
            />
            <Step
              label={tell('trial.last')}
              icon="forward"
              off={upTo >= shown.steps.length - 1}
              act={() => setPlace(undefined)}
              double
            />
          </div>
          <ol className="sc-transcript" aria-label={tell('trial.transcript')}>
            {shown.steps.map((step, at) => (
              <StepShown
                key={at}
                step={step}
                graph={graph}
                isHere={at === upTo}
                isAhead={at > upTo}
                onLook={() => {
                  setPlace(at);
                  if (step.scenario === undefined) onGo(step.block);
                }}
              />
            ))}
          </ol>
          <div ref={end} aria-live="polite">
            {shown.wants ? (
              <Question key={given.length} wants={shown.wants.list} busy={call.busy} answer={answer} />
            ) : (
              <p className="sc-trial-end" data-outcome={trial.outcome}>
                <strong>{tell(`trial.end.${trial.outcome}`)}</strong>{' '}
                {tell('trial.endedIn', { block: trial.endedIn })}
              </p>
            )}
          </div>
          <div className="sc-form-buttons">
            {(given.length > 0 || toTheEnd) && (
              <Button variant="subtle" size="xs" onClick={takeBack}>
                {tell('trial.back')}
              </Button>
            )}
            {shown.wants && (
              <Button variant="subtle" size="xs" onClick={() => setToTheEnd(true)}>
                {tell('trial.toTheEnd')}
              </Button>
            )}
          </div>
          {!shown.wants && Object.keys(trial.variables).length > 0 && (
            <div>
              <h2>{tell('trial.variables')}</h2>
              <dl className="sc-variables">
                {Object.entries(trial.variables).map(([name, value]) => (
                  <div key={name}>
                    <dt>
                      <code>{name}</code>
                    </dt>
                    <dd>{value}</dd>
                  </div>
                ))}
              </dl>
            </div>
          )}
        </>
      )}
    </section>
  );
}

const checkNames = {
  isFree: 'trial.free',
  isBlacklisted: 'trial.blacklisted',
  pays: 'trial.pays',
  keysCard: 'trial.keysCard',
} as const satisfies Record<string, Key>;

function withoutExit({ exit: _out, ...step }: TrialStep): TrialStep {
  return step;
}

function Step({
  label,
  icon,
  off,
  act,
  double = false,
}: {
  label: string;
  icon: 'back' | 'forward';
  off: boolean;
  act: () => void;
  double?: boolean;
}): React.ReactNode {
  return (
    <ActionIcon variant="default" size={34} aria-label={label} title={label} disabled={off} onClick={act}>
      <Icon name={icon} size={15} />
      {double && <Icon name={icon} size={15} />}
    </ActionIcon>
  );
}
