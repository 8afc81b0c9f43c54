// What is mailed to a consultant who signs in with an address: that he has missed so many calls that nobody rings him any more,
// and how he comes back. Once a pause, to whoever signs in as him.

import type { Language } from '../core/ids.ts';
import { readPause } from '../store/consultants.ts';
import type { JobPayloads } from '../store/jobs.ts';
import { asPerson, readUser } from '../store/people.ts';
import { sha256 } from '../store/seal.ts';
import type { House } from './house.ts';
import { sendMail } from './mail-sign-in.ts';

/** Nothing where he is back meanwhile, or paused anew: of that he is told by its own letter. */
export async function mailPaused(house: House, job: JobPayloads['mail_paused']): Promise<void> {
  const { merchantId, consultantId, userId, pausedAt } = job;
  const found = await asPerson(
    house.db,
    userId,
    async (tx) => ({ user: await readUser(tx, userId), pause: await readPause(tx, consultantId, userId) }),
    merchantId,
  );
  const { user, pause } = found;
  if (!user || pause?.pausedAt.toISOString() !== pausedAt) return;
  const say = words[user.language];
  await sendMail(house, user, {
    subject: say.subject(pause.missed),
    lines: [
      say.told(pause.name, pause.merchant, pause.missed),
      ...(pause.service === null ? [say.page] : [say.key(pause.service), say.orPage]),
    ],
    link: `${house.publicUrl}/extranet/me`,
    key: `paused-${sha256(`${userId} ${consultantId} ${pausedAt}`).toString('hex').slice(0, 24)}`,
  });
}

interface Words {
  subject(missed: number): string;
  told(name: string, merchant: string, missed: number): string;
  key(number: string): string;
  orPage: string;
  page: string;
}

const words: Record<Language, Words> = {
  fr: {
    subject: (missed) =>
      `Vous n’êtes plus appelé : ${missed} appel${missed > 1 ? 's' : ''} manqué${missed > 1 ? 's' : ''}`,
    told: (name, merchant, missed) =>
      `${name}, ${missed > 1 ? `${missed} appels de suite sont restés` : 'un appel est resté'} sans réponse chez ${merchant}. Pour ne pas faire attendre ceux qui appellent, votre téléphone ne sonne plus.`,
    key: (number) => `Pour être appelé de nouveau, composez le ${number} et appuyez sur 1.`,
    orPage: 'Ou ouvrez votre page et touchez « Disponible » :',
    page: 'Pour être appelé de nouveau, ouvrez votre page et touchez « Disponible » :',
  },
  en: {
    subject: (missed) => `You are not rung any more: ${missed} missed call${missed > 1 ? 's' : ''}`,
    told: (name, merchant, missed) =>
      `${name}, ${missed > 1 ? `${missed} calls in a row were` : 'a call was'} not taken at ${merchant}. So that nobody waits in vain, your telephone does not ring any more.`,
    key: (number) => `To be rung again, dial ${number} and press 1.`,
    orPage: 'Or open your page and touch “Available”:',
    page: 'To be rung again, open your page and touch “Available”:',
  },
};
