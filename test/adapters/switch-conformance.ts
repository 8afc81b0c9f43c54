// What every switch must do for the steps (flow/ports: Switch). The sandbox's switch and a real FreeSWITCH sit the same
// examination, through the same adapter; what only one of them does is a defect of the other.
//
// Time is the switch's own: a test waits for what happens, never for how long it takes. The one thing measured is what
// money hangs on, on the switch's stamps: that no talk ends before its limit.

import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { E164, LegUuid } from '../../src/core/ids.ts';
import type { Sentence } from '../../src/core/prompt.ts';
import type { SipAddress } from '../../src/core/sip-address.ts';
import type { DigitsQuestion, ParkedLeg, Switch, SwitchEvent } from '../../src/flow/ports.ts';
import type { Dialling } from '../telephones.ts';

export interface Phone {
  /** Resolves when it is so, at once when it is so already. */
  waitFor(state: 'ringing' | 'answered' | 'ended'): Promise<void>;
  answer(): Promise<void>;
  hangUp(): Promise<void>;
  /** Types them now, whatever is being said. */
  keys(digits: string): Promise<void>;
}

export interface SwitchWorld {
  /** Started by the suite. Its prompts last about half a second. */
  readonly switch: Switch;
  /** A number nobody has used yet, whose phone does this when it is rung. */
  number(behaviour: 'manual' | 'busy' | 'refuses' | 'unreachable'): Promise<E164>;
  phone(number: E164): Phone;
  /** A telephone nobody has used yet at a SIP address, in a domain its switch is told to call. */
  sipPhone(
    behaviour: 'manual' | 'busy' | 'refuses' | 'unreachable',
  ): Promise<{ to: SipAddress; phone: Phone }>;
  /** A telephone nobody has used yet calls this number; it rings there when this resolves. */
  dials(ddi: string, options?: Dialling): Promise<{ number: E164; phone: Phone }>;
  /** The switch's record of a leg that has ended, as it stands in its folder; `undefined`: none was written. */
  record(leg: LegUuid): Promise<string | undefined>;
  /** Another gateway at the same switch, not started: it takes over. */
  another(): Switch;
  /** Cuts the event socket of `switch`; a new connection is welcome at once. */
  cutLink(): void;
  /** Ends everything, all gateways included. */
  close(): Promise<void>;
}

/** A number of ours. */
const ddi = '+33899000001';
const shown = '+33155000001' as E164;
/** Lie in the folder before the suite begins: a machine under load renders late, and what is not there is not waited for. */
export const sentencesSaid = (): Sentence[] => [question, farewell];
const question: Sentence = { language: 'en', key: 'caller_reminder' };
const farewell: Sentence = { language: 'fr', key: 'caller_farewell', because: 'limit' };
const done = { outcome: 'done' };

type Told<T extends SwitchEvent['type']> = Extract<SwitchEvent, { type: T }>;

/** All a switch tells, to be waited for: also what was told before anybody asked. */
class Ear {
  readonly events: SwitchEvent[] = [];
  /** Calls from outside a test has seen. */
  parkedBefore = 0;
  readonly #waiting = new Set<() => void>();

