// `npm run chaos [-- --minutes 3 --seed 1 --rate 2]`: two gateways under load are killed, frozen and cut off, their database
// crashes under them, and after each round everything must add up. Prints what it did, what it saw and how long adoption
// took; the last line is `N rounds, N violations`, the exit code 1 when there was one. What is drawn repeats with the seed;
// what the machine makes of it does not.

import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Callers, type Placed } from './callers.ts';
import { startChaosHouse } from './chaos-house.ts';
import { type Blow, type Kind, kinds, liveTalks, strike } from './ill-treatment.ts';
import { judgeRound } from './verdict.ts';

/** Some talks begin, several blows fall on them, the last of them end under the last blow. */
const roundSeconds = 30;
const blowsPerRound = 4;
const speechSpeed = 50;
const talksWanted = 5;
const talksPatienceMs = 8_000;

const { values: asked } = parseArgs({
  options: {
    minutes: { type: 'string', default: '3' },
    seed: { type: 'string', default: String(Date.now() % 100_000) },
    rate: { type: 'string', default: '1.5' },
  },
});
const minutes = Number(asked.minutes);
const perSecond = Number(asked.rate);
if (!(minutes > 0) || !(perSecond > 0) || !/^\d+$/.test(asked.seed)) {
  process.stderr.write('Say --minutes and --rate as numbers above 0, --seed as a whole number.\n');
  process.exit(2);
}
const chance = seeded(Number(asked.seed));
const say = (line: string): void => void process.stdout.write(`${line}\n`);

say(`chaos: seed ${asked.seed}, ${asked.minutes} min, ${asked.rate} orders a second, two gateways`);
const house = await startChaosHouse({ speechSpeed });
// A chance of their own: how many orders there are by a certain blow is the machine's affair.
const callers = await Callers.meet(house, seeded(Number(asked.seed) + 1));
const until = performance.now() + minutes * 60_000;
// Each kind once before any comes again.
let bag: Kind[] = shuffled(kinds);
const blows: Blow[] = [];
const placed: Placed[] = [];
let rounds = 0;
let violations = 0;
let talks = 0;
let longestRestMs = 0;
try {
  // One round at least; the last begins while there is time for it.
  while (rounds === 0 || performance.now() + roundSeconds * 1000 < until) {
    rounds += 1;
    const roundEnd = performance.now() + roundSeconds * 1000;
    const calling = callers.call(perSecond, roundEnd);
    const struck: Blow[] = [];
    for (let nth = 0; nth < blowsPerRound; nth += 1) {
      await delay(1_500 + 3_000 * chance());
      await untilPeopleTalk();
      const kind = bag.pop() ?? 'kill the commander';
      if (bag.length === 0) bag = shuffled(kinds);
      const blow = await strike(house, kind, chance);
      struck.push(blow);
      say(`  ${describe(blow)}`);
    }
    const ordered = await calling;
    const verdict = await judgeRound(house, ordered);
    placed.push(...ordered);
    blows.push(...struck);
    talks += verdict.talks;
    longestRestMs = Math.max(longestRestMs, verdict.restMs);
    violations += verdict.violations.length;
    say(
      `round ${String(rounds)}: ${String(ordered.length)} orders, ${String(verdict.talks)} talks, at rest after ${seconds(verdict.restMs)}, ${String(verdict.violations.length)} violations`,
    );
    for (const violation of verdict.violations) say(`  VIOLATION ${violation}`);
  }
  report();
} catch (error) {
  violations += 1;
  say(
    `  VIOLATION the run itself failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
  );
} finally {
  if (violations > 0)
    say(`--- what the gateways said last\n${house.log().split('\n').slice(-60).join('\n')}\n---`);
  await callers.close();
  await house.stop();
}
say(`${String(rounds)} rounds, ${String(violations)} violations`);
process.exit(violations > 0 ? 1 : 0);

/** A blow on nobody proves little; one that waits for ever proves less. */
async function untilPeopleTalk(): Promise<void> {
  const deadline = performance.now() + talksPatienceMs;
  while ((await liveTalks(house)) < talksWanted && performance.now() < deadline) await delay(100);
}

function shuffled<One>(all: readonly One[]): One[] {
  const drawn = all.map((one) => ({ one, at: chance() }));
  return drawn.sort((a, b) => a.at - b.at).map(({ one }) => one);
}

function report(): void {
  const count = (outcome: Placed['outcome']): number =>
    placed.filter((one) => one.outcome === outcome).length;
  say('');
  say(
    `orders      ${String(placed.length)}: ${String(count('taken'))} taken, ${String(count('refused'))} refused, ${String(count('not_taken'))} not taken within a minute and a half; ${String(placed.filter(({ tries }) => tries > 1).length)} asked more than once`,
  );
  say(
    `talks       ${String(talks)}, each as long as the people wanted, each captured as the switch measured it`,
  );
  for (const kind of kinds) {
    const those = blows.filter((one) => one.kind === kind);
    if (those.length === 0) continue;
    const adopted = those.flatMap(({ adoptedMs }) => (adoptedMs === undefined ? [] : [adoptedMs]));
    const times =
      adopted.length === 0 ? '' : `, adopted after ${adopted.map((ms) => seconds(ms)).join(', ')}`;
    say(
      `${kind.padEnd(24)} ${String(those.length)} times, ${String(those.reduce((sum, one) => sum + one.talks, 0))} live talks${times}`,
    );
  }
  say(`at rest     ${seconds(longestRestMs)} after the last order of a round, at most`);
}

function describe({ kind, talks: live, adoptedMs }: Blow): string {
  const after = adoptedMs === undefined ? '' : `, commanded again after ${seconds(adoptedMs)}`;
  return `${kind}: ${String(live)} live talks${after}`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

/** mulberry32: small, and the same everywhere. */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
