// A telephone number, never broken over two lines.

import { showNumber } from '../show.ts';
import { useWords } from '../words.ts';

/** `null`: withheld. */
export function PhoneNumber({ number }: { number: string | null }): React.ReactNode {
  const { say } = useWords();
  return <span className="number">{number === null ? say('caller.withheld') : showNumber(number)}</span>;
}
