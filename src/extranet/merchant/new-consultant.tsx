// Somebody new: as little as he can be rung with; the rest can wait.

import { useNavigate } from 'react-router';
import { useAct } from '../act.ts';
import { ask } from '../ask.ts';
import type { Consultant } from '../contract.ts';
import { tell } from '../notices.tsx';
import { BackLink, NotThere, Page } from '../parts/page.tsx';
import { changed, may, useSession } from '../session.ts';
import { useWords } from '../words.ts';
import { bodyOf, ConsultantForm, fieldsOf } from './consultant-form.tsx';

export default function NewConsultant(): React.ReactNode {
  const { say } = useWords();
  const session = useSession();
  const navigate = useNavigate();
  const add = useAct(async (fields: ReturnType<typeof fieldsOf>) => {
    // What is usual is the house's to say: only what was asked here is sent.
    const { name, shortNumber, pin, sip, numbers, language, languages, lines, introduction } = bodyOf(fields);
    const made = await ask<Consultant>('POST', '/v1/consultants', {
      name,
      language,
      languages,
      ...(shortNumber !== null && { shortNumber }),
      ...(pin !== undefined && { pin }),
      ...(sip !== null && { sip }),
      numbers,
      ...(lines && lines.length > 0 && { lines }),
      ...(Object.keys(introduction ?? {}).length > 0 && { introduction }),
    });
    tell(say('consultant.added', { name: made.name }));
    await changed('consultants');
    await navigate(`/consultants/${made.id}`, { replace: true });
  });
  if (!may(session, 'consultants', 'write')) return <NotThere />;
  return (
    <Page
      title={say('consultant.new')}
      narrow
      above={<BackLink to="/consultants">{say('nav.consultants')}</BackLink>}
    >
      <div className="card">
        <ConsultantForm
          of={undefined}
          part="all"
          wrong={add.fields}
          busy={add.busy}
          submit={say('consultants.add')}
          onSubmit={(fields) => void add.run(fields)}
        />
      </div>
    </Page>
  );
}
