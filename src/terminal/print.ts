// How answers look in a terminal: lists as aligned columns, one order as a page to read from top to bottom.

type Facts = Readonly<Record<string, unknown>>;

/** Aligned columns under their names; columns nobody has a value in are left out. */
export function table(given: readonly object[], columns?: readonly string[]): string {
  const list = given as readonly Facts[];
  const names = (columns ?? [...new Set(list.flatMap((row) => Object.keys(row)))]).filter((name) =>
    list.some((row) => shown(row[name]) !== ''),
  );
  const lines = [names.map(heading), ...list.map((row) => names.map((name) => shown(row[name])))];
  const widths = names.map((_, column) => Math.max(...lines.map((line) => (line[column] ?? '').length)));
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** One fact a line, what has no value left out. */
export function facts(about: object): string {
  const told = Object.entries(about as Facts).filter(([, value]) => shown(value) !== '');
  const width = Math.max(0, ...told.map(([name]) => heading(name).length));
  return told.map(([name, value]) => `${heading(name).padEnd(width)}  ${shown(value)}`).join('\n');
}

/** `leaseSecondsLeft` is read as "lease seconds left". */
function heading(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

const instant = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)$/;

function shown(value: unknown): string {
  if (value === undefined || value === null) return '';
  if (value instanceof Date || (typeof value === 'string' && instant.test(value))) {
    const at = new Date(value);
    return at
      .toISOString()
      .replace('T', ' ')
      .replace(/(\.000)?Z$/, '');
  }
  if (typeof value === 'boolean') return value ? 'yes' : '';
  if (typeof value === 'object') return Object.keys(value).length === 0 ? '' : JSON.stringify(value);
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  // A line end would break the columns.
  return text.replace(/\s*[\r\n]+\s*/g, ' ');
}

/** A page of sections; those with nothing in them are left out. */
export function page(sections: readonly (readonly [title: string, text: string])[]): string {
  return sections
    .filter(([, text]) => text !== '')
    .map(([title, text]) => `${title}\n${text.replace(/^/gm, '  ')}`)
    .join('\n\n');
}

/** A sentence broken at the terminal's edge, each line after the first set in. */
export function wrapped(sentence: string, indent: string, width = 100): string {
  const lines: string[] = [];
  let line = '';
  for (const word of sentence.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width - indent.length) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].map((one) => indent + one).join('\n');
}
