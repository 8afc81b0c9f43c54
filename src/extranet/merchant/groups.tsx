// Groups: who is rung together, in which order, by which rule.

import { useState } from 'react';
import { ActionIcon, Button, Group as Row, NativeSelect, Stack, TextInput } from '@mantine/core';
import { useNavigate, useParams } from 'react-router';
import { useAct } from '../act.ts';
import { ask } from '../ask.ts';
import { strategies, type Consultant, type Group, type Strategy } from '../contract.ts';
import { tell } from '../notices.tsx';
import { isProblem } from '../problem.ts';
import { Checks } from '../parts/checks.tsx';
import { Icon } from '../parts/icon.tsx';
import { Empty, Page, Trouble, Waiting } from '../parts/page.tsx';
import { Portrait } from '../parts/portrait.tsx';
import { useConsultants, useGroups, useLines } from '../read.ts';
import { changed, may, useSession } from '../session.ts';
import { Dialog } from '../parts/dialog.tsx';
import { useWords } from '../words.ts';

export default function Groups(): React.ReactNode {
  const { say } = useWords();
  const navigate = useNavigate();
  const { id } = useParams();
  const mayWrite = may(useSession(), 'consultants', 'write');
  const { data: groups, error, refetch } = useGroups();
  const { data: consultants = [] } = useConsultants();
  const { data: lines = [] } = useLines();
  const byId = new Map(consultants.map((consultant) => [consultant.id, consultant]));
  const editing = id === 'new' ? 'new' : groups?.find((group) => group.id === id);
  return (
    <Page
      title={say('groups.title')}
      aside={
        mayWrite && (
          <Button leftSection={<Icon name="plus" size={18} />} onClick={() => void navigate('/groups/new')}>
            {say('groups.add')}
          </Button>
        )
      }
    >
      {error ? (
        <Trouble error={error} again={() => void refetch()} />
      ) : !groups ? (
        <Waiting />
      ) : groups.length === 0 ? (
        <Empty>{say('groups.none')}</Empty>
      ) : (
        <ul className="groups">
          {groups.map((group) => (
            <li key={group.id} className="card group">
              <div className="group-head">
                <div>
                  <h2>{group.name}</h2>
                  <p className="soft">
                    {say(`strategy.${group.strategy}`)}
                    {usesStep(group.strategy) && ` · ${say('groups.every', { seconds: group.stepSeconds })}`}
                    {group.shortNumber !== null && ` · ${group.shortNumber}`}
                  </p>
                </div>
                {mayWrite && (
                  <Button
                    variant="default"
                    size="sm"
                    aria-label={say('groups.editOne', { name: group.name })}
                    onClick={() => void navigate(`/groups/${group.id}`)}
                  >
                    {say('edit')}
                  </Button>
                )}
              </div>
              <ol className="members">
                {group.members.map(({ consultantId }) => {
                  const consultant = byId.get(consultantId);
                  return (
                    <li key={consultantId} className="member">
                      {consultant && <Portrait consultant={consultant} size={30} />}
                      <span>{consultant?.name ?? say('groups.unknown')}</span>
                    </li>
                  );
                })}
              </ol>
              {group.members.length === 0 && <p className="soft">{say('groups.empty')}</p>}
              {lines.some((line) => line.group === group.id) && (
                <p className="soft group-lines">
                  {say('groups.serves', {
                    lines: lines
                      .filter((line) => line.group === group.id)
                      .map((line) => line.name)
                      .join(', '),
                  })}
                </p>
              )}
            </li>
          ))}
        </ul>
      )}
      {mayWrite && editing && (
        <GroupDialog
          key={id}
          group={editing === 'new' ? undefined : editing}
          consultants={consultants}
          onClose={() => void navigate('/groups')}
        />
      )}
    </Page>
  );
}

/** Only these ring one after the other, and so have seconds between. */
const usesStep = (strategy: Strategy): boolean => strategy !== 'all';

