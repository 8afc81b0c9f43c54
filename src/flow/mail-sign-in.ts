// What is mailed about an account: the link of an invitation, the link for a new password, and what happened to it. A link's
// token is made as it is sent, so that no queue keeps one; what goes wrong on the way is sent again with another.

import type { Role } from '../core/sign-in.ts';
import { htmlText } from '../core/html-text.ts';
import type { Language } from '../core/ids.ts';
import { asPerson, membershipsOf, merchantNames, readUser } from '../store/people.ts';
import type { Tx } from '../store/database.ts';
import { type AccountNotice, enqueueJob } from '../store/jobs.ts';
import { sha256 } from '../store/seal.ts';
import { sendLink } from '../store/sessions.ts';
import type { House } from './house.ts';
import { MailDelayed } from './mail-people.ts';
import { linkAddress, newResetLink } from './sign-in-links.ts';

/** Of an invitation that was written down. */
export async function mailInvitation(
  house: House,
  job: { userId: string; linkId: string; invitedBy: string },
): Promise<void> {
  const token = house.ids.token();
  const found = await asPerson(house.db, job.userId, async (tx) => {
    const at = house.clock.now();
    const link = await sendLink(tx, { id: job.linkId, tokenHash: sha256(token), at });
    const user = await readUser(tx, job.userId);
    if (!link || !user) return undefined;
    const role = (await membershipsOf(tx, job.userId)).find(
      ({ merchantId }) => merchantId === link.merchantId,
    )?.role;
    const [merchant] = await merchantNames(tx, link.merchantId === null ? [] : [link.merchantId]);
    return { user, role, merchant: merchant?.name ?? 'Ringmeter' };
  });
  // Taken back or followed meanwhile.
  if (!found) return;
  const { user, role, merchant } = found;
  const say = words[user.language];
  await sendMail(house, user, {
    subject: say.invitation(merchant),
    lines: [say.invited(job.invitedBy, merchant, say.roles[role ?? 'operator']), say.sevenDays],
    link: linkAddress(house, 'invitation', token),
    key: `${job.linkId}-${token.slice(0, 6)}`,
  });
}

/** Whoever this address belongs to, if anybody: nobody is told which. */
export async function mailReset(house: House, job: { email: string }): Promise<void> {
  const made = await newResetLink(house, job.email);
  if (!made) return;
  const say = words[made.user.language];
  await sendMail(house, made.user, {
    subject: say.reset,
    lines: [say.resetAsked, say.oneHour, say.notYou],
    link: made.link,
    key: made.id,
  });
}

/** Puts it into the queue with what it tells of. */
export async function tellOwner(
  house: House,
  tx: Tx,
  notice: Omit<AccountNotice, 'letterId'>,
): Promise<void> {
  const letterId = house.ids.token();
  await enqueueJob(tx, 'mail_account_notice', { ...notice, letterId }, letterId);
}

/** Told to whose account it is, so that he learns of what he did not do. */
export async function mailAccountNotice(house: House, job: AccountNotice): Promise<void> {
  const user = await asPerson(house.db, job.userId, (tx) => readUser(tx, job.userId));
  if (!user) return;
  const say = words[user.language];
  const what = say.notices[job.what];
  await sendMail(house, user, {
    subject: what,
    lines: [`${what}${job.place === undefined ? '' : ` (${job.place})`}.`, say.wasItYou],
    link: `${house.publicUrl}/extranet/`,
    key: job.letterId,
  });
}

/** Where a consultant makes the login of his telephone; the letter holds nothing that is secret. */
export async function mailSipSetUp(
  house: House,
  job: { merchantId: string; userId: string; letterId: string },
): Promise<void> {
  const found = await asPerson(house.db, job.userId, async (tx) => {
    const user = await readUser(tx, job.userId);
    const [merchant] = await merchantNames(tx, [job.merchantId]);
    return user && merchant && { user, merchant };
  });
  if (!found) return;
  const { user, merchant } = found;
  const say = words[user.language];
  await sendMail(house, user, {
    subject: say.telephone(merchant.name),
    lines: [say.telephoneWhat, say.telephoneOnce],
    link: `${house.publicUrl}/extranet/account`,
    key: job.letterId,
  });
}

