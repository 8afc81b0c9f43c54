// What the card processor itself says it took: asked page by page as any client of Stripe's API would.

import type { RunningHouse } from './running-house.ts';

export interface ProcessorTotals {
  succeeded: number;
  receivedCents: number;
  /** Holds nobody captured or gave back. */
  open: number;
}

interface Intent {
  id: string;
  status: string;
  amount_received: number;
}

export async function processorTotals(
  house: Pick<RunningHouse, 'sandboxUrl' | 'sandboxSecrets'>,
): Promise<ProcessorTotals> {
  const totals: ProcessorTotals = { succeeded: 0, receivedCents: 0, open: 0 };
  let after = '';
  for (;;) {
    const response = await fetch(`${house.sandboxUrl}/v1/payment_intents?limit=100${after}`, {
      headers: { authorization: `Bearer ${house.sandboxSecrets.secretKey}` },
    });
    if (!response.ok) throw new Error(`The processor answered ${String(response.status)}.`);
    const page = (await response.json()) as { data: Intent[]; has_more: boolean };
    for (const intent of page.data) {
      totals.receivedCents += intent.amount_received;
      if (intent.status === 'succeeded') totals.succeeded += 1;
      else if (intent.status !== 'canceled') totals.open += 1;
    }
    const last = page.data.at(-1);
    if (!page.has_more || !last) return totals;
    after = `&starting_after=${last.id}`;
  }
}
