/** What the policy clears a user for. */
import type { IdentitySettings } from '../core/identity-settings.ts'
import { intersection, type Range } from '../selinux/range.ts'

/**
 * The user's own entry; without one, what all entries of the user's groups have in common: a person in two groups is
 * never cleared for more than either, and whoever needs more gets an entry of their own. Undefined: for nothing.
 */
export const tableClearance = (
  { clearances }: Pick<IdentitySettings, 'clearances'>,
  { user, groups }: { readonly user: string; readonly groups: readonly string[] },
): Range | undefined => {
  const own = clearances.filter((entry) => entry.user === user)
  const shared = clearances.filter(({ group }) => group !== undefined && groups.includes(group))
  return common((own.length > 0 ? own : shared).map(({ range }) => range))
}

const common = ([first, ...more]: readonly Range[]): Range | undefined =>
  more.reduce<Range | undefined>((range, next) => range && intersection(range, next), first)

/**
 * The clearance of a token's user. What the token claims narrows what the table gives; it stands for itself only where
 * the policy lets tokens define clearances.
 */
export const tokenClearance = (
  settings: Pick<IdentitySettings, 'clearances' | 'tokenClearance'>,
  who: { readonly user: string; readonly groups: readonly string[]; readonly clearance: Range | undefined },
): Range | undefined => {
  if (who.clearance !== undefined && settings.tokenClearance === 'define') return who.clearance
  const table = tableClearance(settings, who)
  if (table === undefined || who.clearance === undefined) return table
  return intersection(table, who.clearance)
}
