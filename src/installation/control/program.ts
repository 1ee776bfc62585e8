/** Programs of engines, run and read. */
import { isJsonObject, type Json } from '../../core/json.ts'
import { err, ok, type Result } from '../../core/result.ts'
import type { Host } from '../../host/host.ts'

const timeout = 60_000

/** Standard output of a program that ends well. The error is one line: what it was, and the last thing it said. */
export const output = (host: Host, argv: readonly string[]): Result<string, string> => {
  const ran = host.spawn(argv, '', timeout)
  const words = argv.join(' ')
  if (!ran.ok) return err(`${argv[0]} could not be run (${ran.error.code})`)
  const { status, timedOut, stdout, stderr } = ran.value
  if (timedOut) return err(`${words} took over ${timeout / 1000} s`)
  if (status === 0) return ok(stdout)
  const said = (stderr.trim() === '' ? stdout : stderr).trim().split('\n').at(-1) ?? ''
  return err(`${words} ended with ${status}: ${said}`)
}

/** The program of this name beside another of the same package, else by PATH. */
export const sibling = (host: Host, program: string, name: string): string => {
  const path = `${program.slice(0, program.lastIndexOf('/'))}/${name}`
  return host.stat(path, true).ok ? path : name
}

/** A member of what may be an object, in what a program printed. */
export const member = (value: Json | undefined, name: string): Json | undefined =>
  isJsonObject(value) ? value[name] : undefined
