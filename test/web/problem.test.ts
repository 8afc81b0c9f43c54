import { describe, expect, it } from 'vitest';
import type { OrderRefusal, OrderRefusalReason } from '../../src/core/order.ts';
import { DatabaseAway } from '../../src/store/database.ts';
import { isProblemKind, problemKinds, problemStatuses } from '../../src/web/problem-kinds.ts';
import { problemOf, problemOfRefusal, refusalSentence } from '../../src/web/problem.ts';
import { problemTexts } from '../../src/web/problem-texts.ts';
import { problemOfError } from '../../src/web/send-problem.ts';

const place = { language: 'en', publicUrl: 'https://ring.example', requestId: 'req-1' } as const;
const languages = ['en', 'fr'] as const;

describe('a problem', () => {
  it('has the members of RFC 9457, its own beside them', () => {
    expect(problemOf({ kind: 'already-ended', members: { id: 'call_1' } }, place)).toEqual({
      type: 'https://ring.example/problems/already-ended',
      title: 'The call is over',
      status: 409,
      detail: problemTexts['already-ended'].detail.en,
      instance: 'urn:ringmeter:request:req-1',
      id: 'call_1',
    });
  });

  it('cannot have its standard members replaced', () => {
    const members = { type: 'x', title: 'x', status: 200, detail: 'x', instance: 'x' };
    expect(problemOf({ kind: 'not-found', members }, place)).toEqual(problemOf({ kind: 'not-found' }, place));
  });

  it.each(problemKinds)('%s has a title and a sentence in both languages, not the same one twice', (kind) => {
    const { title, detail } = problemTexts[kind];
    for (const language of languages) {
      expect(title[language]).toMatch(/^[\p{Lu}].*[^.]$/u);
      // What is so, and what to do next: two sentences.
      expect(detail[language]).toMatch(/\.$/);
      expect(detail[language].split(/[.;:] /).length).toBeGreaterThanOrEqual(2);
    }
    expect(title.en).not.toBe(title.fr);
    expect(detail.en).not.toBe(detail.fr);
    expect(problemStatuses[kind]).toBeGreaterThanOrEqual(400);
  });

  it('is known by its name, and nothing else is', () => {
    expect(isProblemKind('declined')).toBe(true);
    for (const name of ['', 'Declined', 'toString', '__proto__']) expect(isProblemKind(name)).toBe(false);
  });
});

