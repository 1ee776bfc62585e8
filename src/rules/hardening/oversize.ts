/** Refuses configurations that are larger than anything reasonable: what overflows a runtime, a kernel limit or a log. */
import { byteLength, isLonger } from '../../core/byte-length.ts'
import type { Config, Process } from '../../core/oci.ts'
import { pointer } from '../../core/patch.ts'
import { defineRule, type Observation, type RuleInput } from '../../core/rule.ts'
import { badSizes, goodSizes } from '../support/oversize-examples.ts'
import { sizeParameters } from '../support/oversize-parameters.ts'

export const oversize = defineRule({
  id: 'oversize',
  title: 'Ensure that arguments, environment, mounts, annotations and hooks are of a reasonable size',
  severity: 'low',
  category: 'integrity',
  references: [
    { url: 'https://man7.org/linux/man-pages/man2/execve.2.html' },
    { url: 'https://github.com/opencontainers/runtime-spec/blob/main/config.md#process' },
  ],
  rationale:
    'Whoever may start a container chooses the size of these. Runtimes copy them several times, the kernel refuses some of them late and with a message nobody understands, and each is written to logs.',
  appliesTo: ['create', 'run', 'restore', 'exec'],
  parameters: sizeParameters,
  messages: {
    count: {
      what: 'there are {actual}, more than {expected}',
      why: 'A runtime works through all of them for every container.',
      remedy: { default: 'hand over less, or in a file' },
    },
    bytes: {
      what: '{actual} take more than {expected} bytes together',
      why: 'A runtime copies them several times, and the kernel has a limit of its own.',
      remedy: { default: 'hand over less, or in a file' },
    },
    string: {
      what: 'one of the {actual} takes more than {expected} bytes',
      why: 'The kernel starts no program with one that long.',
      remedy: { default: 'hand it over in a file' },
    },
    console: {
      what: 'the console would be {actual} large, more than {expected}',
      why: 'The kernel keeps 16 bits of it and drops the rest.',
      remedy: { default: 'set a size of the console that a terminal has, or none' },
    },
  },
  check: (input, limits) => [
    ...judgeProcess(input, limits),
    ...(input.operation === 'exec' || input.config === undefined ? [] : judgeConfig(input.config, limits)),
  ],
  examples: { good: goodSizes, bad: badSizes },
})

type Limits = { readonly [name in keyof typeof sizeParameters]: number }

type SizeObservation = Observation<'count' | 'bytes' | 'string' | 'console'>

interface Measured {
  readonly pointer: string
  readonly name: string
  readonly count: number
  readonly texts: readonly string[]
}

const over = (
  { pointer: at, name, count, texts }: Measured,
  limit: { readonly count: number; readonly bytes: number },
): readonly SizeObservation[] => {
  const found: SizeObservation[] = []
  if (count > limit.count)
    found.push({ message: 'count', pointer: at, actual: `${count} ${name}`, expected: String(limit.count) })
  if (isLonger(texts, limit.bytes))
    found.push({ message: 'bytes', pointer: at, actual: `the ${name}`, expected: String(limit.bytes) })
  return found
}

const judgeProcess = ({ operation, process }: RuleInput, limits: Limits): readonly SizeObservation[] => {
  if (process === undefined) return []
  const at = (member: string): string => (operation === 'exec' ? pointer(member) : pointer('process', member))
  const { args = [], env = [] } = process
  return [
    ...judgeStrings({ pointer: at('args'), name: 'arguments', count: args.length, texts: args }, limits),
    ...judgeStrings(
      { pointer: at('env'), name: 'environment variables', count: env.length, texts: env },
      limits,
    ),
    ...judgeConsole(process, at('consoleSize'), limits.console),
  ]
}

const judgeStrings = (measured: Measured, limits: Limits): readonly SizeObservation[] => {
  const found = over(measured, { count: limits.strings, bytes: limits['process-bytes'] })
  const longest = limits['string-bytes']
  // A character takes three bytes at most for each unit of its length.
  if (!measured.texts.some((text) => text.length * 3 > longest && byteLength(text) > longest)) return found
  const { pointer: at, name } = measured
  return [...found, { message: 'string', pointer: at, actual: name, expected: String(longest) }]
}

const judgeConsole = ({ consoleSize }: Process, at: string, limit: number): readonly SizeObservation[] => {
  if (consoleSize === undefined) return []
  const { height, width } = consoleSize
  // Docker sends 0 by 0 where it does not know.
  if (Math.max(height, width) <= limit) return []
  return [{ message: 'console', pointer: at, actual: `${width} by ${height}`, expected: String(limit) }]
}

const judgeConfig = (
  { mounts = [], annotations = {}, hooks = {} }: Config,
  limits: Limits,
): readonly SizeObservation[] => {
  let hookCount = 0
  for (const list of Object.values(hooks)) if (Array.isArray(list)) hookCount += list.length
  const bytes = limits['config-bytes']
  const part = (name: string, value: object, [count, most]: readonly [number, number]) =>
    count === 0
      ? []
      : over({ pointer: pointer(name), name, count, texts: [JSON.stringify(value)] }, { count: most, bytes })
  return [
    ...part('mounts', mounts, [mounts.length, limits.mounts]),
    ...part('annotations', annotations, [Object.keys(annotations).length, limits.annotations]),
    ...part('hooks', hooks, [hookCount, limits.hooks]),
  ]
}
