// `play_and_get_digits`, by FreeSWITCH's own rules (`switch_play_and_get_digits`, `switch_ivr_read`): the first key breaks
// the prompt off, keys that came before it count, a terminator ends, too few keys fail and the sound for that is played.

import { applications, play, takeDigit, type ApplicationHost, type Playing } from './switch-applications.ts';
import { patternOf, separate } from './switch-command-text.ts';
import type { Channel, Execute, Running } from './switch-channel.ts';

interface Question {
  least: number;
  most: number;
  tries: number;
  waitMs: number;
  digitWaitMs: number;
  terminators: string;
  prompt: string;
  badInput: string;
  variable: string;
  pattern: RegExp | undefined;
}

function questionOf(argument: string): Question {
  const [least, most, tries, wait, terminators, prompt, badInput, variable, pattern, digitWait] =
    separate(argument);
  const whole = (text: string | undefined): number => Math.max(Number.parseInt(text ?? '0', 10) || 0, 0);
  const waitMs = Math.max(whole(wait), 1000);
  return {
    least: whole(least),
    most: Math.max(whole(most), whole(least)),
    tries: whole(tries),
    waitMs,
    digitWaitMs: whole(digitWait) === 0 ? waitMs : whole(digitWait),
    terminators: terminators ?? '#',
    prompt: prompt ?? '',
    badInput: badInput ?? '',
    variable: variable ?? '',
    pattern: patternOf(pattern),
  };
}

class Asking implements Running {
  readonly lock: boolean;
  readonly #host: ApplicationHost;
  readonly #channel: Channel;
  readonly #question: Question;
  readonly #done: () => void;
  #phase: 'prompt' | 'collect' | 'badInput' = 'prompt';
  #playing: Playing | undefined;
  #timer: NodeJS.Timeout | undefined;
  #digits = '';
  #triesLeft: number;
  #ended = false;

  constructor(host: ApplicationHost, channel: Channel, execute: Execute, done: () => void) {
    this.lock = execute.lock;
    this.#host = host;
    this.#channel = channel;
    this.#question = questionOf(execute.argument);
    this.#triesLeft = this.#question.tries;
    this.#done = done;
  }

  begin(): void {
    if (this.#ended) return;
    if (this.#triesLeft <= 0) {
      this.#end();
      return;
    }
    const { prompt, variable } = this.#question;
    this.#phase = 'prompt';
    this.#digits = '';
    this.#channel.variables.set('read_result', undefined);
    if (variable !== '') this.#channel.variables.set(variable, undefined);
    if (prompt === '' || prompt === 'silence') {
      this.#host.asked(this.#channel);
      this.#collect();
      return;
    }
    this.#playing = play(this.#host, this.#channel, prompt, () => this.#collect());
    if (this.#playing === undefined) this.#failed();
    else this.#host.asked(this.#channel);
    if (this.#channel.typed.length > 0) this.digits();
  }

  digits(): void {
    if (this.#phase === 'prompt' && this.#playing !== undefined) {
      this.#digits = takeDigit(this.#host, this.#channel) ?? '';
      if (this.#digits === '') return;
      this.#playing.stop('break');
      this.#collect();
    }
    while (this.#phase === 'collect' && !this.#ended && this.#channel.typed.length > 0) {
      const digit = takeDigit(this.#host, this.#channel) ?? '';
      if (this.#question.terminators.includes(digit)) {
        this.#terminated(digit);
        return;
      }
      this.#digits += digit;
      if (this.#digits.length >= this.#question.most) this.#read('success');
      else this.#wait();
    }
  }

  interrupt(): void {
    if (this.#phase === 'collect') return;
    this.#playing?.stop('break');
    if (this.#phase === 'prompt') this.#collect();
    else this.#again();
  }

  abandon(): void {
    if (this.#phase !== 'collect') this.#playing?.stop('done');
    const { variable } = this.#question;
    this.#channel.variables.set('read_result', 'failure');
    if (variable !== '' && this.#digits !== '') this.#channel.variables.set(variable, this.#digits);
    this.#end();
  }

  #collect(): void {
    this.#phase = 'collect';
    this.#playing = undefined;
    if (this.#digits.length >= this.#question.most) {
      this.#read('success');
      return;
    }
    if (this.#digits !== '' && this.#question.terminators.includes(this.#digits)) {
      const digit = this.#digits;
      this.#digits = '';
      this.#terminated(digit);
      return;
    }
    this.#wait();
    if (this.#channel.typed.length > 0) this.digits();
  }

  #wait(): void {
    clearTimeout(this.#timer);
    const ms = this.#digits === '' ? this.#question.waitMs : this.#question.digitWaitMs;
    this.#timer = setTimeout(() => this.#read('timeout'), ms / this.#host.speed.silence);
  }

  #terminated(digit: string): void {
    this.#channel.variables.set('read_terminator_used', digit);
    this.#read('success');
  }

  #read(status: 'success' | 'timeout'): void {
    clearTimeout(this.#timer);
    const { least, most, terminators, variable, pattern } = this.#question;
    const { variables } = this.#channel;
    const tooFew = this.#digits.length < least;
    variables.set('read_result', tooFew ? 'failure' : status);
    // One key asked for and the terminator given: nothing was typed.
    if (most === 1 && this.#digits !== '' && terminators.includes(this.#digits)) this.#digits = '';
    if (variable !== '' && this.#digits !== '') variables.set(variable, this.#digits);
    const terminated = variables.get('read_terminator_used') !== undefined;
    if (least === 0 && this.#digits === '' && terminated) {
      this.#end();
      return;
    }
    if (!tooFew && this.#digits !== '') {
      if (pattern === undefined || pattern.test(this.#digits)) {
        this.#end();
        return;
      }
      if (variable !== '') {
        variables.set(variable, undefined);
        variables.set(`${variable}_invalid`, this.#digits);
      }
    }
    this.#failed();
  }

  #failed(): void {
    this.#phase = 'badInput';
    this.#playing = play(this.#host, this.#channel, this.#question.badInput, () => this.#again());
    if (this.#playing === undefined) this.#again();
  }

  #again(): void {
    this.#triesLeft -= 1;
    this.begin();
  }

  #end(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
    this.#done();
  }
}

applications.set('play_and_get_digits', (host, channel, execute, done) => {
  const asking = new Asking(host, channel, execute, done);
  asking.begin();
  return asking;
});
