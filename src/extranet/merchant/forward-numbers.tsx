// The numbers scenarios may put calls through to: named here, confirmed once by the operator before anybody is put through.

import { useState } from 'react';
import { ActionIcon, Button, Group, Stack, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useAct } from '../act.ts';
import { ask } from '../ask.ts';
import { houseNow } from '../clock.ts';
import type { ForwardNumber } from '../contract-calls.ts';
import { tell } from '../notices.tsx';
import { Confirm } from '../parts/confirm.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { Icon } from '../parts/icon.tsx';
import { Empty, Page, Trouble, Waiting } from '../parts/page.tsx';
import { Rename } from '../parts/rename.tsx';
import { useTimeZone } from '../read.ts';
import { changed, may, useSession } from '../session.ts';
import { showInstant, showNumber } from '../show.ts';
import { useWords } from '../words.ts';

export default function ForwardNumbers(): React.ReactNode {
  const { say } = useWords();
  const mayWrite = may(useSession(), 'lines', 'write');
  const [editing, setEditing] = useState<ForwardNumber | 'new'>();
  const [leaving, setLeaving] = useState<ForwardNumber>();
  const { data, error, refetch } = useQuery({
    queryKey: ['forward-numbers'],
    queryFn: async () => (await ask<{ data: ForwardNumber[] }>('GET', '/v1/forward-numbers')).data,
  });
  const withdraw = useAct(async ({ number, label }: ForwardNumber) => {
    await ask('DELETE', `/v1/forward-numbers/${encodeURIComponent(number)}`);
    tell(say('forward.withdrawn', { label }));
    setLeaving(undefined);
    await changed('forward-numbers');
  });
  return (
    <Page
      title={say('forward.title')}
      aside={
        mayWrite && (
          <Button leftSection={<Icon name="plus" size={18} />} onClick={() => setEditing('new')}>
            {say('forward.add')}
          </Button>
        )
      }
    >
      <p className="soft">{say('forward.what')}</p>
      {!data ? (
        error ? (
          <Trouble error={error} again={() => void refetch()} />
        ) : (
          <Waiting />
        )
      ) : data.length === 0 ? (
        <Empty>{say('forward.none')}</Empty>
      ) : (
        <ul className="card rows rows-card">
          {data.map((one) => (
            <NumberRow
              key={one.number}
              one={one}
              {...(mayWrite && { onEdit: setEditing, onWithdraw: setLeaving })}
            />
          ))}
        </ul>
      )}
      {editing === 'new' && <NewNumber onClose={() => setEditing(undefined)} />}
      {editing !== undefined && editing !== 'new' && (
        <Rename
          title={showNumber(editing.number)}
          label={say('forward.label')}
          name={editing.label}
          keep={async (label) => {
            await ask('PUT', `/v1/forward-numbers/${encodeURIComponent(editing.number)}`, { label });
            tell(say('saved'));
            await changed('forward-numbers');
          }}
          onClose={() => setEditing(undefined)}
        />
      )}
      {leaving && (
        <Confirm
          title={say('forward.withdrawSure', { label: leaving.label })}
          text={say('forward.withdrawText')}
          go={say('forward.withdraw')}
          busy={withdraw.busy}
          onGo={() => void withdraw.run(leaving)}
          onClose={() => setLeaving(undefined)}
        />
      )}
    </Page>
  );
}

function NumberRow({
  one,
  onEdit,
  onWithdraw,
}: {
  one: ForwardNumber;
  /** Absent: nothing may be changed. */
  onEdit?: (one: ForwardNumber) => void;
  onWithdraw?: (one: ForwardNumber) => void;
}): React.ReactNode {
  const { say, language } = useWords();
  const timeZone = useTimeZone();
  const { number, label, confirmed, confirmedAt } = one;
  return (
    <li className="row row-wraps">
      <span className="row-main">
        <strong>{label}</strong>
        <span className="soft">{showNumber(number)}</span>
      </span>
      <span
        className="badge"
        data-tone={confirmed ? 'free' : 'pause'}
        title={confirmedAt === null ? undefined : showInstant(confirmedAt, language, timeZone, houseNow())}
      >
        {say(confirmed ? 'forward.confirmed' : 'forward.waiting')}
      </span>
      {onEdit && onWithdraw && (
        <Group gap="xs" wrap="nowrap">
          <ActionIcon
            variant="default"
            size={40}
            aria-label={say('forward.renameOne', { label })}
            onClick={() => onEdit(one)}
          >
            <Icon name="pen" size={18} />
          </ActionIcon>
          <ActionIcon
            variant="default"
            size={40}
            aria-label={say('forward.withdrawOne', { label })}
            onClick={() => onWithdraw(one)}
          >
            <Icon name="bin" size={18} />
          </ActionIcon>
        </Group>
      )}
    </li>
  );
}

/** As people write it, in E.164; `undefined`: the country is missing. */
function wholeNumber(typed: string): string | undefined {
  const plain = typed.replace(/[\s.()/-]/g, '').replace(/^00/, '+');
  return /^\+[1-9]\d{5,14}$/.test(plain) ? plain : undefined;
}

function NewNumber({ onClose }: { onClose: () => void }): React.ReactNode {
  const { say } = useWords();
  const [number, setNumber] = useState('');
  const [label, setLabel] = useState('');
  const [isHalf, setIsHalf] = useState(false);
  const save = useAct(
    async (whole: string) => {
      await ask('PUT', `/v1/forward-numbers/${encodeURIComponent(whole)}`, { label: label.trim() });
      tell(say('forward.asked'));
      await changed('forward-numbers');
      onClose();
    },
    { quiet: true },
  );
  const refused = Object.keys(save.fields).length === 0 ? save.failed : undefined;
  const wrong = isHalf ? say('forward.half') : refused;
  return (
    <Dialog title={say('forward.new')} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          const whole = wholeNumber(number);
          setIsHalf(whole === undefined);
          if (whole !== undefined) void save.run(whole);
        }}
      >
        <Stack>
          <TextInput
            label={say('forward.number')}
            type="tel"
            data-autofocus
            required
            withAsterisk={false}
            placeholder="+33 1 40 50 60 70"
            value={number}
            error={wrong}
            onChange={(event) => setNumber(event.currentTarget.value)}
          />
          <TextInput
            label={say('forward.label')}
            required
            withAsterisk={false}
            maxLength={80}
            value={label}
            error={save.fields['/label']}
            onChange={(event) => setLabel(event.currentTarget.value)}
          />
          <p className="soft">{say('forward.what')}</p>
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {say('cancel')}
            </Button>
            <Button type="submit" loading={save.busy}>
              {say('forward.ask')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}
