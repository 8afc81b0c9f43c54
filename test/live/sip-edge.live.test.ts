// The SIP edge on a real drachtio server: telephones register and are called, by SIP as it is on the wire. DRACHTIO_URL
// (drachtio://:secret@host:9022) and SIP_EDGE, where it listens (127.0.0.1:5070 over UDP); with FREESWITCH_URL a real switch calls
// through it too.

import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { realClock } from '../../src/clock-and-ids.ts';
import type { E164, LegUuid } from '../../src/core/ids.ts';
import {
  parseSipAddress,
  parseSipDomain,
  type SipAddress,
  type SipDomain,
} from '../../src/core/sip-address.ts';
import type { SwitchEvent } from '../../src/flow/ports.ts';
import { phoneRegistry } from '../../src/flow/register-phone.ts';
import { FreeSwitch } from '../../src/telephony/freeswitch.ts';
import { SipEdge } from '../../src/telephony/sip-edge.ts';
import { type ConsultantStage, consultantStage } from '../web/consultant-stage.ts';
import { offer, SipEnd, type SipMessage, valuesOf } from './raw-sip.ts';
import { eslAddress, sipAddressOf } from './telephone-network.ts';

const { DRACHTIO_URL = '', SIP_EDGE = '', FREESWITCH_URL } = process.env;
const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
const withSdp: [string, string][] = [['Content-Type', 'application/sdp']];

