/** How one host path stands to another: the same, around it or within it; by inode where the host was looked at. */
import type { HostFacts, PathFact, PathView } from './facts.ts'
import type { HostSource } from './mounts.ts'
import { cleanPath } from './path.ts'
import { matchesGlob } from './policy.ts'

/** What a view of a mounted path is to a guarded path. */
export type Relation = 'is' | 'contains' | 'in'

/** A guarded path that a mount reaches, and by which of its views. */
export interface Hit {
  readonly target: PathFact
  readonly relation: Relation
  readonly view: PathView
}

/** The first of the guarded paths that one of the views reaches, unless it is excused. */
export const firstHit = (
  views: readonly PathView[],
  targets: readonly PathFact[],
  excused: (view: PathView, relation: Relation) => boolean,
): Hit | undefined => {
  let hit: Hit | undefined
  for (const target of targets) {
    for (const view of views) {
      const relation = relationOf(view, target)
      if (relation === undefined || excused(view, relation)) continue
      if (relation === 'is') return { target, relation, view }
      hit ??= { target, relation, view }
    }
  }
  return hit
}

/**
 * The fact of a path. Away from the host it is made of the text alone, ids being the cleaned paths. On the host
 * a path that was not looked at, such as a pattern (`*` within one component), has no id and is compared by path.
 */
export const factOf = (facts: HostFacts, path: string): PathFact => {
  const known = facts.paths[path]
  if (known !== undefined) return known
  // The one link that every distribution has, and whose both names are in use.
  const real = cleanPath(path).replace(/^\/var\/run(?=\/|$)/, '/run')
  const byText = !facts.onHost && !path.includes('*')
  return {
    path,
    error: facts.onHost ? 'not looked at' : null,
    real,
    id: byText ? real : '',
    kind: null,
    device: '',
    fileSystem: '',
    represents: '0',
    ancestors: byText ? parentsOf(real) : [],
    aliases: [],
    submounts: [],
  }
}

/** The path itself and everywhere else the same file is shown. */
export const viewsOf = (fact: PathFact): readonly PathView[] =>
  fact.aliases.length === 0 ? [ownView(fact)] : [ownView(fact), ...fact.aliases]

/** The mounts that come along with the source. */
export const submountsOf = (source: HostSource, fact: PathFact): readonly PathView[] =>
  source.submounts === 'none' ? [] : fact.submounts

/** How many levels `view` lies below `target`: 0 is the same file, -1 not at all. */
export const depthBelow = (view: PathView, target: PathFact): number => {
  if (target.id === '') return patternDepth(view.path, target.real)
  if (view.id === target.id) return 0
  const above = view.ancestors.indexOf(target.id)
  return above < 0 ? -1 : above + 1
}

/** What `view` is to `target`. Everything lies in `/`, so nothing but `/` itself and its aliases counts for it. */
export const relationOf = (view: PathView, target: PathFact): Relation | undefined => {
  const { id } = view
  if (target.id === '') return relationByText(view, target)
  if (id === target.id) return 'is'
  if (id !== '' && holds(id, target)) return 'contains'
  return view.ancestors.includes(target.id) && view.ancestors.at(-1) !== target.id ? 'in' : undefined
}

/** For guarded paths that do not exist or are patterns. */
const relationByText = (view: PathView, target: PathFact): Relation | undefined => {
  if (view.id !== '' && holds(view.id, target)) return 'contains'
  const depth = patternDepth(view.path, target.real)
  if (depth >= 0) return depth === 0 ? 'is' : 'in'
  return patternDepth(target.real, view.path, true) > 0 ? 'contains' : undefined
}

const holds = (id: string, { ancestors, aliases }: PathFact): boolean =>
  ancestors.includes(id) || (aliases.length > 0 && aliases.some((alias) => alias.ancestors.includes(id)))

const ownView = ({ real, id, ancestors, fileSystem }: PathFact): PathView => ({
  path: real,
  id,
  ancestors,
  fileSystem,
})

const parentsOf = (path: string): readonly string[] => {
  const parents: string[] = []
  for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1))
    parents.push(path.slice(0, end))
  return path === '/' ? parents : [...parents, '/']
}

const partsOf = (path: string): readonly string[] => (path === '/' ? [] : path.slice(1).split('/'))

/** Levels of `path` below `folder`, component by component; either side may be the one with patterns. */
const patternDepth = (path: string, folder: string, patternIsPath = false): number => {
  const parts = partsOf(path)
  const above = partsOf(folder)
  const fits = above.every((part, index) => {
    const other = parts[index]
    if (other === undefined) return false
    return patternIsPath ? matchesGlob(other, part) : matchesGlob(part, other)
  })
  return fits ? parts.length - above.length : -1
}

/** Words for a mount in a finding: what is mounted where, and what of the guarded path that shows. */
export const describeHit = ({ path, destination }: HostSource, hit: Hit, facts: HostFacts): string => {
  const { relation, target, view } = hit
  const same = relation === 'is' && path === target.path
  const through = view.path === factOf(facts, path).real ? '' : `as ${shownPath(view.path)} `
  const said = [same ? '' : `${through}${relation} ${target.path}`, facts.onHost ? '' : 'by path']
  const notes = said.filter((note) => note !== '').join(', ')
  return `${shownPath(path)} at ${shownPath(destination)}${notes === '' ? '' : ` (${notes})`}`
}

/** The path as shown to people: control characters replaced, the middle of a long one left out. */
export const shownPath = (path: string): string => {
  const plain = path.replace(/\p{Cc}/gu, '?')
  if (plain.length <= 64) return plain
  // By character: half of a surrogate pair is no text.
  const characters = [...plain]
  const short = `${characters.slice(0, 30).join('')}...${characters.slice(-31).join('')}`
  return short.length < plain.length ? short : plain
}
