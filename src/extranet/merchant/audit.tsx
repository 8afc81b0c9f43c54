// Who changed what, newest first.

import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { ask } from '../ask.ts';
import { houseNow } from '../clock.ts';
import type { AuditEntry } from '../contract.ts';
import { Empty, Page, Trouble, Waiting } from '../parts/page.tsx';
import { useConsultantNames, useGroups, useTimeZone } from '../read.ts';
import { showInstant } from '../show.ts';
import { isKey, type Say, useWords } from '../words.ts';

interface AuditPage {
  data: AuditEntry[];
  hasMore: boolean;
  next: number | null;
}

/** The API tells it oldest first: the newest are at the end of its last page. */
const pagesMax = 40;
const shownAtOnce = 50;

async function wholeAudit(): Promise<AuditEntry[]> {
  const entries: AuditEntry[] = [];
  let after = '';
  for (let page = 0; page < pagesMax; page += 1) {
    const { data, hasMore, next } = await ask<AuditPage>('GET', `/v1/audit?limit=200${after}`);
    entries.push(...data);
    if (!hasMore || next === null) break;
    after = `&after=${next}`;
  }
  return entries.reverse();
}

export default function Audit(): React.ReactNode {
  const { say, language } = useWords();
  const timeZone = useTimeZone();
  const consultants = useConsultantNames();
  const { data: groups = [] } = useGroups();
  const names = new Map([...consultants, ...groups.map(({ id, name }) => [id, name] as const)]);
  const [shown, setShown] = useState(shownAtOnce);
  const { data, error, refetch } = useQuery({ queryKey: ['audit'], queryFn: wholeAudit });
  return (
    <Page title={say('audit.title')}>
      {error ? (
        <Trouble error={error} again={() => void refetch()} />
      ) : !data ? (
        <Waiting />
      ) : data.length === 0 ? (
        <Empty>{say('audit.none')}</Empty>
      ) : (
        <>
          <ul className="card rows rows-card">
            {data.slice(0, shown).map(({ id, by, area, action, subject, at }) => (
              <li key={id} className="row">
                <span className="row-main">
                  <strong>{wordsOf(action, say)}</strong>
                  <span className="soft">
                    {[
                      by.name ?? say(`actor.${by.kind === 'api_key' ? 'key' : 'house'}`),
                      say(`area.${area}`),
                      subject === null ? null : (names.get(subject) ?? subject),
                    ]
                      .filter((part) => part !== null)
                      .join(' · ')}
                  </span>
                </span>
                <time className="row-end soft" dateTime={at}>
                  {showInstant(at, language, timeZone, houseNow())}
                </time>
              </li>
            ))}
          </ul>
          {data.length > shown && (
            <Button variant="default" mt="md" onClick={() => setShown(shown + shownAtOnce)}>
              {say('audit.more')}
            </Button>
          )}
        </>
      )}
    </Page>
  );
}

/** In words where there are some; else the API's name, which is a sentence without blanks: `Settle now`. */
function wordsOf(action: string, say: Say): string {
  const key = `did.${action}`;
  if (isKey(key)) return say(key);
  const apart = action.replace(
    /([a-z])([A-Z])/g,
    (_, before: string, after: string) => `${before} ${after.toLowerCase()}`,
  );
  return apart.slice(0, 1).toUpperCase() + apart.slice(1);
}
