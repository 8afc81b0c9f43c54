// Fields a rule refused, as the problem that names each of them: like those whose form is wrong (routes.ts).

import type { WrongField } from '../core/line-settings.ts';
import type { ApiAnswer } from './routes.ts';

export function wrongFields(wrong: readonly WrongField[]): Extract<ApiAnswer, { problem: unknown }> {
  const errors = wrong.map(({ field, sentence }) => ({
    in: 'body',
    pointer: `#/${field}`,
    detail: sentence,
  }));
  return { problem: { kind: 'invalid-request', members: { errors } }, began: false };
}
