// His calls, day by day.

import { CallsOfOneDay } from '../parts/calls-of-day.tsx';
import { Page } from '../parts/page.tsx';
import { useWords } from '../words.ts';

export default function Calls(): React.ReactNode {
  const { say } = useWords();
  return (
    <Page title={say('calls.title')} narrow>
      <CallsOfOneDay path="/v1/me/calls" name="my-calls" />
    </Page>
  );
}
