// What the page asks of the house, one function a question: finding what a link names, reading it, and the steps a caller
// can take. A page can thus be shown in any state without a database behind it.

import type { Response } from 'express';
import type { Destination } from '../core/dialling.ts';
import type { E164, Language } from '../core/ids.ts';
import type { OrderRefusal } from '../core/order.ts';
import { requestHangUp } from '../flow/command-switch.ts';
import type { House } from '../flow/house.ts';
import { countCardTry } from '../flow/limit-abuse.ts';
import { requestMoreTime } from '../flow/more-time.ts';
import {
  neverCall,
  neverCallState,
  type NeverCallState,
  obstacleTo,
  undoNeverCall,
} from '../flow/never-call.ts';
import { orderCallback, type CallbackRequest, type Ordered } from '../flow/order-callback.ts';
import { publishedKeys, type PublishedKey } from '../flow/access-tokens.ts';
import { codeOfSale, type CodeTried } from '../flow/access-codes.ts';
import { enter, type Entered } from '../flow/enter.ts';
import { orderTopUp, type TopUpWish } from '../flow/order-top-up.ts';
import { agreeToOrder, cancelOrder, pageSaysPaid, type Agreed } from '../flow/pay-on-page.ts';
import type { AccessCode } from '../store/access-codes.ts';
import { type Door, readDoor } from '../store/access-resources.ts';
import { merchantOfAccessResource, merchantOfLine, merchantOfOrderLink } from '../store/finders.ts';
import { readLinkSecret } from '../store/link-secret.ts';
import { readLinePage, readOrder, type LinePage, type OrderView } from '../store/order-view.ts';
import { readDestinations } from '../store/orders.ts';
import { requestAvailabilityNotice } from '../store/receipts.ts';
import { sha256 } from '../store/seal.ts';
import { liveFeed, type Watched } from './live.ts';

export interface FoundLine {
  merchantId: string;
  lineId: string;
}

export interface FoundOrder {
  merchantId: string;
  orderId: string;
}

export interface FoundResource {
  merchantId: string;
  resourceId: string;
}

/**
 * An order as its page shows it: with how it stands with "never call me again" where that can be wished here, and with the
 * access code it ended in, which is drawn again for whoever has the order's link.
 */
export type PageOrder = OrderView & {
  neverCall?: NeverCallState;
  access?: { code: AccessCode; text: string };
};

export interface PageSteps {
  readonly publicUrl: string;
  /** Without a mail server nobody is promised mail. */
  readonly mailConfigured: boolean;
  now(): Date;
  /** `undefined`: no line has this slug. */
  findLine(slug: string): Promise<FoundLine | undefined>;
  readLine(line: FoundLine, language: Language): Promise<LinePage | undefined>;
  readDestinations(merchantId: string): Promise<Destination[]>;
  /** What the merchant signs links with; `undefined`: he signs none. */
  readLinkSecret(merchantId: string): Promise<string | undefined>;
  /** By the token in the order's link; `undefined`: no such order. */
  findOrder(token: string): Promise<FoundOrder | undefined>;
  readOrder(order: FoundOrder): Promise<PageOrder | undefined>;
  order(merchantId: string, request: CallbackRequest): Promise<Ordered>;
  orderTopUp(merchantId: string, wish: TopUpWish): Promise<Ordered>;
  agree(
    token: string,
    agreed: { texts: readonly string[]; ip: string; userAgent: string; email?: string },
  ): Promise<Agreed | { outcome: 'refused'; refusal: OrderRefusal }>;
  /** More time, while it is offered. */
  askForMore(token: string): Promise<'asked' | 'not_offered' | 'unknown_order'>;
  neverCall(found: FoundOrder, number: string): Promise<void>;
  /** `too_late`: the hour is over, or it was not wished on this page. */
  undoNeverCall(found: FoundOrder, number: string): Promise<'undone' | 'too_late'>;
  lookAtPayment(token: string): Promise<void>;
  cancel(token: string): Promise<'cancelled' | 'too_late' | 'unknown_order'>;
  hangUp(
    merchantId: string,
    callSessionId: string,
  ): Promise<'requested' | 'already_ended' | 'unknown_session'>;
  tellWhenFree(line: FoundLine, email: string, language: Language): Promise<void>;
  follow(response: Response, watched: Watched): void;
  /** `undefined`: nothing that access codes open has this name in links. */
  findResource(slug: string): Promise<FoundResource | undefined>;
  readDoor(found: FoundResource, slug: string): Promise<Door | undefined>;
  /** Somebody types a code: one use of it is gone where it opens. */
  enter(
    found: FoundResource,
    tried: Pick<CodeTried, 'resource' | 'typed'> & { ip: string },
  ): Promise<Entered>;
  publishedKeys(): Promise<PublishedKey[]>;
  /** A failure nobody foresaw; the page says that something went wrong on our side. */
  noteFailure(error: unknown, path: string): void;
}

