// What the page asks of the house, one function a question: finding what a link names, reading it, and the steps a caller
// can take. A page can thus be shown in any state without a database behind it.

import type { Response } from 'express';
import type { Destination } from '../core/dialling.ts';
import type { Language } from '../core/ids.ts';
import { requestHangUp } from '../flow/command-switch.ts';
import type { House } from '../flow/house.ts';
import { orderCallback, type CallbackRequest, type Ordered } from '../flow/order-callback.ts';
import { agreeToOrder, cancelOrder, pageSaysPaid, type Agreed } from '../flow/pay-on-page.ts';
import { merchantOfLine, merchantOfOrderLink } from '../store/finders.ts';
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
  readOrder(order: FoundOrder): Promise<OrderView | undefined>;
  order(merchantId: string, request: CallbackRequest): Promise<Ordered>;
  agree(
    token: string,
    agreed: { texts: readonly string[]; ip: string; userAgent: string; email?: string },
  ): Promise<Agreed>;
  lookAtPayment(token: string): Promise<void>;
  cancel(token: string): Promise<'cancelled' | 'too_late' | 'unknown_order'>;
  hangUp(
    merchantId: string,
    callSessionId: string,
  ): Promise<'requested' | 'already_ended' | 'unknown_session'>;
  tellWhenFree(line: FoundLine, email: string, language: Language): Promise<void>;
  follow(response: Response, watched: Watched): void;
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
    readOrder: (order) => db.asMerchant(order.merchantId, (tx) => readOrder(tx, order.orderId)),
    order: (merchantId, request) => orderCallback(house, merchantId, request),
    agree: (token, agreed) => agreeToOrder(house, token, agreed),
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
    noteFailure: (error, path) => {
      const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
      house.log.error({ path, error: reason }, 'A page could not be served');
    },
  };
}
