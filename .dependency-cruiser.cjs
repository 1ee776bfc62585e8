// Boundaries of the source tree (DESIGN section 6): what decides imports nothing that has effects.
const pure = '^src/(core|selinux|rules|profiles|trail)/'

module.exports = {
  forbidden: [
    {
      name: 'pure-imports-only-pure',
      comment:
        'core, selinux, rules, profiles and trail are functions of their arguments; effects live behind src/host',
      severity: 'error',
      from: { path: pure, pathNot: '\\.test\\.ts$' },
      to: { pathNot: `${pure}|^src/policy/profile\\.ts$` },
    },
    {
      name: 'core-knows-no-rule',
      comment: 'rules build on core, never the other way round',
      severity: 'error',
      from: { path: '^src/core/', pathNot: '\\.test\\.ts$' },
      to: { path: '^src/(rules|profiles|policy)/' },
    },
    {
      name: 'hot-path-loads-no-command-line',
      comment: 'what runs at every call must not load yargs or anything else of the command line',
      severity: 'error',
      from: { path: '^src/(runtime|engines|policy|identity|core|rules)/' },
      to: { path: '^src/cli/|node_modules/yargs' },
    },
    {
      name: 'registration-is-pure',
      comment: 'texts to texts: files are read and written by src/installation',
      severity: 'error',
      from: { path: '^src/registration/', pathNot: '\\.test\\.ts$' },
      to: { path: '^src/', pathNot: '^src/(core|registration)/' },
    },
    {
      name: 'no-node-modules-in-src',
      comment:
        'the machine has no Node: only the command line takes packages, yargs and two parsers that tell places',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(cli|registration)/|\\.test\\.ts$' },
      to: { dependencyTypes: ['npm', 'npm-dev', 'core'] },
    },
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    exclude: { path: 'src/policy/generated' },
    doNotFollow: { path: 'node_modules' },
  },
}
