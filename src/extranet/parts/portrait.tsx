// A consultant's face, or his initials where there is none; the ring around it is his state.

import type { Consultant } from '../contract.ts';
import { initialsOf } from '../show.ts';
import { toneOf } from './state.tsx';

export function Portrait({
  consultant,
  size = 44,
}: {
  consultant: Pick<Consultant, 'name' | 'photoUrl' | 'state'>;
  size?: number;
}): React.ReactNode {
  const { name, photoUrl, state } = consultant;
  return (
    <span
      className="portrait"
      data-tone={toneOf(state)}
      style={{ width: size, height: size, fontSize: size * 0.36 }}
      aria-hidden="true"
    >
      {photoUrl === null ? initialsOf(name) : <img src={photoUrl} alt="" width={size} height={size} />}
    </span>
  );
}