describe('a refused order', () => {
  it.each<[OrderRefusalReason, number]>([
    ['line_unknown', 404],
    ['merchant_off', 403],
    ['line_off', 409],
    ['nobody_free', 409],
    ['consultant_busy', 409],
    ['consultant_unknown', 404],
    ['number_invalid', 422],
    ['number_refused', 422],
    ['number_is_consultant', 422],
    ['duration_not_offered', 422],
    ['legs_cost_more', 422],
    ['price_changed', 409],
    ['return_not_listed', 422],
    ['switch_away', 503],
    ['processor_away', 503],
    ['processor_refused', 422],
    ['declined', 402],
    ['number_too_often', 429],
    ['card_too_often', 429],
    ['cards_tried_too_often', 429],
    ['address_too_often', 429],
    ['address_unpaid', 429],
    ['merchant_too_often', 429],
    ['merchant_busy', 429],
    ['number_never_again', 422],
    ['calls_stopped', 503],
  ])('%s is %i', (because, status) => {
    const problem = problemOf(problemOfRefusal({ because }), place);
    expect(problem.status).toBe(status);
    expect(problem.type).toBe(`https://ring.example/problems/${because.replaceAll('_', '-')}`);
  });

  it.each<[OrderRefusal, string, string]>([
    [{ because: 'declined', detail: 'insufficient_funds' }, 'not enough money', 'solde'],
    [{ because: 'declined', detail: 'expired_card' }, 'expired', 'expiré'],
    [{ because: 'declined', detail: 'wrong_security_code' }, 'security code', 'cryptogramme'],
    [{ because: 'declined', detail: 'authentication_failed' }, 'confirm', 'confirmer'],
    [{ because: 'declined' }, 'declined', 'refusé'],
    [{ because: 'number_invalid', detail: 'too_short' }, 'too short', 'trop court'],
    [{ because: 'number_invalid', detail: 'empty' }, 'No phone number', 'Aucun numéro'],
    [{ because: 'number_refused', detail: 'premium' }, 'premium', 'surtaxé'],
    [{ because: 'number_refused', detail: 'satellite' }, 'satellite', 'satellitaire'],
    [{ because: 'number_refused', detail: 'short' }, 'short number', 'numéro court'],
    [{ because: 'line_off', detail: 'no_verified_number' }, 'verified', 'vérifié'],
    [{ because: 'line_off', detail: 'something new' }, 'switch', 'Activez'],
  ])('%j has a sentence of its own', (refusal, english, french) => {
    expect(refusalSentence(refusal, 'en').toLowerCase()).toContain(english.toLowerCase());
    expect(refusalSentence(refusal, 'fr')).toContain(french);
  });

  it('a stolen card is told no more than a declined one', () => {
    for (const detail of ['lost_or_stolen', 'suspected_fraud']) {
      expect(refusalSentence({ because: 'declined', detail }, 'en')).toBe(
        refusalSentence({ because: 'declined' }, 'en'),
      );
    }
  });

  it('names the order that exists nevertheless', () => {
    const problem = problemOfRefusal(
      { because: 'declined', detail: 'declined' },
      { orderId: 'ord_1', callSessionId: 'call_1' },
    );
    expect(problem.members).toEqual({ reason: 'declined', orderId: 'ord_1', callSessionId: 'call_1' });
  });

  it('a limit says when to come again, a stop that it takes a person', () => {
    expect(problemOfRefusal({ because: 'number_too_often', retryAfterSeconds: 900 })).toMatchObject({
      retryAfterSeconds: 900,
    });
    expect(problemOfRefusal({ because: 'calls_stopped' })).toMatchObject({ retryAfterSeconds: 60 });
  });

  it('a processor without an answer: come again when nothing was written, wait when an order was', () => {
    const nothing = problemOfRefusal({ because: 'processor_away' });
    const written = problemOfRefusal({ because: 'processor_away' }, { orderId: 'ord_1' });
    expect(nothing).toMatchObject({ retryAfterSeconds: 5 });
    expect(written.retryAfterSeconds).toBeUndefined();
    expect(problemOf(written, place).detail).toContain('Do not order anew');
    expect(problemOf(nothing, place).detail).toContain('no order was taken');
  });
});

describe('an error', () => {
  const coded = (code: string) => Object.assign(new Error('x'), { code });
  const parser = (type: string, status: number) => Object.assign(new Error('x'), { type, status });

  it.each([
    ['our own word for it', new DatabaseAway()],
    ['refused', coded('ECONNREFUSED')],
    ['reset', coded('ECONNRESET')],
    ['going down', coded('57P01')],
    ['too many connections', coded('53300')],
    ['connection failure', coded('08006')],
    ['a full pool', new Error('timeout exceeded when trying to connect')],
    ['every address refused', new AggregateError([coded('ECONNREFUSED')])],
  ])('of a database that is away (%s) is 503', (_name, error) => {
    expect(problemOfError(error)).toEqual({ kind: 'database-away', retryAfterSeconds: 2 });
  });

  it.each([
    ['entity.parse.failed', 400, 'not-json'],
    ['entity.too.large', 413, 'too-large'],
    ['charset.unsupported', 415, 'not-json'],
    ['request.aborted', 400, 'not-json'],
  ])('of a body (%s) is the sender’s', (type, status, kind) => {
    expect(problemOfError(parser(type, status)).kind).toBe(kind);
  });

  it.each([
    ['a bug', new TypeError('undefined is not a function')],
    ['a broken rule of the database', coded('23505')],
    ['something thrown that is no error', 'oops'],
    ['nothing at all', undefined],
  ])('that is %s is ours', (_name, error) => {
    expect(problemOfError(error)).toEqual({ kind: 'unexpected' });
  });
});
