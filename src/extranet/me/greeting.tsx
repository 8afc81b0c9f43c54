// His voice: how he introduces himself.

import { Page } from '../parts/page.tsx';
import { Recordings } from '../parts/recordings.tsx';
import { useWords } from '../words.ts';

export default function Greeting(): React.ReactNode {
  const { say } = useWords();
  return (
    <Page title={say('sound.title')} narrow>
      <Recordings base="/v1/me/recordings" />
    </Page>
  );
}
