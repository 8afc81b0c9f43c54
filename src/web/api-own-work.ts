// What a consultant does himself, signed in as whom he is: the same as his merchant does for him, and no more than his own.

import type { House } from '../flow/house.ts';
import {
  answerAvailability,
  answerConsultant,
  answerDay,
  answerSchedule,
  of,
  scheduleBody,
} from './api-consultants.ts';
import {
  availabilityBody,
  availabilityShape,
  consultantDayShape,
  consultantShape,
  dayQuery,
  liveEventShape,
} from './consultant-shapes.ts';
import type { ApiAnswer, ApiRoutes, CallFrom } from './routes.ts';

/** Who asks, as the consultant he is; the door lets nobody else in (`consultant` of the route). */
function consultantOf({ consultantId }: Pick<CallFrom, 'consultantId'>): string | undefined {
  return consultantId;
}

const nobody: ApiAnswer = { problem: { kind: 'no-right' }, began: false };
const own = { area: 'own', consultant: true } as const;

export function ownWorkRoutes(routes: ApiRoutes, house: House): void {
  routes.add({
    ...own,
    method: 'get',
    path: '/v1/me/consultant',
    name: 'readOwnConsultant',
    summary: 'Himself: his settings, whether he is rung, and who is calling him.',
    versioned: true,
    answer: { status: 200, description: 'As he is now.', shape: consultantShape },
    problems: ['unknown-id'],
    act: (call) => {
      const id = consultantOf(call);
      return id === undefined ? Promise.resolve(nobody) : answerConsultant(house, call.merchantId, id);
    },
  });

  routes.add({
    ...own,
    method: 'post',
    path: '/v1/me/availability',
    name: 'setOwnAvailability',
    summary: 'Whether he is rung: available, on a break, away; until when.',
    body: availabilityBody,
    answer: { status: 200, description: 'It holds from now on.', shape: availabilityShape },
    problems: ['unknown-id', 'consultant-archived'],
    act: (call) => {
      const consultantId = consultantOf(call);
      if (consultantId === undefined) return Promise.resolve(nobody);
      const { merchantId } = call;
      return answerAvailability(house, { merchantId, consultantId, by: 'consultant' }, call.body);
    },
  });

  routes.add({
    ...own,
    method: 'put',
    path: '/v1/me/schedule',
    name: 'setOwnSchedule',
    summary: 'The hours he keeps, on the clock of his merchant’s zone; null: none.',
    body: scheduleBody,
    versioned: true,
    answer: { status: 200, description: 'As he is now.', shape: consultantShape },
    problems: ['unknown-id', 'consultant-archived'],
    act: (call) => {
      const id = consultantOf(call);
      if (id === undefined) return Promise.resolve(nobody);
      const based = of(call.merchantId, id, call.basedOn, call.by);
      return answerSchedule(house, { ...based, by: 'consultant' }, call.body.schedule);
    },
  });

  routes.add({
    ...own,
    method: 'get',
    path: '/v1/me/calls',
    name: 'listOwnCalls',
    summary: 'What he did on a day: the calls he took, those he missed, what he earned.',
    query: dayQuery,
    answer: { status: 200, description: 'That day.', shape: consultantDayShape },
    problems: ['unknown-id'],
    act: (call) => {
      const id = consultantOf(call);
      if (id === undefined) return Promise.resolve(nobody);
      return answerDay(house, call.merchantId, id, call.query.day);
    },
  });

  routes.add({
    ...own,
    method: 'get',
    path: '/v1/me/live',
    name: 'followOwnState',
    summary: 'A stream of events (server-sent): that his own state has changed, as it changes.',
    answer: { status: 200, description: 'For as long as he stays.', shape: liveEventShape, live: true },
    problems: [],
    act: (call) => {
      const only = consultantOf(call);
      if (only === undefined) return Promise.resolve(nobody);
      return Promise.resolve({ status: 200, body: null, live: { merchantId: call.merchantId, only } });
    },
  });
}
