// Who changed what, newest first.

import { Button } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { ask } from '../ask.ts';
import { houseNow } from '../clock.ts';
import type { AuditEntry } from '../contract.ts';
import { Empty, Page, Trouble, Waiting } from '../parts/page.tsx';
import { useTimeZone } from '../read.ts';
import { showInstant } from '../show.ts';
import { useWords } from '../words.ts';

interface AuditPage {
  data: AuditEntry[];
  next?: string | null;
}

export default function Audit(): React.ReactNode {
  const { say, language } = useWords();
  const timeZone = useTimeZone();
  const { data, error, refetch, fetchNextPage, hasNextPage, isFetchingNextPage } = useInfiniteQuery({
    queryKey: ['audit'],
    initialPageParam: '',
    queryFn: ({ pageParam }) =>
      ask<AuditPage>('GET', `/v1/audit${pageParam === '' ? '' : `?after=${encodeURIComponent(pageParam)}`}`),
    getNextPageParam: ({ next }) => next ?? undefined,
  });
  const entries = data?.pages.flatMap((page) => page.data) ?? [];
  return (
    <Page title={say('audit.title')}>
      {error ? (
        <Trouble error={error} again={() => void refetch()} />
      ) : !data ? (
        <Waiting />
      ) : entries.length === 0 ? (
        <Empty>{say('audit.none')}</Empty>
      ) : (
        <>
          <ul className="card rows rows-card">
            {entries.map((entry) => (
              <li key={entry.id} className="row">
                <span className="row-main">
                  <strong>{entry.action}</strong>
                  <span className="soft">
                    {[nameOf(entry.by), entry.subject].filter(Boolean).join(' · ')}
                  </span>
                </span>
                <time className="row-end soft" dateTime={entry.at}>
                  {showInstant(entry.at, language, timeZone, houseNow())}
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

function nameOf(by: AuditEntry['by']): string | undefined {
  return typeof by === 'string' ? by : (by?.name ?? by?.kind ?? undefined);
}
