// Who may come in, at the terminal: the first operator and the first owner of a merchant come to be here, and who has lost
// what he signs in with is helped here. Links are printed: whoever sits at the terminal hands them over.

import { emailKey, roles } from '../core/sign-in.ts';
import type { Language } from '../core/ids.ts';
import { invite, inviteOperator } from '../flow/members.ts';
import { removeSecondFactor } from '../flow/second-factor.ts';
import { newResetLink } from '../flow/sign-in-links.ts';
import { writeOperatorAct } from '../store/attention.ts';
import { writeAudit } from '../store/audit.ts';
import { ownerOfId } from '../store/operator-views.ts';
import { listMembers, userOfEmail } from '../store/people.ts';
import { type Called, type Command, said, type Said, WrongUse } from './command.ts';
import { table } from './print.ts';

function oneEmail({ args }: Called): string {
  const [email, ...more] = args;
  if (email === undefined || more.length > 0 || !/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(email)) {
    throw new WrongUse('Say whom: one e-mail address.');
  }
  return email;
}

function languageOf({ options: { language = 'fr' } }: Called): Language {
  if (language !== 'fr' && language !== 'en') throw new WrongUse('--language must be fr or en.');
  return language;
}

const unknown = said('Nothing here has this id. Check that it is complete.', null, 1);
const nobody = said('Nobody who signs in has this address.', null, 1);

async function isMerchant({ house: { db } }: Called, id: string): Promise<boolean> {
  return (await db.asNobody((one) => ownerOfId(one, id)))?.kind === 'merchant';
}

/** Who did it and why, beside the repairs. */
async function note({ house, operator }: Called, act: string, target: string): Promise<void> {
  const at = house.clock.now();
  await house.db.asNobody((db) => writeOperatorAct(db, { at, ...operator, act, target, outcome: 'done' }));
}

function shown(link: string, how: string): Said {
  return said(`${how}\n\n  ${link}\n\nIt works once. Hand it to nobody else.`, { link });
}

async function inviteToMerchant(called: Called, email: string, merchantId: string): Promise<Said> {
  const role = roles.find((one) => one === (called.options.role ?? 'owner'));
  if (role === undefined || role === 'consultant') {
    throw new WrongUse(
      '--role must be owner, staff or accountant; consultants are invited by their merchant.',
    );
  }
  if (!(await isMerchant(called, merchantId))) return unknown;
  const wish = { email, role, language: languageOf(called) };
  const invited = await invite(called.house, merchantId, wish, called.operator.by);
  if (invited.outcome === 'member') return said('This person works there already.', { outcome: 'member' });
  if (invited.outcome !== 'invited' || invited.link === undefined)
    throw new Error('An invitation without a link.');
  await note(called, 'invite_user', `${merchantId} ${invited.member.id} ${role}`);
  // In the merchant's own trail too: he did not invite him.
  const { house, operator } = called;
  await house.db.asMerchant(merchantId, (tx) =>
    writeAudit(tx, {
      merchantId,
      userId: null,
      at: house.clock.now(),
      by: { kind: 'terminal', id: operator.by, name: null },
      area: 'users',
      what: 'inviteUser',
      subject: invited.member.id,
      fields: { email, role },
    }),
  );
  return shown(invited.link, `Invited as ${role} of ${merchantId}, for seven days:`);
}

export const peopleCommands: readonly Command[] = [
  {
    usage: 'users --merchant <id>',
    help: 'Who works for a merchant, and as what.',
    async run(called) {
      const { merchant } = called.options;
      if (merchant === undefined || called.args.length > 0) throw new WrongUse('Say whose: --merchant <id>.');
      if (!(await isMerchant(called, merchant))) return unknown;
      const members = await called.house.db.asMerchant(merchant, (tx) => listMembers(tx, merchant));
      const columns = ['id', 'email', 'name', 'role', 'status', 'hasTotp'];
      return said(members.length === 0 ? 'Nobody signs in for him yet.' : table(members, columns), members);
    },
  },
  {
    usage:
      'users invite <email> --operator | --merchant <id> [--role owner|staff|accountant] [--language fr|en]',
    help: 'Invites somebody to run the house, or to work for a merchant (as its owner unless said otherwise); prints the link.',
    async run(called) {
      const email = oneEmail(called);
      const { operator, merchant } = called.options;
      if ((operator === true) === (merchant !== undefined)) {
        throw new WrongUse('Say as what: --operator, or --merchant <id>.');
      }
      if (merchant !== undefined) return inviteToMerchant(called, email, merchant);
      const invited = await inviteOperator(called.house, { email, language: languageOf(called) });
      if (invited.outcome === 'operator') return said('This person runs the house already.', invited);
      await note(called, 'invite_operator', invited.userId);
      return shown(invited.link, 'Invited to run the house, for seven days:');
    },
  },
  {
    usage: 'users reset <email>',
    help: 'A link for a new password, where no mail is sent; prints it.',
    async run(called) {
      const made = await newResetLink(called.house, oneEmail(called));
      if (!made) return nobody;
      await note(called, 'reset_password', made.user.id);
      return shown(made.link, 'For a new password, within an hour:');
    },
  },
  {
    usage: 'users forget-second-factor <email>',
    help: 'For who lost telephone and paper: a password alone lets him in again, and an owner sets up another at once.',
    async run(called) {
      const email = oneEmail(called);
      const userId = await called.house.db.asNobody((db) => userOfEmail(db, emailKey(email)));
      if (userId === undefined) return nobody;
      await removeSecondFactor(called.house, userId);
      await note(called, 'forget_second_factor', userId);
      return said('It is forgotten, and its owner is told by mail where mail is sent.', { userId });
    },
  },
];
