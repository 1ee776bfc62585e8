/** Low-level runtimes on disk that are not lintel: whoever may name a path may call them. */
import { keepFolder } from '../installation/diversion.ts'
import type { Found } from './diagnosis.ts'
import { diverting, isLintel, pathFolders, programsNamed } from './programs.ts'
import type { Scene } from './scene.ts'

const names = [
  'runc',
  'crun',
  'youki',
  'krun',
  'runsc',
  'sysbox-runc',
  'kata-runtime',
  'buildkit-runc',
  'docker-runc',
  'docker-runc-current',
] as const

const folders = [
  ...pathFolders,
  '/opt/containerd/bin',
  '/opt/bin',
  '/opt/kata/bin',
  '/usr/libexec/docker',
  '/usr/libexec/crio',
  '/usr/libexec/podman',
  '/usr/lib/cri-o-runc/sbin',
  '/var/lib/rancher/k3s/data/current/bin',
  '/var/lib/rancher/rke2/bin',
  '/var/lib/k0s/bin',
] as const

/** Every such program but those behind lintel. */
export const otherRuntimes = ({ host }: Scene): readonly Found[] =>
  programsNamed(host, names, folders)
    .filter((path) => !path.startsWith(`${keepFolder}/`) && !isLintel(host, path))
    .map((path) => {
      const divert = diverting(path)
      return {
        level: 'way-round',
        about: path,
        message: `can be called beside lintel: ${callers(path.slice(path.lastIndexOf('/') + 1), path)}`,
        advice:
          divert === 'closes' ? 'lintel install --divert' : 'remove it, or keep it from users: chmod 0700',
        divert,
      }
    })

const callers = (name: string, path: string): string =>
  name === 'runc'
    ? `ctr, nerdctl, podman --runtime ${path}, rootless Podman`
    : `podman --runtime ${path}, rootless Podman`