describe.skipIf(DRACHTIO_URL === '' || SIP_EDGE === '')('the SIP edge', () => {
  let stage: ConsultantStage;
  let edge: SipEdge;
  let theSwitch: SipEnd;
  let login: { userName: string; password: string; address: string };
  let ends: SipEnd[] = [];

  beforeAll(async () => {
    stage = await consultantStage();
    const domain = parseSipDomain(SIP_EDGE) as SipDomain;
    Object.assign(stage.house, { sipEdge: domain, sipDomains: new Set([domain]) });
    theSwitch = await SipEnd.open();
    const real = FREESWITCH_URL === undefined ? [] : [await sipAddressOf(eslAddress(FREESWITCH_URL))];
    const at = new URL(DRACHTIO_URL);
    await new Promise<void>((resolve) => {
      edge = new SipEdge({
        host: at.hostname,
        port: Number(at.port),
        secret: at.password,
        switches: [`127.0.0.1:${String(theSwitch.port)}`, ...real],
        registry: phoneRegistry(stage.house),
        log: { ...quiet, info: (_facts, message) => message.includes('is there') && resolve() },
      });
      edge.start();
    });
    const { body } = await stage.ask('POST', '/v1/consultants', {
      body: { name: 'Nadia', numbers: ['+33612345678'], language: 'fr', shortNumber: '77' },
    });
    const made = await stage.ask('POST', `/v1/consultants/${body.id}/sip-login`);
    login = made.body as unknown as typeof login;
  });
  afterAll(async () => {
    edge.stop();
    await theSwitch.close();
    await stage.close();
  });
  beforeEach(() => (theSwitch.heard.length = 0));
  afterEach(async () => {
    for (const end of ends) {
      end.contactHost = '127.0.0.1';
      await end.close();
    }
    ends = [];
    await stage.admin.query('delete from sip_contacts');
  });

  const telephone = async (): Promise<SipEnd> => {
    const end = await SipEnd.open();
    ends.push(end);
    return end;
  };
  const registered = async (contactHost = '127.0.0.1'): Promise<SipEnd> => {
    const end = await telephone();
    end.contactHost = contactHost;
    expect((await end.register(login, SIP_EDGE)).status).toBe(200);
    return end;
  };
  const calls = (user = login.userName, by = theSwitch) =>
    by.ask('INVITE', `sip:${user}@${SIP_EDGE}`, SIP_EDGE, withSdp, offer);

  it('challenges with two lines; either digest registers, and leaves', async () => {
    const end = await telephone();
    const to: [string, string][] = [['To', `<${login.address}>`]];
    const first = await end.ask('REGISTER', `sip:${SIP_EDGE}`, SIP_EDGE, to).final();
    expect(first.status).toBe(401);
    expect(valuesOf(first, 'www-authenticate').map((line) => /algorithm=([^,]+)/.exec(line)?.[1])).toEqual([
      'SHA-256',
      'MD5',
    ]);
    for (const algorithm of ['SHA-256', 'MD5'] as const) {
      const kept = await end.register(login, SIP_EDGE, { algorithm });
      expect(kept.status).toBe(200);
      expect(valuesOf(kept, 'contact')).toEqual([`<sip:me@127.0.0.1:${String(end.port)}>;expires=300`]);
    }
    const gone = await end.register(login, SIP_EDGE, { expires: 0 });
    expect([gone.status, valuesOf(gone, 'contact')]).toEqual([200, []]);
    expect((await end.register(login, SIP_EDGE, { expires: 30 })).status).toBe(423);
    expect((await end.register({ ...login, password: 'wrong' }, SIP_EDGE)).status).toBe(403);
    expect((await end.register({ ...login, userName: 'demo-99' }, SIP_EDGE)).status).toBe(403);
  });

  it('the switch calls: it rings where it registered, is answered, and hangs up', async () => {
    const end = await registered();
    const call = calls();
    const invite = await end.request('INVITE');
    expect(invite.uri).toBe(`sip:me@127.0.0.1:${String(end.port)}`);
    end.ring(invite);
    await call.status(180);
    end.pickUp(invite);
    call.acknowledge(await call.status(200));
    await end.request('ACK');
    end.hangUp(invite);
    theSwitch.answer(await theSwitch.request('BYE'), 200, 'switch');
  });

  it('two telephones ring at once; one is answered, the other stops; the switch hangs up', async () => {
    const [one, other] = [await registered(), await registered()];
    const call = calls();
    const [invite, second] = await Promise.all([one.request('INVITE'), other.request('INVITE')]);
    one.ring(invite);
    other.ring(second);
    one.pickUp(invite);
    const ok = await call.status(200);
    call.acknowledge(ok);
    const cancel = await other.request('CANCEL');
    other.answer(cancel, 200, 'other');
    other.answer(second, 487, 'other');
    await one.request('ACK');
    call.hangUp(ok);
    one.answer(await one.request('BYE'), 200, 'phone');
  });

  it('busy is told; what is not wanted any more stops', async () => {
    const end = await registered();
    const busy = calls();
    const first = await end.request('INVITE');
    end.answer(first, 486, 'phone');
    expect((await busy.final()).status).toBe(486);
    end.heard.length = 0;
    const call = calls();
    const invite = await end.request('INVITE');
    end.ring(invite);
    await call.status(180);
    call.cancel();
    end.answer(await end.request('CANCEL'), 200, 'phone');
    end.answer(invite, 487, 'phone');
    expect((await call.final()).status).toBe(487);
  });

  it('behind an address translation: called where it came from, and it hears the end', async () => {
    const end = await registered('10.0.0.9');
    const call = calls();
    const invite = await end.request('INVITE');
    end.ring(invite);
    await call.status(180);
    end.pickUp(invite);
    const ok = await call.status(200);
    call.acknowledge(ok);
    await end.request('ACK');
    call.hangUp(ok);
    end.answer(await end.request('BYE'), 200, 'phone');

    end.heard.length = 0;
    const second = calls();
    const again = await end.request('INVITE');
    end.pickUp(again);
    second.acknowledge(await second.status(200));
    await end.request('ACK');
    end.hangUp(again);
    theSwitch.answer(await theSwitch.request('BYE'), 200, 'switch');
  });

  it('nobody there, nobody’s name, and whoever is not the switch', async () => {
    const status = async (call: { final(): Promise<SipMessage> }) => (await call.final()).status;
    expect(await status(calls())).toBe(480);
    expect(await status(calls('demo-99'))).toBe(404);
    expect(await status(calls(`${login.userName};x=y`))).toBe(404);
    const end = await registered();
    expect(await status(calls(login.userName, end))).toBe(403);
    expect(await status(calls('+33899700700', end))).toBe(403);
    expect(await status(end.ask('MESSAGE', `sip:${login.userName}@${SIP_EDGE}`, SIP_EDGE))).toBe(405);
    expect(await status(end.ask('OPTIONS', `sip:${SIP_EDGE}`, SIP_EDGE))).toBe(200);
  });

  it.skipIf(FREESWITCH_URL === undefined)('a real switch rings a login through it', async () => {
    const dir = await mkdtemp(path.join(tmpdir(), 'ringmeter-edge-'));
    const domain = parseSipDomain(SIP_EDGE) as SipDomain;
    const real = new FreeSwitch({
      id: 'live',
      ...eslAddress(FREESWITCH_URL ?? ''),
      destination: { kind: 'gateway', name: 'carrier' },
      sip: { profile: 'carrier', domains: new Set([domain]) },
      country: 'FR',
      prompts: { dir, dirAtSwitch: dir },
      clock: realClock,
      log: quiet,
    });
    const told: SwitchEvent[] = [];
    const looks = new Set<() => void>();
    real.onEvent((event) => {
      told.push(event);
      for (const look of [...looks]) look();
    });
    const tells = (fits: (event: SwitchEvent) => boolean): Promise<SwitchEvent> =>
      new Promise((resolve) => {
        const look = (): void => {
          const found = told.find(fits);
          if (!found) return;
          looks.delete(look);
          resolve(found);
        };
        looks.add(look);
        look();
      });
    const ring = async (): Promise<LegUuid> => {
      const leg = randomUUID() as LegUuid;
      const to = parseSipAddress(login.address) as SipAddress;
      const order = { leg, to, callerId: '+33155000001' as E164, ringSeconds: 20, guardSeconds: 60 };
      expect(await real.ring(order)).toEqual({ outcome: 'done' });
      return leg;
    };
    const ended = (leg: LegUuid) => tells((event) => event.type === 'legEnded' && event.leg === leg);
    real.start();
    await tells((event) => event.type === 'linkUp');
    try {
      expect(await ended(await ring())).toMatchObject({
        cause: 'no_answer',
        switchCause: 'NO_USER_RESPONSE',
      });
      for (const host of ['127.0.0.1', '10.0.0.9']) {
        await stage.admin.query('delete from sip_contacts');
        const end = await registered(host);
        const leg = await ring();
        const invite = await end.request('INVITE');
        expect(valuesOf(invite, 'from')[0]).toContain('33155000001');
        end.ring(invite);
        end.pickUp(invite);
        await tells((event) => event.type === 'legAnswered' && event.leg === leg);
        await end.request('ACK');
        end.hangUp(invite);
        expect(await ended(leg), host).toMatchObject({ cause: 'normal' });
        end.heard.length = 0;
        const second = await ring();
        end.pickUp(await end.request('INVITE'));
        await tells((event) => event.type === 'legAnswered' && event.leg === second);
        expect(await real.hangUp(second, 'normal')).toEqual({ outcome: 'done' });
        end.answer(await end.request('BYE'), 200, 'phone');
        expect(await ended(second), host).toMatchObject({ cause: 'normal' });
      }
    } finally {
      await real.stop();
      await rm(dir, { recursive: true, force: true });
    }
  });
});
