/** A private host whose /usr and package lists are its own as well: what is installed or diverted there stays there. */

import { copyFileSync, cpSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { type Outcome, openPrivateHost, type PrivateHost } from './private-host.ts'

const tools = { dpkg: ['dpkg-divert', 'dpkg-deb'], rpm: ['rpm', 'rpmbuild'] } as const

/**
 * Opens a private host with an own /usr over the machine's and lintel at /usr/bin/lintel. With `dpkg` its packages are
 * the machine's; with `rpm` neither tool knows of any.
 */
export const openHostWithOwnUsr = async (
  programs: readonly string[] = [],
  packages: 'dpkg' | 'rpm' = 'dpkg',
): Promise<PrivateHost> => {
  const host = await openPrivateHost([...programs, ...tools[packages]])
  try {
    const layers = `lowerdir=/usr,upperdir=${host.workspace}/state/usr,workdir=${host.workspace}/state/usr-work`
    const over = `cd ${host.workspace}/state && mkdir usr usr-work && mount -t overlay -o ${layers} overlay /usr`
    await succeeds(host.run('sh', ['-c', over]))
    if (packages === 'dpkg') cpSync('/var/lib/dpkg', host.path('/var/lib/dpkg'), { recursive: true })
    copyFileSync(join(host.workspace, 'lintel'), host.path('/usr/bin/lintel'))
    return host
  } catch (error) {
    await host.close()
    throw error
  }
}

/** The outcome of a command that has to succeed. */
export const succeeds = async (running: Promise<Outcome>): Promise<Outcome> => {
  const outcome = await running
  if (outcome.exitCode !== 0) throw new Error(`exit status ${outcome.exitCode}: ${outcome.all}`)
  return outcome
}

/** What tells one file from another: bytes, mode, owner and time. */
export const fileFacts = (path: string): object => {
  const { mode, uid, gid, mtimeMs } = statSync(path)
  return { bytes: readFileSync(path).toString('base64'), mode, uid, gid, mtimeMs }
}

/** Builds a Debian package of one executable, byte for byte as given; returns its file. */
export const buildDebianPackage = async (
  folder: string,
  { name, version, path, bytes }: { name: string; version: string; path: string; bytes: Buffer },
): Promise<string> => {
  const tree = join(folder, `${name}-${version}`)
  mkdirSync(join(tree, 'DEBIAN'), { recursive: true })
  mkdirSync(join(tree, path, '..'), { recursive: true })
  writeFileSync(join(tree, path), bytes, { mode: 0o755 })
  const { stdout: architecture } = await execa('dpkg', ['--print-architecture'])
  const control = [
    `Package: ${name}`,
    `Version: ${version}`,
    `Architecture: ${architecture}`,
    'Maintainer: lintel tests <root@localhost>',
    'Description: a runtime',
  ]
  writeFileSync(join(tree, 'DEBIAN/control'), `${control.join('\n')}\n`)
  const file = `${tree}.deb`
  await execa('dpkg-deb', ['--root-owner-group', '-Znone', '--build', tree, file])
  return file
}

/** Makes a bundle that runs busybox by the host's own runc, under its cgroup; returns its folder. */
export const writeBundle = (host: PrivateHost, name: string, command: string): string => {
  const bundle = join(host.workspace, name)
  mkdirSync(join(bundle, 'rootfs/bin'), { recursive: true })
  copyFileSync('/bin/busybox', join(bundle, 'rootfs/bin/busybox'))
  const capabilities = ['CAP_KILL']
  const namespaces = ['pid', 'network', 'ipc', 'uts', 'mount'].map((type) => ({ type }))
  const config = {
    ociVersion: '1.0.2',
    process: {
      user: { uid: 1000, gid: 1000 },
      args: ['/bin/busybox', 'sh', '-c', command],
      cwd: '/',
      noNewPrivileges: true,
      capabilities: { bounding: capabilities },
    },
    root: { path: 'rootfs', readonly: true },
    mounts: [{ destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'noexec', 'nodev'] }],
    linux: { namespaces, cgroupsPath: `${host.cgroup}/${name}` },
  }
  writeFileSync(join(bundle, 'config.json'), JSON.stringify(config))
  return bundle
}
