// One of the things access codes open: its settings, and how it is put on the merchant's site.

import { useState } from 'react';
import { Button, Group, NativeSelect, Stack, Switch, TextInput } from '@mantine/core';
import { useNavigate, useParams } from 'react-router';
import { useAct } from '../act.ts';
import { ask } from '../ask.ts';
import { type AccessResource, type Alphabet, alphabets } from '../contract-calls.ts';
import { tell } from '../notices.tsx';
import { Confirm } from '../parts/confirm.tsx';
import { CopiedText } from '../parts/copied-text.tsx';
import { DurationField } from '../parts/duration-field.tsx';
import { Failed } from '../parts/failed.tsx';
import { BackLink, NotThere, Page, Trouble, Waiting } from '../parts/page.tsx';
import { useResources } from '../read-access.ts';
import { changed, may, useSession } from '../session.ts';
import { slugOf } from '../slug.ts';
import { useWords } from '../words.ts';

export default function AccessResourcePage(): React.ReactNode {
  const { say, language } = useWords();
  const { slug } = useParams();
  const mayWrite = may(useSession(), 'settings', 'write');
  const { data, error, refetch } = useResources();
  const isNew = slug === undefined;
  const found = data?.find((one) => one.slug === slug);
  if (isNew ? !mayWrite : data && !found) return <NotThere />;
  return (
    <Page
      title={isNew ? say('resource.new') : (found?.name[language] ?? '\u00a0')}
      narrow={isNew}
      above={<BackLink to="/access/resources">{say('access.tab.resources')}</BackLink>}
    >
      {isNew ? (
        <div className="card">
          <ResourceForm of={undefined} readOnly={false} />
        </div>
      ) : found ? (
        <div className="columns columns-even">
          <div className="card">
            <ResourceForm key={found.id} of={found} readOnly={!mayWrite} />
          </div>
          <div className="stack">
            <section className="card">
              <h2>{say('resource.place')}</h2>
              <Stack gap="md">
                <CopiedText
                  label={say('resource.page')}
                  what={say('resource.pageWhat')}
                  text={found.pageUrl}
                />
                <CopiedText
                  label={say('resource.snippet')}
                  what={say('resource.snippetWhat')}
                  text={`<script src="${found.scriptUrl}" data-resource="${found.slug}" async></script>`}
                />
                <CopiedText
                  label={say('resource.keys')}
                  what={say('resource.keysWhat')}
                  text={found.keysUrl}
                />
              </Stack>
            </section>
            {mayWrite && <Archive resource={found} />}
          </div>
        </div>
      ) : error ? (
        <Trouble error={error} again={() => void refetch()} />
      ) : (
        <Waiting />
      )}
    </Page>
  );
}

interface Fields {
  slug: string;
  fr: string;
  en: string;
  address: string;
  alphabet: Alphabet;
  codeLength: string;
  validForSeconds: number;
  uses: string;
  active: boolean;
}

function fieldsOf(of: AccessResource | undefined): Fields {
  return {
    slug: of?.slug ?? '',
    fr: of?.name.fr ?? '',
    en: of?.name.en ?? '',
    address: of?.address ?? 'https://',
    alphabet: of?.alphabet ?? 'digits_and_letters',
    codeLength: of ? String(of.codeLength) : '',
    validForSeconds: of?.validForSeconds ?? 86_400,
    uses: of ? String(of.uses ?? '') : '1',
    active: of?.active ?? true,
  };
}

function bodyOf({ fr, en, codeLength, uses, slug: _name, ...rest }: Fields): Record<string, unknown> {
  return {
    ...rest,
    address: rest.address.trim(),
    name: { fr: fr.trim(), en: en.trim() },
    uses: uses.trim() === '' ? null : Number(uses),
    // As long as it must be, where nobody says.
    ...(codeLength.trim() !== '' && { codeLength: Number(codeLength) }),
  };
}

