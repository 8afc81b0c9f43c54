// When a payment that is not over is looked at again, given up or let go. Who does it then is follow-payment (recover
// finds what is due).

/** A consultant is kept for the caller this long while he finds his card (DESIGN 4). */
export const claimSeconds = 180;
/** The processor is asked what is true this long after the caller pressed the button, should its event not come. */
export const lookSeconds = 5;
/** The first answer of the processor is waited for this long by whoever made the order; then anybody asks again. */
export const firstLookSeconds = 4 * lookSeconds;
/** An order nobody pays is given up after this; its link then says so. */
export const abandonSeconds = 30 * 60;
/**
 * Until then the same key means the same request (Stripe forgets keys after 24 hours); after it, asking again would be a
 * second hold.
 */
export const keyHoldsSeconds = 23 * 60 * 60;
/** A hold whose call never came about is released after this (DESIGN 4). */
export const holdWithoutCallSeconds = 600;

/** An answer that did not come is looked for often at first: the caller waits. Then he does not any more. */
export function lookAgainAfter(ageSeconds: number): number {
  return ageSeconds < 10 * 60 ? lookSeconds : 60;
}

export function later(from: Date, seconds: number): Date {
  return new Date(from.getTime() + seconds * 1000);
}
