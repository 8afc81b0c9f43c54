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
module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    only('core-is-alone', '^src/core/', []),
    {
      name: 'core-libraries',
      severity: 'error',
      from: { path: '^src/core/' },
      to: { dependencyTypes: ['npm', 'core'], pathNot: ['node_modules/(decimal\\.js|luxon|@types/luxon|libphonenumber-js)/'] },
    },
    only('store', '^src/store/', ['^src/core/']),
    only('flow', '^src/flow/', ['^src/(core|store)/']),
    only('telephony', '^src/telephony/', ['^src/core/', '^src/flow/ports\\.ts$']),
    only('payments', '^src/payments/', ['^src/core/', '^src/flow/ports\\.ts$']),
    only('merchants', '^src/merchants/', ['^src/core/', '^src/flow/ports\\.ts$']),
    only('web', '^src/web/', ['^src/(core|store|flow)/']),
    only('sandbox', '^src/sandbox/', ['^src/core/']),
    only('config', '^src/config\\.ts$', ['^src/core/']),
    library('stripe', 'stripe', '^src/payments/'),
    library('modesl', 'modesl', '^src/telephony/'),
    library('knex', 'knex', '^src/store/'),
    library('pg', 'pg', '^src/(store|sandbox)/'),
    library('express', 'express', '^src/(web|sandbox)/'),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { extensions: ['.ts', '.js'] },
  },
};
