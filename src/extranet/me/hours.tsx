// His hours, set by himself.

import { ask } from '../ask.ts';
import { HoursEditor } from '../parts/hours-editor.tsx';
import { Page, Trouble, Waiting } from '../parts/page.tsx';
import { useOwnConsultant, useTimeZone } from '../read.ts';
import { changed } from '../session.ts';
import { useWords } from '../words.ts';

export default function Hours(): React.ReactNode {
  const { say } = useWords();
  const timeZone = useTimeZone();
  const { data, error, refetch } = useOwnConsultant();
  return (
    <Page title={say('hours.title')}>
      {data ? (
        <HoursEditor
          schedule={data.schedule}
          version={data.version}
          timeZone={timeZone}
          keep={data.id}
          save={async (schedule, basedOn) => {
            await ask('PUT', '/v1/me/schedule', { schedule }, basedOn).finally(() => changed('me'));
          }}
        />
      ) : error ? (
        <Trouble error={error} again={() => void refetch()} />
      ) : (
        <Waiting />
      )}
    </Page>
  );
}
