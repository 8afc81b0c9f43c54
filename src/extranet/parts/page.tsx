// What every page has: its title, and what stands in its place while it is fetched or when it cannot be.

import { useEffect } from 'react';
import { Alert, Button, Loader } from '@mantine/core';
import { Link } from 'react-router';
import { Problem } from '../problem.ts';
import { useWords } from '../words.ts';

export function Page({
  title,
  above,
  aside,
  narrow = false,
  children,
}: {
  title: string;
  /** A way back, over the title. */
  above?: React.ReactNode;
  /** What can be done here, beside the title. */
  aside?: React.ReactNode;
  narrow?: boolean;
  children: React.ReactNode;
}): React.ReactNode {
  useEffect(() => {
    document.title = `${title} · Ringmeter`;
  }, [title]);
  return (
    <div className="page" data-narrow={narrow}>
      {above}
      <div className="page-head">
        <h1>{title}</h1>
        {aside !== undefined && <div className="page-aside">{aside}</div>}
      </div>
      {children}
    </div>
  );
}

/** Shown after a moment only: an answer that is there at once should not flash. */
export function Waiting(): React.ReactNode {
  const { say } = useWords();
  return (
    <div className="waiting" role="status">
      <Loader color="teal" type="dots" aria-hidden="true" />
      <span className="unseen">{say('waiting')}</span>
    </div>
  );
}

export function Trouble({
  error,
  again,
  whole = false,
}: {
  error: Error;
  again: () => void;
  /** It stands alone, without a frame around it. */
  whole?: boolean;
}): React.ReactNode {
  const { say } = useWords();
  const box = (
    <Alert color="vermilion" title={say('trouble.title')} className="trouble">
      <p>{error instanceof Problem ? error.message : say('problem.unexpected')}</p>
      <Button variant="default" size="sm" onClick={again} mt="sm">
        {say('trouble.again')}
      </Button>
    </Alert>
  );
  return whole ? <main className="doorstep-card">{box}</main> : box;
}

export function NotThere(): React.ReactNode {
  const { say } = useWords();
  return (
    <Page title={say('notThere.title')} narrow>
      <p className="lead">{say('notThere.text')}</p>
      <p>
        <Link to="/">{say('notThere.home')}</Link>
      </p>
    </Page>
  );
}

export function Empty({ children }: { children: React.ReactNode }): React.ReactNode {
  return <div className="empty">{children}</div>;
}

export function BackLink({ to, children }: { to: string; children: React.ReactNode }): React.ReactNode {
  return (
    <Link to={to} className="back-link">
      <span aria-hidden="true">←</span> {children}
    </Link>
  );
}
