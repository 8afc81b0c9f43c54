// Nested values as Stripe's API takes them in a form: `card[exp_month]=8`. Pure.

/** Adds everything that is there; `undefined` and `null` are left out. */
export function appendNested(form: URLSearchParams, values: Record<string, unknown>, prefix = ''): void {
  for (const [name, value] of Object.entries(values)) {
    const path = prefix === '' ? name : `${prefix}[${name}]`;
    if (value === undefined || value === null) continue;
    if (typeof value === 'object') appendNested(form, value as Record<string, unknown>, path);
    else if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
      form.append(path, String(value));
    }
  }
}
