// The sign of each kind of block, drawn with the pen of the others (parts/icon.tsx). It never stands alone.

import type { BlockKindName } from '../../core/scenario/blocks.ts';
import { Sign } from '../parts/icon.tsx';

const paths: Record<BlockKindName, string> = {
  say: 'M4 10v4h4l5 4V6l-5 4zM16.5 9a4 4 0 0 1 0 6M19 6.5a8 8 0 0 1 0 11',
  menu: 'M5 5h3v3H5zM10.5 5h3v3h-3zM16 5h3v3h-3zM5 10.5h3v3H5zM10.5 10.5h3v3h-3zM16 10.5h3v3h-3zM10.5 16h3v3h-3z',
  collect: 'M4 7h16v10H4zM8 12h.01M12 12h.01M16 12h.01',
  language: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18M3 12h18M12 3c5 5 5 13 0 18M12 3c-5 5-5 13 0 18',
  choose_consultant: 'M9 11a4 4 0 1 0 0-8 4 4 0 0 0 0 8M2 21v-1a6 6 0 0 1 6-6h3M15 18l2.5 2.5L22 16',
  ring: 'M12 14a2 2 0 1 0 0-4 2 2 0 0 0 0 4M7.8 16.2a6 6 0 0 1 0-8.4M16.2 7.8a6 6 0 0 1 0 8.4M4.9 19.1a10 10 0 0 1 0-14.2M19.1 4.9a10 10 0 0 1 0 14.2',
  extension: 'M4 5h16v14H4zM8 9h8M8 13h3M15 13h1',
  forward:
    'M5 3h4l2 5-2.5 1.5a11 11 0 0 0 6 6L16 13l5 2v4a2 2 0 0 1-2 2A16 16 0 0 1 3 5a2 2 0 0 1 2-2M15 7h6M18 4l3 3-3 3',
  voicemail: 'M7 15a4 4 0 1 0 0-8 4 4 0 0 0 0 8M17 15a4 4 0 1 0 0-8 4 4 0 0 0 0 8M7 15h10',
  condition: 'M12 3l9 9-9 9-9-9zM10 10a2 2 0 1 1 2.6 1.9c-.4.2-.6.5-.6 1M12 15.5h.01',
  schedule: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18M12 7v5l3 2',
  set: 'M4 20h4L19 9l-4-4L4 16zM13 20h7',
  blacklist: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18M6 6l12 12',
  recognize: 'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8M5 20a7 7 0 0 1 14 0',
  get_url: 'M8 7l-5 5 5 5M16 7l5 5-5 5M14 5l-4 14',
  payment_link: 'M3 6h18v12H3zM3 10h18M7 15h4',
  card_payment: 'M3 5h18v14H3zM3 9h18M8 13h.01M12 13h.01M16 13h.01M8 16h.01M12 16h.01M16 16h.01',
  give_access_code: 'M15 9h.01M21 9a6 6 0 0 1-8.3 5.5L11 16H9v2H7v2H3v-3.5l6.4-6.4A6 6 0 1 1 21 9',
  ask_access_code: 'M6 11V8a6 6 0 0 1 12 0v3M4 11h16v10H4zM12 15v2',
  go_to: 'M4 12h14M13 6l6 6-6 6',
  hang_up: 'M3 14c5-5 13-5 18 0l-2.5 3-4-1.5v-3a11 11 0 0 0-5 0v3l-4 1.5z',
};

export function KindIcon({ kind, size = 18 }: { kind: BlockKindName; size?: number }): React.ReactNode {
  return <Sign path={paths[kind]} size={size} />;
}
