/** Refuses containers of a dockerd whose API is served on the network to whoever connects. */
import { apiExposure } from '../../core/dockerd.ts'
import { defineRule, type Observation, type RuleInput } from '../../core/rule.ts'
import { engineTcpPortBad, engineTcpPortGood } from '../support/engine-tcp-port-examples.ts'

export const engineTcpPort = defineRule({
  id: 'engine-tcp-port',
  title: 'Ensure TLS authentication for Docker daemon is configured',
  severity: 'critical',
  category: 'engine',
  references: [
    { benchmark: 'cis-docker-1.13.0', item: '2.6' },
    { benchmark: 'cis-docker-1.7.0', item: '2.7' },
    { url: 'https://docs.docker.com/engine/security/protect-access/' },
  ],
  rationale:
    'Whoever reaches a TCP port of dockerd without having to show a certificate is root of the host, and needs no container to be. This is a property of the host, looked at with each container of Docker: dockerd’s arguments and configuration file, and its sockets where these leave it open. Encryption alone (`tls`) asks nobody who they are. Podman has no daemon, containerd and CRI-O serve unix sockets unless told otherwise: of their containers nothing is asked, and `lintel doctor` tells of a Podman service on TCP.',
  appliesTo: ['create', 'run', 'restore'],
  parameters: {
    'require-proof': {
      type: 'boolean',
      description:
        'Whether a container is refused too where it cannot be told what dockerd serves; else that is on record as unknown.',
      default: false,
    },
  },
  messages: {
    open: {
      what: 'dockerd serves its API on {actual} to whoever connects',
      why: 'Who reaches that port is root of this host.',
      remedy: {
        default:
          'have the administrator take the address out of -H and "hosts", or run lintel install docker --tcp 2376 --tls DIR, and restart dockerd',
      },
    },
    unknown: {
      what: 'whether dockerd serves its API to whoever connects is not known: {actual}',
      why: 'Who reaches such a port is root of this host.',
      remedy: {
        default: 'have the administrator see that it does not: lintel doctor, and restart dockerd',
      },
    },
  },
  probes: (input) => {
    const folder = folderOf(input)
    return folder === undefined ? [] : [{ path: folder, kind: 'dockerd' }]
  },
  check: (input, parameters) => {
    const untold = (actual: string) => [unknown(actual, parameters['require-proof'])]
    if (input.identity.engine !== 'docker') return []
    const folder = folderOf(input)
    if (folder === undefined) return untold('nothing proves which dockerd keeps the container')
    const dockerd = input.facts.dockerds[folder]
    if (dockerd === undefined) return untold('no dockerd of root’s is found that keeps the container')
    const exposure = apiExposure(dockerd)
    if (exposure.kind === 'closed') return []
    if (exposure.kind === 'unknown') return untold(exposure.reason)
    return [{ message: 'open', pointer: '', actual: exposure.addresses.join(' and '), expected }]
  },
  examples: { good: engineTcpPortGood, bad: engineTcpPortBad },
})

const expected = 'unix sockets, or certificates of clients verified'

/** Where dockerd keeps what it knows of the container, as only a proven one tells. */
const folderOf = ({ identity: { engine, proven, ownFolders } }: RuleInput): string | undefined =>
  engine === 'docker' && proven ? ownFolders[0] : undefined

const unknown = (actual: string, isRefused: boolean): Observation<'unknown'> => ({
  message: 'unknown',
  pointer: '',
  actual,
  expected,
  ...(isRefused ? {} : { unknown: true }),
})
