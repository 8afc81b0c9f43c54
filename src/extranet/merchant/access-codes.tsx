// Codes that were made, without the codes themselves: their state, their uses, until when. One is made by hand and shown this once;
// one is tried as at a door; one is revoked.

import { useState } from 'react';
import { Alert, Button, Group, NativeSelect, Stack, TextInput } from '@mantine/core';
import { useAct } from '../act.ts';
import { ask } from '../ask.ts';
import { houseNow } from '../clock.ts';
import type { AccessCode, AccessCodeMade, AccessCodeTried, CodeState, PageOf } from '../contract-calls.ts';
import { copy } from '../copy.ts';
import { tell } from '../notices.tsx';
import { Confirm } from '../parts/confirm.tsx';
import { CopiedText } from '../parts/copied-text.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { DurationField } from '../parts/duration-field.tsx';
import { Failed } from '../parts/failed.tsx';
import { Icon } from '../parts/icon.tsx';
import { PagesOf, usePages } from '../parts/pages-of.tsx';
import type { Tone } from '../parts/state.tsx';
import { useTimeZone } from '../read.ts';
import { useResources } from '../read-access.ts';
import { changed, may, useSession } from '../session.ts';
import { showInstant } from '../show.ts';
import { useWords } from '../words.ts';

const tones: Record<CodeState, Tone> = { valid: 'free', used_up: 'off', expired: 'off', revoked: 'call' };

export function AccessCodes(): React.ReactNode {
  const { say, language } = useWords();
  const mayWrite = may(useSession(), 'clients', 'write');
  const [resource, setResource] = useState('');
  const [open, setOpen] = useState<'issue' | 'try'>();
  const [leaving, setLeaving] = useState<AccessCode>();
  const { data: resources = [] } = useResources();
  const nameOf = (slug: string): string => resources.find((one) => one.slug === slug)?.name[language] ?? slug;
  const read = usePages<PageOf<AccessCode>>(
    'access-codes',
    `/v1/access-codes?order=newest&limit=50${resource === '' ? '' : `&resource=${encodeURIComponent(resource)}`}`,
  );
  const revoke = useAct(async (code: AccessCode) => {
    await ask('POST', `/v1/access-codes/${code.id}/revoke`);
    tell(say('code.revokedNow'));
    setLeaving(undefined);
    await changed('access-codes');
  });
  return (
    <>
      <div className="toolbar">
        {resources.length > 1 && (
          <NativeSelect
            aria-label={say('code.which')}
            value={resource}
            onChange={(event) => setResource(event.currentTarget.value)}
            data={[
              { value: '', label: say('code.all') },
              ...resources.map((one) => ({ value: one.slug, label: one.name[language] })),
            ]}
          />
        )}
        {mayWrite && (
          <Group gap="xs">
            <Button variant="default" onClick={() => setOpen('try')}>
              {say('code.try')}
            </Button>
            <Button leftSection={<Icon name="plus" size={18} />} onClick={() => setOpen('issue')}>
              {say('code.issue')}
            </Button>
          </Group>
        )}
      </div>
      <PagesOf read={read} empty={say('code.none')}>
        {(code) => (
          <CodeRow
            key={code.id}
            code={code}
            name={nameOf(code.resource)}
            {...(mayWrite && { onRevoke: setLeaving })}
          />
        )}
      </PagesOf>
      {open === 'issue' && <IssueDialog usual={resource} onClose={() => setOpen(undefined)} />}
      {open === 'try' && <TryDialog usual={resource} onClose={() => setOpen(undefined)} />}
      {leaving && (
        <Confirm
          title={say('code.revokeSure')}
          text={say('code.revokeText')}
          go={say('code.revoke')}
          busy={revoke.busy}
          onGo={() => void revoke.run(leaving)}
          onClose={() => setLeaving(undefined)}
        />
      )}
    </>
  );
}

function CodeRow({
  code,
  name,
  onRevoke,
}: {
  code: AccessCode;
  name: string;
  /** Absent: nothing may be changed. */
  onRevoke?: (code: AccessCode) => void;
}): React.ReactNode {
  const { say, language } = useWords();
  const timeZone = useTimeZone();
  const { state, reference, madeBy, createdAt, validUntil } = code;
  const at = (instant: string): string => showInstant(instant, language, timeZone, houseNow());
  const made = say(`code.by.${madeBy}`, { at: at(createdAt) });
  const title = reference ?? name;
  return (
    <li className="row row-wraps">
      <span className="row-main">
        <strong>{title}</strong>
        <span className="soft">{reference === null ? made : `${name} · ${made}`}</span>
      </span>
      <span className="code-use">
        <span className="badge" data-tone={tones[state]}>
          {say(`code.state.${state}`)}
        </span>
        <span className="soft">
          <Uses code={code} />
          {state === 'valid' && ` · ${say('state.until', { at: at(validUntil) })}`}
        </span>
      </span>
      {onRevoke && (
        <Button
          variant="default"
          size="sm"
          // It keeps its place, so that the rows stay in line.
          style={{ visibility: state === 'valid' ? 'visible' : 'hidden' }}
          aria-label={say('code.revokeOne', { what: title })}
          onClick={() => onRevoke(code)}
        >
          {say('code.revoke')}
        </Button>
      )}
    </li>
  );
}

function Uses({ code: { uses, usesLeft } }: { code: AccessCode }): React.ReactNode {
  const { say } = useWords();
  return usesLeft === null
    ? say('code.uses', { count: uses })
    : say('code.usesOf', { uses, of: uses + usesLeft });
}

