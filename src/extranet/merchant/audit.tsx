// Who changed what, newest first.

import { Button } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
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

const readPage = (after: number | undefined): Promise<AuditPage> =>
  ask('GET', `/v1/audit?order=newest&limit=50${after === undefined ? '' : `&after=${String(after)}`}`);

export default function Audit(): React.ReactNode {
  const { say, language } = useWords();
  const timeZone = useTimeZone();
  const consultants = useConsultantNames();
  const { data: groups = [] } = useGroups();
  const names = new Map([...consultants, ...groups.map(({ id, name }) => [id, name] as const)]);
  const { data, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = useInfiniteQuery({
    queryKey: ['audit'],
    queryFn: ({ pageParam }) => readPage(pageParam),
    initialPageParam: undefined as number | undefined,
    getNextPageParam: ({ hasMore, next }) => (hasMore ? (next ?? undefined) : undefined),
  });
  const entries = data?.pages.flatMap((page) => page.data);
  return (
    <Page title={say('audit.title')}>
      {error ? (
        <Trouble error={error} again={() => void refetch()} />
      ) : !entries ? (
        <Waiting />
      ) : entries.length === 0 ? (
        <Empty>{say('audit.none')}</Empty>
      ) : (
        <>
          <ul className="card rows rows-card">
            {entries.map(({ id, by, area, action, subject, at }) => (
              <li key={id} className="row">
                <span className="row-main">
                  <strong>{wordsOf(action, say)}</strong>
                  <span className="soft">
                    {[
                      whoDid(by, say),
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
          {hasNextPage && (
            <Button
              variant="default"
              mt="md"
              loading={isFetchingNextPage}
              onClick={() => void fetchNextPage()}
            >
              {say('audit.more')}
            </Button>
          )}
        </>
      )}
    </Page>
  );
}

/** Who runs the house may act for a merchant: it says so. */
function whoDid({ kind, name }: AuditEntry['by'], say: Say): string {
  if (kind === 'operator') return name === null ? say('actor.house') : say('actor.operator', { name });
  return name ?? say(kind === 'api_key' ? 'actor.key' : 'actor.house');
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
