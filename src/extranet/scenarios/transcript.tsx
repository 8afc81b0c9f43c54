// What happened in a trial, block by block: what the caller heard, what he keyed, what was asked of whom.

import type { Exchange, TrialAct, TrialStep } from './contract.ts';
import type { Graph } from './graph.ts';
import { blockName, wayName } from './sentence.ts';
import { type Key, type Tell, useTell } from './words.ts';

export function StepShown({
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

/** What the merchant's server said, or his script did not. */
const cameWords: Readonly<Record<string, Key>> = {
  recognized: 'trial.known',
  refused: 'way.refused',
  proof_wanted: 'trial.pinWanted',
  away: 'trial.serverAway',
};

const actWords: Readonly<Record<string, Key>> = {
  record: 'trial.did.record',
  keepMessage: 'trial.did.keepMessage',
  checkAccessCode: 'trial.did.code',
  sendPaymentLink: 'trial.did.link',
  awaitPayment: 'trial.did.paid',
  orderByCard: 'trial.did.order',
  takeCard: 'trial.did.card',
  payByCard: 'trial.did.pay',
  giveUpCardOrder: 'trial.did.giveUp',
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
    return tell('trial.did.ring', { how: tell.knows(key) ? tell(key) : String(came) });
  }
  if (what === 'recognize') {
    const key = cameWords[String(came)];
    return tell('trial.did.recognize', { how: key ? tell(key) : String(came) });
  }
  if (what === 'askScript')
    return came === 'scriptAnswered'
      ? tell('trial.did.askScript')
      : tell('trial.did.script', { how: came === 'away' ? tell('trial.away') : String(came) });
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
