// What the API says when it cannot do what was asked (RFC 9457), and what it cannot say because it was not reached.

export class Problem extends Error {
  /** The last part of its `type`; `unreached`: no answer came, and nobody knows whether it was done. */
  readonly kind: string;
  readonly status: number;
  /** Where in the body something is wrong, as JSON Pointers without the `#`. */
  readonly fields: Readonly<Record<string, string>>;

  constructor(kind: string, status: number, detail: string, fields: Record<string, string> = {}) {
    super(detail);
    this.name = 'Problem';
    this.kind = kind;
    this.status = status;
    this.fields = fields;
  }
}

export function isProblem(error: unknown, kind?: string): error is Problem {
  return error instanceof Problem && (kind === undefined || error.kind === kind);
}

export async function problemOfResponse(response: Response): Promise<Problem> {
  const body: unknown = await response.json().catch(() => ({}));
  const { type, detail, errors } = body as { type?: unknown; detail?: unknown; errors?: unknown };
  const kind = typeof type === 'string' ? (type.split(/[/:]/).at(-1) ?? '') : '';
  const fields: Record<string, string> = {};
  for (const entry of Array.isArray(errors) ? errors : []) {
    const { pointer, detail: wrong } = entry as { pointer?: unknown; detail?: unknown };
    if (typeof pointer === 'string' && typeof wrong === 'string') fields[pointer.replace(/^#/, '')] ??= wrong;
  }
  return new Problem(
    kind === '' ? 'unexpected' : kind,
    response.status,
    typeof detail === 'string' ? detail : `${response.status}`,
    fields,
  );
}
