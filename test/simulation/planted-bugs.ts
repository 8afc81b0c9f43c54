// Bugs that peers really had. Each is some text replaced while the bundle is built (build-worker); a simulation that does not
// find one of them within 2 000 seeds is the thing that is broken.

export interface PlantedBug {
  name: string;
  /** What goes wrong by it, and for whom. */
  what: string;
  edits: readonly { file: string; old: string; new: string }[];
}

export const plantedBugs: readonly PlantedBug[] = [
  {
    name: 'new-key-on-retry',
    what: 'An authorization whose answer did not come is asked for again under a new key: the card holds twice.',
    edits: [
      {
        file: 'src/flow/hold-money.ts',
        old: 'key: operation.id,',
        new: `key: operation.state === 'intended' ? operation.id : house.ids.id('operation'),`,
      },
    ],
  },
  {
    name: 'one-not-found',
    what: 'A talk whose legs one look did not find is settled then and there, though the record that says its end is on its way.',
    edits: [
      {
        file: 'src/flow/take-over.ts',
        old: 'return records.length < gone.length && known.looks < (known.restarted ? looksAfterRestartMax : looksMax);',
        new: 'return records.length < gone.length && known.looks < 0;',
      },
    ],
  },
  {
    name: 'billsec',
    what: 'A talk nobody heard end is billed by billsec: whole seconds from the answer of its leg, with prompts and waiting.',
    edits: [
      {
        file: 'src/store/call-sessions.ts',
        old: `cdr #>> '{variables,end_uepoch}' as ended`,
        new: `case when cdr #>> '{variables,bridge_uepoch}' = '0' then cdr #>> '{variables,end_uepoch}' else
         ((cdr #>> '{variables,bridge_uepoch}')::bigint + (cdr #>> '{variables,billsec}')::bigint * 1000000)::text end as ended`,
      },
    ],
  },
  {
    name: 'no-outbox',
    what: 'A notice counts as delivered when it is taken to be sent: who dies over it has told nobody.',
    edits: [
      {
        file: 'src/store/notices.ts',
        old: 'update notices set next_try_at = ? where id in (',
        new: `update notices set state = 'delivered', next_try_at = ? where id in (`,
      },
    ],
  },
  {
    name: 'blind-re-originate',
    what: 'A leg whose originate was not answered is rung again under another uuid: two phones ring, or one twice.',
    edits: [
      {
        file: 'src/flow/call-commands.ts',
        old: `if (done.outcome === 'unknown') this.#told.lookAgain();`,
        new: `if (done.outcome === 'unknown') {
      const another = this.#at.house.ids.legUuid();
      this.#at.house.clock.after(
        2_000,
        () => void this.#at.switch.ring({ leg: another, to, callerId, ringSeconds, guardSeconds }),
      );
    }`,
      },
    ],
  },
  {
    name: 'no-fencing',
    what: 'Writes do not name the lease: a gateway that only believes to hold the switch goes on moving its calls.',
    edits: [
      {
        file: 'src/store/call-sessions.ts',
        old: 'exists (select from switches s where s.id = switch_id and s.lease_number = ?::bigint))',
        new: '?::bigint is not null)',
      },
    ],
  },
  {
    name: 'clock-before-write',
    what: 'What a step leads to is taken for done before it is written: a write that fails is never made up for.',
    edits: [
      {
        file: 'src/flow/call-row.ts',
        old: `        written = await writeStep(house, tx, stored, step, lease);
        if (!written) throw new MovedOn();`,
        new: `        this.#stored = { ...stored, session: step.session, version: stored.version + 1 };
        written = await writeStep(house, tx, stored, step, lease);
        if (!written) throw new MovedOn();`,
      },
    ],
  },
  {
    name: 'cut-when-a-read-fails',
    what: 'A call whose legs could not be looked at, as the switch did not answer, is hung up.',
    edits: [
      {
        file: 'src/flow/run-call.ts',
        old: `    this.#unheard = found.unheard;
`,
        new: `    this.#unheard = found.unheard;
    const heardBy = this.session.caller?.leg;
    if (!found.certain && heardBy !== undefined) {
      await this.#commands.doAll([{ do: 'hangUp', leg: heardBy, cause: 'normal' }]);
    }
`,
      },
    ],
  },
  {
    name: 'duplicate-record-billed',
    what: 'A record that is posted twice is taken for more talk.',
    edits: [
      {
        file: 'src/store/call-records.ts',
        old: 'update legs set cdr = ?::jsonb where id = ? and cdr is null returning call_session_id as id)',
        new: `update legs set cdr = ?::jsonb where id = ? returning call_session_id as id),
       again as (update call_sessions s set unbridged_us = unbridged_us + (unbridged_us - bridged_us)
         from legs l where l.cdr is not null and l.call_session_id = s.id and s.id in (select id from kept) and s.state = 'ended')`,
      },
    ],
  },
  {
    name: 'billed-after-the-switch-died',
    what: 'A talk whose switch has died is billed until somebody noticed.',
    edits: [
      {
        file: 'src/flow/take-over.ts',
        old: `const event = { type: 'switchRestarted', ...(aliveUs !== undefined && { provenUs: aliveUs }) } as const;`,
        new: `const event = { type: 'switchRestarted', provenUs: BigInt(Math.floor(house.clock.now().getTime())) * 1000n } as const;`,
      },
    ],
  },
  {
    name: 'overshoot-billed',
    what: 'What runs past the limit is billed: the caller pays for more than was agreed.',
    edits: [
      {
        file: 'src/core/call-session.ts',
        old: 'return talkUs < limitUs ? talkUs : limitUs;',
        new: 'return talkUs < limitUs + 5_000_000n ? talkUs : limitUs;',
      },
    ],
  },
  {
    name: 'limit-moved-by-deleting-first',
    what: 'For more time the old limit is deleted before the new one stands: who dies between leaves a talk without an end.',
    edits: [
      {
        file: 'src/telephony/leg-tasks.ts',
        old: `    const armed = await this.#arm(group, talk, inSeconds, near ? undefined : atSecond);
    if (armed.outcome !== 'armed') return armed;
    const removed = await Promise.all(earlier.map((old) => this.#link.api(say.unschedule(old))));`,
        new: `    const removed = await Promise.all(earlier.map((old) => this.#link.api(say.unschedule(old))));
    const armed = await this.#arm(group, talk, inSeconds, near ? undefined : atSecond);
    if (armed.outcome !== 'armed') return armed;`,
      },
    ],
  },
  {
    name: 'limit-lifted-by-who-armed-it-alone',
    what: 'The limit of a talk that is over, or never came, stays where its gateway is gone: it cuts what the caller does by then.',
    edits: [
      {
        file: 'src/telephony/leg-tasks.ts',
        old: '    if (!wasAnswered) return;',
        new: '    if (!wasAnswered || memory?.limit === undefined) return;',
      },
    ],
  },
  {
    name: 'bridged-without-consent',
    what: 'A caller who says nothing is taken to agree: a voicemail is joined and pays.',
    edits: [
      {
        file: 'src/core/call-ringing.ts',
        old: `if (caller.state === 'offered') offerToCaller(draft, caller);
      return;`,
        new: `if (caller.state === 'offered') consent(draft, caller);
      return;`,
      },
    ],
  },
  {
    name: 'consultant-never-freed',
    what: 'A consultant whose call ended stays busy for ever.',
    edits: [
      {
        file: 'src/flow/call-step.ts',
        old: 'await freeConsultants(tx, next.id, linger === undefined ? {} : { but: linger }, talkedAt);',
        new: 'if (talkedAt === undefined) await freeConsultants(tx, next.id, linger === undefined ? {} : { but: linger }, talkedAt);',
      },
    ],
  },
  {
    name: 'checked-and-not-reserved',
    what: 'A balance is looked at when a call is let in and nothing of it is kept back: two calls talk for the money of one.',
    edits: [
      {
        file: 'src/flow/client-accounts.ts',
        old: 'if (keptBack) {',
        new: 'if (keptBack && at.getTime() === 0) {',
      },
    ],
  },
  {
    name: 'over-when-the-cut-is-ordered',
    what: 'A call at its limit is over as soon as its end is ordered: it is reported and its money free while they may talk on.',
    edits: [
      {
        file: 'src/core/call-talking.ts',
        old: `        draft.commands.push({ do: 'hangUp', leg: consultant.leg, cause: 'limit_reached' });`,
        new: `        draft.commands.push({ do: 'hangUp', leg: consultant.leg, cause: 'limit_reached' });
        if (session.plan.inbound && session.bridgedUs !== undefined) {
          const limitUs = BigInt(session.plan.talkLimitSeconds) * 1_000_000n;
          parted(draft, session.bridgedUs + limitUs, 'limit', consultant, caller);
        }`,
      },
    ],
  },
  {
    name: 'reported-under-a-new-id',
    what: 'A report that was not acknowledged comes again under another id: the merchant counts the call twice.',
    edits: [
      {
        file: 'src/flow/report-usage.ts',
        old: `        id: report.id,
        body: report.body,
        at: house.clock.now(),`,
        new: `        id: report.tries === 0 ? report.id : house.ids.id('usageReport'),
        body: report.body,
        at: house.clock.now(),`,
      },
    ],
  },
  {
    name: 'nowhere-is-not-reported',
    what: 'A call that got nowhere is never reported: the merchant keeps back for ever what he reserved for it.',
    edits: [
      {
        file: 'src/flow/report-usage.ts',
        old: 'if (!known || known.endedAt !== null) return;',
        new: 'if (!known || known.endedAt !== null || ended.bridgedUs === undefined) return;',
      },
    ],
  },
  {
    name: 'two-calls-of-one-client',
    what: 'Whether a client has a call under way is asked before his own lock is held: two that come together are both let in.',
    edits: [
      {
        file: 'src/store/known-calls.ts',
        old: 'where k.client_code = ? and k.ended_at is null and k.call_session_id <> ?) < ?',
        new: `where k.client_code = ? and k.ended_at is null and k.call_session_id <> ?
         and exists (select from call_sessions s where s.id = k.call_session_id and s.state = 'connected')) < ?`,
      },
    ],
  },
  {
    name: 'miss-counted-by-who-takes-over',
    what: 'A ring whose end is found by whoever takes the call over is counted by him, and again by the step he writes.',
    edits: [
      {
        file: 'src/flow/run-call.ts',
        old: `    for (const event of found.events) await this.#take(event);`,
        new: `    for (const event of found.events) {
      if (event.type === 'legEnded') {
        const lost = this.session.attempts.find((one) => one.leg === event.leg && one.state === 'ringing');
        const { merchantId } = this.#row.stored;
        const facts = { consultantId: lost?.consultantId ?? '', because: event.because };
        const missed = [{ name: 'consultant_missed', facts }];
        if (lost) await house.db.asMerchant(merchantId, (tx) => countRings(house, tx, merchantId, missed));
      }
      await this.#take(event);
    }`,
      },
      {
        file: 'src/flow/run-call.ts',
        old: `import { recognize } from`,
        new: `import { countRings } from './consultant-state.ts';
import { recognize } from`,
      },
    ],
  },
  {
    name: 'miss-counted-again-by-its-end',
    what: 'A consultant who refuses by a key has missed the call twice: when he presses it, and when his leg has ended.',
    edits: [
      {
        file: 'src/core/call-ringing.ts',
        old: `if (attempt.state !== 'ringing' && attempt.state !== 'offered') return;
      lose(`,
        new: `if (attempt.state === 'stopped') return;
      lose(`,
      },
    ],
  },
  {
    name: 'claimed-in-spite-of-a-pause',
    what: 'Who is paused is claimed all the same: callers wait for a phone nobody takes.',
    edits: [
      {
        file: 'src/store/consultants.ts',
        old: 'consultant_is_reachable(c, ?::timestamptz, ?::text)',
        new: `consultant_is_reachable(jsonb_populate_record(c, '{"paused_at":null}'), ?::timestamptz, ?::text)`,
      },
    ],
  },
  {
    name: 'every-gateway-tells-what-the-clock-did',
    what: 'What the clock did to a consultant is told by each gateway that looks, whatever was told before.',
    edits: [
      {
        file: 'src/flow/consultant-state.ts',
        old: 'if (!before || (before.dueAt !== undefined && before.dueAt > now)) return;',
        new: 'if (!before) return;',
      },
      {
        file: 'src/flow/consultant-state.ts',
        old: 'const isNews = changed || told !== before.told;',
        new: `const isNews = changed || (by === 'schedule' && before.state.hours !== 'always') || told !== before.told;`,
      },
    ],
  },
  {
    name: 'said-goodbye-and-stayed',
    what: 'A consultant whose call to the service is over is not hung up: his telephone stays on a line nobody knows.',
    edits: [
      {
        file: 'src/flow/serve-consultant.ts',
        old: `      await aSwitch.hangUp(leg, 'normal');
      return undefined;`,
        new: '      return undefined;',
      },
    ],
  },
  {
    name: 'told-before-it-is-stored',
    what: 'A consultant hears that he is what he keyed before it is written: callers go on being rung through to him.',
    edits: [
      {
        file: 'src/flow/serve-consultant.ts',
        old: '      return setByPhone(house, kept, command);',
        new: `      if (call.state.is === 'toggling') return setByPhone(house, kept, command);
      house.clock.after(3_000, () => void setByPhone(house, kept, command));
      return { type: 'done' };`,
      },
    ],
  },
  {
    name: 'kept-though-it-was-cut',
    what: 'A consultant who hangs up while he speaks has the half of it kept, and said to callers.',
    edits: [
      {
        file: 'src/core/service-call.ts',
        old: `  return isActing(call.state) ? { call: gone, commands: [] } : become(gone, { is: 'over' });`,
        new: `  if (call.state.is === 'speaking') return become(gone, { is: 'keeping', kind: call.state.kind, seconds: 3 });
  return isActing(call.state) ? { call: gone, commands: [] } : become(gone, { is: 'over' });`,
      },
    ],
  },
  {
    name: 'available-when-he-hangs-up',
    what: 'Who went away by telephone is available again when he hangs up, and is rung.',
    edits: [
      {
        file: 'src/flow/serve-consultant.ts',
        old: `      const { call, commands } = advanceService(kept.call, event);`,
        new: `      const { consultant } = kept.call;
      if (event.type === 'legEnded' && consultant)
        void house.db.asMerchant(kept.merchantId, (tx) =>
          setAvailability(house, tx, {
            merchantId: kept.merchantId,
            consultantId: consultant.id,
            setting: { is: 'available' },
            by: 'consultant',
          }),
        );
      const { call, commands } = advanceService(kept.call, event);`,
      },
      {
        file: 'src/flow/serve-consultant.ts',
        old: `import { deleteRecording,`,
        new: `import { setAvailability } from './consultant-state.ts';
import { deleteRecording,`,
      },
    ],
  },
  {
    name: 'missed-call-counts-again',
    what: 'A missed call counts once more when its record has come: who went away by it is available again.',
    edits: [
      {
        file: 'src/flow/service-acts.ts',
        old: `  const change = { merchantId, consultantId, setting: settingOf(wish), by: 'phone' as const };`,
        new: `  const change = { merchantId, consultantId, setting: settingOf(wish), by: 'phone' as const };
  const again = async (tx: Tx): Promise<void> => {
    const [one] = await consultantsOfIds(tx, [consultantId]);
    if (!one) return;
    const setting = settingOf(turnedOver(one, house.clock.now()));
    await setAvailability(house, tx, { ...change, setting });
  };
  if (call.state.is === 'toggling') house.clock.after(2_000, () => void house.db.asMerchant(merchantId, again));`,
      },
    ],
  },
  {
    name: 'script-asked-under-another-id',
    what: 'A question to a script is asked under an id of the moment: after a takeover the script cannot know it again, and acts twice.',
    edits: [
      {
        file: 'src/flow/run-scenario.ts',
        old: 'const requestId = requestOfRun(run);',
        new: 'const requestId = `${run.id}-${this.#hands.request.slice(-8)}`;',
      },
    ],
  },
  {
    name: 'led-on-in-memory-only',
    what: 'The scenario that follows a talk is begun by whoever heard the talk end, and not written with it: who dies over it has left the caller nowhere.',
    edits: [
      {
        file: 'src/flow/call-step.ts',
        old: 'handsOver && lease !== undefined ? await followTalk(house, tx, stored, next, at, lease) : undefined;',
        new: 'handsOver && lease === undefined ? await followTalk(house, tx, stored, next, at, 0n) : undefined;',
      },
    ],
  },
  {
    name: 'led-call-left-held',
    what: 'A scenario that led a paid call is over, and the call is left to the end of its leg: who dies between the two leaves the card held.',
    edits: [
      {
        file: 'src/flow/led-call.ts',
        old: `if (call?.session.state !== 'led') return;`,
        new: `if (call?.session.state !== 'recognizing') return;`,
      },
    ],
  },
  {
    name: 'led-call-rung-free',
    what: 'What a scenario rings in a paid call is a talk on no card from the first one on: he talks for nothing, and what is held is let go.',
    edits: [
      {
        file: 'src/flow/scenario-talk.ts',
        old: 'if (paid?.session.led && paid.session.handedOver !== true) {',
        new: 'if (paid?.session.led && paid.session.outcome === undefined && run.turn < 0) {',
      },
    ],
  },
  {
    name: 'card-pays-under-a-new-key',
    what: 'What was asked of the processor for a keyed card is asked again under another key by whoever asks again: the card holds twice.',
    edits: [
      {
        file: 'src/flow/hold-money.ts',
        old: 'key: operation.id,',
        new: `key: keypad ? operation.id + house.ids.id('operation').slice(-4) : operation.id,`,
      },
    ],
  },
  {
    name: 'card-order-outlives-its-call',
    what: 'What he ordered waits for his card though he has hung up in the card room: nobody gives it up, and its consultant is kept.',
    edits: [
      {
        file: 'src/flow/led-call.ts',
        old: 'for (const orderId of await unpaidOrdersOfRun(tx, run.id))',
        new: 'for (const orderId of (await unpaidOrdersOfRun(tx, run.id)).slice(99))',
      },
    ],
  },
  {
    name: 'card-not-asked-again',
    what: 'Whoever takes over a call that was in the card room waits for a word of it, and does not ask: he hears nothing any more.',
    edits: [
      {
        file: 'src/flow/card-payment.ts',
        old: 'if (!hands.isAsked()) return undefined;',
        new: 'if (!hands.isAsked() || hands.anew) return undefined;',
      },
    ],
  },
  {
    name: 'paid-as-far-as-we-know',
    what: 'A card whose bank has not answered is taken to have paid: he hears so, and goes on to what he has not paid for.',
    edits: [
      {
        file: 'src/flow/pay-by-card.ts',
        old: `return order.reason === null ? undefined : { type: 'failed', because: 'order_over' };`,
        new: `return order.reason === null ? { type: 'cardPaid' } : { type: 'failed', because: 'order_over' };`,
      },
    ],
  },
  {
    name: 'declined-by-a-clock',
    what: 'A bank that is slow is taken to have said no: he keys his card again, and both may hold.',
    edits: [
      {
        file: 'src/flow/pay-by-card.ts',
        old: 'tell(await look().catch(failed));',
        new: `tell((await look().catch(failed)) ?? { type: 'cardDeclined', because: 'declined' });`,
      },
    ],
  },
  {
    name: 'left-where-nobody-hears-him',
    what: 'A card room that died is asked a few times and then not waited for: the leg bears its mark still, and nothing of it is heard.',
    edits: [
      {
        file: 'src/flow/card-payment.ts',
        old: 'if (!heard && hands.isAsked() && hands.mayBegin()) await',
        new: 'if (!heard && !hands.isAsked()) await',
      },
    ],
  },
  {
    name: 'kept-for-his-number-alone',
    what: 'A card that was kept is found by the number he calls from, whoever he is there: it pays for another client.',
    edits: [
      {
        file: 'src/flow/kept-cards.ts',
        old: '`${merchantId}\\n${number}\\n${clientCode}`',
        new: '`${merchantId}\\n${number}\\n${clientCode.slice(99)}`',
      },
    ],
  },
  {
    name: 'forgotten-and-kept-all-the-same',
    what: 'A card is told to be forgotten, and stays: it pays in his next call.',
    edits: [
      {
        file: 'src/store/keypad.ts',
        old: `'delete from kept_cards where mark = ?`,
        new: `'select id from kept_cards where mark = ? --`,
      },
    ],
  },
  {
    name: 'removed-from-under-a-talk',
    what: 'What a card was kept with is removed as soon as it is forgotten, though a talk is held on it still.',
    edits: [
      {
        file: 'src/store/customers.ts',
        old: `where used.request ->> 'customer' = a.customer and`,
        new: `where used.request ->> 'customer' = '' and`,
      },
    ],
  },
  {
    name: 'forgotten-here-alone',
    what: 'A card that is forgotten is so here, and kept at the processor for ever.',
    edits: [
      {
        file: 'src/flow/kept-cards.ts',
        old: 'await removeKeepersOf(tx, merchantId, orders, house.clock.now());',
        new: 'await removeKeepersOf(tx, merchantId, orders.slice(99), house.clock.now());',
      },
    ],
  },
  {
    name: 'kept-without-his-yes',
    what: 'A card is kept of everybody who is known, whatever he answers.',
    edits: [
      {
        file: 'src/core/scenario/blocks/card-payment.ts',
        old: `const keep = event.type === 'keyed' && event.digits === '1';`,
        new: `const keep = event.type === 'keyed' || event.digits !== '1';`,
      },
    ],
  },
  {
    name: 'any-kept-card-will-do',
    what: 'The first card that was kept pays, whatever he keys.',
    edits: [
      {
        file: 'src/flow/pay-by-card.ts',
        old: '({ last4 }) => last4 === command.keptLast4',
        new: '({ last4 }) => last4 !== `${command.keptLast4}0`',
      },
    ],
  },
  {
    name: 'earlier-talk-counted',
    what: 'What the switch tells of the last talk on a caller’s leg is taken for this one, which has not begun: he is billed for a talk that never was.',
    edits: [
      {
        file: 'src/core/call-session.ts',
        old: 'return before === undefined || joinedUs > BigInt(before);',
        new: 'return before === undefined || joinedUs > 0n;',
      },
    ],
  },
  {
    name: 'taken-before-they-are-joined',
    what: 'What is to be taken at connection is taken as soon as the consultant has said yes: who is never joined has paid.',
    edits: [
      {
        file: 'src/flow/call-step.ts',
        old: `return before.state !== 'connected' && next.state === 'connected';`,
        new: `return before.state !== 'ringing_caller' && next.state === 'ringing_caller';`,
      },
      {
        file: 'src/flow/settle-order.ts',
        old: `return state === 'connected' && plan.capture === 'at_connection';`,
        new: `return ['ringing_caller', 'connected'].includes(state) && plan.capture === 'at_connection';`,
      },
      {
        file: 'src/flow/finish-settlement.ts',
        old: 'if (session.bridgedUs === undefined) return',
        new: `if (session.bridgedUs === undefined && session.state !== 'ringing_caller') return`,
      },
    ],
  },
  {
    name: 'forgotten-at-connection',
    what: 'Nobody is told to take what is to be taken when both are joined: it is taken when they have talked, or never told before.',
    edits: [
      {
        file: 'src/flow/call-step.ts',
        old: `return before.state !== 'connected' && next.state === 'connected';`,
        new: `return before.state === 'connected' && next.state === 'led';`,
      },
    ],
  },
  {
    name: 'taken-at-connection-whatever-it-costs',
    what: 'A price that grows with the talk is taken when both are joined, as far as it has grown by then: the rest is nobody’s.',
    edits: [
      {
        file: 'src/core/rating.ts',
        old: 'return !least.amount.isZero() && least',
        new: 'return !least.amount.isZero() || least',
      },
    ],
  },
  {
    name: 'told-again-when-they-have-talked',
    what: 'What was taken at connection is told then, and told again at the end of the talk: the merchant books it twice.',
    edits: [
      {
        file: 'src/flow/settle-order.ts',
        old: 'const told = call?.session.plan.capture !== undefined;',
        new: `const told = call?.session.plan.capture !== undefined && stored.state === 'authorized';`,
      },
    ],
  },
];
