/** Finds images whose links send the mounts of the runtime elsewhere. */
import { isEngineOwn } from '../../core/engine-files.ts'
import type { InsideFact } from '../../core/facts.ts'
import { shownPath } from '../../core/host-paths.ts'
import { destinationOf, isPrivate } from '../../core/mounts.ts'
import { isWithin } from '../../core/path.ts'
import { hasSameMounts, remembered } from '../../core/remembered.ts'
import { defineRule, type Observation, type RuleInput } from '../../core/rule.ts'
import { symlinksBad, symlinksGood } from '../support/rootfs-symlink-examples.ts'

export const rootfsSymlinks = defineRule({
  id: 'rootfs-symlinks',
  title: "Ensure that no link of the image leads the runtime's mounts elsewhere",
  severity: 'high',
  category: 'integrity',
  references: [
    { url: 'https://nvd.nist.gov/vuln/detail/CVE-2021-30465' },
    { url: 'https://nvd.nist.gov/vuln/detail/CVE-2023-28642' },
    { url: 'https://nvd.nist.gov/vuln/detail/CVE-2025-31133' },
    { url: 'https://nvd.nist.gov/vuln/detail/CVE-2025-52565' },
    { url: 'https://nvd.nist.gov/vuln/detail/CVE-2025-52881' },
  ],
  rationale:
    'The runtime mounts, masks and writes labels as root of the host, at paths that the image has filled. A link in place of /dev, /proc or /sys, or one that leads a volume into them, makes it work on other files than it means to; each of these bugs gave the host away.',
  appliesTo: ['create', 'run', 'restore'],
  parameters: {
    allow: {
      type: 'array',
      items: { type: 'string' },
      description:
        'Links into /proc, /sys or /dev that may stand in the way of a mount, as `/link -> target`; links that lead elsewhere are fine.',
      default: [
        '/etc/mtab -> /proc/mounts',
        '/etc/mtab -> /proc/self/mounts',
        '/etc/mtab -> ../proc/self/mounts',
      ],
    },
  },
  messages: {
    replaced: {
      what: 'the image has a link where the runtime needs a folder or device of its own: {actual}',
      why: 'The runtime would mount or mask what the link leads to.',
      remedy: { default: 'build the image without that link' },
    },
    diverted: {
      what: 'a mount of the container would be led away by links of the image or of a volume: {actual}',
      why: 'What is mounted there covers files that the runtime or the kernel relies on.',
      remedy: { default: 'choose another destination for that mount, or remove that link' },
    },
    unseen: {
      what: 'whether links of the image lead mounts away was not looked at ({actual})',
      why: 'The root file system is not part of a configuration.',
      remedy: { default: 'run the container where lintel sees its root file system' },
    },
  },
  probes: (input) =>
    [...fixedPaths(input), ...mountPaths(input)].map((path) => ({ path, kind: 'inside' as const })),
  check: (input, { allow }) => {
    const { inside, onHost } = input.facts
    const fixed = fixedPaths(input)
    if (fixed.every((path) => inside[path] === undefined)) {
      const actual = onHost ? 'it could not be read' : 'no host to look at'
      return [{ message: 'unseen', pointer: '/root/path', actual, expected: 'no such links', unknown: true }]
    }
    return [
      ...fixed.flatMap((path) => judge('replaced', path, inside[path])),
      ...mountPaths(input).flatMap((path) => {
        const fact = inside[path]
        const away = fact !== undefined && isDiverted(path, fact, allow)
        return away ? judge('diverted', path, fact) : []
      }),
    ]
  },
  examples: { good: symlinksGood, bad: symlinksBad },
})

const kernelFolders = ['/dev', '/proc', '/sys'] as const

/** What no usual image links: below /dev only where nothing is mounted over it. */
const fixedPaths = ({ config }: RuleInput): readonly string[] => {
  const covered =
    config?.mounts?.some((mount) => isPrivate(mount) && destinationOf(mount) === '/dev') === true
  return covered ? kernelFolders : [...kernelFolders, '/dev/null', '/dev/console', '/dev/pts', '/dev/shm']
}

/** Destinations people chose, and the folders of those the engine chose. */
const mountPaths = remembered(hasSameMounts, (input: RuleInput): readonly string[] => {
  const paths = new Set<string>()
  for (const mount of input.config?.mounts ?? []) {
    const path = destinationOf(mount)
    if (kernelFolders.some((folder) => isWithin(path, folder))) continue
    const chosen = isEngineOwn(mount, input) ? path.slice(0, path.lastIndexOf('/')) : path
    if (chosen !== '' && chosen !== '/') paths.add(chosen)
  }
  return [...paths]
})

const isDiverted = (
  path: string,
  { real, links, exists, descriptors }: InsideFact,
  allow: readonly string[],
): boolean => {
  if (links.length === 0 || (links.length === 1 && allow.includes(links[0] ?? ''))) return false
  // More links than the kernel would follow: they lead in a circle.
  const endless = !exists && links.length > 40
  return (
    endless ||
    (real === '/' && path !== '/') ||
    descriptors !== undefined ||
    kernelFolders.some((folder) => isWithin(real, folder))
  )
}

const judge = (
  message: 'replaced' | 'diverted',
  path: string,
  fact: InsideFact | undefined,
): readonly Observation<'replaced' | 'diverted'>[] => {
  const [first] = fact?.links ?? []
  if (first === undefined) return []
  const actual = `${shownPath(path)} (${shownPath(first)})`
  return [{ message, pointer: '/root/path', actual, expected: 'no link' }]
}
