/** Requires that a process cannot gain privileges through setuid files or file capabilities. */
import { place } from '../../core/patch.ts'
import { defineRule, type RuleInput } from '../../core/rule.ts'

export const noNewPrivileges = defineRule({
  id: 'no-new-privileges',
  title: 'Ensure that the container is restricted from acquiring additional privileges',
  severity: 'high',
  category: 'new-privileges',
  references: [
    { benchmark: 'cis-docker-1.13.0', item: '5.25' },
    { benchmark: 'cis-docker-1.7.0', item: '5.26' },
    { benchmark: 'pss-restricted', item: 'allowPrivilegeEscalation' },
    { benchmark: 'stig-docker-enterprise-2', item: 'DKER-EE-002110' },
    { url: 'https://www.kernel.org/doc/html/latest/userspace-api/no_new_privs.html' },
  ],
  rationale:
    'Without the flag a process that is not root becomes root by running any setuid program of its image, and gains whatever capabilities the bounding set still holds.',
  appliesTo: ['create', 'run', 'restore', 'exec'],
  parameters: {},
  messages: {
    unset: {
      what: 'the process may gain privileges through setuid programs',
      why: 'A setuid program in the image turns any user of the container into its root.',
      remedy: {
        docker: 'add --security-opt no-new-privileges',
        podman: 'add --security-opt no-new-privileges',
        kubernetes: 'set securityContext.allowPrivilegeEscalation: false',
        ctr: 'remove --allow-new-privs',
        default: 'set process.noNewPrivileges to true',
      },
    },
  },
  check: ({ operation, process, config }) => {
    if (process === undefined || process.noNewPrivileges === true) return []
    // An exec may do what its container was admitted to do, and no more.
    if (operation === 'exec' && config?.process !== undefined && config.process.noNewPrivileges !== true)
      return []
    return [
      {
        message: 'unset',
        pointer: operation === 'exec' ? '/noNewPrivileges' : '/process/noNewPrivileges',
        actual: String(process.noNewPrivileges ?? 'unset'),
        expected: 'true',
      },
    ]
  },
  fix: (observations, { operation, config, process }: RuleInput) =>
    observations.map(({ pointer }) => place(operation === 'exec' ? process : config, pointer, true)),
  examples: {
    good: [{ name: 'the flag is set', process: { noNewPrivileges: true } }],
    bad: [
      { name: 'the flag is absent', process: { noNewPrivileges: null }, message: 'unset' },
      { name: 'the flag is false', process: { noNewPrivileges: false }, message: 'unset' },
      {
        name: 'an exec asks for more than its container was admitted with',
        operation: 'exec',
        config: { process: { noNewPrivileges: true } },
        process: { noNewPrivileges: false },
        message: 'unset',
      },
    ],
  },
})
