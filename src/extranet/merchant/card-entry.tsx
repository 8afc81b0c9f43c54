// Whether callers may key their cards on the telephone: since when and why, and what it means for PCI DSS. Read only: an operator
// decides it.

import { useQuery } from '@tanstack/react-query';
import { ask } from '../ask.ts';
import { houseNow } from '../clock.ts';
import { Page, Trouble, Waiting } from '../parts/page.tsx';
import { useTimeZone } from '../read.ts';
import { showInstant } from '../show.ts';
import { useWords } from '../words.ts';

interface Keypad {
  allowed: boolean;
  served: boolean;
  history: { allowed: boolean; at: string; why: string }[];
}

const duties = ['cards.pciWhere', 'cards.pciScope', 'cards.pciStripe', 'cards.pciLink'] as const;

export default function CardEntryPage(): React.ReactNode {
  const { say, language } = useWords();
  const timeZone = useTimeZone();
  const { data, error, refetch } = useQuery({
    queryKey: ['keypad'],
    queryFn: () => ask<Keypad>('GET', '/v1/keypad'),
  });
  const when = (at: string): string => showInstant(at, language, timeZone, houseNow());
  const last = data?.history[0];
  return (
    <Page title={say('cards.title')}>
      <p className="soft">{say('cards.what')}</p>
      {!data ? (
        error ? (
          <Trouble error={error} again={() => void refetch()} />
        ) : (
          <Waiting />
        )
      ) : (
        <>
          <section className="card" aria-labelledby="cards-state">
            <h2 id="cards-state">{say(data.allowed ? 'cards.on' : 'cards.off')}</h2>
            {last ? (
              <p>{say(last.allowed ? 'cards.since' : 'cards.withdrawn', { at: when(last.at) })}</p>
            ) : (
              <p>{say('cards.never')}</p>
            )}
            {data.allowed && !data.served && <p className="wrong">{say('cards.noRoom')}</p>}
            <p className="soft">{say('cards.operator')}</p>
          </section>
          <section className="card" aria-labelledby="cards-pci">
            <h2 id="cards-pci">{say('cards.pci')}</h2>
            <ul>
              {duties.map((one) => (
                <li key={one}>{say(one)}</li>
              ))}
            </ul>
          </section>
          {data.history.length > 0 && (
            <section className="card" aria-labelledby="cards-record">
              <h2 id="cards-record">{say('cards.record')}</h2>
              <ul className="rows">
                {data.history.map(({ allowed, at, why }) => (
                  <li key={at} className="row">
                    <span className="row-main">
                      <strong>{say(allowed ? 'cards.enabled' : 'cards.taken')}</strong>
                      <span className="soft">{why}</span>
                    </span>
                    <time className="row-end soft" dateTime={at}>
                      {when(at)}
                    </time>
                  </li>
                ))}
              </ul>
            </section>
          )}
        </>
      )}
    </Page>
  );
}
