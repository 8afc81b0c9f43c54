// The page a consultant works with: one switch under the thumb, and who is calling.

import { useState } from 'react';
import { ActionIcon, Button, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { ask } from '../ask.ts';
import { houseNow, useNow } from '../clock.ts';
import type { Availability, CallsOfDay, Consultant, LiveCall } from '../contract.ts';
import { Icon, type IconName } from '../parts/icon.tsx';
import { secondsOf, useCallerName } from '../parts/live-call.tsx';
import { Page, Trouble, Waiting } from '../parts/page.tsx';
import { stateKey, toneOf } from '../parts/state.tsx';
import { settingOf } from '../parts/setting.ts';
import { SettingDialog } from '../parts/setting-dialog.tsx';
import { useOwnConsultant, useTimeZone } from '../read.ts';
import { showClock, showInstant, showMoney } from '../show.ts';
import { useWords } from '../words.ts';
import { dayIn } from '../zone.ts';
import { useWish, type Wish } from './wish.ts';

export default function Now(): React.ReactNode {
  const { say } = useWords();
  const { data, error, refetch } = useOwnConsultant();
  return (
    <Page title={say('now.title')} narrow>
      {data ? (
        <Own consultant={data} />
      ) : error ? (
        <Trouble error={error} again={() => void refetch()} />
      ) : (
        <Waiting />
      )}
    </Page>
  );
}

function Own({ consultant }: { consultant: Consultant }): React.ReactNode {
  const { say } = useWords();
  const wish = useWish(consultant.id);
  const [editing, setEditing] = useState<Availability>();
  const set = wish.pressed?.availability ?? settingOf(consultant);
  const press = (availability: Availability): void => {
    // Outside his hours "available" alone changes nothing: he says until when he works in spite of them.
    if (availability === 'available' && consultant.state.because === 'off_hours') setEditing('available');
    else wish.press({ availability });
  };
  return (
    <Stack gap="md">
      <StateBanner consultant={consultant} wish={wish} set={set} onDetails={() => setEditing(set)} />
      <Switch set={set} isBusy={wish.standing === 'sending'} onPress={press} />
      <CallCard call={consultant.call} />
      <Today />
      {editing && (
        <SettingDialog
          availability={editing}
          state={consultant.state}
          title={say(`set.${editing}`)}
          onClose={() => setEditing(undefined)}
          onSave={(next) => {
            wish.press(next);
            setEditing(undefined);
          }}
        />
      )}
    </Stack>
  );
}

/** What is so now; and when a press has not arrived yet, that, with what can be done about it. */
function StateBanner({
  consultant,
  wish,
  set,
  onDetails,
}: {
  consultant: Consultant;
  wish: Wish;
  set: Availability | undefined;
  onDetails: () => void;
}): React.ReactNode {
  const { say } = useWords();
  const more = useStateSentence(consultant);
  const { pressed, standing } = wish;
  const isUnsent = standing === 'unsent' || standing === 'old';
  const { state } = consultant;
  return (
    <div className="banner" data-tone={isUnsent ? 'pause' : toneOf(state)}>
      <span className="banner-words" role="status">
        <strong>
          {say(stateKey(consultant))}
          {state.reason !== null && state.reason !== '' && ` · ${state.reason}`}
        </strong>
        <span className="banner-more">
          {isUnsent && pressed
            ? say(standing === 'old' ? 'wish.old' : 'wish.unsent', {
                what: say(`set.${pressed.availability}`),
              })
            : more}
        </span>
      </span>
      {standing === 'old' && (
        <Button size="sm" variant="default" onClick={wish.send}>
          {say('wish.send')}
        </Button>
      )}
      {isUnsent && (
        <Button size="sm" variant="default" onClick={wish.forget}>
          {say('wish.forget')}
        </Button>
      )}
      {!isUnsent && (set === 'break' || set === 'away') && (
        <ActionIcon
          variant="default"
          size={44}
          aria-label={say(set === 'break' ? 'now.details' : 'now.detailsAway')}
          onClick={onDetails}
        >
          <Icon name="pen" />
        </ActionIcon>
      )}
    </div>
  );
}

function useStateSentence({ state }: Consultant): string {
  const { say, language } = useWords();
  const timeZone = useTimeZone();
  if (state.reachable) return say('now.rings');
  if (state.because === 'busy') return say('now.busy');
  if (state.until !== null) {
    const at = showInstant(state.until, language, timeZone, houseNow());
    return say(state.because === 'off_hours' ? 'now.hoursBegin' : 'now.backAt', { at });
  }
  return say(state.because === 'paused' ? 'now.paused' : 'now.notRung');
}

const choices: readonly { availability: Availability; icon: IconName; tone: string }[] = [
  { availability: 'available', icon: 'check', tone: 'free' },
  { availability: 'break', icon: 'pause', tone: 'pause' },
  { availability: 'away', icon: 'moon', tone: 'off' },
];

function Switch({
  set,
  isBusy,
  onPress,
}: {
  set: Availability | undefined;
  isBusy: boolean;
  onPress: (availability: Availability) => void;
}): React.ReactNode {
  const { say } = useWords();
  return (
    <div className="switch" role="group" aria-label={say('now.switch')} aria-busy={isBusy}>
      {choices.map(({ availability, icon, tone }) => (
        <button
          key={availability}
          type="button"
          className="switch-choice"
          data-tone={tone}
          aria-pressed={set === availability}
          onClick={() => onPress(availability)}
        >
          <Icon name={icon} size={28} />
          <span>{say(`set.${availability}`)}</span>
        </button>
      ))}
    </div>
  );
}

/** Always there, so that a call that comes moves nothing under the thumb. */
function CallCard({ call }: { call: LiveCall | null }): React.ReactNode {
  const { say, language } = useWords();
  const callerName = useCallerName();
  return (
    <section className="call-card" data-on={call !== null} aria-label={say('now.call')}>
      {call === null ? (
        <p className="call-none">{say('now.nobody')}</p>
      ) : (
        <>
          <div className="call-head">
            <span className="call-caller">
              <span className="soft">{say('now.caller')}</span>
              <strong>{callerName(call.caller)}</strong>
            </span>
            <span className="call-line">
              <span className="soft">{say('now.line')}</span>
              <strong>{call.line}</strong>
            </span>
          </div>
          {call.since === null ? (
            <p className="call-clock call-ringing">{say('call.ringing')}</p>
          ) : (
            <RunningClock call={call} />
          )}
          <p className="call-money">
            {call.earned ? say('now.earnedSoFar', { amount: showMoney(call.earned, language) }) : '\u00a0'}
          </p>
        </>
      )}
    </section>
  );
}

function RunningClock({ call }: { call: LiveCall }): React.ReactNode {
  const { say } = useWords();
  const seconds = secondsOf(call, useNow());
  const paid = call.minutesPaid === null ? undefined : call.minutesPaid * 60;
  return (
    <>
      <p className="call-clock" role="timer" aria-label={say('now.talked')}>
        {showClock(seconds)}
      </p>
      {paid !== undefined && (
        <>
          <div className="call-paid" aria-hidden="true">
            <span style={{ width: `${Math.min(100, (seconds / paid) * 100)}%` }} />
          </div>
          <p className="soft">
            {say('now.left', {
              left: showClock(Math.max(0, paid - seconds)),
              minutes: call.minutesPaid ?? 0,
            })}
          </p>
        </>
      )}
    </>
  );
}

function Today(): React.ReactNode {
  const { say, language } = useWords();
  const timeZone = useTimeZone();
  const day = dayIn(timeZone, houseNow());
  const { data } = useQuery({
    queryKey: ['my-calls', day],
    queryFn: () => ask<CallsOfDay>('GET', `/v1/me/calls?day=${day}`),
    refetchInterval: 60_000,
  });
  const earned = (data?.earned ?? []).map((amount) => showMoney(amount, language)).join(' + ');
  return (
    <section className="today" aria-label={say('today.title')}>
      <h2>{say('today.title')}</h2>
      <dl className="figures">
        <div>
          <dt>{say('today.talked')}</dt>
          <dd>{data ? showClock(data.talkedSeconds) : '–'}</dd>
        </div>
        <div>
          <dt>{say('today.earned')}</dt>
          <dd>{earned === '' ? '–' : earned}</dd>
        </div>
        <div>
          <dt>{say('today.missed')}</dt>
          <dd>{data ? data.missed : '–'}</dd>
        </div>
      </dl>
    </section>
  );
}
