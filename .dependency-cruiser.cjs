// The arrows of the house. A new import that is refused here means either the wrong folder or a missing port.
const only = (name, from, allowed) => ({
  name,
  severity: 'error',
  from: { path: from },
  to: { path: '^src/', pathNot: [from, ...allowed] },
});
const library = (name, module, folder) => ({
  name: `${name}-in-one-folder`,
  severity: 'error',
  from: { path: '^src/', pathNot: folder },
  to: { path: `node_modules/${module}/` },
});
const typesOnly = (name, from, to) => ({
  name: `${name}-are-types`,
  severity: 'error',
  from: { path: from },
  to: { path: to, dependencyTypesNot: ['type-only'] },
});
module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    only('core-is-alone', '^src/core/', ['^src/xml/']),
    {
      name: 'core-libraries',
      severity: 'error',
      from: { path: '^src/core/' },
      to: {
        dependencyTypes: ['npm', 'core'],
        pathNot: ['node_modules/(decimal\\.js|luxon|@types/luxon|libphonenumber-js|zod)/'],
      },
    },
    {
      // What merchants write as JSON is read by its shape, and the shape is published.
      name: 'shapes-of-scenarios',
      severity: 'error',
      from: { path: '^src/core/', pathNot: '^src/core/scenario/' },
      to: { path: 'node_modules/zod/' },
    },
    only('store', '^src/store/', ['^src/core/']),
    only('flow', '^src/flow/', ['^src/(core|store)/']),
    only('telephony', '^src/telephony/', ['^src/core/', '^src/flow/ports\\.ts$']),
    only('payments', '^src/payments/', ['^src/core/', '^src/flow/ports\\.ts$']),
    only('merchants', '^src/merchants/', ['^src/core/', '^src/(soap|xml)/', '^src/flow/ports\\.ts$']),
    // Languages, as JSON is one: they know nobody, and who asks in them and who is asked in them both speak them.
    only('xml', '^src/xml/', []),
    only('soap', '^src/soap/', ['^src/xml/']),
    only('card-room', '^src/card-room/', ['^src/core/', '^src/flow/ports\\.ts$']),
    {
      // Who hears digits is asked; nobody takes it into his own process.
      name: 'card-room-is-asked',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/card-room/' },
      to: { path: '^src/card-room/', pathNot: '^src/card-room/asking\\.ts$' },
    },
    {
      name: 'card-room-is-asked-by-the-gateway',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(card-room/|gateway\\.ts$)' },
      to: { path: '^src/card-room/' },
    },
    only('web', '^src/web/', ['^src/(core|store|flow|soap|xml)/']),
    only('sandbox', '^src/sandbox/', ['^src/core/']),
    only('extranet', '^src/extranet/', ['^src/core/']),
    only('terminal', '^src/terminal/', ['^src/(core|store|flow)/']),
    only('config', '^src/config(-variables)?\\.ts$', ['^src/core/', '^src/config-variables\\.ts$']),
    // A port is a shape: who stands behind it takes nothing of the steps but its types; the sandbox nothing of the rules.
    typesOnly('ports', '^src/(telephony|payments|merchants|card-room)/', '^src/flow/'),
    typesOnly('rules-in-the-sandbox', '^src/sandbox/', '^src/core/'),
    typesOnly('rules-in-the-extranet', '^src/extranet/', '^src/core/'),
    {
      name: 'put-together-at-the-top',
      severity: 'error',
      from: {
        path: '^src/',
        pathNot: '^src/(main|gateway|gateway-process|kept-gateway|cli|cli-answer|config)\\.ts$',
      },
      to: { path: '^src/[^/]+\\.ts$' },
    },
    { name: 'main-is-last', severity: 'error', from: { path: '^src/' }, to: { path: '^src/main\\.ts$' } },
    library('stripe', 'stripe', '^src/payments/'),
    library('modesl', 'modesl', '^src/telephony/'),
    library('drachtio-srf', 'drachtio-srf', '^src/telephony/'),
    library('knex', 'knex', '^src/store/'),
    library('pg', 'pg', '^src/(store|sandbox)/'),
    library('express', 'express', '^src/(web|sandbox)/'),
    library('graphile-worker', 'graphile-worker', '^src/store/'),
    library('undici', 'undici', '^src/merchants/'),
    library('sax', 'sax', '^src/xml/'),
    library('liquidjs', 'liquidjs', '^src/web/'),
    library('luxon', 'luxon', '^src/core/'),
    library(
      'browser-application',
      '(@mantine/[^/]+|react|react-dom|react-router|@tanstack/[^/]+)',
      '^src/extranet/',
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { extensions: ['.ts', '.tsx', '.js'] },
  },
};
