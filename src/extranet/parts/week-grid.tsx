// The grid itself: a day a row, a span a bar. A press on free time draws a new bar, the ends of one are pulled, the arrow
// keys move the one that has the focus, and below each day its hours stand as times to be typed.

import { useRef, useState } from 'react';
import {
  dayMinutes,
  dragged,
  endOf,
  lengthened,
  minutesOf,
  moved,
  type Span,
  stepMinutes,
  tidy,
  timeOf,
  type Week,
  withDay,
} from '../week.ts';
import { showWeekday } from '../show.ts';
import { useWords } from '../words.ts';
import { TimeText } from './time-text.tsx';

interface Drag {
  day: number;
  /** Which bar is pulled; absent: a new one is drawn. */
  bar?: number;
  edge?: 'from' | 'to' | 'whole';
  start: number;
  now: number;
}

export function WeekGrid({
  week,
  onChange,
  readOnly,
}: {
  week: Week;
  onChange: (next: Week) => void;
  readOnly: boolean;
}): React.ReactNode {
  const { say } = useWords();
  const [drag, setDrag] = useState<Drag>();
  const shown = drag ? whileDragging(week, drag) : week;
  return (
    <div className="week">
      <div className="week-hours" aria-hidden="true">
        {[0, 6, 12, 18, 24].map((hour) => (
          <span key={hour} style={{ insetInlineStart: `${(hour / 24) * 100}%` }}>
            {hour}
          </span>
        ))}
      </div>
      {shown.map((spans, day) => (
        <DayRow
          key={day}
          day={day}
          spans={spans}
          reachingIn={(shown[(day + 6) % 7] ?? [])
            .filter(({ to }) => to > dayMinutes)
            .map(({ to }) => to - dayMinutes)}
          readOnly={readOnly}
          onPress={setDrag}
          onMove={(now) => drag?.day === day && setDrag({ ...drag, now })}
          onRelease={() => {
            if (drag?.day !== day) return;
            setDrag(undefined);
            // A tap alone draws nothing: a finger that scrolls begins with one.
            if (drag.bar === undefined && Math.abs(drag.now - drag.start) < stepMinutes) return;
            onChange(whileDragging(week, drag).map(tidy));
          }}
          onCancel={() => setDrag(undefined)}
          onSpans={(next) => onChange(withDay(week, day, next))}
        />
      ))}
      {!readOnly && <p className="soft week-help">{say('hours.help')}</p>}
    </div>
  );
}

/** As it would be if the pointer were let go now; not yet tidied, or a bar would be swallowed by the one it passes. */
function whileDragging(week: Week, { day, bar, edge, start, now }: Drag): Week {
  return week.map((own, place) => {
    if (place !== day) return own;
    if (bar === undefined) return Math.abs(now - start) < stepMinutes ? own : [...own, dragged(start, now)];
    return own.map((span, number) => {
      if (number !== bar) return span;
      const by = Math.round((now - start) / stepMinutes) * stepMinutes;
      if (edge === 'whole') return moved(span, by);
      if (edge === 'to') return lengthened(span, by);
      const from = Math.min(Math.max(0, span.from + by), span.to - stepMinutes);
      return { from, to: span.to };
    });
  });
}

