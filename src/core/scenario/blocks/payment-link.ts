// Sends our payment page to the caller's telephone or mailbox and waits, with music, until it is paid. By `*` he gives it up.

import { z } from 'zod';
import { type At, type BlockKind, blockFields } from '../block.ts';
import { template, words } from '../shape.ts';

const fields = blockFields('payment_link', {
  /** What is sold: a line whose sale needs no call. */
  line: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/),
  by: z.enum(['sms', 'email']).default('sms'),
  to: template.default('{call.from}'),
  waitSeconds: z.int().min(30).max(900).default(300),
  /** Said once it is sent. */
  say: words.optional(),
});

interface Progress {
  /** What is to be paid, once the link to it is on its way. */
  orderId?: string;
}

export const paymentLink: BlockKind<z.infer<typeof fields>, Progress> = {
  fields,
  exits: () => [
    { name: 'paid', unset: 'goodbye', needed: true },
    { name: 'not_paid', unset: 'goodbye', needed: true },
    { name: 'not_sent', unset: { as: 'not_paid' } },
  ],
  begin(at) {
    const { line, by } = at.fields;
    const to = at.fill(at.fields.to).trim();
    if (to === '') at.leave('not_sent');
    else at.stay({}, { do: 'sendPaymentLink', line, by, to });
  },
  hear(at, event) {
    switch (event.type) {
      case 'linkSent': {
        const { orderId } = event;
        at.fact('payment_link_sent', { by: at.fields.by, orderId });
        const said = at.say(at.fields.say);
        if (said.length > 0) at.stay({ orderId }, { do: 'play', said });
        else wait(at, orderId);
        return;
      }
      case 'played':
        if (at.progress?.orderId !== undefined) wait(at, at.progress.orderId);
        return;
      case 'paid':
        at.leave(event.paid ? 'paid' : 'not_paid');
        return;
      case 'failed':
        at.fact('payment_link_failed', { because: event.because });
        at.leave(at.progress?.orderId === undefined ? 'not_sent' : 'not_paid');
        return;
      default:
        return;
    }
  },
  words: ({ say }) => ({ say }),
  templates: ({ to }) => [to],
  refers: ({ line }) => [{ to: 'line', name: line }],
};

function wait(at: At<z.infer<typeof fields>, Progress>, orderId: string): void {
  at.stay({ orderId }, { do: 'awaitPayment', orderId, seconds: at.fields.waitSeconds });
}
