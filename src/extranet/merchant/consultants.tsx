// Everybody at a glance, as it changes: who is free, who talks with whom and for how long, who is not there and until
// when. Rows keep their places and their height whatever happens in them.

import { useState } from 'react';
import { Button, TextInput } from '@mantine/core';
import { Link, useNavigate } from 'react-router';
import { useAct } from '../act.ts';
import { ask } from '../ask.ts';
import type { Availability, AvailabilityWish, Consultant } from '../contract.ts';
import { settingOf } from '../parts/setting.ts';
import { tell } from '../notices.tsx';
import { Icon } from '../parts/icon.tsx';
import { RowMenu } from '../parts/menu.tsx';
import { Wire } from '../parts/live-call.tsx';
import { Empty, Page, Trouble, Waiting } from '../parts/page.tsx';
import { Portrait } from '../parts/portrait.tsx';
import { StateText, type Tone, toneOf } from '../parts/state.tsx';
import { SettingDialog } from '../parts/setting-dialog.tsx';
import { useConsultants, useTimeZone } from '../read.ts';
import { changed, may, useSession } from '../session.ts';
import { useWords } from '../words.ts';

const tones: readonly Tone[] = ['free', 'call', 'pause', 'off'];
/** With fewer than this nobody needs to search. */
const searchedFrom = 8;

export default function Consultants(): React.ReactNode {
  const { say } = useWords();
  const mayWrite = may(useSession(), 'consultants', 'write');
  const { data, error, refetch, following } = useConsultants();
  const navigate = useNavigate();
  const [only, setOnly] = useState<Tone>();
  const [wanted, setWanted] = useState('');
  const all = [...(data ?? [])].sort((one, other) => one.name.localeCompare(other.name));
  const shown = all.filter(
    ({ state, name, shortNumber }) =>
      (only === undefined || toneOf(state) === only) &&
      `${name} ${shortNumber ?? ''}`.toLowerCase().includes(wanted.trim().toLowerCase()),
  );
  return (
    <Page
      title={say('consultants.title')}
      aside={
        <>
          <span className="following" data-live={following === 'live'} role="status">
            {say(following === 'live' ? 'live.on' : 'live.looking')}
          </span>
          {mayWrite && (
            <Button
              leftSection={<Icon name="plus" size={18} />}
              onClick={() => void navigate('/consultants/new')}
            >
              {say('consultants.add')}
            </Button>
          )}
        </>
      }
    >
      {data ? (
        <>
          <div className="filters" role="group" aria-label={say('consultants.filter')}>
            {tones.map((tone) => (
              <button
                key={tone}
                type="button"
                className="filter"
                data-tone={tone}
                aria-pressed={only === tone}
                onClick={() => setOnly(only === tone ? undefined : tone)}
              >
                <strong>{all.filter(({ state }) => toneOf(state) === tone).length}</strong>
                <span>{say(`tone.${tone}`)}</span>
              </button>
            ))}
          </div>
          {all.length >= searchedFrom && (
            <TextInput
              mb="md"
              aria-label={say('consultants.search')}
              placeholder={say('consultants.search')}
              value={wanted}
              onChange={(event) => setWanted(event.currentTarget.value)}
            />
          )}
          {all.length === 0 ? (
            <Empty>{say('consultants.none')}</Empty>
          ) : shown.length === 0 ? (
            <Empty>{say('consultants.noneFound')}</Empty>
          ) : (
            <ul className="card board">
              {shown.map((consultant) => (
                <BoardRow key={consultant.id} consultant={consultant} mayWrite={mayWrite} />
              ))}
            </ul>
          )}
        </>
      ) : error ? (
        <Trouble error={error} again={() => void refetch()} />
      ) : (
        <Waiting />
      )}
    </Page>
  );
}

function BoardRow({ consultant, mayWrite }: { consultant: Consultant; mayWrite: boolean }): React.ReactNode {
  const timeZone = useTimeZone();
  const { id, name, shortNumber, call } = consultant;
  return (
    <li className="board-row" data-tone={toneOf(consultant.state)}>
      <Link to={`/consultants/${id}`} className="board-who">
        <Portrait consultant={consultant} />
        <span className="row-main">
          <strong>{name}</strong>
          {shortNumber !== null && <span className="soft">{shortNumber}</span>}
        </span>
      </Link>
      <span className="board-state" data-on-call={call !== null}>
        <StateText consultant={consultant} timeZone={timeZone} />
      </span>
      <span className="board-call">{call && <Wire call={call} />}</span>
      {mayWrite && <SettingMenu consultant={consultant} />}
    </li>
  );
}

/** The merchant's word over the consultant's own. */
function SettingMenu({ consultant }: { consultant: Consultant }): React.ReactNode {
  const { say } = useWords();
  const [editing, setEditing] = useState<Availability>();
  const { id, name, state } = consultant;
  const set = useAct(async (wish: AvailabilityWish) => {
    await ask('POST', `/v1/consultants/${id}/availability`, wish);
    tell(say('override.done', { name, what: say(`set.${wish.availability}`) }));
    await changed('consultants');
  });
  const now = settingOf(consultant);
  return (
    <>
      <RowMenu
        width={240}
        label={say('override.label', { name })}
        busy={set.busy}
        entries={[
          { title: say('override.title') },
          ...(['available', 'break', 'away'] as const).map((availability) => ({
            label: say(`set.${availability}`),
            before: now === availability ? <Icon name="check" size={16} /> : <span className="no-icon" />,
            act: () => void set.run({ availability }),
          })),
          'line',
          { label: say('override.breakUntil'), act: () => setEditing('break') },
          { label: say('override.awayUntil'), act: () => setEditing('away') },
          { label: say('override.availableUntil'), act: () => setEditing('available') },
        ]}
      />
      {editing && (
        <SettingDialog
          availability={editing}
          state={state}
          title={`${name}: ${say(`set.${editing}`)}`}
          onClose={() => setEditing(undefined)}
          onSave={(wish) => {
            setEditing(undefined);
            void set.run(wish);
          }}
        />
      )}
    </>
  );
}
