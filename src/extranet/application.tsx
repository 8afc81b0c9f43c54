// Providers around the pages, and which address is which page. Pages are loaded when they are opened: a consultant's
// phone never gets the merchant's.

import { lazy, Suspense, useEffect } from 'react';
import { MantineProvider } from '@mantine/core';
import { QueryClientProvider } from '@tanstack/react-query';
import { BrowserRouter, Navigate, Outlet, Route, Routes, useLocation } from 'react-router';
import type { Area } from './contract.ts';
import { Notices } from './notices.tsx';
import { Boundary } from './parts/boundary.tsx';
import { NotThere, Trouble, Waiting } from './parts/page.tsx';
import { isConsultant, may, queries, useSession, useSessionQuery } from './session.ts';
import { Shell } from './shell.tsx';
import { SignIn } from './sign-in/sign-in.tsx';
import { StepUp } from './step-up.tsx';
import { theme, variables } from './theme.ts';
import { withWords } from './scenarios/words.ts';
import { languageOfPerson } from './words.ts';

const CodeSignIn = lazy(() => import('./sign-in/code-sign-in.tsx'));
const AskReset = lazy(() => import('./sign-in/ask-reset.tsx'));
const Reset = lazy(() => import('./sign-in/reset.tsx'));
const Invitation = lazy(() => import('./sign-in/invitation.tsx'));
const Account = lazy(() => import('./account.tsx'));
const Consultants = lazy(() => import('./merchant/consultants.tsx'));
const ConsultantPage = lazy(() => import('./merchant/consultant.tsx'));
const NewConsultant = lazy(() => import('./merchant/new-consultant.tsx'));
const Groups = lazy(() => import('./merchant/groups.tsx'));
const Users = lazy(() => import('./merchant/users.tsx'));
const Audit = lazy(() => import('./merchant/audit.tsx'));
const Scenarios = lazy(() => withWords(import('./scenarios/scenarios.tsx')));
const Editor = lazy(() => withWords(import('./scenarios/editor.tsx')));
const Numbers = lazy(() => withWords(import('./scenarios/numbers.tsx')));
const ChooseMerchant = lazy(() => import('./choose-merchant.tsx'));
const Now = lazy(() => import('./me/now.tsx'));
const Calls = lazy(() => import('./me/calls.tsx'));
const Hours = lazy(() => import('./me/hours.tsx'));
const Greeting = lazy(() => import('./me/greeting.tsx'));
const Sounds = lazy(() => import('./merchant/sounds.tsx'));
const SoundPage = lazy(() => import('./merchant/sound.tsx'));
const ForwardNumbers = lazy(() => import('./merchant/forward-numbers.tsx'));
const Messages = lazy(() => import('./merchant/messages.tsx'));
const Runs = lazy(() => import('./merchant/runs.tsx'));
const RunPage = lazy(() => withWords(import('./merchant/run.tsx')));
const CardEntryPage = lazy(() => import('./merchant/card-entry.tsx'));
const Access = lazy(() => import('./merchant/access.tsx'));
const AccessResourcePage = lazy(() => import('./merchant/access-resource.tsx'));

export function Application({ nonce }: { nonce: string }): React.ReactNode {
  return (
    <MantineProvider
      theme={theme}
      cssVariablesResolver={variables}
      defaultColorScheme="auto"
      getStyleNonce={() => nonce}
    >
      <QueryClientProvider client={queries}>
        <BrowserRouter basename="/extranet">
          <Suspense fallback={<Waiting />}>
            <Pages />
          </Suspense>
        </BrowserRouter>
        <StepUp />
        <Notices />
      </QueryClientProvider>
    </MantineProvider>
  );
}

