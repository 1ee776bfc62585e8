/** Which exemptions the decision log shows at work. */
import { type Exemption, selects } from './policy.ts'

/** What a record shows of exemptions: whose container it was, and which finding was exempted by what. */
export interface RecordedUse {
  readonly identity: Parameters<typeof selects>[1]
  readonly findings: readonly {
    readonly rule: string
    readonly reason: string
    readonly owner: string
    readonly expires: string
  }[]
}

/** The rules of an exemption that none of these records shows it cover. */
export const unusedRules = (exemption: Exemption, uses: readonly RecordedUse[]): readonly string[] => {
  const { reason, owner, expires, where } = exemption
  const used = uses
    .filter(({ identity }) => selects(where, identity))
    .flatMap(({ findings }) => findings)
    .filter((finding) => finding.reason === reason && finding.owner === owner && finding.expires === expires)
    .map(({ rule }) => rule)
  return exemption.rules.filter((rule) => !used.includes(rule))
}
