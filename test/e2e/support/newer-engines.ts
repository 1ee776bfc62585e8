/** containerd 2 and the Docker that goes with it, from a newer Debian than the machine's. */

import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'

const cache = fileURLToPath(new URL('../../../node_modules/.cache/lintel', import.meta.url))

/** The first suite with containerd 2; later ones have it too. */
const suite = 'forky'
const packages = ['containerd', 'runc', 'docker.io', 'docker-cli'] as const

/**
 * A root with these packages and all they need, unpacked and never configured; fetched once a checkout, with lists and
 * settings of its own. Throws one line that says what could not be had.
 */
export const newerEngines = async (): Promise<string> => {
  const root = join(cache, `${suite}-${packages.join('-')}`)
  if (existsSync(root)) return root
  mkdirSync(cache, { recursive: true })
  // Two suites may come here at once.
  const fresh = mkdtempSync(`${root}.`)
  const wanted = ['--variant=extract', '--format=directory', `--include=${packages.join(',')}`]
  // Lists of a suite in the making expire within days, and mirrors and clocks lag; signatures are held to all the same.
  const apt = ['--aptopt=Acquire::Check-Valid-Until "false"']
  const fetched = await execa('mmdebstrap', ['--mode=root', ...wanted, ...apt, suite, fresh], {
    reject: false,
    all: true,
  })
  if (fetched.exitCode !== 0) {
    rmSync(fresh, { recursive: true, force: true })
    const faults = fetched.all?.split('\n').filter((line) => line.startsWith('E: '))
    throw new Error(`${packages.join(', ')} of Debian ${suite} cannot be had: ${faults?.join('; ')}`)
  }
  try {
    renameSync(fresh, root)
  } catch (error) {
    rmSync(fresh, { recursive: true, force: true })
    if (!existsSync(root)) throw error
  }
  return root
}