function Pages(): React.ReactNode {
  return (
    <Routes>
      <Route path="sign-in" element={<SignIn />} />
      <Route path="c/:merchant" element={<CodeSignIn />} />
      <Route path="reset" element={<AskReset />} />
      <Route path="reset/:token" element={<Reset />} />
      <Route path="invitation/:token" element={<Invitation />} />
      <Route element={<SignedIn />}>
        <Route index element={<FirstPage />} />
        <Route path="account" element={<Account />} />
        <Route path="merchants" element={<ChooseMerchant />} />
        <Route element={<WhoMay area="consultants" />}>
          <Route path="consultants" element={<Consultants />} />
          <Route path="consultants/new" element={<NewConsultant />} />
          <Route path="consultants/:id/:tab?" element={<ConsultantPage />} />
          <Route path="groups" element={<Groups />} />
          <Route path="groups/:id" element={<Groups />} />
        </Route>
        <Route element={<WhoMay area="lines" />}>
          <Route path="scenarios" element={<Scenarios />} />
          <Route path="scenarios/:slug" element={<Editor />} />
          <Route path="numbers" element={<Numbers />} />
          <Route path="card-entry" element={<CardEntryPage />} />
        </Route>
        <Route element={<WhoMay area="users" />}>
          <Route path="users" element={<Users />} />
          <Route path="audit" element={<Audit />} />
        </Route>
        <Route element={<WhoMay area="lines" />}>
          <Route path="sounds" element={<Sounds />} />
          <Route path="sounds/:slug" element={<SoundPage />} />
          <Route path="forward-numbers" element={<ForwardNumbers />} />
        </Route>
        <Route element={<WhoMay area="calls" />}>
          <Route path="messages" element={<Messages />} />
          <Route path="runs" element={<Runs />} />
          <Route path="runs/:id" element={<RunPage />} />
        </Route>
        <Route element={<WhoMay area="settings" />}>
          <Route path="access/new" element={<AccessResourcePage />} />
          <Route path="access/resources/:slug" element={<AccessResourcePage />} />
        </Route>
        <Route element={<WhoMay area={['clients', 'settings']} />}>
          <Route path="access/:tab?" element={<Access />} />
        </Route>
        <Route element={<OwnOnly />}>
          <Route path="me" element={<Now />} />
          <Route path="me/calls" element={<Calls />} />
          <Route path="me/hours" element={<Hours />} />
          <Route path="me/introduction" element={<Greeting />} />
        </Route>
        <Route path="*" element={<NotThere />} />
      </Route>
    </Routes>
  );
}

/** Who is nobody yet signs in, and comes back to where he wanted to go. */
function SignedIn(): React.ReactNode {
  const { data, error, refetch, isPending } = useSessionQuery();
  const place = useLocation();
  const language = data?.user.language;
  useEffect(() => {
    if (language) languageOfPerson(language);
  }, [language]);
  if (isPending) return <Waiting />;
  if (!data && error) return <Trouble error={error} again={() => void refetch()} whole />;
  if (!data) return <Navigate to="/sign-in" replace state={{ to: place.pathname }} />;
  if (data.mustSetUpTotp && place.pathname !== '/account') return <Navigate to="/account" replace />;
  // An operator is of no merchant, somebody of several of none before he said which.
  const needsMerchant = data.as.merchant === null && place.pathname !== '/account';
  if (needsMerchant && place.pathname !== '/merchants') return <Navigate to="/merchants" replace />;
  return (
    <Shell>
      <Boundary place={place.key}>
        <Suspense fallback={<Waiting />}>
          <Outlet />
        </Suspense>
      </Boundary>
    </Shell>
  );
}

function FirstPage(): React.ReactNode {
  const session = useSession();
  const { to } = (useLocation().state ?? {}) as { to?: string };
  if (to !== undefined && to !== '/') return <Navigate to={to} replace />;
  if (may(session, 'consultants')) return <Navigate to="/consultants" replace />;
  if (isConsultant(session)) return <Navigate to="/me" replace />;
  if (may(session, 'lines')) return <Navigate to="/scenarios" replace />;
  if (may(session, 'users')) return <Navigate to="/users" replace />;
  if (may(session, 'calls')) return <Navigate to="/messages" replace />;
  if (may(session, 'lines')) return <Navigate to="/sounds" replace />;
  if (may(session, 'clients') || may(session, 'settings')) return <Navigate to="/access" replace />;
  return <Navigate to="/account" replace />;
}

/** Of several areas one is enough. */
function WhoMay({ area }: { area: Area | readonly Area[] }): React.ReactNode {
  const session = useSession();
  return [area].flat().some((one) => may(session, one)) ? <Outlet /> : <NotThere />;
}

function OwnOnly(): React.ReactNode {
  return isConsultant(useSession()) ? <Outlet /> : <NotThere />;
}