function ResourceForm({
  of,
  readOnly,
}: {
  of: AccessResource | undefined;
  readOnly: boolean;
}): React.ReactNode {
  const { say, language } = useWords();
  const navigate = useNavigate();
  const [fields, setFields] = useState(() => fieldsOf(of));
  const [typedSlug, setTypedSlug] = useState(false);
  const put = (change: Partial<Fields>): void => setFields((known) => ({ ...known, ...change }));
  const named = (change: Pick<Partial<Fields>, 'fr' | 'en'>): void =>
    setFields((known) => {
      const next = { ...known, ...change };
      return typedSlug || of ? next : { ...next, slug: slugOf(language === 'fr' ? next.fr : next.en) };
    });
  const save = useAct(
    async () => {
      const body = bodyOf(fields);
      if (of) await ask('PATCH', `/v1/access-resources/${of.slug}`, body, of.version);
      else await ask('POST', '/v1/access-resources', { slug: fields.slug, ...body });
      tell(say('saved'));
      await changed('access-resources');
      if (!of) await navigate(`/access/resources/${fields.slug}`, { replace: true });
    },
    { quiet: true },
  );
  const names = language === 'fr' ? (['fr', 'en'] as const) : (['en', 'fr'] as const);
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault();
        void save.run();
      }}
    >
      <div className="pair">
        {names.map((one) => (
          <TextInput
            key={one}
            label={say(`resource.name.${one}`)}
            required
            withAsterisk={false}
            maxLength={120}
            disabled={readOnly}
            lang={one}
            value={fields[one]}
            error={save.fields[`/name/${one}`]}
            onChange={(event) => named({ [one]: event.currentTarget.value })}
          />
        ))}
      </div>
      {!of && (
        <TextInput
          label={say('slug')}
          description={say('resource.slugWhat')}
          required
          withAsterisk={false}
          maxLength={63}
          value={fields.slug}
          error={save.fields['/slug'] ?? (save.kind === 'slug-taken' ? save.failed : undefined)}
          onChange={(event) => {
            setTypedSlug(true);
            put({ slug: event.currentTarget.value });
          }}
        />
      )}
      <TextInput
        label={say('resource.address')}
        description={say('resource.addressWhat')}
        type="url"
        required
        withAsterisk={false}
        disabled={readOnly}
        value={fields.address}
        error={save.fields['/address']}
        onChange={(event) => put({ address: event.currentTarget.value })}
      />
      <div className="pair">
        <DurationField
          label={say('resource.valid')}
          seconds={fields.validForSeconds}
          disabled={readOnly}
          error={save.fields['/validForSeconds']}
          onChange={(validForSeconds) => put({ validForSeconds })}
        />
        <TextInput
          label={say('resource.uses')}
          inputMode="numeric"
          disabled={readOnly}
          placeholder={say('resource.unlimited')}
          value={fields.uses}
          error={save.fields['/uses']}
          onChange={(event) => put({ uses: event.currentTarget.value.replace(/\D/g, '') })}
        />
      </div>
      <div className="pair">
        <NativeSelect
          label={say('resource.alphabet')}
          disabled={readOnly}
          value={fields.alphabet}
          error={save.fields['/alphabet']}
          onChange={(event) => put({ alphabet: event.currentTarget.value as Alphabet })}
          data={alphabets.map((value) => ({ value, label: say(`alphabet.${value}`) }))}
        />
        <TextInput
          label={say('resource.length')}
          inputMode="numeric"
          disabled={readOnly}
          placeholder={say('resource.lengthUsual')}
          value={fields.codeLength}
          error={save.fields['/codeLength']}
          onChange={(event) => put({ codeLength: event.currentTarget.value.replace(/\D/g, '') })}
        />
      </div>
      <p className="soft">{say('resource.fromNowOn')}</p>
      <Switch
        label={say('resource.active')}
        description={say('resource.activeWhat')}
        disabled={readOnly}
        checked={fields.active}
        onChange={(event) => put({ active: event.currentTarget.checked })}
      />
      <Failed act={save} but="slug-taken" />
      {!readOnly && (
        <Group justify="flex-end">
          <Button type="submit" loading={save.busy}>
            {say(of ? 'save' : 'resource.add')}
          </Button>
        </Group>
      )}
    </form>
  );
}

function Archive({ resource }: { resource: AccessResource }): React.ReactNode {
  const { say, language } = useWords();
  const navigate = useNavigate();
  const [sure, setSure] = useState(false);
  const { slug, version, lines } = resource;
  const name = resource.name[language];
  const remove = useAct(async () => {
    await ask('DELETE', `/v1/access-resources/${slug}`, undefined, version);
    tell(say('archive.done', { name }));
    await changed('access-resources', 'access-codes');
    await navigate('/access/resources', { replace: true });
  });
  return (
    <section className="card">
      <h2>{say('archive.title')}</h2>
      <p className="soft">{say('resource.archiveText')}</p>
      {lines.length > 0 ? (
        <p>{say('resource.soldBy', { lines: lines.join(', ') })}</p>
      ) : (
        <Button variant="default" size="sm" onClick={() => setSure(true)}>
          {say('archive.go')}
        </Button>
      )}
      {sure && (
        <Confirm
          title={say('archive.sure', { name })}
          text={say('resource.archiveText')}
          go={say('archive.go')}
          busy={remove.busy}
          onGo={() => void remove.run()}
          onClose={() => setSure(false)}
        />
      )}
    </section>
  );
}
