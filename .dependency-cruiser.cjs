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
    only('core-is-alone', '^src/core/', []),
    {
      name: 'core-libraries',
      severity: 'error',
      from: { path: '^src/core/' },
      to: {
        dependencyTypes: ['npm', 'core'],
        pathNot: ['node_modules/(decimal\\.js|luxon|@types/luxon|libphonenumber-js)/'],
      },
    },
    only('store', '^src/store/', ['^src/core/']),
    only('flow', '^src/flow/', ['^src/(core|store)/']),
    only('telephony', '^src/telephony/', ['^src/core/', '^src/flow/ports\\.ts$']),
    only('payments', '^src/payments/', ['^src/core/', '^src/flow/ports\\.ts$']),
    only('merchants', '^src/merchants/', ['^src/core/', '^src/soap/', '^src/flow/ports\\.ts$']),
    // A language, as JSON is one: it knows nobody, and who asks in it and who is asked in it both speak it.
    only('soap', '^src/soap/', []),
    only('web', '^src/web/', ['^src/(core|store|flow|soap)/']),
    only('sandbox', '^src/sandbox/', ['^src/core/']),
    only('extranet', '^src/extranet/', ['^src/core/']),
    only('terminal', '^src/terminal/', ['^src/(core|store|flow)/']),
    only('config', '^src/config\\.ts$', ['^src/core/']),
    // A port is a shape: who stands behind it takes nothing of the steps but its types; the sandbox nothing of the rules.
    typesOnly('ports', '^src/(telephony|payments|merchants)/', '^src/flow/'),
    typesOnly('rules-in-the-sandbox', '^src/sandbox/', '^src/core/'),
    typesOnly('rules-in-the-extranet', '^src/extranet/', '^src/core/'),
    {
      name: 'put-together-at-the-top',
      severity: 'error',
      from: {
        path: '^src/',
        pathNot: '^src/(main|gateway|gateway-process|kept-gateway|cli|cli-answer)\\.ts$',
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
    library('sax', 'sax', '^src/soap/'),
    library('liquidjs', 'liquidjs', '^src/web/'),
    library('luxon', 'luxon', '^src/core/'),
    library(
      'browser-application',
      '(@mantine/[^/]+|react|react-dom|react-router|i18next|@tanstack/[^/]+)',
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
