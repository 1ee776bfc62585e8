/** Forbids SSH servers in containers, by the program that is started and not by a word in the arguments. */
import type { Probe } from '../../core/facts.ts'
import { pointer } from '../../core/patch.ts'
import { remembered } from '../../core/remembered.ts'
import { defineRule, type RuleInput } from '../../core/rule.ts'
import { programOf, startedCommands } from '../../core/wrapped-command.ts'
import { badSshd, goodSshd } from '../support/no-sshd-examples.ts'

export const noSshd = defineRule({
  id: 'no-sshd',
  title: 'Ensure that sshd is not run within containers',
  severity: 'medium',
  category: 'process',
  references: [
    { benchmark: 'cis-docker-1.13.0', item: '5.6' },
    { benchmark: 'cis-docker-1.7.0', item: '5.7' },
    { benchmark: 'stig-docker-enterprise-2', item: 'DKER-EE-001970' },
  ],
  rationale:
    'An SSH server in a container is a second way in, with keys, passwords and logs of its own, past the engine and everything that watches it.',
  appliesTo: ['create', 'run', 'restore', 'exec'],
  parameters: {
    names: {
      type: 'array',
      items: { type: 'string' },
      description: 'Programs that are SSH servers. A copy under another name is not found out.',
      default: ['sshd', 'dropbear', 'dropbearmulti', 'tinysshd', 'lshd'],
    },
  },
  messages: {
    server: {
      what: 'the SSH server {actual} would be started',
      why: 'It opens a way into the container that the engine neither controls nor records.',
      remedy: {
        docker: 'leave the SSH server out and use docker exec',
        podman: 'leave the SSH server out and use podman exec',
        kubernetes: 'leave the SSH server out and use kubectl exec',
        ctr: 'leave the SSH server out and use ctr task exec',
        default: 'leave the SSH server out and use the exec of the engine',
      },
    },
  },
  probes: (input) =>
    commandsOf(input).flatMap(([program = '']): readonly Probe[] => {
      return program.startsWith('/') ? [{ path: program, kind: 'inside' }] : []
    }),
  check: (input, { names }) => {
    const found = commandsOf(input).flatMap((command) => serverOf(command, names, input) ?? [])
    const [actual] = found
    if (actual === undefined) return []
    const at = input.operation === 'exec' ? pointer('args') : pointer('process', 'args')
    return [{ message: 'server', pointer: at, actual, expected: 'no SSH server' }]
  },
  examples: { good: goodSshd, bad: badSshd },
})

// A script handed to a shell can be of any length; an SSH server is started near the beginning or not by it.
const longestText = 16 * 1024

const commandsOf = remembered(
  (one: RuleInput, other: RuleInput) => one.process?.args === other.process?.args,
  ({ process }) => {
    const args = process?.args ?? []
    const short = args.every(({ length }) => length <= longestText)
    return startedCommands(short ? args : args.map((word) => word.slice(0, longestText)))
  },
)

/** What of the command is an SSH server, for people; undefined where nothing is. */
const serverOf = (
  [program = '', ...words]: readonly string[],
  names: readonly string[],
  { facts }: RuleInput,
): string | undefined => {
  const name = programOf(program)
  if (names.includes(name)) return name
  const real = programOf(facts.inside[program]?.real ?? '')
  if (names.includes(real)) return `${real} (as ${name})`
  const services = starters.has(name) ? words : /^\/etc\/(?:rc\.d\/)?init\.d\//.test(program) ? [name] : []
  const service = services.find((word) => serviceNames.has(word) || names.includes(word))
  return service === undefined ? undefined : `${service} (a service)`
}

const starters: ReadonlySet<string> = new Set(['service', 'rc-service', 'invoke-rc.d', 'systemctl'])

const serviceNames: ReadonlySet<string> = new Set([
  'ssh',
  'ssh.service',
  'sshd.service',
  'ssh.socket',
  'sshd.socket',
])
