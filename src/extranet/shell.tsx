// The frame of every page of somebody who is signed in: where he can go, whose merchant this is, who he is. Beside the
// page on a wide screen, under the thumb on a phone.

import { useEffect, useRef } from 'react';
import { Button, UnstyledButton, useMantineColorScheme } from '@mantine/core';
import { NavLink, useLocation, useNavigate } from 'react-router';
import { useUnheard } from './unheard.ts';
import { Icon, Mark, type IconName } from './parts/icon.tsx';
import { MenuOf } from './parts/menu.tsx';
import { isConsultant, may, signOut, useSession } from './session.ts';
import { tell } from './notices.tsx';
import { useOnline } from './live.ts';
import { initialsOf } from './show.ts';
import { chooseLanguage, useWords, type Key } from './words.ts';

interface Place {
  to: string;
  icon: IconName;
  name: Key;
  /** Only this address, none below it. */
  end?: boolean;
  /** How much waits there. */
  count?: number;
  /** Begins a group of its own. */
  apart?: boolean;
  /** What somebody with a telephone in his hand wants first. */
  front?: boolean;
}

/** So many have room side by side under a thumb; of more the last place opens the others. */
const underThumbMax = 5;

/** Those that have room there, the last one left free where there are more. */
function underThumb(places: readonly Place[]): ReadonlySet<Place> {
  if (places.length <= underThumbMax) return new Set(places);
  const first = [...places.filter(({ front }) => front), ...places.filter(({ front }) => !front)];
  return new Set(first.slice(0, underThumbMax - 1));
}

function usePlaces(): Place[] {
  const session = useSession();
  const unheard = useUnheard();
  if (session.as.merchant === null) return [];
  const own: Place[] = [
    { to: '/me', icon: 'phone', name: 'nav.now', end: true },
    { to: '/me/calls', icon: 'list', name: 'nav.calls' },
    { to: '/me/hours', icon: 'clock', name: 'nav.hours' },
    { to: '/me/introduction', icon: 'microphone', name: 'nav.introduction' },
  ];
  const merchants: Place[] = [
    ...(may(session, 'consultants')
      ? ([
          { to: '/consultants', icon: 'people', name: 'nav.consultants', front: true },
          { to: '/groups', icon: 'ring', name: 'nav.groups' },
        ] as const)
      : []),
    ...(may(session, 'calls')
      ? ([
          {
            to: '/messages',
            icon: 'messages',
            name: 'nav.messages',
            count: unheard,
            apart: true,
            front: true,
          },
          { to: '/runs', icon: 'way', name: 'nav.runs', front: true },
        ] as const)
      : []),
    ...(may(session, 'lines')
      ? ([
          { to: '/scenarios', icon: 'graph', name: 'nav.scenarios' },
          { to: '/numbers', icon: 'dial', name: 'nav.numbers' },
          { to: '/sounds', icon: 'sound', name: 'nav.sounds' },
          { to: '/forward-numbers', icon: 'turn', name: 'nav.forward' },
          { to: '/card-entry', icon: 'dial', name: 'nav.cards' },
        ] as const)
      : []),
    ...(may(session, 'clients') || may(session, 'settings')
      ? ([{ to: '/access', icon: 'door', name: 'nav.access' }] as const)
      : []),
    ...(may(session, 'users')
      ? ([
          { to: '/users', icon: 'key', name: 'nav.users', apart: true },
          { to: '/audit', icon: 'list', name: 'nav.audit' },
        ] as const)
      : []),
  ];
  // Who runs the merchant and talks himself has one way to his own page.
  if (merchants.length > 0) return isConsultant(session) ? [...merchants, own[0] as Place] : merchants;
  return isConsultant(session) ? own : [];
}

export function Shell({ children }: { children: React.ReactNode }): React.ReactNode {
  const { say } = useWords();
  const session = useSession();
  const { pathname } = useLocation();
  const all = usePlaces();
  // A drawing wants the whole width; its own way back leads out of it.
  const isDrawing = /^\/scenarios\/./.test(pathname);
  const places = isDrawing ? [] : all;
  const online = useOnline();
  const content = useRef<HTMLElement>(null);
  const isFirst = useRef(true);
  useEffect(() => {
    // Who listens to the page hears that it is another one; who just arrived begins at the top.
    if (isFirst.current) isFirst.current = false;
    else content.current?.focus({ preventScroll: true });
    window.scrollTo(0, 0);
  }, [pathname]);
  return (
    <div className="shell" data-places={places.length > 0} data-drawing={isDrawing}>
      <a className="skip" href="#content">
        {say('nav.skip')}
      </a>
      <header className="bar">
        <NavLink to="/" className="brand">
          <Mark />
          <span className="brand-name">{session.as.merchant?.name ?? 'Ringmeter'}</span>
        </NavLink>
        <PersonMenu />
      </header>
      {places.length > 0 && <Places places={places} />}
      <main className="content" id="content" ref={content} tabIndex={-1}>
        {!online && (
          <div className="offline" role="alert">
            <Icon name="offline" />
            <span>{say('offline')}</span>
          </div>
        )}
        {children}
      </main>
    </div>
  );
}

