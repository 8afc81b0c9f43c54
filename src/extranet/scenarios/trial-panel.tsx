// A call without a telephone: whoever tries the scenario is the caller, the merchant's server and whoever is rung, and answers when the
// call asks. The way it takes is lit in the drawing, step by step.

import { useEffect, useMemo, useRef, useState } from 'react';
import { ActionIcon, Button, Checkbox, NativeSelect, TextInput, Textarea } from '@mantine/core';
import { useAct } from '../act.ts';
import { ask } from '../ask.ts';
import { Icon } from '../parts/icon.tsx';
import { browserZone, instantAt } from '../zone.ts';
import { useTimeZone } from '../read.ts';
import type { Exchange, Trial, TrialAct, TrialStep } from './contract.ts';
import type { Graph } from './graph.ts';
import { type Answers, litBy, noAnswers, type Played, played } from './trial.ts';
import type { Lit } from './canvas.tsx';
import { blockName, wayName } from './sentence.ts';
import { isKey, type Key, type Tell, useTell } from './words.ts';

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
}

export function TrialPanel({
  slug,
  graph,
  consultants,
  onLit,
  onGo,
}: {
  slug: string;
  graph: Graph;
  consultants: readonly { id: string; name: string }[];
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
          {(['isFree', 'isBlacklisted', 'pays'] as const).map((name) => (
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

function StepShown({
  step,
  graph,
  isHere,
  isAhead,
  onLook,
}: {
  step: TrialStep;
  graph: Graph;
  isHere: boolean;
  isAhead: boolean;
  onLook: () => void;
}): React.ReactNode {
  const { tell } = useTell();
  const { scenario, block, exit } = step;
  const own = scenario === undefined ? graph.blocks[block] : undefined;
  return (
    <li
      className="sc-step"
      data-here={isHere}
      data-ahead={isAhead}
      {...(isHere && { 'aria-current': 'step' })}
    >
      <button type="button" className="sc-step-block" onClick={onLook}>
        {own ? blockName(graph, block, tell) : `${scenario ?? ''} · ${block}`}
      </button>
      {step.did.map((act, place) => (
        <ActShown key={place} act={act} tell={tell} />
      ))}
      {exit !== undefined && (
        <p className="sc-step-exit">
          {tell('trial.left', { way: own ? wayName(own.kind, exit, tell) : exit })}
        </p>
      )}
    </li>
  );
}

const actWords: Readonly<Record<string, Key>> = {
  record: 'trial.did.record',
  keepMessage: 'trial.did.keepMessage',
  checkAccessCode: 'trial.did.code',
  sendPaymentLink: 'trial.did.link',
  awaitPayment: 'trial.did.paid',
  readBlacklist: 'trial.did.blacklist',
  findConsultants: 'trial.did.consultants',
  findScenario: 'trial.did.scenario',
};

function ActShown({ act, tell }: { act: TrialAct; tell: Tell }): React.ReactNode {
  const { what, heard = [], came, exchange } = act;
  const said = actSaid(what, came, tell);
  return (
    <>
      {heard.map((words, place) => (
        <p key={place} className="sc-heard">
          <span className="unseen">{tell('trial.hears')}: </span>
          {words}
        </p>
      ))}
      {said !== undefined && <p className={what === 'ask' ? 'sc-did sc-did-keyed' : 'sc-did'}>{said}</p>}
      {exchange && <ExchangeShown exchange={exchange} />}
    </>
  );
}

function actSaid(what: string, came: string | undefined, tell: Tell): string | undefined {
  if (what === 'ask') {
    if (came === undefined) return undefined;
    return came === 'nothingKeyed'
      ? tell('trial.did.silence')
      : tell('trial.did.keyed', { keys: came === '' ? '#' : came });
  }
  if (came === undefined && ['recognize', 'ring', 'askScript'].includes(what)) return undefined;
  if (what === 'ring') {
    const key = `way.${String(came)}`;
    return tell('trial.did.ring', { how: isKey(key) ? tell(key) : String(came) });
  }
  if (what === 'recognize') return tell('trial.did.recognize', { how: String(came) });
  if (what === 'askScript')
    return came === 'scriptAnswered'
      ? tell('trial.did.askScript')
      : tell('trial.did.script', { how: String(came) });
  const key = actWords[what];
  return key && tell(key);
}

function ExchangeShown({ exchange }: { exchange: Exchange }): React.ReactNode {
  const { tell } = useTell();
  const { url, requestBody, status, answerBody, tookMs } = exchange;
  return (
    <details className="sc-exchange">
      <summary>
        {tell('trial.exchange')} · {status ?? '–'} · {tell('trial.took', { ms: Math.round(tookMs) })}
      </summary>
      <pre tabIndex={0}>
        {url}
        {'\n\n'}
        {requestBody}
        {'\n\n'}
        {answerBody ?? ''}
      </pre>
    </details>
  );
}

// --- What the call waits for ---------------------------------------------------------------------------------------

function Question({
  wants,
  busy,
  answer,
}: {
  wants: keyof Answers;
  busy: boolean;
  answer: (list: keyof Answers, value: unknown) => void;
}): React.ReactNode {
  const { tell } = useTell();
  const choice = (label: string, value: unknown): React.ReactNode => (
    <Button key={label} variant="default" size="sm" disabled={busy} onClick={() => answer(wants, value)}>
      {label}
    </Button>
  );
  switch (wants) {
    case 'keys':
      return <Keying busy={busy} answer={(keys) => answer('keys', keys)} />;
    case 'rings':
      return (
        <Choices label={tell('trial.rings')}>
          {(['talked', 'no_answer', 'busy', 'refused', 'unavailable', 'limit_reached'] as const).map((end) =>
            choice(tell(`way.${end}`), end),
          )}
        </Choices>
      );
    case 'recognitions':
      return (
        <Choices label={tell('trial.recognitions')}>
          {choice(tell('trial.known'), {
            outcome: 'recognized',
            clientCode: 'C-1180',
            talkLimitSeconds: 600,
          })}
          {choice(tell('trial.unknown'), { outcome: 'refused', reason: 'unknown' })}
          {choice(tell('trial.noCredit'), { outcome: 'refused', reason: 'no_credit' })}
          {choice(tell('trial.pinWanted'), { outcome: 'proof_wanted', proof: 'pin', clientCode: 'C-1180' })}
          {choice(tell('trial.serverAway'), 'away')}
        </Choices>
      );
    case 'scripts':
      return <ScriptAnswer busy={busy} answer={(value) => answer('scripts', value)} />;
    case 'speaks':
      return (
        <Choices label={tell('trial.speaks')}>
          {choice(tell('trial.speaks.yes'), 20)}
          {choice(tell('trial.speaks.no'), 0)}
        </Choices>
      );
    case 'codes':
      return (
        <Choices label={tell('trial.codes')}>
          {choice(tell('trial.codes.yes'), true)}
          {choice(tell('trial.codes.no'), false)}
        </Choices>
      );
  }
}

function Choices({ label, children }: { label: string; children: React.ReactNode }): React.ReactNode {
  return (
    <fieldset className="sc-question">
      <legend>{label}</legend>
      <div className="sc-choices">{children}</div>
    </fieldset>
  );
}

const phoneKeys = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '0', '#'] as const;

function Keying({ busy, answer }: { busy: boolean; answer: (keys: string) => void }): React.ReactNode {
  const { tell } = useTell();
  const [keys, setKeys] = useState('');
  const field = useRef<HTMLInputElement>(null);
  // Asked again, whoever types goes on typing.
  useEffect(() => field.current?.focus({ preventScroll: true }), []);
  const isRight = /^(\d{1,40}#?|[*#])$/.test(keys);
  return (
    <form
      className="sc-question"
      onSubmit={(event) => {
        event.preventDefault();
        if (isRight && !busy) answer(keys);
      }}
    >
      <TextInput
        size="sm"
        ref={field}
        label={tell('trial.keys')}
        inputMode="tel"
        autoComplete="off"
        value={keys}
        onChange={(event) => setKeys(event.currentTarget.value.replace(/[^\d*#]/g, ''))}
      />
      <div className="sc-phone-keys">
        {phoneKeys.map((key) => (
          <button
            key={key}
            type="button"
            aria-label={tell('keys.name', { key })}
            onClick={() => setKeys(`${keys}${key}`)}
          >
            {key}
          </button>
        ))}
      </div>
      <div className="sc-choices">
        <Button type="submit" size="sm" disabled={!isRight || busy}>
          {tell('trial.send')}
        </Button>
        <Button variant="default" size="sm" disabled={busy} onClick={() => answer('')}>
          {tell('trial.silence')}
        </Button>
      </div>
    </form>
  );
}

function ScriptAnswer({
  busy,
  answer,
}: {
  busy: boolean;
  answer: (value: unknown) => void;
}): React.ReactNode {
  const { tell } = useTell();
  const [body, setBody] = useState('{ "next": "then" }');
  return (
    <form
      className="sc-question"
      onSubmit={(event) => {
        event.preventDefault();
        answer({ body });
      }}
    >
      <Textarea
        size="sm"
        rows={4}
        label={tell('trial.scriptAnswers')}
        spellCheck={false}
        value={body}
        onChange={(event) => setBody(event.currentTarget.value)}
      />
      <div className="sc-choices">
        <Button type="submit" size="sm" disabled={busy}>
          {tell('trial.answer')}
        </Button>
        <Button variant="default" size="sm" disabled={busy} onClick={() => answer('away')}>
          {tell('trial.away')}
        </Button>
        <Button variant="default" size="sm" disabled={busy} onClick={() => answer('call')}>
          {tell('trial.call')}
        </Button>
      </div>
    </form>
  );
}