export function pageSteps(house: House): PageSteps {
  const { db } = house;
  return {
    publicUrl: house.publicUrl,
    mailConfigured: house.mailer.configured,
    now: () => house.clock.now(),
    findLine: (slug) => db.asNobody((tx) => merchantOfLine(tx, slug)),
    readLine: (line, language) =>
      db.asMerchant(line.merchantId, (tx) => readLinePage(tx, line.lineId, language, house.clock.now())),
    readDestinations: (merchantId) => db.asMerchant(merchantId, (tx) => readDestinations(tx)),
    readLinkSecret: async (merchantId) => {
      const sealed = await db.asMerchant(merchantId, (tx) => readLinkSecret(tx));
      return sealed && house.seal.open(sealed, merchantId);
    },
    findOrder: (token) => db.asNobody((tx) => merchantOfOrderLink(tx, sha256(token))),
    readOrder: (order) =>
      db.asMerchant(order.merchantId, async (tx) => {
        const view = await readOrder(tx, order.orderId);
        if (!view) return undefined;
        if (view.receipt?.after?.end === 'code') {
          const access = await codeOfSale(house, tx, order.orderId);
          return { ...view, ...(access && { access }) };
        }
        if (!mayWishNeverCall(view)) return view;
        const asked = { id: order.orderId, callerNumber: view.callerNumber as E164 };
        return { ...view, neverCall: await neverCallState(house, tx, asked) };
      }),
    order: (merchantId, request) => orderCallback(house, merchantId, request),
    orderTopUp: (merchantId, wish) => orderTopUp(house, merchantId, wish),
    agree: async (token, agreed) => {
      const found = await db.asNobody((tx) => merchantOfOrderLink(tx, sha256(token)));
      const refusal = found && (await refusalBeforeCard(house, found, agreed.ip));
      return refusal ? { outcome: 'refused', refusal } : agreeToOrder(house, token, agreed);
    },
    askForMore: (token) => requestMoreTime(house, token),
    neverCall: (found, number) =>
      db.asMerchant(found.merchantId, (tx) =>
        neverCall(house, tx, { number: number as E164, wishedBy: 'page', orderId: found.orderId }),
      ),
    undoNeverCall: (found, number) =>
      db.asMerchant(found.merchantId, (tx) =>
        undoNeverCall(house, tx, { id: found.orderId, callerNumber: number as E164 }),
      ),
    lookAtPayment: (token) => pageSaysPaid(house, token),
    cancel: (token) => cancelOrder(house, token),
    hangUp: (merchantId, callSessionId) => requestHangUp(house, merchantId, callSessionId),
    tellWhenFree: (line, email, language) =>
      db.asMerchant(line.merchantId, (tx) =>
        requestAvailabilityNotice(tx, {
          id: house.ids.id('availabilityRequest'),
          ...line,
          email,
          language,
        }),
      ),
    follow: (response, watched) => {
      liveFeed(house).follow(response, watched);
    },
    findResource: (slug) => db.asNobody((tx) => merchantOfAccessResource(tx, slug)),
    readDoor: (found, slug) => db.asMerchant(found.merchantId, (tx) => readDoor(tx, slug)),
    enter: (found, tried) => enter(house, found.merchantId, tried),
    publishedKeys: () => publishedKeys(house),
    noteFailure: (error, path) => {
      const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
      house.log.error({ path, error: reason }, 'A page could not be served');
    },
  };
}

/**
 * Only where whoever answered the number had the call in his hand: a page can be had by ordering a call to a stranger, and
 * must not be a way to keep him from ever being called.
 */
function mayWishNeverCall({ call, callerNumber }: OrderView): boolean {
  if (callerNumber === undefined || !call || (call.state !== 'ended' && call.state !== 'settled'))
    return false;
  return (call.talkSeconds ?? 0) > 0 || call.outcome === 'caller_refused';
}

/** No bank is asked for a call that could not be made, nor more often than people mistype. */
async function refusalBeforeCard(
  house: House,
  { merchantId, orderId }: FoundOrder,
  ip: string,
): Promise<OrderRefusal | undefined> {
  const because = await house.db.asMerchant(merchantId, async (tx) => {
    const order = await readOrder(tx, orderId);
    if (order?.callerNumber === undefined || order.payment.state !== 'awaiting_card') return undefined;
    return obstacleTo(house, tx, order.callerNumber as E164);
  });
  return because ? { because } : countCardTry(house, { merchantId, orderId, ip });
}
