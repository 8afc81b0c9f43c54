// Which of the short sentences stand together (notices shows them).

export interface Told {
  id: number;
  text: string;
  kind: 'good' | 'bad';
}

/**
 * What stands once `next` is said. Of good news the newest alone: what was saved before it has been read, or need not be. Bad
 * news stand until they are closed, three sentences at most.
 */
export function stands(told: readonly Told[], next: Told): readonly Told[] {
  const isOver = (one: Told): boolean =>
    one.text === next.text || (one.kind === 'good' && next.kind === 'good');
  return [...told.filter((one) => !isOver(one)).slice(-2), next];
}