  constructor(from: Switch) {
    from.onEvent((event) => {
      this.events.push(event);
      for (const look of this.#waiting) look();
    });
  }

  of<T extends SwitchEvent['type']>(type: T, leg?: LegUuid): Told<T>[] {
    return this.events.filter(
      (event): event is Told<T> =>
        event.type === type &&
        (leg === undefined || ('leg' in event ? event.leg === leg : 'aLeg' in event && event.aLeg === leg)),
    );
  }

  /** The `nth` of its kind for this leg (A in what concerns two). */
  next<T extends SwitchEvent['type']>(type: T, leg?: LegUuid, nth = 1): Promise<Told<T>> {
    return new Promise((resolve) => {
      const look = (): void => {
        const found = this.of(type, leg)[nth - 1];
        if (found === undefined) return;
        this.#waiting.delete(look);
        resolve(found);
      };
      this.#waiting.add(look);
      look();
    });
  }
}

/** `readsRecords`: the folder the switch writes its records to can be read; without it nothing is said of them. */
export function switchConformance(
  name: string,
  makeWorld: () => Promise<SwitchWorld>,
  { readsRecords = true } = {},
): void {
  describe(name, () => {
    let world: SwitchWorld;
    let ear: Ear;

    beforeEach(async () => {
      world = await makeWorld();
      ear = new Ear(world.switch);
      world.switch.start();
      await ear.next('linkUp');
    });
    afterEach(() => world.close());

    const ring = async (
      behaviour: 'manual' | 'busy' | 'refuses' | 'unreachable',
      more: { ringSeconds?: number; guardSeconds?: number } = {},
    ): Promise<{ leg: LegUuid; phone: Phone; to: E164 }> => {
      const to = await world.number(behaviour);
      const leg = randomUUID() as LegUuid;
      const order = { leg, to, callerId: shown, ringSeconds: 20, guardSeconds: 60, ...more };
      expect(await world.switch.ring(order)).toEqual(done);
      return { leg, to, phone: world.phone(to) };
    };
    const answered = async (
      more: { guardSeconds?: number } = {},
    ): Promise<{ leg: LegUuid; phone: Phone; to: E164 }> => {
      const called = await ring('manual', more);
      // A leg that ends instead should fail the test with its cause, not with a timeout.
      const ended = ear.next('legEnded', called.leg).then((event) => {
        if (ear.of('legAnswered', called.leg).length === 0)
          throw new Error(`ended unanswered: ${event.switchCause}`);
      });
      await Promise.race([called.phone.waitFor('ringing'), ended]);
      await called.phone.answer();
      await Promise.race([ear.next('legAnswered', called.leg), ended]);
      return called;
    };
    const talking = async (limitSeconds: number) => {
      const [a, b] = await Promise.all([answered(), answered()]);
      expect(await world.switch.bridge(a.leg, b.leg, limitSeconds)).toEqual(done);
      const bridged = await ear.next('legsBridged', a.leg);
      expect(bridged.bLeg).toBe(b.leg);
      return { a, b, bridgedAtUs: bridged.atUs };
    };

    describe('ringing', () => {
      test('a phone rings, is answered, is asked, gives a key', async () => {
        const { leg, phone } = await ring('manual');
        await phone.waitFor('ringing');
        await ear.next('legRinging', leg);
        await phone.answer();
        const { atUs } = await ear.next('legAnswered', leg);
        expect(atUs).toBeGreaterThan(1_000_000_000_000_000n);
        expect(await world.switch.ask(leg, { request: 'op_1', sentence: question, waitMs: 10_000 })).toEqual(
          done,
        );
        await phone.keys('1');
        expect(await ear.next('keyGiven', leg)).toEqual({ type: 'keyGiven', leg, request: 'op_1', key: '1' });
        await phone.hangUp();
        const ended = await ear.next('legEnded', leg);
        expect(ended).toMatchObject({ cause: 'normal', switchCause: 'NORMAL_CLEARING', answeredAtUs: atUs });
        expect(ended.endedAtUs).toBeGreaterThan(atUs);
        expect(ended.bridgedAtUs).toBe(undefined);
      });

      test.each([
        ['busy', 'busy', 'USER_BUSY'],
        ['refuses', 'rejected', 'CALL_REJECTED'],
        ['unreachable', 'unreachable', 'UNALLOCATED_NUMBER'],
      ] as const)('a phone that is %s ends the leg once, as %s', async (behaviour, cause, switchCause) => {
        const { leg } = await ring(behaviour);
        const ended = await ear.next('legEnded', leg);
        expect(ended).toEqual({ type: 'legEnded', leg, cause, switchCause, endedAtUs: ended.endedAtUs });
        expect(ended.endedAtUs).toBeGreaterThan(1_000_000_000_000_000n);
        expect(await world.switch.look(leg)).toEqual({ state: 'gone' });
        expect(ear.of('legEnded', leg)).toHaveLength(1);
        expect(ear.of('legAnswered', leg)).toHaveLength(0);
      });

      test('a phone nobody answers', async () => {
        const { leg } = await ring('manual', { ringSeconds: 2 });
        expect(await ear.next('legEnded', leg)).toMatchObject({
          cause: 'no_answer',
          switchCause: 'NO_ANSWER',
        });
      });

      test('a ringing phone stops when it is no longer wanted', async () => {
        const { leg, phone } = await ring('manual');
        await phone.waitFor('ringing');
        expect(await world.switch.hangUp(leg, 'stopped')).toEqual(done);
        expect(await ear.next('legEnded', leg)).toMatchObject({ cause: 'stopped' });
        await phone.waitFor('ended');
      });

      test('hung up in the same breath, it does not ring on', async () => {
        const to = await world.number('manual');
        const leg = randomUUID() as LegUuid;
        const order = { leg, to, callerId: shown, ringSeconds: 20, guardSeconds: 60 };
        const [rung, ended] = await Promise.all([
          world.switch.ring(order),
          world.switch.hangUp(leg, 'stopped'),
        ]);
        expect([rung, ended]).toEqual([done, done]);
        expect(await ear.next('legEnded', leg)).toMatchObject({ cause: 'stopped' });
        expect(await world.switch.look(leg)).toEqual({ state: 'gone' });
      });

      test('ordering the same leg twice rings once, and leaves it alone', async () => {
        const { leg, to, phone } = await answered();
        const again = { leg, to, callerId: shown, ringSeconds: 20, guardSeconds: 60 };
        expect(await world.switch.ring(again)).toEqual(done);
        expect(await world.switch.look(leg)).toMatchObject({ state: 'living', answered: true });
        await phone.hangUp();
        await ear.next('legEnded', leg);
        expect(ear.of('legAnswered', leg)).toHaveLength(1);
        expect(ear.of('legEnded', leg)).toHaveLength(1);
      });
    });

    describe('a telephone at a SIP address', () => {
      const ringAt = async (behaviour: 'manual' | 'busy' | 'refuses' | 'unreachable') => {
        const { to, phone } = await world.sipPhone(behaviour);
        const leg = randomUUID() as LegUuid;
        const order = { leg, to, callerId: shown, ringSeconds: 20, guardSeconds: 60 };
        expect(await world.switch.ring(order)).toEqual(done);
        return { leg, phone };
      };

      test('rings, is asked, gives a key, talks and hangs up like any other', async () => {
        const b = await ringAt('manual');
        await b.phone.waitFor('ringing');
        await ear.next('legRinging', b.leg);
        await b.phone.answer();
        await ear.next('legAnswered', b.leg);
        await world.switch.ask(b.leg, { request: 'op_1', sentence: question, waitMs: 10_000 });
        await b.phone.keys('1');
        expect(await ear.next('keyGiven', b.leg)).toMatchObject({ request: 'op_1', key: '1' });
        const a = await answered();
        expect(await world.switch.bridge(a.leg, b.leg, 60)).toEqual(done);
        await ear.next('legsBridged', a.leg);
        await b.phone.hangUp();
        expect(await ear.next('legEnded', b.leg)).toMatchObject({ cause: 'normal' });
        await ear.next('legsUnbridged', a.leg);
      });

      test('says why it is not to be had, stops when it is not wanted, and is called nowhere else', async () => {
        const causes = {
          busy: { cause: 'busy', switchCause: 'USER_BUSY' },
          refuses: { cause: 'rejected', switchCause: 'CALL_REJECTED' },
          unreachable: { cause: 'unreachable', switchCause: 'UNALLOCATED_NUMBER' },
        } as const;
        for (const behaviour of ['busy', 'refuses', 'unreachable'] as const) {
          const { leg } = await ringAt(behaviour);
          expect(await ear.next('legEnded', leg)).toMatchObject(causes[behaviour]);
          expect(ear.of('legAnswered', leg)).toHaveLength(0);
        }
        const { leg, phone } = await ringAt('manual');
        await phone.waitFor('ringing');
        expect(await world.switch.hangUp(leg, 'stopped')).toEqual(done);
        expect(await ear.next('legEnded', leg)).toMatchObject({ cause: 'stopped' });
        await phone.waitFor('ended');

        const { to: listed } = await world.sipPhone('manual');
        for (const to of [
          'sip:marie@other.example',
          listed.replace(/:[^@]*@/, ':0899700700@'),
          `${listed}9`,
        ]) {
          const never = randomUUID() as LegUuid;
          const order = {
            leg: never,
            to: to as SipAddress,
            callerId: shown,
            ringSeconds: 20,
            guardSeconds: 60,
          };
          expect(await world.switch.ring(order), to).toMatchObject({ outcome: 'refused' });
          expect(await world.switch.look(never)).toEqual({ state: 'gone' });
        }
      });
    });

    describe('speaking', () => {
      test('a key typed over the sentence counts', async () => {
        const { leg, phone } = await answered();
        await world.switch.ask(leg, { request: 'op_1', sentence: question, waitMs: 10_000 });
        await phone.keys('3');
        expect(await ear.next('keyGiven', leg)).toMatchObject({ request: 'op_1', key: '3' });
      });

      test('no key is an answer too, and the next question is its own', async () => {
        const { leg, phone } = await answered();
        await world.switch.ask(leg, { request: 'op_1', sentence: question, waitMs: 400 });
        expect(await ear.next('noKeyGiven', leg)).toEqual({ type: 'noKeyGiven', leg, request: 'op_1' });
        await world.switch.ask(leg, { request: 'op_2', sentence: question, waitMs: 10_000 });
        await phone.keys('1');
        expect(await ear.next('keyGiven', leg)).toMatchObject({ request: 'op_2', key: '1' });
      });

      test('a sentence, then a question ordered at once behind it: both are heard, in order', async () => {
        const { leg, phone } = await answered();
        await world.switch.play(leg, 'op_1', farewell);
        await world.switch.ask(leg, { request: 'op_2', sentence: question, waitMs: 10_000 });
        expect(await ear.next('played', leg)).toEqual({ type: 'played', leg, request: 'op_1' });
        await phone.keys('1');
        expect(await ear.next('keyGiven', leg)).toMatchObject({ request: 'op_2' });
      });

      test('a key typed before the question is no answer to it', async () => {
        const { leg, phone } = await answered();
        expect(await world.switch.playMusic(leg)).toEqual(done);
        await phone.keys('1');
        await world.switch.play(leg, 'op_1', farewell);
        await ear.next('played', leg);
        await world.switch.ask(leg, { request: 'op_2', sentence: question, waitMs: 400 });
        expect(await ear.next('noKeyGiven', leg)).toMatchObject({ request: 'op_2' });
      });

      test('music lasts until the next command, however soon that comes, and tells nothing', async () => {
        const { leg } = await answered();
        for (let round = 1; round <= 3; round += 1) {
          expect(await world.switch.playMusic(leg)).toEqual(done);
          await world.switch.play(leg, `op_${String(round)}`, farewell);
          await ear.next('played', leg, round);
        }
        expect(ear.of('played', leg).map((event) => event.request)).toEqual(['op_1', 'op_2', 'op_3']);
      });

      test('so does the tone of a telephone that rings, and either takes the place of the other', async () => {
        const { leg } = await answered();
        for (const sound of ['tone', 'music', 'tone'] as const) {
          expect(await world.switch.playMusic(leg, sound)).toEqual(done);
        }
        await world.switch.play(leg, 'op_1', farewell);
        await ear.next('played', leg);
        expect(ear.of('played', leg)).toHaveLength(1);
      });

      test('a key is told while music is heard, and belongs to the sentence while one is said', async () => {
        const { leg, phone } = await answered();
        await world.switch.playMusic(leg);
        await phone.keys('*');
        expect(await ear.next('keyPressed', leg)).toMatchObject({ key: '*' });
        await world.switch.play(leg, 'op_1', farewell);
        await phone.keys('5');
        await ear.next('played', leg);
        expect(ear.of('keyPressed', leg)).toHaveLength(1);
      });

      test('nothing can be said to a leg that is not there', async () => {
        const nobody = randomUUID() as LegUuid;
        const gone = { outcome: 'gone' };
        expect(await world.switch.ask(nobody, { request: 'op_1', sentence: question, waitMs: 400 })).toEqual(
          gone,
        );
        expect(await world.switch.play(nobody, 'op_2', farewell)).toEqual(gone);
        expect(await world.switch.playMusic(nobody)).toEqual(gone);
        expect(await world.switch.announce(nobody, farewell)).toEqual(gone);
        expect(await world.switch.hangUp(nobody, 'normal')).toEqual(gone);
        expect(await world.switch.look(nobody)).toEqual({ state: 'gone' });
      });
    });

    describe('talking', () => {
      test('both legs carry the same instant of the bridge; B hangs up, A stays for the farewell', async () => {
        const { a, b, bridgedAtUs } = await talking(60);
        expect(await world.switch.look(a.leg)).toEqual({
          state: 'living',
          answered: true,
          bridgedAtUs,
          bridgedTo: b.leg,
        });
        expect(await world.switch.look(b.leg)).toEqual({
          state: 'living',
          answered: true,
          bridgedAtUs,
          bridgedTo: a.leg,
        });
        await b.phone.hangUp();
        const bEnded = await ear.next('legEnded', b.leg);
        expect(bEnded).toMatchObject({ cause: 'normal', bridgedAtUs });
        expect(await ear.next('legsUnbridged', a.leg)).toMatchObject({ aLeg: a.leg, bLeg: b.leg });
        expect(await world.switch.look(a.leg)).toEqual({ state: 'living', answered: true, bridgedAtUs });
        await world.switch.play(a.leg, 'op_bye', farewell);
        await ear.next('played', a.leg);
        expect(await world.switch.hangUp(a.leg, 'normal')).toEqual(done);
        const aEnded = await ear.next('legEnded', a.leg);
        expect(aEnded).toMatchObject({ cause: 'normal', bridgedAtUs });
        expect(aEnded.endedAtUs).toBeGreaterThan(bEnded.endedAtUs);
        expect(ear.of('legAnswered', a.leg)).toHaveLength(1);
      });

      test('A hanging up ends both', async () => {
        const { a, b, bridgedAtUs } = await talking(60);
        await a.phone.hangUp();
        const [aEnded, bEnded] = await Promise.all([
          ear.next('legEnded', a.leg),
          ear.next('legEnded', b.leg),
        ]);
        expect(aEnded).toMatchObject({ cause: 'normal', bridgedAtUs });
        expect(bEnded).toMatchObject({ bridgedAtUs });
        await b.phone.waitFor('ended');
      });

      test('music and sentences under way do not keep two legs apart', async () => {
        const [a, b] = await Promise.all([answered(), answered()]);
        await world.switch.playMusic(b.leg);
        await world.switch.ask(a.leg, { request: 'op_1', sentence: question, waitMs: 60_000 });
        expect(await world.switch.bridge(a.leg, b.leg, 60)).toEqual(done);
        await ear.next('legsBridged', a.leg);
      });

      test('one side hears an announcement, the talk goes on, keys are told', async () => {
        const { a, b, bridgedAtUs } = await talking(60);
        expect(
          await world.switch.announce(a.leg, { language: 'fr', key: 'limit_near', secondsLeft: 60 }),
        ).toEqual(done);
        await a.phone.keys('5');
        expect(await ear.next('keyPressed', a.leg)).toEqual({ type: 'keyPressed', leg: a.leg, key: '5' });
        await b.phone.keys('7');
        expect(await ear.next('keyPressed', b.leg)).toMatchObject({ key: '7' });
        expect(await world.switch.look(a.leg)).toMatchObject({ bridgedTo: b.leg, bridgedAtUs });
        expect(ear.of('legsUnbridged', a.leg)).toEqual([]);
        expect(ear.of('played')).toHaveLength(0);
      });

      test('the cut: B is ended for the limit, A hears the farewell undisturbed by the switch’s own task', async () => {
        const { a, b, bridgedAtUs } = await talking(2);
        expect(await world.switch.hangUp(b.leg, 'limit_reached')).toEqual(done);
        expect(await ear.next('legEnded', b.leg)).toMatchObject({ cause: 'limit_reached', bridgedAtUs });
        await ear.next('legsUnbridged', a.leg);
        // As many sentences as it takes to outlast the task that stood behind the limit (2 + 2 s).
        for (let said = 1; said <= 9; said += 1) {
          expect(await world.switch.play(a.leg, `op_${String(said)}`, farewell)).toEqual(done);
          await ear.next('played', a.leg, said);
        }
        expect(await world.switch.hangUp(a.leg, 'normal')).toEqual(done);
        expect(await ear.next('legEnded', a.leg)).toMatchObject({ cause: 'normal' });
      });

      test('when the gateway is silent the switch ends the talk by itself, not before the limit', async () => {
        const { a, b, bridgedAtUs } = await talking(2);
        const [aEnded] = await Promise.all([ear.next('legEnded', a.leg), ear.next('legEnded', b.leg)]);
        expect(aEnded).toMatchObject({
          cause: 'limit_reached',
          switchCause: 'ALLOTTED_TIMEOUT',
          bridgedAtUs,
        });
        expect(aEnded.endedAtUs - bridgedAtUs).toBeGreaterThanOrEqual(2_000_000n);
      });

      test('the limit moves: the old one does not cut, the new one does, not before it', async () => {
        const { a, b, bridgedAtUs } = await talking(2);
        expect(await world.switch.moveLimit(a.leg, bridgedAtUs + 5_000_000n)).toEqual(done);
        // Once more: a gateway that does not know whether it was done does it again.
        expect(await world.switch.moveLimit(a.leg, bridgedAtUs + 5_000_000n)).toEqual(done);
        const [aEnded] = await Promise.all([ear.next('legEnded', a.leg), ear.next('legEnded', b.leg)]);
        expect(aEnded).toMatchObject({ cause: 'limit_reached', switchCause: 'ALLOTTED_TIMEOUT' });
        expect(aEnded.endedAtUs - bridgedAtUs).toBeGreaterThanOrEqual(5_000_000n);
      });

      test('another gateway moves the limit of a talk it did not begin', async () => {
        // Long enough to be handed over in on a machine that does much else, and over well before the moved one.
        const { a, b, bridgedAtUs } = await talking(8);
        await world.switch.stop();
        const heir = world.another();
        const heard = new Ear(heir);
        heir.start();
        await heard.next('linkUp');
        expect(await heir.moveLimit(a.leg, bridgedAtUs + 13_000_000n)).toEqual(done);
        const [aEnded] = await Promise.all([heard.next('legEnded', a.leg), heard.next('legEnded', b.leg)]);
        expect(aEnded).toMatchObject({ cause: 'limit_reached' });
        expect(aEnded.endedAtUs - bridgedAtUs).toBeGreaterThanOrEqual(13_000_000n);
      }, 60_000);

      test('there is no limit to move on a leg that is gone or in no talk', async () => {
        const { leg } = await answered();
        expect(await world.switch.moveLimit(leg, 1_795_292_222_000_000n)).toMatchObject({
          outcome: 'refused',
        });
        expect(await world.switch.moveLimit(randomUUID() as LegUuid, 1_795_292_222_000_000n)).toEqual({
          outcome: 'gone',
        });
      });

      test('who went first is told by the leg that ends later', async () => {
        const { a, b } = await talking(60);
        await a.phone.hangUp();
        expect(await ear.next('legsUnbridged', a.leg)).toMatchObject({
          left: { leg: a.leg, cause: 'normal' },
        });
        expect(await ear.next('legEnded', b.leg)).toMatchObject({ otherCause: 'normal' });
        expect(await ear.next('legEnded', a.leg)).not.toHaveProperty('otherCause');
        const second = await talking(60);
        await world.switch.hangUp(second.b.leg, 'limit_reached');
        expect(await ear.next('legsUnbridged', second.a.leg)).toMatchObject({
          left: { leg: second.b.leg, cause: 'limit_reached' },
        });
        expect(await ear.next('legEnded', second.b.leg)).not.toHaveProperty('otherCause');
      });

      test('no bridge with a leg that is not there; the other stays, guarded', async () => {
        const { leg } = await answered();
        expect(await world.switch.bridge(leg, randomUUID() as LegUuid, 60)).toEqual({ outcome: 'gone' });
        expect(await world.switch.bridge(randomUUID() as LegUuid, leg, 60)).toEqual({ outcome: 'gone' });
        expect(await world.switch.look(leg)).toEqual({ state: 'living', answered: true });
        await world.switch.guard(leg, 1);
        expect(await ear.next('legEnded', leg)).toMatchObject({ cause: 'stopped' });
      });
    });

    describe('guards', () => {
      test('a leg nobody thinks of ends by itself', async () => {
        const { leg, phone } = await answered({ guardSeconds: 2 });
        await world.switch.playMusic(leg);
        expect(await ear.next('legEnded', leg)).toMatchObject({ cause: 'stopped' });
        await phone.waitFor('ended');
      });

      test('a later guard replaces the earlier one', async () => {
        const moved = await answered({ guardSeconds: 3 });
        const watch = await answered({ guardSeconds: 5 });
        expect(await world.switch.guard(moved.leg, 60)).toEqual(done);
        // When the watch ends, the first guard of the other leg would have fired.
        await ear.next('legEnded', watch.leg);
        expect(await world.switch.look(moved.leg)).toMatchObject({ state: 'living' });
        expect(await world.switch.guard(moved.leg, 1)).toEqual(done);
        expect(await ear.next('legEnded', moved.leg)).toMatchObject({ cause: 'stopped' });
      });

      test('a talk is not ended by the guards its legs had before', async () => {
        const [a, b] = await Promise.all([answered({ guardSeconds: 3 }), answered({ guardSeconds: 3 })]);
        const watch = await answered({ guardSeconds: 5 });
        await world.switch.bridge(a.leg, b.leg, 60);
        await ear.next('legsBridged', a.leg);
        await ear.next('legEnded', watch.leg);
        expect(await world.switch.look(a.leg)).toMatchObject({ bridgedTo: b.leg });
      });
    });

    describe('what lives', () => {
      test('the legs are listed, a while after they began, and no more a while after they ended', async () => {
        const [one, two] = await Promise.all([answered(), answered()]);
        const listed = async (): Promise<LegUuid[]> => {
          const answer = await world.switch.legs();
          return answer.outcome === 'listed' ? answer.legs : [];
        };
        await vi.waitFor(async () =>
          expect(await listed()).toEqual(expect.arrayContaining([one.leg, two.leg])),
        );
        await one.phone.hangUp();
        await ear.next('legEnded', one.leg);
        await vi.waitFor(async () => expect(await listed()).not.toContain(one.leg));
        expect(await listed()).toContain(two.leg);
        const answer = await world.switch.legs();
        const atUs = answer.outcome === 'listed' ? answer.atUs : undefined;
        expect(atUs).toBeGreaterThan(1_000_000_000_000_000n);
      });

      test('without a link nobody knows', async () => {
        world.cutLink();
        await ear.next('linkDown');
        expect(await world.switch.legs()).toEqual({ outcome: 'unknown' });
      });
    });

    describe('a call from outside', () => {
      const calls = async (options?: Dialling) => {
        const { number, phone } = await world.dials(ddi, options);
        // The one that was heard of last: tests have one at a time, or name them.
        const parked = await ear.next('legParked', undefined, ear.parkedBefore + 1);
        ear.parkedBefore += 1;
        return { leg: parked.leg, number, phone, parked };
      };
      const inTalkWithUs = async (options?: Dialling) => {
        const call = await calls(options);
        expect(await world.switch.take(call.leg, 60)).toEqual(done);
        expect(await world.switch.answer(call.leg)).toEqual(done);
        await ear.next('legAnswered', call.leg);
        await call.phone.waitFor('answered');
        return call;
      };
      const wanted = (request: string, more: Partial<DigitsQuestion> = {}): DigitsQuestion => ({
        request,
        sentence: question,
        maxDigits: 8,
        terminator: '#',
        waitMs: 10_000,
        betweenMs: 5_000,
        secret: false,
        ...more,
      });

      test('is told with who calls whom, and rings', async () => {
        const { leg, number, phone, parked } = await calls();
        await phone.waitFor('ringing');
        expect(parked).toEqual({
          type: 'legParked',
          leg,
          cli: { trust: 'unverified', number },
          ddi,
          atUs: parked.atUs,
        });
        expect(parked.atUs).toBeGreaterThan(1_000_000_000_000_000n);
        expect(await world.switch.look(leg)).toEqual({ state: 'living', answered: false });
        await phone.hangUp();
        expect(await ear.next('legEnded', leg)).toMatchObject({ cause: 'stopped' });
        expect(ear.of('legParked')).toHaveLength(1);
        expect(ear.of('legAnswered')).toHaveLength(0);
      });

      test('the network’s word for the number is told apart from the caller’s own; withheld is withheld', async () => {
        const asserted = await calls({ assertedBy: 'network' });
        expect(asserted.parked.cli).toEqual({ trust: 'network', number: asserted.number });
        expect((await calls({ withheld: true })).parked.cli).toEqual({ trust: 'withheld' });
        const both = await calls({ withheld: true, assertedBy: 'network' });
        expect(both.parked.cli).toEqual({ trust: 'withheld' });
      });

      test('that nobody takes ends with the apology; one that is taken rings on', async () => {
        const taken = await calls();
        expect(await world.switch.take(taken.leg, 60)).toEqual(done);
        // A gateway that does not know whether it was done does it again.
        expect(await world.switch.take(taken.leg, 60)).toEqual(done);
        const left = await calls();
        // Ended later than the other would have been.
        expect(await ear.next('legEnded', left.leg)).toMatchObject({
          cause: 'congestion',
          switchCause: 'NORMAL_TEMPORARY_FAILURE',
        });
        expect(await world.switch.look(taken.leg)).toEqual({ state: 'living', answered: false });
        expect(await world.switch.take(left.leg, 60)).toEqual({ outcome: 'gone' });
        expect(await world.switch.answer(left.leg)).toEqual({ outcome: 'gone' });
        expect(await world.switch.guard(taken.leg, 1)).toEqual(done);
        expect(await ear.next('legEnded', taken.leg)).toMatchObject({ cause: 'stopped' });
      }, 45_000);

      test('is taken under a guard of its own', async () => {
        const { leg } = await calls();
        expect(await world.switch.take(leg, 2)).toEqual(done);
        expect(await ear.next('legEnded', leg)).toMatchObject({ cause: 'stopped' });
      });

      test('hears music and a sentence while it rings, is answered once, and then asked', async () => {
        const { leg, phone } = await calls();
        expect(await world.switch.take(leg, 60)).toEqual(done);
        expect(await world.switch.playMusic(leg)).toEqual(done);
        await world.switch.play(leg, 'op_1', farewell);
        await ear.next('played', leg);
        expect(await world.switch.look(leg)).toMatchObject({ answered: false });
        expect(await world.switch.answer(leg)).toEqual(done);
        expect(await world.switch.answer(leg)).toEqual(done);
        await ear.next('legAnswered', leg);
        await phone.waitFor('answered');
        expect(await world.switch.look(leg)).toEqual({ state: 'living', answered: true });
        await world.switch.ask(leg, { request: 'op_2', sentence: question, waitMs: 10_000 });
        await phone.keys('1');
        expect(await ear.next('keyGiven', leg)).toMatchObject({ request: 'op_2', key: '1' });
        expect(ear.of('legAnswered', leg)).toHaveLength(1);
        expect(ear.of('legParked', leg)).toHaveLength(1);
      });

      test('keys a number: ended by the terminator, by its length, by a pause; begun anew; none', async () => {
        const { leg, phone } = await inTalkWithUs();
        const asks = async (request: string, keys: string, more?: Partial<DigitsQuestion>) => {
          expect(await world.switch.askDigits(leg, wanted(request, more))).toEqual(done);
          if (keys !== '') await phone.keys(keys);
          return ear.next('digitsGiven', leg, ear.of('digitsGiven', leg).length + 1);
        };
        expect(await asks('op_1', '1234#')).toEqual({
          type: 'digitsGiven',
          leg,
          request: 'op_1',
          digits: '1234',
          ended: 'terminator',
        });
        // A terminator used before is none of this entry.
        expect(await asks('op_2', '5678', { maxDigits: 4 })).toMatchObject({ digits: '5678', ended: 'full' });
        expect(await asks('op_3', '90', { betweenMs: 400 })).toMatchObject({ digits: '90', ended: 'pause' });
        expect(await asks('op_4', '12*')).toMatchObject({ request: 'op_4', digits: '', ended: 'restart' });
        expect(await asks('op_5', '*')).toMatchObject({ request: 'op_5', digits: '', ended: 'restart' });
        expect(await asks('op_6', '1#23', { terminator: 'none', betweenMs: 400 })).toMatchObject({
          digits: '123',
          ended: 'pause',
        });
        expect(await world.switch.askDigits(leg, wanted('op_7', { waitMs: 400 }))).toEqual(done);
        expect(await ear.next('noKeyGiven', leg)).toEqual({ type: 'noKeyGiven', leg, request: 'op_7' });
        expect(await world.switch.askDigits(leg, wanted('op_8'))).toEqual(done);
        await phone.keys('#');
        expect(await ear.next('noKeyGiven', leg, 2)).toMatchObject({ request: 'op_8' });
      }, 45_000);

      test('records until silence; the take is heard, read, and gone when it is dropped', async () => {
        const { leg } = await inTalkWithUs();
        const take = randomUUID() as LegUuid;
        const order = { request: 'op_1', sentence: question, take, maxSeconds: 20, silenceSeconds: 1 };
        expect(await world.switch.record(leg, order)).toEqual(done);
        const recorded = await ear.next('recorded', leg);
        expect(recorded).toMatchObject({ request: 'op_1', back: false });
        expect(recorded.seconds).toBeGreaterThan(0.3);
        expect(await world.switch.playTake(leg, 'op_2', take)).toEqual(done);
        expect(await ear.next('played', leg, ear.of('played', leg).length + 1)).toMatchObject({ leg });
        const read = await world.switch.readTake(take);
        expect(read.outcome === 'read' && read.wav.toString('latin1', 0, 4)).toBe('RIFF');
        await world.switch.dropTake(take);
        await world.switch.dropTake(take);
        expect(await world.switch.readTake(take)).toEqual({ outcome: 'gone' });
      }, 45_000);

      const speech = (request: string, take: LegUuid, more: { maxSeconds?: number } = {}) => ({
        request,
        sentence: question,
        take,
        maxSeconds: 20,
        silenceSeconds: 20,
        ...more,
      });
      /** Until a sentence, the tone and what was keyed meanwhile are over: a leg whose guard is so long has ended. */
      const aWhile = async (): Promise<void> => {
        const watch = await answered({ guardSeconds: 3 });
        await ear.next('legEnded', watch.leg);
      };

      test('what he says ends by the terminator, by `*`, by its greatest length; a key before the tone is none', async () => {
        const { leg, phone } = await inTalkWithUs();
        const take = randomUUID() as LegUuid;
        await world.switch.record(leg, speech('op_1', take));
        await phone.keys('#');
        await aWhile();
        expect(ear.of('recorded')).toEqual([]);
        await phone.keys('5#');
        const recorded = await ear.next('recorded', leg);
        expect(recorded).toMatchObject({ request: 'op_1', back: false });
        expect(recorded.seconds).toBeGreaterThan(0.3);
        await world.switch.record(leg, speech('op_2', take));
        await aWhile();
        await phone.keys('*');
        expect(await ear.next('recorded', leg, 2)).toMatchObject({ request: 'op_2', back: true });
        // The key that ended the one before is none of this one.
        await world.switch.record(leg, speech('op_3', take, { maxSeconds: 1 }));
        const longest = await ear.next('recorded', leg, 3);
        expect(longest).toMatchObject({ request: 'op_3', back: false });
        expect(longest.seconds).toBeGreaterThan(0.5);
        expect(longest.seconds).toBeLessThan(2);
        // What ended by a key is no key for what is asked next.
        await world.switch.askDigits(leg, wanted('op_4'));
        await phone.keys('42#');
        expect(await ear.next('digitsGiven', leg)).toMatchObject({ request: 'op_4', digits: '42' });
      }, 45_000);

      test('who hangs up while he is recorded is told by his end alone; the take is there to be thrown away', async () => {
        const { leg, phone } = await inTalkWithUs();
        const take = randomUUID() as LegUuid;
        await world.switch.record(leg, speech('op_1', take));
        await aWhile();
        await phone.hangUp();
        expect(await ear.next('legEnded', leg)).toMatchObject({ cause: 'normal' });
        expect(ear.of('recorded')).toEqual([]);
        expect(await world.switch.readTake(take)).toMatchObject({ outcome: 'read' });
        await world.switch.dropTake(take);
        expect(await world.switch.readTake(take)).toEqual({ outcome: 'gone' });
      });

      test('an heir has him speak anew: what he said before is no take, though it bears the same request', async () => {
        const { leg, phone } = await inTalkWithUs();
        const take = randomUUID() as LegUuid;
        await world.switch.record(leg, speech('op_1', take));
        await aWhile();
        await world.switch.stop();
        const heir = world.another();
        const heard = new Ear(heir);
        heir.start();
        await heard.next('linkUp');
        expect(await heir.record(leg, speech('op_1', take, { maxSeconds: 1 }))).toEqual(done);
        await heard.next('recorded', leg);
        await heir.askDigits(leg, wanted('op_2'));
        await phone.keys('42#');
        expect(await heard.next('digitsGiven', leg)).toMatchObject({ request: 'op_2', digits: '42' });
        expect(heard.of('recorded', leg)).toHaveLength(1);
      }, 45_000);

      test('whoever has him speak anew ends what he ordered before', async () => {
        const { leg } = await inTalkWithUs();
        const take = randomUUID() as LegUuid;
        await world.switch.record(leg, speech('op_1', take));
        await world.switch.record(leg, speech('op_1', take, { maxSeconds: 1 }));
        const recorded = await ear.next('recorded', leg);
        expect(recorded.seconds).toBeGreaterThan(0.5);
        expect(recorded.seconds).toBeLessThan(2);
        await world.switch.play(leg, 'op_2', farewell);
        await ear.next('played', leg, ear.of('played', leg).length + 1);
        expect(ear.of('recorded', leg)).toHaveLength(1);
      }, 45_000);

      test('asked again, even by the same request, only the later entry counts', async () => {
        const { leg, phone } = await inTalkWithUs();
        await world.switch.play(leg, 'op_0', farewell);
        await world.switch.askDigits(leg, wanted('op_1'));
        // The sentence before the first asking is heard all the same.
        await ear.next('played', leg);
        const watch = await answered({ guardSeconds: 2 });
        await phone.keys('12');
        await ear.next('legEnded', watch.leg);
        await world.switch.askDigits(leg, wanted('op_1'));
        await phone.keys('34#');
        expect(await ear.next('digitsGiven', leg)).toMatchObject({ request: 'op_1', digits: '34' });
        expect(ear.of('digitsGiven', leg)).toHaveLength(1);
        expect(ear.of('noKeyGiven', leg)).toHaveLength(0);
      });

      test('a terminator typed behind a full number is no answer to the next question', async () => {
        const { leg, phone } = await inTalkWithUs();
        await world.switch.askDigits(leg, wanted('op_1', { maxDigits: 4 }));
        await phone.keys('1234');
        expect(await ear.next('digitsGiven', leg)).toMatchObject({ digits: '1234', ended: 'full' });
        await world.switch.askDigits(leg, wanted('op_2'));
        await phone.keys('#');
        const watch = await answered({ guardSeconds: 2 });
        await ear.next('legEnded', watch.leg);
        expect(ear.of('noKeyGiven', leg)).toHaveLength(0);
        await phone.keys('#');
        expect(await ear.next('noKeyGiven', leg)).toMatchObject({ request: 'op_2' });
      });

      test('hangs up in the middle of a number: its end is all that is told', async () => {
        const { leg, phone } = await inTalkWithUs();
        const watch = await answered({ guardSeconds: 2 });
        await world.switch.askDigits(leg, wanted('op_1'));
        await phone.keys('12');
        // Time for the keys to arrive.
        await ear.next('legEnded', watch.leg);
        await phone.hangUp();
        expect(await ear.next('legEnded', leg)).toMatchObject({ cause: 'normal' });
        expect(ear.of('digitsGiven')).toHaveLength(0);
        expect(ear.of('noKeyGiven')).toHaveLength(0);
      });

      test.runIf(readsRecords)('a PIN is told, and leaves nothing in the record of its leg', async () => {
        const { leg, phone } = await inTalkWithUs();
        await world.switch.askDigits(leg, wanted('op_1', { secret: true, maxDigits: 12 }));
        await phone.keys('73918462#');
        expect(await ear.next('digitsGiven', leg)).toMatchObject({ digits: '73918462', ended: 'terminator' });
        // What comes after it is counted and told again.
        await world.switch.askDigits(leg, wanted('op_2'));
        await phone.keys('55#');
        expect(await ear.next('digitsGiven', leg, 2)).toMatchObject({ digits: '55' });
        await phone.hangUp();
        await ear.next('legEnded', leg);
        const record = await vi.waitFor(async () => {
          const text = await world.record(leg);
          expect(text).toContain(leg);
          return text;
        });
        expect(record).not.toMatch(/73918462|"ringmeter_digits":|"sensitive_dtmf":/);
      });

      test.runIf(readsRecords)(
        'a PIN typed before its question, and one typed beyond its length, are in no record',
        async () => {
          const typesTooMuch = async ({ leg, phone }: { leg: LegUuid; phone: Phone }): Promise<void> => {
            // Time for the keys to arrive.
            const arrived = async (): Promise<unknown> =>
              ear.next('legEnded', (await answered({ guardSeconds: 3 })).leg);
            await world.switch.playMusic(leg);
            await phone.keys('7391');
            await arrived();
            await world.switch.askDigits(leg, wanted('op_1', { secret: true, maxDigits: 4 }));
            await phone.keys('55508264');
            expect(await ear.next('digitsGiven', leg)).toMatchObject({ digits: '5550', ended: 'full' });
            // Some of them are still on their way, and are thrown away.
            await world.switch.askDigits(leg, wanted('op_2', { secret: true, maxDigits: 12 }));
            await arrived();
            await phone.hangUp();
            await ear.next('legEnded', leg);
            const record = await vi.waitFor(async () => {
              const text = await world.record(leg);
              expect(text).toContain(leg);
              return text;
            });
            expect(record).not.toMatch(/"[^"]{0,8}(739|391|826|264)[^"]{0,8}"/);
            expect(record).toMatch(/"digits_dialed":"X+"/);
          };
          await Promise.all([inTalkWithUs().then(typesTooMuch), answered().then(typesTooMuch)]);
        },
        30_000,
      );

      test.runIf(readsRecords)(
        'who hangs up in the middle of his PIN leaves nothing of it either',
        async () => {
          const { leg, phone } = await inTalkWithUs();
          const watch = await answered({ guardSeconds: 3 });
          await world.switch.askDigits(leg, wanted('op_1', { secret: true, maxDigits: 12 }));
          await phone.keys('73918462');
          // Time for the keys to arrive.
          await ear.next('legEnded', watch.leg);
          await phone.hangUp();
          await ear.next('legEnded', leg);
          const record = await vi.waitFor(async () => {
            const text = await world.record(leg);
            expect(text).toContain(leg);
            return text;
          });
          expect(record).not.toMatch(/7391846|"ringmeter_digits":/);
          expect(record).toContain('"digits_dialed":"none"');
          expect(ear.of('digitsGiven')).toHaveLength(0);
        },
      );

      test('is joined under a limit and stays for the farewell; a PIN question left open leaves the talk its record', async () => {
        const a = await inTalkWithUs();
        await world.switch.askDigits(a.leg, wanted('op_1', { secret: true }));
        const b = await answered();
        expect(await world.switch.bridge(a.leg, b.leg, 2)).toEqual(done);
        const { atUs } = await ear.next('legsBridged', a.leg);
        expect(await world.switch.look(a.leg)).toMatchObject({ bridgedTo: b.leg, bridgedAtUs: atUs });
        expect(await world.switch.hangUp(b.leg, 'limit_reached')).toEqual(done);
        expect(await ear.next('legEnded', b.leg)).toMatchObject({
          cause: 'limit_reached',
          bridgedAtUs: atUs,
        });
        await ear.next('legsUnbridged', a.leg);
        await world.switch.play(a.leg, 'op_bye', farewell);
        await ear.next('played', a.leg);
        expect(await world.switch.hangUp(a.leg, 'normal')).toEqual(done);
        expect(await ear.next('legEnded', a.leg)).toMatchObject({ bridgedAtUs: atUs });
        expect(ear.of('legParked', a.leg)).toHaveLength(1);
        if (readsRecords)
          await vi.waitFor(async () => expect(await world.record(a.leg)).toContain(String(atUs)));
      });

      test('is kept when its talk is over: asked, joined once more, and told who left that talk first', async () => {
        const a = await inTalkWithUs();
        const b = await answered();
        expect(await world.switch.bridge(a.leg, b.leg, 60)).toEqual(done);
        await ear.next('legsBridged', a.leg);
        await b.phone.hangUp();
        await ear.next('legEnded', b.leg);
        expect(await world.switch.keep(a.leg, 60)).toEqual(done);
        expect(await world.switch.keep(a.leg, 60)).toEqual(done);
        await world.switch.play(a.leg, 'op_after', farewell);
        expect(await ear.next('played', a.leg)).toMatchObject({ request: 'op_after' });
        const c = await answered();
        expect(await world.switch.bridge(a.leg, c.leg, 60)).toEqual(done);
        await vi.waitFor(() => expect(ear.of('legsBridged', a.leg)).toHaveLength(2));
        await a.phone.hangUp();
        const parted = await vi.waitFor(() => {
          const told = ear.of('legsUnbridged', a.leg).find((one) => one.bLeg === c.leg);
          expect(told).toBeDefined();
          return told;
        });
        // Of the talk before the other side had gone first.
        expect(parted?.left?.leg).not.toBe(c.leg);
        await ear.next('legEnded', c.leg);
        expect(await world.switch.keep(a.leg, 60)).toEqual({ outcome: 'gone' });
      });

      test('is cut by the switch itself when no gateway is left, and not at the limit of the talk before', async () => {
        const other = world.another();
        const heard = new Ear(other);
        other.start();
        await heard.next('linkUp');
        const a = await inTalkWithUs();
        const [b, c] = await Promise.all([answered(), answered()]);
        expect(await world.switch.bridge(a.leg, b.leg, 2)).toEqual(done);
        await ear.next('legsBridged', a.leg);
        await b.phone.hangUp();
        await Promise.all([ear.next('legEnded', b.leg), heard.next('legEnded', b.leg)]);
        expect(await world.switch.keep(a.leg, 60)).toEqual(done);
        expect(await world.switch.bridge(a.leg, c.leg, 4)).toEqual(done);
        const { atUs } = await ear.next('legsBridged', a.leg, 2);
        const [ended] = await Promise.all([ear.next('legEnded', a.leg), ear.next('legEnded', c.leg)]);
        expect(ended).toMatchObject({ cause: 'limit_reached' });
        expect(ended.endedAtUs - atUs).toBeGreaterThanOrEqual(4_000_000n);
      });

      test('that came while the link was lost is found, and so is one that was taken and never answered', async () => {
        const taken = await calls();
        expect(await world.switch.take(taken.leg, 60)).toEqual(done);
        const talking = await inTalkWithUs();
        const left = await calls({ assertedBy: 'network' });
        await world.switch.stop();
        const heir = world.another();
        const heard = new Ear(heir);
        heir.start();
        await heard.next('linkUp');
        const waiting = async (): Promise<ParkedLeg[]> => {
          const listed = await heir.parked();
          return listed.outcome === 'listed' ? listed.parked : [];
        };
        const { type: _, ...call } = left.parked;
        const { type: __, ...before } = taken.parked;
        await vi.waitFor(async () => expect(await waiting()).toHaveLength(2));
        expect(await waiting()).toEqual(expect.arrayContaining([call, before]));
        expect(await heir.take(left.leg, 60)).toEqual(done);
        expect(await heir.take(taken.leg, 60)).toEqual(done);
        expect(await heir.answer(left.leg)).toEqual(done);
        expect(await waiting()).toEqual([before]);
        // The heir asks anew what was being asked.
        expect(await heir.askDigits(talking.leg, wanted('op_9'))).toEqual(done);
        await talking.phone.keys('42#');
        expect(await heard.next('digitsGiven', talking.leg)).toMatchObject({ request: 'op_9', digits: '42' });
      });

      test('what is keyed in secret is told to nobody but the gateway that asked', async () => {
        const { leg, phone } = await inTalkWithUs();
        const other = world.another();
        const heard = new Ear(other);
        other.start();
        await heard.next('linkUp');
        await world.switch.askDigits(leg, wanted('op_1', { secret: true }));
        await phone.keys('7391#');
        expect(await ear.next('digitsGiven', leg)).toMatchObject({ request: 'op_1', digits: '7391' });
        // What is no secret is no secret to it either.
        await world.switch.askDigits(leg, wanted('op_2'));
        await phone.keys('55#');
        await heard.next('digitsGiven', leg);
        expect(heard.of('digitsGiven', leg)).toMatchObject([{ request: 'op_2', digits: '55' }]);
        // Asked twice, and hung up in the middle: whoever asked hears his end.
        await world.switch.askDigits(leg, wanted('op_3', { secret: true }));
        await world.switch.askDigits(leg, wanted('op_4', { secret: true }));
        await phone.keys('73');
        await phone.hangUp();
        await ear.next('legEnded', leg);
        expect(heard.of('digitsGiven', leg)).toHaveLength(1);
      });

      test('an heir that looks at a leg on which somebody keys in secret hears its end', async () => {
        const { leg, phone } = await inTalkWithUs();
        await world.switch.askDigits(leg, wanted('op_1', { secret: true }));
        await phone.keys('73');
        await world.switch.stop();
        const heir = world.another();
        const heard = new Ear(heir);
        heir.start();
        await heard.next('linkUp');
        expect(await heir.look(leg)).toMatchObject({ state: 'living' });
        await phone.hangUp();
        await heard.next('legEnded', leg);
        expect(heard.of('digitsGiven')).toEqual([]);
      });

      test('a link that was cut in a secret entry tells what it came to', async () => {
        const { leg, phone } = await inTalkWithUs();
        await world.switch.askDigits(leg, wanted('op_1', { secret: true }));
        await phone.keys('73');
        world.cutLink();
        await ear.next('linkUp', undefined, 2);
        await phone.keys('91#');
        expect(await ear.next('digitsGiven', leg)).toMatchObject({ request: 'op_1', digits: '7391' });
      });

      test('an heir asks again what was being keyed', async () => {
        const { leg, phone } = await inTalkWithUs();
        const watch = await answered({ guardSeconds: 2 });
        await world.switch.askDigits(leg, wanted('op_1', { secret: true }));
        await phone.keys('12');
        await ear.next('legEnded', watch.leg);
        await world.switch.stop();
        const heir = world.another();
        const heard = new Ear(heir);
        heir.start();
        await heard.next('linkUp');
        expect(await heir.askDigits(leg, wanted('op_1', { secret: true }))).toEqual(done);
        await phone.keys('34#');
        expect(await heard.next('digitsGiven', leg)).toMatchObject({ request: 'op_1', digits: '34' });
        expect(heard.of('digitsGiven', leg)).toHaveLength(1);
      });

      test('nothing is listed without a link', async () => {
        world.cutLink();
        await ear.next('linkDown');
        expect(await world.switch.parked()).toEqual({ outcome: 'unknown' });
      });
    });

    describe('the link', () => {
      test('a cut link comes back to the same switch, and the talk has not noticed', async () => {
        const { a, b, bridgedAtUs } = await talking(60);
        const first = (await ear.next('linkUp')).coreUuid;
        world.cutLink();
        await ear.next('linkDown');
        expect(await world.switch.look(a.leg)).toEqual({ state: 'unknown' });
        expect((await ear.next('linkUp', undefined, 2)).coreUuid).toBe(first);
        expect(world.switch.link()).toMatchObject({ up: true, coreUuid: first });
        expect(await world.switch.look(a.leg)).toMatchObject({ bridgedTo: b.leg, bridgedAtUs });
        await b.phone.hangUp();
        expect(await ear.next('legEnded', b.leg)).toMatchObject({ bridgedAtUs });
      });

      test('another gateway takes over: it stops the music, asks, moves the guard, ends the leg', async () => {
        const { leg, phone } = await answered({ guardSeconds: 60 });
        await world.switch.playMusic(leg);
        await world.switch.stop();
        const heir = world.another();
        const heard = new Ear(heir);
        heir.start();
        await heard.next('linkUp');
        expect(await heir.look(leg)).toEqual({ state: 'living', answered: true });
        expect(await heir.ask(leg, { request: 'op_1', sentence: question, waitMs: 20_000 })).toEqual(done);
        // Music that was just starting misses the first break (seen), and he is asked only behind the second.
        await vi.waitFor(
          async () => {
            await phone.keys('1');
            expect(heard.of('keyGiven', leg)).toMatchObject([{ request: 'op_1', key: '1' }]);
          },
          { timeout: 20_000, interval: 400 },
        );
        expect(await heir.guard(leg, 2)).toEqual(done);
        expect(await heard.next('legEnded', leg)).toMatchObject({ cause: 'stopped' });
      });
    });
  });
}