/** By its name, where he may read what there is; typed, where he may not. */
function ResourceField({
  value,
  error,
  onChange,
}: {
  value: string;
  error: string | undefined;
  onChange: (slug: string) => void;
}): React.ReactNode {
  const { say, language } = useWords();
  const { data } = useResources();
  return data ? (
    <NativeSelect
      label={say('code.opens')}
      value={value}
      error={error}
      onChange={(event) => onChange(event.currentTarget.value)}
      data={data.map((one) => ({ value: one.slug, label: one.name[language] }))}
    />
  ) : (
    <TextInput
      label={say('code.opens')}
      description={say('slug')}
      required
      withAsterisk={false}
      value={value}
      error={error}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}

function useChosen(usual: string): [string, (slug: string) => void] {
  const { data = [] } = useResources();
  const [chosen, setChosen] = useState(usual);
  return [chosen === '' ? ((data.find(({ active }) => active) ?? data[0])?.slug ?? '') : chosen, setChosen];
}

function IssueDialog({ usual, onClose }: { usual: string; onClose: () => void }): React.ReactNode {
  const { say, language } = useWords();
  const timeZone = useTimeZone();
  const { data: resources = [] } = useResources();
  const [resource, setResource] = useChosen(usual);
  const own = resources.find((one) => one.slug === resource);
  const [reference, setReference] = useState('');
  const [validForSeconds, setValidForSeconds] = useState<number>();
  const [uses, setUses] = useState<string>();
  const [made, setMade] = useState<AccessCodeMade>();
  const shownUses = uses ?? (own?.uses === undefined ? '' : String(own.uses ?? ''));
  const issue = useAct(
    async () => {
      setMade(
        await ask<AccessCodeMade>('POST', '/v1/access-codes', {
          resource,
          ...(reference.trim() !== '' && { reference: reference.trim() }),
          ...(validForSeconds !== undefined && { validForSeconds }),
          ...(uses !== undefined && { uses: uses.trim() === '' ? null : Number(uses) }),
        }),
      );
      await changed('access-codes');
    },
    { quiet: true },
  );
  if (made) {
    return (
      <Dialog title={say('code.made')} onClose={onClose}>
        <Stack>
          <p className="code-shown">{made.code}</p>
          <p>{say('code.once', { at: showInstant(made.validUntil, language, timeZone, houseNow()) })}</p>
          {own && <CopiedText label={say('resource.page')} text={own.pageUrl} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={() => copy(made.code, say)}>
              {say('copy')}
            </Button>
            <Button onClick={onClose}>{say('done')}</Button>
          </Group>
        </Stack>
      </Dialog>
    );
  }
  return (
    <Dialog title={say('code.issue')} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void issue.run();
        }}
      >
        <Stack>
          <ResourceField
            value={resource}
            error={issue.fields['/resource']}
            onChange={(slug) => {
              setResource(slug);
              setUses(undefined);
              setValidForSeconds(undefined);
            }}
          />
          <TextInput
            label={say('code.reference')}
            description={say('code.referenceWhat')}
            maxLength={200}
            value={reference}
            error={issue.fields['/reference']}
            onChange={(event) => setReference(event.currentTarget.value)}
          />
          <div className="pair">
            <DurationField
              key={resource}
              label={say('resource.valid')}
              seconds={own?.validForSeconds ?? 86_400}
              error={issue.fields['/validForSeconds']}
              onChange={setValidForSeconds}
            />
            <TextInput
              label={say('resource.uses')}
              inputMode="numeric"
              placeholder={say('resource.unlimited')}
              value={shownUses}
              error={issue.fields['/uses']}
              onChange={(event) => setUses(event.currentTarget.value.replace(/\D/g, ''))}
            />
          </div>
          <Failed act={issue} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {say('cancel')}
            </Button>
            <Button type="submit" loading={issue.busy}>
              {say('code.issue')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}

function TryDialog({ usual, onClose }: { usual: string; onClose: () => void }): React.ReactNode {
  const { say, language } = useWords();
  const timeZone = useTimeZone();
  const [resource, setResource] = useChosen(usual);
  const [code, setCode] = useState('');
  const [tried, setTried] = useState<AccessCodeTried>();
  const attempt = useAct(
    async () => {
      setTried(undefined);
      setTried(await ask<AccessCodeTried>('POST', '/v1/access-codes/verify', { resource, code }));
      await changed('access-codes');
    },
    { quiet: true },
  );
  const refused = Object.keys(attempt.fields).length === 0 ? attempt.failed : undefined;
  return (
    <Dialog title={say('code.try')} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void attempt.run();
        }}
      >
        <Stack>
          <p className="soft">{say('code.tryWhat')}</p>
          <ResourceField value={resource} error={attempt.fields['/resource']} onChange={setResource} />
          <TextInput
            className="code-field"
            label={say('code.code')}
            data-autofocus
            required
            withAsterisk={false}
            autoComplete="off"
            maxLength={80}
            value={code}
            error={attempt.fields['/code'] ?? refused}
            onChange={(event) => {
              setCode(event.currentTarget.value);
              setTried(undefined);
            }}
          />
          <div role="status">
            {tried && (
              <Alert
                color={tried.valid ? 'teal' : 'vermilion'}
                title={say(tried.valid ? 'code.opened' : `code.because.${tried.because ?? 'unknown'}`)}
              >
                {tried.code && (
                  <>
                    <Uses code={tried.code} /> ·{' '}
                    {say('state.until', {
                      at: showInstant(tried.code.validUntil, language, timeZone, houseNow()),
                    })}
                  </>
                )}
              </Alert>
            )}
          </div>
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {say('close')}
            </Button>
            <Button type="submit" loading={attempt.busy}>
              {say('code.tryGo')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}
