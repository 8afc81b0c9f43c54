// What callers have said into the boxes of scenarios, newest first: listened to, marked, taken along, deleted.

import { useEffect, useRef, useState } from 'react';
import { ActionIcon, SegmentedControl } from '@mantine/core';
import type { InfiniteData } from '@tanstack/react-query';
import { Link } from 'react-router';
import { useAct } from '../act.ts';
import { ask } from '../ask.ts';
import { houseNow } from '../clock.ts';
import type { Message, MessagePage } from '../contract-calls.ts';
import { tell } from '../notices.tsx';
import { Confirm } from '../parts/confirm.tsx';
import { Icon } from '../parts/icon.tsx';
import { RowMenu } from '../parts/menu.tsx';
import { Page } from '../parts/page.tsx';
import { PagesOf, usePages } from '../parts/pages-of.tsx';
import { PhoneNumber } from '../parts/phone-number.tsx';
import { SoundPlayer } from '../parts/sound-player.tsx';
import { useTimeZone } from '../read.ts';
import { changed, may, queries, tellTabs, useSession } from '../session.ts';
import { showInstant, showNumber } from '../show.ts';
import { useUnheard } from '../unheard.ts';
import { useWords } from '../words.ts';

type Which = 'all' | 'unheard';

export default function Messages(): React.ReactNode {
  const { say } = useWords();
  const [which, setWhich] = useState<Which>('all');
  const read = usePages<MessagePage>(
    'messages',
    which === 'all' ? '/v1/voicemails?limit=25' : '/v1/voicemails?limit=25&listened=false',
  );
  const unheard = useUnheard();
  const known = useRef(unheard);
  const { refetch } = read;
  useEffect(() => {
    // Somebody has left one while this page is looked at.
    if (unheard > known.current) void refetch();
    known.current = unheard;
  }, [unheard, refetch]);
  return (
    <Page
      title={say('messages.title')}
      aside={
        <SegmentedControl
          aria-label={say('messages.which')}
          value={which}
          onChange={setWhich}
          data={(['all', 'unheard'] as const).map((value) => ({ value, label: say(`messages.${value}`) }))}
        />
      }
    >
      <PagesOf
        read={read}
        empty={say(which === 'all' ? 'messages.none' : 'messages.noneUnheard')}
        className="card rows rows-card"
      >
        {(message) => <MessageRow key={message.id} message={message} />}
      </PagesOf>
    </Page>
  );
}

/** Where it stands in a list: of those unheard it stays until that is asked for anew, or it would go while it is listened to. */
function put(message: Message): void {
  queries.setQueriesData<InfiniteData<MessagePage>>({ queryKey: ['messages'] }, (known) =>
    known
      ? {
          ...known,
          pages: known.pages.map((page) => ({
            ...page,
            data: page.data.map((one) => (one.id === message.id ? message : one)),
          })),
        }
      : known,
  );
  queries.setQueryData<Message>(['message', message.id], (known) => known && message);
  tellTabs('unheard');
  void queries.invalidateQueries({ queryKey: ['unheard'] });
}

/** `ofRun`: it stands on the page of the call it was left in. */
export function MessageRow({
  message,
  ofRun = false,
}: {
  message: Message;
  ofRun?: boolean;
}): React.ReactNode {
  const { say, language } = useWords();
  const timeZone = useTimeZone();
  const mayWrite = may(useSession(), 'calls', 'write');
  const [sure, setSure] = useState(false);
  const { id, callerNumber, createdAt, listenedAt, seconds, words, scenario, box, ddi } = message;
  const who = callerNumber === null ? say('caller.withheld') : showNumber(callerNumber);
  const recording = `/v1/voicemails/${id}/recording`;
  const mark = useAct(async (listened: boolean) => {
    put(await ask<Message>('PATCH', `/v1/voicemails/${id}`, { listened }));
  });
  const remove = useAct(async () => {
    await ask('DELETE', `/v1/voicemails/${id}`);
    tell(say('messages.removed'));
    setSure(false);
    await changed('messages', 'unheard', 'run');
  });
  const at = showInstant(createdAt, language, timeZone, houseNow());
  return (
    <li className="message" data-unheard={listenedAt === null}>
      <div className="message-who">
        <strong>
          {listenedAt === null && <span className="unseen">{say('messages.new')} </span>}
          <PhoneNumber number={callerNumber} />
        </strong>
        <time className="soft" dateTime={createdAt}>
          {at}
        </time>
      </div>
      <div className="message-what">
        <SoundPlayer
          sound={recording}
          seconds={seconds}
          label={say('messages.of', { who, at })}
          onHeard={() => {
            if (listenedAt === null) put({ ...message, listenedAt: new Date(houseNow()).toISOString() });
          }}
        />
        {words !== null && <blockquote className="spoken">{words}</blockquote>}
        <p className="soft apart">
          {!ofRun && <Link to={`/runs/${message.scenarioRunId}`}>{scenario}</Link>}
          {(ofRun || box !== scenario) && <span>{say('messages.box', { box })}</span>}
          <PhoneNumber number={ddi} />
        </p>
      </div>
      <div className="message-do">
        <ActionIcon
          component="a"
          href={recording}
          download={`${createdAt.slice(0, 16).replace(/[T:]/g, '-')} ${callerNumber ?? ''}.wav`.replace(
            ' .',
            '.',
          )}
          variant="default"
          size={40}
          aria-label={say('messages.download', { who })}
          onClick={() => {
            if (listenedAt === null && mayWrite) void mark.run(true);
          }}
        >
          <Icon name="download" size={18} />
        </ActionIcon>
        {mayWrite && (
          <RowMenu
            width={230}
            label={say('messages.more', { who })}
            busy={mark.busy}
            entries={[
              {
                label: say(listenedAt === null ? 'messages.markHeard' : 'messages.markUnheard'),
                act: () => void mark.run(listenedAt === null),
              },
              { label: say('remove'), act: () => setSure(true), color: 'vermilion' },
            ]}
          />
        )}
      </div>
      {sure && (
        <Confirm
          title={say('messages.removeSure')}
          text={say('messages.removeText', { who, at })}
          go={say('remove')}
          busy={remove.busy}
          onGo={() => void remove.run()}
          onClose={() => setSure(false)}
        />
      )}
    </li>
  );
}
