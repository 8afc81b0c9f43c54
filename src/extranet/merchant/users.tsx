// Who may sign in for this merchant, and to do what.

import { useState } from 'react';
import { ActionIcon, Button, Group, NativeSelect, Stack, TextInput } from '@mantine/core';
import { useAct } from '../act.ts';
import { ask } from '../ask.ts';
import { areas, roles, type Area, type MerchantUser, type Right, type Role } from '../contract.ts';
import { tell } from '../notices.tsx';
import { Icon } from '../parts/icon.tsx';
import { Page, Trouble, Waiting } from '../parts/page.tsx';
import { useConsultantNames, useUsers } from '../read.ts';
import { changed, may, useSession } from '../session.ts';
import { initialsOf } from '../show.ts';
import { copy } from '../copy.ts';
import { Dialog } from '../parts/dialog.tsx';
import { useWords } from '../words.ts';

/** What a right can be given for; his own page every consultant has. */
const grantable = areas.filter((area) => area !== 'own');
type Rights = Partial<Record<Area, Right>>;

export default function Users(): React.ReactNode {
  const { say } = useWords();
  const session = useSession();
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
                {initialsOf(user.name ?? user.email)}
              </span>
              <span className="row-main">
                <strong>{user.name ?? user.email}</strong>
                <span className="soft">
                  {[
                    say(`role.${user.role}`),
                    ...(user.hasTotp ? [say('users.factor')] : []),
                    user.status === 'invited' ? say('users.invited') : user.email,
                  ].join(' · ')}
                </span>
              </span>
              {mayWrite && (
                <ActionIcon
                  variant="default"
                  size={40}
                  aria-label={say('users.editOne', { name: user.name ?? user.email })}
                  onClick={() => setEditing(user)}
                >
                  <Icon name="pen" size={18} />
                </ActionIcon>
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
  const [link, setLink] = useState<string>();
  const [role, setRole] = useState<Role>(user?.role ?? 'staff');
  const [rights, setRights] = useState<Rights>(user?.rights ?? { consultants: 'write' });
  const [consultantId, setConsultantId] = useState(user?.consultantId ?? '');
  const body = {
    role,
    ...(role === 'staff' && { rights }),
    ...(consultantId !== '' && { consultantId }),
  };
  const save = useAct(async () => {
    if (user) await ask('PATCH', `/v1/users/${user.id}`, body);
    else {
      const invited = await ask<MerchantUser & { link: string | null }>('POST', '/v1/users', {
        email: email.trim(),
        ...body,
      });
      await changed('users');
      if (invited.link !== null) {
        setLink(invited.link);
        return;
      }
    }
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
    <Dialog onClose={onClose} wide title={user ? (user.name ?? user.email) : say('users.inviteTitle')}>
      {link !== undefined ? (
        <Stack>
          <p>{say('users.link', { email: email.trim() })}</p>
          <TextInput
            readOnly
            aria-label={say('users.linkLabel')}
            value={link}
            onFocus={(event) => event.currentTarget.select()}
          />
          <Group justify="flex-end">
            <Button variant="default" onClick={() => copy(link, say)}>
              {say('copy')}
            </Button>
            <Button onClick={onClose}>{say('done')}</Button>
          </Group>
        </Stack>
      ) : (
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
      )}
    </Dialog>
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
