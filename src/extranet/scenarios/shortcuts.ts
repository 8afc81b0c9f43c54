// The keys of the drawing that hold wherever one is on its page.

import { useEffect } from 'react';

export function useShortcuts({
  undo,
  redo,
  duplicate,
  readOnly,
}: {
  undo: () => void;
  redo: () => void;
  duplicate: () => void;
  readOnly: boolean;
}): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const at = event.target instanceof HTMLElement ? event.target : undefined;
      // In a field these belong to what is being typed.
      const isTyping = at?.closest('input, textarea, select, [role=dialog]') !== null && at !== undefined;
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
  }, [undo, redo, duplicate, readOnly]);
}