function GroupDialog({
  group,
  consultants,
  onClose,
}: {
  group: Group | undefined;
  consultants: readonly Consultant[];
  onClose: () => void;
}): React.ReactNode {
  const { say } = useWords();
  const [name, setName] = useState(group?.name ?? '');
  const [shortNumber, setShortNumber] = useState(group?.shortNumber ?? '');
  const [strategy, setStrategy] = useState<Strategy>(group?.strategy ?? 'all');
  const [stepSeconds, setStepSeconds] = useState(String(group?.stepSeconds ?? 15));
  const { data: lines = [] } = useLines();
  const served = lines
    .filter((line) => line.group !== null && line.group === group?.id)
    .map(({ slug }) => slug);
  const [chosenLines, setChosenLines] = useState<readonly string[]>();
  const mayChangeLines = may(useSession(), 'lines', 'write');
  const [members, setMembers] = useState<Group['members']>(group?.members ?? []);
  // What stood when he opened it: live changes come in meanwhile, and are not what he looked at.
  const [basedOn, setBasedOn] = useState(group?.version);
  const save = useAct(async () => {
    const body = {
      name: name.trim(),
      shortNumber: shortNumber.trim() === '' ? null : shortNumber.trim(),
      strategy,
      stepSeconds: Number(stepSeconds),
      members,
    };
    const { id } = await (group
      ? ask<Group>('PATCH', `/v1/groups/${group.id}`, body, basedOn).catch(async (problem: unknown) => {
          // Pressed again, it is meant in spite of what he was told.
          if (isProblem(problem, 'changed-meanwhile'))
            setBasedOn((await ask<Group>('GET', `/v1/groups/${group.id}`)).version);
          throw problem;
        })
      : ask<Group>('POST', '/v1/groups', body));
    for (const { slug } of lines) {
      const [was, is] = [served.includes(slug), (chosenLines ?? served).includes(slug)];
      if (was !== is) await ask('PATCH', `/v1/lines/${slug}`, { group: is ? id : null });
    }
    tell(say('saved'));
    await changed('groups', 'lines');
    onClose();
  });
  const remove = useAct(async () => {
    if (group) await ask('DELETE', `/v1/groups/${group.id}`);
    await changed('groups');
    onClose();
  });
  return (
    <Dialog onClose={onClose} wide title={group?.name ?? say('groups.new')}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void save.run();
        }}
      >
        <Stack>
          <div className="pair">
            <TextInput
              label={say('name')}
              data-autofocus
              required
              withAsterisk={false}
              maxLength={80}
              value={name}
              error={save.fields['/name']}
              onChange={(event) => setName(event.currentTarget.value)}
            />
            <TextInput
              label={say('consultant.shortNumber')}
              inputMode="numeric"
              maxLength={6}
              value={shortNumber}
              error={save.fields['/shortNumber']}
              onChange={(event) => setShortNumber(event.currentTarget.value)}
            />
          </div>
          <div className="pair">
            <NativeSelect
              label={say('groups.strategy')}
              description={say(`strategy.${strategy}.text`)}
              value={strategy}
              onChange={(event) => setStrategy(event.currentTarget.value as Strategy)}
              data={strategies.map((value) => ({ value, label: say(`strategy.${value}`) }))}
            />
            {usesStep(strategy) && (
              <TextInput
                type="number"
                label={say('groups.step')}
                description={say('groups.stepWhat')}
                min={1}
                max={120}
                required
                withAsterisk={false}
                value={stepSeconds}
                error={save.fields['/stepSeconds']}
                onChange={(event) => setStepSeconds(event.currentTarget.value)}
              />
            )}
          </div>
          <Members members={members} consultants={consultants} onChange={setMembers} />
          {mayChangeLines && lines.length > 0 && (
            <Checks
              label={say('groups.lines')}
              what={say('groups.linesWhat')}
              options={lines.map(({ slug, name: line }) => ({ value: slug, label: line }))}
              chosen={chosenLines ?? served}
              onChange={setChosenLines}
            />
          )}
          <Row justify="space-between">
            {group ? (
              <Button
                variant="subtle"
                color="vermilion"
                loading={remove.busy}
                onClick={() => void remove.run()}
              >
                {say('groups.remove')}
              </Button>
            ) : (
              <span />
            )}
            <Button type="submit" loading={save.busy}>
              {say('save')}
            </Button>
          </Row>
        </Stack>
      </form>
    </Dialog>
  );
}

/** In the order in which they are rung; 1 is the best qualified, and rung before 2. */
function Members({
  members,
  consultants,
  onChange,
}: {
  members: Group['members'];
  consultants: readonly Consultant[];
  onChange: (next: Group['members']) => void;
}): React.ReactNode {
  const { say } = useWords();
  const names = new Map(consultants.map(({ id, name }) => [id, name]));
  const others = consultants.filter(({ id }) => !members.some(({ consultantId }) => consultantId === id));
  const swap = (place: number, by: 1 | -1): void => {
    const next = [...members];
    const [one, other] = [next[place], next[place + by]];
    if (!one || !other) return;
    next[place] = other;
    next[place + by] = one;
    onChange(next);
  };
  return (
    <fieldset className="member-list">
      <legend>{say('groups.members')}</legend>
      <ol>
        {members.map(({ consultantId, qualification }, place) => {
          const name = names.get(consultantId) ?? say('groups.unknown');
          return (
            <li key={consultantId} className="member-row">
              <span className="member-name">{name}</span>
              <NativeSelect
                size="sm"
                aria-label={say('groups.qualification', { name })}
                value={String(qualification)}
                onChange={(event) =>
                  onChange(
                    members.map((member, other) =>
                      other === place
                        ? { ...member, qualification: Number(event.currentTarget.value) }
                        : member,
                    ),
                  )
                }
                data={Array.from({ length: 9 }, (_, level) => ({
                  value: String(level + 1),
                  label: say('groups.level', { level: level + 1 }),
                }))}
              />
              <ActionIcon
                variant="default"
                size={36}
                disabled={place === 0}
                aria-label={say('groups.up', { name })}
                onClick={() => swap(place, -1)}
              >
                <Icon name="up" size={16} />
              </ActionIcon>
              <ActionIcon
                variant="default"
                size={36}
                disabled={place === members.length - 1}
                aria-label={say('groups.down', { name })}
                onClick={() => swap(place, 1)}
              >
                <Icon name="down" size={16} />
              </ActionIcon>
              <ActionIcon
                variant="default"
                size={36}
                aria-label={say('groups.leave', { name })}
                onClick={() => onChange(members.filter((_, other) => other !== place))}
              >
                <Icon name="bin" size={16} />
              </ActionIcon>
            </li>
          );
        })}
      </ol>
      {others.length > 0 && (
        <NativeSelect
          aria-label={say('groups.addMember')}
          value=""
          onChange={(event) => {
            const consultantId = event.currentTarget.value;
            if (consultantId !== '') onChange([...members, { consultantId, qualification: 1 }]);
          }}
          data={[
            { value: '', label: say('groups.addMember') },
            ...others.map(({ id, name }) => ({ value: id, label: name })),
          ]}
        />
      )}
    </fieldset>
  );
}
