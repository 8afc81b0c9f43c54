// The application over a scripted house: its answers are the API's, its memory is this file's. Any state can be shown and
// changed at once, two tabs see each other over the real stream of events, and no database, switch or password stands
// behind it. `npx tsx test/web/extranet-stage.ts` opens it for looking at.

import express, { type Request, type Response } from 'express';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import type {
  AvailabilityWish,
  CallsOfDay,
  Consultant,
  Group,
  MerchantUser,
  Schedule,
  Session,
} from '../../src/extranet/contract.ts';
import { extranet } from '../../src/web/extranet.ts';

export const people = {
  owner: { email: 'ana@shop.example', password: 'four words do well', code: '123456' },
  claire: { shortNumber: '12', pin: '4711' },
} as const;

export interface ExtranetStage {
  url: string;
  consultants: Consultant[];
  groups: Group[];
  users: MerchantUser[];
  /** Method and path of every request to the API, with what was sent, oldest first. */
  readonly asked: { what: string; body: unknown }[];
  /** Who is rung for how long, on which line. */
  rings(id: string, call: Consultant['call']): void;
  /** Answers nothing until it is called with `false`: the connection is closed without a word. */
  setAway(away: boolean): void;
  close(): Promise<void>;
}

const zone = 'Europe/Paris';

function consultant(
  id: string,
  name: string,
  shortNumber: string,
  more: Partial<Consultant> = {},
): Consultant {
  return {
    id,
    version: 1,
    name,
    shortNumber,
    hasPin: true,
    sip: null,
    numbers: ['+33612345678'],
    language: 'fr',
    languages: ['fr'],
    lines: ['demo'],
    introduction: { fr: 'Tarot et numérologie depuis vingt ans.' },
    photoUrl: null,
    ringSeconds: null,
    fallback: null,
    wrapUpSeconds: 30,
    missLimits: { unanswered: 3, refused: 5 },
    share: '0.40',
    missedCallToggles: false,
    schedule: {
      weekly: [
        { days: [1, 2, 3, 4, 5], from: '09:00', to: '12:30' },
        { days: [1, 2, 3, 4, 5], from: '14:00', to: '18:00' },
        { days: [6], from: '20:00', to: '02:00' },
      ],
      daysOff: ['12-25', '2026-12-31'],
    },
    availability: 'available',
    state: { reachable: true, because: null, until: null, reason: null },
    call: null,
    ...more,
  };
}

function someConsultants(): Consultant[] {
  const off = (because: 'away' | 'paused' | 'off_hours' | 'wrap_up', until: string | null = null) => ({
    state: { reachable: false, because, until, reason: null },
  });
  const soon = new Date(Date.now() + 25 * 60_000).toISOString();
  return [
    consultant('con_claire', 'Claire Delaunay', '12'),
    consultant('con_hugo', 'Hugo Martin', '14', {
      availability: 'break',
      state: { reachable: false, because: 'break', until: soon, reason: 'Déjeuner' },
    }),
    consultant('con_ines', 'Inès Benali', '15', {
      state: { reachable: false, because: 'busy', until: null, reason: null },
      call: {
        callSessionId: 'cs_1',
        since: new Date(Date.now() - 247_000).toISOString(),
        caller: 'card',
        line: 'demo',
        minutesPaid: 15,
        earned: { amount: '5.20', currency: 'EUR' },
      },
    }),
    consultant('con_jonas', 'Jonas Weber', '16', { availability: 'away', ...off('away') }),
    consultant(
      'con_lea',
      'Léa Fontaine',
      '21',
      off('off_hours', new Date(Date.now() + 50_000_000).toISOString()),
    ),
    consultant('con_marc', 'Marc-Antoine de La Rochefoucauld', '22', off('paused')),
    consultant('con_nina', 'Nina Petit', '23'),
    consultant('con_omar', 'Omar Haddad', '24', off('wrap_up', new Date(Date.now() + 20_000).toISOString())),
  ];
}

