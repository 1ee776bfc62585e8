/** CONTAINERS_CONF in the environment makes Podman read other files than the host's. */
import type { Host } from '../host/host.ts'
import type { Found } from './diagnosis.ts'
import type { Scene } from './scene.ts'

const files = [
  '/etc/environment',
  '/etc/profile',
  '/etc/bash.bashrc',
  '/etc/bashrc',
  '/etc/security/pam_env.conf',
]
const folders = ['/etc/profile.d', '/etc/environment.d', '/etc/default', '/etc/sysconfig']
const unitFolders = [
  '/etc/systemd/system',
  '/usr/local/lib/systemd/system',
  '/usr/lib/systemd/system',
  '/lib/systemd/system',
]

const assignment = /^[^#;\n]*\b(CONTAINERS_CONF(?:_OVERRIDE)?)\s*=\s*(\S*)/m

/** Every file for all users, or unit, that sets it. */
export const containersConfigurationVariable = ({ host, engines }: Scene): readonly Found[] => {
  if (!engines.some(({ installation }) => installation.engine === 'podman')) return []
  const paths = [...files, ...folders.flatMap((folder) => within(host, folder)), ...units(host)]
  const seen = new Set<string>()
  return paths.flatMap((path): readonly Found[] => {
    const text = host.readText(path, 256 * 1024, true)
    const [, name, value] = (text.ok ? assignment.exec(text.value) : null) ?? []
    const real = host.realPath(path)
    if (name === undefined || (real.ok && seen.has(real.value))) return []
    if (real.ok) seen.add(real.value)
    return [
      {
        level: 'way-round',
        about: path,
        message: `sets ${name} to ${value}, so Podman reads that in place of the host's configuration`,
        advice: `take it out, or register lintel in ${value}`,
        divert: 'closes',
      },
    ]
  })
}

const within = (host: Host, folder: string): readonly string[] => {
  const listed = host.listDirectory(folder)
  return listed.ok ? listed.value.map((name) => `${folder}/${name}`) : []
}

const units = (host: Host): readonly string[] =>
  unitFolders
    .flatMap((folder) => within(host, folder))
    .flatMap((path) => {
      if (path.endsWith('.service')) return [path]
      return path.endsWith('.d') ? within(host, path).filter((each) => each.endsWith('.conf')) : []
    })
