// A list that comes in pages, the newest first: what has come so far, and a button for what is older.

import { Button } from '@mantine/core';
import { useInfiniteQuery, type InfiniteData, type UseInfiniteQueryResult } from '@tanstack/react-query';
import { ask } from '../ask.ts';
import type { PageOf } from '../contract-calls.ts';
import { useWords } from '../words.ts';
import { Empty, Trouble, Waiting } from './page.tsx';

/** `path`: with its query, without `after`. Kept under `name`. */
export function usePages<Page extends PageOf<unknown>>(
  name: string,
  path: string,
): UseInfiniteQueryResult<InfiniteData<Page, string | undefined>> {
  return useInfiniteQuery({
    queryKey: [name, path],
    queryFn: ({ pageParam }) =>
      ask<Page>(
        'GET',
        pageParam === undefined
          ? path
          : `${path}${path.includes('?') ? '&' : '?'}after=${encodeURIComponent(pageParam)}`,
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next }) => next ?? undefined,
  });
}

export function PagesOf<T extends { id: string }>({
  read,
  empty,
  className = 'card rows rows-card',
  children,
}: {
  read: UseInfiniteQueryResult<InfiniteData<PageOf<T>, string | undefined>>;
  /** Said where there is nothing. */
  empty: string;
  className?: string;
  children: (one: T) => React.ReactNode;
}): React.ReactNode {
  const { say } = useWords();
  const { data, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = read;
  if (!data) return error ? <Trouble error={error} again={() => void refetch()} /> : <Waiting />;
  const all = data.pages.flatMap((page) => page.data);
  if (all.length === 0) return <Empty>{empty}</Empty>;
  return (
    <>
      <ul className={className}>{all.map((one) => children(one))}</ul>
      {hasNextPage && (
        <Button variant="default" mt="md" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          {say('audit.more')}
        </Button>
      )}
    </>
  );
}
