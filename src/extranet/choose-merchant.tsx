// Who works for several merchants, or for all of them, says for which one now.

import { useState } from 'react';
import { TextInput, UnstyledButton } from '@mantine/core';
import { useNavigate } from 'react-router';
import { useAct } from './act.ts';
import { ask } from './ask.ts';
import { Icon } from './parts/icon.tsx';
import { Empty, Page } from './parts/page.tsx';
import { signedInAnew, useSession } from './session.ts';
import { useWords } from './words.ts';

/** With fewer than this nobody needs to search. */
const searchedFrom = 8;

export default function ChooseMerchant(): React.ReactNode {
  const { say } = useWords();
  const { merchants, as } = useSession();
  const navigate = useNavigate();
  const [wanted, setWanted] = useState('');
  const choose = useAct(async (merchantId: string) => {
    await ask('POST', '/v1/session/merchant', { merchantId });
    await signedInAnew();
    await navigate('/', { replace: true });
  });
  const found = merchants.filter(({ name }) => name.toLowerCase().includes(wanted.trim().toLowerCase()));
  return (
    <Page title={say('merchants.title')} narrow>
      {merchants.length >= searchedFrom && (
        <TextInput
          label={say('merchants.search')}
          value={wanted}
          onChange={(event) => setWanted(event.currentTarget.value)}
        />
      )}
      {found.length === 0 ? (
        <Empty>{say('merchants.none')}</Empty>
      ) : (
        <ul className="rows">
          {found.map(({ id, name, role }) => (
            <li key={id}>
              <UnstyledButton
                className="row row-button"
                disabled={choose.busy}
                aria-current={as.merchant?.id === id}
                onClick={() => void choose.run(id)}
              >
                <span className="row-main">
                  <strong>{name}</strong>
                  <span className="soft">{say(`role.${role}`)}</span>
                </span>
                <Icon name={as.merchant?.id === id ? 'check' : 'forward'} />
              </UnstyledButton>
            </li>
          ))}
        </ul>
      )}
    </Page>
  );
}
