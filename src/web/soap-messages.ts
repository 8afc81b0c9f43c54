// Each operation of wsdl/ringmeter.wsdl as the route of the merchant API that does it, and that route's answer as the
// message the WSDL promises. Nothing is done here: what holds for a route holds for its operation.

import type { XmlValue } from '../soap/xml-values.ts';

type Fields = Readonly<Record<string, XmlValue | undefined>>;

export interface RouteRequest {
  params: Record<string, string>;
  /** Absent where the route only reads. */
  body?: Fields;
  /** What a client of the routes calls Idempotency-Key. */
  requestKey?: string;
}

export interface Operation {
  /** The route's name. */
  route: string;
  request(message: Fields): RouteRequest;
  /** `body`: the route's answer, as JSON has it. */
  answer(body: Readonly<Record<string, unknown>>): XmlValue;
}

/** The WSDL bounds the list too. */
const eventsMax = 300;

export const operations: Readonly<Record<string, Operation>> = {
  orderCallback: {
    route: 'orderCallback',
    request: ({ order, requestKey }) => ({ params: {}, body: order as Fields, ...keyed(requestKey) }),
    answer: (body) => ({ callback: present(body) }),
  },
  getCallSession: {
    route: 'readCallSession',
    request: ({ id }) => ({ params: { id: text(id) } }),
    answer: ({ events, ...session }) => ({
      callSession: {
        ...present(session),
        event: (events as { name: string; at: string }[])
          .slice(-eventsMax)
          .map(({ name, at }) => ({ name, at })),
      },
    }),
  },
  refundPayment: {
    route: 'refundOrder',
    request: ({ orderId, requestKey, ...body }) => ({
      params: { id: text(orderId) },
      body,
      ...keyed(requestKey),
    }),
    answer: (body) => ({ refund: present(body) }),
  },
  setConsultantAvailability: {
    route: 'setConsultantAvailability',
    request: ({ consultant, availability }) => ({
      params: { id: text(consultant) },
      body: { availability },
    }),
    answer: ({ availability }) => ({ availability: availability as string }),
  },
};

/** What the WSDL says is text has been read as text. */
function text(value: XmlValue | undefined): string {
  return value as string;
}

function keyed(requestKey: XmlValue | undefined): { requestKey?: string } {
  return typeof requestKey === 'string' ? { requestKey } : {};
}

/** JSON says null where XML has nothing. */
function present(body: Readonly<Record<string, unknown>>): Record<string, XmlValue> {
  const there = Object.entries(body).filter(([, value]) => value !== null && value !== undefined);
  return Object.fromEntries(there) as Record<string, XmlValue>;
}