function DayRow({
  day,
  spans,
  reachingIn,
  readOnly,
  onPress,
  onMove,
  onRelease,
  onCancel,
  onSpans,
}: {
  day: number;
  spans: readonly Span[];
  /** Minutes that the day before lasts into this one. */
  reachingIn: readonly number[];
  readOnly: boolean;
  onPress: (drag: Drag) => void;
  onMove: (now: number) => void;
  onRelease: () => void;
  onCancel: () => void;
  onSpans: (next: readonly Span[]) => void;
}): React.ReactNode {
  const { say, language } = useWords();
  const track = useRef<HTMLDivElement>(null);
  const name = showWeekday(day + 1, language);
  const minuteAt = (event: React.PointerEvent): number => {
    const box = track.current?.getBoundingClientRect();
    if (!box || box.width === 0) return 0;
    const minute = ((event.clientX - box.left) / box.width) * dayMinutes;
    return Math.min(Math.max(0, minute), dayMinutes);
  };
  const press = (event: React.PointerEvent, more: Pick<Drag, 'bar' | 'edge'> = {}): void => {
    if (readOnly || event.button !== 0) return;
    event.stopPropagation();
    track.current?.setPointerCapture(event.pointerId);
    const at = minuteAt(event);
    onPress({ day, start: at, now: at, ...more });
  };
  const change = (number: number, next: Span | undefined): void =>
    onSpans(spans.flatMap((span, place) => (place === number ? (next ? [next] : []) : [span])));
  const key = (event: React.KeyboardEvent, number: number, span: Span): void => {
    const by = event.key === 'ArrowRight' ? stepMinutes : event.key === 'ArrowLeft' ? -stepMinutes : 0;
    if (by !== 0) change(number, event.shiftKey ? lengthened(span, by) : moved(span, by));
    else if (event.key === 'Delete' || event.key === 'Backspace') change(number, undefined);
    else return;
    event.preventDefault();
  };
  const place = (from: number, to: number): React.CSSProperties => ({
    insetInlineStart: `${(from / dayMinutes) * 100}%`,
    width: `${((Math.min(to, dayMinutes) - from) / dayMinutes) * 100}%`,
  });
  return (
    <div className="day" role="group" aria-label={name}>
      <span className="day-name" aria-hidden="true">
        {name}
      </span>
      <div
        ref={track}
        className="day-track"
        data-readonly={readOnly}
        onPointerDown={press}
        onPointerMove={(event) => onMove(minuteAt(event))}
        onPointerUp={onRelease}
        onPointerCancel={onCancel}
      >
        {reachingIn.map((to) => (
          <span key={to} className="bar-of-yesterday" style={place(0, to)} aria-hidden="true" />
        ))}
        {spans.map((span, number) => (
          <span key={number} className="bar-of-day" style={place(span.from, span.to)}>
            {!readOnly && (
              <>
                <button
                  type="button"
                  className="bar-whole"
                  aria-label={say('hours.bar', { day: name, from: timeOf(span.from), to: endOf(span) })}
                  onPointerDown={(event) => press(event, { bar: number, edge: 'whole' })}
                  onKeyDown={(event) => key(event, number, span)}
                />
                <span
                  className="bar-edge"
                  onPointerDown={(event) => press(event, { bar: number, edge: 'from' })}
                />
                <span
                  className="bar-edge bar-edge-end"
                  onPointerDown={(event) => press(event, { bar: number, edge: 'to' })}
                />
              </>
            )}
          </span>
        ))}
      </div>
      <div className="day-times">
        {spans.length === 0 && <span className="soft">{say('hours.closed')}</span>}
        {spans.map((span, number) => (
          <span key={number} className="times">
            {readOnly ? (
              `${timeOf(span.from)}–${endOf(span)}`
            ) : (
              <>
                <TimeText
                  label={say('hours.from', { day: name })}
                  value={timeOf(span.from)}
                  onChange={(time) => change(number, spanOf(minutesOf(time) % dayMinutes, endOf(span)))}
                />
                <span aria-hidden="true">–</span>
                <TimeText
                  label={say('hours.to', { day: name })}
                  value={endOf(span)}
                  onChange={(time) => change(number, spanOf(span.from, time))}
                />
                <button
                  type="button"
                  className="times-remove"
                  aria-label={say('hours.remove', { day: name, from: timeOf(span.from), to: endOf(span) })}
                  onClick={() => change(number, undefined)}
                >
                  ×
                </button>
              </>
            )}
          </span>
        ))}
        {!readOnly && (
          <button
            type="button"
            className="times-add"
            aria-label={say('hours.addTo', { day: name })}
            onClick={() => onSpans([...spans, nextSpan(spans)])}
          >
            +
          </button>
        )}
      </div>
    </div>
  );
}

/** At or before its beginning, an end is on the next day. */
function spanOf(from: number, end: string): Span {
  const to = end === '24:00' ? dayMinutes : minutesOf(end);
  return { from, to: to > from ? to : to + dayMinutes };
}

/** After the last hours of the day, where there is room; else in the morning. */
function nextSpan(spans: readonly Span[]): Span {
  const last = spans.at(-1);
  if (!last) return { from: 9 * 60, to: 18 * 60 };
  const from = last.to + 60;
  return from + 60 <= dayMinutes ? { from, to: Math.min(from + 120, dayMinutes) } : { from: 0, to: 60 };
}
