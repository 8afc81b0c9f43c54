// Who may sign in for this merchant, and to do what.

import { useState } from 'react';
import { Button, Group, Modal, NativeSelect, Stack, TextInput } from '@mantine/core';
import { useAct } from '../act.ts';
import { ask } from '../ask.ts';
import { houseNow } from '../clock.ts';
import { areas, roles, type Area, type MerchantUser, type Right, type Role } from '../contract.ts';
import { tell } from '../notices.tsx';
import { Icon } from '../parts/icon.tsx';
import { Page, Trouble, Waiting } from '../parts/page.tsx';
import { useConsultantNames, useTimeZone, useUsers } from '../read.ts';
import { changed, may, useSession } from '../session.ts';
import { initialsOf, showInstant } from '../show.ts';
import { useWords } from '../words.ts';

/** What a right can be given for; his own page every consultant has. */
const grantable = areas.filter((area) => area !== 'own');
type Rights = Partial<Record<Area, Right>>;

export default function Users(): React.ReactNode {
  const { say, language } = useWords();
  const session = useSession();
  const timeZone = useTimeZone();
  const mayWrite = may(session, 'users', 'write');
  const { data, error, refetch } = useUsers();
  const [editing, setEditing] = useState<MerchantUser | 'new'>();
  return (
    <Page
      title={say('users.title')}
      aside={
        mayWrite && (
          <Button leftSection={<Icon name="plus" size={18} />} onClick={() => setEditing('new')}>
            {say('users.invite')}
          </Button>
        )
      }
    >
      {error ? (
        <Trouble error={error} again={() => void refetch()} />
      ) : !data ? (
        <Waiting />
      ) : (
        <ul className="card rows rows-card">
          {data.map((user) => (
            <li key={user.id} className="row">
              <span className="portrait" aria-hidden="true">
                {initialsOf(user.name ?? user.email ?? '?')}
              </span>
              <span className="row-main">
                <strong>{user.name ?? user.email ?? '–'}</strong>
                <span className="soft">{user.name === null ? say('users.invited') : (user.email ?? '')}</span>
              </span>
              <span className="row-end">
                <strong>{say(`role.${user.role}`)}</strong>
                <span className="soft">
                  {user.lastSeenAt
                    ? say('users.seen', { at: showInstant(user.lastSeenAt, language, timeZone, houseNow()) })
                    : '\u00a0'}
                </span>
              </span>
              {mayWrite && (
                <Button
                  variant="default"
                  size="sm"
                  aria-label={say('users.editOne', { name: user.name ?? user.email ?? '' })}
                  onClick={() => setEditing(user)}
                >
                  {say('edit')}
                </Button>
              )}
            </li>
          ))}
        </ul>
      )}
      {editing && (
        <UserDialog user={editing === 'new' ? undefined : editing} onClose={() => setEditing(undefined)} />
      )}
    </Page>
  );
}

function UserDialog({
  user,
  onClose,
}: {
  user: MerchantUser | undefined;
  onClose: () => void;
}): React.ReactNode {
  const { say } = useWords();
  const own = useSession().user.id === user?.id;
  const names = useConsultantNames();
  const [email, setEmail] = useState('');
  const [role, setRole] = useState<Role>(user?.role ?? 'staff');
  const [rights, setRights] = useState<Rights>(user?.rights ?? { consultants: 'write' });
  const [consultantId, setConsultantId] = useState(user?.consultantId ?? '');
  const body = {
    role,
    ...(role === 'staff' && { rights }),
    ...(consultantId === '' ? (user?.consultantId ? { consultantId: null } : {}) : { consultantId }),
  };
  const save = useAct(async () => {
    if (user) await ask('PATCH', `/v1/users/${user.id}`, body);
    else await ask('POST', '/v1/users', { email: email.trim(), ...body });
    tell(user ? say('saved') : say('users.sent', { email: email.trim() }));
    await changed('users');
    onClose();
  });
  const remove = useAct(async () => {
    if (user) await ask('DELETE', `/v1/users/${user.id}`);
    tell(say('users.removed'));
    await changed('users');
    onClose();
  });
  return (
    <Modal
      opened
      onClose={onClose}
      size="lg"
      title={user ? (user.name ?? user.email ?? '') : say('users.inviteTitle')}
      closeButtonProps={{ 'aria-label': say('close') }}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void save.run();
        }}
      >
        <Stack>
          {!user && (
            <TextInput
              label={say('email')}
              type="email"
              data-autofocus
              autoComplete="off"
              required
              withAsterisk={false}
              value={email}
              error={save.fields['/email']}
              onChange={(event) => setEmail(event.currentTarget.value)}
            />
          )}
          <NativeSelect
            label={say('users.role')}
            description={say(`role.${role}.text`)}
            value={role}
            error={save.fields['/role']}
            onChange={(event) => setRole(event.currentTarget.value as Role)}
            data={roles.map((value) => ({ value, label: say(`role.${value}`) }))}
          />
          {role === 'staff' && <RightsTable rights={rights} onChange={setRights} />}
          <NativeSelect
            label={say('users.consultant')}
            description={say('users.consultantWhat')}
            required={role === 'consultant'}
            value={consultantId}
            error={save.fields['/consultantId']}
            onChange={(event) => setConsultantId(event.currentTarget.value)}
            data={[
              { value: '', label: say('users.noConsultant') },
              ...[...names].map(([value, label]) => ({ value, label })),
            ]}
          />
          <Group justify="space-between">
            {user && !own ? (
              <Button
                variant="subtle"
                color="vermilion"
                loading={remove.busy}
                onClick={() => void remove.run()}
              >
                {say('users.remove')}
              </Button>
            ) : (
              <span />
            )}
            <Button type="submit" loading={save.busy}>
              {say(user ? 'save' : 'users.send')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

function RightsTable({
  rights,
  onChange,
}: {
  rights: Rights;
  onChange: (next: Rights) => void;
}): React.ReactNode {
  const { say } = useWords();
  const set = (area: Area, right: string): void => {
    const next: Rights = Object.fromEntries(Object.entries(rights).filter(([name]) => name !== area));
    onChange(right === '' ? next : { ...next, [area]: right as Right });
  };
  return (
    <fieldset className="rights">
      <legend>{say('users.rights')}</legend>
      {grantable.map((area) => (
        <label key={area} className="right">
          <span>{say(`area.${area}`)}</span>
          <NativeSelect
            size="sm"
            value={rights[area] ?? ''}
            onChange={(event) => set(area, event.currentTarget.value)}
            data={[
              { value: '', label: say('right.none') },
              { value: 'read', label: say('right.read') },
              { value: 'write', label: say('right.write') },
            ]}
          />
        </label>
      ))}
    </fieldset>
  );
}
