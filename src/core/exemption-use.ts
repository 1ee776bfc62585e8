/** Which exemptions the decision log shows at work. */
import type { EngineId } from './identity.ts'
import { type Json, memberOf, textOf } from './json.ts'
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

/** Reads a line of the decision log for {@link unusedRules}; undefined where it is no decision record. */
export const recordedUse = (record: Json, engines: readonly EngineId[]): RecordedUse | undefined => {
  const container = memberOf(record, 'container')
  const engine = memberOf(record, 'engine')
  const findings = memberOf(record, 'findings')
  if (!Array.isArray(findings)) return undefined
  return {
    identity: {
      proven: memberOf(engine, 'proven') === true,
      engine: engines.find((id) => id === memberOf(engine, 'id')) ?? 'none',
      image: textOf(container, 'image'),
      name: textOf(container, 'name'),
      namespace: textOf(container, 'namespace'),
    },
    findings: findings.flatMap((finding) => {
      const exemption = memberOf(finding, 'exemption')
      const [rule, reason] = [textOf(finding, 'rule'), textOf(exemption, 'reason')]
      const [owner, expires] = [textOf(exemption, 'owner'), textOf(exemption, 'expires')]
      if (rule === undefined || reason === undefined || owner === undefined || expires === undefined)
        return []
      return [{ rule, reason, owner, expires }]
    }),
  }
}