const someGroups: Group[] = [
  {
    id: 'grp_1',
    version: 1,
    name: 'Tarot',
    shortNumber: '80',
    strategy: 'in_turn',
    stepSeconds: 15,
    members: [
      { consultantId: 'con_claire', qualification: 1 },
      { consultantId: 'con_hugo', qualification: 1 },
      { consultantId: 'con_ines', qualification: 2 },
    ],
  },
  { id: 'grp_2', version: 1, name: 'Nuit', shortNumber: null, strategy: 'all', stepSeconds: 15, members: [] },
];

const user = (id: string, name: string | null, role: MerchantUser['role'], email: string): MerchantUser => ({
  id,
  name,
  email,
  role,
  rights: role === 'staff' ? { consultants: 'write', calls: 'read' } : {},
  consultantId: role === 'consultant' ? 'con_claire' : null,
  status: name === null ? 'invited' : 'active',
  hasTotp: role === 'owner',
});

const merchant = { id: 'mer_1', name: 'Les Conseils de Claire', slug: 'conseils', timeZone: zone };

function sessionOf(who: string, steppedUp: boolean): Session {
  const isOwner = who === 'owner';
  return {
    user: isOwner
      ? { id: 'usr_ana', name: 'Ana Ribeiro', email: people.owner.email, language: 'en' }
      : { id: 'con_claire', name: 'Claire Delaunay', email: null, language: 'en' },
    as: {
      kind: isOwner ? 'user' : 'consultant',
      role: isOwner ? 'owner' : 'consultant',
      merchant,
      rights: isOwner
        ? {
            calls: 'write',
            money: 'write',
            consultants: 'write',
            lines: 'write',
            clients: 'write',
            settings: 'write',
            users: 'write',
          }
        : {},
      consultantId: isOwner ? null : 'con_claire',
    },
    merchants: [{ id: merchant.id, name: merchant.name, role: isOwner ? 'owner' : 'consultant' }],
    steppedUpUntil: steppedUp ? new Date(Date.now() + 600_000).toISOString() : null,
    mustSetUpTotp: false,
    hasTotp: isOwner,
  };
}

/** As the house reckons it, without hours and claims: those a test sets itself. */
function stateAfter({ availability, reason, backAt }: AvailabilityWish): Consultant['state'] {
  if (availability === 'available') return { reachable: true, because: null, until: null, reason: null };
  return { reachable: false, because: availability, until: backAt ?? null, reason: reason ?? null };
}

const callsOf = (day: string): CallsOfDay => ({
  day,
  talkedSeconds: 3_725,
  earned: [{ amount: '48.60', currency: 'EUR' }],
  missed: 1,
  data: [
    ['cs_9', '15:12', 'completed', 1_260, 'card', '16.80'],
    ['cs_8', '11:40', 'missed', 0, 'C-2041', undefined],
    ['cs_7', '10:05', 'completed', 2_465, 'C-1180', '31.80'],
  ].map(([id, time, outcome, seconds, caller, earned]) => ({
    callSessionId: String(id),
    line: 'demo',
    at: `${day}T${String(time)}:00.000Z`,
    outcome: String(outcome),
    talkedSeconds: Number(seconds),
    caller: String(caller),
    earned: earned === undefined ? null : { amount: String(earned), currency: 'EUR' },
  })),
});

