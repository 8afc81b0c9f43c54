// Routes that make things happen: order a callback, sign a link to the page, hang up, send a notice again.

import { requestHangUp } from '../flow/command-switch.ts';
import { returnIsListed } from '../core/order.ts';
import type { House } from '../flow/house.ts';
import { replayNotice } from '../flow/notify-merchant.ts';
import { orderCallback, type CallbackRequest } from '../flow/order-callback.ts';
import { readLinkSecret } from '../store/link-secret.ts';
import { readLineForOrder } from '../store/orders.ts';
import {
  callbackAnswer,
  callbackBody,
  hangupAnswer,
  idParams,
  pageLinkAnswer,
  pageLinkBody,
  replayAnswer,
} from './api-shapes.ts';
import { type LinkParameters, signedLink } from './embed.ts';
import { problemOfRefusal, refusalProblemKinds } from './problem.ts';
import type { ApiAnswer, ApiRoutes, z } from './routes.ts';

export function callbackRoutes(routes: ApiRoutes, house: House): void {
  routes.add({
    method: 'post',
    path: '/v1/callbacks',
    area: 'calls',
    name: 'orderCallback',
    summary: 'Order a paid conversation: hold the amount, then ring both.',
    description:
      'With `paymentMethod` the amount is held at once and the consultant rings; where the bank asks for authentication the state ' +
      'is `awaiting_payment` and the caller goes on at `paymentUrl`. Nothing is charged if nobody talks. Where `captureNow` of the line ' +
      'is `at_connection`, the whole price is charged as soon as both are joined: tell your caller so before you order.',
    body: callbackBody,
    answer: { status: 201, description: 'Ordered.', shape: callbackAnswer },
    problems: refusalProblemKinds,
    act: ({ merchantId, body, requestKey }) => order(house, merchantId, body, requestKey),
  });

  routes.add({
    method: 'post',
    path: '/v1/page-links',
    area: 'calls',
    audited: false,
    name: 'signPageLink',
    summary: 'A signed link to the page of a line: who, how long, which reference, where to afterwards.',
    body: pageLinkBody,
    answer: { status: 200, description: 'The link.', shape: pageLinkAnswer },
    problems: ['line-unknown', 'no-link-secret', 'return-not-listed'],
    act: ({ merchantId, body }) => pageLink(house, merchantId, body),
  });

  routes.add({
    method: 'post',
    path: '/v1/call-sessions/{id}/hangup',
    area: 'calls',
    name: 'hangUpCall',
    summary: 'End a call, or give up an order that is not paid yet.',
    description: 'What was talked until then is charged. The end itself is told by the notice `call.ended`.',
    params: idParams,
    answer: { status: 202, description: 'The call is being ended.', shape: hangupAnswer },
    problems: ['unknown-id', 'already-ended'],
    act: async ({ merchantId, params: { id } }): Promise<ApiAnswer> => {
      switch (await requestHangUp(house, merchantId, id)) {
        case 'requested':
          return { status: 202, body: { id, requested: true } };
        case 'already_ended':
          return { problem: { kind: 'already-ended' }, began: true };
        case 'unknown_session':
          return { problem: { kind: 'unknown-id' }, began: false };
      }
    },
  });

  routes.add({
    method: 'post',
    path: '/v1/notices/{id}/replay',
    area: 'settings',
    name: 'replayNotice',
    summary: 'Send a notice again: the same id and body, its schedule begun anew.',
    params: idParams,
    answer: { status: 202, description: 'It will be sent.', shape: replayAnswer },
    problems: ['unknown-id', 'no-notice-address'],
    act: async ({ merchantId, params: { id } }): Promise<ApiAnswer> => {
      switch (await replayNotice(house, merchantId, id)) {
        case 'queued':
          return { status: 202, body: { id, state: 'pending' } };
        case 'no_address':
          return { problem: { kind: 'no-notice-address' }, began: false };
        case 'unknown_notice':
          return { problem: { kind: 'unknown-id' }, began: false };
      }
    },
  });
}

/** The link as the merchant's own server would sign it; his secret never leaves us for this. */
async function pageLink(
  house: House,
  merchantId: string,
  { line, returnUrl, minutes, ...rest }: z.output<typeof pageLinkBody>,
): Promise<ApiAnswer> {
  const found = await house.db.asMerchant(merchantId, async (tx) => ({
    line: await readLineForOrder(tx, line),
    sealed: await readLinkSecret(tx),
  }));
  if (!found.line) return { problem: { kind: 'line-unknown' }, began: false };
  if (!found.sealed) return { problem: { kind: 'no-link-secret' }, began: false };
  if (returnUrl !== undefined && !returnIsListed(returnUrl, found.line.merchant.pageOrigins)) {
    return { problem: { kind: 'return-not-listed' }, began: false };
  }
  const parameters: LinkParameters = Object.fromEntries(
    Object.entries({ ...rest, minutes: minutes?.toString(), return: returnUrl }).filter(
      ([, value]) => value !== undefined,
    ),
  );
  const secret = house.seal.open(found.sealed, merchantId);
  return { status: 200, body: { url: signedLink(house.publicUrl, secret, line, parameters) } };
}

async function order(
  house: House,
  merchantId: string,
  body: z.output<typeof callbackBody>,
  requestKey: string | undefined,
): Promise<ApiAnswer> {
  const request: CallbackRequest = {
    line: body.line,
    source: 'api',
    language: body.language,
    ...(requestKey === undefined ? {} : { requestKey }),
    ...(body.callerNumber === undefined ? {} : { callerNumber: body.callerNumber }),
    ...(body.email === undefined ? {} : { callerEmail: body.email }),
    ...(body.consultant === undefined ? {} : { consultantId: body.consultant }),
    ...(body.minutes === undefined ? {} : { chosenSeconds: body.minutes * 60 }),
    ...(body.reference === undefined ? {} : { reference: body.reference }),
    ...(body.returnUrl === undefined ? {} : { returnUrl: body.returnUrl }),
    ...(body.paymentMethod === undefined ? {} : { paymentMethod: body.paymentMethod }),
    ...(body.callerIp === undefined ? {} : { callerIp: body.callerIp }),
    ...(body.moreTime === undefined ? {} : { moreTime: body.moreTime }),
  };
  const ordered = await orderCallback(house, merchantId, request);
  if (ordered.outcome === 'refused') {
    const problem = problemOfRefusal(ordered.refusal, ordered);
    // Where no order was written nothing was done. And what may yet be held is not this request's last word: a repeat with
    // the same key goes on with the order it made.
    const isLastWord = ordered.orderId !== undefined && ordered.refusal.because !== 'processor_away';
    return { problem, began: isLastWord };
  }
  const orderUrl = `${house.publicUrl}/orders/${ordered.accessToken}`;
  return {
    status: 201,
    body: {
      id: ordered.callSessionId ?? null,
      orderId: ordered.orderId,
      state: ordered.state,
      paymentUrl: ordered.needsPage ? orderUrl : null,
      orderUrl,
    },
  };
}
