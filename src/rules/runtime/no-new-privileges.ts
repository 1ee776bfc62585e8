/** Requires that a process cannot gain privileges through setuid files or file capabilities. */
import { privilegeGain } from '../../core/exec-envelope.ts'
import { place } from '../../core/patch.ts'
import { defineRule } from '../../core/rule.ts'

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
    exec: {
      what: 'the command repeats that it may gain privileges, which its container may not',
      why: 'Engines build every exec from what they had asked for; it gets what its container was left with.',
      remedy: { default: 'create the container with no-new-privileges, then nothing has to be repaired' },
    },
    demand: {
      what: 'the command may gain privileges through setuid programs, which its container may not',
      why: 'An exec may do what its container was admitted to do, and no more.',
      remedy: { default: 'set noNewPrivileges of the process to true, and leave out --no-new-privs=false' },
    },
  },
  check: (input) => {
    const { operation, process } = input
    const found = { actual: String(process?.noNewPrivileges ?? 'unset'), expected: 'true' }
    if (operation !== 'exec') {
      if (process === undefined || process.noNewPrivileges === true) return []
      return [{ message: 'unset', pointer: '/process/noNewPrivileges', ...found }]
    }
    const gain = privilegeGain(input)
    if (gain === 'none') return []
    const at = { pointer: '/noNewPrivileges', ...found }
    // `demand` is told by exec-privileged too; without it this rule alone must hold.
    return gain === 'repeated' ? [{ message: 'exec', ...at, standing: true }] : [{ message: 'demand', ...at }]
  },
  fix: (observations, { operation, config, process, call }) => {
    // A restored process comes back with the flag of its checkpoint; a command line is not rewritten.
    if (operation === 'restore' || call.described) return []
    return observations.map(({ pointer }) => place(operation === 'exec' ? process : config, pointer, true))
  },
  examples: {
    good: [
      { name: 'the flag is set', process: { noNewPrivileges: true } },
      {
        name: 'an exec in a container that was admitted without it',
        operation: 'exec',
        config: { process: { noNewPrivileges: false } },
        process: {},
      },
    ],
    bad: [
      { name: 'the flag is absent', process: { noNewPrivileges: null }, message: 'unset' },
      { name: 'the flag is false', process: { noNewPrivileges: false }, message: 'unset' },
      {
        name: 'a restore, whose credentials are those of the checkpoint',
        operation: 'restore',
        process: { noNewPrivileges: false },
        message: 'unset',
        fixable: false,
      },
      {
        name: 'an exec built from what the engine had asked for at create',
        operation: 'exec',
        asked: {},
        process: { noNewPrivileges: false },
        message: 'exec',
      },
      {
        name: 'an exec asks for more than its container was admitted with',
        operation: 'exec',
        process: { noNewPrivileges: false },
        message: 'demand',
      },
      {
        name: 'an exec clears what the engine itself had set',
        operation: 'exec',
        asked: { noNewPrivileges: true },
        process: {},
        message: 'demand',
      },
      {
        name: 'runc exec --no-new-privs=false, which cannot be rewritten',
        operation: 'exec',
        call: { described: true },
        process: { noNewPrivileges: false },
        message: 'demand',
        fixable: false,
      },
    ],
  },
})
