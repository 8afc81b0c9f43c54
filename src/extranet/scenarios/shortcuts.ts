// The keys of the drawing that hold wherever one is on its page.

import { useEffect } from 'react';

export function useShortcuts({
  undo,
  redo,
  duplicate,
  chosen,
  readOnly,
}: {
  undo: () => void;
  redo: () => void;
  duplicate: () => void;
  /** The one block whose settings stand in the panel. */
  chosen: string | undefined;
  readOnly: boolean;
}): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const at = event.target instanceof HTMLElement ? event.target : undefined;
      if (at?.closest('[role=dialog], [role=menu]')) return;
      if (event.key === 'F2' && chosen !== undefined) {
        settingsField()?.focus();
        event.preventDefault();
        return;
      }
      if (event.key === 'Escape' && chosen !== undefined && at?.closest('.sc-panel')) {
        document.querySelector<HTMLElement>(`.react-flow__node[data-id="${CSS.escape(chosen)}"]`)?.focus();
        return;
      }
      // In a field these belong to what is being typed.
      const isTyping = at?.matches('input, textarea, select') ?? false;
      if (readOnly || isTyping || !(event.ctrlKey || event.metaKey) || event.altKey) return;
      const key = event.key.toLowerCase();
      if (key === 'z') (event.shiftKey ? redo : undo)();
      else if (key === 'y') redo();
      else if (key === 'd') duplicate();
      else return;
      event.preventDefault();
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, [undo, redo, duplicate, chosen, readOnly]);
}

const settingsField = (): HTMLElement | null =>
  document.querySelector('.sc-block-form :is(textarea, input, select, summary, button)');
