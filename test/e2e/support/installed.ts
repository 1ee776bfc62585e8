/** A private host on which lintel lies where a package would put it, and engines know nothing of it yet. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { allowCgroup } from './decisions.ts'
import { type CommandOptions, type Outcome, openPrivateHost, type PrivateHost } from './private-host.ts'

export interface InstalledHost extends PrivateHost {
  /** Runs the command line from where it is installed. */
  lintel(args: readonly string[], options?: CommandOptions): Promise<Outcome>
  /** Runs shell lines inside; throws where they fail. */
  shell(script: string): Promise<string>
  /** Text of a file inside; undefined where there is none. */
  text(inside: string): string | undefined
}

/** Where lintel is put. */
const folder = '/usr/local/sbin'

/**
 * Opens the host. `programs`: what the machine must have. `newer`: a root whose /usr lies over the machine's, as after
 * an upgrade to what is in it. `cgroups` as of {@link openPrivateHost}.
 */
export const openInstalledHost = async (
  programs: readonly string[],
  { newer, cgroups = 'any' }: { readonly newer?: string; readonly cgroups?: 'v1' | 'any' } = {},
): Promise<InstalledHost> => {
  const host = await openPrivateHost(programs, cgroups)
  const shell: InstalledHost['shell'] = async (script) => {
    const { exitCode, stdout, all } = await host.run('sh', ['-euc', script])
    if (exitCode !== 0) throw new Error(`${script}\nended with ${exitCode}: ${all}`)
    return stdout
  }
  const installed: InstalledHost = {
    ...host,
    runtime: `${folder}/lintel-runtime`,
    lintel: (args, options) => host.run(`${folder}/lintel`, args, options),
    shell,
    text: (inside) => (existsSync(host.path(inside)) ? readFileSync(host.path(inside), 'utf8') : undefined),
  }
  try {
    if (newer !== undefined) await shell(overlay(host, newer))
    await shell(
      `mount -t tmpfs -o mode=755 tmpfs ${folder}; cp ${join(host.workspace, 'lintel')} ${folder}; ln -s lintel ${folder}/lintel-runtime`,
    )
    allowCgroup(host)
  } catch (error) {
    await host.close()
    throw error
  }
  return installed
}

const overlay = ({ workspace }: PrivateHost, newer: string): string =>
  `cd ${workspace}/state && mkdir usr usr-work && mount -t overlay -o lowerdir=${newer}/usr:/usr,upperdir=$PWD/usr,workdir=$PWD/usr-work overlay /usr`

/** Every file below these folders inside, by path: kind, mode, owner and text. */
export const tree = async (host: InstalledHost, folders: readonly string[]): Promise<string> =>
  host.shell(
    `for each in ${folders.join(' ')}; do [ ! -e $each ] || find $each \\( -type d -printf '%p %M %u\\n' -o -type l -printf '%p -> %l\\n' -o -printf '%p %M %u ' -exec sha256sum -b {} \\; \\); done | sed 's/ \\*.*//' | sort`,
  )
