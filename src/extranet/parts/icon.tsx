// The few signs of the application, drawn with one pen. They never stand alone: a word is beside each, or on it for who
// listens.

const paths = {
  phone: 'M5 3h4l2 5-2.5 1.5a11 11 0 0 0 6 6L16 13l5 2v4a2 2 0 0 1-2 2A16 16 0 0 1 3 5a2 2 0 0 1 2-2',
  list: 'M9 6h11M9 12h11M9 18h11M4.5 6h.01M4.5 12h.01M4.5 18h.01',
  sound: 'M4 10v4h4l5 4V6l-5 4zM16.5 9a4.5 4.5 0 0 1 0 6M19.5 6.5a8.5 8.5 0 0 1 0 11',
  messages: 'M6.5 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8M17.5 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8M6.5 16h11',
  door: 'M6 21V4.5L14 3v18zM14 5h4v16M3 21h18M10.5 12h.01',
  turn: 'M4 18v-3a5 5 0 0 1 5-5h11M16 5.5l4.5 4.5-4.5 4.5',
  way: 'M6 8a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5M18 21a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5M6 8v5a3 3 0 0 0 3 3h6.5',
  download: 'M12 4v11M7 10.5l5 5 5-5M5 20h14',
  copy: 'M9 9h11v11H9zM5 15H4V4h11v1',
  all: 'M5 6h.01M12 6h.01M19 6h.01M5 12h.01M12 12h.01M19 12h.01M5 18h.01M12 18h.01M19 18h.01',
  clock: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18M12 7v5l3 2',
  microphone: 'M12 15a3 3 0 0 0 3-3V6a3 3 0 0 0-6 0v6a3 3 0 0 0 3 3M5 11a7 7 0 0 0 14 0M12 18v3',
  people:
    'M9 11a4 4 0 1 0 0-8 4 4 0 0 0 0 8M2 21v-1a6 6 0 0 1 6-6h2a6 6 0 0 1 6 6v1M16 3.5a4 4 0 0 1 0 7M18 14a6 6 0 0 1 4 6v1',
  ring: 'M12 14a2 2 0 1 0 0-4 2 2 0 0 0 0 4M7.8 16.2a6 6 0 0 1 0-8.4M16.2 7.8a6 6 0 0 1 0 8.4M4.9 19.1a10 10 0 0 1 0-14.2M19.1 4.9a10 10 0 0 1 0 14.2',
  key: 'M15 9h.01M21 9a6 6 0 0 1-8.3 5.5L11 16H9v2H7v2H3v-3.5l6.4-6.4A6 6 0 1 1 21 9',
  plus: 'M12 5v14M5 12h14',
  pen: 'M4 20h4L19 9l-4-4L4 16z',
  up: 'M12 19V5M6 11l6-6 6 6',
  down: 'M12 5v14M6 13l6 6 6-6',
  bin: 'M4 7h16M10 11v6M14 11v6M6 7l1 13h10l1-13M9 7V4h6v3',
  check: 'M5 12l5 5L20 7',
  pause: 'M9 5v14M15 5v14',
  moon: 'M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5',
  offline:
    'M3 3l18 18M8.5 15.5a5 5 0 0 1 7 0M5 12a10 10 0 0 1 4-2.4M19 12a10 10 0 0 0-6-2.9M2 8.5a15 15 0 0 1 4-2.6M22 8.5A15 15 0 0 0 11 5M12 19h.01',
  play: 'M7 4l13 8-13 8z',
  stop: 'M6 6h12v12H6z',
  back: 'M15 5l-7 7 7 7',
  forward: 'M9 5l7 7-7 7',
  more: 'M5 12h.01M12 12h.01M19 12h.01',
  graph: 'M3 5h6v5H3zM15 3h6v5h-6zM15 15h6v5h-6zM9 7.5h3a2 2 0 0 1 2 2v6a2 2 0 0 0 1 2M12 7.5c2 0 1-2 3-2',
  dial: 'M5 4h3v3H5zM10.5 4h3v3h-3zM16 4h3v3h-3zM5 9.5h3v3H5zM10.5 9.5h3v3h-3zM16 9.5h3v3h-3zM10.5 15h3v3h-3z',
  undo: 'M9 14L4 9l5-5M4 9h10a6 6 0 0 1 0 12h-3',
  redo: 'M15 14l5-5-5-5M20 9H10a6 6 0 0 0 0 12h3',
  minus: 'M5 12h14',
  panel: 'M4 5h16v14H4zM14 5v14',
  fit: 'M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5',
  arrange: 'M3 9h6v6H3zM15 4h6v5h-6zM15 15h6v5h-6zM9 12h3M12 12V6.500h3M12 12v5.500h3',
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name, size = 20 }: { name: IconName; size?: number }): React.ReactNode {
  return <Sign path={paths[name]} size={size} />;
}

/** The pen itself. */
export function Sign({ path, size }: { path: string; size: number }): React.ReactNode {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.9"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      <path d={path} />
    </svg>
  );
}

/** Two phones and the wire between them, as on the demonstration. */
export function Mark(): React.ReactNode {
  return (
    <svg width="34" height="20" viewBox="0 0 34 20" aria-hidden="true" focusable="false" className="mark">
      <path d="M9 10h16" stroke="currentColor" strokeWidth="2.5" />
      <circle cx="9" cy="10" r="7" fill="var(--a)" />
      <circle cx="25" cy="10" r="7" fill="var(--b)" />
    </svg>
  );
}