export async function startExtranetStage(port = 0): Promise<ExtranetStage> {
  const asked: ExtranetStage['asked'] = [];
  const streams = new Set<Response>();
  /** Token of the cookie: who it is, or is about to be. */
  const sessions = new Map<string, { who: string; half: boolean; steppedUp: boolean }>();
  const recordings = new Map<string, Buffer>();
  let away = false;
  let made = 0;
  const stage: Omit<ExtranetStage, 'url' | 'close'> = {
    consultants: someConsultants(),
    groups: structuredClone(someGroups),
    users: [
      user('usr_ana', 'Ana Ribeiro', 'owner', people.owner.email),
      user('usr_tom', 'Tom Keller', 'staff', 'tom@shop.example'),
      user('usr_eve', null, 'accountant', 'eve@books.example'),
    ],
    asked,
    rings: (id, call) => {
      const found = stage.consultants.find((one) => one.id === id);
      if (!found) throw new Error(`Nobody is ${id}`);
      found.call = call;
      found.state = call
        ? { reachable: false, because: 'busy', until: null, reason: null }
        : { reachable: true, because: null, until: null, reason: null };
      hint(id);
    },
    setAway: (next) => {
      away = next;
      if (away) for (const stream of streams) stream.destroy();
    },
  };
  const hint = (id: string): void => {
    for (const stream of streams)
      stream.write(`event: consultants\ndata: ${JSON.stringify({ ids: [id] })}\n\n`);
  };

  const app = express();
  app.use((_request, response, next) => {
    if (away) response.destroy();
    else next();
  });
  app.use(extranet({ publicUrl: 'http://localhost' }));
  app.use(express.json());
  app.use('/v1', (request, _response, next) => {
    asked.push({ what: `${request.method} /v1${request.path}`, body: request.body as unknown });
    next();
  });
  const refuse = (
    response: Response,
    status: number,
    kind: string,
    detail: string,
    more: object = {},
  ): void => {
    response
      .status(status)
      .type('application/problem+json')
      .json({ type: `/problems/${kind}`, detail, status, ...more });
  };
  const tokenOf = (request: Request): string =>
    /ringmeter_session=(\w+)/.exec(request.get('cookie') ?? '')?.[1] ?? '';
  const signIn = (response: Response, who: string, half = false): void => {
    const token = `t${String((made += 1))}`;
    sessions.set(token, { who, half, steppedUp: false });
    response.cookie('ringmeter_session', token, { httpOnly: true, sameSite: 'lax', path: '/' });
  };

  app.post('/v1/session', (request, response) => {
    const { email, password } = request.body as Record<string, string>;
    if (email !== people.owner.email || password !== people.owner.password) {
      refuse(response, 403, 'sign-in-refused', 'E-mail address or password is not right.');
      return;
    }
    signIn(response, 'owner', true);
    response.json({ outcome: 'second_factor', methods: ['totp', 'recovery'] });
  });
  app.post('/v1/session/second-factor', (request, response) => {
    const session = sessions.get(tokenOf(request));
    if (!session || (request.body as { code: string }).code !== people.owner.code) {
      refuse(response, 403, 'sign-in-refused', 'The code is not right.');
      return;
    }
    session.half = false;
    response.json({ outcome: 'signed_in' });
  });
  app.post('/v1/session/short-number', (request, response) => {
    const { merchant: slug, shortNumber, pin } = request.body as Record<string, string>;
    const { claire } = people;
    if (slug !== merchant.slug || shortNumber !== claire.shortNumber || pin !== claire.pin) {
      refuse(response, 403, 'sign-in-refused', 'Short number or PIN is not right.');
      return;
    }
    signIn(response, 'claire');
    response.json({ outcome: 'signed_in' });
  });
  app.get('/v1/invitations/:token', (_request, response) => {
    response.json({ email: 'new@shop.example', merchant: merchant.name, role: 'staff', hasPassword: false });
  });
  app.post(
    ['/v1/password-resets', '/v1/password-resets/:token', '/v1/invitations/:token'],
    (_request, response) => {
      response.status(202).json({ done: true });
    },
  );

  app.use('/v1', (request, response, next) => {
    const session = sessions.get(tokenOf(request));
    if (!session || session.half) refuse(response, 401, 'not-signed-in', 'Sign in.');
    else {
      response.locals['session'] = session;
      next();
    }
  });
  app.get('/v1/session', (_request, response) => {
    const { who, steppedUp } = response.locals['session'] as { who: string; steppedUp: boolean };
    response.json(sessionOf(who, steppedUp));
  });
  app.delete('/v1/session', (request, response) => {
    sessions.delete(tokenOf(request));
    response.json({ done: true });
  });
  app.post('/v1/session/step-up', (request, response) => {
    const { password } = request.body as { password?: string };
    if (password !== people.owner.password) {
      refuse(response, 403, 'sign-in-refused', 'That is not your password.');
      return;
    }
    (response.locals['session'] as { steppedUp: boolean }).steppedUp = true;
    response.json({ steppedUpUntil: new Date(Date.now() + 600_000).toISOString() });
  });
  const steppedUp = (_request: Request, response: Response, next: () => void): void => {
    if ((response.locals['session'] as { steppedUp: boolean }).steppedUp) next();
    else refuse(response, 403, 'step-up-needed', 'Show once more that it is you.');
  };
  app.get('/v1/sessions', (_request, response) => {
    const at = new Date().toISOString();
    const old = new Date(Date.now() - 90_000_000).toISOString();
    response.json({
      data: [
        {
          id: 'ses_1',
          current: true,
          createdAt: at,
          lastSeenAt: at,
          address: '192.0.2.7',
          userAgent: 'Firefox, Linux',
        },
        {
          id: 'ses_2',
          current: false,
          createdAt: old,
          lastSeenAt: old,
          address: '192.0.2.9',
          userAgent: 'Safari, iPhone',
        },
      ],
    });
  });
  app.get('/v1/lines', (_request, response) => {
    response.json({ data: [{ slug: 'demo', name: 'Consultation', group: 'grp_1', timeZone: zone }] });
  });
  app.get(['/v1/live', '/v1/me/live'], (_request, response) => {
    response.set({ 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' }).flushHeaders();
    streams.add(response);
    response.once('close', () => streams.delete(response));
  });

  // --- Consultants ---
  const found = (request: Request): Consultant | undefined =>
    stage.consultants.find(({ id }) => id === (request.params['id'] ?? 'con_claire'));
  const withOne =
    (act: (one: Consultant, request: Request, response: Response) => void) =>
    (request: Request, response: Response): void => {
      const one = found(request);
      if (one) act(one, request, response);
      else refuse(response, 404, 'unknown-id', 'There is no such consultant.');
    };
  app.get('/v1/consultants', (_request, response) => void response.json({ data: stage.consultants }));
  app.post('/v1/consultants', (request, response) => {
    const body = request.body as Partial<Consultant> & { name: string; pin?: string };
    if (
      stage.consultants.some(({ shortNumber }) => shortNumber !== null && shortNumber === body.shortNumber)
    ) {
      refuse(response, 422, 'invalid-request', 'Something in the request is not right.', {
        errors: [{ in: 'body', pointer: '#/shortNumber', detail: 'Somebody else has this short number.' }],
      });
      return;
    }
    const { pin, ...rest } = body;
    const one = consultant(`con_new${String((made += 1))}`, body.name, '', {
      shortNumber: null,
      hasPin: pin !== undefined,
      schedule: null,
      ...rest,
    });
    stage.consultants.push(one);
    response.status(201).json(one);
    hint(one.id);
  });
  app.get(
    ['/v1/consultants/:id', '/v1/me/consultant'],
    withOne((one, _request, response) => void response.json(one)),
  );
  app.patch(
    '/v1/consultants/:id',
    withOne((one, request, response) => {
      Object.assign(one, request.body);
      response.json(one);
    }),
  );
  app.delete(
    '/v1/consultants/:id',
    withOne((one, _request, response) => {
      stage.consultants.splice(stage.consultants.indexOf(one), 1);
      response.json({ id: one.id, archivedAt: new Date().toISOString() });
    }),
  );
  app.put(
    ['/v1/consultants/:id/schedule', '/v1/me/schedule'],
    withOne((one, request, response) => {
      one.schedule = (request.body as { schedule: Schedule | null }).schedule;
      response.json(one);
      hint(one.id);
    }),
  );
  app.post(
    ['/v1/consultants/:id/availability', '/v1/me/availability'],
    withOne((one, request, response) => {
      const wish = request.body as AvailabilityWish;
      one.availability = wish.availability;
      one.state = stateAfter(wish);
      response.json({ id: one.id, ...wish, state: one.state });
      hint(one.id);
    }),
  );
  app.get(['/v1/consultants/:id/calls', '/v1/me/calls'], (request, response) => {
    response.json(callsOf(request.query['day'] as string));
  });
  app.get(['/v1/consultants/:id/sip-login', '/v1/me/sip-login'], (_request, response) => {
    response.json({ userName: 'conseils-42', server: 'sip.example.com', telephones: 1 });
  });
  app.get(['/v1/consultants/:id/recordings', '/v1/me/recordings'], (_request, response) => {
    response.json({
      data: ['introduction', 'available', 'busy', 'away'].map((kind) => ({
        kind,
        recorded: recordings.has(kind),
        words: null,
      })),
    });
  });
  const recordingPaths = ['/v1/consultants/:id/recordings/:kind', '/v1/me/recordings/:kind'];
  app.get(recordingPaths, (request, response) => {
    const sound = recordings.get(String(request.params['kind']));
    if (sound) response.type('audio/wav').send(sound);
    else refuse(response, 404, 'unknown-id', 'Nothing was recorded.');
  });
  app.put(recordingPaths, express.raw({ type: 'audio/*', limit: '6mb' }), (request, response) => {
    recordings.set(String(request.params['kind']), request.body as Buffer);
    response.json({ done: true });
  });

  app.get('/v1/voicemails', (_request, response) => {
    response.json({ data: [], next: null, unheard: 0 });
  });

  // --- Groups, users, audit ---
  app.get('/v1/groups', (_request, response) => void response.json({ data: stage.groups }));
  app.post('/v1/groups', (request, response) => {
    const body = request.body as Omit<Group, 'id' | 'version'>;
    const group = { id: `grp_new${String((made += 1))}`, version: 1, ...body };
    stage.groups.push(group);
    response.status(201).json(group);
  });
  app.patch('/v1/groups/:id', (request, response) => {
    const group = stage.groups.find(({ id }) => id === request.params.id);
    if (group) response.json(Object.assign(group, request.body));
    else refuse(response, 404, 'unknown-id', 'There is no such group.');
  });
  app.get('/v1/users', (_request, response) => void response.json({ data: stage.users }));
  app.post('/v1/users', steppedUp, (request, response) => {
    const { email, role } = request.body as Pick<MerchantUser, 'email' | 'role'>;
    const invited = user(`usr_new${String((made += 1))}`, null, role, email);
    stage.users.push(invited);
    response.status(201).json({ ...invited, link: null });
  });
  app.get('/v1/audit', (_request, response) => {
    const entry = (position: number, action: string, area: string, subject: string | null) => ({
      id: String(position),
      position,
      at: new Date(Date.now() - 86_400_000 / position).toISOString(),
      by: { kind: 'user', id: 'usr_ana', name: 'Ana Ribeiro' },
      area,
      action,
      subject,
      details: [],
    });
    response.json({
      data: [
        entry(2, 'changeConsultant', 'consultants', 'con_hugo'),
        entry(1, 'inviteUser', 'users', 'usr_tom'),
      ],
      hasMore: false,
      next: 1,
    });
  });
  app.use((request: Request, response: Response) => {
    refuse(response, 404, 'not-found', `The stage has no ${request.method} ${request.path}.`);
  });

  const server = app.listen(port);
  await new Promise((resolve) => server.once('listening', resolve));
  return Object.assign(stage, {
    url: `http://localhost:${String((server.address() as AddressInfo).port)}/extranet`,
    close: async () => {
      for (const stream of streams) stream.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { url } = await startExtranetStage(3_210);
  console.log(`${url}/sign-in`, people);
}
