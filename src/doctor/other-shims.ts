/** containerd shims that bring a runtime of their own: kata, gVisor, Wasm. */
import type { Found } from './diagnosis.ts'
import { foldersOf, pathFolders } from './programs.ts'
import type { Scene } from './scene.ts'

const prefix = 'containerd-shim-'

/** Those of containerd's own, which call runc. */
const runcShims = new Set(['runc-v1', 'runc-v2'])

/** Every shim on a PATH of the daemons that is not runc's; whoever may name a runtime may name it. */
export const otherShims = ({ host, engines, processes }: Scene): readonly Found[] => {
  const users = engines.map(({ installation }) => installation.engine)
  if (!users.includes('docker') && !users.includes('containerd')) return []
  const daemons = processes.filter(({ name, sameRoot }) => name === 'containerd' && sameRoot)
  const folders = [
    '/opt/containerd/bin',
    '/opt/kata/bin',
    ...daemons.flatMap(({ pid }) => foldersOf(host, pid)),
    ...pathFolders,
  ]
  const seen = new Set<string>()
  return [...new Set(folders)].flatMap((folder) => {
    const listed = host.listDirectory(folder)
    const names = listed.ok ? listed.value.filter((name) => name.startsWith(prefix)) : []
    return names.flatMap((name): readonly Found[] => {
      const runtime = name.slice(prefix.length)
      if (runcShims.has(runtime) || seen.has(runtime)) return []
      seen.add(runtime)
      return [found(`${folder}/${name}`, runtime)]
    })
  })
}

const found = (path: string, runtime: string): Found => ({
  level: 'way-round',
  about: path,
  message: `runtime io.containerd.${runtime.replace(/-(v\d+)$/, '.$1')} of Docker and containerd runs containers without runc, and so without lintel`,
  advice: 'remove the shim, or keep its use to people you trust as root',
  divert: 'leaves open',
})
