/** The Docker API on a TCP port without TLS: root for everyone who reaches it. */
import { dockerdOptions, plainAddresses } from '../core/dockerd.ts'
import type { Host } from '../host/host.ts'
import type { Found } from './diagnosis.ts'
import type { Scene, SurveyedEngine } from './scene.ts'

/** Docker's customary port without TLS (IANA `docker`). */
const plainPort = 2375

/** dockerds told to listen on TCP without verifying clients; failing that, whoever listens on 2375. */
export const dockerPort = (scene: Scene): readonly Found[] => {
  const told = scene.engines
    .filter(({ installation }) => installation.engine === 'docker')
    .flatMap((engine) => addressesOf(scene, engine))
  if (told.length > 0)
    return told.map((address) =>
      problem(`${address} gives the Docker API to anyone who reaches it, without TLS`),
    )
  return listens(scene.host, plainPort)
    ? [problem(`something listens on TCP port ${plainPort}, which is Docker's without TLS`)]
    : []
}

const problem = (message: string): Found => ({
  level: 'problem',
  about: 'docker',
  message,
  advice:
    'take the tcp:// address out; lintel install docker --tcp 2376 --tls DIR sets it up with certificates',
})

const addressesOf = ({ host, processes }: Scene, engine: SurveyedEngine): readonly string[] => {
  const { daemon, configuration } = engine.installation
  const argv = processes.find(({ pid }) => pid === daemon)?.argv ?? []
  const parsed = host.parseJson(engine.texts[configuration] ?? '{}', 64, '')
  return plainAddresses(dockerdOptions(argv, parsed.ok ? parsed.value : {}))
}

/** proc_pid_net(5): local address and port in hexadecimal, state 0A for one that listens. */
const listens = (host: Host, port: number): boolean => {
  const digits = port.toString(16).toUpperCase().padStart(4, '0')
  const pattern = new RegExp(`^\\s*\\d+: [0-9A-F]+:${digits} [0-9A-F:]+ 0A `, 'm')
  return ['/proc/net/tcp', '/proc/net/tcp6'].some((path) => {
    const text = host.readText(path, 16 * 1024 * 1024, true)
    return text.ok && pattern.test(text.value)
  })
}
