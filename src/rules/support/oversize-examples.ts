/** The examples of `oversize`; small limits stand in for the large ones where a limit is a parameter. */
import type { BadExample, Example } from '../../core/rule.ts'

const times = (count: number, text: string): readonly string[] => Array.from({ length: count }, () => text)

const console = (height: number, width: number): Pick<Example, 'process'> => ({
  process: { terminal: true, consoleSize: { height, width } },
})

const annotated = (count: number): Pick<Example, 'config'> => ({
  config: {
    annotations: Object.fromEntries(times(count, 'value').map((value, key) => [`key-${key}`, value])),
  },
})

const hooked = (count: number, env: readonly string[] = []): Pick<Example, 'config'> => ({
  config: { hooks: { prestart: times(count, '/hook').map((path) => ({ path, env })) } },
})

const mounted = (count: number, option = 'ro'): Pick<Example, 'config'> => ({
  config: {
    mounts: times(count, '/data').map((destination) => ({
      destination,
      source: '/srv',
      type: 'bind',
      options: ['bind', option],
    })),
  },
})

export const goodSizes: readonly Example[] = [
  { name: 'an ordinary container' },
  { name: 'the largest string the kernel takes', process: { args: ['true', 'a'.repeat(131071)] } },
  { name: 'a namespace of many services', process: { env: times(700, 'SERVICE_PORT=tcp://10.0.0.1:443') } },
  { name: 'the console Docker does not know the size of', ...console(0, 0) },
  { name: 'a wide console', ...console(50, 65535) },
  { name: 'many mounts', ...mounted(100) },
  { name: 'many annotations', ...annotated(100) },
]

export const badSizes: readonly BadExample<'count' | 'bytes' | 'string' | 'console'>[] = [
  {
    name: 'too many arguments',
    process: { args: times(33, 'a') },
    parameters: { strings: 32 },
    message: 'count',
  },
  {
    name: 'too many environment variables',
    process: { env: times(33, 'A=') },
    parameters: { strings: 32 },
    message: 'count',
  },
  { name: 'too many mounts', ...mounted(41), parameters: { mounts: 40 }, message: 'count' },
  { name: 'too many annotations', ...annotated(11), parameters: { annotations: 10 }, message: 'count' },
  { name: 'too many hooks', ...hooked(3), parameters: { hooks: 2 }, message: 'count' },
  { name: 'arguments of too many bytes', process: { args: times(21, 'a'.repeat(100000)) }, message: 'bytes' },
  {
    name: 'an environment of too many bytes, though of fewer characters',
    process: { env: times(10, `A=${'柱'.repeat(40)}`) },
    parameters: { 'process-bytes': 1024 },
    message: 'bytes',
  },
  {
    name: 'hooks of too many bytes',
    ...hooked(2, ['A='.padEnd(600, 'a')]),
    parameters: { 'config-bytes': 1024 },
    message: 'bytes',
  },
  {
    name: 'a mount option that goes on and on',
    ...mounted(1, `lowerdir=${'/a:'.repeat(400)}`),
    parameters: { 'config-bytes': 1024 },
    message: 'bytes',
  },
  {
    name: 'an argument the kernel refuses',
    process: { args: ['true', 'a'.repeat(131072)] },
    message: 'string',
  },
  {
    name: 'a variable the kernel refuses, counted in bytes',
    process: { env: [`A=${'柱'.repeat(44000)}`] },
    message: 'string',
  },
  { name: 'a console of more than 16 bits', ...console(24, 65536), message: 'console' },
  {
    name: 'an exec with too many arguments',
    operation: 'exec',
    process: { args: times(33, 'a') },
    parameters: { strings: 32 },
    message: 'count',
  },
]