/** One mail of plain sentences with a link below them. Nothing is sent, and that is said, where no server is configured. */
export async function sendMail(
  house: House,
  to: { email: string; language: Language },
  mail: { subject: string; lines: readonly string[]; link: string; key: string },
): Promise<void> {
  if (!house.mailer.configured) {
    house.log.warn({ mail: mail.key }, 'No mail server is configured: somebody waits for a letter');
    return;
  }
  const sent = await house.mailer.send({
    to: to.email,
    subject: mail.subject,
    text: [...mail.lines, mail.link].join('\n\n'),
    html: [
      ...mail.lines.map((line) => `<p>${htmlText(line)}</p>`),
      `<p><a href="${htmlText(mail.link)}">${htmlText(mail.link)}</a></p>`,
    ].join(''),
    language: to.language,
    key: mail.key,
  });
  if (sent === 'failed') throw new MailDelayed(`${mail.key} was not taken by the mail server.`);
}

interface Words {
  invitation(merchant: string): string;
  invited(by: string, merchant: string, role: string): string;
  roles: Record<Role | 'operator', string>;
  sevenDays: string;
  reset: string;
  resetAsked: string;
  oneHour: string;
  notYou: string;
  notices: Record<AccountNotice['what'], string>;
  wasItYou: string;
  telephone(merchant: string): string;
  telephoneWhat: string;
  telephoneOnce: string;
}

const words: Record<Language, Words> = {
  fr: {
    invitation: (merchant) => `Votre accès à ${merchant}`,
    invited: (by, merchant, role) => `${by} vous invite chez ${merchant} : ${role}.`,
    roles: {
      owner: 'propriétaire',
      staff: 'équipe',
      accountant: 'comptabilité',
      consultant: 'consultant',
      operator: 'exploitation',
    },
    sevenDays: 'Ce lien ouvre votre compte. Il sert une fois, pendant sept jours.',
    reset: 'Votre nouveau mot de passe',
    resetAsked: 'Un nouveau mot de passe a été demandé pour ce compte. Ce lien permet de le choisir.',
    oneHour: 'Il sert une fois, pendant une heure.',
    notYou: 'Si vous n’avez rien demandé, ne faites rien : votre mot de passe reste le même.',
    notices: {
      signed_in: 'Nouvelle connexion à votre compte',
      totp_set: 'La validation en deux étapes de votre compte est active',
      totp_changed: 'La validation en deux étapes de votre compte a changé d’appareil',
      totp_removed: 'La validation en deux étapes de votre compte a été retirée',
      password_changed: 'Le mot de passe de votre compte a changé',
    },
    wasItYou:
      'Si ce n’était pas vous, demandez aussitôt un nouveau mot de passe et fermez les autres sessions.',
    telephone: (merchant) => `Votre téléphone chez ${merchant}`,
    telephoneWhat:
      'Vous pouvez prendre vos appels sur un téléphone SIP ou un logiciel. Cette page donne son nom d’utilisateur, son mot de passe et son serveur.',
    telephoneOnce: 'Le mot de passe y est montré une seule fois. Il n’est jamais envoyé par courriel.',
  },
  en: {
    invitation: (merchant) => `Your access to ${merchant}`,
    invited: (by, merchant, role) => `${by} invites you to ${merchant}: ${role}.`,
    roles: {
      owner: 'owner',
      staff: 'staff',
      accountant: 'accountant',
      consultant: 'consultant',
      operator: 'operator',
    },
    sevenDays: 'This link opens your account. It works once, within seven days.',
    reset: 'Your new password',
    resetAsked: 'A new password was asked for this account. This link lets you choose it.',
    oneHour: 'It works once, within an hour.',
    notYou: 'If you asked for nothing, do nothing: your password stays as it is.',
    notices: {
      signed_in: 'A new sign-in to your account',
      totp_set: 'Your account now asks for a second factor',
      totp_changed: 'The second factor of your account is another one now',
      totp_removed: 'The second factor of your account was removed',
      password_changed: 'The password of your account was changed',
    },
    wasItYou: 'If it was not you, ask for a new password at once and end the other sessions.',
    telephone: (merchant) => `Your telephone at ${merchant}`,
    telephoneWhat:
      'You can take your calls on a SIP telephone or a program. This page gives its user name, password and server.',
    telephoneOnce: 'The password is shown there once. It is never mailed.',
  },
};
