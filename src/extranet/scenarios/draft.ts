// The draft that is being drawn: its history, and how it is kept. It saves itself a moment after the last change, one save at a time,
// each based on the version the one before it made; where somebody else has changed the scenario meanwhile nothing is overwritten, and
// whoever draws says which of the two stays.

import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { ask } from '../ask.ts';
import { isProblem } from '../problem.ts';
import { changed } from '../session.ts';
import type { Checked, Fault, ScenarioRecord } from './contract.ts';
import type { Graph } from './graph.ts';
import { begun, changedTo, type History, redone, undone } from './history.ts';
import { placed } from './layout.ts';
import { readScenario } from './read.ts';

/** `conflict`: somebody else's change stands there. `failed`: it could not be kept, `because` says why; `again`: it is tried again. */
export type Kept =
  { is: 'saved' | 'unsaved' | 'saving' | 'conflict' } | { is: 'failed'; because: string; again: boolean };

export interface Draft {
  graph: Graph;
  record: ScenarioRecord;
  kept: Kept;
  canUndo: boolean;
  canRedo: boolean;
  /** `about`: changes about the same thing, one after the other, are one step back. */
  change: (next: (graph: Graph) => Graph, about?: string) => void;
  undo: () => void;
  redo: () => void;
  /** Whatever is not kept yet; resolves the version of the scenario that holds all of it, or nothing where it could not be kept. */
  save: () => Promise<number | undefined>;
  takeTheirs: () => Promise<void>;
  keepMine: () => Promise<void>;
  /** Something but the draft has changed: its name, what is live. */
  heard: (record: ScenarioRecord) => void;
}

/** Somebody who types is not saved letter by letter. */
const saveAfterMs = 700;
/** Where the house was not reached. */
const saveAgainAfterMs = 5_000;

export function useDraft(first: ScenarioRecord, mayWrite: boolean): Draft {
  const [history, setHistory] = useState<History<Graph>>(() => begun(placed(first.draft)));
  const [record, setRecord] = useState(first);
  const [kept, setKept] = useState<Kept>({ is: 'saved' });
  const graph = history.now;
  // What the saving of a moment ago must see is not what was drawn when it began.
  const at = useRef({
    version: first.version,
    saved: history.now,
    graph,
    saving: undefined as Promise<number | undefined> | undefined,
  });
  at.current.graph = graph;
  const { slug } = first;

  const heard = useCallback(
    (next: ScenarioRecord) => {
      at.current.version = next.version;
      setRecord(next);
      void changed('scenarios');
    },
    [slug],
  );

  const save = useCallback((): Promise<number | undefined> => {
    const one = async (): Promise<number | undefined> => {
      const here = at.current;
      while (here.saved !== here.graph) {
        const sent = here.graph;
        setKept({ is: 'saving' });
        try {
          const next = await ask<ScenarioRecord>(
            'PUT',
            `/v1/scenarios/${slug}/draft`,
            { draft: sent },
            here.version,
          );
          here.saved = sent;
          heard(next);
        } catch (error) {
          if (isProblem(error, 'changed-meanwhile')) setKept({ is: 'conflict' });
          else {
            const [pointer, field] = Object.entries(isProblem(error) ? error.fields : {})[0] ?? [];
            const because = error instanceof Error ? error.message : '';
            setKept({
              is: 'failed',
              because: field === undefined ? because : `${because} ${String(pointer)}: ${field}`,
              again: isProblem(error) && (error.status === 0 || error.status >= 500),
            });
          }
          return undefined;
        }
      }
      setKept({ is: 'saved' });
      return here.version;
    };
    at.current.saving ??= one().finally(() => (at.current.saving = undefined));
    return at.current.saving;
  }, [slug, heard]);

  const stuck = kept.is === 'conflict';
  useEffect(() => {
    if (!mayWrite || stuck || graph === at.current.saved) return undefined;
    setKept((now) => (now.is === 'saving' ? now : { is: 'unsaved' }));
    const timer = window.setTimeout(() => void save(), saveAfterMs);
    return () => window.clearTimeout(timer);
  }, [graph, mayWrite, stuck, save]);

  const again = kept.is === 'failed' && kept.again;
  useEffect(() => {
    if (!again) return undefined;
    const timer = window.setInterval(() => void save(), saveAgainAfterMs);
    return () => window.clearInterval(timer);
  }, [again, save]);

  // Who leaves the page leaves nothing behind; who closes the window is asked.
  useEffect(() => {
    const onLeave = (event: BeforeUnloadEvent): void => {
      if (mayWrite && at.current.saved !== at.current.graph) event.preventDefault();
    };
    window.addEventListener('beforeunload', onLeave);
    return () => {
      window.removeEventListener('beforeunload', onLeave);
      if (mayWrite && at.current.saved !== at.current.graph) void save();
    };
  }, [mayWrite, save]);

  const change = useCallback<Draft['change']>((next, about) => {
    setHistory((now) => changedTo(now, next(now.now), about));
  }, []);

  const takeTheirs = useCallback(async () => {
    const theirs = await readScenario(slug);
    const drawn = placed(theirs.draft);
    at.current.saved = drawn;
    setHistory((now) => changedTo(now, drawn));
    heard(theirs);
    setKept({ is: 'saved' });
  }, [slug, heard]);

  const keepMine = useCallback(async () => {
    at.current.version = (await readScenario(slug)).version;
    await save();
  }, [slug, save]);

  return {
    graph,
    record,
    kept,
    canUndo: history.past.length > 0,
    canRedo: history.future.length > 0,
    change,
    undo: useCallback(() => setHistory(undone), []),
    redo: useCallback(() => setHistory(redone), []),
    save,
    takeTheirs,
    keepMine,
    heard,
  };
}

export interface Check {
  faults: readonly Fault[];
  publishable: boolean;
  is: 'checking' | 'checked' | 'failed';
  byBlock: ReadonlyMap<string, readonly Fault[]>;
}

const checkAfterMs = 400;

/** What is wrong with the graph as it stands, asked a moment after each change. What is known of the one before stands meanwhile. */
export function useCheck(slug: string, graph: Graph, language: string): Check {
  const [checked, setChecked] = useState<Checked>();
  const [is, setIs] = useState<Check['is']>('checking');
  const { start, blocks } = graph;
  const asked = useMemo(() => ({ start, blocks }), [start, blocks]);
  useEffect(() => {
    let isOver = false;
    setIs('checking');
    const timer = window.setTimeout(() => {
      ask<Checked>('POST', `/v1/scenarios/${slug}/check`, { graph: asked }).then(
        (answer) => {
          if (isOver) return;
          setChecked(answer);
          setIs('checked');
        },
        () => {
          if (!isOver) setIs('failed');
        },
      );
    }, checkAfterMs);
    return () => {
      isOver = true;
      window.clearTimeout(timer);
    };
  }, [slug, asked, language]);
  return useMemo(() => {
    const faults = checked?.faults ?? [];
    const byBlock = new Map<string, Fault[]>();
    for (const fault of faults)
      for (const id of fault.blocks) byBlock.set(id, [...(byBlock.get(id) ?? []), fault]);
    return { faults, publishable: checked?.publishable ?? false, is, byBlock };
  }, [checked, is]);
}