function Places({ places }: { places: readonly Place[] }): React.ReactNode {
  const { say } = useWords();
  const shown = underThumb(places);
  const others = places.filter((place) => !shown.has(place));
  return (
    <nav className="places" aria-label={say('nav.label')}>
      {places.map((place) => (
        <PlaceLink key={place.to} place={place} behind={!shown.has(place)} />
      ))}
      {others.length > 0 && <OtherPlaces places={others} />}
    </nav>
  );
}

/** `behind`: on a telephone it stands among the others only. */
function PlaceLink({ place, behind }: { place: Place; behind: boolean }): React.ReactNode {
  const { say } = useWords();
  const { to, icon, name, end = false, count = 0, apart = false } = place;
  return (
    <NavLink to={to} end={end} className="place" data-behind={behind} data-apart={apart}>
      <Icon name={icon} />
      <span>{say(name)}</span>
      {count > 0 && <Count count={count} />}
    </NavLink>
  );
}

function Count({ count }: { count: number }): React.ReactNode {
  const { say } = useWords();
  return (
    <span className="place-count">
      <span aria-hidden="true">{count > 99 ? '99+' : count}</span>
      <span className="unseen">{say('nav.new', { count })}</span>
    </span>
  );
}

/** On a telephone: the places that have no room beside the others. */
function OtherPlaces({ places }: { places: readonly Place[] }): React.ReactNode {
  const { say } = useWords();
  const navigate = useNavigate();
  const { pathname } = useLocation();
  const isThere = places.some(({ to }) => pathname === to || pathname.startsWith(`${to}/`));
  return (
    <MenuOf
      position="top-end"
      button={
        <UnstyledButton className={isThere ? 'place place-others active' : 'place place-others'}>
          <Icon name="all" />
          <span>{say('nav.more')}</span>
          {places.some(({ count = 0 }) => count > 0) && <span className="place-count" />}
        </UnstyledButton>
      }
      entries={places.map(({ to, icon, name, count = 0 }) => ({
        label: say(name),
        before: <Icon name={icon} size={18} />,
        ...(count > 0 && { after: <Count count={count} /> }),
        act: () => void navigate(to),
      }))}
    />
  );
}

function PersonMenu(): React.ReactNode {
  const { say, language } = useWords();
  const session = useSession();
  const navigate = useNavigate();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const schemes = ['light', 'dark', 'auto'] as const;
  const next = schemes[(schemes.indexOf(colorScheme) + 1) % schemes.length] ?? 'auto';
  const leave = (): void => {
    signOut().catch((error: unknown) => tell(error instanceof Error ? error.message : '', 'bad'));
  };
  return (
    <MenuOf
      button={
        <UnstyledButton className="person" aria-label={say('nav.person', { name: session.user.name })}>
          {/* Drawn by the style sheet: what is read is the label. */}
          <span aria-hidden="true" data-initials={initialsOf(session.user.name)} />
        </UnstyledButton>
      }
      entries={[
        { title: session.user.name },
        { label: say('nav.account'), act: () => void navigate('/account') },
        ...(session.merchants.length > 1 || session.as.kind === 'operator'
          ? [{ label: say('nav.merchants'), act: () => void navigate('/merchants') }]
          : []),
        {
          label: language === 'fr' ? 'English' : 'Français',
          lang: language === 'fr' ? 'en' : 'fr',
          act: () => void chooseLanguage(language === 'fr' ? 'en' : 'fr'),
        },
        {
          label: say('nav.scheme', { scheme: say(`scheme.${colorScheme}`) }),
          act: () => setColorScheme(next),
          stays: true,
        },
        'line',
        { label: say('nav.signOut'), act: leave },
      ]}
    />
  );
}

/** The frame of who is not signed in: one card in the middle. */
export function Doorstep({ title, children }: { title: string; children: React.ReactNode }): React.ReactNode {
  const { language } = useWords();
  useEffect(() => {
    document.title = `${title} · Ringmeter`;
  }, [title]);
  return (
    <div className="doorstep">
      <header className="doorstep-bar">
        <span className="brand">
          <Mark />
          <span className="brand-name">Ringmeter</span>
        </span>
        <Button
          variant="subtle"
          size="sm"
          lang={language === 'fr' ? 'en' : 'fr'}
          onClick={() => void chooseLanguage(language === 'fr' ? 'en' : 'fr')}
        >
          {language === 'fr' ? 'English' : 'Français'}
        </Button>
      </header>
      <main className="doorstep-card">
        <h1>{title}</h1>
        {children}
      </main>
    </div>
  );
}
